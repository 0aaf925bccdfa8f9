"""Two real processes on one PostgreSQL, hit by the same person or with the same code at once: one effect."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import Connection, func, select

from domain.codec import decode_reply
from services import invite
from services.work import Work
from storage import address, inbox, migrate, mistake, outbox, points, quiz
from storage.engine import Database
from tests import crowd
from tests.company import ORGANISATION
from tests.faults.figures import record, size
from tests.faults.test_webhook import AT_ONCE, SECRET, answering, environment
from tests.postgres import Server
from tests.test_kill import far_side, free_port, start, wait_for

PRESSES = size(60, 500)
PEOPLE = 30
__all__ = ["far_side"]


@dataclass(slots=True)
class Pair:
    """The processes."""

    ports: list[int]
    database: Database
    brought: int = 0

    def bring(self, contents: Sequence[dict[str, Any]]) -> None:
        """Bring updates to either in turn, many at once, and wait until all are served."""
        numbered = [{"update_id": self.brought + place, **one} for place, one in enumerate(contents, 1)]
        self.brought += len(contents)
        assert asyncio.run(self._post(numbered)) == {200: len(contents)}
        wait_for(lambda: self.database.read_now(inbox.counts) == {("telegram", inbox.DONE): self.brought})

    async def _post(self, updates: Sequence[dict[str, Any]]) -> Counter[int]:
        answers, places = Counter[int](), asyncio.Semaphore(AT_ONCE)

        async def once(session: aiohttp.ClientSession, update: dict[str, Any]) -> None:
            url = f"http://127.0.0.1:{self.ports[update['update_id'] % 2]}/hooks/telegram-1"
            async with places, session.post(url, json=update) as answer:
                answers[answer.status] += 1

        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        async with aiohttp.ClientSession(headers=headers) as session:
            await asyncio.gather(*(once(session, update) for update in updates))
        return answers


@pytest.fixture
def pair(postgres: Server, far_side: str, tmp_path: Path) -> Iterator[Pair]:
    """Two processes that serve some people."""
    url = postgres.create(f"pair_{os.getpid()}")
    database = Database(url)
    migrate.upgrade(database.engine)
    database.write_now(lambda c: crowd.settle(c, PEOPLE))
    ports = [free_port(), free_port()]
    running = [start(url, far_side, tmp_path, **environment(port)) for port in ports]
    wait_for(lambda: asyncio.run(answering(ports)))
    yield Pair(ports, database)
    for process in running:
        process.send_signal(signal.SIGTERM)
    ends = [process.wait(40) for process in running]
    database.close()
    assert ends == [0, 0]


def someone(user: int) -> dict[str, Any]:
    return {"id": user, "is_bot": False, "first_name": "x", "language_code": "zh"}


def said(user: int, text: str) -> dict[str, Any]:
    chat = {"id": user, "type": "private"}
    message = {"message_id": 1, "date": int(time.time()), "chat": chat, "from": someone(user), "text": text}
    return {"message": message}


def pressed(user: int, call: str) -> dict[str, Any]:
    message = {"message_id": 1, "date": 0, "chat": {"id": user, "type": "private"}}
    return {
        "callback_query": {"id": "1", "from": someone(user), "chat_instance": "1", "data": call, "message": message}
    }


def choices(connection: Connection) -> tuple[int, list[str]]:
    """Return somebody who has a question with a choice before him, and the calls of its buttons."""
    query = select(outbox.letter.c.recipient, outbox.letter.c.payload).order_by(outbox.letter.c.id)
    for user, payload in connection.execute(query):
        calls = [
            button.call for button in decode_reply(payload).buttons if (button.call or "").startswith("quiz.choose")
        ]
        if len(calls) > 1:
            return int(user), [call for call in calls if call]
    raise AssertionError("nobody has a question with a choice")


def outcome(connection: Connection) -> tuple[int, int]:
    """Return (answers stored, awards and mistakes together)."""
    answers = connection.scalar(select(func.count()).where(quiz.item.c.answered_at.is_not(None))) or 0
    awards = connection.scalar(select(func.count()).where(points.entry.c.rule == "quiz")) or 0
    mistakes = connection.scalar(select(func.count()).select_from(mistake.mistake)) or 0
    return answers, awards + mistakes


def one_question_answered_in_many_ways(pair: Pair) -> None:
    pair.bring([said(user, "答题") for user in range(1, PEOPLE + 1)])
    user, calls = pair.database.read_now(choices)
    pair.bring([pressed(user, calls[number // 2 % len(calls)]) for number in range(PRESSES)])
    assert pair.database.read_now(outcome) == (1, 1)
    record(
        "两个进程上同时按不同的答案 · different answers at once on two processes",
        f"{PRESSES} 次 presses",
        "作答 answers 1，记分或错题 award or mistake 1",
        "1",
    )


def one_code_used_by_many(pair: Pair) -> None:
    def issue(connection: Connection) -> str:
        connection.execute(address.address.delete().where(address.address.c.account == str(PEOPLE)))
        return invite.issue(Work(connection, ORGANISATION, datetime.now(UTC)), f"E{PEOPLE}").code

    def bound(connection: Connection) -> int:
        query = select(func.count()).where(address.address.c.member_id.is_not(None))
        return connection.scalar(query) or 0

    code = pair.database.write_now(issue)
    assert pair.database.read_now(bound) == PEOPLE - 1
    pair.bring([said(9000 + number, f"/start {code}") for number in range(PRESSES)])
    assert pair.database.read_now(bound) == PEOPLE
    record(
        "一个绑定码在两个进程上被很多账号同时使用 · one code by many on two processes",
        f"{PRESSES} 个账号 accounts",
        "绑定 bound 1",
        "1",
    )


def test_two_processes_at_once_are_one_bot(pair: Pair) -> None:
    one_question_answered_in_many_ways(pair)
    one_code_used_by_many(pair)
