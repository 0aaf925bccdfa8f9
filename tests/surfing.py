"""A browser without a browser: signs in to the console by its link, fills in forms, and reads what comes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape

import aiohttp

from services import session as sessions
from services.work import Work
from tests.running import Running, running
from tests.talk import Company


@dataclass
class Seen:
    """What came: the status, the words and where it led."""

    status: int
    words: str
    path: str
    headers: dict[str, str]

    @property
    def plain(self) -> str:
        """The words without tags."""
        return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.words)))


@dataclass
class Browser:
    """One person's browser."""

    run: Running
    session: aiohttp.ClientSession
    page: Seen | None = None

    async def gets(self, path: str, **headers: str) -> Seen:
        """Open a page of the console."""
        async with self.session.get(self.run.url + path, headers=headers) as answer:
            return self._took(answer, await answer.text())

    def _took(self, answer: aiohttp.ClientResponse, words: str) -> Seen:
        self.page = Seen(answer.status, words, answer.url.path_qs, dict(answer.headers))
        return self.page

    @property
    def form_key(self) -> str:
        """The form key on the page that is open."""
        found = re.search(r'name="key" value="([0-9a-f]*)"', self.page.words if self.page else "")
        return found[1] if found else ""

    async def posts(self, path: str, headers: dict[str, str] | None = None, /, **fields: str) -> Seen:
        """Send a form of the open page; goes where it leads."""
        data = {"key": self.form_key, **fields}
        shown = {"Origin": self.run.url, "Sec-Fetch-Site": "same-origin", **(headers or {})}
        async with self.session.post(self.run.url + path, data=data, headers=shown) as answer:
            return self._took(answer, await answer.text())


async def until(browser: Browser, path: str, words: str) -> Seen:
    """Open a page again and again until it says this."""
    found = await browser.gets(path)
    for _ in range(60):
        if words in found.plain:
            return found
        await asyncio.sleep(0.05)
        found = await browser.gets(path)
    raise AssertionError(found.plain)


def link_of(run: Running, company: Company, nickname: str) -> str:
    """Return the path of a fresh link for this person."""
    now = company_now()
    secret = run.app.database.write_now(
        lambda c: sessions.link(Work(c, run.app.organisation, now), company.roll.people[nickname])
    )
    return f"/console/in/{secret}"


def company_now() -> datetime:
    """Return the real moment: the running program has the real clock."""
    return datetime.now(UTC)


@asynccontextmanager
async def surfing(run: Running) -> AsyncIterator[Browser]:
    """Open a browser with no cookie in it."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Browser(run, session)


@asynccontextmanager
async def signed_in(company: Company, nickname: str) -> AsyncIterator[Browser]:
    """Run the program, and sign somebody in."""
    async with running(company, telegram=False) as run, surfing(run) as browser:
        await browser.posts(link_of(run, company, nickname))
        yield browser
