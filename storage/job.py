"""Jobs as rows: taken by one process at a time under a lease, and ended once, with the result in the same commit."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    and_,
    false,
    or_,
    select,
    text,
)

from domain.job import KEPT, LASTS, OPEN, REMEMBERED, Job, State
from storage.base import Id, UtcTime, id_column, metadata
from storage.lease import time

_UNFINISHED = "state IN ('waiting', 'running')"

job = Table(
    "job",
    metadata,
    id_column(),
    Column("owner_id", Id, ForeignKey("member.id"), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("facts", Text, nullable=False),
    Column("roles", String(64), nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("cancelling", Boolean, nullable=False, server_default=false()),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("made_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=True, index=True),
    Column("holder", String(64), nullable=False, server_default=""),
    Column("until", UtcTime, nullable=True),
    Column("why", String(64), nullable=False, server_default=""),
    Column("said", Text, nullable=False, server_default="{}"),
    Column("name", String(200), nullable=False, server_default=""),
    Column("mime", String(100), nullable=False, server_default=""),
    Column("size", Integer, nullable=False, server_default="0"),
    Column("body", LargeBinary, nullable=True),
    Index("ix_job_owner_id", "owner_id", "id"),
    Index("ix_job_unfinished", "id", sqlite_where=text(_UNFINISHED), postgresql_where=text(_UNFINISHED)),
)

_COLUMNS = (
    job.c.id, job.c.owner_id, job.c.kind, job.c.facts, job.c.state, job.c.done, job.c.total, job.c.cancelling,
    job.c.tries, job.c.made_at, job.c.ended_at, job.c.why, job.c.said, job.c.name, job.c.size, job.c.roles,
)  # fmt: skip
_NAMES = [column.name for column in _COLUMNS]
_IS_OPEN = text(f"job.{_UNFINISHED}")


def _made(row: Sequence[Any]) -> Job:
    values = dict(zip(_NAMES, row, strict=True))
    parsed = {"facts": json.loads(values["facts"]), "said": json.loads(values["said"]), "state": State(values["state"])}
    return Job(**{**values, **parsed})


def add(
    connection: Connection,
    owner_id: int,
    kind: str,
    facts: Mapping[str, str],
    now: datetime,
    total: int,
    *,
    roles: str = "",
) -> int:
    """Write down what is to be done; returns its id. `roles`: what names those of its owner, see `Job`."""
    values = {
        "owner_id": owner_id,
        "kind": kind,
        "facts": _written(facts),
        "state": State.WAITING.value,
        "made_at": now,
        "total": total,
        "roles": roles,
    }
    return int(connection.execute(job.insert().values(values).returning(job.c.id)).scalar_one())


def _written(facts: Mapping[str, object]) -> str:
    return json.dumps(facts, ensure_ascii=False, sort_keys=True)


def get(connection: Connection, number: int) -> Job | None:
    """Return a job."""
    row = connection.execute(select(*_COLUMNS).where(job.c.id == number)).first()
    return None if row is None else _made(row)


def of(connection: Connection, owner_id: int, most: int) -> list[Job]:
    """Return somebody's newest jobs."""
    rows = connection.execute(select(*_COLUMNS).where(job.c.owner_id == owner_id).order_by(job.c.id.desc()).limit(most))
    return [_made(row) for row in rows]


def unfinished_of(connection: Connection, owner_id: int) -> list[Job]:
    """Return what waits or runs for somebody."""
    states = [one.value for one in OPEN]
    rows = connection.execute(select(*_COLUMNS).where(job.c.owner_id == owner_id, job.c.state.in_(states)))
    return [_made(row) for row in rows]


def body_of(connection: Connection, number: int) -> tuple[str, bytes] | None:
    """Return type and bytes of the result; None when there is none, or no more."""
    row = connection.execute(select(job.c.mime, job.c.body).where(job.c.id == number)).first()
    return None if row is None or row[1] is None else (row[0], bytes(row[1]))


def unfinished(connection: Connection) -> list[tuple[str, str]]:
    """Return (state, holder) of whatever waits or runs."""
    return [(row[0], row[1]) for row in connection.execute(select(job.c.state, job.c.holder).where(_IS_OPEN))]


def _free(now: datetime, dead: Collection[str]) -> ColumnElement[bool]:
    """Return the test for what nobody does: it waits, or whoever had it is gone."""
    gone = or_(job.c.until <= now, job.c.until.is_(None), job.c.holder.in_(list(dead)))
    return or_(job.c.state == State.WAITING.value, and_(job.c.state == State.RUNNING.value, gone))


def take(connection: Connection, holder: str, dead: Collection[str] = ()) -> Job | None:
    """Take the oldest job that nobody does; of several processes one gets it."""
    now = time(connection)
    number = connection.scalar(select(job.c.id).where(_IS_OPEN, _free(now, dead)).order_by(job.c.id).limit(1))
    if number is None:
        return None
    row = connection.execute(
        job.update()
        .where(job.c.id == number, _free(now, dead))
        .values(state=State.RUNNING.value, holder=holder, until=now + LASTS, tries=job.c.tries + 1, done=0)
        .returning(*_COLUMNS)
    ).first()
    return None if row is None else _made(row)


def _ours(number: int, holder: str) -> ColumnElement[bool]:
    return and_(job.c.id == number, job.c.holder == holder, job.c.state == State.RUNNING.value)


def pulse(connection: Connection, number: int, holder: str, done: int, total: int) -> bool | None:
    """Say that it goes on, and how far; returns whether it is to end, None when it is another's now."""
    values: dict[str, Any] = {"done": done, "until": time(connection) + LASTS}
    if total:
        values["total"] = total
    statement = job.update().where(_ours(number, holder)).values(values).returning(job.c.cancelling)
    found: bool | None = connection.scalar(statement)
    return found


def finish(
    connection: Connection,
    number: int,
    holder: str,
    now: datetime,
    *,
    said: Mapping[str, object],
    file: tuple[str, str, bytes] | None = None,
) -> bool:
    """Note it as done; False when it was cancelled or lost, and then nothing of it may be kept. `file`: name, type."""
    name, mime, body = file or ("", "", None)
    values = {
        "state": State.DONE.value,
        "ended_at": now,
        "said": _written(said),
        "done": job.c.total,
        "name": name,
        "mime": mime,
        "body": body,
        "size": len(body or b""),
    }
    statement = job.update().where(_ours(number, holder), ~job.c.cancelling).values(values)
    return connection.execute(statement.returning(job.c.id)).first() is not None


def fail(connection: Connection, number: int, holder: str, now: datetime, why: str, said: Mapping[str, object]) -> None:
    """Note why it could not be done."""
    values = {"state": State.FAILED.value, "ended_at": now, "why": why, "said": _written(said)}
    connection.execute(job.update().where(_ours(number, holder)).values(values))


def stop(connection: Connection, number: int, holder: str, now: datetime) -> None:
    """Note that it has ended because it was to."""
    values = {"state": State.CANCELLED.value, "ended_at": now}
    connection.execute(job.update().where(_ours(number, holder)).values(values))


def give_back(connection: Connection, number: int, holder: str) -> None:
    """Let another process begin it anew; that this one stopped is no fault of the job's."""
    values = {"state": State.WAITING.value, "holder": "", "until": None, "tries": job.c.tries - 1}
    connection.execute(job.update().where(_ours(number, holder)).values(values))


def cancel(connection: Connection, number: int, now: datetime) -> bool:
    """End what waits, and ask what runs to end; False when it has ended already."""
    waits = {"state": State.CANCELLED.value, "ended_at": now, "cancelling": True}
    for state, values in ((State.WAITING, waits), (State.RUNNING, {"cancelling": True})):
        statement = job.update().where(job.c.id == number, job.c.state == state.value).values(values)
        if connection.execute(statement.returning(job.c.id)).first() is not None:
            return True
    return False


def empty(connection: Connection, owner_id: int, kind: str) -> None:
    """Let the results of somebody's jobs of a kind go at once."""
    statement = job.update().where(job.c.owner_id == owner_id, job.c.kind == kind, job.c.body.is_not(None))
    connection.execute(statement.values(body=None, size=0))


def forget(connection: Connection, now: datetime) -> None:
    """Remove results and jobs whose time is over."""
    over = job.c.ended_at <= now - KEPT
    empty = {"body": None, "size": 0, "facts": "{}"}
    connection.execute(job.update().where(over, job.c.body.is_not(None)).values(empty))
    connection.execute(job.delete().where(job.c.ended_at <= now - REMEMBERED))
