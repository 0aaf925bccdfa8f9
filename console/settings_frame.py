"""What the pages of the settings have in common: the parts that the reader may open, above the one that is open."""

from __future__ import annotations

from typing import Any

from console.grammar import Page, Visit
from domain.permission import Action
from services import permission

PARTS = (
    ("values", "settings", Action.RUN_MACHINE),
    ("theme_days", "settings/theme-days", Action.SET_THEME_DAY),
    ("calendar", "settings/calendar", Action.SET_CALENDAR),
    ("health", "settings/health", Action.RUN_MACHINE),
    ("retention", "settings/retention", Action.RUN_MACHINE),
    ("backup", "settings/backup", Action.RUN_MACHINE),
    ("audit", "settings/audit", Action.RUN_MACHINE),
)


def framed(visit: Visit, template: str, part: str, facts: dict[str, Any], status: int = 200) -> Page:
    """Return a page with its neighbours."""
    may = [(name, path) for name, path, needs in PARTS if permission.may_anywhere(visit.work, visit.person.id, needs)]
    return Page(template, {"parts": may, "part": part, **facts}, status)
