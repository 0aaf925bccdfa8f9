"""Who is called to which meeting, who votes, and when a meeting can decide."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.attendance import KINDS, Candidate, basis_of_item, called, count, quorum_of
from domain.meeting import Answer, Attendee, Duty, MeetingKind
from domain.member import Standing, UnitKind
from domain.vote import DEFAULTS

B, G = UnitKind.PARTY_BRANCH, UnitKind.PARTY_GROUP
FULL, PROBATION = Standing.PARTY_FULL, Standing.PARTY_PROBATIONARY

people = st.lists(
    st.builds(
        Candidate,
        member_id=st.integers(1, 10_000),
        name=st.just("某人"),
        standings=st.frozensets(st.sampled_from(list(Standing))).filter(lambda s: not {FULL, PROBATION} <= s),
        belongs=st.booleans(),
        committee=st.booleans(),
        relieved=st.booleans(),
    ),
    max_size=60,
    unique_by=lambda one: one.member_id,
)
kinds = st.sampled_from(list(MeetingKind))


def one(*standings: Standing, **more: bool) -> Candidate:
    return Candidate(1, "赵强", frozenset(standings), **more)


@pytest.mark.parametrize(
    ("kind", "unit", "person", "duty", "votes", "reason"),
    [
        ("branch_meeting", B, one(FULL), Duty.SHOULD, True, "party_full"),
        ("branch_meeting", B, one(PROBATION), Duty.SHOULD, False, "party_probationary"),
        ("branch_meeting", B, one(FULL, relieved=True), Duty.NOT_REQUIRED, True, "relieved"),
        ("branch_meeting", B, one(PROBATION, relieved=True), Duty.NOT_REQUIRED, False, "relieved"),
        ("branch_meeting", B, one(FULL, committee=True), Duty.SHOULD, True, "party_full"),
        ("committee_meeting", B, one(FULL, committee=True), Duty.SHOULD, True, "committee"),
        ("group_meeting", G, one(FULL), Duty.SHOULD, True, "party_full"),
        ("theme_day", B, one(PROBATION), Duty.SHOULD, False, "party_probationary"),
        ("other", B, one(Standing.PARTY_APPLICANT), Duty.SHOULD, False, "belongs"),
        ("other", UnitKind.LEAGUE_BRANCH, one(Standing.LEAGUE), Duty.SHOULD, True, "league"),
        ("other", UnitKind.UNION, one(Standing.UNION, FULL), Duty.SHOULD, True, "union"),
        ("other", UnitKind.WOMEN, one(), Duty.SHOULD, False, "belongs"),
    ],
)
def test_who_is_called_and_why(
    kind: str, unit: UnitKind, person: Candidate, duty: Duty, *, votes: bool, reason: str
) -> None:
    [found] = called(MeetingKind(kind), unit, [person])
    assert (found.duty, found.votes, found.reason) == (duty, votes, reason)


@pytest.mark.parametrize(
    ("kind", "unit", "person"),
    [
        ("branch_meeting", B, one(Standing.PARTY_APPLICANT)),
        ("branch_meeting", B, one(FULL, belongs=False, committee=True)),
        ("committee_meeting", B, one(FULL)),
        ("other", UnitKind.LEAGUE_BRANCH, one(FULL)),
        ("other", UnitKind.UNION, one()),
    ],
)
def test_who_is_not_called(kind: str, unit: UnitKind, person: Candidate) -> None:
    assert called(MeetingKind(kind), unit, [person]) == ()


@given(kinds, st.sampled_from([B, G]), people)
def test_nobody_is_called_twice_or_without_a_ground(kind: MeetingKind, unit: UnitKind, who: list[Candidate]) -> None:
    found = called(kind, unit, who)
    by_id = {person.member_id: person for person in who}
    assert len({attendee.member_id for attendee in found}) == len(found)
    for attendee in found:
        person = by_id[attendee.member_id]
        assert attendee.duty is not Duty.GUEST
        assert person.committee if kind is MeetingKind.COMMITTEE_MEETING else person.belongs
        if PROBATION in person.standings and kind is not MeetingKind.COMMITTEE_MEETING:
            assert not attendee.votes
        if attendee.duty is Duty.NOT_REQUIRED:
            assert person.relieved


@given(people)
def test_the_base_of_a_vote_is_every_full_member_whoever_is_relieved_or_leads(who: list[Candidate]) -> None:
    found = called(MeetingKind.BRANCH_MEETING, B, who)
    full = {person.member_id for person in who if FULL in person.standings and person.belongs}
    assert {attendee.member_id for attendee in found if attendee.votes} == full


@given(st.sampled_from(sorted(DEFAULTS)), st.integers(0, 2000))
def test_the_share_includes_the_number_itself(basis: str, base: int) -> None:
    quorum = DEFAULTS[basis].quorum
    share, least = Fraction(quorum.part, quorum.whole), quorum.needed(base)
    assert 0 <= least <= base
    assert Fraction(least) >= share * base
    assert least == 0 or Fraction(least - 1) < share * base


@pytest.mark.parametrize(
    ("basis", "base", "least"),
    [
        ("branch", 10, 5),
        ("branch", 11, 6),
        ("committee", 3, 2),
        ("election", 10, 8),
        ("election", 11, 9),
        ("other", 9, 0),
    ],
)
def test_exactly_half_and_exactly_four_fifths(basis: str, base: int, least: int) -> None:
    assert DEFAULTS[basis].quorum.needed(base) == least


attendees = st.lists(
    st.builds(
        Attendee,
        member_id=st.integers(1, 500),
        name=st.just("某人"),
        duty=st.sampled_from(list(Duty)),
        votes=st.booleans(),
        reason=st.just("party_full"),
        answer=st.sampled_from(list(Answer)),
    ),
    max_size=60,
    unique_by=lambda attendee: attendee.member_id,
)


@given(attendees, st.dictionaries(st.integers(1, 500), st.tuples(st.booleans(), st.booleans())), st.data())
def test_counts_add_up(who: list[Attendee], there: dict[int, tuple[bool, bool]], data: st.DataObject) -> None:
    basis = data.draw(st.sampled_from(["", *DEFAULTS]))
    quorum = DEFAULTS[basis].quorum if basis else None
    found = count(who, there, basis, quorum)
    assert found.came <= found.should
    assert found.leave <= found.should
    assert found.voting_came <= found.voting
    assert found.came + found.welcome == sum(one.member_id in there for one in who)
    assert found.should + found.not_required <= len(who)
    enough = quorum is not None and found.voting_came >= quorum.needed(found.voting)
    assert found.reached == (enough and found.voting > 0)
    assert (found.lacking == 0) == (found.voting_came >= found.needed)


@given(attendees)
def test_leave_never_takes_anybody_out_of_the_base(who: list[Attendee]) -> None:
    before = count(who, {}, "voting", DEFAULTS["branch"].quorum)
    granted = [Attendee(one.member_id, one.name, one.duty, one.votes, one.reason, Answer.LEAVE_GRANTED) for one in who]
    after = count(granted, {}, "voting", DEFAULTS["branch"].quorum)
    assert (after.should, after.voting, after.needed) == (before.should, before.voting, before.needed)


def test_every_kind_of_meeting_is_held_somewhere_and_only_two_need_a_quorum() -> None:
    assert {kind for listed in KINDS.values() for kind in listed} == set(MeetingKind)
    assert {kind.value: quorum_of(kind) for kind in MeetingKind if quorum_of(kind)} == {
        "branch_meeting": "voting",
        "committee_meeting": "committee",
    }


@pytest.mark.parametrize(
    ("title", "basis"),
    [
        ("通报党费收缴情况", ""),
        ("讨论并表决年度计划", "branch"),
        ("接收预备党员：张三", "admission"),
        ("支部委员会换届选举", "election"),
        ("Vote on the plan", "branch"),
    ],
)
def test_what_an_item_announces(title: str, basis: str) -> None:
    assert basis_of_item(MeetingKind.BRANCH_MEETING, title) == basis
