"""The console over a group of 100,000 people, a million ledger rows and 50,000 requests: every page's first byte.

Four people sign in over HTTP on loopback and follow every link they are shown, so many of a kind; each page found is
then opened again and again, all in turn. Files to be saved are told apart; beside the pages stands the health check,
which costs what a request costs at all.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from html import unescape
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple
from unittest import mock
from urllib.parse import urljoin, urlsplit

import aiohttp
from sqlalchemy import Connection

from benchmarks import enterprise
from benchmarks.table import Row, at_most, show
from bot.app import App, spare_garbage
from bot.config import load
from console.grammar import all_routes
from console.limit import Limit
from services import session
from services.work import Work
from storage import migrate
from storage.engine import Database
from tests.running import free_socket

LIMIT_MS = 300.0
ROUNDS = 20
SETTLES = 20.0
"""Seconds."""
OF_A_KIND, MOST = 2, 120
"""So many addresses of one route are opened, and so many in all for each person."""
_HREF = re.compile(r'(?:href|src)="([^"#]+)')
_NUMBER = re.compile(r"/\d+(?=/|$)")


class Took(NamedTuple):
    """Of a kind of page, in ms: the first byte's p95 by the clock, and the median of what the processor worked.

    A machine with other work is seen by the two being far apart.
    """

    first_byte: float
    worked: float


class Visitor:
    """Somebody signed in, and the pages that were found by following links."""

    def __init__(self, who: str, url: str, client: aiohttp.ClientSession) -> None:
        """Start with nothing found."""
        self.who, self._url, self._client = who, url, client
        self.pages: dict[str, str] = {}
        """Address -> its kind."""
        self.files: list[tuple[str, float]] = []

    async def first_byte(self, path: str) -> tuple[int, float, bool, str]:
        """Open an address; returns status, seconds until the first byte, whether it is a file, and the words."""
        begun = time.perf_counter()
        async with self._client.get(self._url + path, allow_redirects=False) as answer:
            await answer.content.readany()
            took = time.perf_counter() - begun
            saved = "Content-Disposition" in answer.headers or answer.content_type != "text/html"
            if answer.content_type == "text/event-stream":
                answer.close()
                return answer.status, took, True, ""
        async with self._client.get(self._url + path, allow_redirects=False) as answer:
            return answer.status, took, saved, "" if saved else await answer.text()

    async def explore(self) -> None:
        """Follow links from the first page."""
        waiting = [
            "/console/",
            *(f"/console/{route.path}" for route in all_routes() if _plain(route.method, route.path)),
        ]
        seen: set[str] = set()
        kinds: defaultdict[str, int] = defaultdict(int)
        while waiting and len(self.pages) < MOST:
            path = waiting.pop(0)
            kind = _kind(path)
            if path in seen or kinds[kind] >= OF_A_KIND:
                continue
            seen.add(path)
            status, took, saved, words = await self.first_byte(path)
            assert status < 500, (self.who, path, status)
            kinds[kind] += 1
            if status != 200:
                continue
            if saved:
                self.files.append((path, took))
                continue
            self.pages[path] = kind
            waiting += _links(path, words)


def _plain(method: str, path: str) -> bool:
    return method == "GET" and "{" not in path


def _kind(path: str) -> str:
    """Return an address without its numbers and without the values of its query."""
    parts = urlsplit(path)
    names = sorted({pair.partition("=")[0] for pair in parts.query.split("&") if pair.partition("=")[2]})
    return _NUMBER.sub("/*", parts.path) + (f"?{'&'.join(names)}" if names else "")


def _links(base: str, words: str) -> Iterable[str]:
    for found in _HREF.findall(words):
        path = urljoin(base, unescape(found))
        if path.startswith("/console/") and not path.startswith("/console/static/"):
            yield path


async def _measure(
    database: Database, looking: dict[str, int]
) -> tuple[dict[str, dict[str, Took]], float, list[Visitor]]:
    """Return (who -> kind of page -> times), the median of the health check in ms, and the visitors."""
    settings = load(None, {"DANGQUN_SECURITY__KEY": "ab" * 32, "DANGQUN_BACKUP__DAILY": "false"})
    bound, port = free_socket()
    url = f"http://127.0.0.1:{port}"
    with mock.patch("console.app.Limit", return_value=Limit(1e9, 1e9)):
        app = App(settings, database, b"x" * 32, url)
        await app.start([bound])
    spare_garbage()
    found: dict[str, dict[str, Took]] = {}
    visitors = []
    try:
        async with aiohttp.ClientSession() as plain:
            for who, member in looking.items():
                jar = aiohttp.CookieJar(unsafe=True)
                async with aiohttp.ClientSession(cookie_jar=jar) as client:
                    secret = await database.write(partial(_link, app, member))
                    await (await client.post(f"{url}/console/in/{secret}", headers={"Origin": url})).read()
                    visitor = Visitor(who, url, client)
                    await visitor.explore()
                    found[who] = await _rounds(visitor)
                    visitors.append(visitor)
            health = []
            for _ in range(200):
                begun = time.perf_counter()
                await (await plain.get(f"{url}/healthz")).read()
                health.append(time.perf_counter() - begun)
    finally:
        await app.stop()
    return found, median(health) * 1000, visitors


def _link(app: App, member: int, connection: Connection) -> str:
    return session.link(Work(connection, app.organisation, datetime.now(UTC)), member)


async def _rounds(visitor: Visitor) -> dict[str, Took]:
    took: defaultdict[str, list[float]] = defaultdict(list)
    worked: defaultdict[str, list[float]] = defaultdict(list)
    # Figures that are worked out beside a page are in nobody's way any more.
    await asyncio.sleep(SETTLES)
    for _ in range(ROUNDS):
        for path, kind in visitor.pages.items():
            begun = time.process_time()
            _, seconds, saved, _ = await visitor.first_byte(path)
            # It was opened twice: the second time for its words.
            cpu = (time.process_time() - begun) / 2
            if saved:
                # A page that asked for patience is by now the file that it was about.
                visitor.files.append((path, seconds))
            else:
                took[kind].append(seconds * 1000)
                worked[kind].append(cpu * 1000)
    return {kind: Took(quantiles(times, n=20)[18], median(worked[kind])) for kind, times in took.items()}


def rows() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory() as name:
        database = Database(f"sqlite:///{Path(name) / 'console.db'}")
        migrate.upgrade(database.engine)
        looking = database.write_now(enterprise.settle)
        found, health, visitors = asyncio.run(_measure(database, looking))
    lines: list[Row] = []
    for visitor in visitors:
        pages = found[visitor.who]
        slow = sorted(pages.items(), key=lambda one: -one[1].first_byte)
        worst, (ms, worked) = slow[0]
        busiest, most = max(pages.items(), key=lambda one: one[1].worked)
        lines.append(at_most(f"console, {visitor.who}: first byte p95 of the slowest page", ms, LIMIT_MS, " ms", 0))
        lines.append(Row(f"  which is {worst}, beside the health check", f"{ms / health:.0f} x"))
        lines.append(Row("  its processor time, median", f"{worked:.0f} ms"))
        lines.append(Row(f"  most processor time: {busiest}", f"{most.worked:.0f} ms"))
        lines.append(
            Row(
                "  kinds of pages, addresses, median p95",
                f"{len(pages)}, {len(visitor.pages)}, {median(one.first_byte for one in pages.values()):.0f} ms",
            )
        )
        lines += [
            Row(f"  {kind}", f"{one.first_byte:.0f} ms", f"<= {LIMIT_MS:g} ms", ok=False)
            for kind, one in slow[1:]
            if one.first_byte > LIMIT_MS
        ]
        if visitor.files:
            path, seconds = max(visitor.files, key=lambda one: one[1])
            lines.append(Row(f"  slowest file, {_kind(path)}", f"{seconds:.2f} s"))
    return lines


def main() -> bool:
    """Print the table; False when a limit is missed."""
    return show(rows())


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
