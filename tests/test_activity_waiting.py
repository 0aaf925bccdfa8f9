"""The last place, the list in turn, and a place that has come free: asked, taken, declined, or gone to the next."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, select

from domain.activity import COMING, SignUp, SignUpState
from domain.member import NOTICE_VERSION
from domain.refusal import Refusal
from services import activity_plan, activity_sign_up
from storage import activity as table
from storage import address, sign_up
from storage.member import member, membership
from tests.talk import Company
from tests.test_activity import plan, publish

CROWD = 500
FIRST = 1000
IN, WAITING, OFFERED, WITHDRAWN = (state.value for state in SignUpState)


def crowd(company: Company) -> list[int]:
    """Let so many people more belong to 第一党支部; returns their ids."""
    people = list(range(FIRST, FIRST + CROWD))
    unit = company.roll.units["branch1"].id
    row = {"language": "zh", "consent": NOTICE_VERSION, "joined_at": company.now}

    def write(connection: Connection) -> None:
        connection.execute(
            member.insert(), [{"id": n, "employee_no": f"E{n}", "name": f"人{n}", **row} for n in people]
        )
        connection.execute(membership.insert(), [{"member_id": n, "unit_id": unit} for n in people])

    company.write(write)
    return people


def states(company: Company) -> Counter[str]:
    return Counter(company.read(lambda c: list(c.scalars(select(sign_up.sign_up.c.state)))))


def taken(company: Company) -> int:
    found = company.read(lambda c: table.get(c, 1))
    assert found
    return found.taken


def everybody(company: Company) -> None:
    """Let 林雪 publish something with one place, for all of her branch."""
    publish(company.lin, places="1", whom="所有人")


async def test_the_last_place_is_pressed_by_500_at_once(company: Company) -> None:
    everybody(company)
    people = crowd(company)

    async def press(who: int) -> tuple[int, SignUpState]:
        done = await company.database.write(
            lambda c: activity_sign_up.sign_up(company.work(c), who, 1, 0)  # every one a transaction of its own
        )
        return who, done.state

    pressed = await asyncio.gather(*(press(who) for who in people))
    assert Counter(state for _, state in pressed) == {SignUpState.IN: 1, SignUpState.WAITING: CROWD - 1}
    assert taken(company) == 1
    line = company.read(lambda c: sign_up.waiting(c, 1))
    assert [row.turn for row in line] == list(range(1, CROWD)), "each has a place in the list, and no two the same"
    [winner] = [who for who, state in pressed if state is SignUpState.IN]
    again = await asyncio.gather(*(press(who) for who in people[:20]))
    assert {state for who, state in again if who != winner} == {SignUpState.WAITING}

    async def withdraw(who: int) -> bool:
        done = await company.database.write(lambda c: activity_sign_up.withdraw(company.work(c), who, 1))
        return done.changed

    # The same person taps eight times at once: one place comes free, and one person is asked.
    assert sum(await asyncio.gather(*(withdraw(winner) for _ in range(8)))) == 1
    assert states(company) == {WITHDRAWN: 1, OFFERED: 1, WAITING: CROWD - 2}
    [asked] = company.read(lambda c: sign_up.offered(c, 1))
    assert asked.member_id == line[0].member_id, "the first in the list"
    assert taken(company) == 1
    # While people join and leave, no place is given twice and none lies idle.
    leaving = [row.member_id for row in line[:40]]
    await asyncio.gather(*(withdraw(who) for who in leaving), press(winner), *(press(who) for who in leaving[:5]))
    assert states(company)[IN] + states(company)[OFFERED] == 1
    assert taken(company) == 1
    turns = [row.turn for row in company.read(lambda c: sign_up.waiting(c, 1))]
    assert len(turns) == len(set(turns))


def full(company: Company) -> None:
    """赵强 has the only place; 马琳, 唐杰 and 林雪 wait in this order."""
    everybody(company)
    assert "报名成功" in company.bo.calls("activities.join:1:0")
    for place, phone in enumerate((company.ma, company.tang, company.lin), 1):
        phone.sees()
        assert f"已进入候补：你排在第 {place} 位" in phone.calls("activities.join:1:0")


def row_of(company: Company, nickname: str) -> SignUp:
    found = company.read(lambda c: sign_up.get(c, 1, company.roll.people[nickname]))
    assert found
    return found


def test_who_is_next_is_asked_and_may_take_it(company: Company) -> None:
    full(company)
    assert "名额已满，可以候补" not in company.ma.says("我的活动")
    assert "候补中" in company.ma.last
    assert "已退出" in company.bo.calls("activities.withdraw:1")
    asked = company.ma.sees()
    assert "空出了名额" in asked
    assert "周一 21:30" in asked
    assert not company.tang.sees()
    assert "有名额等你确认" in company.ma.says("/home")
    assert "报名成功" in company.ma.calls("activities.join:1:0")
    assert row_of(company, "ma").state is SignUpState.IN
    company.travel(hours=13)
    assert row_of(company, "ma").state is SignUpState.IN, "nothing is left to lapse"
    assert states(company) == {IN: 1, WAITING: 2, WITHDRAWN: 1}
    assert "排在第 1 位" in company.tang.calls("activities.show:1")


def test_who_declines_lets_the_next_be_asked(company: Company) -> None:
    full(company)
    company.bo.calls("activities.withdraw:1")
    company.ma.sees()
    assert "已退出" in company.ma.presses("不来了")
    assert "空出了名额" in company.tang.sees()
    assert states(company) == {OFFERED: 1, WAITING: 1, WITHDRAWN: 2}


def test_who_says_nothing_loses_it_to_the_next_after_twelve_hours(company: Company) -> None:
    full(company)
    company.bo.calls("activities.withdraw:1")
    company.ma.sees()
    company.travel(hours=11, minutes=59)
    assert row_of(company, "ma").state is SignUpState.OFFERED
    company.travel(minutes=2)
    assert row_of(company, "ma").state is SignUpState.WITHDRAWN
    assert row_of(company, "tang").state is SignUpState.OFFERED
    assert not company.tang.sees(), "it is half past nine in the evening"
    company.travel_to(company.now.replace(day=24, hour=0, minute=1))
    assert "空出了名额" in company.tang.sees()
    assert "已过时间" in company.ma.sees()
    assert "周二 20:00" in company.tang.last, "twelve hours from the morning on which he hears of it"
    assert "你排在第 2 位" in company.ma.calls("activities.join:1:0"), "she may stand at the end again"
    company.travel_to(company.now.replace(day=24, hour=12, minute=1))
    assert row_of(company, "lin").state is SignUpState.OFFERED
    assert taken(company) == 1


def test_a_place_is_never_kept_beyond_the_deadline(company: Company) -> None:
    full(company)
    company.travel_to(company.now.replace(day=27, hour=8))
    company.bo.calls("activities.withdraw:1")
    assert "周五 18:00" in company.ma.sees()
    company.travel(hours=2, minutes=1)
    assert row_of(company, "tang").state is SignUpState.OFFERED, "after the deadline until it begins"
    assert "周六 06:00" in company.tang.sees()
    company.travel_to(company.now.replace(day=28, hour=0, minute=59))
    assert row_of(company, "lin").state is SignUpState.WAITING, "nothing is kept for who can't hear of it in time"
    assert states(company) == {WITHDRAWN: 3, WAITING: 1}
    assert taken(company) == 0
    company.travel(days=3)
    seen = company.lin.sees()
    assert "空出了名额" not in seen, "a word of it on Monday would be too late"
    assert "已过时间" not in seen


def test_more_places_are_offered_in_turn(company: Company) -> None:
    full(company)
    company.lin.calls("activity_plan.change:1:capacity")
    company.lin.says("3")
    assert row_of(company, "ma").state is SignUpState.OFFERED
    assert row_of(company, "tang").state is SignUpState.OFFERED
    assert row_of(company, "lin").state is SignUpState.WAITING
    assert taken(company) == 3
    assert "候补 1 人，等确认 2 人" in company.lin.last


def test_a_place_that_nobody_hears_of_in_time_is_left_free(company: Company) -> None:
    publish(company.lin, places="1", whom="所有人", when="明天 6:30")
    company.bo.calls("activities.join:1:0")
    for phone in (company.ma, company.tang):
        phone.calls("activities.join:1:0")
        phone.sees()
    company.travel_to(company.now.replace(day=23, hour=15))
    assert "已退出" in company.bo.calls("activities.withdraw:1"), "at eleven in the evening"
    assert states(company) == {WITHDRAWN: 1, WAITING: 2}
    assert taken(company) == 0
    assert "有 1 个名额空着" in company.lin.calls("activity.show:1")
    assert "现在有名额空着" in company.tang.calls("activities.show:1")
    assert "报名成功" in company.tang.presses("报名")
    assert "已经在候补：你排在第 1 位" in company.ma.calls("activities.join:1:0")
    assert "名额空着" not in company.lin.calls("activity.show:1")
    assert taken(company) == 1


def test_many_more_places_are_offered_at_once(company: Company) -> None:
    everybody(company)
    people = crowd(company)

    def queue(connection: Connection) -> None:
        for who in people:
            activity_sign_up.sign_up(company.work(connection), who, 1, 0)

    company.write(queue)
    statements = []
    engine = company.database.engine
    event.listen(engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
    company.write(lambda c: activity_plan.limit(company.work(c), company.roll.people["lin"], 1, 400))
    assert states(company) == {IN: 1, OFFERED: 399, WAITING: CROWD - 400}
    assert taken(company) == 400
    assert len(statements) < 100


def test_who_comes_back_stands_at_the_end(company: Company) -> None:
    full(company)
    company.ma.calls("activities.withdraw:1")
    assert "你排在第 1 位" in company.tang.calls("activities.show:1")
    assert "你排在第 3 位" in company.ma.calls("activities.join:1:0")
    assert row_of(company, "ma").turn == 4


def test_who_cannot_be_reached_is_passed_by(company: Company) -> None:
    full(company)
    company.write(lambda c: address.untie_all(c, company.roll.people["ma"]))
    company.bo.calls("activities.withdraw:1")
    company.travel(hours=12, minutes=1)
    assert row_of(company, "ma").state is SignUpState.WITHDRAWN
    assert row_of(company, "tang").state is SignUpState.OFFERED


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_people_tap_the_places_add_up(company: Company, seed: int) -> None:
    """Random taps: the places taken are those of whoever holds one, and nobody who fits is left waiting."""
    chance = random.Random(seed)  # noqa: S311 - the same taps every time
    plan(company.lin, places="4")
    company.lin.presses("可以带家属")
    company.lin.presses("谁能来")
    company.lin.presses("所有人")
    company.lin.presses("发布")
    people = [company.roll.people[name] for name in ("bo", "ma", "tang", "lin")] + crowd(company)[:4]
    for _ in range(60):
        who, family, act = chance.choice(people), chance.randrange(4), chance.random()

        def tap(connection: Connection, who: int = who, family: int = family, act: float = act) -> None:
            work = company.work(connection)
            if act < 0.55:
                activity_sign_up.sign_up(work, who, 1, family)
            elif act < 0.95:
                activity_sign_up.withdraw(work, who, 1)
            else:
                activity_sign_up.expire(work, 1)

        with contextlib.suppress(Refusal):
            company.write(tap)
        company.now += timedelta(hours=1)
        company.read(adds_up)


def adds_up(connection: Connection) -> None:
    one = table.get(connection, 1)
    assert one
    rows = [sign_up.get(connection, 1, who) for who in sign_up.people(connection, 1, list(SignUpState))]
    held = sum(row.party for row in rows if row and row.state in COMING)
    assert one.taken == held <= one.capacity
    assert not [row for row in sign_up.waiting(connection, 1) if row.party <= one.capacity - held]
