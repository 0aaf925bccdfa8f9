"""积分 with a million lines in the ledger, beside the same question with a thousand.

The turn's whole reading is measured: who speaks, what was meant, today's bars, the totals of month, quarter and year,
the newest lines, and the cards made of them. Somebody with 100 lines and somebody with 10,000 ask in both databases;
short blocks take turns between the two, and the ratio is the median of the pairs.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, text

from benchmarks import people
from benchmarks.table import Row, at_least, show
from bot.app import App
from bot.config import load
from bot.understand import understand
from domain.arrival import Arrival, Said
from domain.reply import Reply
from handlers import points as handler
from storage import migrate
from storage.engine import Database
from tests.postgres import start_server

SMALL, LARGE = 1_000, 1_000_000
LINES = {1: 100, 2: 10_000}
"""Whoever asks -> lines of theirs."""
EACH = 100
"""Lines of everybody else."""
BLOCKS, PER_BLOCK, WARM = 60, 40, 50
SHARE = 0.95

_DAY = {"sqlite": "date(:first, '+' || (n % :days) || ' days')", "postgresql": "CAST(:first AS date) + n % :days"}
_ENTRIES = """
INSERT INTO points_entry (member_id, rule, source, points, day, at)
WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < :lines)
SELECT :first_member + n / :each,
       CASE n % 4 WHEN 0 THEN 'checkin' WHEN 1 THEN 'quiz' WHEN 2 THEN 'learning' ELSE 'gathering' END,
       'benchmark:' || n, 1, {day}, :at FROM counted
"""
_TALLY = """
INSERT INTO points_tally (member_id, day, rule, points)
SELECT member_id, day, rule, SUM(points) FROM points_entry GROUP BY member_id, day, rule
"""
_BY_MONTH = """
INSERT INTO points_month (member_id, month, points)
SELECT member_id, {month}, SUM(points) FROM points_tally GROUP BY member_id, {month}
"""
_MONTH = {"sqlite": "date(day, 'start of month')", "postgresql": "CAST(date_trunc('month', day) AS date)"}


def write_ledger(connection: Connection, shares: Sequence[tuple[int, int, int]]) -> None:
    """Write lines over this year till today, and their totals; a share is (first person, lines, lines a person)."""
    kind, now = connection.dialect.name, datetime.now(UTC)
    year = {"first": now.date().replace(month=1, day=1).isoformat(), "days": now.timetuple().tm_yday}
    sql = text(_ENTRIES.format(day=_DAY[kind]))
    moment = f"{now:%Y-%m-%d %H:%M:%S.%f}" if kind == "sqlite" else now
    for first, many, each in shares:
        connection.execute(sql, {"first_member": first, "lines": many, "each": each, "at": moment, **year})
    connection.execute(text(_TALLY))
    connection.execute(text(_BY_MONTH.format(month=_MONTH[kind])))


def fill(database: Database, lines: int) -> None:
    """Write a ledger of so many lines of others, and those of whoever asks."""
    others = range(10, 10 + lines // EACH)

    def work(connection: Connection) -> None:
        people.settle(connection, range(1, 3))
        people.settle(connection, others)
        write_ledger(connection, [(others.start, lines, EACH), *((who, own, own) for who, own in LINES.items())])

    migrate.upgrade(database.engine)
    database.write_now(work)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # As autovacuum would have done.
        connection.execute(text("ANALYZE" if database.sqlite else "VACUUM ANALYZE"))


class Asked:
    """One database in which somebody asks again and again."""

    def __init__(self, url: str, lines: int) -> None:
        """Fill it."""
        self.database = Database(url)
        fill(self.database, lines)
        app = App(load(None, {"DANGQUN_SECURITY__KEY": "ab" * 32}), self.database, b"x" * 32, "http://127.0.0.1")
        self._dispatch = app.clock.dispatch

    def ask(self, connection: Connection, person: int) -> tuple[Reply, Reply]:
        """Answer 积分, and the list behind its first button."""
        now = datetime.now(UTC)
        arrival = Arrival("telegram", str(person), str(person), private=True, at=now, content=Said("积分"))
        turn = self._dispatch._open(connection, arrival, now)  # noqa: SLF001 - the reading half of a turn
        return understand(turn)(), handler.history(turn, 0)

    def block(self, person: int, many: int) -> float:
        """Ask so many times; returns times a second."""
        with self.database.engine.connect() as connection:
            self.ask(connection, person)
            begun = time.perf_counter()
            for _ in range(many):
                self.ask(connection, person)
            took = time.perf_counter() - begun
            connection.rollback()
        return many / took

    def check(self) -> None:
        """Assert that the totals on the card are those of the ledger."""
        for person, lines in LINES.items():
            card, listed = self.database.read_now(lambda c, p=person: self.ask(c, p))  # type: ignore[misc]
            assert f"{lines}" in repr(card), (lines, card)
            assert repr(listed).count("points.why") == handler.PAGE, listed


@contextmanager
def _databases(folder: Path) -> Iterator[dict[str, tuple[str, str]]]:
    """Yield the addresses of a small and a large database, for each kind of database there is."""
    server = start_server()
    found = {"SQLite": (f"sqlite:///{folder / 'small.db'}", f"sqlite:///{folder / 'large.db'}")}
    if server is not None:
        found["PostgreSQL"] = server.create("points_small"), server.create("points_large")
    try:
        yield found
    finally:
        if server is not None:
            server.stop()


def _compare(name: str, small: Asked, large: Asked) -> list[Row]:
    found = []
    for person, lines in LINES.items():
        for side in (small, large):
            side.block(person, WARM)
        gc.collect()
        pairs: list[tuple[float, float]] = []
        order = count()
        for _ in range(BLOCKS):
            # Whoever comes first in a pair has the better or the worse of it: they take turns at that too.
            first, second = (small, large) if next(order) % 2 else (large, small)
            rates = {id(side): side.block(person, PER_BLOCK) for side in (first, second)}
            pairs.append((rates[id(small)], rates[id(large)]))
        ratio = median(rate / base for base, rate in pairs)
        what = f"积分 of {lines:,} lines, {name}: rate at {LARGE:,} / at {SMALL:,}"
        found.append(at_least(what, ratio, SHARE))
        found.append(Row("  then a second", f"{median(rate for _, rate in pairs):.0f}"))
    return found


def rows() -> list[Row]:
    """Measure."""
    found = []
    with tempfile.TemporaryDirectory() as name, _databases(Path(name)) as urls:
        for kind, (small_url, large_url) in urls.items():
            small, large = Asked(small_url, SMALL), Asked(large_url, LARGE)
            for side in (small, large):
                side.check()
            found += _compare(kind, small, large)
            for side in (small, large):
                side.check()
                side.database.close()
    return found


def main() -> bool:
    """Print the table; False when a limit is missed."""
    return show(rows())


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
