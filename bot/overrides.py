"""Settings of the console over those of the configuration: the same sections check them; nothing else may be set."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import time
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from bot.config import QuietHoursSection, RetentionSection, ScheduleSection, Settings
from domain.machine import Settable
from domain.refusal import Refusal

log = logging.getLogger(__name__)

SECTIONS: Mapping[str, type[ScheduleSection | QuietHoursSection | RetentionSection]] = {
    "schedule": ScheduleSection,
    "quiet_hours": QuietHoursSection,
    "retention": RetentionSection,
}
"""What takes effect at once, everywhere: the rules read it from the organisation in each turn."""
_FLAGS = {"yes": True, "no": False}


def settable(settings: Settings) -> list[Settable]:
    """Return everything that may be set, with what the configuration says."""
    return [
        _settable(section, name, info, getattr(getattr(settings, section), name))
        for section, model in SECTIONS.items()
        for name, info in model.model_fields.items()
    ]


def _settable(section: str, name: str, info: FieldInfo, value: Any) -> Settable:  # noqa: ANN401 - a field's value
    least, most = (
        next((getattr(one, side) for one in info.metadata if hasattr(one, side)), 0) for side in ("ge", "le")
    )
    kind = "flag" if isinstance(value, bool) else "time" if isinstance(value, time) else "number"
    return Settable(f"{section}.{name}", "weekday" if name.endswith("weekday") else kind, words_of(value), least, most)


def words_of(value: object) -> str:
    """Return a setting as a row keeps it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:%H:%M}" if isinstance(value, time) else str(value)


def checked(settings: Settings, key: str, words: str) -> str:
    """Return the words as they are kept. Raises the refusal for what is no such setting or does not fit it."""
    one = next((one for one in settable(settings) if one.key == key), None)
    if one is None:
        raise Refusal("settings.no_key")
    try:
        return words_of(_read(one, words))
    except ValueError:
        raise Refusal(f"settings.wrong_{one.kind}", least=one.least, most=one.most) from None
    except _TooShortError:
        raise Refusal("settings.too_short") from None


class _TooShortError(Exception):
    """The number is one, but the section does not take it."""


def _read(one: Settable, words: str) -> object:
    """Return the value that these words mean, checked by its section. Raises ValueError."""
    section, _, name = one.key.partition(".")
    value: object
    if one.kind == "flag":
        if words not in _FLAGS:
            raise ValueError(words)
        value = _FLAGS[words]
    elif one.kind == "time":
        value = time.fromisoformat(words[:5])
    else:
        value = int(words) if words.isascii() and words.isdigit() and len(words) < 7 else -1  # noqa: PLR2004 - enough
        if not one.least <= value <= one.most:
            raise ValueError(words)
    try:
        made = SECTIONS[section].model_validate({name: value})
    except ValidationError as error:
        raise _TooShortError from error
    return getattr(made, name)


def over(settings: Settings, rows: Mapping[str, str]) -> Settings:
    """Return the settings with these over them; what an older version set and this one does not know is left out."""
    known = {one.key: one for one in settable(settings)}
    changed: dict[str, dict[str, object]] = {}
    for key, words in rows.items():
        section, _, name = key.partition(".")
        try:
            changed.setdefault(section, {})[name] = _read(known[key], words)
        except (KeyError, ValueError, _TooShortError):
            log.warning("what was set for %s can't be used; the configuration is asked instead", key)
    return settings.model_copy(
        update={
            section: getattr(settings, section).model_copy(update=given) for section, given in changed.items() if given
        }
    )
