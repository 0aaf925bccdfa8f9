"""The code for a projector: a QR that opens the chat with it, and the six digits to be typed; new every 15 seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.grammar import Page, Visit
from domain.gathering import SCREEN, Gathering, payload_of
from services import gathering_list, picture

EVERY = 1.0
"""Seconds between two looks."""


def shown(visit: Visit, found: Gathering | None) -> dict[str, Any]:
    """Return what the part of the page with the code needs; without an open sign-in there is no code.

    The moment is the server's, so a projector whose clock is wrong shows the right code.
    """
    work = visit.work
    if found is None or not found.is_open(work.now):
        return {"code": "", "qr": "", "late_at": "", "linked": False}
    code = found.code(work.now, SCREEN)
    by = chat_of(visit)
    link = visit.links[by](payload_of(code)) if by else ""
    return {
        "code": code,
        "qr": picture.qr(link or visit.words("gatherings")["qr_words"].format(code=code)),
        "late_at": f"{work.organisation.local(found.late_at):%H:%M}",
        "linked": bool(link),
    }


def screen(visit: Visit, part: str, title: str, back: str, facts: Mapping[str, Any]) -> Page:
    """Return a page for the projector around its live part, a template whose address is the page's own with `/live`.

    `back`: the page of what is shown; `facts`: those of the part.
    """
    around = {"part": part, "title": title, "back": back, "path": f"{back}/screen"}
    return Page("screen.html", {**facts, **around, "ways": ways(visit), "by": chat_of(visit)})


def chat_of(visit: Visit) -> str:
    """Return the messenger that the QR opens: the one that was chosen, else the reader's own; empty: there is none."""
    asked = visit.query.get("by", "")
    wished = [asked, *gathering_list.chats(visit.work, visit.person.id), *visit.links]
    return next((one for one in wished if one in visit.links), "")


def ways(visit: Visit) -> list[tuple[str, str, bool]]:
    """Return (messenger, its name, whether the QR is for it), where there is a choice."""
    now = chat_of(visit)
    found = [(one, visit.voice.label(f"member.on_{one}"), one == now) for one in visit.links]
    return found if len(found) > 1 else []
