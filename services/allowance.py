"""The calls that a messenger sells by the day or the month: how many are left, and who may still have them."""

from __future__ import annotations

from dataclasses import dataclass

from content import Voice
from domain.permission import Role
from domain.reply import Reply
from services import post
from services.work import Work
from storage import permission, spending

RESERVE = 0.1
"""This part is kept for answers: pushes and broadcasts stop before it."""
TOLD = (0.7, 1 - RESERVE)
"""Administrators hear when so much is used: first a warning, then that broadcasts have stopped."""
KIND = "allowance"


@dataclass(frozen=True, slots=True)
class Spent:
    """What was used of what a messenger sells."""

    span: str
    """`day` or `month`."""
    used: int
    cap: int


def spend(work: Work, messenger: str, calls: int, per_day: int | None = None, per_month: int | None = None) -> None:
    """Count calls that were made, and tell the administrators when much is used up."""
    before = spent(work, messenger, per_day, per_month)
    spending.add(work.connection, messenger, work.today, calls)
    for one in before:
        crossed = [part for part in TOLD if one.used < one.cap * part <= one.used + calls]
        if crossed:
            _tell(work, messenger, Spent(one.span, one.used + calls, one.cap), stopped=crossed[-1] == TOLD[-1])


def _tell(work: Work, messenger: str, one: Spent, *, stopped: bool) -> None:
    everyone = permission.everyone(work.connection, work.now)
    people = {member_id for member_id, role, *_ in everyone if role is Role.ADMINISTRATOR}

    def compose(voice: Voice) -> Reply:
        name = voice.label(f"member.on_{messenger}")
        span = voice.line(f"allowance.{one.span}")
        facts = {"messenger": name, "span": span, "used": one.used, "cap": one.cap}
        return Reply((voice.say("allowance.stopped" if stopped else "allowance.much", **facts),))

    post.push(work, sorted(people), KIND, compose)


def room(work: Work, messenger: str, per_day: int | None, per_month: int | None) -> int | None:
    """Return how many calls pushes and broadcasts may have now; None: nothing is counted here."""
    left = [int(one.cap * (1 - RESERVE)) - one.used for one in spent(work, messenger, per_day, per_month)]
    return max(0, min(left)) if left else None


def spent(work: Work, messenger: str, per_day: int | None, per_month: int | None) -> list[Spent]:
    """Return what is used of each limit, in the organisation's day and month."""
    found = []
    for span, cap, first in (("day", per_day, work.today), ("month", per_month, work.today.replace(day=1))):
        if cap:
            found.append(Spent(span, spending.since(work.connection, messenger, first), cap))
    return found
