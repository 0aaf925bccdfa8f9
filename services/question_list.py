"""Banks and their questions for those who keep them: lists, one question, and what somebody typed as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.arrival import clean
from domain.question import BOTH, LETTERS, Kind, Problem, Question, check, digest, plain
from services import question as banks
from services.question_import import template_header
from services.work import Work
from storage import question as table
from storage.question import Counted, Row

ON_A_PAGE = 50
_SPELLINGS = "；"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for in a bank. `active` None: whatever its state."""

    bank: str
    words: str = ""
    kind: str = ""
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a bank."""

    rows: Sequence[Row]
    count: int
    page: int
    pages: int


def overview(work: Work, actor_id: int) -> list[Counted]:
    """Return every bank with its counts."""
    banks.demand(work, actor_id)
    return table.counted(work.connection)


def search(work: Work, actor_id: int, asked: Asked, page: int) -> Found:
    """Return a page of the questions that are asked for."""
    banks.bank_of(work, actor_id, asked.bank)
    count = table.count(work.connection, asked.bank, asked.words, asked.kind, active=asked.active)
    pages = max(1, -(-count // ON_A_PAGE))
    page = max(1, min(page, pages))
    rows = table.listed(
        work.connection,
        asked.bank,
        asked.words,
        asked.kind,
        active=asked.active,
        limit=ON_A_PAGE,
        offset=(page - 1) * ON_A_PAGE,
    )
    return Found(rows, count, page, pages)


def version(one: Question) -> str:
    """Return what a question is now, so that an editor's form tells whether it was changed meanwhile."""
    return digest(one.to_json())


def export_header() -> list[str]:
    """Return what stands above exported questions: the template's header."""
    return template_header()


def count(work: Work, actor_id: int, asked: Asked) -> int:
    """Return how many questions are asked for."""
    banks.bank_of(work, actor_id, asked.bank)
    return table.count(work.connection, asked.bank, asked.words, asked.kind, active=asked.active)


def export(work: Work, actor_id: int, asked: Asked) -> Iterator[list[str]]:
    """Yield the rows of what is asked for, in the layout of the template: imported again they add nothing."""
    banks.bank_of(work, actor_id, asked.bank)
    for row in table.listed(work.connection, asked.bank, asked.words, asked.kind, active=asked.active):
        yield _exported(row.question)


_EXPORTED = {Kind.SINGLE: "单选", Kind.MULTIPLE: "多选", Kind.JUDGE: "判断", Kind.FILL: "填空"}


def _exported(one: Question) -> list[str]:
    wording = one.wording("zh")
    answer = {"true": "对", "false": "错"}.get(one.answer, one.answer) or _SPELLINGS.join(wording.accept)
    options = [*wording.options, *[""] * len(LETTERS)][: len(LETTERS)]
    source = "" if one.source("zh") == "-" else one.source("zh")
    return [one.ref, _EXPORTED[one.kind], wording.text, *options, answer, wording.explanation, source]


def fields(one: Question | None) -> dict[str, str]:
    """Return a question as a form shows it."""
    found: dict[str, str] = {"kind": one.kind.value if one else Kind.SINGLE.value}
    for language in BOTH:
        wording = one.wordings.get(language) if one else None
        found[f"text_{language}"] = wording.text if wording else ""
        found[f"explanation_{language}"] = wording.explanation if wording else ""
        for place, letter in enumerate(LETTERS):
            found[f"option_{language}_{letter}"] = (
                wording.options[place] if wording and place < len(wording.options) else ""
            )
        found[f"accept_{language}"] = _SPELLINGS.join(wording.accept) if wording else ""
    found["answer"] = {"true": "对", "false": "错"}.get(one.answer, one.answer) if one else ""
    found["source_zh"] = one.source_zh if one and one.source_zh != "-" else ""
    found["source_en"] = one.source_en if one else ""
    return found


def typed(form: Mapping[str, str], ref: str = "") -> Question | list[Problem]:
    """Return the question that a form holds, or everything that is wrong with it. `ref`: the name that it keeps."""
    form = {name: clean(words) for name, words in form.items()}
    kind = form.get("kind", "")
    raw: dict[str, Any] = {
        "id": ref or f"q-{digest(plain(form.get('text_zh', '')))[:16]}",
        "kind": kind,
        "answer": "" if kind == Kind.FILL else form.get("answer", ""),
        "source_zh": form.get("source_zh", "").strip() or "-",
        "source_en": form.get("source_en", ""),
    }
    for language in BOTH:
        wording = _typed(form, language, kind)
        if language == "zh" or any(wording.values()):
            raw[language] = wording
    return check(raw, ("zh",))


def _typed(form: Mapping[str, str], language: str, kind: str) -> dict[str, Any]:
    wording: dict[str, Any] = {
        "text": form.get(f"text_{language}", "").replace("\r\n", "\n"),
        "explanation": form.get(f"explanation_{language}", "").replace("\r\n", "\n"),
    }
    if kind in {Kind.SINGLE, Kind.MULTIPLE}:
        options = [form.get(f"option_{language}_{letter}", "").strip() for letter in LETTERS]
        while options and not options[-1]:
            options.pop()
        wording["options"] = options
    if kind == Kind.FILL:
        said = form.get(f"accept_{language}", "").replace(";", _SPELLINGS).split(_SPELLINGS)
        wording["accept"] = [one.strip() for one in said if one.strip()]
    return wording
