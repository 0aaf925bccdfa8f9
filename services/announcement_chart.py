"""Who confirmed an announcement, by unit, as a chart; a unit in which it reached too few has no figure of its own."""

from __future__ import annotations

from content import Voice
from domain.announcement import Announcement
from domain.points import publishable
from services import announcement, announcement_list, announcements
from services.chart import Chart, Kind, Series
from services.work import Work

LONGEST_TITLE = 20


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
