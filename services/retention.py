"""Letting rows go that are older than the organisation keeps them: a bite at a time, while the night lasts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from domain.retention import BEGINS, BITE, GAP, is_night
from domain.schedule import Rule
from services import timetable
from services.work import Work
from storage import form, schedule, token, upload
from storage import retention as table

TICK = "retention.nightly"
MOST = 10_000
"""What goes next is counted as far as this."""


def prepare(work: Work) -> None:
    """Write the schedule."""
    timetable.keep(work, TICK, Rule("daily", at=f"{BEGINS:%H:%M}"))


def nightly(work: Work) -> None:
    """Let one bite go; the next one is due shortly after it while there is more."""
    gone = bite(work, BITE)
    if gone == BITE and is_night(work.organisation.local(work.now)):
        schedule.again(work.connection, TICK, "", work.now + GAP)


def bite(work: Work, most: int) -> int:
    """Let at most so many rows go; returns how many went."""
    limits, connection = work.organisation.retention.limits(work.now), work.connection
    token.forget(connection, work.now - timedelta(days=1))
    upload.expire(connection, work.now)
    form.forget(connection, work.now - timedelta(days=1))
    left = most
    if limits.updates is not None:
        left -= table.updates(connection, limits.updates, limits.mistakes, left)
    if limits.letters is not None and left:
        left -= table.letters(connection, limits.letters, left)
    if limits.letters is not None and left:
        left -= table.occurrences(connection, limits.letters, left)
    if limits.campaigns is not None and left:
        left -= table.campaigns(connection, limits.campaigns, left)
    return most - left


@dataclass(frozen=True, slots=True)
class Going:
    """Rows of one sort: for how many days they are kept (0: for ever), and how many go next, as far as `MOST`."""

    sort: str
    days: int
    rows: int


def next_to_go(work: Work) -> list[Going]:
    """Return what goes in the coming night, by sort."""
    kept, connection = work.organisation.retention, work.connection
    limits = kept.limits(work.now)
    updates = table.old_updates(connection, limits.updates, MOST) if limits.updates else 0
    personal = table.old_letters(connection, table.PERSONAL, limits.letters, MOST) if limits.letters else 0
    many = table.old_letters(connection, table.MANY, limits.campaigns, MOST) if limits.campaigns else 0
    return [
        Going("updates", kept.updates_days, updates),
        Going("letters", kept.letters_days, personal),
        Going("campaigns", kept.campaigns_days, many),
    ]
