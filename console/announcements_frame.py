"""What the announcements' pages share: their parts, numbers from addresses, and what readers would see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.asked import whole
from console.grammar import Page, Visit
from domain.announcement import Announcement
from domain.permission import Action
from services import announcement, announcement_review
from services.announcement_list import Excluded

WRITES = Action.ANNOUNCE


def page_at(visit: Visit) -> int:
    """Return which page of a list is asked for, from 0."""
    return whole(visit.query.get("page", ""))


def framed(visit: Visit, template: str, part: str, facts: Mapping[str, Any], status: int = 200) -> Page:
    """Return one of the main pages, with the way to the others and how many wait for approval."""
    waiting = announcement_review.count(visit.work, visit.person.id)
    return Page(template, {**facts, "part": part, "to_approve": waiting}, status)


def seen(visit: Visit, one: Announcement) -> dict[str, Any]:
    """Return what each messenger would show of it, for the template of previews."""
    kind = "announcement_urgent" if one.urgent else "announcement"
    made = visit.previews(announcement.letter(visit.voice, one), visit.voice.language, kind)
    return {"previews": [(visit.voice.label(f"member.on_{each.messenger}"), each) for each in made], "blank": False}


def on_messengers(visit: Visit, found: Excluded) -> list[tuple[str, int]]:
    """Return how many would get it on which messenger, by its name."""
    return [(visit.voice.label(f"member.on_{name}"), count) for name, count in sorted(found.on.items())]
