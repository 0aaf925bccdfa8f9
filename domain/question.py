"""A question of a bank, in every language it exists in, and what is wrong with one that somebody wrote.

`check` reads what a TOML file or a row of a spreadsheet says; nothing that has a problem becomes a `Question`.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

LETTERS = "ABCDE"
BOTH = ("zh", "en")
LONGEST_REF, LONGEST_TEXT, LONGEST_OPTION, LONGEST_EXPLANATION, LONGEST_SOURCE = 64, 500, 200, 1000, 200
LONGEST_ANSWER = 100
"""A typed answer, and each accepted spelling."""
MOST_SPELLINGS = 30
FEWEST_OPTIONS = 2
_REF = re.compile(r"[\w.\-]+")
_FIELDS = frozenset({"id", "kind", "answer", "source_zh", "source_en", *BOTH})
_WORDING = frozenset({"text", "options", "accept", "explanation"})


class Kind(StrEnum):
    """How a question is answered."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    JUDGE = "judge"
    FILL = "fill"


_KINDS = {
    **{kind.value: kind for kind in Kind},
    **dict.fromkeys(("单选", "单选题", "单项选择", "单项选择题", "选择题"), Kind.SINGLE),
    **dict.fromkeys(("多选", "多选题", "多项选择", "多项选择题", "multi"), Kind.MULTIPLE),
    **dict.fromkeys(("判断", "判断题", "对错", "是非题", "true/false"), Kind.JUDGE),
    **dict.fromkeys(("填空", "填空题", "fill-in"), Kind.FILL),
}
_TRUE = frozenset(
    ["对", "对的", "正确", "是", "是的", "√", "✓", "✔", "☑", "真", "t", "true", "right", "correct", "yes", "y"]
)
_FALSE = frozenset(
    [
        "错",
        "错的",
        "错误",
        "不对",
        "不正确",
        "否",
        "不是",
        "×",
        "✗",
        "✘",
        "❌",
        "x",
        "假",
        "f",
        "false",
        "wrong",
        "incorrect",
        "no",
        "n",
    ]
)


@dataclass(frozen=True, slots=True)
class Wording:
    """A question in one language."""

    text: str
    options: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    """Every spelling that a fill-in takes."""
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A checked question. `answer`: letters for choices (`B`, `ACD`), `true` or `false`, empty for a fill-in."""

    ref: str
    kind: Kind
    answer: str
    source_zh: str
    source_en: str
    wordings: Mapping[str, Wording] = field(hash=False)

    def wording(self, language: str) -> Wording:
        """Return it in a language; what was never translated is shown in the language that it has."""
        return self.wordings.get(language) or next(iter(self.wordings.values()))

    def source(self, language: str) -> str:
        """Return where the answer stands."""
        return (self.source_en if language == "en" else self.source_zh) or self.source_zh or self.source_en

    @property
    def letters(self) -> str:
        """The letters of its options."""
        return LETTERS[: len(self.wording("zh").options)]

    def to_json(self) -> str:
        """Return the question as a row keeps it; the same question gives the same text."""
        wordings = {
            language: {
                "text": w.text,
                "options": list(w.options),
                "accept": list(w.accept),
                "explanation": w.explanation,
            }
            for language, w in sorted(self.wordings.items())
        }
        whole = {
            "id": self.ref,
            "kind": self.kind.value,
            "answer": self.answer,
            "source_zh": self.source_zh,
            "source_en": self.source_en,
            **wordings,
        }
        return json.dumps(whole, ensure_ascii=False, sort_keys=True)

    @staticmethod
    @lru_cache(4096)
    def from_json(line: str) -> Question:
        """Return the question that `to_json` wrote."""
        raw = json.loads(line)
        wordings = {
            language: Wording(
                raw[language]["text"],
                tuple(raw[language]["options"]),
                tuple(raw[language]["accept"]),
                raw[language]["explanation"],
            )
            for language in BOTH
            if language in raw
        }
        return Question(raw["id"], Kind(raw["kind"]), raw["answer"], raw["source_zh"], raw["source_en"], wordings)


@dataclass(frozen=True, slots=True)
class Bank:
    """A set of questions about one topic."""

    name: str
    zh: str
    en: str

    def called(self, language: str) -> str:
        """Return its name in a language."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field; `code` is the key of its sentence in `content/`, `facts` fill it in."""

    place: str
    """The field, as `zh.options`."""
    code: str
    facts: Mapping[str, object] = field(default_factory=dict, hash=False)


def digest(line: str) -> str:
    """Return the version of something kept as text."""
    return hashlib.sha256(line.encode()).hexdigest()[:32]


@lru_cache(8192)
def plain(words: str) -> str:
    """Return words as they are compared: one width, one case, no blanks, no quotes, no full stop at the end."""
    folded = unicodedata.normalize("NFKC", words).casefold()
    bare = "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in {"Cf", "Cc", "Mn"})
    return re.sub(r"[《》〈〉“”‘’\"'「」『』【】\[\](),，、·;；]", "", bare).strip("。.!?！？:：~_—-")


def read_judgement(words: str) -> bool | None:
    """Read 对, √, true … as true and 错, ×, false … as false; None when it says neither."""
    said = plain(words)
    return True if said in _TRUE else False if said in _FALSE else None


def read_letters(words: str) -> str | None:
    """Read `acd`, `A、C、D`, `选 A` as sorted letters, each once; None when it says anything else."""
    said = re.sub(r"^(我)?(选择|选|答案是|答案|答)[::]?", "", plain(words)).upper()
    letters = re.sub(r"(AND|和|[\s/&+|.。])", "", said)
    return "".join(sorted(set(letters))) if letters and set(letters) <= set(LETTERS) else None


class _Checker:
    """Reads one raw question and collects what is wrong with it."""

    def __init__(self, raw: Mapping[str, Any], languages: Sequence[str]) -> None:
        self.raw = raw
        self.languages = [*languages, *(one for one in BOTH if one in raw and one not in languages)]
        self.problems: list[Problem] = []

    def wrong(self, name: str, code: str, /, **facts: object) -> None:
        self.problems.append(Problem(name, code, facts))

    def words(self, place: Mapping[str, Any], key: str, name: str, longest: int, *, must: bool = True) -> str:
        """Return one line of words; numbers are taken as people write them in a spreadsheet."""
        value = place.get(key, "")
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = f"{value:g}"
        if not isinstance(value, str):
            self.wrong(name, "quiz.problem_not_words")
            return ""
        said: str = unicodedata.normalize("NFC", value).strip()
        if must and not said:
            self.wrong(name, "quiz.problem_missing")
        if len(said) > longest:
            self.wrong(name, "quiz.problem_too_long", longest=longest, length=len(said))
        return said

    def listed(self, place: Mapping[str, Any], key: str, name: str, longest: int) -> tuple[str, ...]:
        values = place.get(key, ())
        if not isinstance(values, list | tuple):
            self.wrong(name, "quiz.problem_not_list")
            return ()
        found = tuple(self.words({"it": one}, "it", f"{name}[{n}]", longest) for n, one in enumerate(values, 1))
        twice = next((one for n, one in enumerate(found) if one and one in found[:n]), None)
        if twice is not None:
            self.wrong(name, "quiz.problem_option_twice", option=twice[:40])
        return found

    def wording(self, language: str, kind: Kind | None) -> Wording:
        raw = self.raw.get(language)
        if not isinstance(raw, Mapping):
            self.wrong(language, "quiz.problem_language")
            return Wording("")
        for unknown in sorted(set(raw) - _WORDING):
            self.wrong(f"{language}.{unknown}", "quiz.problem_unknown_field")
        made = Wording(
            self.words(raw, "text", f"{language}.text", LONGEST_TEXT),
            self.listed(raw, "options", f"{language}.options", LONGEST_OPTION),
            self.listed(raw, "accept", f"{language}.accept", LONGEST_ANSWER),
            self.words(raw, "explanation", f"{language}.explanation", LONGEST_EXPLANATION, must=False),
        )
        self.fits(made, kind, language)
        return made

    def fits(self, made: Wording, kind: Kind | None, language: str) -> None:
        """Hold options and spellings against the kind."""
        choice = kind in {Kind.SINGLE, Kind.MULTIPLE}
        if choice and not FEWEST_OPTIONS <= len(made.options) <= len(LETTERS):
            self.wrong(f"{language}.options", "quiz.problem_options", count=len(made.options), most=len(LETTERS))
        if kind in {Kind.JUDGE, Kind.FILL} and made.options:
            self.wrong(f"{language}.options", "quiz.problem_not_here")
        if kind is Kind.FILL and not 1 <= len(made.accept) <= MOST_SPELLINGS:
            self.wrong(f"{language}.accept", "quiz.problem_accept", most=MOST_SPELLINGS)
        if kind is Kind.FILL and any(one and not plain(one) for one in made.accept):
            self.wrong(f"{language}.accept", "quiz.problem_accept", most=MOST_SPELLINGS)
        if kind is not None and kind is not Kind.FILL and made.accept:
            self.wrong(f"{language}.accept", "quiz.problem_not_here")

    def kind(self) -> Kind | None:
        said = self.words(self.raw, "kind", "kind", 20)
        found = _KINDS.get(unicodedata.normalize("NFKC", said).casefold())
        if said and found is None:
            self.wrong("kind", "quiz.problem_kind", kind=said[:20])
        return found

    def answer(self, kind: Kind | None, options: int) -> str:
        given = self.raw.get("answer", "")
        if isinstance(given, bool):
            given = "true" if given else "false"
        said = self.words({"answer": given}, "answer", "answer", 40, must=kind is not Kind.FILL)
        if not said or kind is None:
            return ""
        if kind is Kind.FILL:
            self.wrong("answer", "quiz.problem_not_here")
            return ""
        if kind is Kind.JUDGE:
            judged = read_judgement(said)
            if judged is None:
                self.wrong("answer", "quiz.problem_answer_judge", answer=said)
            return "true" if judged else "false"
        return self.letters(said, kind, options)

    def letters(self, said: str, kind: Kind, options: int) -> str:
        letters = read_letters(said)
        if letters is None:
            self.wrong("answer", "quiz.problem_answer_letters", answer=said)
            return ""
        beyond = [letter for letter in letters if LETTERS.index(letter) >= options]
        if beyond and options:
            self.wrong("answer", "quiz.problem_answer_beyond", letter=beyond[0], count=options)
        if kind is Kind.SINGLE and len(letters) != 1:
            self.wrong("answer", "quiz.problem_answer_one", answer=letters)
        if kind is Kind.MULTIPLE and len(letters) < 2:  # noqa: PLR2004 - several means at least two
            self.wrong("answer", "quiz.problem_answer_several", answer=letters)
        return letters


def check(raw: Mapping[str, Any], languages: Sequence[str] = BOTH) -> Question | list[Problem]:
    """Return the question, or everything that is wrong with it.

    `raw` has the fields of `content/questions/*.toml`: id, kind, answer, source_zh, source_en, and a table for each
    language with text, options, accept, explanation. Kinds and answers are also read as people write them
    (多选题, a、c, 对). `languages` must be there; the source must be there in those languages.
    """
    checker = _Checker(raw, languages)
    for unknown in sorted(set(raw) - _FIELDS):
        checker.wrong(unknown, "quiz.problem_unknown_field")
    ref = checker.words(raw, "id", "id", LONGEST_REF)
    if ref and not _REF.fullmatch(ref):
        checker.wrong("id", "quiz.problem_id")
    kind = checker.kind()
    wordings = {language: checker.wording(language, kind) for language in checker.languages}
    counts = {len(wording.options) for wording in wordings.values()}
    if len(counts) > 1 and all(isinstance(raw.get(language), Mapping) for language in wordings):
        checker.wrong("options", "quiz.problem_options_differ")
    answer = checker.answer(kind, min(counts, default=0))
    sources = {
        language: checker.words(raw, key, key, LONGEST_SOURCE, must=language in languages)
        for language, key in (("zh", "source_zh"), ("en", "source_en"))
    }
    if checker.problems or kind is None:
        return checker.problems
    return Question(ref, kind, answer, sources["zh"], sources["en"], wordings)


def check_all(
    raws: Iterable[Mapping[str, Any]], languages: Sequence[str] = BOTH
) -> tuple[list[Question], list[tuple[int, Problem]]]:
    """Check the questions of one bank together: of ids and texts that come twice the first stands.

    Returns the right ones, and (place counted from 0, problem) of the others.
    """
    questions: list[Question] = []
    problems: list[tuple[int, Problem]] = []
    refs: dict[str, int] = {}
    texts: dict[tuple[str, str], int] = {}
    for place, raw in enumerate(raws):
        made = check(raw, languages)
        if isinstance(made, list):
            problems.extend((place, problem) for problem in made)
            continue
        before = len(problems)
        if made.ref in refs:
            problems.append((place, Problem("id", "quiz.problem_twice", {"place": refs[made.ref] + 1})))
        refs.setdefault(made.ref, place)
        for language, wording in made.wordings.items():
            key = (language, plain(wording.text))
            if key in texts:
                facts = {"place": texts[key] + 1}
                problems.append((place, Problem(f"{language}.text", "quiz.problem_twice", facts)))
            texts.setdefault(key, place)
        if len(problems) == before:
            questions.append(made)
    return questions, problems
