"""A paused copy on the running program: nothing is taken, served or sent by any way, and it goes on by itself."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from sqlalchemy import Connection, func, select

from bot import app, gate
from domain.reply import Reply, text
from messengers.base import PausedError
from messengers.web.client import PAUSED
from services import post
from services.work import Work
from storage import inbox, pause
from storage.checkin import checkin
from storage.engine import Database
from tests.company import ORGANISATION
from tests.running import Running, bind_web, eventually, new_token, page, running
from tests.talk import Company

SECRET = "a" * 40
HOOK = {
    "TELEGRAM__MODE": "webhook",
    "TELEGRAM__WEBHOOK_URL": "{url}/hooks/telegram-4f1c",
    "TELEGRAM__WEBHOOK_SECRET": SECRET,
}
SOON = 1.0
"""Longer than the program here takes to notice anything."""


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program look around more often than it does."""
    monkeypatch.setattr(gate, "LOOK", 0.2)
    monkeypatch.setattr(app, "RESCUE", 0.2)


def stop_here(database: Database) -> None:
    """Pause an installation, as a restored backup is."""
    database.write_now(lambda c: pause.begin(c, pause.RESTORED, datetime.now(UTC)))


def waiting(words: str, user: int, number: int) -> tuple[str, str]:
    """Return (key, body) of a Telegram update."""
    update = telegram(words, user, number)
    return str(number), json.dumps(update)


def telegram(words: str, user: int, number: int) -> dict[str, Any]:
    """Return an update as Telegram brings it."""
    someone = {"id": user, "is_bot": False, "first_name": "x", "language_code": "zh"}
    chat = {"id": user, "type": "private"}
    message = {"message_id": number, "date": 1_790_000_000, "chat": chat, "from": someone, "text": words}
    return {"update_id": number, "message": message}


async def brings(run: Running, update: dict[str, Any]) -> int:
    """Bring an update to the webhook; returns the status."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{run.url}/hooks/telegram-4f1c", json=update, headers=headers) as answer,
    ):
        return answer.status


async def is_shown_out(run: Running, token: str) -> bool:
    """Answer whether a page is told that this copy is paused, and nothing else."""
    async with page(run, token) as chat:
        await eventually(lambda: chat.socket.closed)
        return chat.socket.close_code == PAUSED and not chat.shown and not chat.own


def checkins(connection: Connection) -> int:
    """Return how many people have checked in."""
    return connection.scalar(select(func.count()).select_from(checkin)) or 0


async def test_a_paused_copy_takes_serves_and_sends_nothing_until_it_is_resumed(company: Company) -> None:
    token = new_token()
    bind_web(company, token, "bo")
    company.write(lambda c: inbox.keep(c, "telegram", [waiting("签到", 1001, 7)], datetime.now(UTC), "the original"))
    stop_here(company.database)
    async with running(company, telegram=True, users={1001: "ada"}, **HOOK) as run:
        assert await brings(run, telegram("积分", 1001, 8)) == 503
        assert await is_shown_out(run, token)
        with pytest.raises(PausedError):
            await run.app.intake.accept("telegram", [])
        async with aiohttp.ClientSession() as session:
            headers = {"Authorization": f"Bearer {token}"}
            async with session.post(f"{run.url}/chat/upload?name=a", data=b"x", headers=headers) as answer:
                assert (answer.status, await answer.json()) == (503, {"why": "paused"})
            async with session.get(f"{run.url}/chat/labels?language=zh") as answer:
                assert "暂停" in (await answer.json())["paused"]
        await asyncio.sleep(SOON)
        assert run.states() == {"new": 1}
        assert run.read(lambda c: c.scalar(select(inbox.inbox.c.owner))) == "the original"
        assert run.api.seen == []
        assert not {"setWebhook", "setMyCommands"} & {method for method, _ in run.api.calls}
        assert run.read(checkins) == 0
        assert not any(delivery.running for delivery in run.app.deliveries.values())

        company.write(pause.end)
        await eventually(lambda: any("签到成功" in said for said in run.api.texts(1001)))
        assert await brings(run, telegram("积分", 1001, 8)) == 200
        await eventually(lambda: any("我的积分" in said for said in run.api.texts(1001)))
        async with page(run, token) as chat:
            await chat.say("签到")
            await eventually(lambda: "签到成功" in chat.words)
        assert run.read(checkins) == 2
        assert run.states() == {"done": 3}


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_polling_rests_too(company: Company) -> None:
    stop_here(company.database)
    async with running(company, users={1001: "ada"}) as run:
        run.api.says(1001, "签到")
        await asyncio.sleep(SOON)
        assert run.api.texts(1001) == []
        assert run.api.confirmed == 0
        company.write(pause.end)
        await eventually(lambda: any("签到成功" in said for said in run.api.texts(1001)))
        assert run.read(checkins) == 1


async def test_a_running_program_falls_silent_when_it_is_paused(company: Company) -> None:
    token = new_token()
    bind_web(company, token, "ada")
    async with running(company, telegram=True, users={1001: "bo"}, **HOOK) as run:
        async with page(run, token) as chat:
            await chat.say("签到")
            await eventually(lambda: "签到成功" in chat.words)
            stop_here(company.database)
            await eventually(lambda: chat.socket.closed)
            assert chat.socket.close_code == PAUSED
        assert await is_shown_out(run, token)
        assert await brings(run, telegram("签到", 1001, 9)) == 503
        await eventually(lambda: not any(delivery.running for delivery in run.app.deliveries.values()))
        company.write(lambda c: a_letter(c, "1001"))
        await asyncio.sleep(SOON)
        assert run.api.texts(1001) == []
        company.write(pause.end)
        await eventually(lambda: "写在暂停的时候" in run.api.texts(1001))


def a_letter(connection: Connection, user: str) -> None:
    """Let a letter lie ready."""
    work = Work(connection, ORGANISATION, datetime.now(UTC))
    post.answer(work, "telegram", user, user, Reply((text("写在暂停的时候"),)))


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_what_was_taken_before_waits_in_its_line(company: Company) -> None:
    async with running(company, telegram=True, users={1001: "ada"}, **HOOK) as run:
        stop_here(company.database)
        await eventually(lambda: run.app.gate.shut)
        company.write(lambda c: inbox.keep(c, "telegram", [waiting("签到", 1001, 7)], datetime.now(UTC), "a dead one"))
        assert await run.app.intake.resume() == 1
        await asyncio.sleep(SOON)
        assert run.read(checkins) == 0
        company.write(pause.end)
        await eventually(lambda: run.read(checkins) == 1)


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_updates_cost_no_look_at_the_pause(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    reasons = pause.reasons

    def counted(connection: Connection) -> list[str]:
        nonlocal looks
        looks += 1
        return reasons(connection)

    monkeypatch.setattr(pause, "reasons", counted)
    monkeypatch.setattr(gate, "LOOK", 2.0)
    token = new_token()
    bind_web(company, token, "ada")
    async with running(company, telegram=False) as run, page(run, token) as chat:
        for _ in range(15):
            await chat.say("积分")
        await eventually(lambda: len(chat.acks) == 15)
    assert 1 <= looks < 15
