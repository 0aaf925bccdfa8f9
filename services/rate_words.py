"""Figures in words: the same sentences for the card, the picture and the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from content import Voice
from domain.period import Cycle, Period, cycle_of
from domain.rate import DEFINITION, Rate, number_of
from services import rate as service
from services import rule
from services.rate import Figures, Shown
from services.rate_ground import ACTIVITY, FIGURES, STANDARDISATION
from services.work import Work

DEFINED = (*FIGURES, "rounding", "folding")


def period_name(voice: Voice, span: Period) -> str:
    """Return a period as people say it."""
    cycle, number = cycle_of(span.key), number_of(span)
    code = f"half_{number}" if cycle is Cycle.HALF else cycle.value
    return voice.line(f"rate.period_{code}", year=span.first.year, number=number)


def left_out(voice: Voice, rate: Rate) -> str:
    """Return what was left out of a rate; empty: nothing."""
    return _counted(voice, "out", rate.exclusions)


def lacking(voice: Voice, rate: Rate) -> str:
    """Return what kept the rest from being met; empty: nothing."""
    return _counted(voice, "lack", rate.lacking)


def _counted(voice: Voice, table: str, counts: Mapping[str, int]) -> str:
    parts = [
        voice.line(
            "rate.count", what=lack(voice, code) if table == "lack" else voice.label(f"rate.out_{code}"), count=n
        )
        for code, n in sorted(counts.items())
    ]
    return voice.line("rate.between").join(parts)


def lack(voice: Voice, code: str) -> str:
    """Return what an obligation lacks."""
    return voice.label(f"rate.lack_{code}")


def version(voice: Voice, figures: Figures) -> str:
    """Return by which definitions and rules the figures were computed."""
    found = {shown.rate.rule_version for shown in figures.rates.values() if shown.rate is not None}
    said = "、".join(sorted(found - {"", DEFINITION})) or DEFINITION
    return voice.line("rate.version", version=rule.named(voice, said))


def said(work: Work, voice: Voice, figure: str, shown: Shown) -> tuple[str, dict[str, Any]]:
    """Return the sentence of a figure and its facts."""
    name, least = voice.label(f"rate.{figure}"), work.organisation.smallest_group
    if shown.rate is None and shown.into is not None:
        return "rate.folded", {"figure": name, "least": least, "into": shown.into.name}
    if shown.rate is None:
        return "rate.folded_nowhere", {"figure": name, "least": least}
    if not shown.rate.percentage:
        return "rate.none", {"figure": name}
    facts = {"numerator": shown.rate.numerator, "denominator": shown.rate.denominator}
    return f"rate.{figure}", {"percent": shown.rate.percentage, **facts}


def details(work: Work, voice: Voice, figure: str, figures: Figures) -> list[str]:
    """Return the lines under a figure: what was left out, what is lacking, its parts."""
    rate = figures.rates[figure].rate
    if rate is None:
        return []
    lines = []
    if rate.exclusions:
        lines.append(voice.line("rate.left_out", what=left_out(voice, rate)))
    if rate.lacking:
        lines.append(voice.line("rate.lacking", what=lacking(voice, rate)))
    parts = [
        voice.line(
            "rate.type",
            rule=service.rule_name(work, voice.language, rule),
            numerator=part.numerator,
            denominator=part.denominator,
        )
        for rule, part in service.by_type(figures).items()
        if part.denominator
    ]
    if figure == STANDARDISATION and parts:
        lines.append(voice.line("rate.types", what=voice.line("rate.between").join(parts)))
    return lines


def brief(voice: Voice, figures: Figures) -> str:
    """Return the figures of a unit in one line."""
    parts = []
    for figure, shown in figures.rates.items():
        name = voice.label(f"rate.{figure}")
        if shown.rate is None:
            parts.append(voice.line("rate.below_folded", figure=name))
        elif shown.rate.percentage:
            facts = {"numerator": shown.rate.numerator, "denominator": shown.rate.denominator}
            parts.append(voice.line("rate.below_figure", figure=name, percent=shown.rate.percentage, **facts))
        elif figure != ACTIVITY:
            parts.append(voice.line("rate.below_none_to_compute", figure=name))
    return voice.line("rate.between").join(parts)


def definition(work: Work, voice: Voice, figure: str) -> str:
    """Return how a figure is computed."""
    facts = {"least": work.organisation.smallest_group} if figure == "folding" else {}
    return voice.line(f"rate.define_{figure}", **facts)
