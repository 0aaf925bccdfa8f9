"""The kinds of push, and when a person may be disturbed."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from domain.member import Standing
from domain.organisation import Organisation


@dataclass(frozen=True, slots=True)
class Audience:
    """Everybody at or beneath a unit's path who is one of these; no standing means everybody."""

    path: str
    standings: tuple[Standing, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """What is true of all pushes of one kind."""

    name: str
    mutable: bool = True
    """A person may switch it off in /settings."""
    default: bool = True
    """Wanted by those who never chose."""
    budgeted: bool = True
    """Stopped by the day's budget of pushes, which it and every broadcast use up."""
    must_arrive: bool = False
    """Sent once more when nobody knows whether it arrived."""
    urgent: bool = False
    """Passes quiet hours; needs a reason, and is counted."""
    personal: bool = True
    """About one person's own matter: leaves before broadcasts."""
    late_limit: timedelta | None = timedelta(hours=12)
    """Not sent any more when it is later than this."""
    asks_after: timedelta | None = None
    """Later than this its campaign stops and asks its author instead of going on,"""
    asks: str = ""
    """by this tick, whose subject is the campaign."""


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "announcement",
            mutable=False,
            budgeted=False,
            must_arrive=True,
            personal=False,
            late_limit=None,
            asks_after=timedelta(hours=2),
            asks="announcements.late",
        ),
        Kind(
            "announcement_urgent",
            mutable=False,
            budgeted=False,
            must_arrive=True,
            urgent=True,
            personal=False,
            late_limit=None,
            asks_after=timedelta(hours=2),
            asks="announcements.late",
        ),
        Kind(
            "redrawing", mutable=False, budgeted=False, must_arrive=True, urgent=True, personal=False, late_limit=None
        ),
        Kind("announcement_author", mutable=False, budgeted=False, must_arrive=True, late_limit=None),
        Kind("announcement_reminder", mutable=False, personal=False),
        Kind("demand", mutable=False, budgeted=False, must_arrive=True, late_limit=None),
        Kind("demand_deadline", mutable=False, budgeted=False, late_limit=timedelta(days=3)),
        Kind("points", late_limit=timedelta(days=3)),
        Kind("objection", mutable=False, budgeted=False, late_limit=None),
        Kind("calendar", mutable=False, budgeted=False, late_limit=timedelta(days=5)),
        Kind("allowance", mutable=False, budgeted=False),
        Kind("roles", mutable=False, budgeted=False, must_arrive=True, late_limit=None),
        Kind("obligation", mutable=False, budgeted=False, late_limit=timedelta(days=2)),
        Kind("rule", mutable=False, budgeted=False, must_arrive=True, late_limit=None),
        Kind("minutes", mutable=False, budgeted=False, must_arrive=True, late_limit=timedelta(days=3)),
        Kind("theme_day", must_arrive=True, personal=False),
        Kind("activity", personal=False, late_limit=timedelta(days=2)),
        Kind("activity_own", mutable=False, budgeted=False, must_arrive=True, late_limit=timedelta(days=4)),
        # Who is called must be told, muted or not; a notice that comes after the meeting helps nobody.
        Kind("meeting", mutable=False, budgeted=False, must_arrive=True, personal=False, late_limit=timedelta(days=2)),
        Kind("meeting_leave", mutable=False, budgeted=False, must_arrive=True, late_limit=timedelta(days=3)),
        # What is called off or moved within a day of its beginning: nobody should travel to it in vain.
        Kind("activity_urgent", mutable=False, budgeted=False, must_arrive=True, urgent=True),
        Kind("learning", personal=False, late_limit=timedelta(hours=6)),
        Kind("quiz_reminder", default=False, personal=False, late_limit=timedelta(hours=3)),
        Kind("digest", late_limit=timedelta(days=1)),
    )
}


def _clock(words: str) -> time:
    hours, minutes = words.split(":")
    return time(int(hours), int(minutes))


def _quiet_at(moment: time, start: time, end: time) -> bool:
    if start == end:
        return False
    if start < end:
        return start <= moment < end
    return moment >= start or moment < end


def later(
    wish: datetime, organisation: Organisation, days_off: AbstractSet[date], own: tuple[str, str] | None
) -> datetime:
    """Return the first moment, from `wish` on, at which a person may be disturbed (UTC).

    `own`: the person's own quiet hours (start, end), else the organisation's. Days off are quiet all day when the
    organisation says so.
    """
    quiet = organisation.quiet
    start, end = (_clock(own[0]), _clock(own[1])) if own else (quiet.start, quiet.end)
    local = organisation.local(wish)
    for _ in range(400):
        if quiet.days_off and local.date() in days_off:
            local = datetime.combine(local.date() + timedelta(days=1), time(0), organisation.zone)
        elif _quiet_at(local.time(), start, end):
            day = local.date() + timedelta(days=1) if local.time() >= end else local.date()
            local = datetime.combine(day, end, organisation.zone)
        else:
            break
    return max(wish, local.astimezone(UTC))
