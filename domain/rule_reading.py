"""Reading a rule pack from a parsed file, with every mistake in it said at once, in both languages.

A local pack may name a rule of the packs beneath it and give only what it changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar

from domain.meeting import MeetingKind
from domain.member import UnitKind
from domain.period import Cycle
from domain.rule import NOTHING, Base, Book, Pack, Part, Rule, Trust, Vote, Words

E = TypeVar("E", bound=StrEnum)
_ID = re.compile(r"[a-z][a-z0-9_]{0,23}")
_SHARE = re.compile(r"[0-9]{1,4}/[0-9]{1,4}")
"""Nothing else is computed: of `1e9999999` a fraction would be made for hours."""
_KEPT = object()
MOST = 366
_MAY_BE_BLANK = {"vote", "article", "lead_zh", "lead_en"}
_PACK = {"id", "version", "decided_by", "rule", "vote"}
_SHARED = {
    "id", "name_zh", "name_en", "text_zh", "text_en", "source", "article", "trust", "applies_from", "applies_until",
}  # fmt: skip
_RULE = _SHARED | {
    "hard", "units", "period", "count", "years", "hours", "met", "kinds", "vote", "needs_committee", "needs_groups",
    "min_formal", "lead_zh", "lead_en",
}  # fmt: skip
_VOTE = _SHARED | {
    "quorum", "quorum_kind", "quorum_of", "majority", "majority_kind", "majority_of", "secret",
}  # fmt: skip


class RuleError(ValueError):
    """A pack is wrong: a line for each mistake."""


def read_pack(data: Mapping[str, Any], beneath: Book | None = None) -> Pack:
    """Return the pack. `beneath`: the packs over which a local one stands. Raises `RuleError`."""
    errors: list[str] = []
    top = _Table(data, "", errors)
    top.only(_PACK)
    pack_id, version = top.name("id"), top.words("version", 40)
    decided = top.words("decided_by", 100) if beneath else ""
    rules = tuple(_rule(one, beneath, decided) for one in top.tables("rule", _RULE))
    votes = tuple(_vote(one, beneath, decided) for one in top.tables("vote", _VOTE))
    _check_doubles([(rule.id, rule.applies_from) for rule in rules], errors)
    _check_doubles([(vote.id, vote.applies_from) for vote in votes], errors)
    known = {vote.id for vote in votes} | set(beneath.vote_ids if beneath else ())
    errors += [
        f"{rule.id}.vote：没有这种表决“{rule.vote}” · there is no such vote"
        for rule in rules
        if rule.vote and rule.vote not in known
    ]
    if not rules and not votes:
        errors.append("规则包是空的 · the pack is empty")
    if errors:
        raise RuleError("\n".join(errors))
    body = json.dumps(data, ensure_ascii=False, sort_keys=True, default=str, separators=(",", ":"))
    return Pack(pack_id, version, rules, votes, decided, body)


def _check_doubles(found: list[tuple[str, date]], errors: list[str]) -> None:
    twice = sorted({pair for pair in found if found.count(pair) > 1})
    errors += [f"{name}：{day} 起写了两次 · written twice from that day" for name, day in twice]


class _Table:
    """A table of the file; what is wrong is noted with its place."""

    def __init__(self, data: Mapping[str, Any], place: str, errors: list[str], base: object = None) -> None:
        self.data, self.place, self.errors, self.base = data, place, errors, base

    def wrong(self, key: str, zh: str, en: str) -> None:
        """Note a mistake."""
        self.errors.append(f"{self.place}{key}：{zh} · {en}")

    def only(self, known: set[str]) -> None:
        """Refuse keys that mean nothing."""
        for key in sorted(set(self.data) - known):
            self.wrong(key, "不认识的键", "unknown key")

    def tables(self, key: str, known: set[str]) -> list[_Table]:
        """Return the tables of a list."""
        found = self.data.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
            self.wrong(key, "要写成 [[…]]", "is written [[…]]")
            return []
        tables = []
        for number, one in enumerate(found, 1):
            table = _Table(one, f"{key}[{number}]", self.errors)
            name = one.get("id")
            table.place += f" {name}." if isinstance(name, str) else " "
            table.only(known)
            tables.append(table)
        return tables

    def _get(self, key: str, kind: type, usual: Any) -> Any:  # noqa: ANN401 - a value of the file
        if key not in self.data:
            if usual is _KEPT:
                self.wrong(key, "没有写", "is missing")
            return None if usual is _KEPT else usual
        value = self.data[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.wrong(key, "写法不对", f"must be of type {kind.__name__}")
            return None if usual is _KEPT else usual
        return value

    def name(self, key: str) -> str:
        """Return an id."""
        value = str(self._get(key, str, _KEPT) or "")
        if value and not _ID.fullmatch(value):
            self.wrong(
                key, "只能用小写字母、数字和下划线，至多 24 个", "has lower-case letters, digits and _, at most 24"
            )
        return value

    def words(self, key: str, longest: int, usual: Any = _KEPT) -> str:  # noqa: ANN401 - or nothing
        """Return text that is not blank (unless it may be missing)."""
        value = self._get(key, str, usual)
        if value is not None and usual != "" and key not in _MAY_BE_BLANK and not value.strip():
            self.wrong(key, "没有写", "is empty")
        if value is not None and len(value) > longest:
            self.wrong(key, f"至多 {longest} 个字", f"at most {longest} characters")
        return str(value or "").strip()

    def both(self, key: str, longest: int, usual: Words | None = None) -> Words:
        """Return a text in both languages."""
        zh, en = (usual.zh, usual.en) if usual is not None else (_KEPT, _KEPT)
        return Words(self.words(f"{key}_zh", longest, zh), self.words(f"{key}_en", longest, en))

    def number(self, key: str, usual: int, least: int = 0) -> int:
        """Return a whole number."""
        value = int(self._get(key, int, usual))
        if not least <= value <= MOST:
            self.wrong(key, f"要在 {least} 到 {MOST} 之间", f"must be from {least} to {MOST}")
        return value

    def yes(self, key: str, usual: bool) -> bool:  # noqa: FBT001 - the usual value of a key
        """Return a truth."""
        return bool(self._get(key, bool, usual))

    def day(self, key: str, usual: Any = _KEPT) -> date | None:  # noqa: ANN401 - or nothing
        """Return a date, written as TOML writes it or as text."""
        value = self.data.get(key)
        if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError:
                self.wrong(key, "日期写成 2026-01-01", "a date is written 2026-01-01")
                return None
        found: date | None = self._get(key, date, usual)
        if isinstance(found, datetime):
            self.wrong(key, "只写日期，不写时间", "is a date without a time")
            return found.date()
        return found

    def one(self, key: str, kind: type[E], usual: E | object = _KEPT) -> E | None:
        """Return one of a closed set."""
        value = self._get(key, str, usual)
        if value is None or isinstance(value, kind):
            return value
        try:
            return kind(value)
        except ValueError:
            self.wrong(key, f"不认识“{value}”", f"must be one of {', '.join(kind)}")
            return None

    def many(self, key: str, kind: type[E], usual: tuple[E, ...]) -> tuple[E, ...]:
        """Return several of a closed set."""
        found = []
        for value in self._get(key, list, list(usual)):
            try:
                found.append(kind(value))
            except ValueError:
                self.wrong(key, f"不认识“{value}”", f"must be among {', '.join(kind)}")
        return tuple(dict.fromkeys(found))

    def share(self, key: str, usual: Any = _KEPT) -> Fraction | None:  # noqa: ANN401 - or nothing
        """Return a share between nothing and all, written 4/5."""
        value = self._get(key, str, usual)
        if value is None or isinstance(value, Fraction):
            return value
        try:
            found = Fraction(value) if _SHARE.fullmatch(value) else Fraction(-1)
        except ZeroDivisionError:
            found = Fraction(-1)
        if not 0 < found <= 1:
            self.wrong(key, "写成 1/2 这样，大于 0、不超过 1", "is written 1/2, above 0 and at most 1")
        return found


def _rule(table: _Table, beneath: Book | None, decided: str) -> Rule:
    number, first = table.name("id"), table.day("applies_from")
    base = beneath.in_force(number, first) if beneath and first else None
    start = first or date.min
    cycle = table.one("period", Cycle, base.cycle if base else _KEPT) or Cycle.MONTH
    usual = (MeetingKind(number),) if number in set(MeetingKind) else ()
    made = Rule(
        number,
        table.both("name", 40, base.name if base else None),
        table.both("text", 400, base.text if base else None),
        table.words("source", 100, base.source if base else _KEPT),
        table.words("article", 60, base.article if base else _KEPT),
        table.one("trust", Trust, base.trust if base else _KEPT) or Trust.UNVERIFIED,
        start,
        cycle,
        applies_until=table.day("applies_until", None),
        hard=table.yes("hard", base.hard if base else True),
        units=table.many("units", UnitKind, base.units if base else (UnitKind.PARTY_BRANCH,)),
        count=table.number("count", base.count if base else 1, 1),
        years=table.number("years", base.years if base else 0),
        hours=table.number("hours", base.hours if base else 0),
        met=table.many("met", Part, base.met if base else ()),
        kinds=table.many("kinds", MeetingKind, base.kinds if base else usual),
        vote=table.words("vote", 24, base.vote if base else ""),
        needs_committee=table.yes("needs_committee", base.needs_committee if base else False),
        needs_groups=table.yes("needs_groups", base.needs_groups if base else False),
        min_formal=table.number("min_formal", base.min_formal if base else 0),
        lead=table.both("lead", 60, base.lead if base else NOTHING),
        decided_by=decided,
    )
    _check(table, made)
    return made


def _check(table: _Table, rule: Rule) -> None:
    """Note what can't be true of a rule as a whole."""
    if rule.trust is Trust.UNVERIFIED and rule.hard:
        table.wrong("hard", "未核实（U）的不能作硬性要求，写 hard = false", "what is unverified (U) is no hard rule")
    if rule.trust is Trust.CONFLICT and not ("不一" in rule.text.zh and "differ" in rule.text.en):
        table.wrong("text", "说法不一（C）的要写明“说法不一”", "of a [C] rule must say that sources differ")
    if (rule.cycle is Cycle.TERM) != bool(rule.years):
        table.wrong("years", "任期写几年，其他不写", "a term has years, and nothing else has")
    if rule.cycle is Cycle.TERM and rule.met:
        table.wrong("met", "换届是登记的，不写 met", "a term is entered by hand: leave it empty")
    if rule.met and not rule.kinds:
        table.wrong("kinds", "写明哪种会议算数", "must say which kinds of meeting count")
    if (Part.QUORUM in rule.met) != bool(rule.vote):
        table.wrong("vote", "要法定人数就写按哪种表决，否则不写", "goes with the quorum, and with nothing else")
    if not rule.units:
        table.wrong("units", "没有写", "is empty")
    if rule.applies_until is not None and rule.applies_until < rule.applies_from:
        table.wrong("applies_until", "早于 applies_from", "lies before applies_from")


class _Kind(StrEnum):
    AT_LEAST = "at_least"
    MORE_THAN = "more_than"


def _vote(table: _Table, beneath: Book | None, decided: str) -> Vote:
    number, first = table.name("id"), table.day("applies_from")
    base = beneath.vote(number, first) if beneath and first else None
    kinds = {True: _Kind.MORE_THAN, False: _Kind.AT_LEAST}
    quorum_kind = table.one("quorum_kind", _Kind, kinds[base.quorum_over] if base else _KEPT)
    made = Vote(
        number,
        table.both("name", 40, base.name if base else None),
        table.both("text", 400, base.text if base else None),
        table.words("source", 100, base.source if base else _KEPT),
        table.words("article", 60, base.article if base else ""),
        table.one("trust", Trust, base.trust if base else _KEPT) or Trust.UNVERIFIED,
        first or date.min,
        table.share("quorum", base.quorum if base else _KEPT) or Fraction(1),
        table.one("quorum_of", Base, base.quorum_of if base else _KEPT) or Base.SHOULD,
        applies_until=table.day("applies_until", None),
        quorum_over=quorum_kind is _Kind.MORE_THAN,
        majority=table.share("majority", base.majority if base else None),
        secret=table.yes("secret", base.secret if base else False),
        decided_by=decided,
    )
    if made.majority is not None:
        kind = table.one("majority_kind", _Kind, kinds[base.majority_over] if base else _KEPT)
        of = table.one("majority_of", Base, base.majority_of if base else _KEPT) or Base.SHOULD
        made = replace(made, majority_over=kind is _Kind.MORE_THAN, majority_of=of)
    if made.quorum_of is Base.PRESENT:
        table.wrong("quorum_of", "法定人数不能按到会的人算", "a quorum is not of those present")
    if made.trust is Trust.CONFLICT and not ("不一" in made.text.zh and "differ" in made.text.en):
        table.wrong("text", "说法不一（C）的要写明“说法不一”", "of a [C] rule must say that sources differ")
    return made
