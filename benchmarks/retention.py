"""A bite of old rows, in a database with a million of each kind: how long a turn would have to wait for it.

Half of the updates, of the answers and of a campaign's letters are old enough to go. Whole transactions are timed, the
commit with them; and at last a night in which nothing is old, while everything is there.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, text

from benchmarks.table import Row, at_most, show
from bot.config import load
from domain.organisation import Organisation
from domain.retention import BITE
from services import retention
from services.work import Work
from storage import migrate
from storage.engine import Database
from tests import crowd
from tests.postgres import start_server

PEOPLE, CAMPAIGNS = 250_000, 4
MILLION = PEOPLE * CAMPAIGNS
BITES = 40
LARGE = 2000
"""A bite that was not chosen, for comparison."""
LIMIT_MS = 100.0
KINDS = {
    "updates": {"updates_days": 30, "letters_days": 0, "campaigns_days": 0},
    "answers": {"updates_days": 0, "letters_days": 180, "campaigns_days": 0},
    "letters of campaigns": {"updates_days": 0, "letters_days": 0, "campaigns_days": 730},
}
NOTHING = {"updates_days": 400, "letters_days": 4000, "campaigns_days": 4000}

_NUMBERS = "WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < :rows) "
_AT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', :first, '+' || (n * :step) || ' seconds')",
    "postgresql": "CAST(:first AS timestamptz) + (n * :step) * INTERVAL '1 second'",
}
_WHO = "CAST(CAST(n AS BIGINT) * 7919 % :people AS TEXT)"
"""In no order, as people come."""
_UPDATES = (
    "INSERT INTO inbox (messenger, event_key, sender, owner, received_at, body, state, attempts) {numbers}"
    "SELECT 'web', {key}, {who}, 'host:1:abcdef', {at}, {words}, 'done', 1 FROM number"
)
_ANSWERS = (
    "INSERT INTO letter (messenger, recipient, chat, lane, kind, state, payload, message, created_at, next_at, "
    "settled_at) {numbers} SELECT 'web', who, who, 0, 'answer', 'sent', {words}, '1', at, at, at FROM "
    "(SELECT {who} AS who, {at} AS at FROM number) AS made"
)
_CAMPAIGNS = (
    "INSERT INTO campaign (id, kind, payload_zh, payload_en, created_at, state) {numbers}"
    "SELECT n + 1, 'announcement', '[]', '[]', {at}, 'ready' FROM number"
)
_LETTERS = (
    "INSERT INTO letter (messenger, recipient, chat, member_id, campaign_id, lane, kind, state, message, created_at, "
    "next_at, settled_at) SELECT messenger, account, chat, member_id, campaign.id, 3, 'announcement', 'sent', '1', "
    "created_at, created_at, created_at FROM campaign, address ORDER BY campaign.id, address.id"
)


def _fill(connection: Connection, now: datetime) -> None:
    """Write a million of each kind, half of them too old."""
    kind = connection.dialect.name
    crowd.settle(connection, PEOPLE)
    words = {"sqlite": "printf('%.*c', 400, 'x')", "postgresql": "repeat('x', 400)"}[kind]
    key = {"sqlite": "hex(randomblob(16))", "postgresql": "md5(CAST(n AS TEXT))"}[kind]
    parts = {"numbers": _NUMBERS, "at": _AT[kind], "words": words, "key": key, "who": _WHO}
    for statement, rows, days in ((_UPDATES, MILLION, 60), (_ANSWERS, MILLION, 360), (_CAMPAIGNS, CAMPAIGNS, 1460)):
        first = now - timedelta(days=days)
        values = {
            "rows": rows,
            "people": PEOPLE,
            "first": f"{first:%Y-%m-%d %H:%M:%S}" if kind == "sqlite" else first,
            "step": days * 86400 / rows,
        }
        sql = statement.format(**parts)
        connection.execute(text(sql), {name: value for name, value in values.items() if f":{name}" in sql})
    connection.execute(text(_LETTERS))


@contextmanager
def _databases(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the address of a database of each kind that there is."""
    server = start_server()
    found = {"SQLite": f"sqlite:///{folder / 'retention.db'}"}
    if server is not None:
        found["PostgreSQL"] = server.create("retention")
    try:
        yield found
    finally:
        if server is not None:
            server.stop()


def _organisation(days: dict[str, int]) -> Organisation:
    return load(
        None, {f"DANGQUN_RETENTION__{name.upper()}": str(value) for name, value in days.items()}
    ).as_organisation()


def _bites(database: Database, days: dict[str, int], now: datetime, most: int) -> tuple[list[float], int]:
    """Take some bites; returns milliseconds of each, and how many rows went."""
    organisation, took, gone = _organisation(days), list[float](), 0
    for _ in range(BITES):
        begun = time.perf_counter()
        gone += database.write_now(lambda c: retention.bite(Work(c, organisation, now), most))
        took.append((time.perf_counter() - begun) * 1000)
    return sorted(took), gone


def _measure(name: str, url: str) -> list[Row]:
    now, database = datetime.now(UTC), Database(url)
    migrate.upgrade(database.engine)
    database.write_now(lambda c: _fill(c, now))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # As the program itself never does for SQLite, and autovacuum does for PostgreSQL.
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)" if database.sqlite else "VACUUM ANALYZE"))
    found = []
    for kind, days in KINDS.items():
        _bites(database, days, now, 10)
        took, gone = _bites(database, days, now, BITE)
        assert gone == BITES * BITE, (kind, gone)
        found.append(at_most(f"a bite of {BITE:,} {kind}, {name}: median", median(took), LIMIT_MS, " ms", 0))
        found.append(Row("  slowest", f"{took[-1]:.0f} ms"))
        large, _ = _bites(database, days, now, LARGE)
        found.append(Row(f"  of {LARGE:,}: median, slowest", f"{median(large):.0f}, {large[-1]:.0f} ms"))
    took, gone = _bites(database, NOTHING, now, BITE)
    assert gone == 0
    found.append(at_most(f"a night with nothing to go, {name}: median", median(took), LIMIT_MS, " ms", 1))
    database.close()
    return found


def rows() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory() as name, _databases(Path(name)) as urls:
        return [row for kind, url in urls.items() for row in _measure(kind, url)]


def main() -> bool:
    """Print the table; False when a limit is missed."""
    return show(rows())


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
