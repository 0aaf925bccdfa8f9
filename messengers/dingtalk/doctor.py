"""What `dangqun doctor` asks of DingTalk: credentials, the clock, rights, the stream, the callbacks, the card."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from messengers.base import Check, SendFailedError, Surroundings
from messengers.dingtalk import Section
from messengers.dingtalk.api import Api, RefusedCodeError
from messengers.dingtalk.cards import REGISTER, address, registration

WARNING, ERROR = 60.0, 300.0
"""Seconds by which the clock may be wrong."""
SENDING = "企业内机器人发送消息权限 qyapi_robot_sendmsg"
CARDS = "互动卡片实例写权限 Card.Instance.Write"
GRANT = "开放平台 → 应用 → 权限管理 → 申请，再发布版本 · grant it, and publish"
NOBODY = "dangqun-doctor"
TOPICS = ("/v1.0/im/bot/messages/get",)


async def checks(section: Section, surroundings: Surroundings, api: Api) -> list[Check]:
    """Return every line."""
    try:
        told, headers = await api.ask_token()
    except SendFailedError as error:
        if not isinstance(error, RefusedCodeError):
            what = f"dingtalk: 连不上 {api.base}（{error.why}）out of reach"
            return [Check("error", what, "检查网络、代理与 api_base")]
        remedy = f"核对 client_id 与 client_secret（开放平台 → 应用 → 凭证与基础信息），应用要有：{SENDING}、{CARDS}"
        return [Check("error", f"dingtalk: 取不到令牌（{error.why}）the token is refused", remedy)]
    found = [_clock(headers), Check("ok", f"dingtalk: 令牌可用，机器人 {section.robot}，{section.mode}")]
    found.append(await _way_in(section, surroundings, api))
    found += await _rights(
        section, surroundings, api, {"x-acs-dingtalk-access-token": str(told.get("accessToken", ""))}
    )
    if not section.card_template:
        remedy = "想要按钮：在卡片平台建模板，写进 card_template，见 docs/dingtalk.md"
        found.append(Check("warning", "dingtalk: 没有卡片模板，按钮写成编号 no card template", remedy))
    return found


def _clock(headers: Mapping[str, str]) -> Check:
    try:
        skew = abs(time.time() - parsedate_to_datetime(headers.get("Date", "")).timestamp())
    except (ValueError, TypeError):
        return Check("ok", "dingtalk: 对方没有给出时间 no time was told")
    if skew < WARNING:
        return Check("ok", f"dingtalk: 时钟相差 {skew:.0f} 秒 clock")
    level = "error" if skew > ERROR else "warning"
    return Check(level, f"dingtalk: 时钟相差 {skew:.0f} 秒 the clock is wrong", "校准系统时间")


async def _rights(section: Section, surroundings: Surroundings, api: Api, headers: Mapping[str, str]) -> list[Check]:
    """Ask for what reaches nobody and changes nothing: an app without the right to it is told so."""
    nobody = {"robotCode": section.robot, "userIds": [], "msgKey": "sampleText", "msgParam": '{"content":"⋯"}'}
    asked = partial(api.ask, "POST", f"{api.base}/v1.0/robot/oToMessages/batchSend", nobody, headers)
    found = [await _right(SENDING, asked, "error")]
    if section.card_template:
        card = {"outTrackId": NOBODY, "cardData": {"cardParamMap": {}}}
        asked = partial(api.ask, "PUT", f"{api.base}/v1.0/card/instances", card, headers)
        found.append(await _right(CARDS, asked, "warning"))
    url = address(section, surroundings.base_url)
    if url:
        found.append(await _presses(url, api, registration(section, url, over=False), headers))
    return found


async def _right(what: str, ask: Callable[[], Awaitable[object]], level: str) -> Check:
    """`level`: how bad it is to be without."""
    try:
        await ask()
    except SendFailedError as error:
        if isinstance(error, RefusedCodeError) and error.rights:
            return Check(level, f"dingtalk: 缺权限 {what}（{error.why}）", GRANT)
        if not error.permanent:
            return Check("warning", f"dingtalk: 权限查不到 {what}（{error.why}）", "稍后再试")
    return Check("ok", f"dingtalk: 权限 {what}")


async def _presses(url: str, api: Api, payload: Mapping[str, Any], headers: Mapping[str, str]) -> Check:
    """Ask where presses come to; where DingTalk knows no address yet it takes ours."""
    try:
        told, _ = await api.ask("POST", f"{api.base}{REGISTER}", payload, headers)
    except SendFailedError as error:
        return Check("error", f"dingtalk: 卡片回调登记不了（{error.why}）", f"应用要有 {CARDS}；程序运行时会再登记")
    result = told.get("result")
    known = result.get("callbackUrl") if isinstance(result, dict) else None
    if known is not None and known != url:
        remedy = "启动或重启程序，它会登记现在的地址 · start the program, it registers the address of now"
        return Check("warning", f"dingtalk: 卡片回调登记的是别的地址，不是 {url}", remedy)
    return Check("ok", f"dingtalk: 卡片回调 {url}")


async def _way_in(section: Section, surroundings: Surroundings, api: Api) -> Check:
    if section.mode == "stream":
        try:
            await api.open_stream(TOPICS)
        except SendFailedError as error:
            remedy = "开放平台 → 应用 → 机器人 → 消息接收模式选 Stream"
            return Check("error", f"dingtalk: Stream 打不开（{error.why}）", remedy)
        return Check("ok", "dingtalk: Stream 可以打开")
    base = surroundings.base_url
    if not base.startswith("https://"):
        return Check(
            "error", "dingtalk: [web] base_url 不是 https 地址，钉钉回调不到", '填公网的 https 地址，或 mode = "stream"'
        )
    return Check(
        "warning", f"dingtalk: 回调 {base}{section.path}，请从外网试一次", "HTTP 方式的签名不盖住正文，建议用 Stream"
    )
