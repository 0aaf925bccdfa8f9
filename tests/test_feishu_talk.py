"""The whole program on Feishu: people talk by the long connection, in private and in a group, and press buttons."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp.test_utils import TestServer
from sqlalchemy import Connection

from storage import address
from tests.company import MONDAY_MORNING
from tests.feishu_api import APP, ME, SECRET, FeishuApi, Kept
from tests.running import Running, eventually, running
from tests.talk import Company
from tests.test_feishu import words_of
from tests.test_feishu_receive import event, message

ADA = "ou_ada"


@asynccontextmanager
async def on_feishu(company: Company) -> AsyncIterator[tuple[FeishuApi, Running]]:
    """Run the program for a company on Feishu, Ada bound already."""

    def bind(connection: Connection) -> None:
        address.meet(connection, "feishu", ADA, ADA, "zh", MONDAY_MORNING)
        caller = address.caller(connection, "feishu", ADA)
        assert caller is not None
        address.bind(connection, caller.address_id, company.roll.people["ada"], MONDAY_MORNING)

    company.database.write_now(bind)
    api = FeishuApi()
    async with TestServer(api.application()) as server:
        api.base = str(server.make_url("")).rstrip("/")
        given = {"ENABLED": "true", "APP_ID": APP, "APP_SECRET": SECRET, "API_BASE": api.base}
        settings = {f"FEISHU__{name}": value for name, value in given.items()}
        async with running(company, telegram=False, users=None, **settings) as run:
            await asyncio.wait_for(api.connected.wait(), 10)
            yield api, run


def says(words: str, number: int, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return what Ada says."""
    return message("text", {"text": words}, message_id=f"om_in_{number}", **given)


async def shows(api: FeishuApi, to: str, words: str) -> Kept:
    """Wait until somebody's phone shows this."""
    found = await eventually(lambda: [kept for kept in api.shown(to) if words in words_of(kept.content)])
    return found[0]


async def test_somebody_checks_in_and_leafs_in_a_card(company: Company) -> None:
    async with on_feishu(company) as (api, run):
        assert await api.deliver(says("签到", 1)) == 200
        await shows(api, ADA, "签到成功")
        for _ in range(3):
            assert await api.deliver(says("签到", 1)) == 200
        await run.app.intake.idle()
        assert len(api.shown(ADA)) == 1
        await api.deliver(says("积分", 2))
        card = await shows(api, ADA, "我的积分")
        buttons = [one for element in card.content["elements"][1:] for one in element["actions"]]
        value = next(one["value"] for one in buttons if "明细" in one["text"]["content"])
        who = {"open_id": ADA, "user_id": "A001"}
        press = {"operator": who, "action": {"value": value}, "context": {"open_message_id": card.name}}
        assert await api.deliver(event("card.action.trigger", press, event_id="press1")) == 200
        assert (await shows(api, ADA, "点一条看原因")).name == card.name
        assert card.edits == 1


async def test_in_a_group_it_answers_who_names_it_and_says_nothing_personal(company: Company) -> None:
    async with on_feishu(company) as (api, run):
        await eventually(lambda: getattr(run.app.messengers["feishu"], "me", "") == ME)
        await api.deliver(says("积分", 1, chat_type="group", chat_id="oc_9"))
        bot = {"key": "@_user_1", "id": {"open_id": ME}, "name": "党群助手"}
        await api.deliver(says("@_user_1 积分", 2, chat_type="group", chat_id="oc_9", mentions=[bot]))
        await shows(api, "oc_9", "私聊")
        await run.app.intake.idle()
        assert len(api.shown("oc_9")) == 1


async def test_a_stranger_is_asked_for_the_code(company: Company) -> None:
    async with on_feishu(company) as (api, _):
        told = says("你好", 1)
        told["event"]["sender"]["sender_id"] = {"open_id": "ou_new", "user_id": ""}
        await api.deliver(told)
        await shows(api, "ou_new", "绑定码")
