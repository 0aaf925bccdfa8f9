"""Votes: which basis a quorum and a majority have, whether a vote counts at all, and how it ended.

The bases are three different ones (people who should attend, who are present, who have a vote at all) and are never
merged. Numbers are whole: a share is compared by multiplication, so that exactly half is exactly half.
Whoever runs this may give other bases than the defaults: the rules of the country and of the company are data.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Of(StrEnum):
    """Of whom a share is a share; always people with a vote."""

    SHOULD = "should"
    """应到会有表决权的."""
    PRESENT = "present"
    """实到会有表决权的."""
    ALL = "all"
    """All with a vote, those left out of 应到会 as well."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share that has to be reached (以上: the number counts) or passed (超过: it does not)."""

    part: int
    whole: int
    more_than: bool
    of: Of = Of.SHOULD
    trust: str = "S"
    """How far the sources can be trusted: T, S, C or U."""

    def met(self, count: int, base: int) -> bool:
        """Whether so many of so many reach it."""
        ours, needed = count * self.whole, base * self.part
        return ours > needed if self.more_than else ours >= needed

    def needed(self, base: int) -> int:
        """Return the smallest number that reaches it."""
        exact, rest = divmod(base * self.part, self.whole)
        return exact + 1 if self.more_than or rest else exact


@dataclass(frozen=True, slots=True)
class Basis:
    """By what a vote counts. `secret`: by ballot, never by show of hands."""

    name: str
    quorum: Share
    majority: Share | None
    """None: no source lays one down, so the counts stand and whoever chairs announces the result."""
    secret: bool
    source: str
    article: str
    trust: str


_REGULATION = "《中国共产党支部工作条例（试行）》"
_ADMISSION = "《中国共产党发展党员工作细则》（2026）"
_HALF = Share(1, 2, more_than=False)
_MORE = Share(1, 2, more_than=True)

DEFAULTS: Mapping[str, Basis] = {
    "branch": Basis("branch", _HALF, _MORE, secret=False, source=_REGULATION, article="第十一条", trust="S"),
    "committee": Basis("committee", _HALF, None, secret=False, source=_REGULATION, article="第十二条", trust="S"),
    "admission": Basis(
        "admission",
        _HALF,
        _MORE,
        secret=True,
        source=_ADMISSION,
        article="第十九条、第二十条",
        trust="S",
    ),
    "election": Basis(
        "election",
        Share(4, 5, more_than=False, trust="C"),
        replace(_MORE, of=Of.PRESENT, trust="C"),
        secret=True,
        source="《中国共产党基层组织选举工作条例》（2020）",
        article="",
        trust="C",
    ),
    "other": Basis(
        "other",
        Share(0, 1, more_than=False, trust="U"),
        None,
        secret=False,
        source="",
        article="",
        trust="U",
    ),
}
"""As facts.md 2.2. Sources name no majority of a committee [U] and differ about elections [C]: both are settings.
`other` is for meetings of which no rule speaks (groups, talks): a count of hands, and nobody says who has won."""
_WHERE = {"branch": "voting", "admission": "voting", "election": "voting", "committee": "committee", "other": ""}


class Result(StrEnum):
    """How a vote ended; a refused one is none and is not written down."""

    PASSED = "passed"
    FAILED = "failed"
    VOID = "void"
    UNDECIDED = "undecided"
    """A rule speaks of the vote, and lays down no majority."""
    COUNTED = "counted"
    """No rule speaks of it at all."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted, all of people with a vote. Without `issued` it was by show of hands."""

    should: int
    present: int
    yes: int
    no: int = 0
    abstain: int = 0
    issued: int | None = None
    returned: int | None = None
    invalid: int | None = None
    everyone: int | None = None
    """All with a vote; nobody was left out when it is not given."""

    @property
    def by_ballot(self) -> bool:
        """Whether paper was counted."""
        return self.issued is not None or self.returned is not None

    def base(self, of: Of) -> int:
        """Return how many there are of these."""
        match of:
            case Of.SHOULD:
                return self.should
            case Of.PRESENT:
                return self.present
            case Of.ALL:
                return self.should if self.everyone is None else self.everyone


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended, the sentence of the rule that says so, and the facts that the sentence names."""

    result: Result
    code: str
    facts: Mapping[str, int | str]


def usual(quorum: str) -> str:
    """Return the basis of an item that has none of its own, from the basis of the meeting's quorum."""
    return {"voting": "branch", "committee": "committee"}.get(quorum, "other")


def fits(name: str, quorum: str) -> bool:
    """Answer whether a basis is one of the meetings with this quorum: a branch meeting's counts in no other."""
    return _WHERE.get(name) == quorum


def judge(basis: Basis, tally: Tally) -> Outcome:
    """Say how a vote ended, or why it cannot count."""
    majority = basis.majority
    base = tally.base(majority.of) if majority else tally.present
    facts: dict[str, int | str] = {
        "source": basis.source,
        "article": basis.article,
        "should": tally.should,
        "present": tally.present,
        "yes": tally.yes,
        "votes": tally.yes + tally.no + tally.abstain,
        "issued": tally.issued or 0,
        "returned": tally.returned or 0,
        "marked": tally.yes + tally.no + tally.abstain + (tally.invalid or 0),
        "quorum": basis.quorum.needed(tally.base(basis.quorum.of)),
        "needed": majority.needed(base) if majority else 0,
        "base": base,
    }
    stopped = _stopped(basis, tally)
    if stopped:
        return Outcome(Result.REFUSED, stopped, facts)
    if tally.by_ballot and (tally.returned or 0) > (tally.issued or 0):
        return Outcome(Result.VOID, "vote.void", facts)
    if tally.by_ballot and facts["marked"] != tally.returned:
        return Outcome(Result.REFUSED, "vote.ballots_differ", facts)
    if majority is None:
        result = Result.UNDECIDED if basis.source else Result.COUNTED
        return Outcome(result, f"vote.{result.value}", facts)
    if majority.met(tally.yes, base):
        return Outcome(Result.PASSED, "vote.passed", facts)
    return Outcome(Result.FAILED, "vote.failed", facts)


def _stopped(basis: Basis, tally: Tally) -> str:
    """Return the sentence of the rule by which this cannot count; empty when it can. The first that holds is said."""
    ballots = (tally.issued or 0, tally.returned or 0, tally.invalid or 0)
    negative = min(tally.yes, tally.no, tally.abstain, *ballots) < 0
    reasons = {
        "vote.impossible": negative or not 0 <= tally.present <= tally.should,
        "vote.nobody": tally.should == 0,
        "vote.no_quorum": not basis.quorum.met(tally.present, tally.base(basis.quorum.of)),
        "vote.half_counted": tally.by_ballot and (tally.issued is None or tally.returned is None),
        "vote.needs_ballots": basis.secret and not tally.by_ballot,
        "vote.too_many_issued": tally.by_ballot and (tally.issued or 0) > tally.present,
        "vote.too_many_votes": not tally.by_ballot and tally.yes + tally.no + tally.abstain > tally.present,
    }
    return next((code for code, holds in reasons.items() if holds), "")


_WORDS = {
    "yes": ("赞成", "同意", "yes", "for"),
    "no": ("反对", "不同意", "不赞成", "no", "against"),
    "abstain": ("弃权", "abstain", "abstained", "abstentions"),
    "issued": ("发出", "发放", "issued"),
    "returned": ("收回", "returned"),
    "invalid": ("无效", "废票", "invalid"),
}
_NAMED = {word: name for name, words in _WORDS.items() for word in words}
_DIGITS = "零一二三四五六七八九"
_NUMERAL = re.compile(r"[零〇一二两三四五六七八九]|([一二三四五六七八九]?)十([一二三四五六七八九]?)")
_COUNT = r"(\d{1,4}|[零〇一二两三四五六七八九十]{1,3})"
_PAIR = re.compile(
    rf"({'|'.join(sorted(_NAMED, key=len, reverse=True))})(?:的|票|人|选票|表决票|[:,=\s])*{_COUNT}(?:票|人|张|份)?"
)
_BETWEEN = re.compile(r"[\s,.;:、。票人张份]*(?:表决(?:结果)?)?[\s,.;:、。]*")


def read_votes(words: str) -> dict[str, int] | None:
    """Read `赞成 9 反对 1 弃权 0`, with `发出 10 收回 10 无效 0` for ballots, in any order; None for anything else.

    Full-width digits and Chinese numerals up to 99 are numbers. What is not named is not counted: nobody voted so.
    """
    plain = unicodedata.normalize("NFKC", words).lower().strip()
    found: dict[str, int] = {}
    for word, count in _PAIR.findall(plain):
        name = _NAMED[word]
        if name in found:
            return None
        number = _number(count)
        if number is None:
            return None
        found[name] = number
    if "yes" not in found or not _BETWEEN.fullmatch(_PAIR.sub(" ", plain)):
        return None
    return found


def _number(words: str) -> int | None:
    """Return what digits or a numeral up to 99 say; None for what only looks like one (十十, 二三十)."""
    if words.isdecimal():
        return int(words)
    found = _NUMERAL.fullmatch(words)
    if found is None:
        return None
    if "十" not in words:
        return _DIGITS.index(words.replace("〇", "零").replace("两", "二"))
    tens, ones = (_DIGITS.index(part) if part else 0 for part in found.groups())
    return (tens or 1) * 10 + ones


def guess(title: str) -> str:
    """Return the basis that an item's title suggests where a show of hands would be wrong; empty for any other."""
    if re.search(
        r"(接收|吸收|发展).{1,20}为(中共)?预备党员|(接收|吸收)预备党员|预备党员.{0,20}转正|转正.{0,12}党员", title
    ):
        return "admission"
    if re.search(r"选举(?!工作)|换届选举|补选", title):
        return "election"
    return ""
