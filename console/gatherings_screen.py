"""A gathering's page for the projector: the code and how many are there, without any name."""

from __future__ import annotations

from typing import Any

from console.gatherings_code import EVERY, shown
from console.gatherings_code import screen as shows
from console.grammar import Page, Pages, Result, Visit
from domain.permission import Action
from services import gathering_list

pages = Pages("gatherings")


@pages.get("gatherings/{number}/screen", needs=Action.GATHER)
def screen(visit: Visit) -> Result:
    """Show it."""
    facts = _facts(visit)
    return shows(visit, "gatherings_live.html", facts["one"].title, f"gatherings/{facts['one'].id}", facts)


@pages.live("gatherings/{number}/screen/live", needs=Action.GATHER, every=EVERY)
def live(visit: Visit) -> Result:
    """Show its moving part."""
    return Page("gatherings_live.html", _facts(visit))


def _facts(visit: Visit) -> dict[str, Any]:
    found = gathering_list.alone(visit.work, visit.person.id, visit.numbers["number"])
    return {
        "one": found,
        "running": found.is_open(visit.work.now),
        "coming": found.is_coming(visit.work.now),
        "count": gathering_list.count(visit.work, found),
        **shown(visit, found),
    }
