"""What all pages of organisational life share: the parts above, paging, and numbers out of a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.asked import number_in
from console.grammar import Page, Visit
from domain.permission import Action
from services import obligation_view as view
from services import permission

ROWS = 50
"""So many rows stand on a page."""
YEARS = 30
"""A year is shown so far back and ahead of today's."""
_PARTS = (
    ("year", "life", Action.PLAN_MEETINGS),
    ("meetings", "life/meetings", Action.PLAN_MEETINGS),
    ("figures", "life/figures", Action.SEE_UNIT_FIGURES),
    ("activities", "life/activities", Action.PLAN_ACTIVITIES),
    ("rules", "life/rules", Action.PLAN_MEETINGS),
)
_OF_BRANCHES = {"year", "rules"}
"""What says something only to whoever has a Party branch."""


def framed(visit: Visit, template: str, part: str, facts: Mapping[str, Any], status: int = 200) -> Page:
    """Return a page with the parts that this person may open above it. `part`: the one that is shown."""
    work, person = visit.work, visit.person.id
    left_out = set() if view.any_branch(work, person) else _OF_BRANCHES - {part}
    parts = [
        (name, f"/console/{path}")
        for name, path, action in _PARTS
        if name not in left_out and permission.may_anywhere(work, person, action)
    ]
    return Page(template, {"parts": parts, "part": part, **facts}, status)


def year_in(visit: Visit) -> int:
    """Return the year that is asked for, else the organisation's."""
    now = visit.work.today.year
    found = number_in(visit, "year", now)
    return found if abs(found - now) <= YEARS else now
