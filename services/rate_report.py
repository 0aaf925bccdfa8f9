"""The report of organisational life: each figure as a table that anybody can recompute, and what the figures mean.

Numbers and no names. A unit whose figure is folded has its row without numbers, and says where they are contained.
"""

from __future__ import annotations

from collections.abc import Iterator

from content import LANGUAGES, Voice
from content import voice as voice_of
from domain.member import Unit
from domain.period import Period
from domain.rate import DEFINITION, Rate
from services import picture, sheet
from services import rate as service
from services import rate_words as words
from services.rate import Figures, Shown
from services.rate_ground import FIGURES, STANDARDISATION, in_order
from services.rate_kept import Measured, measure
from services.sheet import Cell, Page, Percent
from services.work import Work
from storage import unit as units

COLUMNS = (
    "unit", "type", "period", "numerator", "denominator", "percent", "left_out", "lacking", "version", "note",
)  # fmt: skip
Row = list[Cell]


def _both(code: str) -> str:
    return " · ".join(dict.fromkeys(voice_of(language).label(f"rate.{code}") for language in LANGUAGES))


def _all(found: Measured, top: Unit | None) -> list[Figures]:
    within = [unit for unit in found.units.values() if unit.id in found.rates and (top is None or unit.within(top))]
    return [service.shown(found, unit) for unit in sorted(within, key=in_order)]


def size(found: Measured, top: Unit | None) -> int:
    """Count the units in a report."""
    return sum(one.id in found.rates and (top is None or one.within(top)) for one in found.units.values())


def beneath(work: Work, unit: Unit) -> int:
    """Count the units that a report of this one would be of, without working it out."""
    return units.count_beneath(work.connection, unit.path)


def pages(work: Work, voice: Voice, span: Period, top: Unit | None = None, found: Measured | None = None) -> list[Page]:
    """Return a table for each figure of all units (those at `top` and beneath), and one of definitions.

    `found`: what was worked out before.
    """
    everything = _all(found or measure(work, span, top), top)
    header = [_both(f"column_{name}") for name in COLUMNS]
    made = [
        Page(
            voice.label(f"rate.{figure}"),
            header,
            [row for figures in everything for row in _rows(work, voice, figure, figures)],
        )
        for figure in FIGURES
    ]
    return [*made, _definitions(work)]


def _rows(work: Work, voice: Voice, figure: str, figures: Figures) -> Iterator[Row]:
    """Yield the row of the whole, and those of its parts by rule and period; a unit with nothing at all has none."""
    shown, unit = figures.rates[figure], figures.unit.name
    if shown.rate is not None and shown.rate.empty and not figures.types:
        return
    yield [unit, _both("all_types"), figures.span.key, *_cells(voice, shown)]
    if figure == STANDARDISATION and shown.rate is not None:
        for (rule, period), part in sorted(figures.types.items()):
            name = service.rule_name(work, voice.language, rule)
            yield [unit, name, period, *_cells(voice, Shown(part))]


def _cells(voice: Voice, shown: Shown) -> Row:
    rate = shown.rate
    if rate is None:
        note = f"{voice.label('rate.cell_folded')} {shown.into.name}" if shown.into else voice.label("rate.cell_hidden")
        return ["", "", "", "", "", "", note]
    note = "" if rate.percentage else voice.label("rate.cell_none")
    left_out, lacking = words.left_out(voice, rate), words.lacking(voice, rate)
    percent = Percent(rate.tenths, rate.percentage) if rate.tenths is not None else ""
    return [rate.numerator, rate.denominator, percent, left_out, lacking, _version(rate), note]


def _version(rate: Rate) -> str:
    return rate.rule_version or DEFINITION


def _definitions(work: Work) -> Page:
    voices = [voice_of(language) for language in LANGUAGES]
    rows: list[Row] = []
    for code in words.DEFINED:
        said = [(voice.label(f"rate.{code}"), words.definition(work, voice, code)) for voice in voices]
        rows.append([cell for pair in said for cell in pair])
    rows.append(
        [voices[0].label("rate.column_version"), DEFINITION, voices[1].label("rate.column_version"), DEFINITION]
    )
    header = [voice.label(f"rate.column_{name}") for voice in voices for name in ("figure", "definition")]
    return Page(_both("sheet_definitions"), header, rows)


def xlsx(work: Work, voice: Voice, span: Period, top: Unit | None = None, found: Measured | None = None) -> bytes:
    """Return the report as a workbook."""
    return sheet.write_book(pages(work, voice, span, top, found))


def csv(work: Work, voice: Voice, span: Period, top: Unit | None = None, found: Measured | None = None) -> bytes:
    """Return the report as one table, the figure and its definition in each row."""
    *tables, definitions = pages(work, voice, span, top, found)
    meanings = {str(row[0]): " · ".join([str(row[1]), str(row[3])]) for row in definitions.rows}
    meanings |= {str(row[2]): meanings[str(row[0])] for row in definitions.rows}
    header = [_both("column_figure"), *tables[0].header, _both("column_definition")]
    rows = [[page.name, *map(str, row), meanings[page.name]] for page in tables for row in page.rows]
    return sheet.write_csv(header, rows)


def drawn(work: Work, voice: Voice, figures: Figures) -> tuple[bytes, str]:
    """Return the figures of a unit as a picture, and the same in words."""
    title = voice.line("rate.picture", unit=figures.unit.name, period=words.period_name(voice, figures.span))
    bars, lines = [], [title]
    for figure in FIGURES:
        shown, name = figures.rates[figure], voice.label(f"rate.{figure}")
        code, facts = words.said(work, voice, figure, shown)
        percent = facts.get("percent", "")
        tenths = shown.rate.tenths if shown.rate is not None else None
        said = [_without_name(voice, figure, code, facts), *words.details(work, voice, figure, figures)]
        bars.append({"name": name, "percent": percent, "tenths": tenths, "said": picture.wrapped(said, WIDE)})
        lines += [f"{name} {percent}".strip(), *said]
    foot = picture.wrapped([words.version(voice, figures), words.definition(work, voice, "rounding")], WIDE)
    body = picture.png("rates.svg", title=title, squeeze=picture.width(title) > WIDEST_TITLE, bars=bars, foot=foot)
    return body, "\n".join(lines)


def _without_name(voice: Voice, figure: str, code: str, facts: dict[str, object]) -> str:
    """Return the sentence of a figure without the name and the percentage, which are drawn large."""
    line = voice.line(code, **facts)
    for part in (voice.label(f"rate.{figure}"), str(facts.get("percent", ""))):
        line = line.replace(part, "", 1) if part else line
    return line.strip(" 　")


WIDE, WIDEST_TITLE = 92, 56
"""So many half-width columns fit in a line of the picture, and in its title."""
