"""设置: switches, quiet hours, the preferred messenger, the language, and that pushes obey them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from content import Voice
from domain.reply import Reply
from services import invite, post
from services.settings import read_hours
from storage import member
from tests.talk import Company


def push(company: Company, nickname: str, kind: str) -> post.Posted:
    def compose(voice: Voice) -> Reply:
        return Reply((voice.say("quiz.reminder"),))

    return company.write(lambda c: post.push(company.work(c), [company.roll.people[nickname]], kind, compose))


def test_a_switch_is_obeyed_at_once(company: Company) -> None:
    assert "✓ 每日学习" in company.ada.says("/settings").labels
    assert "— 每日学习" in company.ada.presses("每日学习").labels
    assert push(company, "ada", "learning").left_out == {"muted": 1}
    assert push(company, "bo", "learning").letters == 1
    company.ada.presses("每日学习")
    assert push(company, "ada", "learning").letters == 1


def test_reminders_of_the_quiz_come_only_to_who_asked(company: Company) -> None:
    assert push(company, "ada", "quiz_reminder").left_out == {"muted": 1}
    company.ada.says("提醒设置")
    company.ada.presses("答题提醒")
    assert push(company, "ada", "quiz_reminder").letters == 1


def test_what_must_arrive_has_no_switch(company: Company) -> None:
    company.ada.says("/settings")
    company.ada.calls("settings.switch:announcement:0")
    assert push(company, "ada", "announcement").letters == 1


def test_the_digest_is_a_switch_of_those_with_a_role(company: Company) -> None:
    assert not any("摘要" in label for label in company.ada.says("/settings").labels)
    assert any("摘要" in label for label in company.lin.says("/settings").labels)


def test_at_most_three_pushes_a_day(company: Company) -> None:
    for _ in range(3):
        assert push(company, "ada", "learning").letters == 1
    assert push(company, "ada", "learning").left_out == {"capped": 1}
    assert push(company, "ada", "announcement").letters == 1
    company.travel(days=1)
    assert push(company, "ada", "learning").letters == 1


def test_quiet_hours_delay_a_push_till_morning(company: Company) -> None:
    company.travel_to(datetime(2026, 11, 23, 13, 30, tzinfo=UTC))
    push(company, "ada", "learning")
    assert company.ada.sees() == ""
    company.travel_to(datetime(2026, 11, 24, 0, 1, tzinfo=UTC))
    assert "练习" in company.ada.sees()


def test_own_quiet_hours_win(company: Company) -> None:
    company.ada.says("/settings")
    company.ada.presses("免打扰")
    assert "免打扰 23:00–10:00" in company.ada.says("23:00-10:00").labels
    push(company, "ada", "learning")
    assert company.ada.sees() == ""
    company.travel(minutes=31)
    assert "练习" in company.ada.sees()
    company.ada.presses("免打扰")
    assert "免打扰 21:00–08:00" in company.ada.presses("按单位的来").labels


def test_hours_that_make_no_sense_change_nothing(company: Company) -> None:
    company.ada.says("/settings")
    company.ada.presses("免打扰")
    for words in ("晚上", "25:00-8:00", "22:75-8:00", "x" * 4000):
        assert "什么都没有改" in company.ada.says(words)
    assert "免打扰 21:00–08:00" in company.ada.says("/settings").labels


def test_where_pushes_go(company: Company) -> None:
    code = company.write(lambda c: invite.issue(company.work(c), "A001")).code
    company.phone("ada-2").opens(code)
    company.ada.says("/settings")
    company.ada.presses("推送到哪里")
    company.ada.presses("○ 网页")
    push(company, "ada", "announcement")
    assert "练习" in company.ada.sees()
    assert company.phone("ada-2").sees() == ""


@pytest.mark.parametrize("words", ["/language en", "/language English", "speak english"])
def test_the_language_changes_everything_at_once(company: Company, words: str) -> None:
    screen = company.ada.says(words)
    if "English" in company.ada.last.labels and "from now on" not in screen:
        screen = company.ada.presses("English")
    assert "English from now on" in screen
    assert "Good morning" in company.ada.says("/home")
    assert "以后用中文" in company.ada.says("/language zh")


def test_hours_as_people_write_them() -> None:
    assert read_hours("22:00-7:30") == ("22:00", "07:30")
    assert read_hours("晚上21点到早上8点") == ("21:00", "08:00")
    assert read_hours("21：00 至 08：00") == ("21:00", "08:00")
    assert read_hours("nine to five") is None


def test_a_muted_kind_that_waits_for_morning_is_not_sent(company: Company) -> None:
    company.travel_to(datetime(2026, 11, 23, 13, 30, tzinfo=UTC))
    company.ada.sees()
    push(company, "ada", "points")
    company.ada.says("/settings")
    company.ada.presses("积分变动")
    company.travel_to(datetime(2026, 11, 24, 0, 5, tzinfo=UTC))
    assert "练习" not in company.ada.sees()


def test_nothing_is_pushed_to_who_has_not_agreed(company: Company) -> None:
    company.write(lambda c: member.change(c, company.roll.people["ada"], consent=0))
    assert push(company, "ada", "announcement").left_out == {"unbound": 1}


def test_the_budget_is_of_the_day_on_which_it_arrives(company: Company) -> None:
    company.travel_to(datetime(2026, 11, 23, 14, 0, tzinfo=UTC))
    assert [push(company, "ada", "points").letters for _ in range(3)] == [1, 1, 1]
    company.now = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    assert push(company, "ada", "points").left_out == {"capped": 1}
