"""States and rates of obligations as properties: monotone, exactly half, who leaves the denominator."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from content.rule_pack import book
from domain.meeting import Held, MeetingKind
from domain.obligation import (
    GRACE,
    Entry,
    Facts,
    Found,
    Kind,
    Obligation,
    Planned,
    State,
    Told,
    judge,
    keys_of,
    missing_of,
    read_declaration,
    standardisation,
)
from domain.period import read_period
from domain.rule import Part, Rule
from services.obligation_year import name_lines, share

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
MONTH = read_period("2026-11")
BRANCH = 7
RANK = {state: place for place, state in enumerate((State.OVERDUE, State.PLANNED, State.PARTLY, State.HELD, State.MET))}
RANK[State.OPEN] = RANK[State.OVERDUE]


def rule(name: str = "branch_meeting", **values: object) -> Rule:
    found = book().in_force(name, TODAY)
    assert found is not None
    return replace(found, **values)  # type: ignore[arg-type]


PARTS = st.frozensets(st.sampled_from(list(Part)))
TOLD = st.builds(Told, st.integers(1, 99), st.sampled_from([BRANCH, 8, 9]), st.dates(MONTH.first, MONTH.last), PARTS)
DAYS = st.dates(MONTH.first, MONTH.last + timedelta(days=40))
PLANNED = Planned(5, BRANCH, "group_meeting", NOON, "")


def look(held: list[Told], today: date, *, groups: int = 0, count: int = 1, planned: bool = False) -> Found:
    one = rule("group_meeting", count=count) if groups else rule(count=count)
    return judge(one, MONTH, Facts(tuple(held), (PLANNED,) if planned else (), (), BRANCH, groups), today)


@given(
    held=st.lists(TOLD, max_size=5), more=TOLD, today=DAYS, groups=st.integers(0, 2), count=st.integers(1, 2),
    planned=st.booleans(),
)  # fmt: skip
def test_another_meeting_never_makes_it_worse(
    held: list[Told],
    more: Told,
    today: date,
    groups: int,
    count: int,
    planned: bool,  # noqa: FBT001
) -> None:
    facts = {"groups": groups, "count": count, "planned": planned}
    before, after = look(held, today, **facts), look([*held, more], today, **facts)  # type: ignore[arg-type]
    assert RANK[after.state] >= RANK[before.state]
    assert after.times >= before.times


@given(
    held=st.lists(TOLD, min_size=1, max_size=4), today=DAYS, place=st.integers(0, 3), part=st.sampled_from(list(Part))
)
def test_a_part_more_never_makes_it_worse(held: list[Told], today: date, place: int, part: Part) -> None:
    assume(place < len(held))
    better = [*held]
    better[place] = replace(better[place], missing=better[place].missing - {part})
    assert RANK[look(better, today).state] >= RANK[look(held, today).state]


@given(held=st.lists(TOLD, max_size=3), today=DAYS)
def test_a_day_later_nothing_gets_better_by_itself(held: list[Told], today: date) -> None:
    assert RANK[look(held, today + timedelta(days=1)).state] <= RANK[look(held, today).state]


@pytest.mark.parametrize(
    ("missing", "today", "state", "lacks"),
    [
        (set(), TODAY, State.MET, ()),
        ({Part.MINUTES}, TODAY, State.HELD, ("minutes",)),
        ({Part.MINUTES}, MONTH.last + GRACE, State.HELD, ("minutes",)),
        ({Part.MINUTES}, MONTH.last + GRACE + timedelta(days=1), State.PARTLY, ("minutes",)),
        ({Part.QUORUM, Part.MINUTES}, TODAY, State.PARTLY, ("quorum", "minutes")),
        ({Part.ON_TIME}, TODAY, State.PARTLY, ("on_time",)),
        (set(Part), TODAY, State.PARTLY, ("on_time", "quorum", "minutes", "sign_in")),
    ],
)
def test_what_is_missing_is_said(missing: set[Part], today: date, state: State, lacks: tuple[str, ...]) -> None:
    found = look([Told(1, BRANCH, TODAY, frozenset(missing))], today)
    assert (found.state, found.missing) == (state, lacks)


@pytest.mark.parametrize(
    ("today", "planned", "state"),
    [
        (MONTH.first, False, State.OPEN), (MONTH.last, False, State.OPEN), (MONTH.last, True, State.PLANNED),
        (MONTH.last + timedelta(days=1), False, State.OVERDUE), (MONTH.last + timedelta(days=1), True, State.OVERDUE),
    ],
)  # fmt: skip
def test_nothing_held(today: date, planned: bool, state: State) -> None:  # noqa: FBT001
    assert look([], today, planned=planned).state is state


def test_each_group_counts_for_itself_and_what_the_branch_keeps_for_any() -> None:
    one, twice, whole = (Told(n, place, TODAY, frozenset()) for n, place in ((1, 8), (2, 8), (3, BRANCH)))
    assert look([one], TODAY, groups=2).missing == ("times",)
    assert look([one, twice], TODAY, groups=2).state is State.PARTLY
    assert look([one, whole], TODAY, groups=2).state is State.MET
    assert look([one, replace(twice, unit_id=9)], TODAY, groups=2).state is State.MET


def test_one_group_does_not_do_what_is_the_branchs() -> None:
    def day(*held: Told, groups: int = 2, planned: tuple[Planned, ...] = ()) -> Found:
        return judge(rule("theme_day"), MONTH, Facts(held, planned, (), BRANCH, groups), TODAY)

    eight, nine, whole = (Told(n, place, TODAY, frozenset()) for n, place in ((1, 8), (2, 9), (3, BRANCH)))
    assert (day(eight).state, day(eight).times) == (State.OPEN, 0)
    assert day(eight, replace(eight, meeting_id=4)).state is State.OPEN
    assert (day(eight, nine).state, day(eight, nine).meetings) == (State.MET, (1, 2))
    assert day(eight, whole).meetings == (3,)
    assert day(eight, groups=0).state is State.OPEN
    assert day(eight, groups=1).state is State.MET
    late = day(eight, replace(nine, missing=frozenset({Part.SIGN_IN})))
    assert (late.state, late.missing) == (State.PARTLY, ("sign_in",))
    assert day(eight, replace(nine, missing=frozenset({Part.MINUTES}))).state is State.HELD
    one = Planned(5, 8, "theme_day", NOON, "")
    assert day(planned=(one,)).state is State.OPEN
    assert day(nine, planned=(one,)).state is State.PLANNED
    assert day(eight, planned=(one,)).state is State.OPEN
    assert day(planned=(replace(one, unit_id=BRANCH),)).state is State.PLANNED


@given(held=st.lists(TOLD, max_size=6), more=TOLD, today=DAYS, groups=st.integers(0, 2), count=st.integers(1, 2))
def test_another_meeting_of_a_group_never_makes_the_branch_worse(
    held: list[Told], more: Told, today: date, groups: int, count: int
) -> None:
    def state(told: list[Told]) -> int:
        facts = Facts(tuple(told), unit_id=BRANCH, groups=groups)
        return RANK[judge(rule("theme_day", count=count), MONTH, facts, today).state]

    assert state([*held, more]) >= state(held)


def entry(kind: Kind, on_day: date | None = None) -> Entry:
    return Entry(1, BRANCH, "branch_meeting", MONTH.key, kind, on_day, "理由", 3, NOON)


def test_what_people_decided() -> None:
    past = MONTH.last + timedelta(days=30)
    states = {kind: judge(rule(), MONTH, Facts(entries=(entry(kind, TODAY),), unit_id=BRANCH), past) for kind in Kind}
    assert states[Kind.EXEMPT].state is State.EXEMPT
    assert states[Kind.CORRECTED].state is State.MET
    assert states[Kind.DECLARED].missing == ("quorum", "minutes", "sign_in")
    late = judge(rule(), MONTH, Facts(entries=(entry(Kind.DECLARED, past),), unit_id=BRANCH), past)
    assert late.missing[0] == "on_time"
    talk = judge(rule("talk"), MONTH, Facts(entries=(entry(Kind.DECLARED, TODAY),), unit_id=BRANCH), past)
    assert talk.state is State.MET


HELD = Held(1, BRANCH, MeetingKind.BRANCH_MEETING, NOON, "", "voting", 10, 0, 5, 0, 10, 5, 0, True, True)  # noqa: FBT003


@given(voting=st.integers(0, 200), came=st.integers(0, 200))
def test_a_quorum_is_exactly_half_of_those_with_a_vote(voting: int, came: int) -> None:
    assume(came <= voting)
    vote = book().vote("branch", TODAY)
    lacks = missing_of(rule(), vote, replace(HELD, voting=voting, voting_came=came), MONTH, TODAY)
    assert (Part.QUORUM in lacks) is (came * 2 < voting or voting == 0)


def test_the_quorum_of_a_committee_is_of_its_members_and_a_lecture_has_none() -> None:
    vote = book().vote("committee", TODAY)
    committee = rule("committee_meeting")
    for came, should, fits in ((1, 3, False), (2, 3, True), (2, 4, True), (2, 5, False)):
        lacks = missing_of(committee, vote, replace(HELD, came=came, should=should, voting_came=0), MONTH, TODAY)
        assert (Part.QUORUM not in lacks) is fits
    assert not missing_of(rule("lecture"), None, replace(HELD, voting_came=0), MONTH, TODAY)


def test_a_meeting_made_up_for_counts_for_that_period_alone() -> None:
    assert keys_of("2026-10", TODAY) == ("2026-10",)
    assert keys_of("", TODAY) == ("2026-11", "2026Q4", "2026H2", "2026")
    assert missing_of(rule(), None, HELD, read_period("2026-10"), TODAY) == {Part.ON_TIME}


def obligation(state: State, *, due: bool = True, hard: bool = True, recorded: bool = True) -> Obligation:
    return Obligation(BRANCH, "支部", rule(hard=hard), MONTH, state, due=due, recorded=recorded)


ALL = st.builds(obligation, st.sampled_from(list(State)), due=st.booleans(), hard=st.booleans(), recorded=st.booleans())


@given(st.lists(ALL, max_size=30))
def test_the_rate_counts_each_obligation_in_one_place(found: list[Obligation]) -> None:
    one = standardisation(found)
    assert 0 <= one.met <= one.due
    assert one.due + one.exempt + one.running + one.checking + one.unrecorded + one.advice == len(found)
    assert (one.share is None) == (one.due == 0)


def test_minutes_that_are_being_checked_are_left_out_and_said() -> None:
    one = standardisation([obligation(State.HELD), obligation(State.MET), obligation(State.PARTLY)])
    assert (one.met, one.due, one.checking) == (1, 2, 1)
    assert standardisation([obligation(State.HELD, due=False)]).running == 1


@given(st.lists(ALL, max_size=20), st.sampled_from(list(State)))
def test_an_exemption_leaves_the_denominator(found: list[Obligation], state: State) -> None:
    before, after = standardisation([*found, obligation(state)]), standardisation([*found, obligation(State.EXEMPT)])
    assert after.due == before.due - (state not in {State.EXEMPT, State.HELD})
    assert after.met == before.met - (state is State.MET)


@given(st.lists(ALL, max_size=20))
def test_what_is_met_never_lowers_the_rate(found: list[Obligation]) -> None:
    before, after = standardisation(found).share, standardisation([*found, obligation(State.MET)]).share
    assert after is not None
    assert before is None or after >= before


@pytest.mark.parametrize(
    ("met", "due", "said"), [(1, 2, "50.0%"), (2, 3, "66.7%"), (1, 3, "33.3%"), (4, 5, "80.0%"), (1, 2000, "0.1%")]
)
def test_the_rate_is_rounded_half_up_to_a_tenth(met: int, due: int, said: str) -> None:
    found = [obligation(State.MET)] * met + [obligation(State.OVERDUE)] * (due - met)
    assert standardisation(found).share == Fraction(met, due)
    assert share(standardisation(found)) == said


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("11月20日 纸质记录", (date(2026, 11, 20), "纸质记录")), ("11-20，纸质记录", (date(2026, 11, 20), "纸质记录")),
        ("2025年3月1日：换届大会", (date(2025, 3, 1), "换届大会")), ("12月1号 去年的", (date(2025, 12, 1), "去年的")),
        ("１１月２０日", (date(2026, 11, 20), "")), ("昨天", None), ("13月1日 x", None),
        ("2月30日 x", None), ("", None),
    ],
)  # fmt: skip
def test_a_day_and_what_it_rests_on(words: str, read: tuple[date, str] | None) -> None:
    assert read_declaration(words, TODAY) == read


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("党小组会", ["党小组会"]),
        ("Democratic assessment of members", ["Democratic assessment of members"]),
        ("Democratic assessment of all members", ["Democratic assessment of all", "members"]),
        ("书记和委员学习培训学时一览和说明", ["书记和委员学习培训学时一览和说明"]),
        ("书" * 60, ["书" * 18, "书" * 17 + "…"]),
    ],
)
def test_a_long_name_stands_in_two_lines_of_the_picture(name: str, lines: list[str]) -> None:
    assert [one["text"] for one in name_lines(name)] == lines
