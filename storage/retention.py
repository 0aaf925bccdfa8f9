"""What is old enough to go, a bounded number of rows at a time. What is not settled stays, however old it is.

No index is kept for this. Ids grow with time, so that where the young updates begin is found by halving; letters are
found by the index from which they leave, whose time is that of settling once a letter is settled. The newest
update, letter and occurrence always stay: SQLite would give their ids again, and browsers remember how far they read.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Table, and_, bindparam, false, func, or_, select

from storage import sending
from storage.announcement import announcement
from storage.inbox import DEAD, DONE, FAILED, IGNORED, inbox
from storage.outbox import (
    ANSWER,
    BROADCAST,
    CAPPED,
    HELD,
    MUTED,
    PUSH,
    READY,
    RECALLED,
    SENT,
    UNKNOWN,
    URGENT,
    campaign,
    letter,
)
from storage.outbox import FAILED as UNSENT
from storage.schedule import occurrence
from storage.stretch import stretch

_SETTLED = (SENT, UNKNOWN, UNSENT, RECALLED, MUTED, CAPPED)


def updates(connection: Connection, heard: datetime, mistakes: datetime | None, most: int) -> int:
    """Forget updates received before `heard`, and before `mistakes` those that nobody could read or serve."""
    old = and_(inbox.c.state.in_((DONE, IGNORED)), inbox.c.received_at < heard)
    wrong = and_(inbox.c.state.in_((DEAD, FAILED)), inbox.c.received_at < mistakes) if mistakes else false()
    first = (
        select(inbox.c.id)
        .where(inbox.c.id < _young(connection, inbox.c.id, inbox.c.received_at, heard), or_(old, wrong))
        .order_by(inbox.c.id)
        .limit(most)
    )
    return connection.execute(inbox.delete().where(inbox.c.id.in_(first))).rowcount


def _young(connection: Connection, ids: Column[int], at: Column[datetime], moment: datetime) -> int:
    """Return the id at which rows begin that are not older than this moment; at most the newest row's."""
    low: int = connection.scalar(select(func.min(ids))) or 0
    high: int = connection.scalar(select(func.max(ids))) or 0
    while low < high:
        middle = (low + high) // 2
        found, when = connection.execute(select(ids, at).where(ids >= middle).order_by(ids).limit(1)).one()
        if when < moment:
            low = min(found + 1, high)
        else:
            high = middle
    return low


def letters(connection: Connection, before: datetime, most: int) -> int:
    """Forget answers and personal pushes that were settled before then, and the text of a push with its last letter."""
    gone = _forget(connection, PERSONAL, before, most)
    emptied = _empty(connection, sorted({number for number, _ in gone if number is not None}))
    _count(connection, (one for one in gone if one[0] not in emptied))
    return len(gone)


def campaigns(connection: Connection, before: datetime, most: int) -> int:
    """Forget letters of what went to many that were settled before then; how many in which state stays.

    Who has one can't be told any more, so nobody gets one any more by himself: whoever is left waits.
    """
    gone = _forget(connection, MANY, before, most)
    _count(connection, gone)
    touched = sorted({number for number, _ in gone if number is not None})
    if touched:
        connection.execute(
            stretch.update().where(stretch.c.campaign_id.in_(touched), stretch.c.state == READY).values(state=HELD)
        )
    return len(gone)


def occurrences(connection: Connection, before: datetime, most: int) -> int:
    """Forget what the clock did before then."""
    first = select(occurrence.c.id).where(occurrence.c.id < _newest(occurrence)).order_by(occurrence.c.id).limit(most)
    query = occurrence.delete().where(occurrence.c.id.in_(first), occurrence.c.handled_at < before)
    return connection.execute(query).rowcount


def _newest(table: Table) -> Any:  # noqa: ANN401 - an SQL expression
    return select(func.max(table.c.id)).scalar_subquery()


def old_letters(connection: Connection, lanes: Sequence[int], before: datetime, most: int) -> int:
    """Return how many letters of these lanes go by this moment, as far as `most`."""
    count = 0
    for messenger, lane, state in itertools.product(sending.messengers(connection), lanes, _SETTLED):
        old = (
            select(letter.c.id)
            .where(
                letter.c.messenger == messenger,
                letter.c.state == state,
                letter.c.lane == lane,
                letter.c.next_at < before,
            )
            .limit(most - count)
            .subquery()
        )
        count += connection.scalar(select(func.count()).select_from(old)) or 0
        if count >= most:
            break
    return count


def old_updates(connection: Connection, heard: datetime, most: int) -> int:
    """Return how many updates go by this moment, as far as `most`."""
    old = (
        select(inbox.c.id)
        .where(
            inbox.c.id < _young(connection, inbox.c.id, inbox.c.received_at, heard), inbox.c.state.in_((DONE, IGNORED))
        )
        .limit(most)
        .subquery()
    )
    return connection.scalar(select(func.count()).select_from(old)) or 0


PERSONAL, MANY = (ANSWER, PUSH), (URGENT, BROADCAST)
"""Lanes of what is about one person, and of what goes to many."""


def _forget(connection: Connection, lanes: Sequence[int], before: datetime, most: int) -> list[tuple[int | None, str]]:
    """Forget settled letters of these lanes; returns (campaign, state) of each."""
    gone: list[tuple[int | None, str]] = []
    for messenger, lane, state in itertools.product(sending.messengers(connection), lanes, _SETTLED):
        first = (
            select(letter.c.id)
            .where(
                letter.c.messenger == messenger,
                letter.c.state == state,
                letter.c.lane == lane,
                letter.c.next_at < before,
                letter.c.settled_at < before,
                letter.c.id < _newest(letter),
            )
            .order_by(letter.c.next_at)
            .limit(most - len(gone))
        )
        rows = connection.execute(letter.delete().where(letter.c.id.in_(first)).returning(letter.c.campaign_id))
        gone += [(number, state) for number in rows.scalars()]
        if len(gone) >= most:
            break
    return gone


def _empty(connection: Connection, numbers: Sequence[int]) -> set[int]:
    """Forget those of these campaigns that have nothing left and that nobody refers to; returns them."""
    if not numbers:
        return set()
    left = [
        select(table.c.campaign_id).where(table.c.campaign_id == campaign.c.id).exists()
        for table in (letter, stretch, announcement)
    ]
    rows = connection.scalars(campaign.delete().where(campaign.c.id.in_(numbers), ~or_(*left)).returning(campaign.c.id))
    return set(rows)


def _count(connection: Connection, gone: Iterable[tuple[int | None, str]]) -> None:
    """Add letters that are no longer kept to what their campaigns came to."""
    added: dict[int, Counter[str]] = defaultdict(Counter)
    for number, state in gone:
        if number is not None:
            added[number][state] += 1
    if not added:
        return
    rows = connection.execute(select(campaign.c.id, campaign.c.gone).where(campaign.c.id.in_(list(added))))
    sums = [{"number": row[0], "sum": json.dumps(added[row[0]] + Counter(json.loads(row[1])))} for row in rows]
    connection.execute(
        campaign.update().where(campaign.c.id == bindparam("number")).values(gone=bindparam("sum")), sums
    )
