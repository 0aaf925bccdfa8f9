"""Question banks and readings that are shipped: `questions/*.toml` and `learning/*.toml`, checked when loaded.

A mistake in a file is a `ContentError` that names file, id and field, all of them at once.
"""

from __future__ import annotations

import hashlib
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from content import FOLDER, LANGUAGES, ContentError, voice
from domain.question import Bank, Problem, Question, check_all
from domain.reading import LONGEST_BODY, LONGEST_SOURCE, LONGEST_TITLE, Page, Reading, Topic

QUESTIONS = FOLDER / "questions"
READINGS = FOLDER / "learning"
_LONGEST_NAME = 60


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContentError(f"{path.name}: {error}") from error


def _fail(path: Path, problems: Iterable[str]) -> None:
    lines = [f"{path.name}: {problem}" for problem in problems]
    if lines:
        raise ContentError("\n".join(lines))


def _head(path: Path, data: Mapping[str, Any], key: str, rows: str) -> tuple[str, str, str]:
    """Return (name, zh, en) of a file's head; the name is the file's, so that one leads to the other."""
    head = data.get(key)
    problems = [f"[{unknown}]: nobody reads this table" for unknown in sorted(set(data) - {key, rows})]
    if not isinstance(head, dict):
        raise ContentError("\n".join(f"{path.name}: {one}" for one in [*problems, f"[{key}]: is missing"]))
    problems += [f"[{key}] {unknown}: nobody reads this field" for unknown in sorted(set(head) - {"name", *LANGUAGES})]
    for field in ("name", *LANGUAGES):
        words = head.get(field)
        if not isinstance(words, str) or not 0 < len(words.strip()) <= _LONGEST_NAME:
            problems.append(f"[{key}] {field}: 1 to {_LONGEST_NAME} characters are needed")
    if head.get("name") not in {None, path.stem}:
        problems.append(f"[{key}] name: {head['name']!r} is not the file's name")
    if not isinstance(data.get(rows), list):
        problems.append(f"[[{rows}]]: there is none")
    _fail(path, problems)
    return head["name"], head["zh"].strip(), head["en"].strip()


def load_bank(path: Path) -> tuple[Bank, tuple[Question, ...]]:
    """Read and check one file of questions. Raises `ContentError` that lists every mistake."""
    data = _table(path)
    bank = Bank(*_head(path, data, "bank", "question"))
    raws: list[Any] = data["question"]
    questions, problems = check_all(raws)
    _fail(path, (_named(raws[place], place, problem) for place, problem in problems))
    return bank, tuple(questions)


def _named(raw: Mapping[str, Any], place: int, problem: Problem) -> str:
    name = raw.get("id") or f"question {place + 1}"
    return f"{name}: {problem.place}: {voice('en').line(problem.code, **problem.facts)}"


def load_topic(path: Path) -> tuple[Topic, tuple[Reading, ...]]:
    """Read and check one file of readings. Raises `ContentError` that lists every mistake."""
    data = _table(path)
    topic = Topic(*_head(path, data, "topic" if "topic" in data else "bank", "reading"))
    problems: list[str] = []
    made: dict[str, Reading] = {}
    for place, raw in enumerate(data["reading"], 1):
        name = str(raw.get("id") or f"reading {place}")
        if name in made:
            problems.append(f"{name}: id: is there twice")
        made[name] = _reading(topic, name, raw, problems)
    _fail(path, problems)
    return topic, tuple(made.values())


def _reading(topic: Topic, name: str, raw: Mapping[str, Any], problems: list[str]) -> Reading:
    known = {"id", "source_zh", "source_en", *LANGUAGES}
    problems += [f"{name}: {unknown}: nobody reads this field" for unknown in sorted(set(raw) - known)]

    def words(place: Any, key: str, field: str, longest: int) -> str:  # noqa: ANN401 - whatever TOML held
        value = place.get(key) if isinstance(place, dict) else None
        if not isinstance(value, str) or not 0 < len(value.strip()) <= longest:
            problems.append(f"{name}: {field}: 1 to {longest} characters are needed")
            return ""
        return unicodedata.normalize("NFC", value.strip())

    words(raw, "id", "id", LONGEST_TITLE)
    for language in LANGUAGES:
        unknown = set(raw.get(language) or ()) - {"title", "body"}
        problems += [f"{name}: {language}.{one}: nobody reads this field" for one in sorted(unknown)]
    pages = {
        language: Page(
            words(raw.get(language), "title", f"{language}.title", LONGEST_TITLE),
            words(raw.get(language), "body", f"{language}.body", LONGEST_BODY),
        )
        for language in LANGUAGES
    }
    zh, en = (words(raw, key, key, LONGEST_SOURCE) for key in ("source_zh", "source_en"))
    return Reading(name, topic.name, zh, en, pages)


@cache
def banks() -> tuple[tuple[Bank, tuple[Question, ...]], ...]:
    """Return every shipped bank."""
    return tuple(load_bank(path) for path in sorted(QUESTIONS.glob("*.toml")))


@cache
def topics() -> tuple[tuple[Topic, tuple[Reading, ...]], ...]:
    """Return every shipped reading by topic. Raises `ContentError` when two topics use one id."""
    loaded = tuple(load_topic(path) for path in sorted(READINGS.glob("*.toml")))
    seen: dict[str, str] = {}
    for topic, readings in loaded:
        for one in readings:
            if seen.setdefault(one.ref, topic.name) != topic.name:
                raise ContentError(f"{topic.name}.toml: {one.ref}: id: {seen[one.ref]}.toml has it too")
    return loaded


@cache
def stamp(folder: Path) -> str:
    """Return the version of a folder's files, from their bytes alone: a start need not parse what it has seen."""
    seen = hashlib.sha256()
    for path in sorted(folder.glob("*.toml")):
        seen.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return seen.hexdigest()
