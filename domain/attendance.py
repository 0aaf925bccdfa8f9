"""Who is called to a meeting and why (应到), who of them votes, and how many must be there for it to count.

Who belongs to which kind of meeting: 支部工作条例(试行) art. 11-13; who has no vote: 选举条例 art. 5; on whom
nothing is forced: 党员教育管理工作条例 art. 23; leading members attend as ordinary ones: its art. 16.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.meeting import Answer, Attendee, Duty, MeetingKind
from domain.member import Standing, UnitKind
from domain.vote import Share, guess, usual

PARTY = (Standing.PARTY_FULL, Standing.PARTY_PROBATIONARY)
KINDS: Mapping[UnitKind, tuple[MeetingKind, ...]] = {
    UnitKind.PARTY_BRANCH: (
        MeetingKind.BRANCH_MEETING,
        MeetingKind.COMMITTEE_MEETING,
        MeetingKind.LECTURE,
        MeetingKind.THEME_DAY,
        MeetingKind.LIFE_MEETING,
        MeetingKind.ASSESSMENT,
        MeetingKind.OTHER,
    ),
    UnitKind.PARTY_GROUP: (
        MeetingKind.GROUP_MEETING,
        MeetingKind.LECTURE,
        MeetingKind.THEME_DAY,
        MeetingKind.LIFE_MEETING,
        MeetingKind.OTHER,
    ),
    UnitKind.PARTY_COMMITTEE: (MeetingKind.LECTURE, MeetingKind.THEME_DAY, MeetingKind.OTHER),
    UnitKind.UNION: (MeetingKind.OTHER,),
    UnitKind.LEAGUE_BRANCH: (MeetingKind.OTHER,),
    UnitKind.WOMEN: (MeetingKind.OTHER,),
}
"""What kinds of meeting a kind of unit holds; one that is not here holds none."""
QUORUM = {MeetingKind.BRANCH_MEETING: "voting", MeetingKind.COMMITTEE_MEETING: "committee"}
_PARTY_UNITS = (UnitKind.PARTY_BRANCH, UnitKind.PARTY_GROUP)
_BALLOTS = {Standing.LEAGUE: UnitKind.LEAGUE_BRANCH, Standing.UNION: UnitKind.UNION}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be called: what she is, and how she stands to the unit.

    Other offices are not here on purpose: whoever leads elsewhere attends in her branch as an ordinary member.
    """

    member_id: int
    name: str
    standings: frozenset[Standing] = frozenset()
    belongs: bool = True
    committee: bool = False
    """She is its secretary or on its committee."""
    relieved: bool = False
    """Not held to organisational life on that day (art. 23)."""


def quorum_of(kind: MeetingKind) -> str:
    """Return the basis of a meeting's quorum; empty: it needs none."""
    return QUORUM.get(kind, "")


def called(kind: MeetingKind, unit: UnitKind, people: Iterable[Candidate]) -> tuple[Attendee, ...]:
    """Return who of these is called, in their order."""
    return tuple(one for person in people if (one := _called(kind, unit, person)) is not None)


def _called(kind: MeetingKind, unit: UnitKind, person: Candidate) -> Attendee | None:
    if kind is MeetingKind.COMMITTEE_MEETING:
        # Being on the committee is an office, not a duty of every member: art. 23 changes nothing here.
        return _attendee(person, Duty.SHOULD, "committee", votes=True) if person.committee else None
    if not person.belongs:
        return None
    if kind is not MeetingKind.OTHER or unit in _PARTY_UNITS:
        party = _party(person)
        if party is not None or kind is not MeetingKind.OTHER:
            return party
    for standing, home in _BALLOTS.items():
        if unit is home:
            # A League branch or a union is its members; whoever merely works in the unit is no member of it.
            mine = standing in person.standings
            return _attendee(person, Duty.SHOULD, standing.value, votes=True) if mine else None
    return _attendee(person, Duty.SHOULD, "belongs", votes=False)


def _party(person: Candidate) -> Attendee | None:
    full = Standing.PARTY_FULL in person.standings
    if not full and Standing.PARTY_PROBATIONARY not in person.standings:
        return None
    if person.relieved:
        # Relieved by art. 23 is not "left out of 应到会": a vote is lost only by the superior's consent and the branch
        # meeting's own vote, which no list decides. So a full member who need not come still counts in the base of
        # every vote, and her absence does too.
        return _attendee(person, Duty.NOT_REQUIRED, "relieved", votes=full)
    reason = Standing.PARTY_FULL if full else Standing.PARTY_PROBATIONARY
    return _attendee(person, Duty.SHOULD, reason.value, votes=full)


def _attendee(person: Candidate, duty: Duty, reason: str, *, votes: bool) -> Attendee:
    return Attendee(person.member_id, person.name, duty, votes, reason)


@dataclass(frozen=True, slots=True)
class Counts:
    """How a meeting stands. `basis`: of the item at hand, else of the meeting; empty: nothing needs a quorum."""

    should: int
    came: int
    """Of those who should."""
    leave: int
    late: int
    by_hand: int
    not_required: int
    welcome: int
    """Who came without having to: not required, and guests."""
    voting: int
    voting_came: int
    basis: str
    quorum: Share | None = None
    """The share of those with a vote that must be there, by that basis."""

    @property
    def needed(self) -> int:
        """How many with a vote must be there."""
        return self.quorum.needed(self.voting) if self.quorum else 0

    @property
    def lacking(self) -> int:
        """How many of them are still missing."""
        return max(0, self.needed - self.voting_came)

    @property
    def reached(self) -> bool:
        """Whether the item at hand can be decided; never where nobody has a vote."""
        return self.basis != "" and self.voting > 0 and self.lacking == 0


def count(
    people: Iterable[Attendee], there: Mapping[int, tuple[bool, bool]], basis: str, quorum: Share | None
) -> Counts:
    """Count a meeting. `there`: member -> (late, entered by hand) of whoever is there; `quorum`: by that basis."""
    every = list(people)
    should = [one for one in every if one.duty is Duty.SHOULD]
    votes = [one for one in every if one.votes]
    ours = [there[one.member_id] for one in every if one.member_id in there]
    came = sum(one.member_id in there for one in should)
    return Counts(
        should=len(should),
        came=came,
        leave=sum(one.answer is Answer.LEAVE_GRANTED for one in should),
        late=sum(late for late, _ in ours),
        by_hand=sum(by_hand for _, by_hand in ours),
        not_required=sum(one.duty is Duty.NOT_REQUIRED for one in every),
        welcome=len(ours) - came,
        voting=len(votes),
        voting_came=sum(one.member_id in there for one in votes),
        basis=basis,
        quorum=quorum,
    )


def basis_of_item(kind: MeetingKind, title: str) -> str:
    """Return which vote an agenda item announces by its words, as a first proposal; whoever chairs may set another."""
    if found := guess(title):
        return found
    if "表决" in title or "vote" in title.lower():
        return usual(quorum_of(kind))
    return ""
