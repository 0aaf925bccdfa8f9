"""Even pacing: close under the ceiling over time, never above it in any second, and silent when told so."""

from __future__ import annotations

import pytest

from bot.pacer import Pacer


class Clock:
    """Seconds that pass only when somebody waits."""

    def __init__(self) -> None:
        """Begin somewhere."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def run(pacer: Pacer, clock: Clock, count: int, chats: int) -> list[float]:
    sent = []
    for number in range(count):
        wait = pacer.reserve(f"chat-{number % chats}")
        sent.append(clock.now + wait)
        clock.now += max(0.0, wait - 0.0001)
    return sorted(sent)


@pytest.mark.parametrize(("rate", "count"), [(30.0, 3000), (1000.0, 20_000), (20.0, 2000), (16.67, 1000)])
def test_the_ceiling_is_reached_and_never_passed(rate: float, count: int) -> None:
    clock = Clock()
    sent = run(Pacer(rate, None, clock), clock, count, count)
    reached = (count - 1) / (sent[-1] - sent[0])
    assert reached >= 0.98 * rate
    left = 0
    for right, moment in enumerate(sent):
        while moment - sent[left] >= 1.0:
            left += 1
        assert right - left + 1 <= rate + max(1.0, rate * 0.05)


def test_one_chat_may_be_answered_quickly_and_then_at_its_own_pace() -> None:
    clock = Clock()
    sent = run(Pacer(None, 1.0, clock), clock, 20, 1)
    assert sent[2] - sent[0] < 0.1
    assert 15 <= sent[-1] - sent[0] <= 19


def test_a_hold_stops_everything_for_just_so_long() -> None:
    clock = Clock()
    pacer = Pacer(30.0, None, clock)
    pacer.reserve("a")
    assert pacer.held() == 0
    pacer.hold(7)
    assert pacer.held() == 7
    assert pacer.reserve("b") >= 7
    clock.now += 7
    assert pacer.held() == 0
