"""A question as somebody wrote it down, in whatever way, and what `domain.question.check` is to be asked about it.

Options stand in one cell or many, the answer is a letter, the option's own words, √ or 错, or stands in the question
itself; the kind is said, or shows in the answer. What can't be read is left as it is, so that it is named as wrong.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.question import digest, plain, read_judgement, read_letters

MANY = "ABCDEFGH"
"""Letters that are looked for: more than a question may have, so that too many options are said to be too many."""
SEVERAL = 2
LONGEST_READ = 1600
"""A question with its options in one cell has fewer characters; what has more is too long whatever is in it."""
BLANK = "（ ）"
SEPARATORS = {
    "newline": "\n",
    "semicolon": ";；",
    "bar": "|｜",
    "comma": ",，",
    "pause": "、",
    "slash": "/",
    "space": " ",
}
"""What may stand between options in one cell, by name; the characters mean the same."""
_FOUND_ALONE = ("newline", "bar", "semicolon")
_WIDE = {ord(a): b for a, b in zip("（）【】［］．：，；｜", "()[][].:,;|", strict=True)}
_WIDE |= {code + 0xFEE0: chr(code) for code in range(ord("A"), ord("z") + 1)}
_KINDS = (
    ("", ("不定项", "任选")),
    ("single", ("单选", "单项", "single", "radio")),
    ("multiple", ("多选", "多项", "multiple", "multi", "checkbox")),
    ("judge", ("判断", "是非", "对错", "judge", "truefalse", "true/false")),
    ("fill", ("填空", "fill", "blank")),
    ("", ("选择", "choice")),
)
"""In this order: 不定项选择 is no 选择, and a plain 选择 题 has one answer or several."""
_OTHERS = ("简答", "问答", "论述", "案例分析", "名词解释", "计算题")
"""Kinds that we have not: named, so that no question under such a heading is taken for one of ours."""
_TAG = re.compile(r"[【\[（(]\s*((?:单选|多选|单项选择|多项选择|不定项选择|判断|填空|选择)题?)\s*[】\])）]")
_SCORE = re.compile(r"[（(\[【]\s*(?:本题)?\s*\d{1,2}(?:\.\d)?\s*分\s*[)）\]】]")
_ASKED = re.compile(r"(?<=[？?])\s*（ ）[。.]?$")
"""After a question mark an empty bracket says nothing."""
_EMPTY = re.compile(r"[（(][ \t\u3000_＿]*[)）]")
_FILLED = re.compile(r"[（(]\s*([^（()）]{1,12}?)\s*[)）]")
_UNDERLINED = re.compile(r"[_＿]{1,}\s*([^_＿]{1,40}?)\s*[_＿]{1,}")
_SAID = re.compile(
    r"^\s*[【\[（(]?\s*(?:(?:参考|正确|标准)?答案(?:是|为)?|answer\b)\s*[】\])）]?\s*[:：]?\s*", re.IGNORECASE
)
_NUMBER = re.compile(
    r"^\s*(?:第\s*\d{1,4}\s*题\s*[.．、:：)）]?|\d{1,4}\s*[.．、)）]|[（(]\s*\d{1,4}\s*[)）])\s*(?!\d)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A question as it was written. `row`: where it stands, as the file counts."""

    row: int
    text: str = ""
    options: tuple[str, ...] = ()
    answer: str = ""
    kind: str = ""
    explanation: str = ""
    source: str = ""
    ref: str = ""


def shadow(words: str) -> str:
    """Return the words with narrow letters and signs, each in the place of its wide one."""
    return words.translate(_WIDE)


def read_kind(words: str) -> str:
    """Return a kind; empty when it has to show in the answer; words that are no kind as they are."""
    said = plain(words)
    if not said or said.isdigit():
        return ""
    if other := next((one for one in _OTHERS if one in said), ""):
        return other
    return next((kind for kind, marks in _KINDS if any(mark in said for mark in marks)), words.strip())


def is_kind(words: str) -> bool:
    """Answer whether the words name a kind, ours or another."""
    said = plain(words)
    return any(mark in said for _, marks in (*_KINDS, ("", _OTHERS)) for mark in marks)


def unnumbered(words: str) -> str:
    """Return the words without a number before them."""
    return words[found.end() :] if (found := _NUMBER.match(words)) else words


def joined(lines: Sequence[str]) -> str:
    """Return lines that were broken where the page ended as one."""
    whole = ""
    for line in lines:
        blank = " " if whole[-1:].isascii() and whole and line[:1].isascii() else ""
        whole += blank + line.strip()
    return whole


def has_number(words: str) -> bool:
    """Answer whether a number stands before the words, as `3、`."""
    return _NUMBER.match(words) is not None


def _places(words: str, before: str, after: str) -> list[tuple[int, int]]:
    """Return where A, B, C … stand in turn, each between such signs."""
    found: list[tuple[int, int]] = []
    at = 0
    for letter in MANY:
        mark = re.compile(rf"(?:[(\[]\s*{letter}\s*[)\]]\s*[.、:]?|{before}{letter}\s*{after})\s*", re.MULTILINE)
        hit = mark.search(words, at)
        if hit is None:
            break
        found.append(hit.span())
        at = hit.end()
    return found


def lettered(words: str) -> tuple[str, tuple[str, ...]] | None:
    """Return (what stands before A, the options) of words with A, B … in them; None when there are fewer than two."""
    seen = shadow(words)
    apart = r"(?:^|(?<=[\s;|,。?!？！、)\]]))"
    ways: tuple[tuple[str, str, str], ...] = (
        (seen, apart, r"[.、:)]"),
        (seen.upper() if seen[:1] in "a(" else seen, apart, r"[.、:)]"),
        (seen, "", r"[.、:]"),
    )
    if seen.lstrip()[:1] == "A":
        ways = (*ways, (seen, r"(?:^|(?<=\s))", r"(?![A-Za-z])"))
    for where, before, after in ways:
        places = _places(where, before, after)
        if len(places) < SEVERAL:
            continue
        ends = [*(start for start, _ in places[1:]), len(words)]
        found = (words[end:stop] for (_, end), stop in zip(places, ends, strict=True))
        return words[: places[0][0]].strip(), tuple(_option(one) for one in found)
    return None


def _option(words: str) -> str:
    return re.sub(r"\s*\n\s*", " ", words).strip(" \t\n\u3000;；|｜,，、")


def split_options(cell: str, separator: str = "") -> tuple[str, ...]:
    """Return the options of one cell: by their letters, else by what stands between them (`SEPARATORS`)."""
    if not cell.strip():
        return ()
    if len(cell) > LONGEST_READ:
        return (cell,)
    if not separator and (found := lettered(cell)) is not None and not found[0]:
        return found[1]
    if separator:
        names: tuple[str, ...] = (separator,)
    else:
        names = _FOUND_ALONE
    for name in names:
        parts = [one for one in re.split(f"[{re.escape(SEPARATORS[name])}]", cell) if one.strip()]
        if len(parts) >= SEVERAL:
            return tuple(
                _option(unlettered(one, MANY[n])) if n < len(MANY) else _option(one) for n, one in enumerate(parts)
            )
    return (_option(cell),)


def unlettered(words: str, letter: str) -> str:
    """Return an option without its own letter before it."""
    found = re.match(rf"\s*(?:[(\[]\s*{letter}\s*[)\]]\s*[.、:]?|{letter}\s*[.、:)])\s*", shadow(words))
    return words[found.end() :] if found else words


def read_answer(words: str, options: Sequence[str]) -> str:
    """Return the letters that an answer means, by letter or by the option's own words; else the words as they are."""
    said = words.strip()
    stripped = _SAID.sub("", said).strip(" \t\n。") or said
    if not options:
        return stripped
    letters = read_letters(stripped)
    if letters:
        return letters
    known = {plain(option): letter for letter, option in zip(MANY, options, strict=False)}
    if plain(stripped) in known:
        return known[plain(stripped)]
    for signs in ("\n", ";；", "|｜", ",，", "、", " \u3000", "/"):
        parts = [one for one in re.split(f"[{re.escape(signs)}]", stripped) if one.strip()]
        found = [_one_letter(part, known) for part in parts]
        if len(parts) >= SEVERAL and all(found):
            return "".join(sorted({one for one in found if one}))
    return _one_letter(stripped, known) or stripped


def _one_letter(words: str, known: dict[str, str]) -> str:
    """Return the letter of `B.每月` or of an option's words."""
    if plain(words) in known:
        return known[plain(words)]
    found = re.match(r"\s*\(?([A-H])\s*[.、:) ]\s*(.+)$", shadow(words), re.DOTALL)
    return found[1] if found and known.get(plain(found[2])) == found[1] else ""


def _judging(options: Sequence[str]) -> list[bool] | None:
    """Return what 正确 and 错误, given as two options, mean; None when they are other options."""
    meant = [read_judgement(option) for option in options]
    return [bool(one) for one in meant] if len(meant) == SEVERAL and set(meant) == {True, False} else None


def _judged(answer: str, options: Sequence[str], *, known: bool) -> str:
    """Return 对 or 错 for what an answer means; as it is when it means neither. `known`: it is said to be a 判断题."""
    meant = _judging(options) or ([True, False] if known else None)
    letter = plain(answer).upper()
    if meant is not None and letter in ("A", "B"):
        return "对" if meant["AB".index(letter)] else "错"
    if known and plain(answer) in {"1", "0"}:
        return "对" if plain(answer) == "1" else "错"
    judged = read_judgement(answer)
    return answer if judged is None else "对" if judged else "错"


def _within(text: str, options: Sequence[str], answer: str, kind: str) -> tuple[str, str]:
    """Take an answer out of the question that it stands in, as （ A ）; returns (text, answer)."""
    for found in reversed(list(_FILLED.finditer(text))):
        said = found[1]
        letters = read_letters(said) if options else None
        judged = read_judgement(said) if not options or _judging(options) else None
        if (letters and set(letters) <= set(MANY[: len(options)])) or (judged is not None and kind in {"judge", ""}):
            if not answer or read_answer(answer, options) == (letters or answer):
                return text[: found.start()] + BLANK + text[found.end() :], answer or said
            return text, answer
    if kind == "fill" and not answer and (line := _UNDERLINED.search(text)) is not None:
        return f"{text[: line.start()]}____{text[line.end() :]}", line[1]
    if kind == "fill" and not answer and len(places := list(_FILLED.finditer(text))) == 1:
        return text[: places[0].start()] + BLANK + text[places[0].end() :], places[0][1]
    return text, answer


def _tidy(words: str) -> str:
    lines = (line.strip() for line in unicodedata.normalize("NFC", words).replace("\r", "\n").split("\n"))
    return "\n".join(line for line in lines if line)


def settled(entry: Entry, kind: str = "") -> Entry:
    """Return an entry with everything in its place: kind, options, answer. `kind`: what it is when it says nothing."""
    if max(len(entry.text), len(entry.answer)) > LONGEST_READ:
        return replace(entry, kind=read_kind(entry.kind) or read_kind(kind) or "single")
    text, options = _tidy(entry.text), entry.options
    tag = _TAG.search(text)
    if tag and (tag.start() == 0 or tag.end() == len(text)):
        text = (text[: tag.start()] + text[tag.end() :]).strip()
    text = _SCORE.sub("", text).strip()
    if not options and (inside := lettered(text)) is not None and inside[0]:
        text, options = inside
    said = read_kind(entry.kind) or read_kind(tag[1] if tag else "") or read_kind(kind)
    text, answer = _within(text, options, entry.answer.strip(), said)
    text = _ASKED.sub("", _EMPTY.sub(BLANK, text).strip())
    judging = _judging(options)
    if said == "judge" or (not said and (judging or (not options and read_judgement(answer) is not None))):
        answer = _judged(_SAID.sub("", answer), options, known=said == "judge")
        text, options = text.removesuffix(BLANK).strip(), options if options and not judging else ()
        said = "judge"
    elif said == "fill":
        answer = _SAID.sub("", answer).strip()
    else:
        answer = read_answer(answer, options)
        letters = read_letters(answer)
        said = said or ("fill" if not options else "multiple" if letters and len(letters) > 1 else "single")
    return replace(entry, text=text, options=tuple(options), answer=answer, kind=said)


def to_raw(entry: Entry) -> dict[str, Any]:
    """Return a settled entry as `domain.question.check` wants it."""
    fill = entry.kind == "fill"
    wording: dict[str, Any] = {"text": entry.text, "explanation": _tidy(entry.explanation)}
    if entry.options:
        wording["options"] = list(entry.options)
    if fill:
        wording["accept"] = [one.strip() for one in re.split("[;；\n]", entry.answer) if one.strip()]
    return {
        "id": entry.ref.strip() or f"q-{digest(plain(entry.text))[:16]}",
        "kind": entry.kind,
        "answer": "" if fill else entry.answer,
        "source_zh": _tidy(entry.source) or "-",
        "zh": wording,
    }
