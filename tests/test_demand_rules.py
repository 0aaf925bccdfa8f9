"""The pure rules of demands: the states, the limits, the numbers, the drafts, whose desk."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from content import ContentError
from domain.arrival import Said, Uploaded
from domain.demand import (
    OPEN,
    Act,
    Case,
    Limits,
    Rating,
    State,
    Terms,
    limits,
    may_rate,
    may_reopen,
    moved,
    number_of,
    rated,
    reopened,
    suggest,
    working_day,
)
from domain.demand_draft import LONGEST, MOST_FILES, Draft, clean_name, clean_text
from domain.demand_route import Holder, above, chain, nearest, oversees
from domain.permission import Role
from domain.refusal import Refusal
from services import demand_category, desk_load

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
LIMITS = Limits(NOW, NOW + timedelta(days=2), NOW + timedelta(days=12), NOW + timedelta(days=15))
CASE = Case(1, "SQ-20261123-0001", 7, "living", "食堂太贵了", State.FILED, 1, NOW, LIMITS, officer_id=9)


class Demand(RuleBasedStateMachine):
    """A demand, pushed about in any order."""

    def __init__(self) -> None:
        """Start as it is filed."""
        super().__init__()
        self.case, self.now = CASE, NOW
        self.history: list[tuple[Act, State]] = []

    def _move(self, act: Act) -> None:
        before = self.case
        try:
            self.case = moved(before, act, self.now)
        except Refusal:
            assert before.state not in OPEN
            return
        assert before.state in OPEN
        self.history.append((act, self.case.state))

    @rule(act=st.sampled_from([Act.ANSWER, Act.ASK, Act.REASSIGN, Act.CLOSE, Act.ADD, Act.WITHDRAW, Act.ROUTE]))
    def act(self, act: Act) -> None:
        self._move(act)

    @rule(days=st.integers(0, 20))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    @precondition(lambda self: self.case.state is State.CLOSED)
    def reopen(self) -> None:
        before = self.case
        try:
            self.case = reopened(before, self.now, LIMITS)
        except Refusal:
            assert not may_reopen(before, self.now)
            return
        assert self.case.round == before.round + 1
        assert self.case.rating is None

    @rule(rating=st.sampled_from(list(Rating)))
    def rate(self, rating: Rating) -> None:
        before = self.case
        try:
            self.case = rated(before, rating, self.now)
        except Refusal:
            assert not may_rate(before, self.now)
            return
        assert self.case.rated_at == (before.rated_at or self.now)

    @invariant()
    def holds_together(self) -> None:
        case = self.case
        assert (case.closed_at is not None) == (case.state is State.CLOSED)
        assert case.rating is None or case.state is State.CLOSED
        if case.state in {State.WORKING, State.ASKED, State.CLOSED}:
            assert case.answered_at is not None
        if case.state is State.WITHDRAWN:
            assert not may_rate(case, self.now)
            assert not may_reopen(case, self.now)


TestDemand = Demand.TestCase
TestDemand.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_an_answer_to_a_question_sets_it_going_again() -> None:
    asked = moved(CASE, Act.ASK, NOW)
    assert asked.state is State.ASKED
    assert asked.answered_at == NOW
    assert asked.due == LIMITS.finish_by
    assert moved(asked, Act.ADD, NOW).state is State.WORKING


def test_a_rating_changes_for_a_day_from_the_first_one() -> None:
    closed = moved(CASE, Act.CLOSE, NOW)
    first = rated(closed, Rating.SATISFIED, NOW)
    second = rated(first, Rating.DISSATISFIED, NOW + timedelta(hours=23))
    with pytest.raises(Refusal, match="rated_already"):
        rated(second, Rating.SATISFIED, NOW + timedelta(hours=25))
    with pytest.raises(Refusal, match="rate_late"):
        rated(closed, Rating.SATISFIED, NOW + timedelta(days=31))


def test_numbers_are_the_day_and_the_count() -> None:
    assert number_of(date(2026, 11, 22), 7) == "SQ-20261122-0007"
    assert number_of(date(2026, 11, 22), 12345) == "SQ-20261122-12345"


def _start_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def test_limits_count_working_days_and_end_with_their_last_day() -> None:
    friday = date(2026, 11, 20)
    off = {date(2026, 11, 21), date(2026, 11, 22)}
    found = limits(Terms(2, 15, 15, 60, 0, 2), friday, off, _start_of)
    assert found.first_by == _start_of(date(2026, 11, 25))
    assert found.first_warn_at == _start_of(date(2026, 11, 24))
    assert found.finish_by == _start_of(date(2026, 12, 8))
    assert found.finish_warn_at == _start_of(date(2026, 12, 5))


@given(
    first=st.integers(1, 30),
    more=st.integers(0, 80),
    warn=st.integers(0, 10),
    off=st.sets(st.dates(date(2026, 11, 23), date(2027, 3, 1)), max_size=60),
)
def test_no_limit_is_beyond_the_regulation(first: int, more: int, warn: int, off: set[date]) -> None:
    day = date(2026, 11, 23)
    found = limits(Terms(first, first + more, 15, 60, warn, warn), day, off, _start_of)
    assert found.first_by <= _start_of(day + timedelta(days=16))
    assert found.finish_by <= _start_of(day + timedelta(days=61))
    assert found.first_warn_at < found.first_by <= found.finish_by
    assert found.finish_warn_at < found.finish_by
    assert working_day(day, 1, off) not in off


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("食堂太贵了", "living"),
        ("上个月的加班费一直没发", "pay"),
        ("车间的灭火器过期了，消防通道也堵着", "safety"),
        ("怀孕了还安排夜班，没有哺乳室", "women"),
        ("团员的组织生活太少，想多一些培训", "youth"),
        ("我的党费交错了", "party"),
        ("希望增加困难职工的大病救助", "hardship"),
        ("the canteen food is too expensive", "living"),
    ],
)
def test_the_category_is_suggested_from_the_words(sentence: str, code: str) -> None:
    ordered, found = demand_category.ordered(sentence)
    assert found
    assert ordered[0].code == code
    assert len(ordered) == len({one.code for one in ordered}) == 9


def test_words_that_mean_nothing_suggest_nothing() -> None:
    assert suggest(["今天"], "今天", {"pay": ["工资"]}) == []
    assert demand_category.ordered("😀😀")[1] == 0


def test_the_terms_are_dated_and_within_the_regulation() -> None:
    usual = demand_category.terms("living", date(2026, 11, 23))
    assert (usual.first_days, usual.finish_days, usual.first_outer, usual.finish_outer) == (2, 15, 15, 60)
    assert demand_category.terms("safety", date(2026, 11, 23)).first_days == 1
    house, outer = demand_category.source(date(2026, 11, 23), "zh")
    assert "自定" in house
    assert "信访工作条例" in outer


def test_a_wrong_file_is_named(tmp_path: object) -> None:
    path = demand_category.FILE
    broken = type(path)(str(tmp_path)) / "categories.toml"
    broken.write_text(path.read_text(encoding="utf-8").replace('"union_officer"', '"onion_officer"'), encoding="utf-8")
    with pytest.raises(ContentError, match=r"categories\.toml.*onion_officer"):
        demand_category.load(broken)
    broken.write_text(path.read_text(encoding="utf-8").replace("finish_days = 15", "finish_days = 1"), encoding="utf-8")
    with pytest.raises(ContentError, match="limits"):
        demand_category.load(broken)


def test_a_draft_keeps_everything_that_was_typed() -> None:
    short = Draft().saying("贵")
    assert short.problem() == "demand.too_short"
    assert short.heard(Said("食堂")).text == "贵\n食堂"
    long = Draft().saying("贵" * (LONGEST + 1))
    assert long.problem() == "demand.too_long"
    assert len(long.text) == LONGEST + 1
    assert long.clipped.problem() == ""
    assert long.heard(Said("太贵了")).text == "太贵了"
    assert Draft.of(long.facts) == long


@given(st.text(max_size=300))
def test_whatever_is_typed_can_be_stored(words: str) -> None:
    cleaned = clean_text(words)
    assert "\x00" not in cleaned
    cleaned.encode()
    name = clean_name(words)
    assert len(name) <= 80
    assert not set(name) & set('/\\:*?"<>|\n\u202e')
    assert Draft.of(Draft().saying(words).facts).text == cleaned


def test_file_names_are_cleaned() -> None:
    assert clean_name("../../etc/passwd") == "passwd"
    assert clean_name("C:\\Users\\王芳\\照片 1.JPG") == "照片 1.JPG"
    assert clean_name("发票\u202egpj.exe") == "发票gpj.exe"
    assert clean_name("长" * 300 + ".pdf").endswith("长.pdf")


def test_files_are_counted_once_and_end_somewhere() -> None:
    draft = Draft().heard(Uploaded("1", "a.jpg", "image/jpeg", 3, "在食堂", 1))
    assert draft.text == "在食堂"
    assert len(draft.heard(Uploaded("1", "a.jpg", "image/jpeg", 3, "", 1)).files) == 1
    for number in range(2, 30):
        draft = draft.heard(Uploaded("x", "b.pdf", "application/pdf", 3, "", number))
    assert len(draft.files) == MOST_FILES


ROOT, DEPARTMENT, UNION, SUB_UNION, OTHER_UNION = "/1/", "/1/2/", "/1/3/", "/1/3/4/", "/9/10/"


def _holder(member_id: int, path: str, role: Role = Role.UNION_OFFICER) -> Holder:
    return Holder(member_id, role, int(path.strip("/").split("/")[-1]), path)


def test_the_nearest_officer_is_found_through_the_union_or_beside_the_department() -> None:
    held = [_holder(1, UNION), _holder(2, SUB_UNION), _holder(3, OTHER_UNION)]
    assert [
        [h.member_id for h in group] for group in nearest((DEPARTMENT, SUB_UNION), held, (Role.UNION_OFFICER,))
    ] == [
        [2],
        [1],
    ]
    assert [h.member_id for h in nearest((DEPARTMENT,), held, (Role.UNION_OFFICER,))[0]] == [1]


def test_a_branch_secretary_is_for_the_branch_alone() -> None:
    secretary = _holder(1, "/1/5/6/", Role.BRANCH_SECRETARY)
    committee = _holder(2, "/1/5/", Role.COMMITTEE)
    roles = (Role.BRANCH_SECRETARY, Role.COMMITTEE)
    assert chain(("/1/5/6/7/",), [secretary, committee], roles, set())[0] == [secretary]
    assert chain((DEPARTMENT,), [secretary, committee], roles, set())[0] == [committee]
    assert chain(("/1/5/6/7/",), [secretary, committee], roles, {1})[0] == [committee]


def test_nobody_left_is_nobody() -> None:
    assert chain((DEPARTMENT,), [_holder(1, UNION)], (Role.UNION_OFFICER,), {1}) == []


def test_whoever_oversees_is_the_last_resort() -> None:
    assert chain((DEPARTMENT,), [_holder(3, OTHER_UNION)], (Role.WOMENS_OFFICER,), set())[0][0].member_id == 3


def test_the_next_level_is_above_else_beside() -> None:
    held = [_holder(1, SUB_UNION), _holder(2, UNION), _holder(3, "/1/5/", Role.COMMITTEE), _holder(4, OTHER_UNION)]
    assert above(SUB_UNION, held, {1}) == [2]
    assert above(UNION, held, {2}) == [3]
    assert above(UNION, held, {2, 3}) == []
    assert oversees(UNION, SUB_UNION)
    assert oversees("/1/5/", UNION)
    assert not oversees(OTHER_UNION, UNION)


def test_a_week_of_few_people_is_hidden_and_so_is_the_one_that_tells_it() -> None:
    def shown(*weeks: tuple[int, str]) -> list[int | None]:
        """Of (how many, by whom: a letter a person)."""
        people = [set(map(ord, who)) for _, who in weeks]
        return desk_load.shown_weeks([(count, len(set(who))) for count, who in weeks], people, 5)

    many = "abcdefg"
    assert shown((0, ""), (5, many[:5]), (4, "abcd"), (9, many), (7, many)) == [0, 5, None, None, 7]
    assert shown((8, "a"), (0, ""), (6, many), (7, many)) == [None, 0, None, 7], "one person's eight are one person's"
    assert shown((2, "ab"), (3, "cde"), (6, many)) == [None, None, 6], "five people together are enough"
    same = [(1, "a")] * 5
    assert shown(*same, (6, many), (7, many)) == [None] * 6 + [7], "five weeks of one person are one person"
    assert shown((6, many), (7, many)) == [6, 7]


def test_a_week_that_was_shown_or_hidden_stays_so_whatever_comes_later() -> None:
    weeks = [(12, 7), (7, 6), (11, 7), (1, 1), (9, 9), (6, 6), (3, 3)]
    who = [set(range(askers)) for _, askers in weeks]
    for many in range(1, len(weeks)):
        before = desk_load.shown_weeks(weeks[:many], who[:many], 5)
        assert before == desk_load.shown_weeks(weeks, who, 5)[:many]
