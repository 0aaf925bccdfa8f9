"""What the doctor sees of DingTalk, and how patiently a line that was refused is opened again."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from messengers.base import Check, SendFailedError, Surroundings
from messengers.dingtalk import Section, stream
from messengers.dingtalk.api import Api
from messengers.dingtalk.doctor import checks
from messengers.dingtalk.stream import Stream
from tests.dingtalk_api import CLIENT, SECRET, DingtalkApi, dingtalk_side

SEND, CARDS = "/v1.0/robot/oToMessages/batchSend", "/v1.0/card/instances"


async def examined(far: DingtalkApi, mode: str = "stream", secret: str = SECRET) -> list[Check]:
    """Return what the doctor says of an app with cards."""
    section = Section.model_validate(
        {
            "client_id": CLIENT,
            "client_secret": secret,
            "mode": mode,
            "api_base": far.base,
            "oapi_base": far.base,
            "card_template": "tpl.schema",
        }
    )
    surroundings = Surroundings(doors=None, secret=b"", base_url="https://dq.example/")  # type: ignore[arg-type]
    calls = Api(section, surroundings.doors)
    try:
        return await checks(section, surroundings, calls)
    finally:
        await calls.close()


def level(found: list[Check], words: str) -> str:
    """Return how bad the line with these words is."""
    [one] = [check for check in found if words in check.what]
    return one.level


async def test_the_doctor_names_the_rights_that_are_missing_and_reaches_nobody() -> None:
    async with dingtalk_side() as (far, _):
        found = await examined(far)
        assert (level(found, "qyapi_robot_sendmsg"), level(found, "Card.Instance.Write")) == ("ok", "ok")
        far.forbidden = {SEND, CARDS}
        found = await examined(far)
        assert (level(found, "缺权限 企业内机器人"), level(found, "缺权限 互动卡片")) == ("error", "warning")
        far.forbidden, far.refuses = set(), [(429, {"code": "x"})]
        assert level(await examined(far), "权限查不到") == "warning"
        assert not far.phones


async def test_the_doctor_knows_where_presses_come_to() -> None:
    async with dingtalk_side() as (far, _):
        url = "https://dq.example/hooks/dingtalk/cards"
        assert level(await examined(far, "callback"), f"卡片回调 {url}") == "ok"
        assert far.routes == {"dangqun": (url, SECRET)}
        far.routes["dangqun"] = ("https://old.example/cards", SECRET)
        assert level(await examined(far, "callback"), "别的地址") == "warning"
        assert far.routes["dangqun"][0] == "https://old.example/cards"
        far.forbidden = {"/v1.0/card/callbacks/register"}
        assert level(await examined(far, "callback"), "登记不了") == "error"


async def test_with_a_wrong_secret_the_doctor_says_so_and_asks_nothing_more() -> None:
    async with dingtalk_side() as (far, _):
        [only] = await examined(far, secret="wrong")
        assert (only.level, "invalidClientIdOrSecret" in only.what) == ("error", True)


async def test_a_line_is_not_opened_before_the_time_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SHORTEST", 0.01)
    asked = list[float]()
    section = Section(client_id="x", client_secret=SecretStr("y"))
    calls = Api(section, None)  # type: ignore[arg-type]

    async def no(_: object) -> None:
        asked.append(asyncio.get_running_loop().time())
        raise SendFailedError("too fast", retry_after=0.4)

    monkeypatch.setattr(calls, "open_stream", no)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await Stream(section, None, calls).run()  # type: ignore[arg-type]
    assert 2 <= len(asked) <= 3
    assert asked[1] - asked[0] >= 0.4
