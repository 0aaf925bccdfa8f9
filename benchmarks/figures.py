"""Figures over 100,000 people: the averages of a union's units, and the export of the ledger, in seconds and memory.

The averages are set against one scan of the same ledger in the same database, so that the figure holds on any machine;
the export runs as a process of its own, as an operator runs it, beside one that only starts, and its file is read back.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, func, insert, select, text

from benchmarks import people
from benchmarks.points import write_ledger
from benchmarks.table import Row, at_most, show
from bot.config import load
from domain.member import UnitKind
from domain.permission import Role
from services import ledger
from services.work import Work
from storage import migrate, permission, points, unit
from storage.engine import Database
from storage.member import membership

PEOPLE, BRANCHES = 100_000, 50
ROUNDS = 5
AVERAGES_S, EXPORT_S, EXPORT_MB = 2.0, 10.0, 300.0
ROOT = Path(__file__).parent.parent

_WRAPPER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""A process's peak begins with that of whoever forked it: a small one in between keeps ours out of the figure."""


def _settle(connection: Connection) -> int:
    """Settle everybody in fifty units beneath one, with a line each; returns who may see the figures."""
    now = datetime.now(UTC)
    top = unit.add(connection, "top", "集团", UnitKind.PARTY_COMMITTEE, None)
    parts = [unit.add(connection, f"u{n}", f"支部{n}", UnitKind.PARTY_BRANCH, top) for n in range(BRANCHES)]
    people.settle(connection, range(1, PEOPLE + 1))
    rows = [{"member_id": n, "unit_id": parts[n % BRANCHES].id} for n in range(1, PEOPLE + 1)]
    connection.execute(insert(membership), rows)
    write_ledger(connection, [(1, PEOPLE, 1)])
    permission.give(connection, 1, Role.COMMITTEE, top.id, now)
    return 1


def _averages(database: Database, viewer: int) -> tuple[float, float]:
    """Return seconds for the averages and for one scan of the ledger, medians of alternating rounds."""
    organisation = load(None, {}).as_organisation()
    took: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        with database.engine.connect() as connection:
            begun = time.perf_counter()
            _, shown, hidden = ledger.averages(Work(connection, organisation, datetime.now(UTC)), viewer)
            between = time.perf_counter()
            lines = connection.execute(select(func.count(), func.sum(points.entry.c.points))).one()
            took.append((between - begun, time.perf_counter() - between))
            assert tuple(lines) == (PEOPLE, PEOPLE)
        assert len(shown) == BRANCHES + 1, len(shown)
        assert hidden == 0
        assert shown[0].people == sum(one.people for one in shown[1:]) == PEOPLE
        assert shown[0].points == sum(one.points for one in shown[1:])
    return median(ours for ours, _ in took), median(scan for _, scan in took)


def _export(url: str, *arguments: str) -> tuple[float, float]:
    """Run the command line; returns seconds and the peak of its memory in MB."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DANGQUN_DATABASE__URL": url,
        "DANGQUN_SECURITY__KEY": "ab" * 32,
    }
    command = [sys.executable, "-c", _WRAPPER, sys.executable, "-m", "bot", "export", *arguments]
    begun = time.perf_counter()
    said = subprocess.check_output(command, env=environment, cwd=ROOT, text=True)  # noqa: S603 - our own command
    return time.perf_counter() - begun, int(said.split()[-1]) / 1024


def _read_back(folder: Path) -> None:
    with (folder / "ledger.csv").open(encoding="utf-8-sig", newline="") as file:
        assert sum(1 for _ in csv.reader(file)) == PEOPLE + 1
    with zipfile.ZipFile(folder / "ledger.xlsx") as archive:
        assert archive.read("xl/worksheets/sheet1.xml").count(b"<row ") == PEOPLE + 1


def rows() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'figures.db'}"
        database = Database(url)
        migrate.upgrade(database.engine)
        viewer = database.write_now(_settle)
        with database.engine.connect() as connection:
            connection.execute(text("ANALYZE"))
        ours, scan = _averages(database, viewer)
        database.close()
        found = [
            at_most(f"averages of {BRANCHES} units, {PEOPLE:,} people", ours, AVERAGES_S, " s"),
            Row("  beside one scan of the ledger", f"{ours / scan:.1f} x"),
        ]
        start_s, start_mb = _export(url, "--help")
        found.append(Row("  the command line alone", f"{start_s:.1f} s, {start_mb:.0f} MB"))
        for kind in ("xlsx", "csv"):
            seconds, megabytes = _export(url, "points", "-o", str(folder / f"ledger.{kind}"))
            found.append(at_most(f"export of {PEOPLE:,} rows, {kind}", seconds, EXPORT_S, " s", 1))
            found.append(at_most(f"export of {PEOPLE:,} rows, {kind}, peak", megabytes, EXPORT_MB, " MB", 0))
        _read_back(folder)
    return found


def main() -> bool:
    """Print the table; False when a limit is missed."""
    return show(rows())


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
