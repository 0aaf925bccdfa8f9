"""A year as a table: a row a rule, a column a month, and cells as wide as their periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from content import Voice
from domain.obligation import Obligation, State
from domain.period import Cycle
from services import obligation_words as words
from services.obligation_year import Year
from services.work import Work

MONTHS = 12
COMING, UNRECORDED = "coming", "unrecorded"


@dataclass(frozen=True, slots=True)
class Cell:
    """So many months of a row. `href` empty: nothing is due there."""

    span: int
    href: str = ""
    sign: str = ""
    state: str = ""
    """Its name: a class of the style sheet, and the words beside the sign."""
    said: str = ""
    period: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A rule with its cells, in as many lines as its periods need."""

    name: str
    article: str
    trust: str
    often: str
    lines: tuple[tuple[Cell, ...], ...]


def rows_of(work: Work, voice: Voice, found: Year) -> list[Row]:
    """Return the rows of a year."""
    return [_row(work, voice, found.year, row) for row in found.rows]


def _row(work: Work, voice: Voice, year: int, row: Sequence[Obligation]) -> Row:
    rule = row[-1].rule
    trust = voice.label(f"obligation.trust_{rule.trust.value.lower()}")
    lines: list[list[Cell]] = []
    filled: list[int] = []
    for one in sorted(row, key=lambda each: (each.period.first, each.period.last)):
        first, last = _months(one, year)
        place = next((at for at, month in enumerate(filled) if month < first), len(lines))
        if place == len(lines):
            lines.append([])
            filled.append(0)
        if gap := first - 1 - filled[place]:
            lines[place].append(Cell(gap))
        lines[place].append(cell(work, voice, one, last - first + 1))
        filled[place] = last
    whole = [
        (*line, Cell(MONTHS - month)) if month < MONTHS else tuple(line)
        for line, month in zip(lines, filled, strict=True)
    ]
    name, often = rule.name.said(voice.language), words.how_often(voice, rule)
    return Row(name, words.article(voice, rule), trust, often, tuple(whole))


def _months(one: Obligation, year: int) -> tuple[int, int]:
    """Return the first and the last month that a period has of a year; a term has all of it."""
    if one.rule.cycle is Cycle.TERM:
        return 1, MONTHS
    first = one.period.first.month if one.period.first.year == year else 1
    return first, one.period.last.month if one.period.last.year == year else MONTHS


def cell(work: Work, voice: Voice, one: Obligation, span: int = 1) -> Cell:
    """Return an obligation as a cell: sign and state in words."""
    state = state_of(work, one)
    return Cell(
        span, address(one), words.sign(one), state, state_name(voice, state), words.period_name(voice, one.period)
    )


def address(one: Obligation) -> str:
    """Return where an obligation has its page."""
    return f"/console/life/{one.unit_id}/duty?" + urlencode({"rule": one.rule.id, "period": one.period.key})


def state_of(work: Work, one: Obligation) -> str:
    """Return the name of a state; what has not begun and what was before the branch was recorded have their own."""
    if one.state is State.OPEN and one.rule.cycle is not Cycle.TERM:
        if not one.recorded:
            return UNRECORDED
        if one.period.first > work.today:
            return COMING
    return one.state.value


def state_name(voice: Voice, state: str) -> str:
    """Return a state in words."""
    if state == COMING:
        return voice.page["life"]["state_coming"]
    return voice.label("obligation.unrecorded" if state == UNRECORDED else f"obligation.state_{state}")
