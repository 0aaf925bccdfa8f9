"""送达: a secretary sees how many cannot be reached and why, and helps those; private choices stay numbers."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from domain.reply import Reply, text
from services import post
from services.work import Work
from storage import address, member, outbox, preference
from storage import claim as claims
from tests.talk import Company


def close(company: Company, nickname: str, why: str = "blocked") -> None:
    company.write(lambda c: address.close(c, "web", nickname, why))


def unbind(company: Company, nickname: str) -> None:
    def untie(connection: Connection) -> None:
        caller = address.caller(connection, "web", nickname)
        assert caller is not None
        address.bind(connection, caller.address_id, None, None)

    company.write(untie)


def test_everybody_is_reached(company: Company) -> None:
    shown = company.lin.says("送达")
    assert "送达情况 · 第一党支部" in shown
    assert "共 4 人，消息能送到 4 人" in shown
    assert "谁收不到" not in shown.labels


def test_whom_nothing_reaches_is_counted_by_reason_and_helped(company: Company) -> None:
    close(company, "bo")
    unbind(company, "tang")
    company.write(lambda c: member.change(c, company.roll.people["ma"], consent=0))
    shown = company.lin.says("/reach")
    assert "共 4 人，消息能送到 1 人" in shown
    for line in ("从没有绑定账号：1 人", "还没有同意隐私告知：1 人", "停用或拉黑了助手：1 人"):
        assert line in shown
    listed = company.lin.presses("谁收不到")
    for line in ("赵强：停用或拉黑了助手", "唐杰：没有绑定账号", "马琳：还没有同意隐私告知"):
        assert line in listed
    assert "徐静" not in listed
    assert "唐杰" in company.lin.presses("发码：唐杰")


def test_a_private_choice_of_few_is_not_shown(company: Company) -> None:
    company.write(lambda c: preference.choose(c, company.roll.people["bo"], "learning", wanted=False))
    shown = company.lin.says("/reach")
    assert "不足 5 人时不显示" in shown
    assert "赵强" not in shown
    for nickname in ("ada", "bo", "lin", "zhou", "sun"):
        person = company.roll.people[nickname]
        company.write(lambda c, person=person: preference.choose(c, person, "learning", wanted=False))  # type: ignore[misc]
    assert "自己关掉了某类推送：5 人" in company.zhou.says("/reach")


def test_what_failed_got_no_answer_or_was_too_much_is_counted_for_a_month(company: Company) -> None:
    def push(connection: Connection) -> int:
        work = Work(connection, company.organisation, company.now)
        people = [company.roll.people[one] for one in ("bo", "ma", "tang")]
        return post.push(work, people, "theme_day", lambda _voice: Reply((text("主题党日"),))).campaign or 0

    for outcome in (outbox.FAILED, outbox.UNKNOWN):
        company.write(push)
        taken = company.write(
            lambda c: claims.take(
                c, [d.id for d in claims.due(c, "web", company.now, 9)], company.now, timedelta(minutes=1)
            )
        )
        for one in taken:
            ended = claims.Settlement(one.id, outcome if one.recipient != "ma" else outbox.SENT, one.claim, note="x")
            company.write(lambda c, ended=ended: claims.settle(c, ended, company.now))  # type: ignore[misc]
    company.write(push)
    company.write(push)
    shown = company.lin.says("/reach")
    assert "近 30 天有推送发送失败：2 人" in shown
    assert "近 30 天有推送发出后没有回音：2 人" in shown
    assert "没有发：" in shown
    company.now += timedelta(days=31)
    assert "发送失败" not in company.lin.says("/reach")


def test_only_ones_own_units_are_shown(company: Company) -> None:
    other = company.roll.units["branch2"].id
    assert "看不到" in company.lin.calls(f"reach.unit:{other}")
    close(company, "xu")
    assert "徐静" not in company.lin.calls(f"reach.who:{other}:0")
    assert "第二党支部" in company.hu.says("/reach")
    assert "送达情况" not in company.ada.says("/reach")
    assert "共" in company.chen.says("/reach")
