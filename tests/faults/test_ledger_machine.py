"""The points ledger under deeds in any order, each perhaps twice: every sum is right, and no line ever changes."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.points import LARGEST_MANUAL, MANUAL
from domain.question import Kind
from domain.refusal import Refusal
from services import checkin, ledger, points, points_manual, points_objection, quiz
from storage import objection
from storage import points as table
from storage.checkin import checkin as days
from tests.company import ORGANISATION
from tests.faults.figures import record, size
from tests.faults.ground import Ground, attempt, rows

EMPLOYEES = ("ada", "bo", "ma", "tang", "lin")
GIVERS = ("lin", "zhou", "chen", "hu", "ada", "root")
REACH = {"lin": {"bo", "ma", "tang"}, "zhou": {"ada", "bo", "ma", "tang", "lin"}, "chen": {"bo", "ma", "tang", "lin"}}
"""To whom each of those may give points: to the people beneath their own unit, never to themselves."""
SOURCES = st.sampled_from([f"deed:{number}" for number in range(5)])
employees, givers = st.sampled_from(EMPLOYEES), st.sampled_from(GIVERS)


class Ledger(RuleBasedStateMachine):
    """Everything that moves points, beside a model that adds up on its own."""

    def __init__(self, ground: Ground) -> None:
        """Start on a Monday with nothing."""
        super().__init__()
        self.ground, self.company = ground, ground.company()
        self.people = self.company.roll.people
        self.known: list[tuple[Any, ...]] = []
        self.owed: dict[tuple[int, str, str], int] = {}
        """(person, rule, source) -> the points that it must have brought."""
        self.today: dict[tuple[int, date, str], int] = defaultdict(int)

    def teardown(self) -> None:
        """Let go."""
        self.ground.done["entries"] += len(self.known)
        self.ground.clear(self.company)

    def _day(self) -> date:
        return ORGANISATION.today(self.company.now)

    def _owe(self, person: int, name: str, source: str) -> None:
        """Count a deed once, and under its cap."""
        if (person, name, source) in self.owed:
            return
        terms, key = ORGANISATION.points[name], (person, self._day(), name)
        brought = max(0, min(terms.points, terms.daily_cap - self.today[key]))
        self.today[key] += brought
        self.owed[person, name, source] = brought

    @rule(who=employees, times=st.integers(1, 3))
    def checks_in(self, who: str, times: int) -> None:
        for _ in range(times):
            attempt(self.company, lambda work: checkin.check_in(work, self.people[who]))
        self._owe(self.people[who], "checkin", f"checkin:{self._day()}")

    @rule(who=employees, name=st.sampled_from(["gathering", "learning"]), sources=st.lists(SOURCES, max_size=9))
    def is_awarded(self, who: str, name: str, sources: list[str]) -> None:
        for source in sources:
            attempt(self.company, lambda work, one=source: points.award(work, self.people[who], name, one))  # type: ignore[misc]
            self._owe(self.people[who], name, source)

    @rule(who=employees, position=st.integers(1, 10), rightly=st.booleans(), times=st.integers(1, 2))
    def answers_the_quiz(self, who: str, position: int, rightly: bool, times: int) -> None:  # noqa: FBT001 - drawn
        person = self.people[who]
        paper = attempt(self.company, lambda work: quiz.today(work, person))
        item = paper.item(position)
        if item is None:
            return
        wrong = "".join(sorted(set("ABCD") - set(item.question.answer))) or "X"
        given = item.question.answer if rightly else wrong[:1]
        if item.question.kind is Kind.FILL:
            # Some are filled in by a single letter.
            given, rightly = "绝不是这个", False
        for _ in range(times):
            done = attempt(self.company, lambda work: quiz.answer(work, person, paper.id, position, given))
            if not isinstance(done, Refusal) and not done.repeated and done.item.right:
                assert rightly
                self._owe(person, "quiz", f"quiz:{paper.id}:{position}")

    @rule(giver=givers, who=employees, amount=st.integers(-120, 120), source=SOURCES, times=st.integers(1, 2))
    def is_given_by_hand(self, giver: str, who: str, amount: int, source: str, times: int) -> None:
        actor, person, key = self.people[giver], self.people[who], (self.people[who], MANUAL, source)
        for _ in range(times):
            done = attempt(
                self.company, lambda work: points_manual.enter(work, actor, person, amount, "组织技能竞赛", source)
            )
            may = who in REACH.get(giver, ()) and 0 < abs(amount) <= LARGEST_MANUAL
            assert isinstance(done, Refusal) is not may
            if not may:
                return
            assert done is (key not in self.owed)
            self.owed.setdefault(key, amount)

    @rule(who=employees, place=st.integers(0, 30))
    def objects(self, who: str, place: int) -> None:
        if self.known:
            line = self.known[place % len(self.known)]
            done = attempt(self.company, lambda work: points_objection.object_to(work, self.people[who], line[0]))
            assert isinstance(done, Refusal) is (line[1] != self.people[who])

    @rule(giver=givers, place=st.integers(0, 30), correction=st.integers(-110, 110), times=st.integers(1, 2))
    def answers_an_objection(self, giver: str, place: int, correction: int, times: int) -> None:
        raised = rows(self.company, objection.objection)
        if not raised:
            return
        number, person = raised[place % len(raised)][0], raised[place % len(raised)][2]
        actor = self.people[giver]
        for _ in range(times):
            done = attempt(
                self.company, lambda work: points_objection.answer(work, actor, number, correction, "核对了记录")
            )
            if not isinstance(done, Refusal):
                assert actor != person
                assert person in {self.people[who] for who in REACH[giver]}
                if done and correction:
                    assert (person, MANUAL, f"objection:{number}") not in self.owed
                    self.owed[person, MANUAL, f"objection:{number}"] = correction

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.company.travel(hours=hours)

    @invariant()
    def every_line_stays_and_every_deed_counts_once_with_its_points(self) -> None:
        now = rows(self.company, table.entry)
        assert now[: len(self.known)] == self.known
        self.known = now
        entries = {(row[1], row[2], row[3]): row[4] for row in now}
        assert len(entries) == len(now)
        assert entries == self.owed

    @invariant()
    def the_running_totals_are_the_sums_and_no_cap_is_passed(self) -> None:
        sums: dict[tuple[int, date, str], int] = defaultdict(int)
        for _, person, name, _, brought, day, *_ in rows(self.company, table.entry):
            sums[person, day, name] += brought
        assert {tuple(row[:3]): row[3] for row in rows(self.company, table.tally)} == sums
        for (_, _, name), total in sums.items():
            assert name == MANUAL or 0 <= total <= ORGANISATION.points[name].daily_cap
        whole: dict[int, int] = defaultdict(int)
        for (person, _, _), total in sums.items():
            whole[person] += total
        for who in EMPLOYEES:
            person = self.people[who]
            year = self.company.read(lambda c, p=person: ledger.overview(self.company.work(c), p).year)  # type: ignore[misc]
            assert year == whole[person]

    @invariant()
    def one_check_in_a_day(self) -> None:
        marks = [(row[0], row[1]) for row in rows(self.company, days)]
        assert len(marks) == len(set(marks)) == sum(name == "checkin" for _, name, _ in self.owed)


def test_points_in_any_order_add_up_and_nothing_counts_twice(ground: Ground) -> None:
    tries, steps = size(12, 400), size(20, 40)
    done = ground.run(lambda: Ledger(ground), tries, steps)
    assert ground.done["entries"] > tries, "the machine did something"
    record(
        "积分流水任意顺序 ledger in any order",
        f"{tries} × {steps} 步 steps",
        f"总和全对，只增不改 every sum right, append-only ({done})",
        "0 差 differences",
    )
