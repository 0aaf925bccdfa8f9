"""Updates that nobody should send: each messenger reads or refuses them, and the program goes on answering."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.app import App
from bot.clock import prepare
from bot.compare import opened
from bot.config import load
from domain.arrival import Arrival, Ignored, MalformedUpdateError
from domain.codec import decode_reply
from messengers import NAMES
from messengers.base import Messenger, Raw
from messengers.telegram.intake import as_raw, next_offset
from storage import inbox, outbox
from storage.engine import Database
from tests.botapi import TOKEN
from tests.company import MONDAY_MORNING
from tests.faults import odd, odd_three
from tests.faults.figures import LONG, record, size
from tests.faults.ground import Ground, pace
from tests.running import KEY, bind_telegram, bind_web, eventually, far_side, new_token, page, running
from tests.talk import Company

CLEAN = 4004
"""A Telegram account that sends nothing odd, and is answered in between."""
MEGABYTE = 1 << 20
UPDATES = odd.UPDATES | odd_three.UPDATES


def generated(messenger: str, count: int) -> list[str]:
    """Return so many bodies, drawn from what updates look like."""
    found: list[str] = []

    @seed(secrets.randbits(32) if LONG else 1)
    @pace(count)
    @given(UPDATES[messenger], st.sampled_from([*[0] * 60, 1, 2]))
    def draw(update: object, deep: int) -> None:
        found.append(odd.written(update, deep))

    draw()
    return found


def changed(messenger: str, count: int) -> list[str]:
    """Return so many real updates with something wrong in each."""
    chance = random.Random(None if LONG else 1)  # noqa: S311 - no secret
    updates = odd_three.real(messenger) if messenger in odd_three.UPDATES else odd.real(messenger)
    return [odd.mutated(chance.choice(updates), chance) for _ in range(count)]


def read(messenger: Messenger, body: str) -> Arrival | Ignored | None:
    """Read an update; None when it is refused as malformed. Nothing else may come out."""
    try:
        found = messenger.receive(body)
    except MalformedUpdateError:
        return None
    assert isinstance(found, Arrival | Ignored)
    return found


@pytest.fixture(scope="module")
def samples() -> dict[str, tuple[list[str], list[str]]]:
    """Messenger -> (generated, changed) bodies."""
    return {name: (generated(name, size(300, 20_000)), changed(name, size(300, 5_000))) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_whatever_comes_is_read_ignored_or_refused(name: str, samples: dict[str, tuple[list[str], list[str]]]) -> None:
    messenger = opened(name)
    made, spoilt = samples[name]
    found = [read(messenger, body) for body in [*made, *spoilt]]
    kinds = {type(one).__name__ for one in found}
    assert {"Arrival", "NoneType"} <= kinds
    refused = sum(one is None for one in found)
    record(
        f"乱更新 odd updates: {name}",
        f"生成 generated {len(made):,} + 改坏 mutated {len(spoilt):,}",
        f"读懂 read {len(found) - refused:,}, 拒绝 refused {refused:,}, 其他异常 other exceptions 0",
        "0",
    )


@pytest.mark.parametrize("real", [True, False])
def test_what_is_stored_of_an_update_fits_its_columns(
    samples: dict[str, tuple[list[str], list[str]]],
    real: bool,  # noqa: FBT001 - which of the two
) -> None:
    for body in samples["telegram"][real]:
        try:
            element = json.loads(body)
        except (ValueError, RecursionError):
            continue
        raw = as_raw(element)
        assert len(raw.key) <= inbox.inbox.c.event_key.type.length  # type: ignore[attr-defined]
        assert raw.body.isascii()
        assert 0 <= next_offset([element], 7) < 2**63


@asynccontextmanager
async def program(company: Company) -> AsyncIterator[App]:
    """Open the program as it starts, without polling and sending: what comes in is handed to it here."""
    database = Database(company.database.engine.url.render_as_string(hide_password=False))
    bind_telegram(database, company.roll, {odd.BOUND: "bo", CLEAN: "ma"})
    async with far_side() as (api, far):
        api.files[odd.FILE] = b"%PDF-1.7"
        settings = load(
            None,
            {
                "DANGQUN_ORGANISATION__NAME": "江河集团",
                "DANGQUN_TELEGRAM__ENABLED": "true",
                "DANGQUN_TELEGRAM__TOKEN": TOKEN,
                "DANGQUN_TELEGRAM__API_BASE": far,
            },
        )
        app = App(settings, database, KEY, "http://127.0.0.1")
        for name in NAMES:
            package = importlib.import_module(f"messengers.{name}")
            app.messengers[name] = await package.open_messenger(getattr(settings, name), app._surroundings())
            app.intake.join(app.messengers[name])
        await database.write(lambda c: prepare(c, app.clock.dispatch, MONDAY_MORNING))
        try:
            yield app
        finally:
            await app.stop()


def memory() -> int:
    """Return how many bytes this process holds."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def storable(body: str) -> str:
    """Return a body as the messengers store it: in ASCII."""
    try:
        return json.dumps(json.loads(body))
    except (ValueError, RecursionError):
        return body.encode("ascii", "backslashreplace").decode("ascii")


async def checks_in(app: App, number: int) -> bool:
    """Say 签到 in the middle of it all; answers whether just one answer came."""
    body = json.dumps(
        {
            "update_id": number,
            "message": {
                "message_id": number,
                "date": 1_790_000_000,
                "chat": {"id": CLEAN, "type": "private"},
                "from": {"id": CLEAN, "is_bot": False, "first_name": "琳"},
                "text": "签到",
            },
        }
    )
    query = select(outbox.letter.c.payload).where(outbox.letter.c.recipient == str(CLEAN))
    before = app.database.read_now(lambda c: len(c.scalars(query).all()))
    await app.intake.accept("telegram", [Raw(f"clean:{number}", body)])
    await app.intake.settled("telegram", str(CLEAN))
    after = app.database.read_now(lambda c: c.scalars(query).all())
    return len(after) == before + 1 and "签到" in decode_reply(str(after[-1])).plain


async def flood(app: App, bodies: list[tuple[str, str]]) -> tuple[int, int]:
    """Hand in everything, with a check-in after every fifty; returns (refused, growth of memory after the warm-up)."""
    refused, start = 0, memory()
    for number, (name, body) in enumerate(bodies):
        refused += read(app.messengers[name], body) is None
        await app.intake.accept(name, [Raw(f"odd:{number}", body)])
        if number % 50 == 49:
            await asyncio.wait_for(app.intake.idle(), 60)
            assert await checks_in(app, number)
        if number == len(bodies) // 4:
            start = memory()
    await asyncio.wait_for(app.intake.idle(), 60)
    return refused, memory() - start


def drawn(app: App) -> int:
    """Draw every answer as its messenger would; returns how many."""
    query = select(outbox.letter.c.messenger, outbox.letter.c.payload).where(outbox.letter.c.payload.is_not(None))
    letters = app.database.read_now(lambda c: c.execute(query).all())
    return sum(bool(app.messengers[name].render(decode_reply(payload))) for name, payload in letters)


async def test_the_program_goes_on_answering_in_between(
    ground: Ground,
    samples: dict[str, tuple[list[str], list[str]]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    most = size(150, 5_000)
    bodies = [(name, storable(body)) for name in NAMES for half in samples[name] for body in half[:most]]
    random.Random(2).shuffle(bodies)  # noqa: S311 - no secret
    async with program(ground.company()) as app:
        refused, growth = await flood(app, bodies)
        states = {
            state: app.database.read_now(
                lambda c, s=state: c.scalar(select(func.count()).where(inbox.inbox.c.state == s)) or 0  # type: ignore[misc]
            )
            for state in (inbox.NEW, inbox.DONE, inbox.IGNORED, inbox.DEAD, inbox.FAILED)
        }
        letters = drawn(app)
    assert [one.getMessage() for one in caplog.records] == []
    assert states[inbox.NEW] == states[inbox.FAILED] == 0
    assert states[inbox.DEAD] == refused
    assert letters >= states[inbox.DONE]
    assert not LONG or growth < 50 * MEGABYTE
    record(
        "乱更新过全程 odd updates through the program",
        f"{len(bodies):,} 条 updates, 签到 check-ins {len(bodies) // 50}",
        f"卡住 blocked 0, 崩溃 failed 0, 死信 dead {refused:,}, 内存 memory {growth / MEGABYTE:+.0f} MB",
        "0, 0, < 50 MB",
    )


async def test_every_odd_frame_of_a_page_is_answered_and_the_page_stays(ground: Ground) -> None:
    company, token = ground.company(), new_token()
    bind_web(company, token, "ada")
    shaped = odd.frames(size(150, 3_000), random.Random(None if LONG else 3))  # noqa: S311 - no secret
    async with running(company, telegram=False) as run, page(run, token) as ada:
        for number, frame in enumerate(shaped):
            await ada.socket.send_str(frame)
            await eventually(lambda n=number: len(ada.acks) + len(ada.nacks) > n)  # type: ignore[misc]
        assert not ada.socket.closed
        assert {one["why"] for one in ada.nacks} <= {"malformed", "slow_down"}
        assert ada.acks
        await eventually(lambda: not run.states().get(inbox.NEW))
        assert not run.states().get(inbox.FAILED)
    record(
        "乱帧 odd frames of the web page",
        f"{len(shaped):,} 帧 frames",
        "每帧都有回执，连接不断 each answered, the socket stays",
        "0",
    )
