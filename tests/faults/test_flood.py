"""Everybody at once: check-ins inside a minute, one binding code, one answer button; exact sums, and nobody fails."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import quantiles

import pytest
from sqlalchemy import Connection, func, select

from bot.app import App
from bot.config import load
from domain.arrival import Arrival, Pressed, Said
from domain.refusal import Refusal
from messengers.base import Raw
from messengers.telegram import Section
from messengers.telegram.client import TelegramMessenger
from services import invite
from services.work import Work
from storage import address, inbox, points, quiz
from storage.engine import Database
from tests import crowd
from tests.botapi import TOKEN
from tests.company import ORGANISATION
from tests.faults.figures import LONG, record, size
from tests.faults.test_webhook import event
from tests.talk import Company
from tests.test_kill import figures
from tests.test_quiz import bank, single

PEOPLE = size(500, 10_000)
SECONDS = size(3.0, 60.0)
PRESSES = size(60, 500)


class _Nothing:
    """A messenger's surroundings, of which these turns need nothing."""

    doors = None
    commands: dict[str, object] = {}  # noqa: RUF012 - a stand-in


def program(database: Database) -> App:
    """Return the program without its edges: intake, dispatch, storage."""
    app = App(load(None, {"DANGQUN_SECURITY__KEY": "ab" * 32}), database, b"x" * 32, "http://127.0.0.1")
    app.intake.join(TelegramMessenger(Section(token=TOKEN), _Nothing()))  # type: ignore[arg-type]
    return app


@pytest.fixture(params=["sqlite", "postgresql"])
def on_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database on a real disk."""
    from storage import migrate  # noqa: PLC0415 - beside its use

    url = f"sqlite:///{tmp_path / 'flood.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").create("flood")
    database = Database(url)
    migrate.upgrade(database.engine)
    yield database
    database.close()


async def test_everybody_checks_in_within_a_minute(on_disk: Database) -> None:
    on_disk.write_now(lambda c: crowd.settle(c, PEOPLE))
    app, took = program(on_disk), list[float]()
    begun = time.perf_counter()

    async def person(number: int) -> None:
        await asyncio.sleep(number * SECONDS / PEOPLE)
        asked = time.perf_counter()
        await app.intake.accept("telegram", [Raw(str(number), event(number).decode())])
        await app.intake.settled("telegram", str(number))
        took.append(time.perf_counter() - asked)

    await asyncio.gather(*(person(number) for number in range(1, PEOPLE + 1)))
    seconds = time.perf_counter() - begun
    assert on_disk.read_now(figures) == (PEOPLE, PEOPLE, PEOPLE, PEOPLE)
    assert on_disk.read_now(inbox.counts) == {("telegram", inbox.DONE): PEOPLE}
    p99 = quantiles(took, n=100)[98]
    kind = "SQLite" if on_disk.sqlite else "PostgreSQL"
    record(
        f"一分钟内全员签到（{kind}）· everybody checks in within a minute",
        f"{PEOPLE:,} 人 people, {seconds:.0f} s",
        f"错误 errors 0，合计相符 exact，p99 {p99 * 1000:.0f} ms",
        "0；p99 < 1 s",
    )
    assert not LONG or (p99 < 1 and seconds < 62)


def said(user: int, words: str, now: datetime) -> Arrival:
    return Arrival("telegram", str(user), str(user), private=True, at=now, content=Said(words))


async def all_at_once(company: Company, arrivals: list[Arrival]) -> None:
    """Have these turns at once, as several processes would."""
    database, dispatch, now = company.database, company.dispatch, company.now

    async def turn(number: int, arrival: Arrival) -> None:
        key = [(f"f{number}", json.dumps({"test": number}))]
        [(row, _)] = await database.write(lambda c: inbox.keep(c, arrival.messenger, key, now))
        try:
            await database.write(lambda c: dispatch.hear(c, row, arrival, now))
        except Refusal as refusal:
            no = refusal
            await database.write(lambda c: dispatch.refuse(c, row, arrival, no, now))

    await asyncio.gather(*(turn(number, arrival) for number, arrival in enumerate(arrivals)))


async def test_one_binding_code_binds_one(company: Company) -> None:
    def issue(connection: Connection) -> str:
        connection.execute(address.address.delete())
        return invite.issue(Work(connection, ORGANISATION, company.now), "A001").code

    code = company.write(issue)
    await all_at_once(company, [said(9000 + number, code, company.now) for number in range(PRESSES)])

    def bound(connection: Connection) -> int:
        query = select(func.count()).where(address.address.c.member_id.is_not(None))
        return connection.scalar(query) or 0

    assert company.read(bound) == 1
    kind = "SQLite" if company.database.sqlite else "PostgreSQL"
    record(f"一个绑定码被很多人同时使用（{kind}）· one code by many", f"{PRESSES}", "绑定 bound 1", "1")


async def test_one_answer_button_pressed_many_times_at_once_counts_once(company: Company) -> None:
    bank(company, single())
    screen = company.ada.says("答题")
    right = next(button for button in screen.buttons if button.label == "B")
    account = company.ada.account
    press = Arrival("web", account, account, private=True, at=company.now, content=Pressed(right.call))
    await all_at_once(company, [press] * PRESSES)

    def look(connection: Connection) -> tuple[int, int, int]:
        answers = connection.scalar(select(func.count()).where(quiz.item.c.answered_at.is_not(None))) or 0
        awards = select(func.count(), func.sum(points.entry.c.points)).where(points.entry.c.rule == "quiz")
        count, total = connection.execute(awards).one()
        return answers, count, total

    assert company.read(look) == (1, 1, 2)
    kind = "SQLite" if company.database.sqlite else "PostgreSQL"
    record(f"一个答题按钮同时被按很多次（{kind}）· one answer button at once", f"{PRESSES}", "作答 1，记分 1", "1")
