"""Telegram end to end: the real program over HTTP, a Bot API of our own at the far side."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from telegram.error import TimedOut

from domain import announcement
from messengers.telegram import request
from storage import address, outbox
from tests.botapi import TOKEN
from tests.running import Running, eventually, running
from tests.talk import Company

ADA, LIN, BO = 1001, 1003, 1002
USERS = {ADA: "ada", LIN: "lin", BO: "bo"}
SECRET = "s" * 40


def buttons(run: Running, chat: int) -> list[dict[str, Any]]:
    """Return the buttons under the newest message of a chat."""
    for seen in reversed(run.api.seen):
        if seen.chat == chat and "reply_markup" in seen.data:
            rows = json.loads(str(seen.data["reply_markup"]))["inline_keyboard"]
            return [button for row in rows for button in row]
    return []


def press(run: Running, chat: int, label: str) -> None:
    """Tap a button of the newest message."""
    seen = next(seen for seen in reversed(run.api.seen) if seen.chat == chat and "reply_markup" in seen.data)
    data = next(button["callback_data"] for button in buttons(run, chat) if label in button["text"])
    run.api.presses(chat, data, seen.message)


async def shown(run: Running, chat: int, words: str) -> None:
    """Wait until a chat shows these words."""
    await eventually(lambda: any(words in text for text in run.api.texts(chat)))


async def test_words_buttons_and_edits_in_place(company: Company) -> None:
    async with running(company, users=USERS) as run:
        run.api.says(ADA, "签到")
        await shown(run, ADA, "签到成功")
        run.api.says(ADA, "/checkin")
        await shown(run, ADA, "已签到")
        run.api.says(ADA, "积分")
        await shown(run, ADA, "我的积分")
        press(run, ADA, "明细与原因")
        await shown(run, ADA, "点一条看原因")
        assert run.api.seen[-1].method == "editMessageText"
        assert ("answerCallbackQuery") in [method for method, _ in run.api.calls]


async def test_a_stranger_binds_by_a_deep_link(company: Company) -> None:
    from services import invite  # noqa: PLC0415 - beside its use

    code = company.write(lambda c: invite.issue(company.work(c), "A012")).code
    async with running(company) as run:
        run.api.says(77, "你好")
        await shown(run, 77, "绑定码")
        run.api.says(77, f"/start {code}")
        await shown(run, 77, "徐静")
        assert run.app.messengers["telegram"].link(code) == f"https://t.me/dangqun_test_bot?start={code}"


async def test_in_a_group_one_line_and_a_way_to_the_private_chat(company: Company) -> None:
    async with running(company, users=USERS) as run:
        run.api.says(ADA, "大家好", chat=-500, kind="supergroup")
        run.api.says(ADA, "@dangqun_test_bot 我的积分", chat=-500, kind="supergroup")
        await shown(run, -500, "私聊")
        assert len(run.api.texts(-500)) == 1
        assert "积分" not in run.api.texts(-500)[0]
        assert run.app.intake.ignored["telegram", "group"] == 1


async def test_what_asks_nothing_of_us_is_ignored_and_counted(company: Company) -> None:
    async with running(company, users=USERS) as run:
        someone = {"id": ADA, "is_bot": False, "first_name": "a"}
        chat = {"id": ADA, "type": "private"}
        run.api.update(edited_message={"message_id": 1, "date": 0, "chat": chat, "from": someone, "text": "签到"})
        run.api.update(channel_post={"message_id": 1, "date": 0, "chat": {"id": -9, "type": "channel"}, "text": "x"})
        run.api.update(message_reaction={"chat": chat})
        robot = {"id": 9, "is_bot": True, "first_name": "b"}
        run.api.update(message={"message_id": 1, "date": 0, "chat": chat, "from": robot, "text": "签到"})
        run.api.says(ADA, "你好")
        await shown(run, ADA, "王芳")
        await eventually(lambda: {"edited", "channel", "unknown", "bot"} <= {why for _, why in run.app.intake.ignored})
        assert len(run.api.texts(ADA)) == 1


async def test_one_malformed_update_among_twenty_stops_nothing(company: Company) -> None:
    async with running(company, users=USERS) as run:
        for number in range(20):
            if number == 7:
                run.api.updates.append({"update_id": run.api.update(message={"chat": 5})})
                run.api.updates.append("not even an object")
            else:
                run.api.says(3000 + number, "你好")
        await eventually(lambda: len(run.api.seen) == 19)
        assert run.states()["dead"] >= 1


async def test_a_photo_comes_in_and_goes_out(company: Company) -> None:
    async with running(company, users=USERS) as run:
        run.api.files["F1"] = b"\x89PNG\r\n\x1a\n" + b"0" * 100
        run.api.says(LIN, "发公告")
        await shown(run, LIN, "请输入公告内容")
        someone = {"id": LIN, "is_bot": False, "first_name": "l"}
        photo = [{"file_id": "F1", "file_unique_id": "u", "width": 1, "height": 1, "file_size": 108}]
        chat = {"id": LIN, "type": "private"}
        run.api.update(
            message={"message_id": 5, "date": 0, "chat": chat, "from": someone, "photo": photo, "caption": "来看展览"}
        )
        await eventually(lambda: any(seen.method == "sendPhoto" for seen in run.api.seen))
        await shown(run, LIN, "来看展览")


async def test_a_blocked_bot_closes_the_address_and_a_word_opens_it(company: Company) -> None:
    async with running(company, users=USERS) as run:
        run.api.blocked.add(ADA)
        run.api.says(ADA, "你好")

        def closed() -> bool:
            account = run.read(lambda c: address.caller(c, "telegram", str(ADA)))
            return account is not None and not account.open

        await eventually(closed)
        run.api.blocked.clear()
        run.api.says(ADA, "你好")
        await shown(run, ADA, "王芳")
        assert not closed()


async def test_a_flood_answer_is_waited_out_exactly(company: Company) -> None:
    async with running(company, users=USERS) as run:
        run.api.refusals.append((429, {"retry_after": 2, "description": "Too Many Requests"}))
        run.api.says(ADA, "你好")
        await eventually(lambda: not run.api.refusals)
        begun = asyncio.get_running_loop().time()
        await shown(run, ADA, "王芳")
        waited = asyncio.get_running_loop().time() - begun
        assert 1.9 <= waited <= 3.5
        assert len(run.api.texts(ADA)) == 1


async def test_what_left_without_an_answer_is_counted_as_unknown(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request, "READ", 0.3)
    async with running(company, users=USERS) as run:
        run.api.silent = 5
        run.api.says(ADA, "你好")

        def unknown() -> int:
            return run.read(lambda c: outbox.counts(c).get(("telegram", outbox.UNKNOWN), 0))

        await eventually(unknown, 20)
        assert len(run.api.texts(ADA)) == 2, "once more for what must arrive, and then never again"


async def test_an_upload_that_nobody_takes_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "UPLOAD", 0.5)
    stuck = asyncio.Event()

    async def take_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await stuck.wait()

    async with await asyncio.start_server(take_nothing, "127.0.0.1", 0, limit=1024) as server:
        port = server.sockets[0].getsockname()[1]
        form, asking = aiohttp.FormData(), request.Request()
        form.add_field("document", b"x" * (20 << 20), filename="a.pdf")
        async with asyncio.timeout(5):
            with pytest.raises(TimedOut):
                await asking._exchange("POST", f"http://127.0.0.1:{port}/", form, 20.0)
        await asking.shutdown()
        stuck.set()


async def test_the_program_being_down_loses_nothing(company: Company) -> None:
    async with running(company, users=USERS) as run:
        run.api.says(ADA, "签到")
        await shown(run, ADA, "签到成功")
    async with running(company, users=USERS) as run:
        run.api.update_number = 50
        for _ in range(5):
            run.api.says(ADA, "签到")
        await eventually(lambda: len(run.api.texts(ADA)) == 5)
        assert all("已签到" in text for text in run.api.texts(ADA))


async def test_an_update_that_comes_twice_has_one_effect(company: Company) -> None:
    async with running(company, users=USERS) as run:
        run.api.says(ADA, "签到")
        await shown(run, ADA, "签到成功")
        run.api.updates.append(dict(run.api.updates[0]) if run.api.updates else {"update_id": 1})
        run.api.says(ADA, "你好")
        await shown(run, ADA, "王芳")
        assert len(run.api.texts(ADA)) == 2


async def test_webhook_checks_its_secret_and_fails_closed(company: Company) -> None:
    settings: dict[str, Any] = {
        "TELEGRAM__MODE": "webhook",
        "TELEGRAM__WEBHOOK_URL": "http://127.0.0.1/hooks/telegram-x7",
        "TELEGRAM__WEBHOOK_SECRET": SECRET,
    }
    async with running(company, users=USERS, **settings) as run:
        await eventually(lambda: any(method == "setWebhook" for method, _ in run.api.calls))
        run.api.says(ADA, "签到")
        update = run.api.updates[0]
        address_ = f"{run.url}/hooks/telegram-x7"
        header = "X-Telegram-Bot-Api-Secret-Token"
        async with aiohttp.ClientSession() as session:
            for headers in ({}, {header: "wrong"}, {header: SECRET[:-1]}, {header: ""}):
                async with session.post(address_, json=update, headers=headers) as answer:
                    assert answer.status == 403
            async with session.post(address_, data=b"x" * (300 << 10), headers={header: SECRET}) as answer:
                assert answer.status == 413
            for broken in (b"{broken", b"[" * 100_000):
                async with session.post(address_, data=broken, headers={header: SECRET}) as answer:
                    assert answer.status == 200
            for _ in range(2):
                async with session.post(address_, json=update, headers={header: SECRET}) as answer:
                    assert answer.status == 200
        await shown(run, ADA, "签到成功")
        assert len(run.api.texts(ADA)) == 1
        assert run.states()["dead"] == 2


async def test_commands_are_registered_in_both_languages(company: Company) -> None:
    async with running(company) as run:
        await eventually(lambda: [method for method, _ in run.api.calls].count("setMyCommands") == 2)
        told = [data for method, data in run.api.calls if method == "setMyCommands"]
        assert "签到" in str(json.loads(str(told[0]["commands"])))
        assert "Check in" in told[1]["commands"]


async def test_no_token_reaches_the_log(company: Company, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(company, users=USERS) as run:
        run.api.refusals.append((500, {"description": "oops"}))
        run.api.says(ADA, "你好")
        await shown(run, ADA, "王芳")
    async with running(company, TELEGRAM__API_BASE="http://127.0.0.1:9") as run:
        await asyncio.sleep(0.2)
    assert TOKEN not in caplog.text
    assert TOKEN.partition(":")[2] not in caplog.text


async def test_long_words_are_split_and_none_is_lost(company: Company) -> None:
    async with running(company, users=USERS) as run:
        run.api.says(LIN, "/announce " + "很长的话。" * 395)
        await eventually(lambda: sum(len(text) for text in run.api.texts(LIN)) > 1900)
        assert all(len(text) <= 4096 for text in run.api.texts(LIN))


async def test_half_a_character_blocks_nobody(company: Company) -> None:
    async with running(company, users=USERS) as run:
        run.api.says(ADA, "签到\ud83d")
        run.api.says(BO, "签到")
        await shown(run, BO, "签到成功")
        await shown(run, ADA, "签到成功")


async def test_group_first_and_private_later_is_reached_in_private(company: Company) -> None:
    async with running(company) as run:
        run.api.says(88, "@dangqun_test_bot 你好", chat=-500, kind="supergroup")
        await shown(run, -500, "私聊")
        run.api.says(88, "你好")
        await shown(run, 88, "绑定码")
        found = run.read(lambda c: address.caller(c, "telegram", "88"))
        assert found is not None
        assert found.chat == "88"


async def test_a_strangers_file_is_not_even_fetched(company: Company) -> None:
    async with running(company) as run:
        someone = {"id": 77, "is_bot": False, "first_name": "l"}
        document = {"file_id": "F9", "file_unique_id": "u", "file_name": "x.pdf", "file_size": 10}
        chat = {"id": 77, "type": "private"}
        run.api.update(message={"message_id": 5, "date": 0, "chat": chat, "from": someone, "document": document})
        await shown(run, 77, "绑定")
        assert "getFile" not in [method for method, _ in run.api.calls]


async def test_an_announcement_with_a_file_keeps_it_till_it_is_recalled(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcement, "GRACE", timedelta(seconds=0.5))
    async with running(company, users=USERS) as run:
        run.api.files["F1"] = b"%PDF-1.7"
        run.api.says(LIN, "发公告")
        await shown(run, LIN, "请输入公告内容")
        someone = {"id": LIN, "is_bot": False, "first_name": "l"}
        document = {"file_id": "F1", "file_unique_id": "u", "file_name": "通知.pdf", "file_size": 8}
        message = {"message_id": 5, "date": 0, "chat": {"id": LIN, "type": "private"}, "from": someone}
        run.api.update(message={**message, "document": document, "caption": "见附件"})
        await shown(run, LIN, "见附件")
        await eventually(lambda: any(button["text"] == "发送" for button in buttons(run, LIN)))
        press(run, LIN, "发送")
        await eventually(lambda: "见附件" in "".join(run.api.texts(BO)), 20)
        await eventually(lambda: any(button["text"] == "收到" for button in buttons(run, BO)))
        documents = sum(seen.method == "sendDocument" and seen.chat == BO for seen in run.api.seen)
        press(run, BO, "收到")
        await eventually(lambda: any(method == "editMessageReplyMarkup" for method, _ in run.api.calls))
        assert sum(seen.method == "sendDocument" and seen.chat == BO for seen in run.api.seen) == documents == 1


async def test_a_file_under_a_name_with_half_a_character_is_kept(company: Company) -> None:
    async with running(company, users=USERS) as run:
        run.api.files["F1"] = b"%PDF-1.7"
        run.api.says(LIN, "发公告")
        await shown(run, LIN, "请输入公告内容")
        document = {"file_id": "F1", "file_name": "\ud83d通知\0.pdf", "mime_type": "a/\udc00", "file_size": 8}
        message = {"message_id": 5, "date": 0, "chat": {"id": LIN, "type": "private"}, "caption": "见附件"}
        run.api.update(
            message={**message, "from": {"id": LIN, "is_bot": False, "first_name": "l"}, "document": document}
        )
        await shown(run, LIN, "见附件")
        assert "new" not in run.states()
