"""A wire between the program and PostgreSQL, cut before a word is through, or before a commit is confirmed."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Self

from sqlalchemy import make_url

from tests.postgres import Server


class Wire:
    """Carries bytes both ways. While `each` is not 0, each so-manieth commit is done and its confirmation is lost.

    While `words` is not 0, each so-manieth message is cut before it arrives.
    """

    def __init__(self, server: Server) -> None:
        """Carry nothing yet."""
        self.each = self.words = 0
        self.lost = self.cut = 0
        self._commits = self._messages = 0
        self._target = str(Path(str(server.folder)) / ".s.PGSQL.5432")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        """Listen on a free port."""
        self._thread.start()
        serving = asyncio.start_server(self._serve, "127.0.0.1", 0)
        listening = asyncio.run_coroutine_threadsafe(serving, self._loop).result(10)
        self.port = listening.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of every connection."""
        self.each = self.words = 0
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def through(self, url: str) -> str:
        """Return a database's address by way of this wire."""
        given = make_url(url)
        return given.set(host="127.0.0.1", port=self.port, query={}).render_as_string(hide_password=False)

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _is_lost(self, data: bytes) -> bool:
        if b"COMMIT\0" not in data or not self.each:
            return False
        self._commits += 1
        if self._commits % self.each:
            return False
        self.lost += 1
        return True

    def _is_cut(self) -> bool:
        if not self.words:
            return False
        self._messages += 1
        if self._messages % self.words:
            return False
        self.cut += 1
        return True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_in, far_out = await asyncio.open_unix_connection(self._target)
        losing = asyncio.Event()
        back = asyncio.create_task(_carry_back(far_in, writer, losing))
        try:
            while data := await reader.read(1 << 16):
                if self._is_cut():
                    break
                if self._is_lost(data):
                    losing.set()
                far_out.write(data)
                await far_out.drain()
                if losing.is_set():
                    await back
                    break
        except ConnectionError:
            pass
        finally:
            back.cancel()
            far_out.close()
            writer.close()


async def _carry_back(far_in: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event) -> None:
    try:
        while data := await far_in.read(1 << 16):
            if losing.is_set():
                return
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        return
