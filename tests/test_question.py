"""导入题库: the template filled in as people do, a dry run first, errors by row, nothing twice."""

from __future__ import annotations

import io
from collections.abc import Sequence

from openpyxl import Workbook, load_workbook

from services import attachment, question_import
from services import question as banks
from tests.question_layouts import word_with_key
from tests.talk import Company

HEADER = ["题型", "题干", "选项A", "选项B", "选项C", "选项D", "答案", "解析", "出处"]
GOOD = [
    ["单选题", "安全帽多久检查一次？", "每天", "每月", "每年", "从不", "A", "制度如此", "手册一"],
    ["多选题", "哪些要登记？", "动火", "高处", "吃饭", "受限空间", "A、B、D", "", "手册二"],
    ["判断题", "可以酒后上岗。", "", "", "", "", "×", "", "手册三"],
    ["填空题", "报警电话是____。", "", "", "", "", "119；火警119", "", "手册四"],
]


def xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    book = Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(list(row))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def own(company: Company) -> list[tuple[str, int]]:
    return company.read(lambda c: [(bank.name, count) for bank, count in banks.own(company.work(c))])


def test_the_template_comes_with_the_question_and_can_be_sent_back(company: Company) -> None:
    screen = company.root.says("导入题库")
    kept = company.read(lambda c: attachment.load(company.work(c), screen.documents[0].attachment))
    assert kept is not None
    page = load_workbook(io.BytesIO(kept[2])).active
    assert page is not None
    assert [cell.value for cell in page[1]][:3] == ["编号", "题型", "题干"]
    company.root.sends("模板.xlsx", kept[2])
    assert "新增 4 · 变更 0 · 不变 0 · 有问题 0" in company.root.says("plant")


def test_a_dry_run_first_then_one_tap(company: Company) -> None:
    company.root.says("导入题库")
    company.root.sends("题库.xlsx", xlsx([["某某公司题库"], [], HEADER, *GOOD]))
    assert "新增 4" in company.root.says("plant-safety")
    assert own(company) == []
    assert "已导入：新增 4 题" in company.root.presses("导入没有问题的行")
    assert own(company) == [("plant-safety", 4)]
    assert "plant-safety" in company.ada.says("练习plant-safety")


def test_the_same_file_again_adds_nothing(company: Company) -> None:
    for expected in ("新增 4 · 变更 0 · 不变 0", "新增 0 · 变更 0 · 不变 4"):
        company.root.says("导入题库")
        company.root.sends("题库.xlsx", xlsx([HEADER, *GOOD]))
        screen = company.root.says("plant")
        assert expected in screen
        if "新增 4" in expected:
            company.root.presses("导入没有问题的行")
    assert "导入没有问题的行" not in company.root.last.labels


def test_every_mistake_is_named_by_its_row(company: Company) -> None:
    bad = [
        ["谜语", "什么？", "甲", "乙", "", "", "A", "", ""],
        ["单选题", "答案在外面？", "甲", "乙", "", "", "D", "", ""],
        ["单选题", "", "甲", "乙", "", "", "A", "", ""],
    ]
    company.root.says("导入题库")
    company.root.sends("题库.xlsx", xlsx([["标题"], HEADER, *GOOD, *bad]))
    screen = company.root.says("plant")
    assert "新增 4" in screen
    assert "有问题 3 行" in screen
    assert "第 7 行 题型：不认识题型“谜语”" in screen
    assert "第 8 行 答案：答案 D 超出了 2 个选项" in screen
    assert "第 9 行" in screen
    company.root.presses("导入没有问题的行")
    assert own(company) == [("plant", 4)]


def test_all_rows_are_accounted_for(company: Company) -> None:
    twice = [*GOOD, GOOD[0]]
    body = xlsx([HEADER, *twice])
    plan = company.read(lambda c: question_import.plan(company.work(c), "plant", "a.xlsx", body))
    assert plan.new + plan.same + plan.changed + plan.failed == len(twice)


def test_csv_as_chinese_excel_writes_it(company: Company) -> None:
    body = "\r\n".join(",".join(map(str, row)) for row in [HEADER, *GOOD]).encode("gb18030")
    company.root.says("导入题库")
    company.root.sends("题库.csv", body, "text/csv")
    assert "新增 4" in company.root.says("plant")


def test_a_word_file_with_its_key_at_the_end_is_read_in_the_chat_too(company: Company) -> None:
    company.root.says("导入题库")
    company.root.sends(*word_with_key())
    assert "新增 12" in company.root.says("plant")
    company.root.presses("导入没有问题的行")
    assert own(company) == [("plant", 12)]


def test_what_can_not_be_read_changes_nothing(company: Company) -> None:
    company.root.says("导入题库")
    assert "请直接发送文件" in company.root.says("没有文件")
    company.root.sends("x.xlsx", b"PK\x03\x04 broken")
    assert "什么都没有" in company.root.says("plant") or "打不开" in company.root.last
    company.root.says("导入题库")
    company.root.sends("x.csv", b"a,b\n1,2")
    assert "没有找到题目" in company.root.says("plant")


def test_names_of_banks(company: Company) -> None:
    company.root.says("导入题库")
    company.root.sends("题库.xlsx", xlsx([HEADER, *GOOD]))
    for name in ("中文", "../x", "a" * 40, "a:b"):
        assert "不能做题库名" in company.root.says(name)
    assert "随程序提供" in company.root.says("safety")
    assert "新增 4" in company.root.says("plant")


def test_it_needs_a_role(company: Company) -> None:
    assert "职责" in company.ada.says("导入题库")
    assert "职责" in company.lin.says("/questions")


def test_in_english(company: Company) -> None:
    company.root.says("/language en")
    assert "begin with this template" in company.root.says("import questions")
    company.root.sends("bank.xlsx", xlsx([HEADER, *GOOD]))
    assert "new 4" in company.root.says("plant")
