"""Demands under both sides, strangers, changing roles and passing limits, in any order: the rules hold all the same."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, select

from domain.demand import OFFICER_ACTS, OPEN, Act, Case, Rating, State
from domain.demand_draft import Draft
from domain.permission import Role
from domain.refusal import Refusal
from services import demand, demand_deadline, demand_route, desk
from services.work import Work
from storage import demand as table
from storage import demand_deadline as deadlines
from storage import outbox, permission
from tests.faults.figures import record, size
from tests.faults.ground import Ground, attempt, rows

AUTHORS = ("ada", "bo", "zhou")
EVERYBODY = ("ada", "bo", "lin", "zhou", "sun", "chen", "gao", "root", "hu")
ROLES = ((Role.UNION_OFFICER, "union"), (Role.BRANCH_SECRETARY, "branch1"), (Role.COMMITTEE, "party"))
MOVES = {
    State.FILED: {Act.ANSWER, Act.ASK, Act.CLOSE, Act.WITHDRAW, Act.REASSIGN, Act.ADD},
    State.WORKING: {Act.ANSWER, Act.ASK, Act.CLOSE, Act.WITHDRAW, Act.REASSIGN, Act.ADD},
    State.ASKED: {Act.ANSWER, Act.ASK, Act.CLOSE, Act.WITHDRAW, Act.REASSIGN, Act.ADD},
    State.CLOSED: {Act.REOPEN, Act.RATE},
    State.WITHDRAWN: set[Act](),
}
"""What may be done in which state: written down here once more, so that a wrong table is seen."""
LEADS = {
    Act.ANSWER: {State.WORKING},
    Act.ASK: {State.ASKED},
    Act.CLOSE: {State.CLOSED},
    Act.WITHDRAW: {State.WITHDRAWN},
    Act.REOPEN: {State.FILED},
    Act.RATE: {State.CLOSED},
    Act.REASSIGN: set(OPEN),
    Act.ADD: {State.FILED, State.WORKING},
}
people, places = st.sampled_from(EVERYBODY), st.integers(0, 2)
officers = st.sampled_from(["officer", "officer", "officer", *EVERYBODY])
sides = st.sampled_from(["author", "author", "author", *EVERYBODY])


class Demands(RuleBasedStateMachine):
    """Some demands, pushed about by everybody."""

    def __init__(self, ground: Ground) -> None:
        """Start with none."""
        super().__init__()
        self.ground, self.company = ground, ground.company()
        self.people = self.company.roll.people
        self.tokens = itertools.count(1)
        self.history: list[tuple[Any, ...]] = []
        self.states: dict[int, State] = {}
        self.turns = 0

    def teardown(self) -> None:
        """Let go."""
        self.ground.done["events"] += len(self.history)
        self.ground.clear(self.company)

    def _case(self, place: int) -> Case:
        numbers = sorted(self.states)
        found = self.company.read(lambda c: table.get(c, numbers[place % len(numbers)]))
        assert found is not None
        return found

    def _do(self, case: Case, act: Act, actor: int, deed: Callable[[Work], Any], *, allowed: bool) -> None:
        """Do something twice over: once it has an effect and a line in the history, if it may have any."""
        for again in (False, True):
            before = rows(self.company, table.event)
            done = attempt(self.company, deed)
            new = rows(self.company, table.event)[len(before) :]
            after = self.company.read(lambda c: table.get(c, case.id))
            assert after is not None
            if isinstance(done, Refusal) or again:
                assert new == []
                continue
            assert allowed, f"{act} by {actor} in {case}"
            assert act in MOVES[case.state]
            assert after.state in LEADS[act]
            if act is Act.RATE and case.rating is after.rating:
                assert new == []
                continue
            assert [(row[1], row[4], row[5]) for row in new] == [(case.id, actor, act.value)]
            self.ground.done["acts"] += 1

    @initialize(who=st.sampled_from(AUTHORS), more=st.sampled_from(AUTHORS))
    def begins(self, who: str, more: str) -> None:
        self.files(who, "living", "")
        self.files(more, "pay", "lin")

    @rule(
        who=st.sampled_from(AUTHORS),
        category=st.sampled_from(["living", "other", "pay", "women"]),
        avoided=st.sampled_from(["", "", "zhou", "lin"]),
    )
    @precondition(lambda self: len(self.states) < 3)
    def files(self, who: str, category: str, avoided: str) -> None:
        draft = Draft(f"f{next(self.tokens)}", "食堂太贵了", (), category, self.people.get(avoided, 0))
        made = [attempt(self.company, lambda work: demand.file(work, self.people[who], draft)) for _ in range(2)]
        if isinstance(made[0], Refusal):
            return
        assert made[0].id == made[1].id
        assert made[0].officer_id not in {self.people[who], self.people.get(avoided, 0)}
        self.states[made[0].id] = State.FILED

    @rule(place=places, who=officers, act=st.sampled_from(sorted(OFFICER_ACTS)), to=people)
    @precondition(lambda self: self.states)
    def is_handled(self, place: int, who: str, act: Act, to: str) -> None:
        case = self._case(place)
        actor = (case.officer_id or 0) if who == "officer" else self.people[who]
        draft = Draft(f"d{next(self.tokens)}", "已经处理", case=case.id, act=act.value, to=self.people[to])
        holds = self.company.read(lambda c: demand_route.still_handles(self.company.work(c), actor, case))
        mine = case.officer_id == actor and holds and actor != case.author_id
        self._do(case, act, actor, lambda work: desk.send(work, actor, draft), allowed=mine)
        after = self._case(place)
        assert after.officer_id == case.officer_id or after.officer_id not in {case.author_id, case.avoided_id}

    @rule(place=places, who=sides, act=st.sampled_from([Act.ADD, Act.REOPEN]))
    @precondition(lambda self: self.states)
    def is_written_to(self, place: int, who: str, act: Act) -> None:
        case = self._case(place)
        actor = case.author_id if who == "author" else self.people[who]
        draft = Draft(f"w{next(self.tokens)}", "还有一点要补充", case=case.id, act=act.value)
        self._do(case, act, actor, lambda work: demand.write(work, actor, draft), allowed=actor == case.author_id)

    @rule(place=places)
    @precondition(lambda self: self.states)
    def is_asked_about_and_added_to(self, place: int) -> None:
        self.is_handled(place, "officer", Act.ASK, "ada")
        self.is_written_to(place, "author", Act.ADD)

    @rule(place=places)
    @precondition(lambda self: self.states)
    def is_closed_and_left_alone(self, place: int) -> None:
        self.is_handled(place, "officer", Act.CLOSE, "ada")
        self.limits_pass(24 * 31)

    @rule(place=places, who=sides, steady=st.integers(0, 3))
    @precondition(lambda self: self.states)
    def is_withdrawn(self, place: int, who: str, steady: int) -> None:
        case = self._case(place)
        actor = case.author_id if who == "author" else self.people[who]
        if steady or case.state is State.WITHDRAWN:
            return
        deed = lambda work: demand.withdraw(work, actor, case.id)  # noqa: E731 - the deed of this rule
        self._do(case, Act.WITHDRAW, actor, deed, allowed=actor == case.author_id)

    @rule(place=places, who=sides, rating=st.sampled_from([*Rating, "x"]))
    @precondition(lambda self: self.states)
    def is_rated(self, place: int, who: str, rating: str) -> None:
        case = self._case(place)
        actor = case.author_id if who == "author" else self.people[who]
        deed = lambda work: demand.rate(work, actor, case.id, rating)  # noqa: E731 - the deed of this rule
        self._do(case, Act.RATE, actor, deed, allowed=actor == case.author_id)

    @rule(held=st.sampled_from(ROLES), who=st.sampled_from(["zhou", "lin", "chen", "gao", "ada"]), given=st.booleans())
    def a_role_changes_hands(self, held: tuple[Role, str], who: str, given: bool) -> None:  # noqa: FBT001 - drawn
        unit = self.company.roll.units[held[1]].id
        change = permission.give if given else permission.end_at
        self.company.now = self.company.now.replace(microsecond=next(self.tokens))
        self.company.write(lambda c: change(c, self.people[who], held[0], unit, self.company.now))

    @rule(hours=st.sampled_from([1, 20, 24, 72, 24 * 8, 24 * 31]))
    def limits_pass(self, hours: int) -> None:
        """Let the clock look; what is closed or withdrawn is not spoken of."""
        over = {self._case(place).number for place in range(len(self.states)) if not self._case(place).open}
        noted = {row[0] for row in rows(self.company, deadlines.notice)}
        letters = self.company.read(lambda c: c.scalars(select(outbox.campaign.c.id)).all())
        self.company.now += timedelta(hours=hours)
        self.company.write(lambda c: demand_deadline.tick(self.company.work(c)))
        new = self.company.read(
            lambda c: c.scalars(
                select(outbox.campaign.c.payload_zh).where(
                    outbox.campaign.c.kind == "demand_deadline", outbox.campaign.c.id.not_in(letters)
                )
            ).all()
        )
        assert not any(number in words for words in new for number in over)
        self.ground.done["ticks"] += 1
        shut = {number for number, state in self.states.items() if state not in OPEN}
        assert {row[0] for row in rows(self.company, deadlines.notice)} - noted <= set(self.states) - shut
        self.ground.done["reminders"] += len(new)

    @invariant()
    def the_history_only_grows_and_tells_every_state(self) -> None:
        now = rows(self.company, table.event)
        assert now[: len(self.history)] == self.history
        self.history = now
        told: dict[int, State] = {}
        for row in now:
            act = Act(row[5])
            if act is Act.ADD:
                told[row[1]] = State.WORKING if told[row[1]] is State.ASKED else told[row[1]]
            elif act is Act.FILE:
                told[row[1]] = State.FILED
            elif act not in {Act.REASSIGN, Act.ROUTE}:
                told[row[1]] = next(iter(LEADS[act]))
        self.states = {row[0]: State(row[6]) for row in rows(self.company, table.demand)}
        assert self.states == told

    @invariant()
    def its_author_sees_it_and_no_stranger_does(self) -> None:
        self.company.read(self._look_at_all)

    def _look_at_all(self, connection: Connection) -> None:
        work = self.company.work(connection)
        self.turns += 1
        if self.states:
            case = table.get(connection, sorted(self.states)[self.turns % len(self.states)])
            assert case is not None
            assert demand.look(work, case.author_id, case.id, 0).case.text == case.text
            assert case.officer_id != case.author_id
            for number in set(self.people.values()) - {case.author_id}:
                with pytest.raises(Refusal):
                    demand.own(work, number, case.id)
                if number != case.officer_id:
                    with pytest.raises(Refusal):
                        desk.look(work, number, case.id, 0)


def test_demands_pushed_about_by_everybody_keep_their_rules(ground: Ground) -> None:
    tries, steps = size(25, 600), size(25, 40)
    done = ground.run(lambda: Demands(ground), tries, steps)
    assert ground.done["acts"] > tries // 2, "the machine did something"
    record(
        "诉求任意顺序 demands in any order",
        f"{tries} × {steps} 步 steps",
        f"状态与历史一致，无越权 states match the history, nobody without right ({done})",
        "0 差 differences",
    )
