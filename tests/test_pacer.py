"""Even pacing: close under the ceiling over time, never above it in any second, and silent when told so."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

import pytest

from bot.pacer import CHAT_BURST, HeldError, Pacer
from bot.windows import MOST_CHATS, Windows


class _Leaping(selectors.SelectSelector):
    """A selector in which waiting takes no time: the clock jumps to the end of the wait."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        """Let the time pass at once."""
        found = super().select(0)
        if not found and timeout:
            self.now += timeout
        return found


def travel(main: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever it returns
    """Run a coroutine in an event loop whose time jumps."""
    selector = _Leaping()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now  # type: ignore[method-assign]
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


async def send(pacer: Pacer, chats: list[str], lane: int = 2, **more: bool) -> list[float]:
    """Let these chats be written to, all waiting at once; returns the moments."""
    loop, sent = asyncio.get_running_loop(), list[float]()

    async def one(chat: str) -> None:
        await pacer.turn(chat, lane, **more)
        sent.append(loop.time())

    await asyncio.gather(*(one(chat) for chat in chats))
    return sorted(sent)


@pytest.mark.parametrize(("rate", "count"), [(30.0, 3000), (1000.0, 20_000), (20.0, 2000), (16.67, 1000)])
def test_the_ceiling_is_reached_and_never_passed(rate: float, count: int) -> None:
    async def main() -> list[float]:
        return await send(Pacer(rate, None), [str(number) for number in range(count)])

    sent = travel(main())
    reached = (count - 1) / (sent[-1] - sent[0])
    assert reached >= 0.98 * rate
    left = 0
    for right, moment in enumerate(sent):
        while moment - sent[left] >= 1.0:
            left += 1
        assert right - left + 1 <= rate + max(1.0, rate * 0.05)


def test_a_live_answer_passes_every_broadcast_that_waits() -> None:
    async def main() -> tuple[float, list[float]]:
        pacer = Pacer(30.0, None)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        broadcast = asyncio.create_task(send(pacer, [str(number) for number in range(300)]))
        await asyncio.sleep(1)
        asked = loop.time()
        await pacer.turn("somebody", 0)
        answered = loop.time() - asked
        return answered, [moment - begun for moment in await broadcast]

    answered, sent = travel(main())
    assert answered <= 1 / 30 + 0.001
    assert sent[-1] > 9


def test_one_chat_may_be_answered_quickly_and_then_at_its_own_pace() -> None:
    async def main() -> list[float]:
        return await send(Pacer(None, 1.0), ["a"] * 20)

    sent = travel(main())
    assert sent[2] - sent[0] < 0.1
    assert 15 <= sent[-1] - sent[0] <= 19


def test_those_who_give_up_leave_no_hole_in_their_chats_pace() -> None:
    async def impatient(pacer: Pacer) -> None:
        async with asyncio.timeout(0.5):
            await pacer.turn("a", 0)

    async def main() -> float:
        pacer = Pacer(30.0, 1.0)
        await send(pacer, ["a"] * 4)
        gone = await asyncio.gather(*(impatient(pacer) for _ in range(50)), return_exceptions=True)
        assert all(isinstance(one, TimeoutError) for one in gone)
        begun = asyncio.get_running_loop().time()
        await pacer.turn("a", 0)
        return asyncio.get_running_loop().time() - begun

    assert travel(main()) <= 1.0


def most_within(sent: list[float], seconds: float) -> int:
    """Return how many left within so many seconds at most."""
    return max(sum(begun <= moment < begun + seconds - 1e-6 for moment in sent) for begun in sent)


@pytest.mark.parametrize("rate", [None, 30.0])
@pytest.mark.parametrize(("count", "pause"), [(20, 0.0), (20, 0.4), (12, 0.9)])
def test_a_chat_s_own_limit_holds_in_every_second(rate: float | None, count: int, pause: float) -> None:
    async def main() -> list[float]:
        pacer = Pacer(rate, 1.0)
        moments: list[float] = []
        for _ in range(count):
            moments += await send(pacer, ["a"])
            await asyncio.sleep(pause)
        return moments + await send(pacer, ["a"] * 5)

    assert most_within(travel(main()), 1.0) <= CHAT_BURST


@pytest.mark.parametrize("lanes", [(0, 2), (2, 2)])
def test_what_a_hold_kept_back_does_not_come_in_a_heap(lanes: tuple[int, int]) -> None:
    async def main() -> list[float]:
        pacer = Pacer(30.0, 1.0)
        early = [asyncio.create_task(send(pacer, ["a"] * 6, lane)) for lane in lanes]
        await asyncio.sleep(0)
        pacer.hold(20)
        return sorted(moment for one in await asyncio.gather(*early) for moment in one)

    assert most_within(travel(main()), 1.0) <= CHAT_BURST


@pytest.mark.parametrize("pause", [0.0, 1.0, 2.9, 7.0])
def test_a_group_s_own_limit_holds_in_every_minute(pause: float) -> None:
    async def main() -> list[float]:
        pacer = Pacer(30.0, 1.0, per_group_per_minute=20)
        moments: list[float] = []
        for _ in range(60):
            moments += await send(pacer, ["group"], group=True)
            await asyncio.sleep(pause)
        return moments

    sent = travel(main())
    assert most_within(sent, 60) <= 20
    assert most_within(sent, 1) <= CHAT_BURST
    assert pause > 3 or (len(sent) - 1) / (sent[-1] - sent[0]) >= 17 / 60, "and it is not much slower than that"


def test_a_group_has_its_own_pace() -> None:
    async def main() -> list[float]:
        return await send(Pacer(30.0, 1.0, per_group_per_minute=20), ["group"] * 23, group=True)

    sent = travel(main())
    assert sent[-1] - sent[0] >= 57


def test_a_hold_stops_everything_for_just_so_long() -> None:
    async def main() -> tuple[float, float]:
        pacer = Pacer(30.0, None)
        loop = asyncio.get_running_loop()
        await pacer.turn("a", 0)
        pacer.hold(7)
        begun = loop.time()
        assert pacer.held() == pytest.approx(7)
        await pacer.turn("b", 0)
        return loop.time() - begun, pacer.held()

    waited, held = travel(main())
    assert waited == pytest.approx(7, abs=0.01)
    assert held == 0


def test_nobody_is_kept_waiting_through_a_long_hold() -> None:
    async def main() -> int:
        pacer = Pacer(30.0, None)
        waiting = [asyncio.create_task(pacer.turn(str(number), 2)) for number in range(5)]
        await asyncio.sleep(0)
        pacer.hold(300)
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        return sum(isinstance(one, HeldError) for one in outcomes)

    assert travel(main()) == 4


def test_what_would_be_dropped_in_silence_waits_for_its_window() -> None:
    async def main() -> dict[str, list[float]]:
        pacer, loop = Pacer(100.0, None, windows=((30, 60), (100, 3600))), asyncio.get_running_loop()
        sent: dict[str, list[float]] = {"ada": [], "bo": []}
        for chat in ["ada"] * 130 + ["bo"] * 5:
            await pacer.turn(chat, 2)
            sent[chat].append(loop.time())
        return sent

    sent = travel(main())
    for moment in sent["ada"]:
        assert sum(moment <= other < moment + 60 for other in sent["ada"]) <= 30
        assert sum(moment <= other < moment + 3600 for other in sent["ada"]) <= 100
    assert sent["ada"][29] - sent["ada"][0] < 1
    assert sent["bo"][-1] - sent["bo"][0] < 1


def test_what_left_before_this_process_began_counts_too() -> None:
    async def main() -> tuple[float, float]:
        pacer = Pacer(None, None, windows=((30, 60),))
        for number in range(30):
            pacer.windows.take("ada", 40.0 - number)
        return pacer.chat_pause("ada", group=False), pacer.chat_pause("bo", group=False)

    ada, bo = travel(main())
    assert 20 <= ada <= 22
    assert bo == 0


def test_windows_forget_those_who_got_nothing_for_long() -> None:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        windows = Windows(((30, 60),), loop.time)
        for number in range(3 * MOST_CHATS):
            windows.take(str(number))
            if number % MOST_CHATS == 0:
                await asyncio.sleep(100)
        return len(windows._sent)

    assert travel(main()) <= 2 * MOST_CHATS
