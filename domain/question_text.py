"""Running text with questions in it: headings that say the kind, numbers, options, answers, and keys at the end.

Nothing is thrown away silently: a line either belongs to a question or is counted as passed over (titles, headings).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from domain.question import plain
from domain.question_entry import MANY, Entry, is_kind, joined, lettered, read_kind, settled, shadow, unlettered

LONGEST_HEADING = 60
_PART = re.compile(
    r"^\s*(?:[一二三四五六七八九十]{1,3}\s*[、.．]|第\s*[一二三四五六七八九十\d]{1,3}\s*(?:部分|章|大题|节))\s*"
)
_START = re.compile(
    r"^\s*(?:第\s*(\d{1,4})\s*题\s*[.．、:：)）]?|(\d{1,4})\s*[.．、)）:：](?!\d)|[（(]\s*(\d{1,4})\s*[)）])\s*"
)
_ANSWER = re.compile(
    r"^\s*[【\[（(]?\s*(?:参考|正确|标准)?答案\s*(?:[】\])）]\s*[:：]?|[:：])\s*|^\s*(?:correct\s+)?answers?\s*[:：]\s*",
    re.IGNORECASE,
)
_WHY = re.compile(
    r"^\s*[【\[（(]?\s*(?:答案|试题|题目)?(?:解析|分析|解释|说明|explanation)\s*(?:[】\])）]\s*[:：]?|[:：])\s*",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"^\s*[【\[（(]?\s*(?:出处|依据|来源|答案依据|source)\s*(?:[】\])）]\s*[:：]?|[:：])\s*", re.IGNORECASE
)
_ASIDE = re.compile(
    r"^\s*[【\[（(]?\s*(?:难度|分值|考点|知识点|得分|分数|难易度|难易程度)\s*(?:[】\])）]\s*[:：]?|[:：])"
)
_OPTION = re.compile(r"^\s*(?:[(\[]\s*[A-Ha-h]\s*[)\]]|[A-Ha-h]\s*[.、:)]|[A-H]\s+\S)")
_KEY = re.compile(
    r"^(?:附|附件|附录)?[:：\s]*(?:试题|题库|测试题|练习题)?(?:参考|标准|正确)?答案(?:及|与|和)?(?:解析)?(?:表)?\s*[:：]?$"
)
_RANGE = re.compile(r"(\d{1,4})\s*(?:-|－|—|–|~|～|至|到)\s*(\d{1,4})\s*[题.．、:：)）]*\s*")
_EACH = re.compile(r"(?:^|(?<=[\s;；,，。、√×✓✗对错A-Ha-h）)]))(\d{1,4})\s*(?:[.．、:：)）]|\s(?=\s*[A-H√×]))\s*")
_MARKS = re.compile(r"正确|错误|[A-Ha-h]+|[√×✓✗✔✘对错TF]")


@dataclass(slots=True)
class _Draft:
    """A question while its lines come in."""

    row: int
    kind: str
    number: int
    part: int
    text: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    answer: str = ""
    why: list[str] = field(default_factory=list)
    source: str = ""
    last: str = "text"
    """What the newest line was: a line that begins nothing goes on with it."""

    @property
    def over(self) -> bool:
        """Whether a blank line may end it, where nothing is numbered."""
        return bool(self.answer or self.why or len(self.options) > 1)


@dataclass(slots=True)
class _Reader:
    numbered: bool
    kind: str = ""
    part: int = 0
    drafts: list[_Draft] = field(default_factory=list)
    keys: dict[tuple[int, str, int], tuple[str, str]] = field(default_factory=dict)
    """(part, its kind, number) -> (answer, explanation)."""
    in_key: bool = False
    blank: bool = True
    passed: int = 0
    newest: tuple[int, str, int] | None = None

    @property
    def now(self) -> _Draft | None:
        return self.drafts[-1] if self.drafts else None

    def line(self, row: int, words: str) -> None:
        said = words.strip(" \t\u3000\ufeff")
        if not said:
            self.blank = True
            return
        if _KEY.match(said) and (self.drafts or self.in_key):
            self.in_key, self.part, self.kind = True, 0, ""
            self.passed += 1
        elif self._heading(said):
            self.passed += 1
        elif self.in_key:
            self._key(said)
        elif self.drafts and (found := _ANSWER.match(said)) and _is_key(said[found.end() :]):
            self.in_key, self.part, self.kind = True, 0, ""
            self._key(said[found.end() :])
        else:
            self._question(row, said)
        self.blank = False

    def _heading(self, said: str) -> bool:
        part = _PART.match(said)
        bare = not part and is_kind(said) and len(plain(said)) <= 12 and not _START.match(said)  # noqa: PLR2004
        if not (part or bare) or len(said) > LONGEST_HEADING or _OPTION.match(shadow(said)):
            return False
        if not is_kind(said) and not re.match(r"^\s*第", said) and not self.numbered:
            return False
        self.part += 1
        self.kind = said if is_kind(said) else self.kind
        rest = said[part.end() :] if part else said
        if "答案" in rest and self.drafts:
            self.in_key, self.part = True, 1 if not self.in_key else self.part
        return not (self.in_key and _EACH.search(rest) and self._key(rest))

    def _question(self, row: int, said: str) -> None:
        now, start = self.now, _START.match(said)
        marked = next((mark for mark in (_ANSWER, _WHY, _FROM, _ASIDE) if mark.match(said)), None)
        if start and not marked and self._begins(int(start[1] or start[2] or start[3])):
            self._begin(row, int(start[1] or start[2] or start[3]), said[start.end() :])
        elif now is None and (self.numbered or marked or not self._starts(said)):
            self.passed += 1
        elif (
            not self.numbered and not marked and self.blank and (now is None or now.over) and not self._is_option(said)
        ):
            self._begin(row, len(self.drafts) + 1, said)
        elif now is not None:
            self._more(now, said, marked)

    def _starts(self, said: str) -> bool:
        """Answer whether unnumbered words may be a first question, and not the title above it."""
        return len(said) > 1 and not self._is_option(said)

    def _begins(self, number: int) -> bool:
        last = self.now.number if self.now else 0
        return number == 1 or number > last or (self.now is not None and self.now.part != self.part)

    def _begin(self, row: int, number: int, words: str) -> None:
        self.drafts.append(_Draft(row, self.kind, number, self.part))
        self._more(self.drafts[-1], words, None)

    @staticmethod
    def _is_option(said: str) -> bool:
        return _OPTION.match(shadow(said)) is not None

    def _more(self, now: _Draft, said: str, marked: re.Pattern[str] | None) -> None:
        """Put a line where it belongs."""
        rest = said[found.end() :].strip() if marked and (found := marked.match(said)) else said
        if marked is _ANSWER:
            now.answer, why = _parted(rest)
            now.last = "answer"
            now.why += [why] if why else []
        elif marked is _WHY:
            now.why.append(rest)
            now.last = "why"
        elif marked is _FROM:
            now.source, now.last = rest, "source"
        elif marked is _ASIDE:
            now.last = "aside"
        elif self._is_option(said) and now.last in {"text", "options"}:
            now.options += _options(said, len(now.options))
            now.last = "options"
        elif now.last == "options" and now.options:
            now.options[-1] = joined([now.options[-1], said])
        elif now.last == "why":
            now.why.append(said)
        elif now.last == "answer" and not now.answer:
            now.answer = said
        elif now.last == "text":
            now.text.append(said)
        else:
            self.passed += 1

    def _key(self, said: str) -> bool:
        """Read a line of answers; one with none goes on with the explanation before it."""
        found = False
        for number, answer, why in _answers(said):
            self.newest = (self.part, read_kind(self.kind) if self.kind else "", number)
            self.keys[self.newest] = (answer, why)
            found = True
        if not found and self.newest is not None:
            why_mark = _WHY.match(said)
            answer, why = self.keys[self.newest]
            rest = said[why_mark.end() :] if why_mark else said
            self.keys[self.newest] = (answer, f"{why}\n{rest}".strip())
        elif not found:
            self.passed += 1
        return found

    def answered(self, draft: _Draft) -> tuple[str, list[str]]:
        """Return the answer and the explanation of a question, from the key where it has none itself."""
        if draft.answer:
            return draft.answer, draft.why
        kind = read_kind(draft.kind) if draft.kind else ""
        parts = len({one.part for one in self.drafts})
        same_number = [at for at in self.keys if at[2] == draft.number]
        fits = [at for at in same_number if at[1] and at[1] == kind] or [
            at for at in same_number if at[0] == draft.part
        ]
        if not fits and (parts == 1 or len(same_number) == 1):
            fits = same_number
        if len(fits) != 1:
            fits = [at for at in fits if at[0] == draft.part]
        if not fits:
            return "", draft.why
        answer, why = self.keys[fits[0]]
        return answer, draft.why or ([why] if why else [])


def _options(said: str, have: int) -> list[str]:
    """Return the options of a line; it may begin with any letter."""
    if have == 0 and (found := lettered(said)) is not None and not found[0]:
        return list(found[1])
    seen = shadow(said).upper() if said[:1].islower() else shadow(said)
    rest = MANY[have:]
    places: list[tuple[int, int]] = []
    at = 0
    for letter in rest:
        mark = re.compile(rf"(?:^|(?<=[\s;|,。、]))(?:[(\[]\s*{letter}\s*[)\]]\s*[.、:]?|{letter}\s*[.、:)])\s*")
        hit = mark.search(seen, at)
        if hit is None:
            break
        places.append(hit.span())
        at = hit.end()
    if not places:
        return [re.sub(r"^[A-Ha-h]\s+", "", unlettered(said, said[:1].upper())).strip()]
    ends = [*(start for start, _ in places[1:]), len(said)]
    return [said[end:stop].strip(" \t\u3000;；") for (_, end), stop in zip(places, ends, strict=True)]


def _parted(words: str) -> tuple[str, str]:
    """Part an answer from the explanation in the same line."""
    found = re.search(r"\s*[【\[（(]?\s*(?:答案)?解析\s*[】\])）]?\s*[:：]?\s*", words)
    return (words[: found.start()].strip(" 。;；"), words[found.end() :].strip()) if found else (words.strip(), "")


def _answers(said: str) -> Iterator[tuple[int, str, str]]:
    """Yield (number, answer, explanation) of a line of a key: `1-5 ABCDA`, `6.√ 7.×`, `8、119 解析：…`."""
    ranges = list(_RANGE.finditer(said))
    if ranges:
        ends = [*(one.start() for one in ranges[1:]), len(said)]
        for one, end in zip(ranges, ends, strict=True):
            yield from _of_range(int(one[1]), int(one[2]), said[one.end() : end])
        return
    if _WHY.match(said):
        return
    places = list(_EACH.finditer(said))
    if not places or places[0].start() > 0:
        return
    places = _in_turn(places)
    ends = [*(one.start() for one in places[1:]), len(said)]
    for one, end in zip(places, ends, strict=True):
        answer, why = _parted(said[one.end() : end].strip(" \t\u3000,，;；"))
        yield int(one[1]), answer, why


def _in_turn(places: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """Keep the numbers that count on: an explanation may hold others."""
    kept = [places[0]]
    for one in places[1:]:
        if int(one[1]) == int(kept[-1][1]) + 1:
            kept.append(one)
    return kept


def _is_key(words: str) -> bool:
    """Answer whether what stands after 答案： answers several questions."""
    return _RANGE.match(words) is not None or len(list(_answers(words))) > 1


def _of_range(first: int, last: int, words: str) -> Iterator[tuple[int, str, str]]:
    count = last - first + 1
    parts = [one for one in re.split(r"[\s,，;；、/|]+", words.strip()) if one]
    if len(parts) != count:
        marks = [mark for part in parts for mark in _MARKS.findall(shadow(part))]
        letters = "".join(marks)
        parts = marks if len(marks) == count else list(letters) if len(letters) == count else []
    if 0 < count == len(parts):
        yield from ((first + n, part, "") for n, part in enumerate(parts))


def key_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table of 题号 over 答案 as the lines of a key; empty when it is another table."""
    lines: list[str] = []
    for above, below in pairwise(rows):
        heads = (plain(above[0]) if above else "", plain(below[0]) if below else "")
        if heads[0] not in {"题号", "序号", "题目"} or heads[1] not in {"答案", "参考答案", "正确答案"}:
            continue
        pairs = zip(above[1:], below[1:], strict=False)
        lines.append("  ".join(f"{number.strip()}.{answer.strip()}" for number, answer in pairs if answer.strip()))
    return lines


def entries(lines: Iterable[tuple[int, str]], kind: str = "") -> tuple[list[Entry], int]:
    """Return the questions of a text, settled, and how many of its lines were passed over.

    `lines`: (number, words). `kind`: what a question is that says nothing, under no heading that does.
    """
    placed = list(lines)
    starts = [int(found[1] or found[2] or found[3]) for _, words in placed if (found := _START.match(words))]
    reader = _Reader(numbered=bool(starts) and 1 in starts)
    for row, words in placed:
        reader.line(row, words)
    made = []
    for draft in reader.drafts:
        if not reader.numbered and not (draft.options or draft.answer):
            reader.passed += 1
            continue
        answer, why = reader.answered(draft)
        entry = Entry(
            draft.row,
            joined(draft.text),
            tuple(draft.options),
            answer,
            draft.kind,
            "\n".join(one for one in why if one),
            draft.source,
        )
        made.append(settled(entry, kind))
    return made, reader.passed
