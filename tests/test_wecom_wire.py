"""WeCom alone against its far side: file names, forgotten uploads, who can't be reached, what is an administrator's."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from domain.arrival import MalformedUpdateError
from domain.reply import Button, Choices, Document, Picture, Reply, Span, Text, text
from messengers.base import Outgoing, SendFailedError, Sent, StoredFile, Surroundings
from messengers.wecom import Section
from messengers.wecom.client import WecomMessenger
from tests.feishu_doors import Lent
from tests.running import eventually
from tests.wecom_api import AES_KEY, AGENT, CORP, SECRET, TOKEN, WecomApi, wecom_side

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
CHOICE = Choices(((Button("甲", "x.y"),),))


@dataclass
class Talk:
    """Both sides."""

    api: WecomApi
    doors: Lent
    wecom: WecomMessenger

    def letter(self, *blocks: Any, key: int = 1, to: str = "wangfang", **given: Any) -> Outgoing:  # noqa: ANN401
        """Return a letter."""
        return Outgoing(key, to, to, Reply(blocks), **given)

    async def fails(self, *blocks: Any, **given: Any) -> SendFailedError:  # noqa: ANN401 - a letter's
        """Send a letter that does not get out."""
        with pytest.raises(SendFailedError) as failed:
            await self.say(*blocks, **given)
        return failed.value

    async def say(self, *blocks: Any, **given: Any) -> Sent:  # noqa: ANN401 - a letter's
        """Send a letter."""
        return await self.wecom.send(self.letter(*blocks, **given))


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    """WeCom opened against a far side of our own."""
    doors = Lent()
    async with wecom_side() as (api, far):
        given = {"corp_id": CORP, "agent_id": AGENT, "secret": SECRET, "token": TOKEN, "aes_key": AES_KEY}
        section = Section(enabled=True, api_base=far, **given)
        wecom = WecomMessenger(section, Surroundings(doors, b"k" * 32, "https://chat.example"))
        yield Talk(api, doors, wecom)
        await wecom.close()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("三季度党课通知.pdf", "三季度党课通知.pdf"),
        ("通知\r\nX-Evil: 1\n.pdf", "通知 X-Evil: 1 .pdf"),
        ('"引号".pdf', "＂引号＂.pdf"),
        ("..\\..\\a/b.pdf", "..＼..＼a／b.pdf"),
        ("\u2028\ud83d", "?"),
        ("\n", "file"),
    ],
)
async def test_a_file_has_its_own_name_on_the_phone(talk: Talk, name: str, shown: str) -> None:
    talk.doors.files[7] = StoredFile("kept.pdf", "application/pdf", b"%PDF-1.7")
    await talk.say(Document(7, name))
    assert talk.api.names == [shown]
    assert talk.api.words("wangfang") == "[file]"


async def test_an_upload_that_wecom_forgot_is_made_again_once(talk: Talk) -> None:
    talk.doors.files[7] = StoredFile("kept.pdf", "application/pdf", b"%PDF-1.7")
    await talk.say(Document(7, "通知.pdf"))
    await talk.say(Document(7, "通知.pdf"), key=2)
    assert len(talk.api.names) == 1
    talk.api.files.clear()
    await talk.say(Document(7, "通知.pdf"), key=3)
    talk.api.files.clear()
    told = await talk.wecom.send_many([talk.letter(Document(7, "通知.pdf"), key=4, to=who) for who in ("a1", "b2")])
    assert all(isinstance(one, Sent) for one in told)
    assert len(talk.api.names) == 3
    assert (talk.api.words("wangfang").count("[file]"), talk.api.words("b2")) == (3, "[file]")
    talk.api.denied["message/send"] = 40007
    failed = await talk.fails(Document(7, "通知.pdf"), key=5)
    assert (failed.permanent, failed.reached) == (False, True)
    assert len(talk.api.names) == 4


async def test_where_nobody_of_a_call_can_be_reached_that_is_said_of_each_by_the_one_call(talk: Talk) -> None:
    talk.api.members = {"wangfang"}
    told = await talk.wecom.send_many([talk.letter(text("通知"), key=key, to=f"u{key}") for key in range(1, 4)])
    assert [isinstance(one, SendFailedError) and one.closes_address for one in told] == [True] * 3
    assert len(talk.api.calls) == 1


async def test_who_leaves_between_two_parts_is_told_apart_from_the_others(talk: Talk) -> None:
    long = text("一句话。" * 300)
    letters = [talk.letter(long, key=key, to=f"u{key}") for key in range(1, 4)]
    talk.api.leaving = 1
    told = await talk.wecom.send_many(letters)
    assert [(one.permanent, one.reached, one.parts_done) for one in told if isinstance(one, SendFailedError)] == [
        (False, True, 1)
    ] * 3


async def test_a_method_that_the_app_may_not_call_keeps_no_words_back(talk: Talk) -> None:
    sent = await talk.say(text("选一个"), CHOICE)
    talk.api.denied = {"message/update_template_card": 48002, "message/recall": 48002, "media/upload": 48002}
    await talk.say(text("选好了"), CHOICE, key=2, edits=sent.message)
    await talk.say(text("收回了"), key=3, edits=sent.message, recalls=True)
    assert talk.api.words("wangfang").split() == ["选一个", "选好了", "收回了"]
    talk.doors.files[7] = StoredFile("kept.pdf", "application/pdf", b"%PDF-1.7")
    failed = await talk.fails(Document(7, "通知.pdf"), key=4)
    assert (failed.permanent, failed.retry_after, failed.reached) == (False, None, True)
    talk.api.denied = {"message/send": 48002}
    assert (await talk.fails(text("x"), key=5)).retry_after == 60.0


async def test_who_is_outside_what_the_app_may_see_is_not_written_to_and_holds_nobody(talk: Talk) -> None:
    talk.api.denied = {"message/send": 60011}
    failed = await talk.fails(text("x"))
    assert (failed.permanent, failed.closes_address, failed.retry_after) == (True, True, None)
    talk.api.denied = {"media/upload": 60011}
    talk.doors.files[7] = StoredFile("kept.pdf", "application/pdf", b"%PDF-1.7")
    failed = await talk.fails(Document(7, "通知.pdf"))
    assert (failed.permanent, failed.closes_address) == (True, False)


@pytest.mark.parametrize("account", ["@all", "wangfang|zhaoqiang", "|", "@ALL", "", "a b", "x" * 65, "a\n"])
async def test_what_is_no_account_is_neither_written_to_nor_heard(talk: Talk, account: str) -> None:
    failed = await talk.fails(text("x"), to=account)
    assert (failed.permanent, failed.closes_address) == (True, True)
    told = await talk.wecom.send_many([talk.letter(text("x"), to=account), talk.letter(text("x"), key=2, to="bo")])
    assert isinstance(told[0], SendFailedError)
    assert isinstance(told[1], Sent)
    assert [payload["touser"] for _, payload in talk.api.calls] == ["bo"]
    body = json.dumps({"FromUserName": account, "CreateTime": "1790000000", "MsgType": "text", "Content": "签到"})
    if account.strip() == account:
        with pytest.raises(MalformedUpdateError):
            talk.wecom.receive(body)


async def test_an_account_that_is_an_address_of_mail_is_one(talk: Talk) -> None:
    await talk.say(text("好"), to="wang.fang@corp.example")
    assert talk.api.words("wang.fang@corp.example") == "好"


async def test_what_people_wrote_is_no_link_whatever_pieces_it_comes_in(talk: Talk) -> None:
    bait = 'a href="https://evil.example">点这里</a>'
    talk.doors.files[7] = StoredFile("p.png", "image/png", PNG)
    await talk.say(Text((Span("<"), Span(bait))), text("好 <"), text(bait))
    await talk.say(text("看 <"), Picture(7, bait), Choices(((Button(f"<{bait}", "x.y"),),)), key=2)
    long = Choices(tuple((Button(f"< {bait}", f"x.y:{number}"),) for number in range(8)))
    await talk.say(text("题"), Picture(7, f"</{bait}"), long, key=3)
    payloads = json.dumps([shown.payload for shown in talk.api.phones["wangfang"]], ensure_ascii=False)
    assert payloads.count("点这里") == 13
    assert not re.search(r"<\s*/?\s*a\b|<\\n", payloads)


async def test_the_menu_is_taken_however_long_its_names_are(talk: Talk) -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    names = [("checkin", "每日签到打卡领积分看排名换礼品和更多好用的"), ("points", family * 3)] * 3
    talk.wecom._surroundings.commands = {"zh": [*names[:5], ("last", "查看我的全部学习记录")]}
    running = asyncio.create_task(talk.wecom.run())
    await eventually(lambda: talk.api.menu)
    running.cancel()
    assert [one["name"] for one in talk.api.menu] == ["每日签到…", "查看我的全"]
    assert [one["name"] for one in talk.api.menu[0]["sub_button"]][:2] == ["每日签到打卡领积分看排名换", family * 2]


async def test_the_doctor_says_which_address_is_not_trusted(talk: Talk) -> None:
    talk.api.trusted = False
    [found] = [one for one in await talk.wecom.check() if "60020" in one.what]
    assert "203.0.113.77" in found.what
    talk.api.trusted = True
    assert all("60020" not in one.what for one in await talk.wecom.check())


async def test_what_never_found_the_way_there_has_not_arrived(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody_home(*_: object, **__: object) -> None:
        raise TimeoutError

    await talk.say(text("好"))
    monkeypatch.setattr(aiohttp.TCPConnector, "connect", nobody_home)
    failed = await talk.fails(text("x"), key=2)
    assert (failed.why, failed.unknown) == ("message/send: ConnectionTimeoutError", False)
