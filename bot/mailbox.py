"""What an open page shows of the past: a person's newest letters with what they said themselves, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from domain.codec import decode_reply
from messengers.base import MailboxItem, Outgoing, Raw
from storage import inbox, outbox


def newest(connection: Connection, messenger: str, user: str, after: int, limit: int) -> list[MailboxItem]:
    """Return a person's newest letters and own raw updates, oldest first."""
    letters = outbox.sent_to(connection, messenger, user, after, limit)
    since = letters[0][0] if after and letters else None
    own = [] if after and not letters else inbox.said_by(connection, messenger, user, since, limit)
    items = [
        (at, 1, MailboxItem(at.isoformat(), letter=Outgoing(number, user, chat, decode_reply(payload), edits)))
        for at, number, chat, edits, payload in letters
    ]
    items += [(at, 0, MailboxItem(at.isoformat(), raw=Raw(key, body))) for at, key, body in own]
    return [item for _, _, item in sorted(items, key=lambda entry: entry[:2])]


def news(connection: Connection, messenger: str, users: Sequence[str], since: datetime) -> list[tuple[str, Outgoing]]:
    """Return (sent at, letter) of what left for these users since then, whichever process sent it."""
    return [
        (at.isoformat(), Outgoing(number, user, chat, decode_reply(payload), edits))
        for at, number, user, chat, edits, payload in outbox.left_since(connection, messenger, users, since)
    ]
