"""What people thought of an activity: one tap and a free line, without a name, and nothing shown below five answers."""

from __future__ import annotations

import re

from sqlalchemy import Connection, select

from domain.member import NOTICE_VERSION
from storage import activity as table
from storage import address, conversation, feedback, inbox, member
from tests.talk import Company, Phone
from tests.test_activity import TONIGHT, publish

GUESTS = 8


def held(company: Company) -> list[Phone]:
    """Let an activity be over at which eleven people were; returns their phones."""

    def settle(connection: Connection) -> None:
        for n in range(GUESTS):
            who = member.add(connection, f"G{n}", f"客人{n}", company.now)
            member.change(connection, who, consent=NOTICE_VERSION, language="zh")
            member.set_units(connection, who, [company.roll.units["branch1"].id])
            address.meet(connection, "web", f"guest{n}", f"guest{n}", "zh", company.now)
            caller = address.caller(connection, "web", f"guest{n}")
            assert caller
            address.bind(connection, caller.address_id, who, company.now)

    company.write(settle)
    publish(company.lin, whom="所有人", when=TONIGHT)
    guests = [company.phone(f"guest{n}") for n in range(GUESTS)]
    phones = [company.bo, company.ma, company.tang, *guests]
    for phone in phones:
        phone.calls("activities.join:1:0")
    company.travel(hours=9)
    company.lin.calls("activity.open:1")
    found = re.search(r"签到码 (\d{6})", company.lin.last)
    assert found
    for phone in phones:
        phone.says(f"签到 {found[1]}")
    company.travel(hours=1, minutes=30)
    company.lin.calls("activity.finish:1")
    for phone in phones:
        phone.sees()
    return phones


def test_nothing_is_shown_below_five_answers_and_then_without_names(company: Company) -> None:
    phones = held(company)
    for place, phone in enumerate(phones[:4]):
        assert "没有记名" in phone.presses(f"{place % 2 + 4} ★")
        assert "谢谢" in phone.says(f"说了第 {place} 句话")
        shown = company.lin.calls("activity.feedback:1")
        assert "不到 5 份" in shown
        assert "★" not in shown
        assert "句话" not in shown
    phones[4].presses("5 ★")
    phones[4].presses("不用了")
    shown = company.lin.calls("activity.feedback:1")
    assert "平均 4.6 ★（5 份以上，不记名" in shown
    for place in range(4):
        assert f"说了第 {place} 句话" in shown
    for name in ("赵强", "马琳", "唐杰", "客人"):
        assert name not in shown


def test_between_two_steps_nothing_that_is_shown_changes(company: Company) -> None:
    phones = held(company)
    for phone in phones[:5]:
        phone.presses("5 ★")
        phone.presses("不用了")
    first = company.lin.calls("activity.feedback:1")
    assert "平均 5.0 ★（5 份以上" in first
    for phone in phones[5:9]:
        phone.presses("1 ★")
        phone.says("不好")
        assert str(company.lin.calls("activity.feedback:1")) == str(first)
    phones[9].presses("1 ★")
    shown = company.lin.calls("activity.feedback:1")
    assert "平均 3.0 ★（10 份以上" in shown
    assert shown.count("不好") == 4
    phones[9].says("我是第十个")
    phones[10].presses("5 ★")
    assert str(company.lin.calls("activity.feedback:1")) == str(shown)


def test_the_order_of_lines_says_nothing(company: Company) -> None:
    for place, phone in enumerate(held(company)[:10]):
        phone.presses("5 ★")
        if place < 6:
            phone.says(f"第{place}句")
        else:
            phone.presses("不用了")
    orders = {tuple(re.findall(r"第(\d)句", company.lin.calls("activity.feedback:1"))) for _ in range(12)}
    assert len(orders) > 1
    assert {tuple(sorted(order)) for order in orders} == {tuple("012345")}


def test_each_answers_once_and_only_who_was_there(company: Company) -> None:
    [bo, *_] = held(company)
    assert "不是面向你的" in company.hu.calls("activities.rate:1:5")
    assert "没有这个活动" in company.hu.calls("activities.rate:9:5")
    assert "过期" in bo.calls("activities.rate:1:6")
    bo.presses("1 ★")
    bo.presses("不用了")
    assert "已经评过" in bo.calls("activities.rate:1:5")
    assert company.read(lambda c: feedback.answers(c, 1)) == 1
    assert company.read(lambda c: feedback.stars(c, 1)) == [1]
    assert "★" not in bo.calls("activities.show:1").labels


def test_who_did_not_hear_of_it_finds_it_at_the_activity(company: Company) -> None:
    [bo, *_] = held(company)
    assert "5 ★" in bo.calls("activities.show:1").labels
    assert "谢谢" in bo.presses("5 ★")
    assert "5 ★" not in bo.calls("activities.show:1").labels


def test_a_line_too_long_is_not_kept_and_may_be_typed_again(company: Company) -> None:
    [bo, *_] = held(company)
    bo.presses("3 ★")
    assert "最多 300" in bo.says("长" * 301)
    assert company.read(lambda c: feedback.words(c, 1)) == []
    assert "谢谢" in bo.says("场地小了一点")
    assert company.read(lambda c: feedback.words(c, 1)) == ["场地小了一点"]
    assert "没有听懂" in bo.says("场地小了一点点"), "one line, not two"


def test_nothing_that_is_kept_ties_an_answer_to_a_name(company: Company) -> None:
    phones = held(company)
    answers = [(phone, place % 5 + 1, f"只有我会这样说{place}") for place, phone in enumerate(phones)]
    for phone, stars, words in answers:
        phone.presses(f"{stars} ★")
        phone.says(words)
    assert {column.name for column in feedback.feedback_given.c} == {"activity_id", "member_id"}
    assert {column.name for column in feedback.feedback.c} == {"id", "activity_id", "stars", "words"}

    def look(connection: Connection) -> tuple[list[str], list[str], list[str]]:
        ids = list(connection.scalars(select(feedback.feedback.c.id)))
        bodies = list(connection.scalars(select(inbox.inbox.c.body).order_by(inbox.inbox.c.id)))
        talks = [str(row) for row in connection.execute(select(conversation.conversation))]
        return ids, bodies, talks

    ids, bodies, talks = company.read(look)
    assert len(ids) == 2 * len(phones), "stars and words are rows of their own"
    assert bodies[-2 * len(phones) :] == ["{}"] * 2 * len(phones), "the updates that brought them are not kept"
    assert not [one for one in talks if "这样说" in one]


def test_every_answer_writes_the_earlier_ones_anew(company: Company) -> None:
    phones = held(company)
    seen: list[set[str]] = []
    for phone in phones[:3]:
        phone.presses("4 ★")
        phone.presses("不用了")
        seen.append(set(company.read(lambda c: list(c.scalars(select(feedback.feedback.c.id))))))
    assert not seen[0] & seen[1]
    assert not seen[1] & seen[2]
    assert [len(one) for one in seen] == [1, 2, 3]


def test_it_is_asked_once(company: Company) -> None:
    phones = held(company)
    company.lin.calls("activity.finish:1")
    company.travel(days=1)
    for phone in phones:
        assert "觉得怎么样" not in phone.sees()


def test_without_a_sign_in_those_are_asked_who_said_that_they_come(company: Company) -> None:
    publish(company.lin, when=TONIGHT)
    company.bo.calls("activities.join:1:0")
    company.ma.calls("activities.join:1:0")
    company.ma.calls("activities.withdraw:1")
    company.travel(hours=10)
    company.lin.calls("activity.finish:1")
    assert "觉得怎么样" in company.bo.sees()
    assert "觉得怎么样" not in company.ma.sees()
    assert company.read(lambda c: table.participants(c, [1])) == set(), "nobody was seen there"
