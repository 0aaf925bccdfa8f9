"""Rates of organisational life: what is divided by what, what is left out, and how a percentage is rounded.

Definitions (`facts.md` 2.7, proposed there because no public standard formula was found): participation = attended ÷
(should attend − approved leave − exempt under 党员教育管理工作条例 art. 23), required events only; standardisation =
obligations met in full ÷ obligations due; activity participation = distinct participants ÷ eligible employees. Whoever
has the numerator, the denominator and what was left out can compute each of them again.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, timedelta

from domain.meeting import Held, MeetingKind
from domain.period import MONTHS, Period, cycle_of, period_of, read_period

DEFINITION = "2026-11"
"""The version of the definitions above; part of what each figure says it was computed by."""
REQUIRED = frozenset(MeetingKind) - {MeetingKind.OTHER}
"""The kinds of meeting that a rule asks for: attending any other is nobody's duty and counts in no rate."""
MET, EXEMPT, HELD = "met", "exempt", "held"
YEARS = range(1921, 2200)
"""Years that anybody could mean."""
_ONE_DIGIT = re.compile(r"\d{4}-\d")
WHOLE = 1000
"""100.0 per cent, in tenths."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A figure as whole numbers; there is no fraction in it that anybody would have to believe."""

    numerator: int = 0
    denominator: int = 0
    exclusions: Mapping[str, int] = field(default_factory=dict)
    """What was left out of both, and why (a code of `content/`)."""
    rule_version: str = ""
    lacking: Mapping[str, int] = field(default_factory=dict)
    """What kept the rest out of the numerator; one case may lack several things."""

    def __post_init__(self) -> None:
        """Refuse what is no part of a whole."""
        if not 0 <= self.numerator <= self.denominator or min([0, *self.exclusions.values()]) < 0:
            raise ValueError(f"no rate: {self!r}")

    @property
    def tenths(self) -> int | None:
        """The percentage in tenths, rounded half up; whole only when nothing is missing; None: nothing to divide by."""
        if self.denominator == 0:
            return None
        rounded = (2 * WHOLE * self.numerator + self.denominator) // (2 * self.denominator)
        return min(rounded, WHOLE - 1) if self.numerator < self.denominator else WHOLE

    @property
    def percentage(self) -> str:
        """The percentage with one decimal; empty when there is nothing to compute."""
        tenths = self.tenths
        return "" if tenths is None else f"{tenths // 10}.{tenths % 10}%"

    @property
    def empty(self) -> bool:
        """Whether nothing at all lies behind it, not even something left out."""
        return not self.denominator and not any(self.exclusions.values())

    def __add__(self, other: Rate) -> Rate:
        """Return the rate of both together: parts are added, percentages never."""
        versions = {*self.rule_version.split("、"), *other.rule_version.split("、")} - {""}
        return Rate(
            self.numerator + other.numerator,
            self.denominator + other.denominator,
            _added(self.exclusions, other.exclusions),
            "、".join(sorted(versions)),
            _added(self.lacking, other.lacking),
        )


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    return dict(Counter(one) + Counter(other))


def total(rates: Iterable[Rate]) -> Rate:
    """Return the rate of all of them together."""
    return sum(rates, Rate())


@dataclass(frozen=True, slots=True)
class Owed:
    """What a rate needs to know of an obligation. `period` and `last`: for which it is, and its last day."""

    unit_id: int
    rule: str
    period: str
    last: date
    state: str
    """`met`, `partly`, `overdue`, `exempt`, `planned`, `held` or `open`."""
    due: bool
    """Its term has passed."""
    hard: bool = True
    recorded: bool = True
    missing: tuple[str, ...] = ()


def read_span(words: str) -> Period | None:
    """Read `2026-10`, `2026Q4`, `2026H2` or `2026`, small letters and wide ones too; None for anything else."""
    key = unicodedata.normalize("NFKC", words).strip().upper()
    try:
        found = read_period(f"{key[:5]}0{key[5:]}" if _ONE_DIGIT.fullmatch(key) else key)
    except ValueError:
        return None
    return found if found.first.year in YEARS else None


def before(period: Period) -> Period:
    """Return the period of the same length before this one."""
    return period_of(cycle_of(period.key), period.first - timedelta(days=1))


def number_of(period: Period) -> int:
    """Return which of its year a period is."""
    return (period.first.month - 1) // MONTHS[cycle_of(period.key)] + 1


def day_counted(held: Held, held_on: date) -> date:
    """Return the day that a meeting counts on: one that makes up for a period counts in it, as its obligation does."""
    period = read_span(held.counts_for)
    return held_on if period is None else period.last


def counts(held: Held) -> bool:
    """Whether the people of a meeting are counted: a rule asks for it, and somebody signed in."""
    return held.kind in REQUIRED and held.signed_in


def participation(meetings: Iterable[Held], version: str = "") -> Rate:
    """Return attended ÷ (should attend − leave − art. 23) of meetings that are over.

    Who had leave and came all the same counts above and below: there was no absence to leave out, and leaving a person
    who was there out of the denominator alone would lift the rate above its truth, out of both would punish coming.
    Who is relieved by art. 23 is in neither, came or not: `Held.should` leaves them out already. A meeting without any
    sign-in says nothing about who was there; it is left out and counted among the exclusions (its obligation lacks the
    sign-in, so it is not lost). Guests are nowhere.
    """
    came = asked = 0
    left_out: Counter[str] = Counter()
    for one in meetings:
        if one.kind not in REQUIRED:
            left_out["voluntary"] += 1
        elif not one.signed_in:
            left_out["unsigned"] += 1
        else:
            away = one.leave - one.came_on_leave
            came += one.came
            asked += one.should - away
            left_out.update({"leave": away, "relieved": one.not_required})
    return Rate(came, asked, _seen(left_out), version)


def standardisation(obligations: Iterable[Owed], version: str = "") -> Rate:
    """Return obligations met in full ÷ obligations due; each is counted in exactly one place.

    One that is met before its last day waits as well: were it counted at once, a running period would always look
    perfect. One whose minutes are still with those present waits too, so long as their term for corrections runs
    (`domain/obligation.py`: after `GRACE` it is `partly`). What ended before anything was recorded here, what is
    exempt and what is advice alone are left out.
    """
    met = due = 0
    left_out: Counter[str] = Counter()
    lacking: Counter[str] = Counter()
    for one in obligations:
        reason = _why_out(one)
        if reason:
            left_out[reason] += 1
        else:
            due += 1
            met += one.state == MET
            lacking.update([] if one.state == MET else set(one.missing) or {one.state})
    return Rate(met, due, _seen(left_out), version, _seen(lacking))


def _why_out(one: Owed) -> str:
    if not one.hard:
        return "advice"
    if one.state == EXEMPT:
        return "exempt"
    if not one.recorded:
        return "unrecorded"
    if not one.due:
        return "not_due"
    return "checking" if one.state == HELD else ""


def failed(one: Owed) -> bool:
    """Whether an obligation is below the line and not above it."""
    return not _why_out(one) and one.state != MET


def activity(participants: AbstractSet[int], eligible: AbstractSet[int], version: str = "") -> Rate:
    """Return distinct participants ÷ eligible employees; who took part without being one of them is left out."""
    among = participants & eligible
    return Rate(len(among), len(eligible), _seen(Counter(outside=len(participants - among))), version)


def _seen(counts: Mapping[str, int]) -> Mapping[str, int]:
    return {code: count for code, count in counts.items() if count}
