"""A branch's year at a glance: a picture, and the same in words; and its standardisation rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from content import Voice
from domain.member import Unit
from domain.obligation import Obligation, Standardisation, State, standardisation
from domain.period import Cycle
from domain.rate import Rate
from services import obligation, picture, rule
from services.obligation_words import SIGNS, UNRECORDED, period_name, short, sign
from services.work import Work

COLOURS = {
    State.OPEN: ("#ffffff", "#555555"),
    State.PLANNED: ("#e3effc", "#0b4f9c"),
    State.HELD: ("#e6f4f1", "#0b6b5d"),
    State.MET: ("#d7efd9", "#1b5e20"),
    State.PARTLY: ("#fff0cf", "#7a4a00"),
    State.OVERDUE: ("#fbdcdc", "#9b1c1c"),
    State.EXEMPT: ("#ececec", "#444444"),
}
"""Background and ink of each state."""
_PALE = ("#fafafa", "#777777")
_LEFT, _COLUMN, _ROW, _HEAD = 256, 58, 42, 92
_LONGEST, _SMALL = 14, 18
"""So many Chinese letters fit beside a row, and in a line of the smaller size."""


@dataclass(frozen=True, slots=True)
class Year:
    """A unit's obligations of a year, by rule."""

    unit: Unit
    year: int
    rows: tuple[tuple[Obligation, ...], ...]
    rate: Standardisation
    version: str


def of_year(work: Work, unit: Unit, year: int) -> Year:
    """Return what a unit owes in the periods that end in a year. Whoever calls this has looked at permissions."""
    found = obligation.of_units(work, [unit], date(year, 1, 1), date(year, 12, 31))
    rows = tuple(tuple(some) for _, some in groupby(found, key=lambda one: one.rule.id))
    return Year(unit, year, rows, standardisation(found), rule.book(work).version)


def share(one: Standardisation) -> str:
    """Return the rate as the figures print it; empty where nothing was due."""
    return Rate(one.met, one.due).percentage


def rate_line(voice: Voice, found: Year) -> str:
    """Return the rate with its denominator and what is left out."""
    one = found.rate
    version = rule.named(voice, found.version)
    left_out = {"exempt": one.exempt, "running": one.running, "checking": one.checking}
    left_out |= {"unrecorded": one.unrecorded, "advice": one.advice}
    if one.share is None:
        return voice.line("obligation.rate_none", version=version, **left_out)
    facts = {"met": one.met, "due": one.due, "share": share(one), "version": version}
    return voice.line("obligation.rate", **facts, **left_out)


def lines(voice: Voice, found: Year, today: date) -> list[str]:
    """Return a line a rule: each state with its periods."""
    return [
        voice.line("obligation.row", name=_name(voice, row), cells=" ".join(_cells(voice, row, today)))
        for row in found.rows
    ]


def _name(voice: Voice, row: Sequence[Obligation]) -> str:
    return row[-1].rule.name.said(voice.language)


def _label(voice: Voice, mark: str) -> str:
    names = {shown: f"obligation.state_{state.value}" for state, shown in SIGNS.items()}
    return voice.label(names.get(mark, "obligation.unrecorded"))


def _cells(voice: Voice, row: Sequence[Obligation], today: date) -> list[str]:
    found = []
    order = {mark: place for place, mark in enumerate((*SIGNS.values(), UNRECORDED))}
    for mark, some in groupby(sorted(row, key=lambda one: order[sign(one)]), key=sign):
        periods = [one for one in some if one.period.first <= today or mark != SIGNS[State.OPEN]]
        names = "、".join(_short(voice, one) for one in periods)
        if periods:
            found.append(f"{mark}{_label(voice, mark)} {names}")
    return found or [SIGNS[State.OPEN]]


def _short(voice: Voice, one: Obligation) -> str:
    if one.rule.cycle in {Cycle.TERM, Cycle.YEAR}:
        return period_name(voice, one.period)
    return short(one.period)


def draw(voice: Voice, found: Year, today: date) -> bytes:
    """Return the picture (PNG)."""
    rows = [
        {
            "names": name_lines(_name(voice, row)),
            "article": _cut(f"{row[-1].rule.article} [{row[-1].rule.trust.value}]", 2 * _LONGEST),
            "y": _HEAD + place * _ROW,
            "cells": [_cell(voice, one, found.year, today) for one in row],
        }
        for place, row in enumerate(found.rows)
    ]
    legend = [
        {"x": 58 + place * 117, "text": f"{mark} {_label(voice, mark)}", "fill": fill, "ink": ink}
        for place, (mark, (fill, ink)) in enumerate(
            [*((SIGNS[state], COLOURS[state]) for state in State), (UNRECORDED, _PALE)]
        )
    ]
    bottom = _HEAD + max(1, len(rows)) * _ROW
    return picture.png(
        "year.svg",
        width=_LEFT + 12 * _COLUMN + 24,
        height=bottom + 76,
        bottom=bottom,
        title=f"{found.unit.name} · {found.year}",
        rate=" ".join(part for part in (f"{found.rate.met}/{found.rate.due}", share(found.rate)) if part),
        months=[{"x": _LEFT + place * _COLUMN, "name": f"{place + 1}"} for place in range(12)],
        left=_LEFT,
        column=_COLUMN,
        row=_ROW,
        head=_HEAD,
        rows=rows,
        legend=legend,
    )


def name_lines(name: str) -> list[dict[str, object]]:
    """Return a rule's name in one line, or a long one in two smaller ones, cut between words where it has any."""
    if _fitting(name, _LONGEST) == len(name):
        return [{"text": name, "size": 15, "down": 18}]
    first = _fitting(name, _SMALL)
    if first < len(name) and (blank := name.rfind(" ", 0, first + 1)) > 0:
        first = blank
    rest = name[first:].strip()
    lines = [name[:first], *([_cut(rest, _SMALL)] if rest else [])]
    top = 12 if rest else 18
    return [{"text": line, "size": 12, "down": top + 12 * place} for place, line in enumerate(lines)]


def _fitting(words: str, most: int) -> int:
    """Return how many letters fit: a Latin one is half as wide as a Chinese one."""
    width = 0.0
    for place, letter in enumerate(words):
        width += 1.0 if ord(letter) > 0xFF else 0.54  # noqa: PLR2004 - Latin-1
        if width > most:
            return place
    return len(words)


def _cut(words: str, most: int) -> str:
    """Return words that fit."""
    fits = _fitting(words, most)
    return words if fits == len(words) else f"{words[: fits - 1]}…"


def _cell(voice: Voice, one: Obligation, year: int, today: date) -> dict[str, object]:
    first = 1 if one.period.first.year < year else one.period.first.month
    if one.rule.cycle is Cycle.TERM:
        first = 1
    last = 12 if one.rule.cycle is Cycle.TERM or one.period.last.year > year else one.period.last.month
    coming = one.period.first > today and one.state is State.OPEN
    fill, ink = _PALE if coming or sign(one) == UNRECORDED else COLOURS[one.state]
    mark = "" if coming else sign(one)
    words = f"{mark} {_label(voice, mark)}" if mark and last > first else mark
    return {
        "x": _LEFT + (first - 1) * _COLUMN,
        "width": (last - first + 1) * _COLUMN,
        "text": words,
        "fill": fill,
        "ink": ink,
    }
