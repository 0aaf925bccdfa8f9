"""The program's doors in memory, for tests of a messenger alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from messengers.base import Fetch, MailboxItem, Outgoing, Raw, StoredFile


@dataclass
class Lent:
    """What the program lends, in memory."""

    stored: list[Raw] = field(default_factory=list)
    patience: list[float | None] = field(default_factory=list)
    error: BaseException | None = None
    files: dict[int, StoredFile] = field(default_factory=dict)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    halted: bool = False
    slow: asyncio.Event | None = None

    def paused(self) -> bool:
        return self.halted

    async def accept(
        self, messenger: str, events: Sequence[Raw], cursor: str | None = None, *, within: float | None = None
    ) -> None:
        assert messenger == "feishu"
        assert cursor is None
        self.patience.append(within)
        if self.slow is not None:
            await self.slow.wait()
        if self.error is not None:
            raise self.error
        known = {raw.key for raw in self.stored}
        self.notes |= {raw.note.name: raw.note.value for raw in events if raw.note is not None}
        self.stored += [raw for raw in events if raw.key not in known]

    async def cursor(self, messenger: str) -> str | None:
        return messenger and None

    async def token(
        self,
        messenger: str,
        name: str,
        fetch: Fetch,
        *,
        refused: str = "",
        early: float = 300.0,
        lasts: float | None = None,
    ) -> str:
        """Return a token."""
        del lasts
        kept, ends = self.tokens.get(f"{messenger}:{name}", ("", 0.0))
        if not kept or kept == refused or ends - early < time.monotonic():
            kept, seconds = await fetch()
            self.tokens[f"{messenger}:{name}"] = kept, time.monotonic() + seconds
        return kept

    async def note(self, messenger: str, name: str) -> str | None:
        assert messenger == "feishu"
        return self.notes.get(name)

    async def keep_file(self, stored: StoredFile) -> int:
        self.files[len(self.files) + 1] = stored
        return len(self.files)

    async def open_file(self, attachment: int) -> StoredFile | None:
        return self.files.get(attachment)

    async def mailbox(self, *_: object) -> list[MailboxItem]:
        return []

    async def may_send_files(self, *_: object) -> bool:
        return True

    async def news(self, *_: object) -> list[tuple[str, Outgoing]]:
        return []

    async def sign_in(self, ticket: str, account: str) -> str:
        """Let nobody in."""
        del ticket, account
        return "unknown"
