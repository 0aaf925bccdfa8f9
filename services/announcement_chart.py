"""Who confirmed an announcement, by unit and over the hours, as charts; where it reached too few there is no figure."""

from __future__ import annotations

from datetime import timedelta

from content import Voice
from domain.announcement import Announcement
from domain.points import publishable
from services import announcement, announcement_list, announcements
from services.chart import Chart, Kind, Series
from services.work import Work
from storage import announcement_list as table

LONGEST_TITLE = 20
HOURS = (1, 2, 4, 8, 12, 24, 48, 72, 168)
"""After so many hours it is counted who has confirmed: never one by one as they come."""
A_DAY = 24
FEWEST = 2
"""With fewer points there is no curve."""


def confirmations(work: Work, voice: Voice, author_id: int, one: Announcement) -> Chart:
    """Return the first units of the tree that it was for. Raises the refusal of what its author may not see."""
    found = announcement_list.by_unit(work, author_id, one.id, 0)
    rows, more = found[: announcement_list.ON_A_PAGE], len(found) > announcement_list.ON_A_PAGE
    least = work.organisation.smallest_group
    sizes = {row.unit_id: row.reached for row in rows if row.reached}
    shown = publishable(sizes, announcements.progress(work, one).sent, least)
    some = [row for row in rows if row.reached]
    notes = (voice.line("announcements.chart_more", most=announcement_list.ON_A_PAGE),) if more else ()
    return Chart(
        title=voice.line("announcements.chart_title", title=announcement.title(one, LONGEST_TITLE)),
        about=voice.line("announcements.chart_about"),
        kind=Kind.BARS,
        first=voice.label("announcements.chart_unit"),
        labels=tuple(row.unit for row in some),
        series=(
            Series(
                voice.label("announcements.chart_reached"),
                tuple(row.reached if row.unit_id in shown else None for row in some),
            ),
            Series(
                voice.label("announcements.chart_confirmed"),
                tuple(row.confirmed if row.unit_id in shown else None for row in some),
            ),
        ),
        hidden=voice.line("announcements.chart_hidden", least=least),
        notes=notes,
    )


def over_hours(work: Work, voice: Voice, author_id: int, number: int) -> Chart | None:
    """Return how many had confirmed so many hours after it was sent. Raises the refusal of what its author may not see.

    None until there is a curve, and for an announcement that reached too few.
    """
    one = announcement.own(work, author_id, number)
    began = one.send_at
    if began is None or one.campaign_id is None:
        return None
    hours = [hour for hour in HOURS if began + timedelta(hours=hour) <= work.now]
    if len(hours) < FEWEST or announcements.progress(work, one).sent < work.organisation.smallest_group:
        return None
    counts = table.confirmed_by(work.connection, number, [began + timedelta(hours=hour) for hour in hours])
    return Chart(
        title=voice.line("announcements.hours_title", title=announcement.title(one, LONGEST_TITLE)),
        about=voice.line("announcements.hours_about"),
        kind=Kind.LINES,
        first=voice.label("announcements.hours_after"),
        labels=tuple(_after(voice, hour) for hour in hours),
        series=(Series(voice.label("announcements.chart_confirmed"), tuple(counts)),),
        hidden="",
    )


def _after(voice: Voice, hours: int) -> str:
    if hours > A_DAY:
        return voice.line("announcements.hours_days", count=hours // A_DAY)
    return voice.line("announcements.hours_hours", count=hours)
