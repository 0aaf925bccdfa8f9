"""What `dangqun doctor` asks of Feishu: credentials, the bot, the way in, scopes by name, the clock."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime

import aiohttp

from messengers.base import Check, SendFailedError, Surroundings
from messengers.feishu import Section
from messengers.feishu.api import NO_SCOPE, Answer, Api
from messengers.feishu.crypto import encrypt
from messengers.feishu.socket import endpoint

REMEDIES = {
    10003: "app_id 或 app_secret 不对：开发者后台 → 凭证与基础信息 · wrong app_id or app_secret",
    10014: "app_secret 不对：开发者后台 → 凭证与基础信息 · wrong app_secret",
    99991401: "把本机的公网 IP 加进“IP 白名单” · add this machine's public address to the allowlist",
    99991662: "应用没有启用，或没有发布版本 · the app is switched off, or has no published version",
}
USUAL = "按错误码查飞书开放平台的文档 · see Feishu's page of error codes"
GRANT = "开发者后台 → 权限管理 → 开通，再发布版本 · grant it, and publish"
GRANTED = 1
NEEDS = (
    ("error", "发送、改写、撤回 sending", ("im:message", "im:message:send_as_bot")),
    ("warning", "收单聊里的消息 hearing people", ("im:message.p2p_msg:readonly", "im:message.p2p_msg")),
    ("warning", "图片和文件 pictures and files", ("im:resource",)),
    ("warning", "一次发给许多人 sending to many", ("im:message:send_multi_users",)),
)
"""How bad it is, what for, and the scopes of which one is enough."""
BY_DIRECTORY = ("warning", "认出工号 numbers of the directory", ("contact:user.employee_id:readonly",))
WARNING, ERROR = 60.0, 300.0
"""Seconds by which the clock may be wrong."""
PROBES = (
    # A message that nobody has: what is asked is whether the app may ask.
    ("读取与发送消息 messages", "GET", "im/v1/messages/om_dangqun_doctor"),
)
_SCOPE = re.compile(r"\b(?:im|contact|application|cardkit)(?::[a-z0-9_.]+){1,4}\b")
_PATIENCE = aiohttp.ClientTimeout(total=3)


async def checks(section: Section, surroundings: Surroundings, api: Api) -> list[Check]:
    """Return every line."""
    found, token = await _credentials(section, api)
    if token:
        found.append(await _bot(api, token))
        found += [await _scope(api, token, *probe) for probe in PROBES]
        found += await _granted(api, token, [*NEEDS, BY_DIRECTORY] if section.bind_by_directory else NEEDS)
        if section.mode == "long":
            found.append(await _long(api))
    if section.mode == "callback":
        found += await _callback(section, surroundings)
    return found


async def _credentials(section: Section, api: Api) -> tuple[list[Check], str]:
    try:
        answer = await api.ask_token()
    except SendFailedError as error:
        return [Check("error", f"feishu: 连不上 {section.api_base}（{error.why}）", "检查网络、代理与 api_base")], ""
    found = [_clock(answer.headers)]
    token = answer.told.get("tenant_access_token")
    if answer.code or not isinstance(token, str):
        return [*found, _refused("取不到令牌 no token", answer)], ""
    return [*found, Check("ok", "feishu: 凭证可用 credentials")], token


async def _bot(api: Api, token: str) -> Check:
    try:
        answer = await api.ask("GET", "/open-apis/bot/v3/info", token=token)
    except SendFailedError as error:
        return Check("warning", f"feishu: 机器人信息读不到（{error.why}）", "稍后再试")
    bot = answer.told.get("bot")
    if answer.code or not isinstance(bot, dict) or not bot.get("open_id"):
        return _refused("没有机器人能力 no bot", answer, "开发者后台 → 添加应用能力 → 机器人，再发布版本")
    return Check("ok", f"feishu: {str(bot.get('app_name') or '')[:40] or '机器人'}")


async def _scope(api: Api, token: str, what: str, method: str, name: str) -> Check:
    """Ask for something harmless: an app without the scope is told its name."""
    try:
        answer = await api.ask(method, f"/open-apis/{name}", token=token)
    except SendFailedError as error:
        return Check("warning", f"feishu: 权限查不到 {what}（{error.why}）", "稍后再试")
    if answer.code not in NO_SCOPE:
        return Check("ok", f"feishu: 权限 {what}")
    scopes = "、".join(dict.fromkeys(_SCOPE.findall(json.dumps(answer.told)))) or what
    return Check("error", f"feishu: 缺权限 {scopes}", GRANT)


async def _granted(api: Api, token: str, needs: Sequence[tuple[str, str, tuple[str, ...]]]) -> list[Check]:
    """Read which scopes the company has granted, and name what is missing."""
    try:
        answer = await api.ask("GET", "/open-apis/application/v6/scopes", token=token)
    except SendFailedError as error:
        return [Check("warning", f"feishu: 开通的权限读不到（{error.why}）", "稍后再试")]
    listed = answer.data.get("scopes")
    if answer.code or not isinstance(listed, list):
        why = f"{answer.code} {str(answer.told.get('msg', ''))[:80]}"
        return [Check("warning", f"feishu: 开通的权限读不到（{why}）", "在开发者后台 → 权限管理里核对")]
    granted = {
        str(one.get("scope_name")) for one in listed if isinstance(one, dict) and one.get("grant_status") == GRANTED
    }
    missing = [
        Check(level, f"feishu: 没有开通 {names[0]}（{what}）", GRANT)
        for level, what, names in needs
        if granted.isdisjoint(names)
    ]
    return missing or [Check("ok", f"feishu: 要用的 {len(needs)} 项权限都开通了 scopes granted")]


async def _long(api: Api) -> Check:
    try:
        place = endpoint(await api.endpoint())
    except SendFailedError as error:
        return Check(
            "error", f"feishu: 长连接开不了（{error.why}）", "开发者后台 → 事件与回调 → 订阅方式 → 使用长连接接收"
        )
    return Check("ok", f"feishu: 长连接可用，每 {place.ping:.0f} 秒一次心跳 long connection")


def _refused(what: str, answer: Answer, remedy: str = USUAL) -> Check:
    words = str(answer.told.get("msg", ""))[:80]
    return Check("error", f"feishu: {what}：{answer.code} {words}", REMEDIES.get(answer.code, remedy))


def _clock(headers: Mapping[str, str]) -> Check:
    try:
        skew = abs(time.time() - parsedate_to_datetime(headers.get("Date", "")).timestamp())
    except (ValueError, TypeError):
        return Check("ok", "feishu: 对方没有给出时间 no time was told")
    if skew < WARNING:
        return Check("ok", f"feishu: 时钟相差 {skew:.0f} 秒 clock")
    level = "error" if skew > ERROR else "warning"
    return Check(level, f"feishu: 时钟相差 {skew:.0f} 秒，回调会被当成过期 the clock is wrong", "校准系统时间")


async def _callback(section: Section, surroundings: Surroundings) -> list[Check]:
    """Call our own callback as Feishu does; from here only, which is as far as we can see."""
    base, key = surroundings.base_url.rstrip("/"), section.encrypt_key.get_secret_value()
    found = []
    if not key:
        found.append(
            Check("warning", "feishu: 没有 Encrypt Key，请求没有签名 nothing is signed", "事件与回调 → 加密策略")
        )
    if not base.startswith("https://"):
        found.append(Check("warning", "feishu: [web] base_url 不是 https 地址，飞书回调不到", "填公网的 https 地址"))
    challenge = secrets.token_hex(8)
    token = section.verification_token.get_secret_value()
    told: dict[str, str] = {"type": "url_verification", "token": token, "challenge": challenge}
    if key:
        told = {"encrypt": encrypt(json.dumps(told).encode(), key, secrets.token_bytes(16))}
    url = base + section.path
    try:
        async with aiohttp.ClientSession(timeout=_PATIENCE) as session, session.post(url, json=told) as answer:
            words = (await answer.content.read(4096)).decode("utf-8", "replace")
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        why = type(error).__name__
        return [*found, Check("warning", f"feishu: 从这里打不开 {url}（{why}）", "程序在运行时再查；从外网也试一次")]
    if challenge not in words:
        return [*found, Check("error", f"feishu: {url} 答得不对", "反向代理要把这个路径原样转给本程序")]
    return [*found, Check("ok", f"feishu: 回调 {url}")]
