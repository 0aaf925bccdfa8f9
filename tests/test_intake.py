"""Updates that wait for nobody: kept and heard in one transaction; refused ones kept all the same, in their order."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import Connection, select

from domain.arrival import Arrival
from messengers.base import Raw
from storage import inbox, outbox
from storage.engine import Database
from tests.running import Running, eventually, running
from tests.talk import Company

ADA, BO = 1001, 1002
USERS = {ADA: "ada", BO: "bo"}


def said(number: int, user: int, text: str) -> Raw:
    """Return a raw update in which somebody says something."""
    someone = {"id": user, "is_bot": False, "first_name": "x", "language_code": "zh"}
    chat = {"id": user, "type": "private"}
    words = {"message_id": number, "date": 1_790_000_000, "chat": chat, "from": someone, "text": text}
    return Raw(str(number), json.dumps({"update_id": number, "message": words}))


def kept(run: Running) -> list[tuple[str, str, int]]:
    """Return (key, state, attempts) of every update, in the order in which they were kept."""

    def look(connection: Connection) -> list[tuple[str, str, int]]:
        table = inbox.inbox
        rows = connection.execute(select(table.c.event_key, table.c.state, table.c.attempts).order_by(table.c.id))
        return [(row[0], row[1], row[2]) for row in rows]

    return run.read(look)


def answers(run: Running, user: int) -> list[str]:
    """Return what was answered to somebody, in the order in which it was written."""

    def look(connection: Connection) -> list[str]:
        table = outbox.letter
        rows = connection.execute(select(table.c.payload).where(table.c.recipient == str(user)).order_by(table.c.id))
        return [row[0] for row in rows]

    return run.read(look)


def counting(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Count the transactions in which something is written."""
    written: list[Any] = []
    write = Database.write

    async def counted(self: Database, work: Any) -> Any:  # noqa: ANN401 - whatever the work returns
        written.append(work)
        return await write(self, work)

    monkeypatch.setattr(Database, "write", counted)
    return written


async def test_an_update_that_waits_for_nobody_costs_one_transaction(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(company, users=USERS) as run:
        await eventually(lambda: run.app.deliveries["telegram"].running)
        written = counting(monkeypatch)
        await run.app.intake.accept("telegram", [said(1, ADA, "签到")])
        assert len([work for work in written if "at_once" in str(work)]) == 1
        assert kept(run) == [("1", inbox.DONE, 1)]
        await eventually(lambda: any("签到成功" in text for text in run.api.texts(ADA)))
        await run.app.intake.accept("telegram", [said(1, ADA, "签到")])
        assert kept(run) == [("1", inbox.DONE, 1)]
        assert len(answers(run, ADA)) == 1


async def test_what_is_refused_is_kept_and_answered_before_what_came_after_it(company: Company) -> None:
    async with running(company, users=USERS) as run:
        intake = run.app.intake
        await asyncio.gather(
            intake.accept("telegram", [said(1, ADA, "签到 999999")]),
            intake.accept("telegram", [said(2, ADA, "积分")]),
            intake.accept("telegram", [said(3, BO, "签到")]),
        )
        await intake.idle()
        assert {key: state for key, state, _ in kept(run)} == {"1": inbox.DONE, "2": inbox.DONE, "3": inbox.DONE}
        first, second = answers(run, ADA)
        assert "我的积分" in second
        assert "我的积分" not in first


async def test_a_turn_goes_on_when_whoever_brought_it_has_gone(company: Company) -> None:
    async with running(company, users=USERS) as run:
        bringing = asyncio.create_task(run.app.intake.accept("telegram", [said(1, ADA, "签到")]))
        await asyncio.sleep(0)
        bringing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await bringing
        await eventually(lambda: any("签到成功" in text for text in run.api.texts(ADA)))
        await run.app.intake.accept("telegram", [said(2, ADA, "积分")])
        await eventually(lambda: any("我的积分" in text for text in run.api.texts(ADA)))


async def test_our_own_mistake_is_told_once_under_a_reference(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(company, users=USERS) as run:
        tries: list[Arrival] = []

        def broken(turn: Any) -> Any:  # noqa: ANN401 - a handler
            tries.append(turn.arrival)
            raise RuntimeError("broken on purpose")

        monkeypatch.setattr("bot.dispatch.understand", lambda turn: lambda: broken(turn))
        await run.app.intake.accept("telegram", [said(1, ADA, "签到")])
        await run.app.intake.idle()
        assert kept(run) == [("1", inbox.FAILED, 1)]
        [told] = answers(run, ADA)
        assert "broken on purpose" not in told
        assert tries
