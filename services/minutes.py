"""The agenda of a meeting and what is said, decided and voted: who may write it down, and who may read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from content import Voice
from content import voice as voice_of
from domain.meeting import Meeting, MeetingState
from domain.member import UnitKind
from domain.minutes import LONGEST_POINT, LONGEST_TITLE, MOST_ITEMS, MOST_POINTS, CorrectionState, Item, Point
from domain.permission import Action, Role
from domain.refusal import Refusal
from domain.vote import Basis, Outcome, Result, Tally, fits, guess, judge, usual
from services import permission
from services.vote import bases, rule_of
from services.work import Work
from storage import meeting_view as meetings
from storage import member as members
from storage import minutes as table
from storage import permission as grants
from storage import unit as units
from storage.attendee import belonging

PLANNED = (MeetingState.DRAFT, MeetingState.CALLED)
GOING_ON = (MeetingState.OPEN, MeetingState.HELD)
READABLE = (MeetingState.CIRCULATING, MeetingState.CLOSED)


@dataclass(frozen=True, slots=True)
class Agenda:
    """A meeting with its items and points. `at_hand` is what is being talked (after the end, written) about."""

    meeting: Meeting
    items: tuple[Item, ...]
    points: tuple[Point, ...]
    at_hand: Item | None

    def of_item(self, item_id: int | None) -> list[tuple[int, Point]]:
        """Return the points of an item (None: of none) with their numbers in the minutes."""
        return [(number, point) for number, point in self.numbered if point.item_id == item_id]

    @property
    def numbered(self) -> list[tuple[int, Point]]:
        """All points with their numbers: item by item, then those of none."""
        order = {item.id: place for place, item in enumerate(self.items)}
        return list(enumerate(sorted(self.points, key=lambda one: order.get(one.item_id or 0, len(order))), 1))


def may_manage(work: Work, member_id: int, meeting: Meeting) -> bool:
    """Answer whether this person writes these minutes: whoever plans meetings there, or a chair who belongs there."""
    unit = units.get(work.connection, meeting.unit_id)
    if unit is None:
        return False
    if permission.may(work, member_id, Action.PLAN_MEETINGS, unit):
        return True
    # Being the chair outlives a role, not belonging to the unit.
    return meeting.chair_id == member_id and member_id in {one for one, *_ in belonging(work.connection, unit.path)}


def heads(work: Work, meeting: Meeting) -> list[int]:
    """Return who heads the unit of a meeting or one above it, nearest first."""
    found = grants.holders(work.connection, Role.BRANCH_SECRETARY, meeting.path, work.now)
    return [member_id for member_id, _ in found]


def managed(work: Work, member_id: int, number: int, *, lock: bool = False) -> Meeting:
    """Return a meeting to whoever writes its minutes; to anybody else it does not exist."""
    found = (meetings.lock if lock else meetings.get)(work.connection, number)
    if found is None or not may_manage(work, member_id, found):
        raise Refusal("minutes.not_yours")
    return found


def readable(work: Work, member_id: int, number: int) -> Meeting:
    """Return a meeting to whoever may read its minutes: who writes them, and from circulation on those present."""
    found = meetings.get(work.connection, number)
    if found is None:
        raise Refusal("minutes.not_yours")
    if not may_manage(work, member_id, found) and not (
        found.state in READABLE and member_id in meetings.there(work.connection, number)
    ):
        raise Refusal("minutes.not_yours")
    return found


def writable(work: Work, member_id: int, number: int, *, planned: bool = False) -> Meeting:
    """Return a meeting whose minutes can be written now. `planned`: also before it begins (the agenda)."""
    found = managed(work, member_id, number, lock=True)
    if found.state in GOING_ON or (planned and found.state in PLANNED):
        return found
    raise too_soon(found)


def too_soon(meeting: Meeting) -> Refusal:
    """Return why nothing is written in the state that a meeting is in."""
    return Refusal(f"minutes.is_{'planned' if meeting.state in PLANNED else meeting.state.value}")


def agenda(work: Work, member_id: int, number: int) -> Agenda:
    """Return the agenda with all that is written down so far."""
    return agenda_of(work, managed(work, member_id, number))


def agenda_of(work: Work, meeting: Meeting) -> Agenda:
    """Return the same for whoever has looked at permissions."""
    items = tuple(table.items(work.connection, meeting.id))
    found = None
    if meeting.state in GOING_ON and items:
        at_hand = meetings.item_at_hand(work.connection, meeting.id)
        found = next((item for item in items if item.id == at_hand), items[0])
    return Agenda(meeting, items, tuple(table.points(work.connection, meeting.id)), found)


def add_item(work: Work, member_id: int, number: int, title: str) -> Item:
    """Put an item on the agenda."""
    found = writable(work, member_id, number, planned=True)
    words = _one_line(title, LONGEST_TITLE, "minutes.title_empty")
    if len(table.items(work.connection, number)) >= MOST_ITEMS:
        raise Refusal("minutes.too_many_items", most=MOST_ITEMS)
    item = table.add_item(work.connection, number, words)
    if found.state in GOING_ON and meetings.item_at_hand(work.connection, number) is None:
        table.take_up(work.connection, number, item)
    return _item(work, number, item)


def rename_item(work: Work, member_id: int, number: int, place: int, title: str) -> Item:
    """Give an item (by its place on the agenda, from 1) another title."""
    writable(work, member_id, number, planned=True)
    known = table.items(work.connection, number)
    if not 1 <= place <= len(known):
        raise Refusal("minutes.no_item")
    item = known[place - 1].id
    table.change_item(work.connection, item, title=_one_line(title, LONGEST_TITLE, "minutes.title_empty"))
    return _item(work, number, item)


def _item(work: Work, number: int, item_id: int) -> Item:
    found = table.item_of(work.connection, item_id)
    if found is None or found.meeting_id != number:
        raise Refusal("minutes.no_item")
    return found


def next_item(work: Work, member_id: int, number: int) -> Agenda:
    """Turn to the next item; after the last one comes the first."""
    writable(work, member_id, number)
    found = agenda(work, member_id, number)
    if found.at_hand is None:
        raise Refusal("minutes.no_item")
    places = [item.id for item in found.items]
    following = places[(places.index(found.at_hand.id) + 1) % len(places)]
    table.take_up(work.connection, number, following)
    return agenda(work, member_id, number)


def _at_hand(work: Work, member_id: int, number: int) -> Item:
    writable(work, member_id, number)
    found = agenda(work, member_id, number).at_hand
    if found is None:
        raise Refusal("minutes.no_item")
    return found


def decide(work: Work, member_id: int, number: int, words: str) -> Item:
    """Write down what was decided about the item at hand."""
    item = _at_hand(work, member_id, number)
    decision = _one_line(words, LONGEST_POINT, "minutes.words_empty")
    _keep_both(work, member_id, number, item.decision, decision)
    values = {"decision": decision, "decided_at": work.now, "decided_by": member_id}
    table.change_item(work.connection, item.id, **values)
    return _item(work, number, item.id)


def set_basis(work: Work, member_id: int, number: int, basis: str) -> Item:
    """Say by what the vote on the item at hand counts."""
    item = _at_hand(work, member_id, number)
    known = bases(work)
    if basis not in known:
        raise Refusal("minutes.no_item")
    check_basis(work, member_id, managed(work, member_id, number), known[basis])
    table.change_item(work.connection, item.id, basis=basis)
    return _item(work, number, item.id)


def basis_of(work: Work, meeting: Meeting, item: Item) -> Basis:
    """Return by what the vote on an item counts: as it was set, as its title says, else as the meeting's quorum."""
    name = item.basis or guess(item.title)
    if not fits(name, meeting.quorum) and not _is_refused(work, meeting, name):
        name = usual(meeting.quorum)
    return bases(work)[name]


def _is_refused(work: Work, meeting: Meeting, name: str) -> bool:
    """Answer whether this is a ballot that the branch meeting alone holds; a union's own election is not one."""
    unit = units.get(work.connection, meeting.unit_id)
    branch = unit is not None and unit.kind is UnitKind.PARTY_BRANCH
    return name == "admission" or (name == "election" and branch)


def check_basis(work: Work, member_id: int, meeting: Meeting, basis: Basis) -> None:
    """Refuse a kind of vote that belongs to other meetings, with the rule that says so."""
    if fits(basis.name, meeting.quorum):
        return
    voice = _voice(work, member_id)
    law = basis if basis.source else bases(work)[usual(meeting.quorum)]
    code = "minutes.wrong_basis" if basis.source else "minutes.wrong_other"
    facts = {"kind": voice.label(f"vote.{basis.name}"), "right": voice.label(f"vote.{law.name}")}
    where = voice.line("minutes.in_committee" if basis.name == "committee" else "minutes.in_branch")
    raise Refusal(code, where=where, rule=rule_of(voice, law, quorum=True), **facts)


def _voice(work: Work, member_id: int) -> Voice:
    person = members.get(work.connection, member_id)
    return voice_of((person.language if person else "") or work.organisation.language)


def voters(work: Work, number: int) -> tuple[int, int]:
    """Return how many with a vote should attend, and how many of them are there."""
    there = meetings.there(work.connection, number)
    # Whoever is relieved by art. 23 keeps her vote: she leaves 应到会 only by the superior's consent and a vote.
    voting = [one.member_id for one in meetings.attendees(work.connection, number) if one.votes]
    return len(voting), sum(one in there for one in voting)


def vote(work: Work, member_id: int, number: int, counts: Mapping[str, int]) -> tuple[Item, Outcome]:
    """Record the vote on the item at hand; raises the sentence of the rule when it cannot count.

    `counts`: as `domain.vote.read_votes` gives them. A ballot was held on paper: here it is only written down.
    """
    item = _at_hand(work, member_id, number)
    meeting = managed(work, member_id, number)
    should, present = voters(work, number)
    ballot = "issued" in counts or "returned" in counts
    tally = Tally(
        should,
        present,
        counts.get("yes", 0),
        counts.get("no", 0),
        counts.get("abstain", 0),
        counts.get("issued"),
        counts.get("returned"),
        counts.get("invalid", 0) if ballot else None,
    )
    basis = basis_of(work, meeting, item)
    check_basis(work, member_id, meeting, basis)
    outcome = judge(basis, tally)
    if outcome.result is Result.REFUSED:
        raise Refusal(outcome.code, rule=rule_of(_voice(work, member_id), basis, quorum=True), **outcome.facts)
    kept = {name: getattr(tally, name) for name in ("should", "present", "yes", "no", "abstain", "issued", "returned")}
    kept |= {"invalid": tally.invalid, "basis": basis.name, "outcome": outcome.result.value}
    table.change_item(work.connection, item.id, decided_at=work.now, decided_by=member_id, **kept)
    return _item(work, number, item.id), outcome


def note(work: Work, member_id: int, number: int, words: str) -> tuple[int, int]:
    """Write down a point, about the item at hand if there is one; returns its number in the minutes and its id."""
    writable(work, member_id, number)
    text = _one_line(words, LONGEST_POINT, "minutes.words_empty")
    found = agenda(work, member_id, number)
    if len(found.points) >= MOST_POINTS:
        raise Refusal("minutes.too_many_points", most=MOST_POINTS)
    item = found.at_hand.id if found.at_hand else None
    point = table.add_point(work.connection, number, item, text, member_id, work.now)
    after = agenda(work, member_id, number).numbered
    return next(place for place, one in after if one.id == point), point


def erase(work: Work, member_id: int, number: int, point_id: int) -> int:
    """Take a point away by its id, once; returns the number that it had."""
    writable(work, member_id, number)
    known = agenda(work, member_id, number).numbered
    place = next((place for place, one in known if one.id == point_id), None)
    if place is None:
        raise Refusal("minutes.erased_before")
    _keep_both(work, member_id, number, dict(known)[place].text, "")
    table.change_point(work.connection, point_id, "")
    return place


def rewrite(work: Work, member_id: int, number: int, place: int, words: str) -> int:
    """Put other words in the place of a point; empty ones take it away. Returns its id."""
    writable(work, member_id, number)
    point = dict(agenda(work, member_id, number).numbered).get(place)
    if point is None:
        raise Refusal("minutes.no_point", place=place)
    text = _one_line(words, LONGEST_POINT, "") if words else ""
    _keep_both(work, member_id, number, point.text, text, point.id if text else None)
    table.change_point(work.connection, point.id, text)
    return point.id


def _keep_both(work: Work, member_id: int, number: int, old: str, new: str, point_id: int | None = None) -> None:
    """Keep a line that those present have read already beside what stands in its place now, as a correction."""
    found = meetings.get(work.connection, number)
    if found is None or found.corrections_until is None or not old or old == new:
        return
    values = {"meeting_id": number, "member_id": member_id, "text": new, "point_id": point_id, "old": old}
    values |= {"state": CorrectionState.TAKEN.value, "at": work.now, "settled_at": work.now}
    table.add_correction(work.connection, **values)


def _one_line(words: str, longest: int, empty: str) -> str:
    """Return words on one line: a line of the minutes is a point."""
    text = " ".join(part.strip() for part in words.splitlines() if part.strip())
    if not text:
        raise Refusal(empty)
    if len(text) > longest:
        raise Refusal("minutes.too_long", longest=longest)
    return text


def one_line(words: str) -> str:
    """Return words as a point holds them; raises the refusal for none or too many."""
    return _one_line(words, LONGEST_POINT, "minutes.words_empty")


def listed(work: Work, member_id: int, states: Sequence[MeetingState], limit: int) -> list[Meeting]:
    """Return the newest meetings in these states whose minutes a person writes."""
    paths = [unit.path for unit in permission.scope(work, member_id, Action.PLAN_MEETINGS)]
    found = meetings.of_paths(work.connection, paths, member_id, states, limit)
    return [one for one in found if may_manage(work, member_id, one)]


def attended(work: Work, member_id: int, limit: int) -> list[Meeting]:
    """Return the newest meetings that a person was at and whose minutes can be read."""
    return meetings.attended(work.connection, member_id, READABLE, limit)


def waiting(work: Work, member_id: int) -> Mapping[int, int]:
    """Return how many corrections wait for this person, by meeting."""
    going = [one.id for one in listed(work, member_id, (MeetingState.CIRCULATING,), MOST_ITEMS)]
    return table.open_corrections(work.connection, going) if going else {}
