"""Letters: everything that leaves, written in the same transaction as the deed that caused it.

A broadcast's text is stored once, in `campaign`; its letters carry no text of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from domain.push import KINDS
from storage.base import Id, UtcTime, id_column, insert_new, metadata
from storage.prepared import Prepared

READY, SENDING, SENT, UNKNOWN, FAILED, HELD, RECALLED, MUTED, CAPPED = (
    "ready",
    "sending",
    "sent",
    "unknown",
    "failed",
    "held",
    "recalled",
    "muted",
    "capped",
)
"""held: its campaign is paused. unknown: it left, and nobody knows whether it arrived. muted, capped: written, and then
its reader switched the kind off, or had had the day's pushes, before it could leave."""
ANSWER_KIND, LIVE, REDRAWING = "answer", "live", "redrawing"
"""Kinds of letters that are no pushes: an answer, a newer drawing of a card, one that takes back what many have."""
LATELY = 20
"""Letters to one person among which the one that left last is found: they need not leave in their order."""
ANSWER, PUSH, URGENT, BROADCAST = 0, 1, 2, 3
"""Lanes, in the order in which they leave."""

MESSAGE = String(512).with_variant(String(128), "sqlite")
"""A messenger's name for a message. SQLite keeps no lengths: widening it would copy the largest table."""

campaign = Table(
    "campaign",
    metadata,
    id_column(),
    Column("kind", String(32), nullable=False),
    Column("subject", String(64), nullable=False, server_default=""),
    Column("payload_zh", Text, nullable=False),
    Column("payload_en", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("state", String(8), nullable=False),
    Column("path", String(400), nullable=True),
    Column("standings", String(200), nullable=False, server_default=""),
    Column("highest", Id, nullable=False, server_default="0"),
    Column("active_at", UtcTime, nullable=True),
    Column("people", Integer, nullable=True),
    Column("unbound", Integer, nullable=False, server_default="0"),
    Column("closed", Integer, nullable=False, server_default="0"),
    Column("muted", Integer, nullable=False, server_default="0"),
    Column("capped", Integer, nullable=False, server_default="0"),
    Column("gone", Text, nullable=False, server_default="{}"),
)
"""path, standings, highest: whom it is for, when those are too many to be written down (`storage/stretch.py`).
people: how many, None until counted. unbound, closed, muted, capped: how many of them got no letter, and why.
gone: how many letters are no longer kept, by state, as JSON (`storage/retention.py`)."""

letter = Table(
    "letter",
    metadata,
    id_column(),
    Column("messenger", String(32), nullable=False),
    Column("recipient", String(128), nullable=False),
    Column("chat", String(128), nullable=False),
    Column("member_id", Id, ForeignKey("member.id"), nullable=True),
    Column("lane", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("must_arrive", Integer, nullable=False, server_default="0"),
    Column("campaign_id", Id, ForeignKey("campaign.id"), nullable=True),
    Column("language", String(8), nullable=False, server_default="zh"),
    Column("payload", Text, nullable=False, server_default=""),
    Column("edits", MESSAGE, nullable=True),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("parts_done", Integer, nullable=False, server_default="0"),
    Column("created_at", UtcTime, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("too_late_at", UtcTime, nullable=True),
    Column("lease_until", UtcTime, nullable=True),
    Column("settled_at", UtcTime, nullable=True),
    Column("message", MESSAGE, nullable=False, server_default=""),
    Column("note", String(400), nullable=False, server_default=""),
    Column("claims", Integer, nullable=False, server_default="0"),
    Column("unknowns", Integer, nullable=False, server_default="0"),
    Column("call", Id, nullable=True),
    UniqueConstraint("campaign_id", "member_id"),
    Index("ix_letter_messenger_state_lane_next_at", "messenger", "state", "lane", "next_at"),
    Index("ix_letter_messenger_recipient_id", "messenger", "recipient", "id"),
    Index(
        "ix_letter_messenger_recipient_edits",
        "messenger",
        "recipient",
        "edits",
        sqlite_where=text("edits IS NOT NULL AND state = 'ready'"),
        postgresql_where=text("edits IS NOT NULL AND state = 'ready'"),
    ),
    Index(
        "ix_letter_member_id_created_at",
        "member_id",
        "created_at",
        sqlite_where=text("member_id IS NOT NULL"),
        postgresql_where=text("member_id IS NOT NULL"),
    ),
    Index(
        "ix_letter_campaign_id_state",
        "campaign_id",
        "state",
        sqlite_where=text("campaign_id IS NOT NULL"),
        postgresql_where=text("campaign_id IS NOT NULL"),
    ),
    Index(
        "ix_letter_unknown_campaign_id",
        "campaign_id",
        sqlite_where=text("unknowns > 0"),
        postgresql_where=text("unknowns > 0"),
    ),
)
"""attempts: tries that count against it. claims: how often it was claimed; whoever says what became of it names his, so
that nobody speaks who has lost it. unknowns: tries after which nobody knew whether it had arrived. call: the first
letter of the call to many that it was sent in, where such a call has to be repeated whole."""

_GIVEN = (
    "messenger",
    "recipient",
    "chat",
    "member_id",
    "lane",
    "kind",
    "must_arrive",
    "language",
    "payload",
    "edits",
    "state",
    "created_at",
    "next_at",
    "lease_until",
    "attempts",
)
_VALUES: dict[str, Any] = {name: bindparam(name) for name in _GIVEN}
_WRITE = Prepared(letter.insert().values(_VALUES).returning(letter.c.id))


def write(connection: Connection, values: dict[str, Any]) -> int:
    """Write one letter, all of `_GIVEN` said; returns its id."""
    [(number,)] = _WRITE.rows(connection, values)
    return int(number)


def write_many(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write letters of one campaign; a person who has one already gets no second."""
    if rows:
        connection.execute(letter.insert(), rows)


_PERSONAL = (*_GIVEN, "campaign_id", "too_late_at")
_WRITE_NEW = Prepared(
    {
        name: insert(letter)
        .values({column: bindparam(column) for column in _PERSONAL})
        .on_conflict_do_nothing()
        .returning(letter.c.id)
        for name, insert in (("sqlite", sqlite_insert), ("postgresql", postgres_insert))
    }
)


def write_new(connection: Connection, rows: Sequence[dict[str, Any]]) -> dict[int, int]:
    """Write letters of one campaign, all of `_PERSONAL` said; returns their ids by member.

    Whoever has a letter of it already gets no second, and is not among them.
    """
    if connection.dialect.name == "sqlite":
        written = [(row["member_id"], _WRITE_NEW.first(connection, row)) for row in rows]
        return {person: found[0] for person, found in written if found is not None}
    if not rows:
        return {}
    new = insert_new(connection, letter).returning(letter.c.member_id, letter.c.id)
    return {row[0]: row[1] for row in connection.execute(new, list(rows))}


def payload() -> Any:  # noqa: ANN401 - an SQL expression
    """Return what a letter says: its own words, or its campaign's in its reader's language."""
    return case(
        (letter.c.campaign_id.is_(None), letter.c.payload),
        (letter.c.language == "en", campaign.c.payload_en),
        else_=campaign.c.payload_zh,
    )


def sent_to(
    connection: Connection, messenger: str, recipient: str, after: int, limit: int
) -> Sequence[tuple[datetime, int, str, str | None, str]]:
    """Return (created at, id, chat, edits, payload) of a person's newest letters that have left, oldest first.

    What is just leaving is among them: it may be out, and only not written down yet.
    """
    rows = connection.execute(
        select(letter.c.created_at, letter.c.id, letter.c.chat, letter.c.edits, payload())
        .select_from(letter.outerjoin(campaign))
        .where(
            letter.c.messenger == messenger,
            letter.c.recipient == recipient,
            letter.c.id > after,
            letter.c.state.in_((SENDING, SENT, UNKNOWN)),
        )
        .order_by(letter.c.id.desc())
        .limit(limit)
    )
    return [tuple(row) for row in rows][::-1]


def left_since(
    connection: Connection, messenger: str, recipients: Sequence[str], since: datetime
) -> list[tuple[datetime, int, str, str, str | None, str]]:
    """Return (settled at, id, recipient, chat, edits, payload) of what left for these people since then."""
    rows = connection.execute(
        select(letter.c.settled_at, letter.c.id, letter.c.recipient, letter.c.chat, letter.c.edits, payload())
        .select_from(letter.outerjoin(campaign))
        .where(
            letter.c.messenger == messenger,
            letter.c.recipient.in_(recipients),
            letter.c.state == SENT,
            letter.c.settled_at >= since,
        )
        .order_by(letter.c.id)
    )
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


def left_lately(
    connection: Connection, messenger: str, now: datetime, seconds: float, most: int = 50_000
) -> list[tuple[str, float]]:
    """Return (chat, seconds ago), oldest first, of what left in the last seconds, as far as the newest letters tell."""
    newest = connection.scalar(select(func.max(letter.c.id))) or 0
    rows = connection.execute(
        select(letter.c.chat, letter.c.settled_at)
        .where(
            letter.c.id > newest - most,
            letter.c.messenger == messenger,
            letter.c.state.in_((SENT, UNKNOWN)),
            letter.c.settled_at > now - timedelta(seconds=seconds),
        )
        .order_by(letter.c.settled_at)
    )
    return [(row[0], max(0.0, (now - row[1]).total_seconds())) for row in rows]


COUNTED = tuple(kind.name for kind in KINDS.values() if kind.budgeted or not kind.personal)
"""Kinds that use up the day's budget: one's own matters (an answer to a request, a duty) do not."""


def pushes_between(connection: Connection, members: Iterable[int], first: datetime, last: datetime) -> dict[int, int]:
    """Return how many pushes that use up the budget leave for each of these people, first <= moment < last."""
    rows = connection.execute(
        select(letter.c.member_id, func.count())
        .where(
            letter.c.member_id.in_(list(members)),
            letter.c.kind.in_(COUNTED),
            letter.c.next_at >= first,
            letter.c.next_at < last,
            letter.c.state.in_((READY, SENDING, SENT, UNKNOWN, HELD)),
        )
        .group_by(letter.c.member_id)
    )
    return {row[0]: row[1] for row in rows}


def pushed_since(connection: Connection, members: Iterable[int], since: datetime) -> dict[int, int]:
    """Return how many of these have left (or are leaving) for each of these people since then."""
    rows = connection.execute(
        select(letter.c.member_id, func.count())
        .where(
            letter.c.member_id.in_(list(members)),
            letter.c.kind.in_(COUNTED),
            or_(letter.c.state == SENDING, and_(letter.c.state.in_((SENT, UNKNOWN)), letter.c.settled_at >= since)),
        )
        .group_by(letter.c.member_id)
    )
    return {row[0]: row[1] for row in rows}


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """Return how many letters stand in each (messenger, state)."""
    rows = connection.execute(
        select(letter.c.messenger, letter.c.state, func.count()).group_by(letter.c.messenger, letter.c.state)
    )
    return {(messenger, state): count for messenger, state, count in rows}


def unanswered(connection: Connection, campaign_id: int | None = None) -> int:
    """Count the tries after which nobody knew whether they had arrived, of one campaign or of all letters."""
    ours = letter.c.campaign_id == campaign_id if campaign_id is not None else true()
    return connection.scalar(select(func.sum(letter.c.unknowns)).where(text("unknowns > 0"), ours)) or 0


def newest(connection: Connection, messenger: str, recipient: str) -> tuple[int, str] | None:
    """Return (id, payload) of what left for somebody last, or may have arrived last; None when nothing did."""
    rows = connection.execute(
        select(letter.c.id, payload(), letter.c.settled_at)
        .select_from(letter.outerjoin(campaign))
        .where(
            letter.c.messenger == messenger,
            letter.c.recipient == recipient,
            letter.c.state.in_((SENT, UNKNOWN)),
            letter.c.kind.not_in((LIVE, REDRAWING)),
        )
        .order_by(letter.c.id.desc())
        .limit(LATELY)
    ).all()
    row = max(rows, key=lambda one: (one[2], one[0]), default=None)
    return (row[0], row[1]) if row else None


def message_of(connection: Connection, number: int) -> str:
    """Return the messenger's name for the message that a letter became; empty until it is delivered."""
    return connection.scalar(select(letter.c.message).where(letter.c.id == number)) or ""


def replace_drawing(connection: Connection, messenger: str, recipient: str, message: str, payload: str) -> bool:
    """Put a newer drawing of a card in the place of one that waits to leave; False when none waits."""
    row = connection.execute(
        letter.update()
        .where(
            letter.c.messenger == messenger,
            letter.c.recipient == recipient,
            letter.c.edits == message,
            # In so many words, so that the index over what waits fits.
            text("letter.state = 'ready'"),
        )
        # Whoever may still have sent the older one has nothing to say about the newer.
        .values(payload=payload, claims=letter.c.claims + 1)
        .returning(letter.c.id)
    ).first()
    return row is not None


def free_handed(connection: Connection, messenger: str, recipient: str, now: datetime) -> None:
    """Let go of answers that were handed over as they were written, and whose handing over was lost with a commit's."""
    connection.execute(
        letter.update()
        .where(
            letter.c.messenger == messenger,
            letter.c.recipient == recipient,
            letter.c.state == SENDING,
            letter.c.lane == ANSWER,
            letter.c.claims == 0,
        )
        .values(state=READY, next_at=now, lease_until=None)
    )


def write_drawings(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write redrawings of what many have, all of `_GIVEN` said: they leave behind everything else."""
    if rows:
        connection.execute(letter.insert(), rows)


def drawings_waiting(connection: Connection, most: int) -> int:
    """Return how many such redrawings have not left, as far as `most`."""
    waiting = select(letter.c.id).where(letter.c.edits.is_not(None), text("letter.state = 'ready'")).limit(most)
    return connection.scalar(select(func.count()).select_from(waiting.subquery())) or 0


def settle_past(connection: Connection, now: datetime, campaign_id: int | None = None) -> None:
    """Take what was written about the past as sent in its time, all or one campaign: for a made-up history alone."""
    ours = letter.c.campaign_id == campaign_id if campaign_id is not None else true()
    connection.execute(
        letter.update()
        .where(letter.c.state == READY, letter.c.created_at < now, ours)
        .values(state=SENT, settled_at=letter.c.created_at, message=letter.c.id.cast(String))
    )
