"""What `dangqun doctor` asks of WeCom: credentials, trusted addresses, who may use the app, the clock, the callback."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import aiohttp

from messengers.base import Check, SendFailedError, Surroundings
from messengers.wecom import Section
from messengers.wecom.api import Api

if TYPE_CHECKING:
    from messengers.wecom.intake import Callback

REMEDIES = {
    40013: "corp_id 不对：管理后台 → 我的企业 → 企业 ID · wrong corp_id",
    40001: "secret 不对：管理后台 → 应用管理 → 本应用 → Secret · wrong secret",
    40056: "agent_id 不对：管理后台 → 应用管理 → 本应用 → AgentId · wrong agent_id",
    60020: "把本机的公网 IP 加进“企业可信 IP” · add this machine's public address to the app's trusted IPs",
}
WARNING, ERROR = 60.0, 300.0
"""Seconds by which the clock may be wrong."""
_ADDRESS = re.compile(r"from ip:\s*([0-9A-Fa-f.:]+)")
PATIENCE = aiohttp.ClientTimeout(total=3)


async def checks(section: Section, surroundings: Surroundings, api: Api, callback: Callback) -> list[Check]:
    """Return every line."""
    found = await _credentials(section, api)
    found.append(await _reachable(section, surroundings, callback))
    return found


async def _credentials(section: Section, api: Api) -> list[Check]:
    query = {"corpid": section.corp_id, "corpsecret": section.secret.get_secret_value()}
    try:
        told, headers = await api.ask("GET", "gettoken", query)
    except SendFailedError as error:
        return [Check("error", f"wecom: 连不上 {section.api_base}（{error.why}）", "检查网络、代理与 api_base")]
    found = [_clock(headers)]
    code = told.get("errcode", 0)
    if code:
        remedy = REMEDIES.get(code, "按错误码查企业微信的文档 · see WeCom's page of error codes")
        return [*found, Check("error", f"wecom: 取不到令牌 {code} {_said(told)}", remedy)]
    token = str(told.get("access_token", ""))
    return [*found, await _app(section, api, token)]


async def _app(section: Section, api: Api, token: str) -> Check:
    """Ask for the app's own record: it names who may use it."""
    try:
        told, _ = await api.ask("GET", "agent/get", {"access_token": token, "agentid": str(section.agent_id)})
    except SendFailedError as error:
        return Check("warning", f"wecom: 应用信息读不到（{error.why}）", "稍后再试")
    code = told.get("errcode", 0)
    if code:
        remedy = REMEDIES.get(code, "核对 agent_id，以及应用的可见范围 · check agent_id and who may use the app")
        return Check("error", f"wecom: 应用 {section.agent_id} 用不了：{code} {_said(told)}", remedy)
    if told.get("close"):
        return Check("error", "wecom: 应用被停用了 the app is switched off", "管理后台 → 应用管理 → 启用")
    return Check("ok", f"wecom: {told.get('name') or section.agent_id}")


def _said(told: Mapping[str, Any]) -> str:
    """Return the words of a refusal; the address that WeCom saw us come from stands at their end, and is wanted."""
    words = str(told.get("errmsg", ""))
    found = _ADDRESS.search(words)
    short = words[:80]
    return short if found is None or found[1] in short else f"{short}… IP {found[1]}"


def _clock(headers: Mapping[str, str]) -> Check:
    try:
        skew = abs(time.time() - parsedate_to_datetime(headers.get("Date", "")).timestamp())
    except (ValueError, TypeError):
        return Check("ok", "wecom: 对方没有给出时间 no time was told")
    if skew < WARNING:
        return Check("ok", f"wecom: 时钟相差 {skew:.0f} 秒 clock")
    level = "error" if skew > ERROR else "warning"
    return Check(level, f"wecom: 时钟相差 {skew:.0f} 秒，回调会被当成过期 the clock is wrong", "校准系统时间")


async def _reachable(section: Section, surroundings: Surroundings, callback: Callback) -> Check:
    """Call our own callback as WeCom does; from here only, which is as far as we can see."""
    base, gate = surroundings.base_url.rstrip("/"), callback.gate
    if not base.startswith("https://"):
        return Check("warning", "wecom: [web] base_url 不是 https 地址，企业微信回调不到", "填公网的 https 地址")
    if gate is None:
        return Check("error", "wecom: 缺 token 或 aes_key", "dangqun connect wecom")
    moment, nonce, echo = str(int(time.time())), "doctor", gate.encrypt(b"dangqun")
    query = {"msg_signature": gate.sign(moment, nonce, echo), "timestamp": moment, "nonce": nonce, "echostr": echo}
    try:
        async with (
            aiohttp.ClientSession(timeout=PATIENCE) as session,
            session.get(base + section.path, params=query) as a,
        ):
            words = await a.text()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        why = type(error).__name__
        return Check(
            "warning", f"wecom: 从这里打不开 {base}{section.path}（{why}）", "程序在运行时再查；从外网也试一次"
        )
    if words != "dangqun":
        return Check("error", f"wecom: {base}{section.path} 答得不对", "反向代理要把这个路径原样转给本程序")
    return Check("ok", f"wecom: 回调 {base}{section.path}")
