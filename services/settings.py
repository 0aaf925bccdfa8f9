"""What a person wants to be told, when, where and in which language."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from domain.permission import Action
from domain.push import KINDS
from domain.refusal import Refusal
from services import permission
from services.work import Work
from storage import address, preference

OFFICE = {"digest": Action.SEE_UNIT_FIGURES}
"""Kinds of push that only holders of a role ever get."""
_HOURS = re.compile(r"(\d{1,2})[:点时](\d{2})?\D+(\d{1,2})[:点时](\d{2})?")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a person."""

    id: int
    messenger: str
    preferred: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a person has chosen, with the defaults for the rest."""

    kinds: dict[str, bool]
    quiet: tuple[str, str]
    own_quiet: bool
    accounts: tuple[Account, ...]


def look(work: Work, member_id: int) -> Settings:
    """Return a person's settings."""
    chosen = preference.all_of(work.connection, member_id)
    own = preference.quiet_of(work.connection, [member_id]).get(member_id)
    usual = work.organisation.quiet
    accounts = address.choices_of(work.connection, member_id)
    return Settings(
        {name: chosen.get(name, KINDS[name].default) for name in mutable(work, member_id)},
        own or (f"{usual.start:%H:%M}", f"{usual.end:%H:%M}"),
        own is not None,
        tuple(Account(*one) for one in accounts),
    )


def mutable(work: Work, member_id: int) -> list[str]:
    """Return the kinds of push that this person may switch."""
    return [
        name
        for name, kind in KINDS.items()
        if kind.mutable and (name not in OFFICE or permission.may_anywhere(work, member_id, OFFICE[name]))
    ]


def switch(work: Work, member_id: int, kind: str, *, wanted: bool) -> None:
    """Switch a kind on or off."""
    if kind not in mutable(work, member_id):
        raise Refusal("help.expired")
    preference.choose(work.connection, member_id, kind, wanted=wanted)


def read_hours(words: str) -> tuple[str, str] | None:
    """Read `21:00-08:00`, `21:00 到 8:00`, `21点到8点`; None when it says no two times."""
    found = _HOURS.search(unicodedata.normalize("NFKC", words))
    if found is None:
        return None
    hours = [int(found[1]), int(found[3])]
    minutes = [int(found[2] or 0), int(found[4] or 0)]
    if max(hours) > 23 or max(minutes) > 59:  # noqa: PLR2004 - a clock
        return None
    first, second = (f"{hour:02}:{minute:02}" for hour, minute in zip(hours, minutes, strict=True))
    return first, second


def set_quiet(work: Work, member_id: int, starts: str, ends: str) -> None:
    """Set one's own quiet hours."""
    preference.set_quiet(work.connection, member_id, starts, ends)


def usual_quiet(work: Work, member_id: int) -> None:
    """Take the organisation's quiet hours again."""
    preference.drop_quiet(work.connection, member_id)


def prefer(work: Work, member_id: int, account: int) -> None:
    """Choose where pushes go."""
    if account not in {one.id for one in look(work, member_id).accounts}:
        raise Refusal("help.expired")
    address.prefer(work.connection, member_id, account)
