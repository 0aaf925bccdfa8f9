"""Opening a sign-in, signing in by code, and what those who run it alone may see."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.gathering import (
    FARTHEST,
    LONGEST,
    LONGEST_TITLE,
    USUAL_GRACE,
    WAIT,
    WRONG_CODES,
    Card,
    Gathering,
    new_secret,
)
from domain.member import NOTICE_VERSION, Unit
from domain.permission import Action
from domain.refusal import Refusal
from services import permission, points
from services.points import Awarded
from services.work import Work
from storage import audit
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
    stale: bool = False
    """The code was a true one and has changed since: nothing is recorded yet."""


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


def open_gathering(
    work: Work,
    member_id: int,
    unit_id: int,
    title: str,
    opens_at: datetime | None = None,
    late_at: datetime | None = None,
) -> Gathering:
    """Open a sign-in for a unit, now or (`opens_at`) later; late is who comes from `late_at` on."""
    unit = units.get(work.connection, unit_id)
    if unit is None:
        raise Refusal("gathering.no_unit")
    permission.demand_permission(work, member_id, Action.GATHER, unit)
    opens = max(opens_at or work.now, work.now)
    late = late_at or opens + USUAL_GRACE
    if opens > work.now + FARTHEST:
        raise Refusal("gathering.too_far", days=FARTHEST.days)
    if not opens <= late < opens + LONGEST:
        raise Refusal("gathering.bad_late", hours=int(LONGEST.total_seconds() // 3600))
    return _get(work, _add(work, member_id, unit, title, late, opens_at=opens))


def open_listed(
    work: Work, member_id: int, unit: Unit, title: str, subject: str, people: Iterable[int], late_at: datetime
) -> Gathering:
    """Open the sign-in of a meeting or an activity, for those who are called; opened before, it is returned.

    Whoever calls this has looked at permissions.
    """
    known = table.of_subject(work.connection, subject)
    if known is not None:
        return known
    number = _add(work, member_id, unit, title, late_at, subject=subject, listed=True)
    table.call_people(work.connection, number, people)
    return _get(work, number)


def of_subject(work: Work, subject: str) -> Gathering | None:
    """Return the sign-in of a meeting or an activity."""
    return table.of_subject(work.connection, subject)


def _add(
    work: Work,
    by: int,
    unit: Unit,
    title: str,
    late_at: datetime,
    *,
    opens_at: datetime | None = None,
    subject: str = "",
    listed: bool = False,
) -> int:
    number = table.add(
        work.connection,
        title=title[:LONGEST_TITLE],
        unit_id=unit.id,
        opened_by=by,
        opened_at=opens_at or work.now,
        late_at=late_at,
        secret=new_secret(random.SystemRandom()),
        subject=subject,
        listed=listed,
    )
    audit.note(work.connection, work.now, by, "gathering_open", None, gathering=number, unit=unit.code)
    return number


def _get(work: Work, number: int) -> Gathering:
    found = table.get(work.connection, number)
    if found is None:
        raise Refusal("gathering.gone")
    return found


def runs(work: Work, member_id: int, number: int) -> Gathering:
    """Return a gathering to whoever may gather people of its unit; to nobody else.

    The sign-in of a meeting or an activity is run from there: here it is for whoever opened it alone.
    """
    found = table.get(work.connection, number)
    unit = units.get(work.connection, found.unit_id) if found else None
    if found is None or unit is None or not permission.may(work, member_id, Action.GATHER, unit):
        raise Refusal("gathering.gone")
    if found.subject and found.opened_by != member_id:
        raise Refusal("gathering.gone")
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
    open_ones = table.open_for(work.connection, member_id, _units_above(work, member_id), work.now)
    for found in open_ones:
        if found.has_code(code, work.now):
            return enter(work, found, member_id, None)
    for found in open_ones:
        if found.had_code(code, work.now):
            return SignedIn(found, work.now, late=False, repeated=False, stale=True)
    table.note_wrong_code(work.connection, member_id, tries + 1, work.now)
    return None


def expects(work: Work, member_id: int) -> bool:
    """Answer whether a sign-in is open at which this person may sign in."""
    return bool(table.open_for(work.connection, member_id, _units_above(work, member_id), work.now))


def _units_above(work: Work, member_id: int) -> list[int]:
    """Return the units of a person and all above them."""
    paths = [unit.path for unit in members.units_of(work.connection, member_id)]
    return sorted({int(part) for path in paths for part in path.split("/") if part})


def belongs(work: Work, member_id: int, found: Gathering) -> bool:
    """Answer whether somebody is expected at a gathering."""
    if found.listed:
        return table.is_called(work.connection, found.id, member_id)
    return any(unit.path.startswith(found.path) for unit in members.units_of(work.connection, member_id))


def enter(work: Work, found: Gathering, member_id: int, by: int | None) -> SignedIn:
    """Record that somebody is there; `by`: whoever enters them by hand (代签)."""
    late = work.now >= found.late_at
    if not table.sign_in(work.connection, found.id, member_id, work.now, late=late, by_member_id=by):
        known = table.presence_of(work.connection, found.id, member_id)
        at, late = known or (work.now, late)
        return SignedIn(found, at, late, repeated=True)
    if by is not None:
        audit.note(work.connection, work.now, by, "gathering_enter", member_id, gathering=found.id)
    person = members.get(work.connection, member_id)
    if by is not None and (person is None or person.consent < NOTICE_VERSION):
        # Being there is the organisation's record; points are for those who agreed to have any.
        return SignedIn(found, work.now, late, repeated=False)
    awarded = points.award(work, member_id, "gathering", f"gathering:{found.id}")
    return SignedIn(found, work.now, late, repeated=False, awarded=awarded)


def enter_for(work: Work, secretary: int, number: int, member_id: int) -> SignedIn:
    """Sign somebody in from the list (代签), marked as such."""
    found = runs(work, secretary, number)
    if not found.is_open(work.now):
        raise Refusal("gathering.closed")
    if not belongs(work, member_id, found):
        raise Refusal("gathering.gone")
    return enter(work, found, member_id, secretary)


def count(work: Work, found: Gathering) -> Count:
    """Return how it stands."""
    there, late, by_hand = table.counts(work.connection, found.id)
    return Count(there, late, by_hand, table.expected(work.connection, found))


def missing(work: Work, secretary: int, number: int, page: int, size: int) -> list[tuple[int, str]]:
    """Return (id, name) of who is not there, for the secretary alone; one more than `size` when there are more."""
    found = runs(work, secretary, number)
    return table.missing(work.connection, found, size + 1, max(page, 0) * size)


def late_from_now(work: Work, secretary: int, number: int) -> Gathering:
    """Count whoever comes from now on as late."""
    found = runs(work, secretary, number)
    table.late_from(work.connection, found.id, work.now)
    audit.note(work.connection, work.now, secretary, "gathering_late", None, gathering=number)
    return _get(work, number)


def close(work: Work, secretary: int, number: int) -> Gathering:
    """Close the sign-in."""
    found = runs(work, secretary, number)
    if table.close(work.connection, found.id, work.now):
        audit.note(work.connection, work.now, secretary, "gathering_close", None, gathering=number)
    return _get(work, number)


def reopen(work: Work, secretary: int, number: int) -> Gathering:
    """Open a sign-in again that was closed too early; open already, it stays so."""
    found = runs(work, secretary, number)
    if found.subject:
        raise Refusal("gathering.gone")
    if not found.is_open(work.now) and not table.reopen(work.connection, number, work.now - LONGEST):
        raise Refusal("gathering.too_old", hours=int(LONGEST.total_seconds() // 3600))
    audit.note(work.connection, work.now, secretary, "gathering_reopen", None, gathering=number)
    return _get(work, number)


def finish(work: Work, found: Gathering) -> None:
    """Close the sign-in of a meeting or an activity; whoever calls this has looked at permissions."""
    table.close(work.connection, found.id, work.now)


def keep_card(work: Work, number: int, card: Card) -> None:
    """Remember where the secretary's living card is, so that the count on it can live."""
    table.set_card(work.connection, number, card)


def to_screen(work: Work, found: Gathering, by: int) -> None:
    """Let the code be the projector's alone until a card in the chat is opened anew; whoever calls this may run it."""
    if found.in_chat:
        table.set_card(work.connection, found.id, Card("", "", "", ""))
        audit.note(work.connection, work.now, by, "gathering_screen", None, gathering=found.id)


def card_of(work: Work, number: int) -> Card | None:
    """Return where that card is."""
    return table.card_of(work.connection, number)


def language_of(work: Work, found: Gathering) -> str:
    """Return the language of whoever opened it."""
    person = members.get(work.connection, found.opened_by)
    return (person.language if person else "") or work.organisation.language


def between(work: Work, member_id: int, first: datetime, last: datetime, limit: int) -> list[Gathering]:
    """Return the sign-ins that stand alone, opened from `first` to before `last`, by this person or within reach."""
    paths = [unit.path for unit in permission.scope(work, member_id, Action.GATHER)]
    return table.opened_between(work.connection, member_id, paths, first, last, limit)
