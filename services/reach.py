"""送达: who of one's units can be reached, and why others are not; counts first, names only of whom one can help."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from domain.member import Unit
from domain.permission import Action
from services import permission
from services.work import Work
from storage import outbox
from storage import reach as table

DAYS = 30
"""Days that outcomes of pushes are counted over."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A unit's figures. `muting` is None where there are too few people to count a private choice."""

    unit: Unit
    people: int
    reachable: int
    unbound: int
    consent: int
    closed: int
    muting: int | None
    failed: int
    unknown: int
    capped: int
    """Pushes, of the whole organisation."""


def units(work: Work, member_id: int) -> list[Unit]:
    """Return the highest units whose figures this person may see."""
    return permission.scope(work, member_id, Action.SEE_UNIT_FIGURES)


def _own(work: Work, member_id: int, unit_id: int) -> Unit | None:
    own = units(work, member_id)
    return next((unit for unit in own if unit.id == unit_id), own[0] if own and not unit_id else None)


def figures(work: Work, member_id: int, unit_id: int) -> Reach | None:
    """Return the figures of one of this person's units (0: the first); None for one that is not theirs."""
    unit = _own(work, member_id, unit_id)
    if unit is None:
        return None
    since = work.now - timedelta(days=DAYS)
    why = table.standing(work.connection, unit.path)
    people = sum(why.values())
    ended = table.ended(work.connection, unit.path, since)
    muting = table.muting(work.connection, unit.path)
    least = work.organisation.smallest_group
    # Few among many say as little as many among few: a small number would point at somebody.
    shown = muting if people >= least and (muting == 0 or muting >= least) else None
    return Reach(
        unit,
        people,
        why.get("", 0),
        why.get("unbound", 0),
        why.get("consent", 0),
        why.get("closed", 0),
        shown,
        ended.get(outbox.FAILED, 0),
        ended.get(outbox.UNKNOWN, 0),
        table.capped(work.connection, since),
    )


def unreached(work: Work, member_id: int, unit_id: int, page: int, size: int) -> list[tuple[int, str, str]]:
    """Return (id, name, why) of people of one's unit whom nothing reaches: unbound, consent or closed."""
    unit = _own(work, member_id, unit_id)
    return [] if unit is None else table.unreached(work.connection, unit.path, size, page * size)
