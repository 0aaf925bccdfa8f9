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


def joined(sent: Sequence[str]) -> str:
    """Return one name for all parts: a card's, else the keys by which they are withdrawn."""
    cards = [name for name in sent if name.startswith("c:")]
    if cards:
        return cards[-1]
    name = ""
    for one in sent:
        if not one[2:]:
            continue
        # Half a key withdraws nothing, and is asked about in vain.
        more = f"{name}+{one[2:]}" if name else one
        name = more if len(more) <= NAME_CHARS else name
    return name


def of_many(error: SendFailedError, users: Sequence[str]) -> SendFailedError:
    """Return what a call's refusal means for each of them: for ever only if it was about one person alone.

    One of several is the matter, and nobody says which: they are tried again, apart if it comes to that.
    """
    return SendFailedError(error.why) if error.permanent and len(users) > 1 else error


def refusals(answer: Mapping[str, Any]) -> dict[str, SendFailedError]:
    """Return who of them did not get it."""
    found = {
        user: SendFailedError("too much for this person just now")
        for user in _users(answer, "flowControlledStaffIdList")
    }
    for user in _users(answer, "filteredStaffIdList"):
        found[user] = SendFailedError("DingTalk filters what goes to this person", permanent=True)
    for user in _users(answer, "invalidStaffIdList"):
        found[user] = SendFailedError("not in the organisation", permanent=True, closes_address=True)
    return found


def _users(answer: Mapping[str, Any], name: str) -> list[str]:
    listed = answer.get(name)
    return [str(user) for user in listed] if isinstance(listed, list) else []
