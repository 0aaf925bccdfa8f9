"""A full disk: webhooks hear 503 and bring the update again, nothing is corrupt, and room is all it needs to go on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import pytest
from sqlalchemy import event

from storage import inbox
from storage.engine import Database
from tests.faults.figures import record, size
from tests.faults.test_webhook import SECRET
from tests.running import Running, bind_web, eventually, new_token, page, running
from tests.talk import Company
from tests.test_kill import figures

UPDATES = size(60, 600)


@contextmanager
def full(database: Database) -> Iterator[None]:
    """Let the file grow no more."""
    pages = database.read_now(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar_one())

    def limit(raw: Any, _record: object = None, _proxy: object = None) -> None:  # noqa: ANN401 - the driver's own
        raw.execute(f"PRAGMA max_page_count={pages + 2}")

    def free(raw: Any, _record: object = None, _proxy: object = None) -> None:  # noqa: ANN401 - the driver's own
        raw.execute("PRAGMA max_page_count=1073741823")

    event.listen(database.engine, "checkout", limit)
    database.write_now(lambda c: c.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}"))
    try:
        yield
    finally:
        event.remove(database.engine, "checkout", limit)
        event.listen(database.engine, "checkout", free)
        database.write_now(lambda c: c.exec_driver_sql("PRAGMA max_page_count=1073741823"))


def update(number: int) -> bytes:
    """Return somebody's words, long enough to need room."""
    someone = {"id": 5000 + number, "is_bot": False, "first_name": "x" * 2000, "language_code": "zh"}
    chat = {"id": 5000 + number, "type": "private"}
    words = {"message_id": number, "date": 1_790_000_000, "chat": chat, "from": someone, "text": "帮助" + "长" * 1000}
    return json.dumps({"update_id": number, "message": words}).encode()


async def bring(run: Running, numbers: list[int]) -> dict[int, int]:
    """Bring updates; returns what each was answered."""
    answers = {}
    async with aiohttp.ClientSession(headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}) as session:
        for number in numbers:
            async with session.post(f"{run.url}/hooks/telegram-1", data=update(number)) as answer:
                answers[number] = answer.status
    return answers


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_a_full_disk_refuses_keeps_whole_and_recovers(company: Company) -> None:
    token = new_token()
    bind_web(company, token, "ada")
    async with running(
        company,
        TELEGRAM__MODE="webhook",
        TELEGRAM__WEBHOOK_URL="{url}/hooks/telegram-1",
        TELEGRAM__WEBHOOK_SECRET=SECRET,
    ) as run:
        async with page(run, token) as chat:
            with full(run.app.database):
                answers = await bring(run, list(range(1, UPDATES + 1)))
                refused = [number for number, status in answers.items() if status == 503]
                assert set(answers.values()) <= {200, 503}
                assert refused
                said = [await chat.say("长" * 1500) for _ in range(20)]
                await eventually(lambda: len(chat.acks) + len(chat.nacks) == len(said))
                assert chat.nacks
                assert all(one["again"] for one in chat.nacks if one["why"] == "not_stored")
                key = next(one["nack"] for one in chat.nacks if one["why"] == "not_stored")
                assert run.read(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalar_one()) == "ok"
            while key not in chat.acks:  # as the page does, which is told to slow down meanwhile
                await chat.say("签到", key)
                await asyncio.sleep(0.5)
            await eventually(lambda: "签到成功" in chat.words)
        again = await bring(run, refused)
        assert set(again.values()) == {200}
        await eventually(lambda: run.read(inbox.counts).get(("telegram", inbox.DONE), 0) == UPDATES, 60)
        assert run.read(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalar_one()) == "ok"
        assert run.read(figures)[0] == 1
        record(
            "磁盘满 · disk full",
            f"{UPDATES} 条消息 updates",
            f"503 {len(refused)}，重送后全部处理 all served later，integrity ok",
            "不丢 none lost，不坏 none corrupt",
        )
