"""A messenger as tests need it: any limits, one call for many, a key that the far side honours; over real HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
from aiohttp import web

from domain.reply import Reply
from messengers.base import Limits, Outgoing, Reads, SendFailedError, Sent
from messengers.web.client import LIMITS
from tests.running import free_socket


@dataclass
class FarSide:
    """What the network's other end saw and how it behaves."""

    calls: list[list[str]] = field(default_factory=list)
    shown: Counter[str] = field(default_factory=Counter)
    """How often each person was shown something; a key that came before is not shown again."""
    keys: set[int] = field(default_factory=set)
    keyed: bool = False
    gone: set[str] = field(default_factory=set)
    patience: float = 5.0
    silent: int = 0
    """So many calls are taken, and never answered."""
    silent_each: int = 0
    """Each so-manieth call is taken, and never answered."""
    unanswered: int = 0
    """How many calls never were."""
    down: bool = False
    """Every call is answered 503."""
    floods: list[float] = field(default_factory=list)
    """Seconds for which it wants to be left alone, for each of the next calls."""
    hates: str = ""
    """Whoever has this person in a call for many has it refused as a whole."""
    crowded: str = ""
    """A call for this person alone is refused for now: they get too much at once."""
    slow: dict[str, float] = field(default_factory=dict)
    """Seconds until a call to this person is answered; "": to anybody else."""
    readers: set[str] = field(default_factory=set)
    """Who has read whatever they were sent."""
    questions: list[list[str]] = field(default_factory=list)
    """The people of each question who has read."""

    async def take(self, request: web.Request) -> web.Response:
        """Take one call."""
        if self.down:
            return web.Response(status=503)
        people = (await request.json())["people"]
        if self.floods:
            return web.json_response({"retry_after": self.floods.pop(0)}, status=429)
        if [one["user"] for one in people] == [self.crowded]:
            self.calls.append([self.crowded])
            return web.Response(status=409)
        if len(people) > 1 and self.hates in [one["user"] for one in people]:
            return web.Response(status=400)
        self.calls.append([one["user"] for one in people])
        for one in people:
            if one["user"] in self.gone or (self.keyed and one["key"] in self.keys):
                continue
            self.keys.add(one["key"])
            self.shown[one["user"]] += 1
        if self.silent > 0 or (self.silent_each and len(self.calls) % self.silent_each == 0):
            self.silent = max(0, self.silent - 1)
            self.unanswered += 1
            await asyncio.sleep(4 * self.patience)
        await asyncio.sleep(self.slow.get(people[0]["user"], self.slow.get("", 0.0)))
        return web.json_response({"refused": [one["user"] for one in people if one["user"] in self.gone]})

    async def tell(self, request: web.Request) -> web.Response:
        """Tell how many have read it."""
        if self.down:
            return web.Response(status=503)
        people = (await request.json())["people"]
        self.questions.append(people)
        if self.floods:
            return web.json_response({"retry_after": self.floods.pop(0)}, status=429)
        return web.json_response({"asked": len(people), "read": len(self.readers & set(people))})


class Postal:
    """The messenger."""

    name = "postal"

    def __init__(self, url: str, limits: Limits, patience: float) -> None:
        """Open nothing yet. `patience`: seconds until a call that is not answered is given up."""
        self.limits = limits
        self._url = url
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=patience))

    async def send(self, letter: Outgoing) -> Sent:
        """Send one letter."""
        [outcome] = await self.send_many([letter])
        if isinstance(outcome, SendFailedError):
            raise outcome
        return outcome

    async def send_many(self, letters: Sequence[Outgoing]) -> Sequence[Sent | SendFailedError]:
        """Send the same words to many."""
        people = [{"user": one.user, "key": one.key} for one in letters]
        try:
            async with self._session.post(self._url, json={"people": people}) as answer:
                if answer.status == 429:
                    raise SendFailedError("429", retry_after=(await answer.json())["retry_after"])
                if answer.status == 400:
                    raise SendFailedError("400", permanent=True)
                if answer.status == 409:
                    raise SendFailedError("409", reached=True)
                if answer.status != 200:
                    raise SendFailedError("503")
                refused = set((await answer.json())["refused"])
        except TimeoutError:
            raise SendFailedError("no answer", unknown=True) from None
        except aiohttp.ClientConnectorError:
            raise SendFailedError("no way there") from None
        return [
            SendFailedError("gone", permanent=True, closes_address=True) if one.user in refused else Sent(str(one.key))
            for one in letters
        ]

    async def reads(self, letters: Sequence[tuple[str, str]]) -> Reads:
        """Count readers."""
        async with self._session.post(f"{self._url}reads", json={"people": [user for user, _ in letters]}) as answer:
            if answer.status == 429:
                raise SendFailedError("429", retry_after=(await answer.json())["retry_after"])
            if answer.status != 200:
                raise SendFailedError("503")
            return Reads(**await answer.json())

    def render(self, reply: Reply) -> list[dict[str, Any]]:
        """Draw nothing."""
        return [{"reply": reply}]

    async def close(self) -> None:
        """Let go."""
        await self._session.close()


@asynccontextmanager
async def postal(
    patience: float = 5.0,
    far: FarSide | None = None,
    **limits: Any,  # noqa: ANN401 - Limits
) -> AsyncIterator[tuple[Postal, FarSide]]:
    """Serve a far side, and yield a messenger to it with these limits (a web chat's otherwise, in one process)."""
    far = far or FarSide(keyed=bool(limits.get("keyed")), patience=patience)
    site = web.Application()
    site.router.add_post("/", far.take)
    site.router.add_post("/reads", far.tell)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    taken, port = free_socket()
    await web.SockSite(runner, taken).start()
    plain = replace(LIMITS, per_process=False, keyed=False)
    messenger = Postal(f"http://127.0.0.1:{port}/", replace(plain, **limits), patience)
    try:
        yield messenger, far
    finally:
        await messenger.close()
        await runner.cleanup()
