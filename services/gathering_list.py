"""Gatherings for a wide screen: which one may run, their people a slice at a time, marks with reasons, exports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.announcement import secrecy_mark
from domain.gathering import REASON, Gathering, Line, Mark
from domain.meeting import LeaveReason
from domain.member import Unit
from domain.permission import MATRIX, Action
from domain.refusal import Refusal
from services import gathering as service
from services import permission, words
from services.gathering import Count
from services.work import Work
from storage import address, audit
from storage import gathering as gatherings
from storage import gathering_list as table
from storage import gathering_mark as marks
from storage import unit as units

STATES = ("open", "coming", "over")
LISTS = ("missing", "there", "leave", "all")
EVERYBODY = 10_000_000
LASTS, MOST_KEPT = timedelta(minutes=1), 1000
SHOWN_UNITS = 200
"""So many units stand in the form; of more they are looked for by name."""


@dataclass(frozen=True, slots=True)
class Row:
    """A gathering in a list, with how many came."""

    gathering: Gathering
    there: int
    late: int
    by_hand: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How one gathering stands; `excused`: known to be away, and not there."""

    count: Count
    excused: int

    @property
    def missing(self) -> int:
        """How many are expected, neither there nor excused."""
        return max(self.count.expected - self.count.there - self.excused, 0)


def listed(work: Work, member_id: int, state: str, wanted: str, limit: int, offset: int) -> list[Row]:
    """Return a slice of the gatherings of one's units; those of meetings and activities are among them."""
    paths = [unit.path for unit in permission.scope(work, member_id, Action.GATHER)]
    found = table.listed(work.connection, paths, state, wanted, work.now, limit, offset)
    counts = table.counts(work.connection, [one.id for one in found])
    return [Row(one, *counts.get(one.id, (0, 0, 0))) for one in found]


def places(work: Work, member_id: int, wanted: str) -> list[Unit]:
    """Return units for which this person may open a sign-in, with these words in the name; at most `SHOWN_UNITS`."""
    tops = permission.scope(work, member_id, Action.GATHER)
    found: dict[int, Unit] = {}
    for top in tops:
        for unit in units.beneath(work.connection, top.path):
            if wanted in unit.name:
                found.setdefault(unit.id, unit)
            if len(found) >= SHOWN_UNITS:
                return list(found.values())
    return list(found.values())


def alone(work: Work, member_id: int, number: int) -> Gathering:
    """Return a gathering that stands alone to whoever runs it; one of a meeting or an activity has its page there."""
    found = service.runs(work, member_id, number)
    if found.subject:
        raise Refusal("gathering.gone")
    return found


def discard(work: Work, member_id: int, number: int) -> None:
    """Throw away what was opened by mistake: nobody has been there, so nobody has points of it."""
    found = alone(work, member_id, number)
    if service.count(work, found).there:
        raise Refusal("gathering.somebody_came")
    marks.drop_all(work.connection, number)
    if not gatherings.drop(work.connection, number):
        raise Refusal("gathering.somebody_came")
    audit.note(work.connection, work.now, member_id, "gathering_discard", None, gathering=number, title=found.title)


def keeps(work: Work, member_id: int, found: Gathering) -> bool:
    """Answer whether this person may know who is excused, and why: who opened it, or holds office right there."""
    held = permission.grants_of(work, member_id)
    near = {grant.path for grant in held if Action.GATHER in MATRIX[grant.role]}
    return member_id == found.opened_by or found.path in near


def standing(work: Work, member_id: int, found: Gathering) -> Standing:
    """Count a gathering; to whoever may not know of leave nobody is excused."""
    excused = marks.excused(work.connection, found.id) if keeps(work, member_id, found) else 0
    return Standing(count(work, found), excused)


_expected: dict[str, tuple[datetime, int]] = {}
"""Secret of a gathering -> when its people were counted, and how many they are: a unit of 100,000 takes 0.3 s."""


def count(work: Work, found: Gathering) -> Count:
    """Return how a gathering stands; how many are expected may be a minute old."""
    at, expected = _expected.get(found.secret, (work.now - LASTS, 0))
    if not timedelta(0) <= work.now - at < LASTS:
        counted = service.count(work, found)
        if len(_expected) >= MOST_KEPT:
            _expected.clear()
        _expected[found.secret] = (work.now, counted.expected)
        return counted
    there, late, by_hand = gatherings.counts(work.connection, found.id)
    return Count(there, late, by_hand, expected)


def people(
    work: Work, member_id: int, found: Gathering, which: str, wanted: str, limit: int, offset: int
) -> list[Line]:
    """Return a slice of its people; a list that is not too long stands in the order of names."""
    hides = not keeps(work, member_id, found)
    if hides and which == "leave":
        return []
    asked = "away" if hides and which == "missing" else which
    lines = _slice(work, found, asked, wanted, limit, offset)
    return [replace(one, mark=None, reason="") if one.mark is Mark.LEAVE else one for one in lines] if hides else lines


def _slice(work: Work, found: Gathering, which: str, wanted: str, limit: int, offset: int) -> list[Line]:
    every = None if which == "there" else table.few(work.connection, found, which, wanted, words.MOST_IN_ORDER)
    if every is not None:
        return words.in_order(every, lambda one: one.name)[offset : offset + limit]
    return table.people(work.connection, found, which, wanted, limit, offset)


def excuse(work: Work, by: int, number: int, member_id: int, reason: str) -> None:
    """Note that somebody is away and for which of the three reasons; nobody's illness is written down."""
    found = alone(work, by, number)
    if not keeps(work, by, found) or not service.belongs(work, member_id, found):
        raise Refusal("gathering.gone")
    if reason not in set(LeaveReason):
        raise Refusal("gathering.no_reason")
    if gatherings.presence_of(work.connection, number, member_id) is not None:
        raise Refusal("gathering.is_there")
    _mark(work, by, number, member_id, Mark.LEAVE, reason)


def judge(work: Work, by: int, number: int, member_id: int, reason: str, *, late: bool) -> None:
    """Let somebody who is there count as late, or as in time, for a reason that is kept."""
    found = alone(work, by, number)
    if gatherings.presence_of(work.connection, found.id, member_id) is None:
        raise Refusal("gathering.not_there")
    why = " ".join(reason.split())
    mark = secrecy_mark(why)
    if mark is not None:
        refusal = Refusal("announcement.secret", mark=mark)
        refusal.forget = True
        raise refusal
    if len(why) not in REASON:
        raise Refusal("gathering.reason_length", least=REASON.start, longest=REASON.stop - 1)
    _mark(work, by, number, member_id, Mark.LATE if late else Mark.IN_TIME, why)


def _mark(work: Work, by: int, number: int, member_id: int, said: Mark, reason: str) -> None:
    marks.put(work.connection, number, member_id, said, reason, by, work.now)
    # Why is for those who keep the list, not for the trail.
    audit.note(work.connection, work.now, by, "gathering_mark", member_id, gathering=number, mark=said.value)


def line(work: Work, by: int, number: int, member_id: int) -> Line:
    """Return how somebody who is expected or there stands to a gathering."""
    found = alone(work, by, number)
    one = table.one(work.connection, found, member_id)
    if one is None or (one.at is None and not service.belongs(work, member_id, found)):
        raise Refusal("gathering.gone")
    hidden = one.mark is Mark.LEAVE and not keeps(work, by, found)
    return replace(one, mark=None, reason="") if hidden else one


def take_back(work: Work, by: int, number: int, member_id: int) -> None:
    """Take an excuse back."""
    found = alone(work, by, number)
    if not keeps(work, by, found) or not marks.drop(work.connection, number, member_id):
        raise Refusal("gathering.gone")
    audit.note(work.connection, work.now, by, "gathering_unmark", member_id, gathering=number)


def every_line(work: Work, member_id: int, found: Gathering) -> list[Line]:
    """Return everybody who is expected or there, to be exported."""
    hides = not keeps(work, member_id, found)
    every = table.people(work.connection, found, "all", "", EVERYBODY)
    known = {one.member_id for one in every}
    # Who has left the unit since was there all the same.
    there = table.people(work.connection, found, "there", "", EVERYBODY)
    every += [one for one in there if one.member_id not in known]
    if len(every) <= words.MOST_IN_ORDER:
        every = words.in_order(every, lambda one: one.name)
    return [replace(one, mark=None, reason="") if hides and one.mark is Mark.LEAVE else one for one in every]


def chats(work: Work, member_id: int) -> list[str]:
    """Return the messengers on which this person has an account, the one that is preferred first."""
    found = sorted(address.choices_of(work.connection, member_id), key=lambda one: not one[2])
    return list(dict.fromkeys(messenger for _, messenger, _ in found))
