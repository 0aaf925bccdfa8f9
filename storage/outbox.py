"""Letters: everything that leaves, written in the same transaction as the deed that caused it.

A broadcast's text is stored once, in `campaign`; its letters carry no text of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

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
    false,
    func,
    or_,
    select,
    true,
    type_coerce,
)

from domain.member import NOTICE_VERSION
from storage.address import address
from storage.base import Id, UtcTime, id_column, metadata
from storage.member import member
from storage.preference import preference
from storage.prepared import Prepared

READY, SENDING, SENT, UNKNOWN, FAILED, HELD, RECALLED = (
    "ready",
    "sending",
    "sent",
    "unknown",
    "failed",
    "held",
    "recalled",
)
"""held: its campaign is paused. unknown: it left, and nobody knows whether it arrived."""
ANSWER, PUSH, BROADCAST = 0, 1, 2
"""Lanes, in the order in which they leave."""

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
)

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
    Column("edits", String(128), nullable=True),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("parts_done", Integer, nullable=False, server_default="0"),
    Column("created_at", UtcTime, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("too_late_at", UtcTime, nullable=True),
    Column("lease_until", UtcTime, nullable=True),
    Column("settled_at", UtcTime, nullable=True),
    Column("message", String(128), nullable=False, server_default=""),
    Column("note", String(400), nullable=False, server_default=""),
    UniqueConstraint("campaign_id", "member_id"),
    Index("ix_letter_messenger_state_lane_next_at", "messenger", "state", "lane", "next_at"),
    Index("ix_letter_messenger_recipient_id", "messenger", "recipient", "id"),
    Index("ix_letter_member_id_created_at", "member_id", "created_at"),
)

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
)
_VALUES: dict[str, Any] = {name: bindparam(name) for name in _GIVEN}
_WRITE = Prepared(letter.insert().values(_VALUES).returning(letter.c.id))
_SETTLE = Prepared(
    letter.update()
    .where(letter.c.id == bindparam("row"))
    .values(
        state=bindparam("to"),
        message=bindparam("as_message"),
        note=bindparam("why"),
        settled_at=bindparam("at"),
        next_at=bindparam("again_at"),
        parts_done=bindparam("parts"),
        lease_until=None,
    )
)


class Claimed(NamedTuple):
    """A letter that this process may send until its lease ends."""

    id: int
    recipient: str
    chat: str
    kind: str
    must_arrive: bool
    attempts: int
    parts_done: int
    edits: str | None
    payload: str
    too_late_at: datetime | None
    lane: int


def write(connection: Connection, values: dict[str, Any]) -> int:
    """Write one letter, all of `_GIVEN` said; returns its id."""
    [(number,)] = _WRITE.rows(connection, values)
    return int(number)


def write_many(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write letters of one campaign; a person who has one already gets no second."""
    if rows:
        connection.execute(letter.insert(), rows)


def _payload() -> Any:  # noqa: ANN401 - an SQL expression
    return case(
        (letter.c.campaign_id.is_(None), letter.c.payload),
        (letter.c.language == "en", campaign.c.payload_en),
        else_=campaign.c.payload_zh,
    )


def _unwanted() -> Any:  # noqa: ANN401 - an SQL expression
    """Pick a push whose account is its member's no more, or whose member left, took consent back or muted it."""
    theirs = (
        select(address.c.id)
        .join(member, member.c.id == address.c.member_id)
        .where(
            address.c.messenger == letter.c.messenger,
            address.c.account == letter.c.recipient,
            address.c.member_id == letter.c.member_id,
            member.c.left_at.is_(None),
            member.c.consent >= NOTICE_VERSION,
        )
        .exists()
    )
    muted = (
        select(preference.c.kind)
        .where(
            preference.c.member_id == letter.c.member_id,
            preference.c.kind == letter.c.kind,
            preference.c.wanted.is_(false()),
        )
        .exists()
    )
    return or_(~theirs, muted)


_STALE = select(letter.c.id).where(
    letter.c.id.in_(bindparam("ids", expanding=True)), letter.c.member_id.is_not(None), _unwanted()
)


def claim(connection: Connection, messenger: str, now: datetime, lease: timedelta, limit: int) -> list[Claimed]:
    """Take letters that are due: answers before pushes before broadcasts, and never two of one chat out of order.

    A letter whose lease has run out (its process died) is taken again.
    """
    due = and_(
        letter.c.messenger == messenger,
        or_(
            and_(letter.c.state == READY, letter.c.next_at <= now),
            and_(letter.c.state == SENDING, letter.c.lease_until < now),
        ),
    )
    wanted = select(letter.c.id).where(due).order_by(letter.c.lane, letter.c.id).limit(limit)
    if connection.dialect.name == "postgresql":
        wanted = wanted.with_for_update(skip_locked=True)
    ids = [row[0] for row in connection.execute(wanted)]
    if not ids:
        return []
    stale = set(connection.scalars(_STALE, {"ids": ids}))
    if stale:
        connection.execute(
            letter.update()
            .where(letter.c.id.in_(stale))
            .values(state=FAILED, note="no longer wanted", settled_at=now, lease_until=None)
        )
        ids = [number for number in ids if number not in stale]
        if not ids:
            return claim(connection, messenger, now, lease, limit)
    connection.execute(
        letter.update()
        .where(letter.c.id.in_(ids))
        .values(state=SENDING, lease_until=now + lease, attempts=letter.c.attempts + 1)
    )
    return _claimed(connection, ids)


def _claimed(connection: Connection, ids: Sequence[int]) -> list[Claimed]:
    rows = connection.execute(
        select(
            letter.c.id,
            letter.c.recipient,
            letter.c.chat,
            letter.c.kind,
            letter.c.must_arrive,
            letter.c.attempts,
            letter.c.parts_done,
            letter.c.edits,
            _payload(),
            letter.c.too_late_at,
            letter.c.lane,
        )
        .select_from(letter.outerjoin(campaign))
        .where(letter.c.id.in_(ids))
        .order_by(letter.c.lane, letter.c.id)
    )
    return [Claimed(*row) for row in rows]


def settle(
    connection: Connection,
    row: int,
    state: str,
    now: datetime,
    *,
    message: str = "",
    note: str = "",
    again_at: datetime | None = None,
    parts_done: int = 0,
) -> None:
    """Say what became of a letter; `again_at` with state ready means: try again then."""
    _SETTLE.rows(
        connection,
        {
            "row": row,
            "to": state,
            "as_message": message,
            "why": note[:400],
            "at": now,
            "again_at": again_at or now,
            "parts": parts_done,
        },
    )


def next_due(connection: Connection, messenger: str) -> datetime | None:
    """Return when the next letter of this messenger may leave (or a lease ends)."""
    found: datetime | None = connection.scalar(
        select(
            type_coerce(
                func.min(case((letter.c.state == SENDING, letter.c.lease_until), else_=letter.c.next_at)), UtcTime
            )
        ).where(letter.c.messenger == messenger, letter.c.state.in_((READY, SENDING)))
    )
    return found


def sent_to(
    connection: Connection, messenger: str, recipient: str, after: int, limit: int
) -> Sequence[tuple[datetime, int, str, str | None, str]]:
    """Return (created at, id, chat, edits, payload) of a person's newest letters that have left, oldest first."""
    rows = connection.execute(
        select(letter.c.created_at, letter.c.id, letter.c.chat, letter.c.edits, _payload())
        .select_from(letter.outerjoin(campaign))
        .where(
            letter.c.messenger == messenger,
            letter.c.recipient == recipient,
            letter.c.id > after,
            letter.c.state.in_((SENT, UNKNOWN)),
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
        select(letter.c.settled_at, letter.c.id, letter.c.recipient, letter.c.chat, letter.c.edits, _payload())
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


def pushes_between(connection: Connection, members: Iterable[int], first: datetime, last: datetime) -> dict[int, int]:
    """Return how many pushes leave for each of these people from `first` till before `last`; who has none is absent."""
    rows = connection.execute(
        select(letter.c.member_id, func.count())
        .where(
            letter.c.member_id.in_(list(members)),
            letter.c.lane != ANSWER,
            letter.c.next_at >= first,
            letter.c.next_at < last,
            letter.c.state.in_((READY, SENDING, SENT, UNKNOWN, HELD)),
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


def newest(connection: Connection, messenger: str, recipient: str) -> str:
    """Return the payload of the newest letter to somebody that has left; empty when there is none."""
    row = connection.execute(
        select(_payload())
        .select_from(letter.outerjoin(campaign))
        .where(letter.c.messenger == messenger, letter.c.recipient == recipient, letter.c.state == SENT)
        .order_by(letter.c.id.desc())
        .limit(1)
    ).first()
    return str(row[0]) if row else ""


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
            letter.c.state == READY,
        )
        .values(payload=payload)
        .returning(letter.c.id)
    ).first()
    return row is not None


def settle_past(connection: Connection, now: datetime, campaign_id: int | None = None) -> None:
    """Take what was written about the past as sent in its time, all or one campaign: for a made-up history alone."""
    ours = letter.c.campaign_id == campaign_id if campaign_id is not None else true()
    connection.execute(
        letter.update()
        .where(letter.c.state == READY, letter.c.created_at < now, ours)
        .values(state=SENT, settled_at=letter.c.created_at, message=letter.c.id.cast(String))
    )
