"""The door by which a browser comes in with a one-time link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection

from bot.dispatch import Dispatch
from domain.sign_in import Outcome
from services import sign_in
from services.work import Work
from storage.engine import Database

WEB = "web"


class SignIn:
    """Binds browsers for some hours to those to whom their links were sent."""

    def __init__(self, database: Database, dispatch: Dispatch, key: bytes, posted: Callable[[str], None]) -> None:
        """`posted(messenger)` is called when a letter waits there."""
        self._database = database
        self._dispatch = dispatch
        self._key = key
        self._posted = posted

    async def __call__(self, ticket: str, account: str) -> str:
        """Return what became of the ticket: ok, used, late or unknown."""

        def enter(connection: Connection) -> Outcome:
            work = Work(connection, self._dispatch.organisation, datetime.now(UTC))
            return sign_in.enter(work, self._key, ticket, WEB, account)

        outcome = await self._database.write(enter)
        if outcome is Outcome.OK:
            self._posted(WEB)
        return outcome.value
