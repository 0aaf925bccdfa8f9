"""Who confirmed an announcement, by unit and over the hours: pictures beside their figures, for its author."""

from __future__ import annotations

from typing import Any

from console import chart as charts
from console.grammar import Pages, Result, Visit
from domain.announcement import Announcement
from domain.permission import Action
from domain.refusal import Refusal
from services import announcement, announcement_chart

pages = Pages("announcements")


def beside(visit: Visit, one: Announcement) -> dict[str, Any]:
    """Return what the page of a sent announcement shows of it. The caller knows that names are kept."""
    found = announcement_chart.confirmations(visit.work, visit.voice, visit.person.id, one)
    return charts.shown(found, f"/console/announcements/{one.id}/confirmed.svg")


@pages.get("announcements/{number}/confirmed.svg", needs=Action.ANNOUNCE)
def confirmed(visit: Visit) -> Result:
    """Draw how many confirmed in each unit."""
    one = announcement.own(visit.work, visit.person.id, visit.numbers["number"])
    found = announcement_chart.confirmations(visit.work, visit.voice, visit.person.id, one)
    return charts.picture(visit, found)


def by_hours(visit: Visit, one: Announcement) -> dict[str, Any] | None:
    """Return how confirmations came; None while there is no curve."""
    found = announcement_chart.over_hours(visit.work, visit.voice, visit.person.id, one.id)
    return charts.shown(found, f"/console/announcements/{one.id}/hours.svg") if found else None


@pages.get("announcements/{number}/hours.svg", needs=Action.ANNOUNCE)
def hours(visit: Visit) -> Result:
    """Draw how many had confirmed after so many hours."""
    found = announcement_chart.over_hours(visit.work, visit.voice, visit.person.id, visit.numbers["number"])
    if found is None:
        raise Refusal("announcements.no_curve")
    return charts.picture(visit, found)
