"""Participation by month as a chart: who was called to the meetings of a unit in each month of a year, and who came."""

from __future__ import annotations

from content import Voice
from domain.member import Unit
from domain.period import Cycle, Period, period_of
from services import rate as service
from services.chart import Chart, Kind, Series
from services.rate_ground import PARTICIPATION, by_month
from services.work import Work


def participation(work: Work, voice: Voice, member_id: int, unit: Unit, span: Period) -> Chart | None:
    """Return the year of a period, for who may see the list behind the figure at this unit.

    None for others, who would need the months of all units to hide the small ones, and for units too large for that.
    """
    if PARTICIPATION not in service.lists(work, member_id, unit) or service.is_large(work, unit):
        return None
    year, least = period_of(Cycle.YEAR, span.last), work.organisation.smallest_group
    months = [(month, rate) for month, rate in by_month(work, unit, year) if month.first <= work.today]
    if not months:
        return None
    return Chart(
        title=voice.line("rate.chart_title", unit=unit.name, year=year.first.year),
        about=voice.line("rate.chart_about"),
        kind=Kind.LINES,
        first=voice.label("rate.chart_month"),
        labels=tuple(voice.label("rate.chart_label", month=month.first.month) for month, _ in months),
        series=(
            Series(
                voice.label("rate.chart_asked"), tuple(None if rate is None else rate.denominator for _, rate in months)
            ),
            Series(
                voice.label("rate.chart_came"), tuple(None if rate is None else rate.numerator for _, rate in months)
            ),
        ),
        hidden=voice.line("rate.chart_hidden", least=least),
    )
