"""A messenger that floods, falls silent, hangs or can't be found: letters wait, nothing is lost, others go on."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, update

from bot import breaker
from domain.member import NOTICE_VERSION
from domain.push import KINDS, Audience
from domain.reply import Block, Document, Reply, text
from handlers.grammar import Registry
from services import post
from services.work import Work
from storage import address, attachment, campaign, member, outbox
from storage.engine import Database
from tests import crowd
from tests.faults.figures import LONG, record, size
from tests.postal import postal
from tests.running import Running, bind_web, eventually, free_socket, new_token, page, running
from tests.talk import Company
from tests.test_delivery import ORGANISATION, delivering

FLOODED = size(12, 60)
"""People of a broadcast of which each fifth send is answered 429."""
SILENT = size(100, 1000)


def push(run: Running, company: Company, words: str, users: range, *more: Block) -> int:
    """Announce something to people of Telegram, who are bound on the way; returns the campaign."""

    def write(connection: Connection) -> int:
        now = datetime.now(UTC)
        people = []
        for user in users:
            person = member.add(connection, f"F{user}", f"F{user}", now)
            member.change(connection, person, consent=NOTICE_VERSION, language="zh")
            address.meet(connection, "telegram", str(user), str(user), "zh", now)
            caller = address.caller(connection, "telegram", str(user))
            assert caller is not None
            address.bind(connection, caller.address_id, person, now)
            people.append(person)
        work = Work(connection, run.app.settings.as_organisation(), now)
        posted = post.push(work, people, "announcement", lambda _voice: Reply((text(words), *more)))
        return posted.campaign or 0

    number = company.write(write)
    run.app.nudge()
    return number


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_every_part_of_a_letter_has_a_turn_of_its_own(company: Company) -> None:
    people = size(60, 600)
    async with running(company) as run:
        kept = company.write(lambda c: attachment.keep(c, "通知.pdf", "application/pdf", b"%PDF", datetime.now(UTC)))
        number = push(run, company, "周五停电检修", range(5000, 5000 + people), Document(kept, "通知.pdf"))
        await eventually(lambda: run.read(lambda c: campaign.counts(c, number)) == {outbox.SENT: people}, people)
        parts = Counter(seen.method for seen in run.api.seen)
        at = sorted(seen.at for seen in run.api.seen)
    assert parts == {"sendMessage": people, "sendDocument": people}
    worst = max(sum(begun <= moment < begun + 1 for moment in at) for begun in at)
    assert worst <= 33
    assert (len(at) - 1) / (at[-1] - at[0]) >= 25
    record(
        "带附件的公告，上限每秒 30 条 · an announcement with a document, 30 a second",
        f"{people} 人 people, {len(at)} 条 messages",
        f"最忙一秒 worst second {worst} 条，平均 {len(at) / (at[-1] - at[0]):.1f}/s",
        "30/s（到达时刻有抖动 jitter ≤ 10%）",
    )


async def turns_of_the_web(run: Running, company: Company, seconds: float) -> float:
    """Talk on the web for so long; returns the longest time until an answer."""
    token, longest, until = new_token(), 0.0, time.monotonic() + seconds
    bind_web(company, token, "ada")
    async with page(run, token) as chat:
        while time.monotonic() < until:
            asked, before = time.monotonic(), len(chat.shown)
            await chat.say("我的积分")
            await eventually(lambda before=before: len(chat.shown) > before)  # type: ignore[misc]
            longest = max(longest, time.monotonic() - asked)
            # Whoever says more than two things a second is asked to slow down.
            await asyncio.sleep(0.2 if seconds < 5 else 0.55)
    return longest


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_a_flood_is_waited_out_to_the_second_and_the_web_goes_on(company: Company) -> None:
    async with running(company) as run:
        chance = random.Random(3)  # noqa: S311 - no secret
        waits = [chance.randint(1, 30) if LONG else 1 for _ in range(FLOODED // 5)]
        run.api.flood_each, run.api.floods = 5, deque(waits)
        number = push(run, company, "周五停电检修", range(5000, 5000 + FLOODED))
        slowest = await turns_of_the_web(run, company, 3)
        await eventually(
            lambda: run.read(lambda c: campaign.counts(c, number)) == {outbox.SENT: FLOODED}, sum(waits) + 60
        )
        assert set(Counter(seen.chat for seen in run.api.seen).values()) == {1}
        assert len(run.api.held) == len(waits)
        for begun, seconds in run.api.held:
            # What was in the air already when the answer came may still arrive.
            assert not [seen.at - begun for seen in run.api.seen if begun + 0.25 < seen.at < begun + seconds]
        assert slowest < 1
        record(
            "五分之一的发送被限流（1–30 秒）· a fifth answered 429",
            f"{FLOODED} 人 people, {len(waits)} × 429",
            f"丢 lost 0，重 doubled 0，期间网页最慢 web's slowest {slowest * 1000:.0f} ms",
            "0；提前发送 early 0",
        )


@pytest.mark.parametrize("kind", ["announcement", "learning"])
async def test_a_tenth_falls_silent_after_delivery(database: Database, registry: Registry, kind: str) -> None:
    again = KINDS[kind].must_arrive

    def settle(connection: Connection) -> int:
        crowd.settle(connection, SILENT)
        connection.execute(update(address.address).values(messenger="postal"))
        work = Work(connection, ORGANISATION, datetime.now(UTC))
        return post.push(work, Audience("/"), kind, lambda _voice: Reply((text("周五停电检修"),))).campaign or 0

    number = database.write_now(settle)
    async with postal(0.5, per_second=200.0) as (messenger, far):
        far.silent_each = 10
        async with delivering(database, messenger, registry):

            def settled() -> bool:
                counts = database.read_now(lambda c: campaign.counts(c, number))
                return counts.get(outbox.SENT, 0) + counts.get(outbox.UNKNOWN, 0) == SILENT

            await eventually(settled, 120)
    unknown = database.read_now(lambda c: campaign.counts(c, number)).get(outbox.UNKNOWN, 0)
    doubles = sum(far.shown.values()) - len(far.shown)
    assert len(far.shown) == SILENT, "nobody is missed"
    assert doubles <= far.unanswered if again else doubles == 0
    assert unknown <= far.unanswered if again else unknown == far.unanswered
    if database.sqlite:
        what = "须送达 must arrive" if again else "可有可无 chatter"
        record(
            f"十分之一送达后没有回音（{what}）· a tenth silent after delivery",
            f"{SILENT} 人 people, {far.unanswered} 次 silent",
            f"丢 lost 0，重 doubled {doubles}，标为不确定 unknown {unknown}",
            "丢 0，重 ≤ 无回音次数" if again else "丢 0，重 0",
        )


@contextmanager
def half_open() -> Iterator[str]:
    """Accept every connection and never say a word."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen(128)
    yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    taken.close()


@contextmanager
def nobody() -> Iterator[str]:
    """A port on which nobody listens."""
    taken, port = free_socket()
    taken.close()
    yield f"http://127.0.0.1:{port}"


@contextmanager
def nameless() -> Iterator[str]:
    """A name that no DNS knows."""
    yield "http://no-such-host.invalid"


@pytest.mark.parametrize("way", [half_open, nobody, nameless], ids=["half-open", "refused", "no-dns"])
@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_one_messenger_out_of_reach_never_slows_another(company: Company, way: object) -> None:
    with way() as base:  # type: ignore[operator]
        async with running(company, TELEGRAM__API_BASE=base) as run:
            number = push(run, company, "周五停电检修", range(5000, 5000 + 40))
            slowest = await turns_of_the_web(run, company, size(3.0, 30.0))
            counts = run.read(lambda c: campaign.counts(c, number))
    assert slowest < 1
    assert not {outbox.FAILED, outbox.SENT} & set(counts)
    record(
        f"Telegram {way.__name__}（够不着）· one messenger out of reach",  # type: ignore[attr-defined]
        f"{size(3, 30)} s",
        f"网页最慢 web's slowest {slowest * 1000:.0f} ms，丢 lost 0",
        "< 1 s",
    )


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_letters_leave_when_the_way_is_free_again(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "FIRST", size(0.2, 2.0))
    async with running(company) as run:
        run.api.refusals.extend([(502, {"description": "Bad Gateway"})] * 7)
        number = push(run, company, "周五停电检修", range(5000, 5000 + 20))
        await eventually(lambda: run.read(lambda c: campaign.counts(c, number)) == {outbox.SENT: 20}, 60)
        assert set(Counter(seen.chat for seen in run.api.seen).values()) == {1}
