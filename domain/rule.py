"""Rules of organisational life as data: what is due, from which article, how far it can be trusted, from when.

A rule holds for a period when it is in force on that period's first day, so that old periods keep the rules of their
time. A local pack stands over the national one and may tighten it (`domain/rule_change.py`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from domain.basis import Basis
from domain.meeting import MeetingKind
from domain.member import UnitKind
from domain.period import MONTHS, Cycle


class Trust(StrEnum):
    """How far a rule can be trusted."""

    TEXT = "T"
    """The regulation's own text was read."""
    QUOTED = "S"
    """Somebody quotes it."""
    CONFLICT = "C"
    """Sources differ: it is a setting."""
    UNVERIFIED = "U"
    """Never a hard rule."""


class Part(StrEnum):
    """What must be there for a meeting to count as met in full."""

    ON_TIME = "on_time"
    QUORUM = "quorum"
    MINUTES = "minutes"
    SIGN_IN = "sign_in"


class Base(StrEnum):
    """Of whom a share is taken."""

    SHOULD = "should"
    """Those with a vote who should attend (应到会有表决权)."""
    PRESENT = "present"
    """Those of them who came."""
    COMMITTEE = "committee"


@dataclass(frozen=True, slots=True)
class Words:
    """The same in both languages."""

    zh: str
    en: str

    def said(self, language: str) -> str:
        """Return it in this language."""
        return self.en if language == "en" else self.zh


NOTHING = Words("", "")


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule. `id`: for a meeting the value of its `MeetingKind`."""

    id: str
    name: Words
    text: Words
    source: str
    article: str
    trust: Trust
    applies_from: date
    """The first day on which this program applies it; the regulation itself may be older."""
    cycle: Cycle
    applies_until: date | None = None
    hard: bool = True
    """Counts in the rate; what is not hard is advice."""
    units: tuple[UnitKind, ...] = (UnitKind.PARTY_BRANCH,)
    count: int = 1
    """How many in a period; where groups are meant, for each of them."""
    years: int = 0
    """How long a term is."""
    hours: int = 0
    met: tuple[Part, ...] = ()
    """What a meeting needs; nothing: it is declared by hand."""
    kinds: tuple[MeetingKind, ...] = ()
    """The kinds of meeting that count."""
    vote: str = ""
    """The vote base by which its quorum is counted."""
    needs_committee: bool = False
    needs_groups: bool = False
    min_formal: int = 0
    lead: Words = NOTHING
    decided_by: str = ""
    """Who decided on a local rule; empty: it is national."""

    def is_in_force(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.applies_from <= day and (self.applies_until is None or day <= self.applies_until)

    def stops_at(self, kind: UnitKind, basis: Basis) -> str:
        """Return why it does not apply to such a unit (`unit`, `few`, `groups`, `committee`); empty: it applies."""
        if kind not in self.units:
            return "unit"
        if basis.formal < self.min_formal:
            return "few"
        if self.needs_groups and not basis.groups:
            return "groups"
        return "committee" if self.needs_committee and not basis.committee else ""

    @property
    def a_year(self) -> Fraction:
        """How often it is due in a year."""
        months = 12 * (self.years or 1) if self.cycle is Cycle.TERM else MONTHS[self.cycle]
        return Fraction(12 * self.count, months)


@dataclass(frozen=True, slots=True)
class Vote:
    """How votes of one kind are counted. A share that is `over` must be exceeded, any other one reached."""

    id: str
    name: Words
    text: Words
    source: str
    article: str
    trust: Trust
    applies_from: date
    quorum: Fraction
    quorum_of: Base
    applies_until: date | None = None
    quorum_over: bool = False
    majority: Fraction | None = None
    """None: the sources name none."""
    majority_of: Base = Base.SHOULD
    majority_over: bool = True
    secret: bool = False
    decided_by: str = ""

    def is_in_force(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.applies_from <= day and (self.applies_until is None or day <= self.applies_until)

    def has_quorum(self, came: int, should: int) -> bool:
        """Whether so many of those who should are enough; of nobody nothing is."""
        return should > 0 and _reaches(came, self.quorum * should, over=self.quorum_over)

    def passes(self, yes: int, should: int, present: int) -> bool | None:
        """Whether so many votes carry it; None where no majority is laid down."""
        if self.majority is None:
            return None
        base = present if self.majority_of is Base.PRESENT else should
        return base > 0 and _reaches(yes, self.majority * base, over=self.majority_over)


def _reaches(number: int, needed: Fraction, *, over: bool) -> bool:
    return number > needed if over else number >= needed


@dataclass(frozen=True, slots=True)
class Pack:
    """A dated pack of rules. `body`: the whole of it as canonical JSON, which is what is kept."""

    id: str
    version: str
    rules: tuple[Rule, ...]
    votes: tuple[Vote, ...]
    decided_by: str
    body: str


@dataclass(frozen=True, slots=True)
class Book:
    """The packs together, the national one first; a later one stands over those before it."""

    packs: tuple[Pack, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The rules, in the order of the packs."""
        return tuple(dict.fromkeys(rule.id for pack in self.packs for rule in pack.rules))

    @property
    def vote_ids(self) -> tuple[str, ...]:
        """The kinds of vote."""
        return tuple(dict.fromkeys(vote.id for pack in self.packs for vote in pack.votes))

    @property
    def version(self) -> str:
        """The versions of the packs."""
        return " + ".join(f"{pack.id} {pack.version}" for pack in self.packs)

    @property
    def body(self) -> str:
        """All packs, as they are kept."""
        return "[" + ",".join(pack.body for pack in self.packs) + "]"

    @property
    def digest(self) -> str:
        """SHA-256 of the body."""
        return hashlib.sha256(self.body.encode()).hexdigest()

    def in_force(self, rule_id: str, day: date) -> Rule | None:
        """Return the rule that holds on a day, which is the one for a period that begins on it."""
        for pack in reversed(self.packs):
            found = [rule for rule in pack.rules if rule.id == rule_id and rule.is_in_force(day)]
            if found:
                return max(found, key=lambda rule: rule.applies_from)
        return None

    def vote(self, vote_id: str, day: date) -> Vote | None:
        """Return how votes of this kind are counted on a day."""
        for pack in reversed(self.packs):
            found = [vote for vote in pack.votes if vote.id == vote_id and vote.is_in_force(day)]
            if found:
                return max(found, key=lambda vote: vote.applies_from)
        return None

    def cycles_of(self, rule_id: str) -> tuple[Cycle, ...]:
        """Return every cycle in which a rule was ever due."""
        return tuple(dict.fromkeys(rule.cycle for pack in self.packs for rule in pack.rules if rule.id == rule_id))
