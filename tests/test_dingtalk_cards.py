"""DingTalk's cards: presses by HTTP, what is not delivered, and what stands in their place."""

from __future__ import annotations

from tests.dingtalk_api import SECRET, calls_back, presses_back
from tests.running import eventually
from tests.talk import Company
from tests.test_dingtalk import NOW, on_dingtalk

BY_HTTP = {
    "DINGTALK__MODE": "callback",
    "DINGTALK__CARD_TEMPLATE": "tpl.schema",
    "WEB__BASE_URL": "https://dq.example",
}


async def test_a_press_by_http_comes_to_an_address_that_dingtalk_was_told(company: Company) -> None:
    async with on_dingtalk(company, **BY_HTTP) as (api, run):
        await eventually(lambda: api.routes)
        assert api.routes == {"dangqun": ("https://dq.example/hooks/dingtalk-4f1c/cards", SECRET)}
        robot, cards = f"{run.url}/hooks/dingtalk-4f1c", f"{run.url}/hooks/dingtalk-4f1c/cards"
        assert await calls_back(robot, api.message("manager1", msgtype="text", text={"content": "首页"})) == 200
        await eventually(lambda: any(shown.card for shown in api.phones["manager1"]))
        shown = next(one for one in api.phones["manager1"] if one.card)
        before, press = dict(shown.card), api.press("manager1", shown.card["label_1"])
        assert await calls_back(cards, press) == 403
        assert await presses_back(cards, press, secret="other") == 403
        assert await presses_back(cards, press, stamp=NOW) == 403
        assert await presses_back(cards, ["x"]) == 400
        assert await calls_back(robot, press) == 400
        assert shown.card == before
        assert await presses_back(cards, press) == 200
        await eventually(lambda: shown.card != before or len(api.phones["manager1"]) > 1)
