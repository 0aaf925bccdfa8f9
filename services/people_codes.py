"""Binding codes for many people at once, as cards to be cut out and handed over; only the digests are kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from domain.permission import Action
from domain.refusal import Refusal
from services import invite
from services.people import Asked, wanted
from services.work import Work
from storage import people as table

MOST = 300
"""So many codes are made at once: forty sheets, and half a second of the writer."""
SHOWN_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Card:
    """What is printed for one person. `tail`: the end of the number, enough to tell namesakes apart."""

    name: str
    unit: str
    tail: str
    code: str
    payload: str
    """What a link into a chat carries."""
    expires_at: datetime


def _wanted(work: Work, actor_id: int, asked: Asked) -> table.Wanted:
    return wanted(work, actor_id, replace(asked, bound=False, left=False), (Action.INVITE,))


def count(work: Work, actor_id: int, asked: Asked) -> int:
    """Return how many of those asked for have no account yet, where this person may invite; at most `MOST + 1`."""
    return table.count(work.connection, _wanted(work, actor_id, asked), MOST + 1)


def issue(work: Work, actor_id: int, asked: Asked) -> list[Card]:
    """Make a code for each of them; earlier unused ones end. Refuses more than can be printed in one go."""
    rows = table.page(work.connection, _wanted(work, actor_id, asked), 0, MOST + 1)
    if not rows:
        raise Refusal("people.nobody_unbound")
    if len(rows) > MOST:
        raise Refusal("people.too_many_codes", most=MOST)
    rows = [row for row in rows if not invite.is_above(work, actor_id, row.id)]
    places: dict[int, str] = {}
    for number, name in table.places(work.connection, [row.id for row in rows]):
        places.setdefault(number, name)
    return [_card(work, actor_id, row, places.get(row.id, "")) for row in rows]


def _card(work: Work, actor_id: int, row: table.Row, unit: str) -> Card:
    made = invite.issue(work, row.employee_no, actor_id)
    return Card(row.name, unit, row.employee_no[-SHOWN_DIGITS:], made.code, made.payload, made.expires_at)
