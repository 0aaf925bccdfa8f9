"""The one door between the asynchronous edges and storage.

SQLite: one writer thread commits what is waiting together, in WAL with synchronous FULL, so that an acknowledged write
survives a power cut; readers have connections of their own. When a piece of a batch fails, the batch is done again with
a savepoint for each, so that only that piece is undone: work may be run twice, and must not mind.
PostgreSQL: a small pool of threads; each piece of work is a transaction, tried again after a deadlock or a lost server.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Connection], T]

TOGETHER = 128
"""At most so many pieces of work share one commit; a failing commit fails them all."""
THREADS = 4
TRIES = 4
_RETRIED = {"40001", "40P01", "55P03"}
"""PostgreSQL's serialization failure, deadlock and lock time-out: the work had no effect and may be done again."""


class StorageError(Exception):
    """The database can't take or give anything now (disk full, server gone). Nothing was stored; try later."""


class _Job:
    """A piece of work waiting for the writer, and whoever waits for it: a task of an event loop, or a thread."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Work[Any], loop: asyncio.AbstractEventLoop | None) -> None:
        self.work = work
        self.loop = loop
        self.future: Any = loop.create_future() if loop else Future()
        self.result: Any = None
        self.error: BaseException | None = None

    def tell(self) -> None:
        """Settle the future; on the loop's own thread when there is a loop."""
        if self.future.cancelled():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


def _tell_all(jobs: list[_Job]) -> None:
    for job in jobs:
        job.tell()


def _sqlite_engine(url: str) -> Engine:
    database = make_url(url).database
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        # An error's text goes to the log, and what people wrote must not.
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=THREADS + 1,
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": 30},
    )

    @event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        cursor = raw.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def open_engine(url: str) -> Engine:
    """Return an engine as the house wants it. Raises `sqlalchemy.exc.ArgumentError` when the address is unreadable."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    return create_engine(parsed, hide_parameters=True, pool_size=THREADS * 2, max_overflow=0, pool_pre_ping=True)


class Database:
    """`await write(work)` and `await read(work)`; `work` gets a connection, may not await, and never commits."""

    def __init__(self, url: str) -> None:
        """Open nothing yet but the engine; the writer thread starts with the first write."""
        self.engine = open_engine(url)
        self.sqlite = self.engine.dialect.name == "sqlite"
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="storage")
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closed = False

    async def write(self, work: Work[T]) -> T:
        """Do the work in one transaction and return its result after the commit.

        Raises what the work raises (then nothing of it is stored), or `StorageError`.
        """
        if not self.sqlite:
            return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._pool, self.write_now, work))
        # The commit goes on when the waiting task is cancelled: half a turn must never happen.
        result: T = await asyncio.shield(self._submit(work, asyncio.get_running_loop()))
        return result

    async def read(self, work: Work[T]) -> T:
        """Look something up; anything the work writes is rolled back.

        SQLite gives it one view of the data from beginning to end, PostgreSQL one for each statement.
        """
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.read_now, work)

    def write_now(self, work: Work[T]) -> T:
        """Do the same as `write`, for a caller without an event loop."""
        if self.sqlite:
            result: T = self._submit(work, None).result()
            return result
        return self._on_server(work)

    def read_now(self, work: Work[T]) -> T:
        """Do the same as `read`, for a caller without an event loop."""
        try:
            with self.engine.connect() as connection:
                if not self.sqlite:
                    return work(connection)
                connection.exec_driver_sql("BEGIN")
                try:
                    return work(connection)
                finally:
                    connection.exec_driver_sql("ROLLBACK")
        except OperationalError as error:
            raise StorageError(str(error.orig)) from error

    def snapshot(self, work: Work[T]) -> T:
        """Look at one moment of the whole data from beginning to end, while others go on writing; for long reads."""
        if self.sqlite:
            return self.read_now(work)
        with self.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            return work(connection)

    def close(self) -> None:
        """Finish what is waiting, then let go; whoever writes later is refused."""
        with self._starting:
            self._closed = True
            if self._writer is not None:
                self._jobs.put(None)
        if self._writer is not None:
            self._writer.join()
        self._pool.shutdown(wait=True)
        self.engine.dispose()

    def _on_server(self, work: Work[T]) -> T:
        for attempt in range(TRIES):
            try:
                with self.engine.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                state = getattr(error.orig, "sqlstate", None)
                again = state in _RETRIED or error.connection_invalidated
                if again and attempt + 1 < TRIES:
                    time.sleep(0.05 * 2**attempt)
                    continue
                if again or isinstance(error, OperationalError):
                    raise StorageError(str(error.orig)) from error
                raise
        raise AssertionError  # pragma: no cover - the loop always returns or raises

    def _submit(self, work: Work[Any], loop: asyncio.AbstractEventLoop | None) -> Any:  # noqa: ANN401 - either future
        job = _Job(work, loop)
        with self._starting:
            if self._closed:
                raise StorageError("the database is closed")
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_for_ever, name="storage-writer", daemon=True)
                self._writer.start()
            self._jobs.put(job)
        return job.future

    def _write_for_ever(self) -> None:
        connection: Connection | None = None
        ending = False
        while not ending:
            job = self._jobs.get()
            if job is None:
                break
            batch = [job]
            while len(batch) < TOGETHER and not self._jobs.empty():
                following = self._jobs.get_nowait()
                if following is None:
                    ending = True
                    break
                batch.append(following)
            connection = self._settle(batch, connection)
        if connection is not None:
            connection.close()

    def _settle(self, batch: list[_Job], connection: Connection | None) -> Connection | None:
        """Commit the batch, tell every caller, and return a connection that is fit for the next batch."""
        try:
            if connection is None:
                connection = self.engine.connect()
            _raw(connection, "BEGIN IMMEDIATE")
            if len(batch) == 1 or not _all_well(batch, connection):
                for job in batch:
                    _do(job, connection, alone=len(batch) == 1)
            if len(batch) == 1 and batch[0].error is not None:
                _raw(connection, "ROLLBACK")
            else:
                _raw(connection, "COMMIT")
        except BaseException as error:  # noqa: BLE001 - every waiting caller must hear of it
            _discard(connection)
            connection = None
            for job in batch:
                job.error = job.error or StorageError(str(getattr(error, "orig", error)))
        for loop in {job.loop for job in batch}:
            ours = [job for job in batch if job.loop is loop]
            if loop is None:
                _tell_all(ours)
            elif not loop.is_closed():
                # One wake-up for the whole batch: each costs the loop a system call.
                loop.call_soon_threadsafe(_tell_all, ours)
        return connection


def _raw(connection: Connection, words: str) -> None:
    """Run one of SQLite's own words past SQLAlchemy, which would take longer over it than SQLite."""
    raw: Any = connection.connection.dbapi_connection
    raw.execute(words).close()


def _all_well(batch: list[_Job], connection: Connection) -> bool:
    """Do the batch without a savepoint each, which would be a third of its statements.

    False: one of them failed, nothing of the batch was done, and a new transaction is open to do it one by one.
    """
    try:
        for job in batch:
            job.result = job.work(connection)
    except BaseException as error:
        if isinstance(error, OperationalError) and _is_away(error):
            raise
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return False
    return True


def _do(job: _Job, connection: Connection, *, alone: bool) -> None:
    """Run one piece of work; its failure undoes it alone. A failure of the database itself is raised for the batch."""
    cursor = connection.connection.cursor()
    if not alone:
        cursor.execute("SAVEPOINT piece")
    try:
        job.result = job.work(connection)
    except BaseException as error:
        if isinstance(error, OperationalError) and _is_away(error):
            raise
        job.error = error
        if not alone:
            cursor.execute("ROLLBACK TO piece")
    if not alone:
        cursor.execute("RELEASE piece")
    cursor.close()


_AWAY = ("locked", "full", "disk", "readonly", "unable to open", "malformed", "not a database", "i/o", "interrupted")


def _is_away(error: OperationalError) -> bool:
    """Tell a database that can't take anything now from a statement that is wrong: SQLite names both the same."""
    return any(word in str(error.orig).lower() for word in _AWAY)


def _discard(connection: Connection | None) -> None:
    """Roll back and drop a connection that failed, so that the next batch starts on a fresh one."""
    if connection is None:
        return
    try:
        connection.exec_driver_sql("ROLLBACK")
    except DBAPIError:
        log.debug("nothing to roll back")
    connection.invalidate()
    connection.close()
