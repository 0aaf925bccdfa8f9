"""What those who oversee see of requests: counts, weeks as a chart, categories, the load of officers; no words."""

from __future__ import annotations

from typing import Any

from console import chart as charts
from console.asked import whole
from console.grammar import Look, Page, Pages, Result, Visit
from console.lists import Line, Rows, every, saves
from console.saving import saved
from domain.permission import Action
from domain.refusal import Refusal
from services import demand_view, desk, desk_load
from services.chart import Chart

pages = Pages("requests")
OVERSEES = Action.OVERSEE_DEMANDS
ROWS = 50
WEEKS = "/console/requests/weeks.svg"


@pages.get("requests/overview", needs=OVERSEES)
def overview(visit: Visit) -> Result:
    """Show counts to those who oversee, and how much each officer has to do: no case, no employee, no words."""
    work, voice, person = visit.work, visit.voice, visit.person.id
    figures = desk.figures(work, person)
    if figures is None:
        raise Refusal("help.not_yours")
    due, (loads, topics) = figures.next_limit, desk_load.together(work, voice, person)
    pages_ = max(1, -(-len(loads) // ROWS))
    at = min(whole(visit.query.get("page", "")), pages_ - 1)
    facts: dict[str, Any] = {
        "figures": figures,
        "next_limit": demand_view.last_day(voice, work, due) if due else "",
        "loads": [(one, desk_load.duration(voice, one.first)) for one in loads[at * ROWS : (at + 1) * ROWS]],
        "at": at,
        "pages": pages_,
        "topics": [(one, desk_load.duration(voice, one.first)) for one in topics],
        "chart": charts.shown(_weeks(visit), WEEKS),
        "least": work.organisation.smallest_group,
        "days": desk_load.DAYS,
    }
    return Page("requests_overview.html", facts)


def _weeks(visit: Visit) -> Chart:
    found = desk_load.by_week(visit.work, visit.voice, visit.person.id)
    if found is None:
        raise Refusal("help.not_yours")
    return found


@pages.get("requests/weeks.svg", needs=OVERSEES)
def weeks(visit: Visit) -> Result:
    """Draw what was filed and closed by week."""
    return charts.picture(visit, _weeks(visit))


@saves(pages, "requests/topics.*", "topics", back="requests/overview", needs=OVERSEES)
def topics(look: Look) -> Rows:
    """Return the categories; of one with too few people no figures."""
    words, least = look.words("requests"), look.work.organisation.smallest_group

    def line(one: desk_load.Topic) -> Line:
        if one.counts is None:
            return [one.name, words["hidden"].format(least=least), *[""] * 4]
        took = desk_load.duration(look.voice, one.first) or words["too_few"]
        return [one.name, *one.counts, took]

    header = [words["kind"], words["filed_lately"].format(days=desk_load.DAYS)]
    header += [words[name] for name in ("figure_open", "figure_near", "figure_over", "first_answer")]
    found = desk_load.topics(look.work, look.voice, look.person.id)
    return Rows(header, *every(found, line))


@pages.get("requests/overview.xlsx", needs=OVERSEES)
def export_xlsx(visit: Visit) -> Result:
    """Save the load of officers."""
    header, rows = desk_load.export_rows(visit.work, visit.voice, visit.person.id)
    return saved(visit, "loads", header, rows)


@pages.get("requests/overview.csv", needs=OVERSEES)
def export_csv(visit: Visit) -> Result:
    """Save it as CSV."""
    header, rows = desk_load.export_rows(visit.work, visit.voice, visit.person.id)
    return saved(visit, "loads", header, rows, "csv")
