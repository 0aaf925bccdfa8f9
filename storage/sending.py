"""Letters as whoever runs the machine sees them: by state and messenger, without a word of what they say.

Everything goes through the index from which letters leave (messenger, state, lane, next_at), whose time is that of
settling once a letter is settled. Counts stop at a bound: nobody needs the exact number of a million letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, String, and_, bindparam, func, not_, or_, select

from storage.base import UtcTime
from storage.outbox import (
    ANSWER,
    BROADCAST,
    CAPPED,
    FAILED,
    HELD,
    MUTED,
    PUSH,
    READY,
    RECALLED,
    SENDING,
    SENT,
    UNKNOWN,
    URGENT,
    letter,
)
from storage.prepared import Prepared
from storage.stretch import stretch

STATES = (READY, SENDING, SENT, UNKNOWN, FAILED, HELD, RECALLED, MUTED, CAPPED)
LANES = (ANSWER, PUSH, URGENT, BROADCAST)
SEARCHED = 2_000
"""Letters of one messenger, state and lane among which one kind is looked for at once: no index is kept for kinds."""


class Line(NamedTuple):
    """A letter in a list. `at`: when it is tried next, or was settled."""

    id: int
    messenger: str
    state: str
    kind: str
    at: datetime
    attempts: int
    note: str


class Whole(NamedTuple):
    """One letter, but for its words."""

    id: int
    messenger: str
    state: str
    kind: str
    lane: int
    recipient: str
    private: bool
    member_id: int | None
    campaign_id: int | None
    attempts: int
    unknowns: int
    created_at: datetime
    next_at: datetime
    settled_at: datetime | None
    too_late_at: datetime | None
    note: str


class Asked(NamedTuple):
    """What is listed: from `first` to before `last`; `before`: what stands on the page before ended here."""

    messengers: Sequence[str]
    states: Sequence[str]
    kind: str = ""
    first: datetime | None = None
    last: datetime | None = None
    before: tuple[datetime, int] | None = None


def messengers(connection: Connection) -> list[str]:
    """Return the messengers for which there are letters, each found by one step through the index."""
    found: list[str] = []
    query = select(func.min(letter.c.messenger))
    following = connection.scalar(query)
    while following:
        found.append(following)
        following = connection.scalar(query.where(letter.c.messenger > following))
    return found


_HERE = (
    letter.c.messenger == bindparam("messenger", type_=String),
    letter.c.state == bindparam("state", type_=String),
)
_COUNT = Prepared(
    select(func.count()).select_from(select(letter.c.id).where(*_HERE).limit(bindparam("most")).subquery())
)


def counts(connection: Connection, states: Sequence[str], most: int) -> dict[tuple[str, str], int]:
    """Return how many letters stand in each (messenger, state), as far as `most`."""
    found = {}
    for messenger in messengers(connection):
        for state in states:
            [(count,)] = _COUNT.rows(connection, {"messenger": messenger, "state": state, "most": most})
            if count:
                found[messenger, state] = int(count)
    return found


def behind(connection: Connection) -> dict[str, int]:
    """Return how many stretches of audiences are still to be written out, by messenger."""
    rows = connection.execute(
        select(stretch.c.messenger, func.count()).where(stretch.c.state == READY).group_by(stretch.c.messenger)
    )
    return {row[0]: row[1] for row in rows}


_COLUMNS: tuple[Column[object], ...] = (
    letter.c.id,
    letter.c.messenger,
    letter.c.state,
    letter.c.kind,
    letter.c.next_at,
    letter.c.attempts,
    letter.c.note,
)


def _newest_first(*, kind: bool) -> Prepared:
    mine = (*_HERE, letter.c.lane == bindparam("lane"))
    span = (
        letter.c.next_at >= bindparam("first", type_=UtcTime),
        letter.c.next_at < bindparam("last", type_=UtcTime),
        letter.c.next_at <= bindparam("from_at", type_=UtcTime),
        or_(
            letter.c.next_at < bindparam("from_at", type_=UtcTime),
            and_(letter.c.next_at == bindparam("from_at", type_=UtcTime), letter.c.id < bindparam("from_id")),
        ),
    )
    order = (letter.c.next_at.desc(), letter.c.id.desc())
    if not kind:
        return Prepared(select(*_COLUMNS).where(*mine, *span).order_by(*order).limit(bindparam("limit")))
    some = select(*_COLUMNS).where(*mine, *span).order_by(*order).limit(SEARCHED).subquery()
    narrowed = select(*some.c).where(some.c.kind == bindparam("kind", type_=String))
    return Prepared(narrowed.order_by(some.c.next_at.desc(), some.c.id.desc()).limit(bindparam("limit")))


_ANY, _OF_KIND = _newest_first(kind=False), _newest_first(kind=True)
_EARLIEST = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
_LATEST = datetime.fromisoformat("2200-01-01T00:00:00+00:00")


def listed(connection: Connection, asked: Asked, limit: int) -> list[Line]:
    """Return the newest letters, newest first. Of one kind: among the newest `SEARCHED` of each state and lane."""
    from_at, from_id = asked.before or (_LATEST, 0)
    values = {"first": asked.first or _EARLIEST, "last": asked.last or _LATEST, "limit": limit}
    values |= {"from_at": from_at, "from_id": from_id, "kind": asked.kind}
    found: list[Line] = []
    for messenger in asked.messengers:
        for state in asked.states:
            for lane in LANES:
                query = _OF_KIND if asked.kind else _ANY
                given = {**values, "messenger": messenger, "state": state, "lane": lane}
                if not asked.kind:
                    del given["kind"]
                found += [Line(*row) for row in query.rows(connection, given)]
    return sorted(found, key=lambda one: (one.at, one.id), reverse=True)[:limit]


def counted(connection: Connection, asked: Asked) -> int:
    """Return how many letters are asked for."""
    query = select(func.count()).where(letter.c.messenger.in_(asked.messengers), letter.c.state.in_(asked.states))
    if asked.kind:
        query = query.where(letter.c.kind == asked.kind)
    if asked.first is not None and asked.last is not None:
        query = query.where(letter.c.next_at >= asked.first, letter.c.next_at < asked.last)
    return connection.scalar(query) or 0


def get(connection: Connection, number: int) -> Whole | None:
    """Return one letter."""
    row = connection.execute(
        select(
            letter.c.id,
            letter.c.messenger,
            letter.c.state,
            letter.c.kind,
            letter.c.lane,
            letter.c.recipient,
            letter.c.recipient == letter.c.chat,
            letter.c.member_id,
            letter.c.campaign_id,
            letter.c.attempts,
            letter.c.unknowns,
            letter.c.created_at,
            letter.c.next_at,
            letter.c.settled_at,
            letter.c.too_late_at,
            letter.c.note,
        ).where(letter.c.id == number)
    ).first()
    return None if row is None else Whole(*row)


def ready_again(connection: Connection, number: int, now: datetime) -> bool:
    """Let a letter that failed, or of which nobody knows, leave once more; False when it does not stand so any more."""
    row = connection.execute(
        letter.update()
        .where(letter.c.id == number, letter.c.state.in_((FAILED, UNKNOWN)))
        .values(_anew(now))
        .returning(letter.c.id)
    ).first()
    return row is not None


class Failed(NamedTuple):
    """Letters that failed, until a moment: of a messenger, of a campaign, or of one campaign there."""

    messenger: str
    campaign_id: int
    until: datetime
    not_noted: str
    """Those that failed with this note are left alone."""

    def where(self) -> list[ColumnElement[bool]]:
        """Return the tests for these letters."""
        tests = [letter.c.state == FAILED, letter.c.next_at <= self.until, letter.c.note != self.not_noted]
        tests += [letter.c.messenger == self.messenger] if self.messenger else []
        return tests + ([letter.c.campaign_id == self.campaign_id] if self.campaign_id else [])


def _safe(now: datetime) -> ColumnElement[bool]:
    """Return the test for what can't arrive twice and is not too late."""
    return and_(letter.c.unknowns == 0, or_(letter.c.too_late_at.is_(None), letter.c.too_late_at > now))


def count_failed(connection: Connection, asked: Failed, now: datetime, most: int) -> tuple[int, int]:
    """Return how many of these letters can leave once more, and how many not; each as far as `most`."""

    def count(*tests: ColumnElement[bool]) -> int:
        some = select(letter.c.id).where(*asked.where(), *tests).limit(most).subquery()
        return connection.scalar(select(func.count()).select_from(some)) or 0

    return count(_safe(now)), count(not_(_safe(now)))


def all_ready_again(connection: Connection, asked: Failed, now: datetime, most: int) -> int:
    """Let those of these letters leave once more that can, at most so many; returns how many."""
    some = select(letter.c.id).where(*asked.where(), _safe(now)).order_by(letter.c.id).limit(most)
    again = letter.update().where(letter.c.state == FAILED, letter.c.id.in_(some)).values(_anew(now))
    return connection.execute(again).rowcount


def _anew(now: datetime) -> dict[str, Any]:
    # Whoever may still have tried it has nothing to say any more; a call to many is not repeated for one.
    return {
        "state": READY,
        "next_at": now,
        "settled_at": None,
        "attempts": 0,
        "note": "",
        "lease_until": None,
        "call": None,
        "claims": letter.c.claims + 1,
    }


def give_up(connection: Connection, number: int, now: datetime, why: str) -> bool:
    """Let a letter that waits never leave; False when it does not wait any more."""
    row = connection.execute(
        letter.update()
        .where(letter.c.id == number, letter.c.state.in_((READY, HELD)))
        .values(state=FAILED, note=why, settled_at=now, next_at=now, claims=letter.c.claims + 1)
        .returning(letter.c.id)
    ).first()
    return row is not None


_EDGE = {
    newest: Prepared(
        select(func.max(letter.c.next_at) if newest else func.min(letter.c.next_at)).where(
            *_HERE, letter.c.lane == bindparam("lane")
        )
    )
    for newest in (True, False)
}


def _edges(connection: Connection, messenger: str, state: str, *, newest: bool) -> list[datetime]:
    values = {"messenger": messenger, "state": state}
    found = [_EDGE[newest].first(connection, {**values, "lane": lane}) for lane in LANES]
    return [row[0] for row in found if row is not None and row[0] is not None]


def last_sent(connection: Connection, messenger: str) -> datetime | None:
    """Return when something left for this messenger last."""
    return max(_edges(connection, messenger, SENT, newest=True), default=None)


def longest_due(connection: Connection, messenger: str) -> datetime | None:
    """Return since when the letter waits that should have left first."""
    return min(_edges(connection, messenger, READY, newest=False), default=None)
