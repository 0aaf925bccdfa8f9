"""A line of the audit trail as people say it: its deed, and each of its facts with a name and a value in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from console.grammar import Visit
from console.settings import said
from domain.machine import EVERYTHING
from services.audit import Told
from services.sending import messenger_name

_PLACES = {"key": -1, "what": -1, "reason": 1, "reasons": 1}
"""What comes before everything else, and what after it."""
_WORDED = ("mark", "duty", "outcome", "by", "what", "required")
"""Facts whose values have words: `value_<fact>_<value>`."""


def deed_name(words: Mapping[str, str], deed: str) -> str:
    """Return a deed in words."""
    return words.get(f"deed_{deed.replace('.', '_')}", deed)


def facts_of(visit: Visit, one: Told, units: Mapping[int, str]) -> Iterator[str]:
    """Yield the facts of a deed that say something. `units`: the names of those that stand there by their id."""
    words = visit.words("settings")
    for key, value in sorted(one.facts.items(), key=lambda fact: (_PLACES.get(fact[0], 0), fact[0])):
        if value not in ("", None):
            yield f"{words.get(f'fact_{key}', key)} {_fact(visit, one, key, value, units)}"


def _fact(visit: Visit, one: Told, key: str, value: object, units: Mapping[int, str]) -> str:
    words, plain = visit.words("settings"), str(value)
    if key in _WORDED:
        return words.get(f"value_{key}_{plain}".lower(), plain)
    if key == "unit":
        return units.get(value, plain) if isinstance(value, int) else plain
    if key == "terms" and isinstance(value, dict):
        return "、".join(
            f"{visit.voice.labels.get(f'points.rule_{rule}', rule)} {each}" for rule, each in value.items()
        )
    named = _NAMED.get(key)
    return named(visit, one, plain) if named else plain


def _of_setting(visit: Visit, one: Told, value: str) -> str:
    """Return the value of a setting as its page says it; of anything else as it is."""
    key = one.facts.get("key")
    found = next((each for each in visit.machine.settable() if each.key == key), None)
    return said(visit, found, value) if found is not None else value


def _messenger(visit: Visit, _one: Told, messenger: str) -> str:
    everything = messenger == EVERYTHING
    return visit.words("settings")["everything"] if everything else messenger_name(visit.voice, messenger)


def _kind(visit: Visit, one: Told, kind: str) -> str:
    """Return the name of a kind: what it is a kind of, the deed says."""
    if one.deed.startswith("template_"):
        return visit.voice.labels.get(f"document.{kind}", kind)
    if one.deed.startswith("obligation."):
        return deed_name(visit.words("settings"), f"obligation.{kind}")
    return visit.words("jobs" if one.deed.startswith("job.") else "sending").get(f"kind_{kind}", kind)


_NAMED: dict[str, Callable[[Visit, Told, str], str]] = {
    "role": lambda visit, _, role: visit.voice.labels.get(f"permission.{role}", role),
    "key": lambda visit, _, key: visit.words("settings").get(f"key_{key.replace('.', '_')}", key),
    "messenger": _messenger,
    "kind": _kind,
    "value": _of_setting,
    "before": _of_setting,
}
