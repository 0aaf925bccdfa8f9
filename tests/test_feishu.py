"""Feishu, opened: what people are shown, redrawn and taken back, by a far side that refuses, floods and forgets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector, web
from aiohttp.test_utils import TestServer

from domain.arrival import Arrival, Said, Uploaded
from domain.reply import Button, Choices, Document, Picture, Reply, text
from messengers.base import Outgoing, PausedError, Reads, SendFailedError, Sent, StoredFile, Surroundings
from messengers.feishu import Section
from messengers.feishu.client import FeishuMessenger
from messengers.feishu.render import render
from messengers.feishu.socket import Endpoint
from tests.feishu_api import APP, ME, SECRET, FeishuApi, Refusal
from tests.feishu_doors import Lent
from tests.test_feishu_receive import message

YES = Choices(((Button("收到", "announcement.read:7"),),))
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100


@dataclass
class Talk:
    """Both sides."""

    api: FeishuApi
    doors: Lent
    feishu: FeishuMessenger
    pauses: int = 0

    async def pause(self) -> None:
        """Count a pause between two calls."""
        self.pauses += 1

    def letter(self, *blocks: Any, key: int = 1, to: str = "ou_ada", chat: str = "", **given: Any) -> Outgoing:  # noqa: ANN401
        """Return a letter."""
        return Outgoing(key, to, chat or to, Reply(blocks), pause=self.pause, **given)

    async def say(self, *blocks: Any, **given: Any) -> Sent:  # noqa: ANN401 - a letter's
        """Send a letter."""
        return await self.feishu.send(self.letter(*blocks, **given))

    async def fails(self, **given: Any) -> SendFailedError:  # noqa: ANN401 - a letter's
        """Send words that don't get out."""
        with pytest.raises(SendFailedError) as failed:
            await self.say(text("x"), **given)
        assert SECRET not in str(failed.value)
        return failed.value

    def words(self, to: str = "ou_ada") -> list[str]:
        """Return the words that somebody sees."""
        return [words_of(kept.content) for kept in self.api.shown(to)]


def words_of(content: dict[str, Any]) -> str:
    """Return the words of a message."""
    if "elements" in content:
        return str(content["elements"][0]["text"]["content"])
    return str(content.get("text") or next(iter(content.values())))


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    """Feishu opened against a far side of our own."""
    api, doors = FeishuApi(), Lent()
    async with TestServer(api.application()) as server:
        api.base = str(server.make_url("")).rstrip("/")
        section = Section(enabled=True, app_id=APP, app_secret=SECRET, api_base=api.base)
        feishu = FeishuMessenger(section, Surroundings(doors, b"k" * 32, "https://chat.example"))
        yield Talk(api, doors, feishu)
        await feishu.close()


async def test_words_cards_and_groups(talk: Talk) -> None:
    sent = await talk.say(text("签到成功 <b>"))
    assert sent.message in talk.api.messages
    await talk.say(text("看通知"), YES, key=2)
    assert talk.words() == ["签到成功 <\u200bb>", "看通知"]
    card = talk.api.shown("ou_ada")[1].content
    assert card["elements"][1]["actions"][0]["value"] == {"call": "announcement.read:7"}
    await talk.say(text("请在私聊里办理"), YES, key=3, chat="oc_1")
    card = talk.api.shown("oc_1")[0].content
    assert card["elements"][1]["actions"][0]["value"] == {"call": "announcement.read:7", "in": "oc_1"}


async def test_a_letter_sent_twice_is_shown_once(talk: Talk) -> None:
    talk.api.silent = 1
    failed = await talk.fails()
    assert failed.unknown
    await talk.say(text("x"))
    assert talk.words() == ["x"]


async def test_long_words_come_in_parts_and_go_on_where_they_stopped(talk: Talk) -> None:
    letter = talk.letter(text("一句话。" * 10_000))
    assert len(talk.feishu.render(letter.reply)) == 3
    sent = await talk.feishu.send(letter)
    assert len(sent.message.split("+")) == 3
    assert sent.message.split("+")[0] == talk.api.shown("ou_ada")[-1].name
    assert talk.pauses == 2
    talk.api.refusals.append(Refusal(99991400, 429, {"x-ogw-ratelimit-reset": "7"}))
    with pytest.raises(SendFailedError) as failed:
        await talk.feishu.send(talk.letter(text("一句话。" * 10_000), key=2, parts_done=1))
    assert (failed.value.retry_after, failed.value.parts_done) == (7.0, 1)
    await talk.feishu.send(talk.letter(text("一句话。" * 10_000), key=2, parts_done=2))
    assert len(talk.words()) == 4


async def test_a_token_that_ends_early_is_fetched_once_more(talk: Talk) -> None:
    await talk.say(text("a"))
    talk.api.revoke()
    await talk.say(text("b"), key=2)
    assert (talk.words(), talk.api.fetched) == (["a", "b"], 2)
    talk.api.refusals.append(Refusal(99991668, 401))
    await talk.say(text("c"), key=3)
    assert (len(talk.words()), talk.api.fetched) == (3, 3)
    talk.api.refusals.extend([Refusal(99991663, 400), Refusal(99991663, 400)])
    assert (await talk.fails(key=4)).retry_after == 60.0
    talk.api.revoke()
    talk.api.secret = "changed"
    failed = await talk.fails(key=5)
    assert (failed.permanent, failed.retry_after) == (False, 60.0)


@pytest.mark.parametrize(
    ("refusal", "wanted"),
    [
        (Refusal(99991400, 400, {"x-ogw-ratelimit-reset": "3"}), {"retry_after": 3.0}),
        (Refusal(99991400, 429), {"retry_after": 1.0}),
        (Refusal(0, 429, {"x-ogw-ratelimit-reset": "soon"}), {"retry_after": 1.0}),
        (Refusal(230020), {"retry_after": None, "permanent": False, "unknown": False, "reached": True}),
        (Refusal(230049), {"retry_after": None, "permanent": False, "unknown": False, "reached": True}),
        (Refusal(230101), {"retry_after": None, "permanent": False, "unknown": False, "reached": True}),
        (Refusal(-1), {"retry_after": None, "permanent": False, "unknown": False, "reached": False}),
        (Refusal(11247), {"retry_after": 3600.0}),
        (Refusal(230013), {"permanent": True, "closes_address": True}),
        (Refusal(230053), {"permanent": True, "closes_address": True}),
        (Refusal(230022), {"permanent": True, "closes_address": False}),
        (Refusal(230025), {"permanent": True, "closes_address": False}),
        (Refusal(230001), {"permanent": True, "closes_address": False}),
        (Refusal(99991672), {"permanent": False, "retry_after": 60.0}),
        (Refusal(230001, 500), {"unknown": True, "permanent": False}),
        (Refusal(text="<html>", status=200), {"unknown": True, "permanent": False}),
        (Refusal(text="<html>", status=502), {"unknown": True, "permanent": False}),
        (Refusal(text="[]", status=200), {"unknown": True}),
    ],
)
async def test_each_refusal_means_something(talk: Talk, refusal: Refusal, wanted: dict[str, Any]) -> None:
    talk.api.refusals.append(refusal)
    failed = await talk.fails()
    assert {name: getattr(failed, name) for name in wanted} == wanted


async def test_a_missing_scope_keeps_back_nothing_but_what_it_is_for(talk: Talk) -> None:
    talk.doors.files[7] = StoredFile("p.png", "image/png", PNG)
    sent = await talk.say(text("题"), YES)
    talk.api.unscoped = ("/open-apis/im/v1/images", f"/open-apis/im/v1/messages/{sent.message}", "/open-apis/message")
    with pytest.raises(SendFailedError) as failed:
        await talk.say(text("看"), Picture(7, "图"), key=2)
    assert (failed.value.retry_after, failed.value.permanent, failed.value.reached) == (None, False, True)
    await talk.say(text("下一题"), YES, key=3, edits=sent.message)
    await talk.say(text("已撤回"), key=4, edits=sent.message, recalls=True)
    assert talk.words() == ["题", "下一题", "已撤回"]
    assert await talk.feishu.reads([("ou_ada", sent.message)]) == Reads(0, 0)
    with pytest.raises(SendFailedError) as failed:
        await talk.feishu.fetch(Uploaded(f"{sent.message}/f_1/file", "a", "b", 0))
    assert (failed.value.retry_after, failed.value.permanent) == (None, True)
    with pytest.raises(SendFailedError) as failed:
        await talk.feishu.send_many([talk.letter(text("x"), key=5), talk.letter(text("x"), key=6, to="ou_lin")])
    assert (failed.value.retry_after, failed.value.permanent) == (None, True)


async def test_where_nobody_listens_nothing_was_sent(talk: Talk) -> None:
    await talk.say(text("a"))
    section = Section(enabled=True, app_id=APP, app_secret=SECRET, api_base="http://127.0.0.1:9")
    feishu = FeishuMessenger(section, Surroundings(talk.doors, b"k" * 32, ""))
    with pytest.raises(SendFailedError) as failed:
        await feishu.send(talk.letter(text("x"), key=2))
    assert not failed.value.unknown
    assert not failed.value.permanent
    await feishu.close()


async def test_what_never_found_the_way_there_has_not_arrived(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody_home(*_: object, **__: object) -> None:
        raise TimeoutError

    await talk.say(text("a"))
    monkeypatch.setattr(TCPConnector, "connect", nobody_home)
    failed = await talk.fails(key=2)
    assert (failed.why, failed.unknown) == ("im/v1/messages: ConnectionTimeoutError", False)


async def test_a_pressed_card_is_redrawn_in_place(talk: Talk) -> None:
    sent = await talk.say(text("第一题"), YES)
    again = await talk.say(text("第二题"), YES, key=2, edits=sent.message)
    assert again == sent
    assert talk.words() == ["第二题"]
    await talk.say(text("做完了"), key=3, edits=sent.message)
    kept = talk.api.messages[sent.message]
    assert (talk.words(), kept.edits, len(kept.content["elements"])) == (["做完了"], 2, 1)
    kept.old = True
    other = await talk.say(text("再来"), YES, key=4, edits=sent.message)
    assert other != sent
    assert talk.words() == ["做完了", "再来"]


async def test_a_pressed_card_that_went_to_many_is_redrawn_by_its_press_for_who_pressed_it(talk: Talk) -> None:
    people = ["ou_ada", "ou_lin"]
    await talk.feishu.send_many([talk.letter(text("通知"), YES, key=key, to=who) for key, who in enumerate(people)])
    card = talk.api.shown("ou_ada")[0]
    assert await talk.feishu.connection.take(json.dumps(talk.api.press(card, "announcement.read:7")).encode()) == 200
    [raw] = talk.doors.stored
    assert next(iter(talk.api.presses)) not in raw.body
    again = await talk.say(text("已收到"), key=3, edits=card.name)
    assert again.message == card.name
    await talk.say(text("已收到 2"), key=4, edits=card.name)
    assert (talk.words(), talk.words("ou_lin"), card.edits) == (["已收到 2"], ["通知"], 2)
    await talk.say(text("已收到 3"), key=5, edits=card.name)
    assert talk.words() == ["已收到 2", "已收到 3"]
    other = talk.api.shown("ou_lin")[0]
    await talk.say(text("已收到"), key=6, to="ou_lin", edits=other.name)
    assert talk.words("ou_lin") == ["通知", "已收到"]


async def test_what_no_card_holds_is_said_anew(talk: Talk) -> None:
    sent = await talk.say(text("题"), YES)
    await talk.say(text("长" * 11_000), key=2, edits=sent.message)
    assert [len(words) for words in talk.words()] == [1, 11_000]
    assert [call[0] for call in talk.api.calls if call[0] in {"PATCH", "PUT"}] == ["PUT"]


def test_forty_buttons_with_long_labels_and_long_words_still_are_a_card() -> None:
    rows = tuple((Button("很长的按钮" * 80, f"x.y:{number}"),) for number in range(60))
    *before, last = render(Reply((text('引"号' * 9_000), Choices(rows))))
    assert len(json.dumps(last["card"], ensure_ascii=False).encode()) <= 30 << 10
    shown = [element["actions"][0]["value"]["call"] for element in last["card"]["elements"][1:]]
    words = "".join(part["text"] for part in before) + words_of(last["card"])
    assert shown == [f"x.y:{number}" for number in range(len(shown))]
    assert all(f"{number + 1}. 很长的按钮" in words for number in range(len(shown), 60))
    assert f"\n{len(shown)}. 很长的按钮" not in words


async def test_plain_words_are_rewritten(talk: Talk) -> None:
    sent = await talk.say(text("通知：八点"))
    assert await talk.say(text("通知：九点"), key=2, edits=sent.message, recalls=True) == sent
    assert talk.words() == ["通知：九点"]
    assert talk.api.messages[sent.message].kind == "text"


async def test_a_redrawing_that_is_too_fast_is_tried_later(talk: Talk) -> None:
    sent = await talk.say(text("题"), YES)
    talk.api.refusals.append(Refusal(230020))
    with pytest.raises(SendFailedError) as failed:
        await talk.say(text("下一题"), YES, key=2, edits=sent.message)
    assert not failed.value.permanent
    assert talk.words() == ["题"]


async def test_what_is_recalled_is_withdrawn_with_its_picture(talk: Talk) -> None:
    talk.doors.files[7] = StoredFile("p.png", "image/png", PNG)
    sent = await talk.say(text("海报"), Picture(7, "图"), YES)
    assert len(talk.api.shown("ou_ada")) == 2
    again = await talk.say(text("已撤回"), key=2, edits=sent.message, recalls=True)
    assert talk.words() == ["已撤回"]
    assert again.message == sent.message.split("+")[0]
    talk.api.messages[again.message].old = True
    await talk.say(text("已撤回。"), key=3, edits=sent.message, recalls=True)
    assert talk.words() == ["已撤回。"]


async def test_a_recall_that_shows_a_picture_takes_the_old_one_away(talk: Talk) -> None:
    talk.doors.files |= {7: StoredFile("p.png", "image/png", PNG), 8: StoredFile("q.png", "image/png", PNG)}
    sent = await talk.say(text("海报"), Picture(7, "图"), YES)
    await talk.say(text("新海报"), Picture(8, "图"), YES, key=2, edits=sent.message)
    assert talk.words() == ["img_1", "新海报\n［图］"]
    await talk.say(text("改"), Picture(8, "图"), YES, key=3, edits=sent.message, recalls=True)
    assert talk.words() == ["img_4", "改\n［图］"]


async def test_an_upload_without_an_answer_is_not_in_doubt(talk: Talk) -> None:
    talk.doors.files[7] = StoredFile("p.png", "image/png", PNG)
    talk.api.refusals.append(Refusal(text="<html>", status=502))
    with pytest.raises(SendFailedError) as failed:
        await talk.say(Picture(7, "图"))
    assert (failed.value.unknown, failed.value.permanent) == (False, False)


async def test_pictures_and_files_are_uploaded_once(talk: Talk) -> None:
    talk.doors.files |= {7: StoredFile("p.png", "image/png", PNG), 8: StoredFile("a.pdf", "x", b"%PDF")}
    talk.doors.files |= {9: StoredFile("p.svg", "image/svg+xml", b"<svg/>"), 10: StoredFile("x", "x", b"")}
    for key in (1, 2):
        await talk.say(text("看"), Picture(7, "图"), Document(8, "通\n知.pdf"), key=key)
    assert [kept.kind for kept in talk.api.shown("ou_ada")] == ["image", "file", "text"] * 2
    uploads = [given for _, path, given in talk.api.calls if path.endswith(("images", "files"))]
    assert len(uploads) == 2
    assert uploads[1]["file_name"] == "通 知.pdf"
    await talk.say(Picture(9, "图"), key=3)
    assert talk.api.shown("ou_ada")[-2].kind == "file"
    for gone in (10, 99):
        with pytest.raises(SendFailedError) as failed:
            await talk.say(Document(gone, "x"), key=4)
        assert failed.value.permanent


async def test_many_by_one_call(talk: Talk) -> None:
    people = [f"ou_{number}" for number in range(200)]
    talk.api.strangers = {"ou_3", "ou_77"}
    letters = [talk.letter(text("通知"), YES, key=key, to=who) for key, who in enumerate(people)]
    told = await talk.feishu.send_many(letters)
    assert len([call for call in talk.api.calls if call[1].endswith("batch_send/")]) == 1
    for who, result in zip(people, told, strict=True):
        if who in talk.api.strangers:
            assert isinstance(result, SendFailedError)
            assert result.closes_address
        else:
            assert isinstance(result, Sent)
            assert result.message.startswith("bm-")
            assert talk.words(who) == ["通知"]
    name = next(result.message for result in told if isinstance(result, Sent))
    for key, who in enumerate(people[:3]):
        await talk.say(text("已撤回"), key=300 + key, to=who, edits=name, recalls=True)
    assert len([call for call in talk.api.calls if call[0] == "DELETE"]) == 1
    assert [talk.words(who) for who in ("ou_0", "ou_2", "ou_9")] == [["已撤回"], ["已撤回"], []]


async def test_many_get_a_picture_by_one_call_and_files_go_one_by_one(talk: Talk) -> None:
    talk.doors.files |= {7: StoredFile("p.png", "image/png", PNG), 8: StoredFile("a.pdf", "x", b"%PDF")}
    two = ["ou_ada", "ou_lin"]
    told = await talk.feishu.send_many([talk.letter(text("看"), Picture(7, "图"), key=1, to=who) for who in two])
    assert isinstance(told[0], Sent)
    assert len(told[0].message.split("+")) == 2
    files = [talk.letter(Document(8, "a.pdf"), key=key, to=who) for key, who in enumerate(two, 2)]
    apart = [talk.letter(text("x"), key=4), talk.letter(text("x"), key=5, to="ou_lin", parts_done=1)]
    group = [talk.letter(text("x"), key=6), talk.letter(text("x"), key=7, to="ou_lin", chat="oc_1")]
    for letters in (files, apart, group):
        with pytest.raises(SendFailedError) as failed:
            await talk.feishu.send_many(letters)
        assert (failed.value.permanent, failed.value.closes_address) == (True, False)
    assert isinstance((await talk.feishu.send_many(files[:1]))[0], Sent)
    talk.api.refusals.append(Refusal(11247))
    with pytest.raises(SendFailedError) as failed:
        await talk.feishu.send_many([talk.letter(text("x"), key=8, to=who) for who in two])
    assert (failed.value.permanent, failed.value.retry_after) == (True, None)


async def test_readers_are_counted_and_never_named(talk: Talk) -> None:
    one = await talk.say(text("a"))
    old = await talk.say(text("b"), key=2)
    talk.api.messages[one.message].readers = ["ou_ada"]
    talk.api.messages[old.message].old = True
    told = await talk.feishu.send_many([talk.letter(text("c"), key=k, to=f"ou_{k}") for k in range(3, 6)])
    many = [result.message for result in told if isinstance(result, Sent)]
    talk.api.messages[talk.api.batches[many[0]][1]].readers = ["ou_4"]
    letters = [("ou_ada", one.message), ("ou_ada", old.message), *(("ou_x", name) for name in many)]
    assert await talk.feishu.reads(letters) == Reads(4, 2)
    for name in talk.api.batches[many[0]]:
        talk.api.messages[name].readers = ["ou_x"]
    assert await talk.feishu.reads([("ou_3", many[0])]) == Reads(1, 1)
    talk.api.refusals.append(Refusal(99991400, 429))
    with pytest.raises(SendFailedError):
        await talk.feishu.reads(letters)


async def test_what_people_sent_is_fetched(talk: Talk) -> None:
    talk.api.resources["om_1/f_1/file"] = (b"%PDF", "application/octet-stream")
    talk.api.resources["om_1/i_1/image"] = (b"x" * (20 << 20), "image/png")
    talk.api.resources["om_1/big/file"] = (b"x" * ((20 << 20) + 1), "video/mp4")
    talk.api.revoke()
    found = await talk.feishu.fetch(Uploaded("om_1/f_1/file", "a.pdf", "application/pdf", 0))
    assert found == StoredFile("a.pdf", "application/pdf", b"%PDF")
    talk.api.revoke()
    assert (await talk.feishu.fetch(Uploaded("om_1/i_1/image", "p", "image/jpeg", 0))).mime == "image/png"
    for remote in ("om_1/big/file", "om_1/gone/file"):
        with pytest.raises(SendFailedError) as failed:
            await talk.feishu.fetch(Uploaded(remote, "a", "b", 0))
        assert failed.value.permanent, remote
    talk.api.calls.clear()
    for remote in ("om_1", "om_1/../file", "../k/file", "om_1/k/other", "/k/file"):
        with pytest.raises(SendFailedError) as failed:
            await talk.feishu.fetch(Uploaded(remote, "a", "b", 0))
        assert (failed.value.permanent, failed.value.why) == (True, "no such file")
    assert talk.api.calls == []


async def test_by_the_long_connection_people_are_heard(talk: Talk) -> None:
    running = asyncio.create_task(talk.feishu.run())
    await asyncio.wait_for(talk.api.connected.wait(), 5)
    await asyncio.wait_for(talk.api.pinged.wait(), 5)
    assert await talk.api.deliver(message("text", {"text": "签到"})) == 200
    assert await talk.api.deliver(message("text", {"text": "签到"})) == 200
    assert len(talk.doors.stored) == 1
    found = talk.feishu.receive(talk.doors.stored[0].body)
    assert isinstance(found, Arrival)
    assert found.content == Said("签到")
    long = message("text", {"text": "长" * 5000}, message_id="om_2")
    assert await talk.api.deliver(long, pieces=5, backwards=True) == 200
    assert talk.doors.stored[-1].key == "m:om_2"
    assert talk.doors.patience[-1] == 1.5
    for unknown in (message("text", {"text": "x"}) | {"header": {"app_id": "cli_other"}}, {"a": 1}, b"{"):
        assert await talk.api.deliver(unknown) == 200
    assert await talk.api.deliver({}, kind="another") == 200
    talk.doors.error = OSError("disk full")
    again = message("text", {"text": "诉求"}, message_id="om_3")
    assert await talk.api.deliver(again) == 500
    talk.doors.error = PausedError()
    assert await talk.api.deliver(again) == 500
    talk.doors.error = None
    assert await talk.api.deliver(again) == 200
    assert [raw.key for raw in talk.doors.stored] == ["m:om_1", "m:om_2", "m:om_3"]
    await talk.api.sockets[-1].send_bytes(b"\xff\xff")
    assert await talk.api.deliver(again) == 200
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_broken_connection_is_opened_again_with_growing_pauses(talk: Talk) -> None:
    pauses, enough = list[float](), asyncio.Event()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)
        if len(pauses) == 8:
            enough.set()

    talk.feishu.connection._pause = pause
    talk.api.refusals.extend(Refusal(text="<html>", status=502) for _ in range(8))
    holding = asyncio.create_task(talk.feishu.connection.run())
    await asyncio.wait_for(enough.wait(), 10)
    await asyncio.wait_for(talk.api.connected.wait(), 5)
    assert all(1.0 <= seconds <= 60.0 for seconds in pauses)
    assert pauses[-1] > 25
    talk.api.connected.clear()
    await talk.api.sockets[-1].close()
    await asyncio.wait_for(talk.api.connected.wait(), 5)
    assert await talk.api.deliver(message("text", {"text": "x"})) == 200
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)


async def test_a_connection_without_a_word_is_given_up(talk: Talk) -> None:
    async with ClientSession() as session:
        place = Endpoint(f"{talk.api.base}/mute", 7, 0.01)
        holding = asyncio.create_task(talk.feishu.connection._once(session, place))
        await asyncio.wait({holding}, timeout=5)
        assert holding.done()
        assert isinstance(holding.exception(), TimeoutError)


async def test_what_comes_while_the_disk_is_slow_waits_in_line(talk: Talk) -> None:
    slow = asyncio.Event()
    talk.doors.slow = slow
    holding = asyncio.create_task(talk.feishu.connection.run())
    await asyncio.wait_for(talk.api.connected.wait(), 5)
    bringing = [
        asyncio.create_task(talk.api.deliver(message("text", {"text": "x"}, message_id=f"om_{n}"))) for n in range(50)
    ]
    while len(talk.doors.patience) < 32:  # noqa: ASYNC110 - the far side's queue has no event of its own
        await asyncio.sleep(0)
    assert len(talk.doors.patience) == 32
    slow.set()
    assert await asyncio.gather(*bringing) == [200] * 50
    assert len(talk.doors.stored) == 50
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)


async def test_while_paused_there_is_no_connection(talk: Talk) -> None:
    tried = asyncio.Event()

    async def pause(_: float) -> None:
        tried.set()
        await asyncio.sleep(0)

    talk.doors.halted = True
    talk.feishu.connection._pause = pause
    holding = asyncio.create_task(talk.feishu.connection.run())
    await asyncio.wait_for(tried.wait(), 5)
    assert talk.api.opened == 0
    talk.doors.halted = False
    await asyncio.wait_for(talk.api.connected.wait(), 5)
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)


async def test_a_group_message_that_comes_before_we_know_ourselves_asks_who_we_are(talk: Talk) -> None:
    assert talk.feishu.own_id() == ""
    learning = talk.feishu._learning
    assert learning is not None
    await learning
    assert talk.feishu.own_id() == ME


async def test_the_doctor_names_what_is_missing(talk: Talk) -> None:
    async def found() -> str:
        return json.dumps([(one.level, one.what) for one in await talk.feishu.check()], ensure_ascii=False)

    assert '"error"' not in await found()
    assert "长连接可用" in await found()
    assert "要用的 4 项权限都开通了" in await found()
    talk.api.scopes -= {"im:resource", "im:message:send_multi_users"}
    told = await found()
    assert "没有开通 im:resource（" in told
    assert "没有开通 im:message:send_multi_users（" in told
    assert "没有开通 im:message（" not in told
    assert '"error"' not in told
    talk.api.unscoped = ("/open-apis/application",)
    assert "开通的权限读不到（99991672" in await found()
    talk.api.unscoped = ()
    talk.api.scopes.clear()
    assert "缺权限 im:message、im:message:readonly" in await found()
    talk.api.bot = False
    assert "没有机器人能力" in await found()
    talk.api.secret = "changed"
    told = await found()
    assert "10014" in told
    assert SECRET not in told


async def test_the_doctor_calls_our_own_callback(talk: Talk) -> None:
    given = {"enabled": True, "app_id": APP, "app_secret": SECRET, "mode": "callback", "verification_token": "t"}
    section = Section(**given, encrypt_key="k", api_base=talk.api.base)
    around = Surroundings(talk.doors, b"k" * 32, "http://127.0.0.1:9")
    feishu = FeishuMessenger(section, around)
    assert any("打不开" in one.what for one in await feishu.check())
    app = web.Application()
    app.add_routes(feishu.routes())
    async with TestServer(app) as server:
        around.base_url = str(server.make_url("")).rstrip("/")
        alone = FeishuMessenger(section, Surroundings(None, b"", around.base_url))  # type: ignore[arg-type]
        told = await alone.check()
        await alone.close()
        assert (told[-1].level, "回调" in told[-1].what) == ("ok", True)
    await feishu.close()


async def test_a_link_opens_the_bots_chat(talk: Talk) -> None:
    assert talk.feishu.link("") == f"https://applink.feishu.cn/client/bot/open?appId={APP}"
    assert talk.feishu.link("code") == ""
