"""Rates of organisational life: what is divided by what, what is left out, and how a percentage is rounded.

Definitions (`facts.md` 2.7, proposed there because no public standard formula was found): participation = attended ÷
(should attend − approved leave − exempt under 党员教育管理工作条例 art. 23), required events only; standardisation =
obligations met in full ÷ obligations due; activity participation = distinct participants ÷ eligible employees. Whoever
has the numerator, the denominator and what was left out can compute each of them again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from domain.meeting import Held, MeetingKind
from domain.rate_span import Span, read_span

DEFINITION = "2026-11"
"""The version of the definitions above; part of what each figure says it was computed by."""
REQUIRED = frozenset(MeetingKind) - {MeetingKind.OTHER}
"""The kinds of meeting that a rule asks for: attending any other is nobody's duty and counts in no rate."""
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


class Due(Protocol):
    """What a rate needs to know of an obligation."""

    @property
    def unit_id(self) -> int:
        """Whose it is."""

    @property
    def rule(self) -> str:
        """The id of the rule that it comes from."""

    @property
    def period(self) -> str:
        """The period that it is for: `2026-10`, `2026Q4`, `2026`."""

    @property
    def last(self) -> date:
        """The last day on which it can be met."""

    @property
    def state(self) -> str:
        """`met`, `partly`, `overdue`, `exempt`, `planned`, `held` or `open`."""

    @property
    def missing(self) -> Collection[str]:
        """What it lacks: on time, quorum, minutes, sign-in."""


def day_counted(held: Held, held_on: date) -> date:
    """Return the day that a meeting counts on: one that makes up for a period counts in it, as its obligation does."""
    period = read_span(held.counts_for) if held.counts_for else None
    return held_on if period is None else period.last


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


def standardisation(obligations: Iterable[Due], today: date, version: str = "") -> Rate:
    """Return obligations met in full ÷ obligations due: those whose last day is over, and that nothing exempts.

    One that is met before its last day waits as well: were it counted at once, a running period would always look
    perfect.
    """
    met = due = 0
    left_out: Counter[str] = Counter()
    lacking: Counter[str] = Counter()
    for one in obligations:
        if one.state == "exempt":
            left_out["exempt"] += 1
        elif one.last >= today:
            left_out["not_due"] += 1
        else:
            due += 1
            met += one.state == "met"
            if one.state != "met":
                lacking.update(set(one.missing) if one.missing else {one.state})
    return Rate(met, due, _seen(left_out), version, _seen(lacking))


def activity(participants: AbstractSet[int], eligible: AbstractSet[int], version: str = "") -> Rate:
    """Return distinct participants ÷ eligible employees; who took part without being one of them is left out."""
    among = participants & eligible
    return Rate(len(among), len(eligible), _seen(Counter(outside=len(participants - among))), version)


def _seen(counts: Mapping[str, int]) -> Mapping[str, int]:
    return {code: count for code, count in counts.items() if count}


def in_span(obligations: Iterable[Due], span: Span) -> list[Due]:
    """Return the obligations that fall due in a period: a year's one in December, a quarter's in its last month."""
    return [one for one in obligations if span.covers(one.last)]
