"""The five messengers as a test sees people use them: one way to say, press and look, whatever the wire is."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web
from sqlalchemy import Connection

from storage import address
from tests import dingtalk_api, feishu_api, wecom_api
from tests.botapi import BotApi
from tests.company import MONDAY_MORNING
from tests.dingtalk_api import DingtalkApi
from tests.feishu_api import FeishuApi
from tests.running import PATIENCE, Page, Running, bind_web, eventually, free_socket, new_token, page, running
from tests.talk import Company
from tests.wecom_api import WecomApi


class Side(Protocol):
    """One person's phone on one messenger."""

    async def says(self, text: str) -> None:
        """Type words."""

    async def presses(self, label: str) -> None:
        """Press the newest button with this label, or type its number."""

    def words(self) -> str:
        """Return everything that the phone shows now."""


async def sees(side: Side, words: str) -> str:
    """Wait until a phone shows this; returns all that it shows."""
    await eventually(lambda: words in side.words())
    return side.words()


async def press(side: Side, label: str) -> None:
    """Press a button as soon as it is there."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            await side.presses(label)
        except AssertionError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.02)
        else:
            return


def _number(words: str, label: str) -> str:
    """Return the number under which a label stands in numbered words, the newest one."""
    for line in reversed(words.splitlines()):
        number, dot, rest = line.partition(". ")
        if dot and number.isdigit() and label in rest:
            return number
    raise AssertionError(f"no {label} among the numbers of {words[-400:]}")


@dataclass
class OnTelegram:
    """A phone with Telegram."""

    api: BotApi
    user: int

    async def says(self, text: str) -> None:
        """Type words."""
        self.api.says(self.user, text)

    async def presses(self, label: str) -> None:
        """Press a button."""
        for seen in reversed([one for one in self.api.seen if one.chat == self.user]):
            rows = json.loads(seen.data.get("reply_markup") or "{}").get("inline_keyboard", ())
            for button in (button for row in rows for button in row):
                if label in button["text"] and "callback_data" in button:
                    self.api.presses(self.user, button["callback_data"], seen.message)
                    return
        raise AssertionError(f"no button {label}")

    def words(self) -> str:
        """Return everything that the phone shows now."""
        return "\n".join(self.api.texts(self.user))


@dataclass
class OnWecom:
    """A phone with WeCom."""

    api: WecomApi
    user: str

    async def says(self, text: str) -> None:
        """Type words."""
        assert await self.api.says(self.user, text) == 200

    async def presses(self, label: str) -> None:
        """Press a button, or type the number of one for which the card had no room."""
        try:
            assert await self.api.presses(self.user, label) == 200
        except AssertionError:
            await self.says(_number(self.words(), label))

    def words(self) -> str:
        """Return everything that the phone shows now."""
        return self.api.words(self.user)


@dataclass
class OnDingtalk:
    """A phone with DingTalk."""

    api: DingtalkApi
    user: str

    async def says(self, text: str) -> None:
        """Type words."""
        assert (await self.api.says(self.user, text))["code"] == 200

    async def presses(self, label: str) -> None:
        """Type a button's number."""
        await self.says(_number(self.words(), label))

    def words(self) -> str:
        """Return everything that the phone shows now."""
        return self.api.words(self.user)


@dataclass
class OnFeishu:
    """A phone with Feishu."""

    api: FeishuApi
    user: str

    def _event(self, kind: str, event: Mapping[str, Any]) -> dict[str, Any]:
        number = f"e{time.monotonic_ns()}"
        head = {"event_id": number, "event_type": kind, "create_time": str(int(time.time() * 1000))}
        head |= {"app_id": feishu_api.APP, "token": "", "tenant_key": "t"}
        return {"schema": "2.0", "header": head, "event": event}

    async def says(self, text: str) -> None:
        """Type words."""
        who = {"sender_id": {"open_id": self.user, "union_id": "on_1"}, "sender_type": "user"}
        said = {
            "message_id": f"om_in{time.monotonic_ns()}",
            "create_time": str(int(time.time() * 1000)),
            "chat_id": "oc_p2p",
            "chat_type": "p2p",
            "message_type": "text",
            "content": json.dumps({"text": text}),
        }
        assert await self.api.deliver(self._event("im.message.receive_v1", {"sender": who, "message": said})) == 200

    async def presses(self, label: str) -> None:
        """Press a button, or type its number."""
        for kept in reversed(self.api.shown(self.user)):
            for button in _buttons(kept.content):
                if label in button["text"]["content"] and "value" in button:
                    press = {
                        "operator": {"open_id": self.user},
                        "action": {"value": button["value"], "tag": "button"},
                        "context": {"open_message_id": kept.name, "open_chat_id": "oc_p2p"},
                    }
                    assert await self.api.deliver(self._event("card.action.trigger", press)) == 200
                    return
        await self.says(_number(self.words(), label))

    def words(self) -> str:
        """Return everything that the phone shows now."""
        return "\n".join(_words(kept.content) for kept in self.api.shown(self.user))


def _buttons(content: object) -> list[dict[str, Any]]:
    """Return the buttons somewhere in a card."""
    if isinstance(content, dict):
        own = [content] if content.get("tag") == "button" else []
        return own + [found for value in content.values() for found in _buttons(value)]
    return [found for value in content for found in _buttons(value)] if isinstance(content, list) else []


def _words(content: object) -> str:
    """Return the words somewhere in a message, without what stands on buttons."""
    if isinstance(content, dict):
        if content.get("tag") == "button":
            return ""
        own = [content[name] for name in ("content", "text") if isinstance(content.get(name), str)]
        return "\n".join([*own, *filter(None, (_words(value) for value in content.values()))])
    return "\n".join(filter(None, (_words(value) for value in content))) if isinstance(content, list) else ""


@dataclass
class OnWeb:
    """The embedded chat."""

    page: Page

    async def says(self, text: str) -> None:
        """Type words."""
        await self.page.say(text)

    async def presses(self, label: str) -> None:
        """Press a button."""
        for frame in reversed(list(self.page.shown.values())):
            for button in _web_buttons(frame):
                if label in button["label"] and button.get("call"):
                    press = {"kind": "press", "call": button["call"], "message": str(frame["letter"])}
                    await self.page.socket.send_str(json.dumps({"id": new_token()[:16], **press}))
                    return
        raise AssertionError(f"no button {label}")

    def words(self) -> str:
        """Return everything that the page shows now."""
        return self.page.words


def _web_buttons(drawn: object) -> list[dict[str, Any]]:
    if isinstance(drawn, dict):
        own = [drawn] if "label" in drawn else []
        return own + [found for value in drawn.values() for found in _web_buttons(value)]
    return [found for value in drawn for found in _web_buttons(value)] if isinstance(drawn, list) else []


def bind(company: Company, people: Mapping[tuple[str, str], str]) -> None:
    """Bind (messenger, account) to people of the test enterprise."""

    def work(connection: Connection) -> None:
        for (messenger, account), nickname in people.items():
            address.meet(connection, messenger, account, account, "zh", MONDAY_MORNING)
            caller = address.caller(connection, messenger, account)
            assert caller is not None
            address.bind(connection, caller.address_id, company.roll.people[nickname], MONDAY_MORNING)

    company.write(work)


@dataclass
class Five:
    """The program with all five messengers at once."""

    run: Running
    wecom: WecomApi
    dingtalk: DingtalkApi
    feishu: FeishuApi
    pages: dict[str, Page]

    def phone(self, messenger: str, account: str) -> Side:
        """Return a phone; on the web `account` is a nickname."""
        sides: dict[str, Any] = {
            "telegram": lambda: OnTelegram(self.run.api, int(account)),
            "wecom": lambda: OnWecom(self.wecom, account),
            "dingtalk": lambda: OnDingtalk(self.dingtalk, account),
            "feishu": lambda: OnFeishu(self.feishu, account),
            "web": lambda: OnWeb(self.pages[account]),
        }
        side: Side = sides[messenger]()
        return side


def feishu_environment(url: str) -> dict[str, str]:
    """Return the configuration that leads to Feishu's far side."""
    return {
        "FEISHU__ENABLED": "true",
        "FEISHU__BUSY_MINUTES": "[]",
        "FEISHU__APP_ID": feishu_api.APP,
        "FEISHU__APP_SECRET": feishu_api.SECRET,
        "FEISHU__API_BASE": url,
    }


@asynccontextmanager
async def feishu_side() -> AsyncIterator[tuple[FeishuApi, str]]:
    """Serve Feishu's far side; yields it and its address."""
    api = FeishuApi()
    runner = web.AppRunner(api.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    taken, port = free_socket()
    await web.SockSite(runner, taken).start()
    api.base = f"http://127.0.0.1:{port}"
    try:
        yield api, api.base
    finally:
        for socket in list(api.sockets):
            await socket.close()
        await runner.cleanup()


@asynccontextmanager
async def all_five(company: Company, people: Mapping[tuple[str, str], str], **settings: str) -> AsyncIterator[Five]:
    """Run the program for a company that has all five; `people`: (messenger, account) -> nickname."""
    bind(company, {place: who for place, who in people.items() if place[0] != "web"})
    tokens = {who: new_token() for place, who in people.items() if place[0] == "web"}
    for nickname, token in tokens.items():
        bind_web(company, token, nickname)
    async with AsyncExitStack() as stack:
        wecom, wecom_url = await stack.enter_async_context(wecom_api.wecom_side())
        dingtalk, dingtalk_url = await stack.enter_async_context(dingtalk_api.dingtalk_side())
        feishu, feishu_url = await stack.enter_async_context(feishu_side())
        given = {
            **wecom_api.environment(wecom_url),
            **dingtalk_api.environment(dingtalk_url),
            **feishu_environment(feishu_url),
            **settings,
        }
        run = await stack.enter_async_context(running(company, telegram=True, users=None, **given))
        wecom.url = f"{run.url}{given['WECOM__PATH']}"
        pages = {who: await stack.enter_async_context(page(run, token)) for who, token in tokens.items()}
        await eventually(lambda: dingtalk.sockets and feishu.sockets)
        yield Five(run, wecom, dingtalk, feishu, pages)
