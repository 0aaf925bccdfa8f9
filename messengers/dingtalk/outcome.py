"""What went out as DingTalk names it, and what its answers say of each person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from domain.reply import Reply
from messengers.base import SendFailedError
from messengers.dingtalk.render import render

NAME_CHARS = 500


@lru_cache(maxsize=256)
def drawn(reply: Reply, *, card: bool) -> list[dict[str, Any]]:
    """Return what `render` makes of a reply, made once for everybody who gets the same."""
    return render(reply, card=card)


def render_card(reply: Reply) -> dict[str, str]:
    """Return the variables of a card for words that have no buttons any more."""
    return {"text": reply.plain or "⋯"}


def spent(card: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a card whose buttons are gone, while the new words come in a message of their own."""
    return {name: "" for name in card if name != "text"} | {"text": "✓"}


def joined(sent: Sequence[str]) -> str:
    """Return one name for all parts: a card's, else the keys by which they are withdrawn."""
    cards = [name for name in sent if name.startswith("c:")]
    if cards:
        return cards[-1]
    keys = [name for name in sent if name]
    kind = keys[0][:2] if keys else ""
    return (kind + "+".join(name[2:] for name in keys))[:NAME_CHARS].rstrip("+")


def refusals(answer: Mapping[str, Any]) -> dict[str, SendFailedError]:
    """Return who of them did not get it."""
    found = {
        str(user): SendFailedError("too much for this person just now")
        for user in answer.get("flowControlledStaffIdList") or ()
    }
    for user in answer.get("invalidStaffIdList") or ():
        found[str(user)] = SendFailedError("not in the organisation", permanent=True, closes_address=True)
    return found
