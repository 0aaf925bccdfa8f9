"""What DingTalk's refusals mean: for one letter, for all of them, or for nobody; and answers that make no sense."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot import tokens
from domain.reply import Reply, text
from messengers.base import Outgoing, SendFailedError, Sent
from messengers.dingtalk import Section, api
from messengers.dingtalk.api import Api
from messengers.dingtalk.outcome import joined, refusals
from storage import outbox
from tests.dingtalk_api import SECRET, dingtalk_side
from tests.running import Running, eventually
from tests.talk import Company
from tests.test_dingtalk import on_dingtalk, shows


def letter(number: int, user: str, words: str = "周五停电") -> Outgoing:
    """Return a letter to one person."""
    return Outgoing(number, user, user, Reply((text(words),)))


async def refused(run: Running, one: Outgoing) -> SendFailedError:
    """Send a letter that does not go out; returns why."""
    with pytest.raises(SendFailedError) as raised:
        await run.app.messengers["dingtalk"].send(one)
    return raised.value


async def test_while_the_client_secret_is_wrong_letters_wait(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MENDING", 0.2)
    monkeypatch.setattr(tokens, "YOUNG", timedelta())
    async with on_dingtalk(company) as (far, run):
        far.broken_replies, far.secret = 1, "changed in the console"
        await far.says("manager1", "签到")
        await eventually(lambda: run.app.deliveries["dingtalk"]._pacer.held() > 0)
        why = await refused(run, letter(1, "u1"))
        assert (why.permanent, why.retry_after, why.unknown) == (False, 0.2, False)
        assert run.read(outbox.counts).get(("dingtalk", "failed"), 0) == 0
        far.secret = SECRET
        await shows(far, "manager1", "签到成功")


@pytest.mark.parametrize(
    ("answer", "wait", "unknown"),
    [
        ((429, {"code": "Some.New.Code", "message": "slowly"}), 1.0, False),
        ((429, "slowly"), 1.0, False),
        ((200, {"errcode": -1, "errmsg": "系统繁忙"}), None, False),
        ((200, {"errcode": "-1", "errmsg": "系统繁忙"}), None, False),
        ((200, {"errcode": []}), None, True),
        ((200, {"errcode": {}}), None, True),
        ((200, {"errcode": 0.5}), None, True),
    ],
)
async def test_what_passes_by_itself_is_no_fault_of_the_letter(
    company: Company, answer: tuple[int, Any], wait: float | None, *, unknown: bool
) -> None:
    async with on_dingtalk(company) as (far, run):
        far.refuses = [answer]
        why = await refused(run, letter(1, "u1"))
        assert (why.permanent, why.retry_after, why.unknown) == (False, wait, unknown)


def test_an_address_that_is_none_is_not_called() -> None:
    calls = Api(Section(), None)  # type: ignore[arg-type]
    for url in ("https://[::1", "https://oapi.dingtalk.com]/x", "//[", "", "https://[oapi.dingtalk.com]/x"):
        assert not calls.may_reply(url)
        assert not calls.may_fetch(url)


async def test_who_could_not_be_reached_at_all_has_surely_not_got_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with dingtalk_side() as (_, url):
        calls = Api(Section(api_base=url, oapi_base=url), None)  # type: ignore[arg-type]

        def nobody(*_: object, **__: object) -> None:
            raise aiohttp.ConnectionTimeoutError

        monkeypatch.setattr(calls._opened(), "_request", nobody)
        with pytest.raises(SendFailedError) as raised:
            await calls.ask("POST", f"{url}/robot/sendBySession?session=x", {})
        assert not raised.value.unknown
        await calls.close()


@pytest.mark.parametrize("told", [{}, {"accessToken": 7}, {"accessToken": "t", "expireIn": "x"}, {"accessToken": ""}])
async def test_an_answer_without_a_token_is_no_token(monkeypatch: pytest.MonkeyPatch, told: dict[str, Any]) -> None:
    calls = Api(Section(), None)  # type: ignore[arg-type]

    async def answer() -> tuple[dict[str, Any], dict[str, str]]:
        return told, {}

    monkeypatch.setattr(calls, "ask_token", answer)
    with pytest.raises(SendFailedError, match="none came"):
        await calls.fetch_token()


async def test_who_is_filtered_has_not_got_it(company: Company) -> None:
    async with on_dingtalk(company) as (far, run):
        far.filtered = {"u1"}
        dingtalk = run.app.messengers["dingtalk"]
        told = await dingtalk.send_many([letter(1, "u1"), letter(2, "u2")])  # type: ignore[attr-defined]
        assert isinstance(told[1], Sent)
        assert (told[0].permanent, told[0].closes_address) == (True, False)
        why = await refused(run, letter(3, "u1"))
        assert (why.permanent, why.closes_address) == (True, False)
        assert "u1" not in far.phones
    assert refusals({"invalidStaffIdList": 7, "filteredStaffIdList": "u1", "flowControlledStaffIdList": {}}) == {}


def test_a_key_is_kept_whole_or_not_at_all() -> None:
    keys = [f"q:{place}{'k' * 150}" for place in range(5)]
    assert joined(keys) == f"{keys[0]}+{keys[1][2:]}+{keys[2][2:]}"
    assert joined(["", f"q:{'k' * 600}", "q:short"]) == "q:short"
    assert joined(["g:", "g:one", "", "g:two"]) == "g:one+two"
    assert joined(["q:one", "c:dq-1-1"]) == "c:dq-1-1"
    assert joined([]) == ""


async def send_many(run: Running, letters: list[Outgoing]) -> list[Sent | SendFailedError]:
    """Send the same to all of them."""
    return list(await run.app.messengers["dingtalk"].send_many(letters))  # type: ignore[attr-defined]


async def test_a_wrong_letter_does_not_make_the_next_ones_cost_five_times_as_much(company: Company) -> None:
    async with on_dingtalk(company) as (far, run):
        far.wrong = {"坏话"}
        with pytest.raises(SendFailedError, match="invalidParameter"):
            await send_many(run, [letter(place, f"u{place}", "坏话") for place in range(100)])
        far.calls.clear()
        assert all(isinstance(one, Sent) for one in await send_many(run, [letter(n, f"u{n}") for n in range(100)]))
        assert len(far.calls) == 1


async def test_one_wrong_person_costs_nobody_else_the_letter(company: Company) -> None:
    async with on_dingtalk(company) as (far, run):
        far.wrong = {"u30"}
        told = await send_many(run, [letter(place, f"u{place}") for place in range(100)])
        assert all(isinstance(one, Sent) for one in told[:20] + told[40:])
        assert [one.permanent for one in told if isinstance(one, SendFailedError)] == [False] * 20
        far.wrong = set()
        far.calls.clear()
        await send_many(run, [letter(place, f"v{place}") for place in range(100)])
        assert len(far.calls) == 1


async def test_a_later_part_that_is_refused_is_tried_again_for_each_of_them(company: Company) -> None:
    async with on_dingtalk(company) as (far, run):
        words = "很长的通知，说了很多。" * 700 + "坏话"
        parts = len(run.app.messengers["dingtalk"].render(Reply((text(words),))))
        far.wrong = {"坏话"}
        told = await send_many(run, [letter(place, f"u{place}", words) for place in range(3)])
        assert [(one.permanent, one.parts_done) for one in told if isinstance(one, SendFailedError)] == [
            (False, parts - 1)
        ] * 3
        [alone] = await send_many(run, [letter(9, "u9", words)])
        assert isinstance(alone, SendFailedError)
        assert (alone.permanent, alone.parts_done) == (True, parts - 1)
