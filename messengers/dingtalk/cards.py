"""Cards: whom one is delivered to, and the address that presses on them come to where there is no Stream."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from messengers.base import Outgoing, SendFailedError
from messengers.dingtalk import Section
from messengers.dingtalk.api import Api
from messengers.dingtalk.intake import PRESSES

log = logging.getLogger(__name__)

ROUTE = "dangqun"
"""The name under which DingTalk keeps the address for presses."""
REGISTER = "/v1.0/card/callbacks/register"
SHORTEST, LONGEST = 5.0, 600.0
"""Bounds of the pause before the address is told again, in seconds."""


def made(section: Section, letter: Outgoing, variables: Mapping[str, str], track: str) -> dict[str, Any]:
    """Return a card as DingTalk makes and delivers it. `track`: its name, chosen by us: the same is made once."""
    group = letter.chat != letter.user
    space = f"dtv1.card//IM_GROUP.{letter.chat}" if group else f"dtv1.card//IM_ROBOT.{letter.user}"
    card = {
        "cardTemplateId": section.card_template,
        "outTrackId": track,
        "cardData": {"cardParamMap": variables},
        "openSpaceId": space,
        "userIdType": 1,
        "callbackType": "STREAM" if section.mode == "stream" else "HTTP",
    }
    if section.mode == "callback":
        card["callbackRouteKey"] = ROUTE
    if group:
        card["imGroupOpenDeliverModel"] = {"robotCode": section.robot}
        card["imGroupOpenSpaceModel"] = {"supportForward": False}
    else:
        card["imRobotOpenDeliverModel"] = {"spaceType": "IM_ROBOT", "robotCode": section.robot}
        card["imRobotOpenSpaceModel"] = {"supportForward": False}
    return card


def hidden(answer: Mapping[str, Any]) -> str:
    """Return why a card that was made is shown to nobody; empty when it is shown."""
    result = answer.get("result")
    listed = result.get("deliverResults") if isinstance(result, dict) else None
    told = [answer, *(listed if isinstance(listed, list) else ())]
    refused = [one for one in told if isinstance(one, dict) and one.get("success") is False]
    return str(refused[-1].get("errorMsg") or "no reason is told")[:120] if refused else ""


def address(section: Section, base_url: str) -> str:
    """Return where presses come to by HTTP; empty when they come by Stream, or nobody out there reaches us."""
    if section.mode != "callback" or not section.card_template or not base_url.startswith("https://"):
        return ""
    return f"{base_url.rstrip('/')}{section.path.rstrip('/')}{PRESSES}"


def registration(section: Section, url: str, *, over: bool) -> dict[str, Any]:
    """Return what tells DingTalk the address, and by what presses are signed. `over`: in place of another address."""
    secret = section.client_secret.get_secret_value()
    return {"callbackRouteKey": ROUTE, "callbackUrl": url, "apiSecret": secret, "forceUpdate": over}


async def register(section: Section, api: Api, base_url: str) -> None:
    """Tell DingTalk where presses come to; tried until it is taken, for without it no button does anything."""
    url, pause = address(section, base_url), SHORTEST
    if not url:
        if section.mode == "callback" and section.card_template:
            log.warning("dingtalk: base_url is no https address, so buttons on cards can't call back")
        return
    while True:
        try:
            await api.call("POST", REGISTER, registration(section, url, over=True))
        except SendFailedError as error:
            log.warning("dingtalk: the address for presses is not registered, tried again: %s", error.why)
            await asyncio.sleep(max(pause, error.retry_after or 0.0))
            pause = min(LONGEST, pause * 2)
        else:
            log.info("dingtalk: presses on cards come to %s", PRESSES)
            return
