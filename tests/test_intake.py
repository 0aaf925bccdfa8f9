"""Updates that wait for nobody: kept and heard in one transaction; refused ones kept all the same, in their order."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.understand import understand
from domain.arrival import Arrival
from messengers.base import Raw
from storage import inbox, outbox
from storage.engine import Database, StorageError
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


def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Write down what is understood, in the order in which it is."""
    texts: list[str] = []

    def told(turn: Any) -> Any:  # noqa: ANN401 - a turn, and its handler
        texts.append(turn.arrival.content.text)
        return understand(turn)

    monkeypatch.setattr("bot.dispatch.understand", told)
    return texts


async def test_who_needs_the_dictionary_is_heard_before_what_the_account_said_next(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(company, users=USERS) as run:
        intake, texts = run.app.intake, heard(monkeypatch)
        await asyncio.gather(
            intake.accept("telegram", [said(1, ADA, "我昨天好像忘了点什么")]),
            intake.accept("telegram", [said(2, ADA, "积分")]),
        )
        await intake.idle()
        assert texts == ["我昨天好像忘了点什么", "积分"]


@pytest.mark.parametrize("odd", [[], [Raw("0", "{")]], ids=["", "behind one that can't be read"])
async def test_an_account_keeps_its_order_whichever_of_two_is_stored_first(
    company: Company, monkeypatch: pytest.MonkeyPatch, odd: list[Raw]
) -> None:
    async with running(company, users=USERS) as run:
        intake, texts, write = run.app.intake, heard(monkeypatch), Database.write
        begun: list[Any] = []
        second_is_stored = asyncio.Event()

        async def first_is_slow(self: Database, work: Any) -> Any:  # noqa: ANN401 - whatever the work returns
            if "_keep" not in str(work):
                return await write(self, work)
            begun.append(work)
            if len(begun) == 1:
                await asyncio.wait_for(second_is_stored.wait(), 5)
                return await write(self, work)
            found = await write(self, work)
            second_is_stored.set()
            return found

        monkeypatch.setattr(Database, "write", first_is_slow)
        first = asyncio.create_task(intake.accept("telegram", [*odd, said(1, ADA, "我昨天好像忘了点什么")]))
        await eventually(lambda: begun)
        second = asyncio.create_task(intake.accept("telegram", [said(2, ADA, "那我明天该做些什么呢")]))
        await eventually(lambda: len(begun) == 2)
        await intake.accept("telegram", [said(3, BO, "签到")])
        await asyncio.gather(first, second, intake.accept("telegram", [said(4, ADA, "积分")]))
        await intake.idle()
        assert [text for text in texts if text != "签到"] == ["我昨天好像忘了点什么", "那我明天该做些什么呢", "积分"]


async def test_what_comes_twice_or_can_not_be_kept_holds_up_nobody(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(company, users=USERS) as run:
        intake, texts, write = run.app.intake, heard(monkeypatch), Database.write
        await intake.accept("telegram", [said(1, ADA, "我昨天好像忘了点什么")])
        await intake.accept("telegram", [said(1, ADA, "我昨天好像忘了点什么"), said(2, ADA, "积分")])

        async def away(self: Database, work: Any) -> Any:  # noqa: ANN401 - whatever the work returns
            if "_keep" in str(work):
                raise StorageError("away")
            return await write(self, work)

        with monkeypatch.context() as patch:
            patch.setattr(Database, "write", away)
            with pytest.raises(StorageError):
                await intake.accept("telegram", [said(3, ADA, "那我明天该做些什么呢")])
        await intake.accept("telegram", [said(4, ADA, "签到")])
        await intake.idle()
        assert texts == ["我昨天好像忘了点什么", "积分", "签到"]
        assert not intake._lines


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


@pytest.mark.parametrize("company", ["postgresql"], indirect=True)
async def test_an_answer_whose_commit_was_not_confirmed_leaves_at_once(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(company, users=USERS) as run:
        await eventually(lambda: run.app.deliveries["telegram"].running)
        done, lost = Database._on_server, list[int]()

        def unconfirmed(self: Database, work: Any) -> Any:  # noqa: ANN401 - whatever the work returns
            if "at_once" in str(work) and not lost:
                lost.append(1)
                done(self, work)
            return done(self, work)

        monkeypatch.setattr(Database, "_on_server", unconfirmed)
        await run.app.intake.accept("telegram", [said(1, ADA, "签到")])
        await eventually(lambda: len(run.api.texts(ADA)) == 1)
        assert lost
