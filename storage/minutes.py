"""What a meeting says and decides: agenda items with their votes, points of the minutes, corrections, addenda."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Integer, String, Table, Text, func, select

from domain.meeting import MeetingState
from domain.minutes import Addendum, Correction, CorrectionState, Item, Point
from storage.base import Id, UtcTime, id_column, metadata
from storage.meeting import meeting
from storage.member import member

item = Table(
    "agenda_item",
    metadata,
    id_column(),
    Column("meeting_id", Id, ForeignKey("meeting.id"), nullable=False, index=True),
    Column("place", Integer, nullable=False),
    Column("title", String(200), nullable=False),
    Column("basis", String(16), nullable=False, server_default=""),
    Column("decision", Text, nullable=False, server_default=""),
    Column("yes", Integer, nullable=True),
    Column("no", Integer, nullable=True),
    Column("abstain", Integer, nullable=True),
    Column("issued", Integer, nullable=True),
    Column("returned", Integer, nullable=True),
    Column("invalid", Integer, nullable=True),
    Column("should", Integer, nullable=True),
    Column("present", Integer, nullable=True),
    Column("outcome", String(16), nullable=False, server_default=""),
    Column("decided_at", UtcTime, nullable=True),
    Column("decided_by", Id, ForeignKey("member.id"), nullable=True),
)
"""`basis`: `""` nothing to vote, `branch`, `committee`, `admission`, `election` (facts of the vote: `domain/vote.py`);
`should` and `present` are the counts with a vote when it was recorded."""

point = Table(
    "minutes_point",
    metadata,
    id_column(),
    Column("meeting_id", Id, ForeignKey("meeting.id"), nullable=False, index=True),
    Column("item_id", Id, nullable=True),
    Column("text", Text, nullable=False),
    Column("by_member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
)

correction = Table(
    "minutes_correction",
    metadata,
    id_column(),
    Column("meeting_id", Id, ForeignKey("meeting.id"), nullable=False, index=True),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("point_id", Id, nullable=True),
    Column("old", Text, nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("settled_at", UtcTime, nullable=True),
)
"""`state`: `agreed` (无误), `open`, `taken`, `declined`; `old` is the point as it stood when the wish came."""

addendum = Table(
    "minutes_addendum",
    metadata,
    id_column(),
    Column("meeting_id", Id, ForeignKey("meeting.id"), nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("by_member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
)


_ITEM = (
    item.c.id, item.c.meeting_id, item.c.place, item.c.title, item.c.basis, item.c.decision, item.c.yes, item.c.no,
    item.c.abstain, item.c.issued, item.c.returned, item.c.invalid, item.c.should, item.c.present, item.c.outcome,
)  # fmt: skip


def add_item(connection: Connection, meeting_id: int, title: str, basis: str = "") -> int:
    """Put an item at the end of the agenda; returns its id."""
    last = connection.scalar(select(func.max(item.c.place)).where(item.c.meeting_id == meeting_id)) or 0
    row = connection.execute(
        item.insert()
        .values(meeting_id=meeting_id, place=last + 1, title=title, basis=basis, decision="", outcome="")
        .returning(item.c.id)
    ).one()
    return int(row[0])


def items(connection: Connection, meeting_id: int) -> list[Item]:
    """Return the agenda in its order."""
    rows = connection.execute(select(*_ITEM).where(item.c.meeting_id == meeting_id).order_by(item.c.place, item.c.id))
    return [Item(*row) for row in rows]


def item_of(connection: Connection, number: int) -> Item | None:
    """Return an item."""
    row = connection.execute(select(*_ITEM).where(item.c.id == number)).first()
    return None if row is None else Item(*row)


def change_item(connection: Connection, number: int, **values: Any) -> None:  # noqa: ANN401 - columns of the table
    """Change columns of an item."""
    connection.execute(item.update().where(item.c.id == number).values(values))


def take_up(connection: Connection, meeting_id: int, item_id: int | None) -> None:
    """Make an item the one at hand."""
    connection.execute(meeting.update().where(meeting.c.id == meeting_id).values(item_id=item_id))


def add_point(connection: Connection, meeting_id: int, item_id: int | None, text: str, by: int, at: datetime) -> int:
    """Add a point; returns its id."""
    row = connection.execute(
        point.insert()
        .values(meeting_id=meeting_id, item_id=item_id, text=text, by_member_id=by, at=at)
        .returning(point.c.id)
    ).one()
    return int(row[0])


def points(connection: Connection, meeting_id: int) -> list[Point]:
    """Return the points in the order in which they were said."""
    rows = connection.execute(
        select(point.c.id, point.c.item_id, point.c.text).where(point.c.meeting_id == meeting_id).order_by(point.c.id)
    )
    return [Point(*row) for row in rows]


def change_point(connection: Connection, number: int, text: str) -> None:
    """Put other words in a point's place; empty ones take it away."""
    if text:
        connection.execute(point.update().where(point.c.id == number).values(text=text))
    else:
        connection.execute(point.delete().where(point.c.id == number))


def add_correction(connection: Connection, **values: Any) -> int:  # noqa: ANN401 - columns of the table
    """Write down what somebody present says about the draft; returns its id."""
    row = connection.execute(correction.insert().values(values).returning(correction.c.id)).one()
    return int(row[0])


def _corrected(row: Sequence[Any]) -> Correction:
    values = list(row)
    values[5] = CorrectionState(values[5])
    return Correction(*values)


_CORRECTION = (
    correction.c.id, correction.c.meeting_id, correction.c.member_id, member.c.name, correction.c.text,
    correction.c.state, correction.c.at, correction.c.point_id, correction.c.old,
)  # fmt: skip


def corrections(connection: Connection, meeting_id: int) -> list[Correction]:
    """Return what was said about the draft, oldest first."""
    rows = connection.execute(
        select(*_CORRECTION)
        .join(member, member.c.id == correction.c.member_id)
        .where(correction.c.meeting_id == meeting_id)
        .order_by(correction.c.id)
    )
    return [_corrected(tuple(row)) for row in rows]


def correction_of(connection: Connection, number: int) -> Correction | None:
    """Return one of them."""
    row = connection.execute(
        select(*_CORRECTION).join(member, member.c.id == correction.c.member_id).where(correction.c.id == number)
    ).first()
    return None if row is None else _corrected(tuple(row))


def settle(connection: Connection, number: int, state: CorrectionState, at: datetime) -> bool:
    """Take or decline a correction; False when that was done before."""
    row = connection.execute(
        correction.update()
        .where(correction.c.id == number, correction.c.state == CorrectionState.OPEN.value)
        .values(state=state.value, settled_at=at)
        .returning(correction.c.id)
    ).first()
    return row is not None


def forget_agreed(connection: Connection, meeting_id: int, but: int = 0) -> None:
    """Take away who found the draft right, except one person (0: nobody): it is another one now."""
    connection.execute(
        correction.delete().where(
            correction.c.meeting_id == meeting_id,
            correction.c.state == CorrectionState.AGREED.value,
            correction.c.member_id != but,
        )
    )


def open_corrections(connection: Connection, meetings: Sequence[int]) -> dict[int, int]:
    """Return how many corrections wait, by meeting."""
    rows = connection.execute(
        select(correction.c.meeting_id, func.count())
        .where(correction.c.meeting_id.in_(meetings), correction.c.state == CorrectionState.OPEN.value)
        .group_by(correction.c.meeting_id)
    )
    return {row[0]: row[1] for row in rows}


def circulate(connection: Connection, meeting_id: int, until: datetime) -> None:
    """Lay the draft before those present, for corrections until this moment."""
    connection.execute(
        meeting.update()
        .where(meeting.c.id == meeting_id)
        .values(state=MeetingState.CIRCULATING.value, corrections_until=until)
    )


def take_back(connection: Connection, meeting_id: int) -> None:
    """Let the draft be written on; until when it could be corrected stays, and says that it was out before."""
    connection.execute(meeting.update().where(meeting.c.id == meeting_id).values(state=MeetingState.HELD.value))


def close(connection: Connection, meeting_id: int, text: str, digest: str, at: datetime) -> None:
    """Freeze the minutes."""
    connection.execute(
        meeting.update()
        .where(meeting.c.id == meeting_id)
        .values(state=MeetingState.CLOSED.value, closed_text=text, digest=digest, closed_at=at, item_id=None)
    )


def add_addendum(connection: Connection, meeting_id: int, text: str, by: int, at: datetime, digest: str) -> int:
    """Add to closed minutes; returns its id."""
    row = connection.execute(
        addendum.insert()
        .values(meeting_id=meeting_id, text=text, by_member_id=by, at=at, digest=digest)
        .returning(addendum.c.id)
    ).one()
    return int(row[0])


def addenda(connection: Connection, meeting_id: int) -> list[Addendum]:
    """Return what was added after closing, oldest first."""
    rows = connection.execute(
        select(addendum.c.id, addendum.c.text, addendum.c.by_member_id, member.c.name, addendum.c.at, addendum.c.digest)
        .join(member, member.c.id == addendum.c.by_member_id)
        .where(addendum.c.meeting_id == meeting_id)
        .order_by(addendum.c.id)
    )
    return [Addendum(*row) for row in rows]
