"""Conversations in any order: words, old buttons, files, cancelling, waiting, restarts; each thing said is answered."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import Connection, func, select

from content import LANGUAGES, voice
from domain.demand import OPEN
from storage import outbox
from storage import points as ledger
from storage.checkin import checkin
from storage.conversation import conversation
from storage.demand import demand
from tests.faults.figures import record, size
from tests.faults.ground import Ground, rows
from tests.talk import Phone

PEOPLE = ("ada", "bo", "lin", "zhou", "root", "chen", "stranger")
PHRASES = sorted({phrase for language in LANGUAGES for listed in voice(language).phrases.values() for phrase in listed})
WHOM_TO_CALL = [voice(language).line("help.distress") for language in LANGUAGES]
LOOSE = (
    "食堂太贵了，希望改进",
    "A",
    "ABCD",
    "5 组织技能竞赛",
    "王芳",
    "A002",
    "11-25 到 11-28",
    "明天 15:00",
    "2",
    "-1",
    "是",
    "",
    " ",
    "/nothing",
    "长" * 2500,
    "a:b'\"; drop table <b>",
)
FORGED = ("quiz.choose:1:1:A:0", "desk.case:1:0", "points.page:-1", "x.y", "", "demands.show:2147483648:0", "home.x:a")
people = st.sampled_from(PEOPLE)


class Talk(RuleBasedStateMachine):
    """Some people of the test enterprise, each with a phone."""

    def __init__(self, ground: Ground) -> None:
        """Start on a Monday morning."""
        super().__init__()
        self.ground, self.company = ground, ground.company()
        self.said: Counter[str] = Counter()

    def teardown(self) -> None:
        """Let go."""
        self.ground.done["arrivals"] += self.said.total()
        self.ground.clear(self.company)

    def _answered(self, who: str, shown: str) -> None:
        """Count one thing said, and look at what the phone shows: an answer, and no apology."""
        # Whom to call in distress comes first, in a message of its own that no ceiling holds back.
        self.said[who] += 1 + any(f"{whom}\n---\n" in shown for whom in WHOM_TO_CALL)
        assert shown.strip(), "an answer has words"
        assert not any(mark in shown for mark in ("我这边出了点问题", "Something broke", "Traceback"))

    def _phone(self, who: str) -> Phone:
        return self.company.phone(who)

    @rule(who=people, phrase=st.sampled_from(PHRASES), rest=st.sampled_from(["", "", "食堂", "明天"]))
    def says_a_phrase(self, who: str, phrase: str, rest: str) -> None:
        self._answered(who, self._phone(who).says(phrase.replace("…", rest)))

    @rule(who=people, command=st.integers(0, 100))
    def says_a_command(self, who: str, command: int) -> None:
        names = sorted(self.ground.registry.entries)
        self._answered(who, self._phone(who).says(f"/{names[command % len(names)]}"))

    @rule(who=people, words=st.sampled_from(LOOSE) | st.text(max_size=12))
    def says_something(self, who: str, words: str) -> None:
        self._answered(who, self._phone(who).says(words))

    @rule(who=people)
    def cancels(self, who: str) -> None:
        self._answered(who, self._phone(who).says("取消"))

    @rule(who=people, message=st.integers(0, 50), button=st.integers(0, 20), newest=st.booleans())
    def presses(self, who: str, message: int, button: int, newest: bool) -> None:  # noqa: FBT001 - drawn
        """Press a button of the newest message that has any, or of one long ago."""
        cards = [m for m in self._phone(who).messages if any(b.call for b in m.reply.buttons)]
        if cards:
            card = cards[-1] if newest else cards[message % len(cards)]
            calls = [b.call for b in card.reply.buttons if b.call]
            self._answered(who, self._phone(who).calls(calls[button % len(calls)], card.id))
            self.ground.done["presses"] += 1

    @rule(who=people, other=people, message=st.integers(0, 50), button=st.integers(0, 20))
    def presses_what_somebody_else_has(self, who: str, other: str, message: int, button: int) -> None:
        calls = [b.call for m in self._phone(other).messages for b in m.reply.buttons if b.call] or list(FORGED)
        self._answered(who, self._phone(who).calls(calls[(message * 7 + button) % len(calls)]))

    @rule(who=people, call=st.sampled_from(FORGED))
    def forges_a_button(self, who: str, call: str) -> None:
        self._answered(who, self._phone(who).calls(call, "1"))

    @rule(who=people, name=st.sampled_from(["a.jpg", "花名册.csv", "x"]), words=st.sampled_from(["", "见附件"]))
    def sends_a_file(self, who: str, name: str, words: str) -> None:
        mime = "image/jpeg" if name.endswith("jpg") else "text/csv"
        self._answered(who, self._phone(who).sends(name, "工号,姓名\nA001,王芳\n".encode(), mime, words))

    @rule(who=people, payload=st.sampled_from(["", "abcd1234", "ABCDEFGH23"]))
    def opens_a_link(self, who: str, payload: str) -> None:
        self._answered(who, self._phone(who).opens(payload))

    @rule(minutes=st.sampled_from([1, 61, 121, 121, 900]))
    def time_passes(self, minutes: int) -> None:
        self.company.travel(minutes=minutes)

    @rule()
    def the_program_starts_again(self) -> None:
        phones, now, path = self.company.phones, self.company.now, self.company.database.engine.url.database
        self.company.database.close()
        self.company = self.ground.again(str(path))
        self.company.now, self.company.phones = now, phones
        for phone in phones.values():
            phone.company = self.company

    @invariant()
    def everything_said_has_one_answer(self) -> None:
        query = select(outbox.letter.c.recipient, func.count()).group_by(outbox.letter.c.recipient)
        answers = query.where(outbox.letter.c.lane == outbox.ANSWER)
        found: dict[str, int] = dict(self.company.read(lambda c: [tuple(row) for row in c.execute(answers)]))
        assert found == dict(self.said)

    @invariant()
    def points_add_up(self) -> None:
        def sums(connection: Connection, table: Any) -> list[Any]:  # noqa: ANN401 - either table
            keys = (table.c.member_id, table.c.day, table.c.rule)
            query = select(*keys, func.sum(table.c.points)).group_by(*keys).order_by(*keys)
            return [tuple(row) for row in connection.execute(query)]

        assert self.company.read(lambda c: sums(c, ledger.entry)) == self.company.read(lambda c: sums(c, ledger.tally))

    @invariant()
    def one_check_in_a_day_a_person(self) -> None:
        marks = [(row[0], row[1]) for row in rows(self.company, checkin)]
        query = select(ledger.entry.c.member_id, ledger.entry.c.day).where(ledger.entry.c.rule == "checkin")
        lines = self.company.read(lambda c: [tuple(row) for row in c.execute(query)])
        assert sorted(marks) == sorted(lines)

    @invariant()
    def an_open_question_is_a_known_one(self) -> None:
        for _, _, step, facts, version, _ in rows(self.company, conversation):
            assert step == "" or step in self.ground.registry.steps
            assert isinstance(json.loads(facts), dict)
            assert version > 0

    @invariant()
    def no_open_demand_is_its_authors_own(self) -> None:
        query = select(demand.c.id).where(demand.c.author_id == demand.c.officer_id, demand.c.state.in_(OPEN))
        assert self.company.read(lambda c: c.scalars(query).all()) == []


def test_whatever_is_said_in_any_order_is_answered_once(ground: Ground) -> None:
    tries, steps = size(12, 500), size(20, 40)
    done = ground.run(lambda: Talk(ground), tries, steps)
    assert ground.done["arrivals"] > tries, "the machine did something"
    record(
        "任意顺序的对话 talk in any order",
        f"{tries} × {steps} 步 steps",
        f"每句恰好一答，无内部错误 one answer each, nothing broke ({done})",
        "0 差 differences",
    )
