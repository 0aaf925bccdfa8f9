"""Links in letters: what the letter said and to whom, and which links have been opened: each opens once."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Column, Connection, Table, select

from storage import outbox
from storage.base import Id, UtcTime, insert_new, metadata
from storage.outbox import ANSWER, campaign, letter

sign_in = Table(
    "sign_in",
    metadata,
    # No foreign key: the letter may go before this does, and the other way round.
    Column("letter_id", Id, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False, index=True),
)


def used(connection: Connection, number: int) -> bool:
    """Answer whether the link in a letter has been opened."""
    return connection.scalar(select(sign_in.c.letter_id).where(sign_in.c.letter_id == number)) is not None


def use(connection: Connection, number: int, now: datetime) -> bool:
    """Use the link in a letter up; of many at once one gets True."""
    new = insert_new(connection, sign_in).values(letter_id=number, at=now).returning(sign_in.c.letter_id)
    return connection.execute(new).first() is not None


def forget(connection: Connection, before: datetime) -> None:
    """Forget links opened before that moment; they are too old to open anything anyway."""
    connection.execute(sign_in.delete().where(sign_in.c.at < before))


class Found(NamedTuple):
    """A letter, whatever became of it."""

    messenger: str
    recipient: str
    chat: str
    member_id: int | None
    created_at: datetime
    settled_at: datetime | None
    payload: str
    reads: str
    """The language it is written in; empty: whoever got it knows."""


def find(connection: Connection, number: int) -> Found | None:
    """Return a letter with its words."""
    row = connection.execute(
        select(
            letter.c.messenger,
            letter.c.recipient,
            letter.c.chat,
            letter.c.member_id,
            letter.c.created_at,
            letter.c.settled_at,
            outbox.payload(),
            letter.c.language,
        )
        .select_from(letter.outerjoin(campaign))
        .where(letter.c.id == number)
    ).first()
    return None if row is None else Found(*row)


def newest_answer(connection: Connection, messenger: str, recipient: str) -> int:
    """Return the newest answer to somebody, sent or not; 0 when there is none."""
    query = select(letter.c.id).where(
        letter.c.messenger == messenger, letter.c.recipient == recipient, letter.c.lane == ANSWER
    )
    return connection.scalar(query.order_by(letter.c.id.desc()).limit(1)) or 0
