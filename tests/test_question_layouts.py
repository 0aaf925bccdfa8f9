"""One reader for the files that people have: twenty-eight layouts of twelve questions are the same twelve questions."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content import voice
from domain.question import Question, check_all
from domain.question_entry import split_options, to_raw
from domain.question_layout import FIELDS, Layout, Table, entries, find_layout
from domain.question_text import entries as entries_of_text
from domain.refusal import Refusal
from services import question_import, sheet
from services.question_import import Understood
from tests.question_layouts import ALL, HEAD, LAYOUTS, One, book, docx, padded
from tests.talk import Company

KINDS = {"单选": "single", "多选": "multiple", "判断": "judge", "填空": "fill"}
EXPECTED = sorted(
    (KINDS[o.kind], o.text, o.options, {"对": "true", "错": "false"}.get(o.answer, o.answer)) for o in ALL
)


def shape(one: Question) -> tuple[str, str, tuple[str, ...], str]:
    wording = one.wording("zh")
    return one.kind.value, wording.text, wording.options, one.answer or "；".join(wording.accept)


def read(company: Company, name: str, body: bytes) -> Understood:
    return company.read(lambda c: question_import.understand(company.work(c), name, body))


@pytest.fixture(scope="module")
def files() -> dict[str, tuple[str, bytes]]:
    return {make.__name__: make() for make in LAYOUTS}


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
def test_every_layout_says_the_same_twelve_questions(company: Company, files: dict[str, tuple[str, bytes]]) -> None:
    assert len(files) >= 15
    for layout, (name, body) in files.items():
        made = read(company, name, body)
        assert not made.troubles, (layout, made.troubles)
        assert sorted(map(shape, made.questions)) == EXPECTED, layout


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
def test_the_second_file_adds_nothing_whatever_its_layout(
    company: Company, files: dict[str, tuple[str, bytes]]
) -> None:
    def put(layout: str) -> tuple[int, int, int, int]:
        plan = company.write(lambda c: question_import.apply(company.work(c), "plant", *files[layout]))
        assert plan.rows == 12
        return plan.new, plan.same, plan.changed, plan.failed

    assert put("under_titles") == (12, 0, 0, 0)
    for layout in ("a_sheet_a_kind", "word_with_key", "text_answered_inside", "as_nested_json", "without_header"):
        assert put(layout) == (0, 12, 0, 0), layout
    assert put("as_template") == (0, 7, 5, 0)  # five have an explanation there
    assert put("as_template") == (0, 12, 0, 0)


@pytest.mark.parametrize("company", ["sqlite", "postgresql"], indirect=True)
def test_wrong_rows_come_back_to_be_mended(company: Company) -> None:
    body = book(
        ("第一批", [["题库"], HEAD, *([o.kind, o.text, *padded(o), o.answer, ""] for o in ALL)]),
        (
            "第二批",
            [
                HEAD,
                ["单选", "答案在外面？", "甲", "乙", "", "", "D", ""],
                [ALL[0].kind, ALL[0].text, *padded(ALL[0]), "A", ""],
            ],
        ),
    )
    plan = company.write(lambda c: question_import.apply(company.work(c), "plant", "x.xlsx", body))
    assert (plan.new, plan.same, plan.changed, plan.failed, plan.passed) == (12, 0, 0, 2, 1)
    made = read(company, "x.xlsx", body)
    assert [(one.sheet, one.row, one.problem.code) for one in made.troubles] == [
        ("第二批", 2, "quiz.problem_answer_beyond"),
        ("第二批", 3, "question.twice"),
    ]
    back = question_import.wrong_rows(voice("zh"), made)
    [page] = sheet.read("back.xlsx", back)
    assert page.rows[0][-2:] == ["原文件行号", "问题"]
    assert page.rows[1][-1] == "答案：答案 D 超出了 2 个选项"
    assert page.rows[2][-1] == "题干：与第 3 行的题重复（第一批）"
    again = company.read(lambda c: question_import.plan(company.work(c), "plant", "back.xlsx", back))
    assert (again.rows, again.failed, again.same) == (2, 1, 1)


def test_what_no_database_takes_is_left_out(company: Company) -> None:
    body = json.dumps([{"question": "甲\u0000乙\ud800？", "A": "是\u0001的", "B": "丙", "answer": "A"}]).encode()
    plan = company.write(lambda c: question_import.apply(company.work(c), "plant", "x.json", body))
    assert (plan.new, plan.failed) == (1, 0)


def bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"\0" * (64 << 20))
    return target.getvalue()


def entities() -> bytes:
    source = io.BytesIO(docx(["1.题"]))
    target = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            body = old.read(entry)
            if entry.filename == "word/document.xml":
                body = body.replace(b"<w:document", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><w:document', 1)
            new.writestr(entry.filename, body)
    return target.getvalue()


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
def test_what_means_harm_is_refused_by_its_size(company: Company) -> None:
    deep = b'{"a":' * 40 + b'[{"question":"x"}]' + b"}" * 40
    for name, body, code in (
        ("a.docx", bomb(), "sheet.too_large_inside"),
        ("b.docx", entities(), "sheet.broken"),
        ("c.docx", docx(["x"])[:-40], "sheet.broken"),
        ("d.json", deep, "question.json_deep"),
        ("e.json", b"[" * 100_000, "question.json_broken"),
        ("f.txt", b"x" * (21 << 20), "sheet.too_large"),
        ("g.json", json.dumps([{"question": "x"}] * 5_001).encode(), "question.too_many"),
        ("h.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "sheet.old_excel"),
        ("i.txt", b"\n" * 100_001, "prose.too_many_lines"),
    ):
        with pytest.raises(Refusal) as refused:
            read(company, name, body)
        assert refused.value.code == code, name


words = st.text(alphabet="甲乙丙ABab12 .、；|（）√×对错\n", max_size=12)


@given(st.lists(st.lists(words, min_size=3, max_size=6), max_size=8))
def test_every_row_is_a_question_or_passed_over(rows: list[list[str]]) -> None:
    table = Table("x", [["题干", "答案", "选项", "题型", "解析", "出处"], *rows])
    layout = find_layout(table.rows)
    made, passed = entries(table, layout)
    assert len(made) + passed == sum(any(cell.strip() for cell in row) for row in rows)
    right, problems = check_all([to_raw(one) for one in made], ("zh",))
    assert len(right) + len({place for place, _ in problems}) == len(made)


@given(st.permutations(range(8)), st.sampled_from(ALL))
def test_shuffled_columns_give_the_same_question(order: list[int], one: One) -> None:
    rows = [HEAD, *([o.kind, o.text, *padded(o), o.answer, o.why] for o in (one, ALL[0]))]
    straight = Table("x", rows)
    mixed = Table("x", [[row[place] for place in order] for row in rows])
    assert entries(mixed, find_layout(mixed.rows)) == entries(straight, find_layout(straight.rows))


@given(st.lists(st.text(alphabet="甲乙A1.、（）答案：解析一二\n ", max_size=20), max_size=12))
def test_a_text_of_anything_is_read_without_a_fall(lines: list[str]) -> None:
    made, passed = entries_of_text(enumerate(lines, 1))
    assert len(made) + passed <= sum(len(line.split("\n")) for line in lines) + len(lines)
    for one in made:
        to_raw(one)


@given(st.lists(st.sampled_from(["每天", "每月一次", "3级以上", "A级", "不动火"]), min_size=2, max_size=5, unique=True))
def test_options_in_one_cell_are_the_options(options: list[str]) -> None:
    for pattern, between in (("{}.{}", " "), ("{}、{}", "\n"), ("（{}）{}", ""), ("{}．{}", "；")):
        cell = between.join(pattern.format("ABCDE"[place], one) for place, one in enumerate(options))
        assert split_options(cell) == tuple(options), cell
    for name, between in (("newline", "\n"), ("bar", "|"), ("pause", "、")):
        assert split_options(between.join(options), name) == tuple(options)


@given(st.builds(Layout, st.integers(-1, 30), st.lists(st.sampled_from([*FIELDS, "", "king"]), max_size=9).map(tuple)))
def test_a_remembered_layout_is_what_it_was(layout: Layout) -> None:
    kept = Layout.from_json(layout.to_json())
    assert Layout.from_json(kept.to_json()) == kept
    assert len([one for one in kept.columns if one]) == len({one for one in kept.columns if one})
    entries(Table("x", [["甲", "乙"], ["丙", "丁"]]), kept)
