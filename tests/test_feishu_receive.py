"""Feishu's events in the words of the program: the published vectors, each kind of message, what is not for us."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.arrival import (
    Arrival,
    Content,
    Ignored,
    Located,
    MalformedUpdateError,
    Opened,
    Pressed,
    Said,
    Uploaded,
)
from messengers.base import Raw
from messengers.feishu.receive import read, receive

VECTORS = json.loads((Path(__file__).parent / "vectors" / "feishu.json").read_text(encoding="utf-8"))
APP = VECTORS["config"]["app_id"]
ME = "ou_bot"


def event(kind: str, inner: dict[str, Any], **header: str) -> dict[str, Any]:
    """Return an event as Feishu writes it."""
    head = {"event_id": "e1", "token": "t", "create_time": "1763790000000", "event_type": kind, "app_id": APP}
    return {"schema": "2.0", "header": {**head, **header}, "event": inner}


def message(kind: str, content: object, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return the event of a message."""
    told = {"message_id": "om_1", "create_time": "1763790000123", "chat_id": "oc_1", "chat_type": "p2p"}
    inner = {**told, "message_type": kind, "content": json.dumps(content), **fields}
    sender = {"sender_id": {"open_id": "ou_ada", "union_id": "on_1", "user_id": "A001"}, "sender_type": "user"}
    return event("im.message.receive_v1", {"sender": sender, "message": inner})


def heard(told: dict[str, Any], me: str = ME) -> Arrival | Ignored:
    """Return what an event becomes, by way of what is kept of it."""
    raw = read(told, APP, me)
    return raw if isinstance(raw, Ignored) else receive(raw.body)


def content(told: dict[str, Any]) -> Content:
    """Return the content of an arrival."""
    found = heard(told)
    assert isinstance(found, Arrival), found
    return found.content


@pytest.mark.parametrize(
    "case", [case for case in VECTORS["cases"] if "fields" in case], ids=lambda case: str(case["id"])
)
def test_the_published_cases_say_what_they_say(case: dict[str, Any]) -> None:
    fields, told = case["fields"], json.loads(case["plaintext"])
    raw = read(told, APP, ME)
    assert isinstance(raw, Raw)
    assert raw.key.partition(":")[2] == fields["dedupe"]
    kept = json.loads(raw.body)
    assert VECTORS["config"]["verification_token"] not in raw.body
    assert fields["user"]["union_id"] not in raw.body
    if fields["type"] == "text":
        assert raw.key.startswith("m:")
        assert kept["chat_id"] == fields["chat_id"]
        found = receive(raw.body)
        assert isinstance(found, Arrival)
        assert (found.user, found.directory_id) == (fields["user"]["open_id"], fields["user"]["user_id"])
        assert found.chat == found.user
        assert found.content == Said(fields["text"])
        assert found.at == datetime.fromtimestamp(1763790000.123, UTC)
    else:
        assert raw.key.startswith("e:")
        assert kept["value"] == fields["value"]
        assert kept["message_id"] == fields["message_id"]
        assert fields["update_token"] not in raw.body
        assert receive(raw.body) == Ignored("unknown")
        told["event"]["action"]["value"] = {"call": "approve:42"}
        assert content(told) == Pressed("approve:42", fields["message_id"])


def test_each_kind_of_message() -> None:
    assert content(message("text", {"text": "签到"})) == Said("签到")
    assert content(message("image", {"image_key": "img_1"})) == Uploaded(
        "om_1/img_1/image", "photo.jpg", "image/jpeg", 0
    )
    assert content(message("file", {"file_key": "f_1", "file_name": "通知.pdf"})) == Uploaded(
        "om_1/f_1/file", "通知.pdf", "application/pdf", 0
    )
    assert content(message("audio", {"file_key": "f_1", "duration": 2000})) == Uploaded(
        "om_1/f_1/file", "voice.opus", "audio/ogg", 0
    )
    assert content(message("media", {"file_key": "f_1", "file_name": "a.mp4", "image_key": "i"})) == Uploaded(
        "om_1/f_1/file", "a.mp4", "video/mp4", 0
    )
    place = {"name": "食堂", "longitude": "116.397", "latitude": "39.908"}
    assert content(message("location", place)) == Located(39.908, 116.397, "食堂")
    assert heard(message("sticker", {"file_key": "f"})) == Ignored("sticker")
    assert heard(message("share_chat", {"chat_id": "oc"})) == Ignored("unknown")


def test_a_rich_text_is_its_words_and_its_first_picture() -> None:
    said = [{"tag": "text", "text": "三号楼 "}, {"tag": "a", "text": "地图", "href": "https://m.example"}]
    post = {"title": "漏水", "content": [said, [{"tag": "emotion", "emoji_type": "OK"}]]}
    assert content(message("post", post)) == Said("漏水\n三号楼 地图（https://m.example）")
    post["content"] += [[{"tag": "img", "image_key": "img_1"}], [{"tag": "img", "image_key": "img_2"}]]  # type: ignore[operator]
    assert content(message("post", post)) == Uploaded(
        "om_1/img_1/image", "photo.jpg", "image/jpeg", 0, "漏水\n三号楼 地图（https://m.example）"
    )
    assert content(message("post", {"zh_cn": {"content": [[{"tag": "text", "text": "好"}]]}})) == Said("好")


def test_in_a_group_only_what_names_the_bot_is_heard() -> None:
    bot = {"key": "@_user_1", "id": {"open_id": ME}, "name": "党群助手"}
    lin = {"key": "@_user_10", "id": {"open_id": "ou_lin"}, "name": "林"}
    told = message("text", {"text": "@_user_1 问 @_user_10"}, chat_type="group", mentions=[bot, lin])
    found = heard(told)
    assert isinstance(found, Arrival)
    assert (found.chat, found.private, found.content) == ("oc_1", False, Said("问 @林"))
    told["event"]["message"]["mentions"] = [lin]
    assert heard(told) == Ignored("group")
    told["event"]["message"]["mentions"] = [bot]
    assert isinstance(heard(told, me=""), Arrival)
    told["event"]["message"]["mentions"] = []
    assert heard(told, me="") == Ignored("group")
    told["event"]["message"]["mentions"] = [bot]
    raw = read(told, APP)
    assert isinstance(raw, Raw)
    assert isinstance(receive(raw.body, ME), Arrival)


def test_the_bots_name_is_left_out_before_we_know_ourselves() -> None:
    bot = {"key": "@_user_1", "id": {"open_id": ME}, "name": "党群助手"}
    lin = {"key": "@_user_2", "id": {"open_id": "ou_lin"}, "name": "林"}

    def said(words: str, *mentions: dict[str, Any], kind: str = "group") -> Content:
        found = heard(message("text", {"text": words}, chat_type=kind, mentions=list(mentions)), me="")
        assert isinstance(found, Arrival)
        return found.content

    assert said("@_user_1 签到", bot) == Said("签到")
    assert said("请 @_user_1 签到", bot) == Said("请  签到")
    assert said("@_user_1 问 @_user_2", bot, lin) == Said("问 @林")
    assert said("问 @_user_2 @_user_1", lin, bot) == Said("问 @林 @党群助手")
    assert said("问 @_user_2", lin, kind="p2p") == Said("问 @林")
    post = {"content": [[{"tag": "at", "user_id": "@_user_1"}, {"tag": "text", "text": " 积分"}]]}
    found = heard(message("post", post, chat_type="group", mentions=[bot]), me="")
    assert isinstance(found, Arrival)
    assert found.content == Said("积分")


def test_a_press_in_a_group_leaves_no_note_and_one_in_private_does() -> None:
    where, action = {"open_message_id": "om_1"}, {"value": {"call": "x.y"}}
    told = {"operator": {"open_id": "ou_ada"}, "token": "c-1", "action": action, "context": where}
    raw = read(event("card.action.trigger", told), APP)
    assert isinstance(raw, Raw)
    assert raw.note is not None
    assert (raw.note.value, "c-1" in raw.body) == ("c-1", False)
    odd: list[dict[str, Any]] = [{"token": 1}, {"context": {}}, {"token": ""}]
    for one in (*odd, {"action": {"value": {"call": "x.y", "in": "oc_1"}}}):
        raw = read(event("card.action.trigger", {**told, **one}), APP)
        assert isinstance(raw, Raw)
        assert raw.note is None


def test_menus_first_contact_and_presses_in_groups() -> None:
    who = {"open_id": "ou_ada", "union_id": "on_1", "user_id": "A001"}
    menu = event("application.bot.menu_v6", {"operator": {"operator_id": who}, "event_key": "签到"})
    assert content(menu) == Said("签到")
    entered = event("im.chat.access_event.bot_p2p_chat_entered_v1", {"chat_id": "oc_1", "operator_id": who})
    assert content(entered) == Opened("")
    entered["event"]["last_message_id"] = "om_0"
    assert heard(entered) == Ignored("entered")
    value = {"call": "x.y:1", "in": "oc_9"}
    press = event("card.action.trigger", {"operator": who, "action": {"value": value}, "context": {}})
    found = heard(press)
    assert isinstance(found, Arrival)
    assert (found.chat, found.private, found.content) == ("oc_9", False, Pressed("x.y:1", None))


def test_the_old_schema() -> None:
    told: dict[str, Any] = {"uuid": "u1", "token": "t", "ts": "1763790000.71", "type": "event_callback"}
    inner = {"type": "message", "app_id": APP, "open_id": "ou_ada", "open_chat_id": "oc_1", "chat_type": "private"}
    told["event"] = {**inner, "msg_type": "text", "text": "签到", "open_message_id": "om_7"}
    raw = read(told, APP)
    assert isinstance(raw, Raw)
    assert raw.key == "m:om_7"
    assert content(told) == Said("签到")
    told["event"] |= {"chat_type": "group", "text": "<at>助手</at> 签到", "text_without_at_bot": " 签到"}
    assert heard(told) == Ignored("group")
    told["event"]["is_mention"] = True
    assert content(told) == Said(" 签到")
    told["event"] = {"type": "p2p_chat_create", "app_id": APP, "user": {"open_id": "ou_ada", "user_id": "A001"}}
    assert content(told) == Opened("")


def test_what_is_not_for_us_is_not_kept() -> None:
    told = message("text", {"text": "x"})
    told["header"]["app_id"] = "cli_another"
    assert read(told, APP) == Ignored("other_app")
    told = message("text", {"text": "x"})
    told["event"]["sender"]["sender_type"] = "app"
    assert read(told, APP) == Ignored("bot")
    assert read(event("im.chat.updated_v1", {}), APP) == Ignored("unknown")


@pytest.mark.parametrize(
    "told",
    [
        message("location", {"longitude": "116", "latitude": "nan"}),
        message("location", {"longitude": "181", "latitude": "1"}),
        message("location", {"longitude": 1, "latitude": "1"}),
        message("image", {"image_key": "a/b"}),
        message("image", {}),
        message("text", []),
        message("post", {}),
        message("text", {"text": "x"}, create_time="99999999999999999"),
        message("text", {"text": "x"}, create_time="١٢٣"),
    ],
)
def test_what_makes_no_sense_is_malformed(told: dict[str, Any]) -> None:
    with pytest.raises(MalformedUpdateError):
        heard(told)


def test_an_odd_id_still_makes_a_key() -> None:
    raw = read(message("text", {"text": "\ud83d"}, message_id="\ud83d" * 300), APP)
    assert isinstance(raw, Raw)
    assert len(raw.key) == 66
    assert raw.body.isascii()


def test_the_directory_of_another_company_says_nothing_here() -> None:
    told = message("text", {"text": "签到"})
    told["header"]["tenant_key"] = "ours"
    told["event"]["sender"]["tenant_key"] = "ours"
    found = heard(told)
    assert isinstance(found, Arrival)
    assert found.directory_id == "A001"
    told["event"]["sender"]["tenant_key"] = "theirs"
    found = heard(told)
    assert isinstance(found, Arrival)
    assert found.directory_id == ""


def test_a_moment_in_microseconds_is_the_same_moment() -> None:
    who = {"open_id": "ou_ada"}
    told = event("card.action.trigger", {"operator": who, "action": {"value": {"call": "x.y"}}, "context": {}})
    told["header"]["create_time"] = "1763790000000000"
    found = heard(told)
    assert isinstance(found, Arrival)
    assert found.at.timestamp() == 1763790000
