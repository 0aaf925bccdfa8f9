"""答题: the daily paper, every kind of question, resuming, mistakes, practice and the reminder."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.question import Bank, Kind, Question, Wording, check, check_all
from domain.quiz import PAPER, Candidate, draw, is_right, read_answer
from services import question as banks
from storage.question import question as table
from tests.talk import Company, Phone, Screen


def wording(text: str, options: tuple[str, ...] = (), accept: tuple[str, ...] = ()) -> Wording:
    return Wording(text, options, accept, f"{text}的解析")


def bank(company: Company, *questions: Question) -> None:
    """Let these be the only questions there are."""
    company.write(lambda c: banks.take_in(company.work(c), [(Bank("tiny", "小题库", "Tiny"), questions)]))


def single(ref: str = "s") -> Question:
    zh, en = (wording(f"{one} {ref}", ("甲", "乙", "丙")) for one in ("单选题", "Single"))
    return Question(ref, Kind.SINGLE, "B", "《工会法》第二条", "Trade Union Law, art. 2", {"zh": zh, "en": en})


MULTIPLE = Question(
    "m", Kind.MULTIPLE, "AC", "甲法第一条", "A, art. 1", {"zh": wording("多选题", ("甲", "乙", "丙", "丁"))}
)
JUDGE = Question("j", Kind.JUDGE, "true", "乙法第二条", "B, art. 2", {"zh": wording("判断题")})
FILL = Question(
    "f", Kind.FILL, "", "丙法第三条", "C, art. 3", {"zh": wording("填空题", (), ("98天", "98", "九十八天"))}
)


def answer(phone: Phone, screen: Screen, *, right: bool) -> Screen:
    """Answer whatever is on the screen."""
    if "单选题" in screen or "Single" in screen:
        return phone.presses("B" if right else "A")
    if "多选题" in screen:
        phone.presses("☐ A")
        phone.presses("☐ C" if right else "☐ B")
        return phone.presses("提交")
    if "判断题" in screen:
        return phone.presses("对" if right else "错")
    return phone.says("98 天" if right else "100天")


def test_a_paper_with_every_kind_of_question(company: Company) -> None:
    bank(company, single("一"), single("二"), MULTIPLE, JUDGE, FILL)
    screen = company.ada.says("答题")
    for place in range(1, 6):
        assert f"{place}/5" in screen
        screen = answer(company.ada, screen, right=True)
        assert "回答正确" in screen
        assert "的解析" in screen
        assert "依据：" in screen
        screen = company.ada.presses("下一题" if place < 5 else "看结果")
    assert "答对 5/5 题" in screen
    assert "积 10 分" in screen
    assert "答对 5/5 题" in company.ada.says("/quiz")


def test_a_wrong_answer_shows_the_right_one_and_is_kept_for_review(company: Company) -> None:
    bank(company, single())
    company.ada.says("答题")
    screen = company.ada.presses("A")
    assert "回答错误" in screen
    assert "你的答案：A. 甲" in screen
    assert "正确答案：B. 乙" in screen
    assert "《工会法》第二条" in screen
    assert "已放进错题本" in screen
    assert "错题本 · 1 题" in company.ada.says("错题")
    assert "正确答案" in company.ada.presses("逐题看")


def test_mistakes_leave_after_two_right_answers(company: Company) -> None:
    bank(company, single())
    company.ada.says("答题")
    company.ada.presses("A")
    for last in (False, True):
        company.ada.says("/mistakes")
        company.ada.presses("重练五题")
        screen = company.ada.presses("B")
        assert ("已移出错题本" in screen) is last
        assert "又积" not in screen
    assert "错题本是空的" in company.ada.says("/mistakes")


def test_an_answer_counts_once_however_often_pressed(company: Company) -> None:
    bank(company, single("一"), single("二"))
    company.ada.says("答题")
    call = next(button.call for button in company.ada.last.buttons if button.label == "A")
    assert "回答错误" in company.ada.calls(call)
    assert "已经答过" in company.ada.calls(call)
    right = call.replace(":A:", ":B:")
    assert "已经答过" in company.ada.calls(right)
    assert "错题本 · 1 题" in company.ada.says("错题")


def test_a_paper_is_ones_own(company: Company) -> None:
    bank(company, single())
    company.ada.says("答题")
    call = next(button.call for button in company.ada.last.buttons if button.label == "B")
    assert "没有找到" in company.bo.calls(call)
    for forged in ("quiz.choose:999999:1:A:x", "quiz.next:-1", "quiz.look:1:999", "quiz.toggle:1:1:Z:x"):
        assert company.bo.calls(forged)


def test_it_goes_on_where_it_stopped(company: Company) -> None:
    bank(company, single("一"), single("二"), MULTIPLE)
    screen = company.ada.says("答题")
    answer(company.ada, screen, right=True)
    company.ada.says("签到")
    assert "2/3" in company.ada.says("答题")
    assert "2/3" in company.ada.says("/quiz")


def test_ticks_survive_and_nothing_ticked_is_said(company: Company) -> None:
    bank(company, MULTIPLE)
    company.ada.says("答题")
    assert "还没有勾选" in company.ada.presses("提交")
    company.ada.presses("☐ A")
    company.ada.says("签到")
    assert "☑ A" in company.ada.says("答题").labels
    assert "☐ A" in company.ada.presses("☑ A").labels
    assert "回答正确" in company.ada.says("A、C")


def test_words_that_are_no_answer_cost_nothing(company: Company) -> None:
    bank(company, FILL)
    company.ada.says("答题")
    for words in ("", "。。。", "x" * 3000):
        screen = company.ada.says(words or " ")
        assert "回答错误" not in screen
    assert "回答正确" in company.ada.says("九十八天")


def test_yesterdays_paper_is_over(company: Company) -> None:
    bank(company, single("一"), single("二"))
    company.ada.says("答题")
    company.travel(days=1)
    assert "已经过去了" in company.ada.presses("B")
    assert "1/2" in company.ada.presses("今天的题")


def test_a_question_that_changed_meanwhile_is_shown_anew(company: Company) -> None:
    bank(company, single())
    company.ada.says("答题")
    changed = Question("s", Kind.SINGLE, "A", "新", "new", {"zh": wording("单选题新", ("甲", "乙"))})
    bank(company, changed)
    assert "刚刚更新过" in company.ada.presses("B")
    assert "回答正确" in company.ada.presses("A")


def test_practising_a_topic_brings_no_points(company: Company) -> None:
    bank(company, single())
    screen = company.ada.says("练习小题库")
    assert "小题库 1/1" in screen
    assert "又积" not in company.ada.presses("B")
    assert "练习不计分" in company.ada.presses("看结果")
    assert "0/10" in company.ada.says("积分")


def test_the_reminder_comes_to_who_asked_and_has_not_finished(company: Company) -> None:
    bank(company, single())
    for phone in (company.ada, company.bo):
        phone.says("/settings")
        phone.presses("答题提醒")
    company.bo.says("答题")
    company.bo.presses("B")
    company.travel(hours=8)
    assert "练习还没有做完" in company.ada.sees()
    assert company.bo.sees() == ""
    assert company.lin.sees() == "" or "练习" not in company.lin.sees()


def test_without_questions_it_says_so(company: Company) -> None:
    bank(company)
    assert "题库里还没有题目" in company.ada.says("答题")


def test_in_english(company: Company) -> None:
    bank(company, single(), JUDGE)
    company.ada.says("/language en")
    screen = company.ada.says("quiz")
    assert "Today's quiz 1/2" in screen
    screen = company.ada.presses("B" if "Single" in screen else "True")
    assert "Correct" in screen


def test_no_question_comes_back_soon() -> None:
    start = date(2026, 1, 1)
    seen: dict[int, date] = {}
    for offset in range(30):
        day = start + timedelta(days=offset)
        drawn = draw([Candidate(n, seen.get(n)) for n in range(200)], day, random.Random(offset))  # noqa: S311
        assert len(drawn) == len(set(drawn)) == PAPER
        assert not [n for n in drawn if n in seen]
        seen.update(dict.fromkeys(drawn, day))


def test_a_small_bank_gives_the_oldest_again() -> None:
    day = date(2026, 1, 10)
    candidates = [Candidate(n, day - timedelta(days=n)) for n in range(1, 8)]
    assert set(draw(candidates, day, random.Random(1))) == {3, 4, 5, 6, 7}  # noqa: S311


@pytest.mark.parametrize(
    ("question", "words", "right"),
    [
        (single(), "b", True), (single(), "Ｂ", True), (single(), "选B", True), (single(), "乙", True),
        (single(), "2", True),
        (single(), "A", False), (MULTIPLE, "ca", True), (MULTIPLE, "A和C", True), (MULTIPLE, "AB", False),
        (JUDGE, "对", True), (JUDGE, "√", True), (JUDGE, "×", False), (JUDGE, "错误", False),
        (FILL, " 98天。", True), (FILL, "９８", True), (FILL, "一百天", False),
    ],
)  # fmt: skip
def test_answers_as_people_type_them(question: Question, words: str, right: bool) -> None:  # noqa: FBT001
    given = read_answer(question, words)
    assert given is not None
    assert is_right(question, given) is right


def test_what_is_wrong_with_a_question_is_all_said_at_once() -> None:
    raw = {"id": "a b", "kind": "谜语", "answer": "", "source_zh": "", "zh": {"text": "", "options": ["甲", "甲"]}}
    problems = check(raw, ("zh",))
    assert isinstance(problems, list)
    assert {"id", "kind", "answer", "source_zh", "zh.text", "zh.options"} <= {problem.place for problem in problems}
    same = {"id": "x", "kind": "判断", "answer": "对", "source_zh": "-", "zh": {"text": "天是蓝的"}}
    _, twice = check_all([same, {**same, "id": "y"}], ("zh",))
    assert [problem.code for _, problem in twice] == ["quiz.problem_twice"]


def test_retired_questions_are_drawn_no_more_and_history_stays(company: Company) -> None:
    bank(company, single())
    company.ada.says("答题")
    company.ada.presses("A")
    bank(company, JUDGE)
    assert "判断题" in company.bo.says("答题")
    assert "错题本是空的" in company.ada.says("错题")
    rows = company.read(lambda c: c.execute(select(table.c.ref, table.c.active).order_by(table.c.ref)).all())
    assert ("s", False) in [tuple(row) for row in rows]
