"""One reader for the files that people have: twenty-eight layouts of twelve questions are the same twelve questions."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from domain.question import Question
from domain.question_entry import split_options
from domain.question_layout import FIELDS, Layout, Table, entries, find_layout
from domain.question_text import entries as entries_of_text
from domain.refusal import Refusal
from services import question_import
from services.question_import import Understood
from tests.question_layouts import ALL, HEAD, LAYOUTS, as_template, book, docx, padded
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
def test_the_second_file_adds_nothing_whatever_its_layout(company: Company, files: dict[str, tuple[str, bytes]]) -> None:
    def put(layout: str) -> tuple[int, int, int, int]:
        plan = company.write(lambda c: question_import.apply(company.work(c), "plant", *files[layout]))
        assert plan.rows == 12
        return plan.new, plan.same, plan.changed, plan.failed

    assert put("under_titles") == (12, 0, 0, 0)
    for layout in ("a_sheet_a_kind", "word_with_key", "text_answered_inside", "as_nested_json", "without_header"):
        assert put(layout) == (0, 12, 0, 0), layout
    assert put("as_template") == (0, 7, 5, 0)  # five have an explanation there
    assert put("as_template") == (0, 12, 0, 0)
