"""Opening a sign-in, signing in by code, and what the secretary alone may see."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from domain.gathering import LONGEST_TITLE, USUAL_GRACE, WAIT, WRONG_CODES, Card, Gathering, new_code
from domain.member import NOTICE_VERSION, Unit
from domain.permission import Action
from domain.refusal import Refusal
from services import permission, points
from services.points import Awarded
from services.work import Work
from storage import gathering as table
from storage import member as members
from storage import unit as units


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What came of a code."""

    gathering: Gathering
    at: datetime
    late: bool
    repeated: bool
    awarded: Awarded | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How a gathering stands."""

    there: int
    late: int
    by_hand: int
    expected: int


def places(work: Work, member_id: int) -> list[Unit]:
    """Return the units for which this person may open a sign-in."""
    found: dict[int, Unit] = {}
    for top in permission.scope(work, member_id, Action.GATHER):
        for unit in units.beneath(work.connection, top.path):
            found.setdefault(unit.id, unit)
    return list(found.values())


def open_gathering(work: Work, member_id: int, unit_id: int, title: str) -> Gathering:
    """Open a sign-in for a unit."""
    unit = units.get(work.connection, unit_id)
    if unit is None:
        raise Refusal("gathering.no_unit")
    permission.demand_permission(work, member_id, Action.GATHER, unit)
    code = _free_code(work)
    number = table.add(
        work.connection, title[:LONGEST_TITLE], unit_id, member_id, work.now, work.now + USUAL_GRACE, code
    )
    return _get(work, number)


def _free_code(work: Work) -> str:
    chance = random.SystemRandom()
    for _ in range(100):
        code = new_code(chance)
        if table.by_code(work.connection, code, work.now) is None:
            return code
    raise Refusal("gathering.too_many")


def _get(work: Work, number: int) -> Gathering:
    found = table.get(work.connection, number)
    if found is None:
        raise Refusal("gathering.gone")
    return found


def own(work: Work, member_id: int, number: int) -> Gathering:
    """Return a gathering to whoever opened it and still may; to nobody else."""
    found = table.get(work.connection, number)
    unit = units.get(work.connection, found.unit_id) if found else None
    if found is None or unit is None or found.opened_by != member_id:
        raise Refusal("gathering.gone")
    permission.demand_permission(work, member_id, Action.GATHER, unit)
    return found


def recent(work: Work, member_id: int) -> list[Gathering]:
    """Return the newest gatherings of whoever asks."""
    return table.opened_by(work.connection, member_id, 5)


def sign_in(work: Work, member_id: int, code: str) -> SignedIn | None:
    """Sign in by the code that is shown at the gathering; None for a wrong code, which is counted."""
    wrong = table.wrong_codes(work.connection, member_id)
    tries = wrong[0] if wrong and wrong[1] > work.now - WAIT else 0
    if tries >= WRONG_CODES:
        raise Refusal("gathering.wait", minutes=int(WAIT.total_seconds() // 60))
    found = table.by_code(work.connection, code, work.now)
    if found is None or not _belongs(work, member_id, found):
        table.note_wrong_code(work.connection, member_id, tries + 1, work.now)
        return None
    return _enter(work, found, member_id, None)


def _belongs(work: Work, member_id: int, found: Gathering) -> bool:
    return any(unit.path.startswith(found.path) for unit in members.units_of(work.connection, member_id))


def _enter(work: Work, found: Gathering, member_id: int, by: int | None) -> SignedIn:
    late = work.now >= found.late_at
    if not table.sign_in(work.connection, found.id, member_id, work.now, late=late, by_member_id=by):
        known = table.presence_of(work.connection, found.id, member_id)
        at, late = known or (work.now, late)
        return SignedIn(found, at, late, repeated=True)
    person = members.get(work.connection, member_id)
    if by is not None and (person is None or person.consent < NOTICE_VERSION):
        # Being there is the organisation's record; points are for those who agreed to have any.
        return SignedIn(found, work.now, late, repeated=False)
    awarded = points.award(work, member_id, "gathering", f"gathering:{found.id}")
    return SignedIn(found, work.now, late, repeated=False, awarded=awarded)


def enter_for(work: Work, secretary: int, number: int, member_id: int) -> SignedIn:
    """Sign somebody in from the list (代签), marked as such."""
    found = own(work, secretary, number)
    if not found.is_open(work.now):
        raise Refusal("gathering.closed")
    if not _belongs(work, member_id, found):
        raise Refusal("gathering.gone")
    return _enter(work, found, member_id, secretary)


def count(work: Work, found: Gathering) -> Count:
    """Return how it stands."""
    there, late, by_hand = table.counts(work.connection, found.id)
    return Count(there, late, by_hand, table.expected(work.connection, found.path))


def missing(work: Work, secretary: int, number: int, page: int, size: int) -> list[tuple[int, str]]:
    """Return (id, name) of who is not there, for the secretary alone; one more than `size` when there are more."""
    found = own(work, secretary, number)
    return table.missing(work.connection, found.id, found.path, size + 1, max(page, 0) * size)


def late_from_now(work: Work, secretary: int, number: int) -> Gathering:
    """Count whoever comes from now on as late."""
    found = own(work, secretary, number)
    table.late_from(work.connection, found.id, work.now)
    return _get(work, number)


def close(work: Work, secretary: int, number: int) -> Gathering:
    """Close the sign-in."""
    found = own(work, secretary, number)
    table.close(work.connection, found.id, work.now)
    return _get(work, number)


def keep_card(work: Work, number: int, card: Card) -> None:
    """Remember where the secretary's living card is, so that the count on it can live."""
    table.set_card(work.connection, number, card)


def card_of(work: Work, number: int) -> Card | None:
    """Return where that card is."""
    return table.card_of(work.connection, number)
