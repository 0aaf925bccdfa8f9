"""每周摘要: counts of what is due and overdue, for those with a role, once a week."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.talk import Company


def file(company: Company) -> None:
    """Let 王芳 file a request that the union officer gets."""
    company.ada.says("我想反映食堂太贵了，菜量也少")
    company.ada.presses("提交")


def test_nothing_due_is_said_and_never_pushed(company: Company) -> None:
    assert "没有到期或超期" in company.lin.says("/digest")
    company.travel_to(datetime(2026, 11, 30, 2, 0, tzinfo=UTC))
    assert "本周要留意" not in company.lin.sees()


def test_it_counts_open_requests_and_names_nobody(company: Company) -> None:
    file(company)
    screen = company.zhou.says("每周摘要")
    assert "在办 1 件" in screen
    assert "1 件还没有首次答复" in screen
    assert "王芳" not in screen
    assert "食堂" not in screen


def test_it_is_pushed_on_monday_morning_to_those_it_concerns(company: Company) -> None:
    file(company)
    company.zhou.sees()
    company.travel_to(datetime(2026, 11, 30, 0, 39, tzinfo=UTC))
    assert "本周要留意" not in company.zhou.sees()
    company.travel_to(datetime(2026, 11, 30, 0, 41, tzinfo=UTC))
    assert "本周要留意的事" in company.zhou.sees()
    for phone in (company.ada, company.bo, company.root):
        assert "本周要留意" not in phone.sees()


def test_theme_days_and_unconfirmed_announcements_are_in_it(company: Company) -> None:
    company.lin.says("/announce 周三打扫卫生")
    company.lin.presses("发送")
    company.travel(seconds=11)
    company.travel_to(datetime(2026, 12, 2, 2, 0, tzinfo=UTC))
    screen = company.lin.says("/digest")
    assert "公告“周三打扫卫生”：确认 0/4" in screen
    assert "第一党支部 主题党日：2026年12月7日" in screen


def test_it_needs_a_role(company: Company) -> None:
    assert "职责" in company.ada.says("/digest")
    assert "职责" in company.root.says("/digest")


def test_in_english(company: Company) -> None:
    file(company)
    company.zhou.says("/language en")
    assert "Requests: 1 open" in company.zhou.says("digest")
