"""What all pages of organisational life share: the parts above, paging, and numbers out of a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from console.asked import number_in
from console.grammar import Page, Visit
from domain.member import Person
from domain.permission import Action
from domain.refusal import Refusal
from services import member, permission
from services import obligation_view as view

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


def one_named(found: Sequence[Person], words: str) -> Person:
    """Return the only one who has this name or number; raises who is alike: a form does at once what it was told."""
    if len(found) == 1 and member.is_named(found[0], words):
        return found[0]
    if found:
        raise Refusal("attendance.who_several", people="、".join(f"{one.name} {one.employee_no}" for one in found))
    raise Refusal("attendance.who_unknown", words=words[:40])


def year_in(visit: Visit) -> int:
    """Return the year that is asked for, else the organisation's."""
    now = visit.work.today.year
    found = number_in(visit, "year", now)
    return found if abs(found - now) <= YEARS else now
