"""What `dangqun doctor` asks of DingTalk: credentials, the clock, the stream, the callback's address, the card."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from messengers.base import Check, SendFailedError, Surroundings
from messengers.dingtalk import Section
from messengers.dingtalk.api import Api, RefusedCodeError

WARNING, ERROR = 60.0, 300.0
"""Seconds by which the clock may be wrong."""
RIGHTS = "企业内机器人发送消息权限、互动卡片权限"
TOPICS = ("/v1.0/im/bot/messages/get",)


async def checks(section: Section, surroundings: Surroundings, api: Api) -> list[Check]:
    """Return every line."""
    try:
        _, headers = await api.ask_token()
    except SendFailedError as error:
        if not isinstance(error, RefusedCodeError):
            what = f"dingtalk: 连不上 {api.base}（{error.why}）out of reach"
            return [Check("error", what, "检查网络、代理与 api_base")]
        remedy = f"核对 client_id 与 client_secret（开放平台 → 应用 → 凭证与基础信息），应用要有：{RIGHTS}"
        return [Check("error", f"dingtalk: 取不到令牌（{error.why}）the token is refused", remedy)]
    found = [_clock(headers), Check("ok", f"dingtalk: 令牌可用，机器人 {section.robot}，{section.mode}")]
    found.append(await _way_in(section, surroundings, api))
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
