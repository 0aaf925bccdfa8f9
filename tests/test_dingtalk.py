"""DingTalk: every case of the vectors, the stream, both callbacks, free replies and counted calls, over loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, select

from bot import tokens
from domain.arrival import Arrival, Content, Ignored, MalformedUpdateError, Pressed, Said, Uploaded
from domain.reply import Button, Choices, Reply, text
from messengers.base import Outgoing, Raw, SendFailedError, Sent
from messengers.dingtalk import Section, stream
from messengers.dingtalk.api import Api
from messengers.dingtalk.intake import Callback
from messengers.dingtalk.receive import message, press, receive
from messengers.dingtalk.stream import Stream, ack
from messengers.envelope import Envelope, RefusedError, signature
from storage import address, attachment, inbox, outbox, spending
from tests.company import MONDAY_MORNING
from tests.dingtalk_api import CLIENT, MESSAGES, DingtalkApi, calls_back, dingtalk_side, environment
from tests.running import Running, eventually, running
from tests.talk import Company
from tests.test_pause import stop_here

VECTORS = json.loads((Path(__file__).parent / "vectors" / "dingtalk.json").read_text(encoding="utf-8"))
CONFIG = VECTORS["config"]
CASES = VECTORS["cases"]
PEOPLE = {"manager1": "ada", "zhaoqiang": "bo", "linxue": "lin"}
NOW = 1_790_000_000.0


def callback(**changes: Any) -> Callback:  # noqa: ANN401 - keys of the section
    """Return callbacks with the vectors' secrets."""
    keys = {"client_id": CONFIG["app_key"], "client_secret": CONFIG["app_secret"], "mode": "callback"}
    section = Section(**{**keys, "token": CONFIG["event_token"], "aes_key": CONFIG["event_aes_key"], **changes})
    return Callback(section, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", [one for one in CASES if one["kind"] == "robot_http"], ids=lambda case: case["id"])
def test_every_robot_message_is_judged_as_others_judge_it(case: dict[str, Any]) -> None:
    body, now = case["body"].encode(), case["now"] / 1000
    if case["expect"] == "refuse":
        with pytest.raises(RefusedError, match=case["reason"]):
            callback().robot(case["headers"], body, now)
        return
    raw, fields = callback().robot(case["headers"], body, now), case["fields"]
    assert isinstance(raw, Raw)
    arrival = receive(raw.body)
    assert isinstance(arrival, Arrival)
    assert (arrival.user, arrival.chat, arrival.private) == (fields["user"], fields["user"], True)
    assert arrival.content == Said(fields["text"])
    assert raw.key == f"m:{fields['dedupe']}"
    assert raw.note is not None
    assert "session" not in raw.body
    assert "LWCP" not in raw.body


@pytest.mark.parametrize("case", [one for one in CASES if one["kind"] == "event_http"], ids=lambda case: case["id"])
def test_every_event_is_judged_as_others_judge_it(case: dict[str, Any]) -> None:
    body, now = case["body"].encode(), float(case["query"]["timestamp"]) / 1000
    if case["expect"] == "refuse":
        with pytest.raises(RefusedError, match=case["reason"]):
            callback().event(case["query"], body, now)
        return
    found = callback().event(case["query"], body, now)
    assert found == json.loads(case["plaintext"])
    assert (found["EventType"], found["eventId"]) == (case["fields"]["event"], case["fields"]["dedupe"])
    told = callback().answer("success", now)
    signed = signature(CONFIG["event_token"], told["timeStamp"], told["nonce"], told["encrypt"])
    assert told["msg_signature"] == signed
    envelope = Envelope(CONFIG["event_token"], CONFIG["event_aes_key"], CONFIG["owner_key"])
    assert envelope.decrypt(told["encrypt"]) == b"success"


class Taking:
    """Doors that keep what comes."""

    def __init__(self) -> None:
        """Have nothing."""
        self.kept: list[Raw] = []

    def paused(self) -> bool:
        """Never."""
        return False

    async def accept(self, _messenger: str, events: list[Raw], **_how: object) -> None:
        """Keep them."""
        self.kept += events


@pytest.mark.parametrize("case", [one for one in CASES if one["kind"] == "stream"], ids=lambda case: case["id"])
async def test_every_frame_is_acknowledged_as_others_do(case: dict[str, Any]) -> None:
    doors, section = Taking(), Section(client_id="x", client_secret=SecretStr("y"))
    line = Stream(section, doors, Api(section, doors))  # type: ignore[arg-type]
    told = ack(case["frame"], await line.answer(case["frame"]))
    wanted = case["ack"]
    assert (told["code"], told["headers"]) == (wanted["code"], wanted["headers"])
    assert json.loads(told["data"]) == wanted["data"]
    if "fields" in case:
        [raw] = doors.kept
        arrival = receive(raw.body)
        assert isinstance(arrival, Arrival)
        assert (arrival.user, arrival.content) == (case["fields"]["user"], Said(case["fields"]["text"]))
        assert raw.key == f"m:{case['fields']['dedupe']}"


def test_what_is_old_or_unconfigured_is_refused() -> None:
    case = CASES[0]
    headers, body, now = case["headers"], case["body"].encode(), case["now"] / 1000
    with pytest.raises(RefusedError, match="old"):
        callback().robot(headers, body, now + 3601)
    with pytest.raises(RefusedError, match="incomplete"):
        callback(client_secret="").robot(headers, body, now)
    with pytest.raises(RefusedError, match="incomplete"):
        callback().robot({**headers, "timestamp": "９"}, body, now)
    with pytest.raises(RefusedError, match="malformed"):
        callback().robot(headers, b"[", now)
    event = next(one for one in CASES if one["id"] == "d03")
    with pytest.raises(RefusedError, match="not_configured"):
        callback(token="", aes_key="").event(event["query"], event["body"].encode(), now)
    with pytest.raises(RefusedError, match="old"):
        callback().event(event["query"], event["body"].encode(), now + 3600)
    with pytest.raises(RefusedError, match="not_for_us"):
        callback(client_id="dingother").event(event["query"], event["body"].encode(), now)


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"msgtype": "text", "text": {"content": "  签到 "}}, Said("签到")),
        ({"msgtype": "audio", "content": {"downloadCode": "d", "recognition": "我的积分"}}, Said("我的积分")),
        ({"msgtype": "audio", "content": {"downloadCode": "d"}}, Uploaded("d", "voice.amr", "audio/amr", 0)),
        ({"msgtype": "picture", "content": {"downloadCode": "d"}}, Uploaded("d", "photo.jpg", "image/jpeg", 0)),
        (
            {"msgtype": "file", "content": {"downloadCode": "d", "fileName": "名册.xlsx"}},
            Uploaded("d", "名册.xlsx", "application/octet-stream", 0),
        ),
        ({"msgtype": "richText", "content": {"richText": [{"text": "你"}, {"text": "好"}]}}, Said("你好")),
        (
            {
                "msgtype": "richText",
                "content": {"richText": [{"text": "看"}, {"downloadCode": "p", "type": "picture"}]},
            },
            Uploaded("p", "photo.jpg", "image/jpeg", 0, "看"),
        ),
        ({"msgtype": "text", "code": "20001"}, Ignored("quota")),
        ({"msgtype": "interactiveCard", "content": {}}, Ignored("unknown")),
    ],
)
def test_what_members_send_is_read(more: dict[str, Any], wanted: Content | Ignored) -> None:
    raw = message(DingtalkApi().message("manager1", **more), NOW)
    assert isinstance(raw, Raw)
    found = receive(raw.body)
    assert (found if isinstance(found, Ignored) else found.content) == wanted


def test_a_group_is_a_chat_of_its_own_and_outsiders_are_not_heard() -> None:
    api = DingtalkApi()
    raw = message(api.message("manager1", "cidG==", msgtype="text", text={"content": "签到"}), NOW)
    assert isinstance(raw, Raw)
    found = receive(raw.body)
    assert isinstance(found, Arrival)
    assert (found.user, found.chat, found.private) == ("manager1", "cidG==", False)
    assert message({**api.message("x"), "senderStaffId": ""}, NOW) == Ignored("outsider")


def test_a_press_names_its_card_and_comes_once() -> None:
    inner = json.dumps({"cardPrivateData": {"actionIds": ["b"], "params": {"call": "help.home"}}})
    data = {"outTrackId": "dq-7-0", "userId": "manager1", "content": inner, "spaceType": "IM_ROBOT"}
    raw = press(data, "frame1")
    assert raw.key == press(data, "frame1").key != press(data, "frame2").key
    found = receive(raw.body)
    assert isinstance(found, Arrival)
    assert (found.content, found.private) == (Pressed("help.home", "c:dq-7-0"), True)
    for broken in (None, {}, {**data, "content": "["}, {**data, "userId": 7}, {**data, "content": "{}"}):
        with pytest.raises(MalformedUpdateError):
            press(broken, "f")


def bind(company: Company, accounts: dict[str, str]) -> None:
    """Bind accounts to people of the test enterprise."""

    def work(connection: Connection) -> None:
        for user, nickname in accounts.items():
            address.meet(connection, "dingtalk", user, user, "zh", MONDAY_MORNING)
            caller = address.caller(connection, "dingtalk", user)
            assert caller is not None
            address.bind(connection, caller.address_id, company.roll.people[nickname], MONDAY_MORNING)

    company.write(work)


@asynccontextmanager
async def on_dingtalk(company: Company, **settings: str) -> AsyncIterator[tuple[DingtalkApi, Running]]:
    """Run the program for a company on DingTalk."""
    bind(company, PEOPLE)
    async with dingtalk_side() as (api, far):
        given = {**environment(far), **settings}
        async with running(company, telegram=False, users=None, **given) as run:
            if given.get("DINGTALK__MODE") != "callback":
                await eventually(lambda: api.sockets)
            yield api, run


async def shows(api: DingtalkApi, user: str, words: str) -> None:
    """Wait until somebody's phone shows this."""
    await eventually(lambda: words in api.words(user))


def spent(run: Running) -> int:
    """Return how many calls are counted."""
    return run.read(lambda c: spending.since(c, "dingtalk", MONDAY_MORNING.date()))


async def test_answers_cost_nothing_as_long_as_there_is_an_address_for_them(company: Company) -> None:
    async with on_dingtalk(company) as (api, run):
        assert (await api.says("manager1", "签到"))["code"] == 200
        await shows(api, "manager1", "签到成功")
        assert (api.counted, api.free) == (0, 1)
        api.broken_replies = 1
        await api.says("manager1", "积分")
        await shows(api, "manager1", "本月")
        assert api.counted == 1
        await eventually(lambda: run.read(outbox.counts).get(("dingtalk", "sent"), 0) == 2)
        await eventually(lambda: spent(run) == 1)


async def test_what_comes_again_is_heard_once_and_a_number_is_a_press(company: Company) -> None:
    async with on_dingtalk(company) as (api, run):
        data = api.message("manager1", msgtype="text", text={"content": "签到"})
        for _ in range(3):
            await api.acked(await api.frame("CALLBACK", MESSAGES, data))
        await shows(api, "manager1", "签到成功")
        await run.app.intake.idle()
        assert api.words("manager1").count("签到成功") == 1
        await api.says("manager1", "首页")
        await shows(api, "manager1", "1. ")
        await eventually(lambda: run.read(outbox.counts).get(("dingtalk", "sent"), 0) == 2)
        first = next(line for line in api.words("manager1").splitlines() if line.startswith("1. "))
        before = api.words("manager1")
        await api.says("manager1", "1")
        await eventually(lambda: api.words("manager1") != before)
        assert "没听懂" not in api.words("manager1").removeprefix(before), first


async def test_a_line_that_breaks_is_opened_again_with_a_fresh_ticket(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SHORTEST", 0.05)
    async with on_dingtalk(company) as (api, _run):
        await api.sockets[-1].close()
        await eventually(lambda: api.opened == 2 and api.sockets)
        await api.frame("SYSTEM", "disconnect", {"reason": "persistent connection is idle"})
        await eventually(lambda: api.opened == 3 and api.sockets)
        number = await api.frame("SYSTEM", "ping", {"opaque": "x"})
        assert json.loads((await api.acked(number))["data"]) == {"opaque": "x"}
        await api.says("manager1", "签到")
        await shows(api, "manager1", "签到成功")


async def test_what_can_not_be_kept_is_not_acknowledged(company: Company) -> None:
    async with on_dingtalk(company) as (api, run):
        stop_here(run.app.database)
        await run.app.gate.look()
        data = api.message("manager1", msgtype="text", text={"content": "签到"})
        number = await api.frame("CALLBACK", MESSAGES, data)
        with pytest.raises(TimeoutError):
            await api.acked(number, 0.5)
        assert run.read(lambda c: c.scalar(select(inbox.inbox.c.id))) is None


async def test_a_card_by_template_is_pressed_and_redrawn_in_its_place(company: Company) -> None:
    async with on_dingtalk(company, DINGTALK__CARD_TEMPLATE="tpl.schema") as (api, run):
        await api.says("manager1", "首页")
        await eventually(lambda: any(shown.card for shown in api.phones["manager1"]))
        shown = next(one for one in api.phones["manager1"] if one.card)
        label = next(shown.card[f"label_{place}"] for place in range(1, 9) if shown.card[f"label_{place}"])
        before = dict(shown.card)
        assert json.loads((await api.presses("manager1", label))["data"]) == {}
        await run.app.intake.idle()
        await eventually(lambda: shown.card != before or len(api.phones["manager1"]) > 1)


async def test_a_hundred_get_it_by_one_call_or_by_fives_of_twenty(company: Company) -> None:
    async with on_dingtalk(company) as (api, run):
        messenger = run.app.messengers["dingtalk"]
        reply = Reply((text("周五停电"), Choices(((Button("收到", "x.y"),),))))
        letters = [Outgoing(number, f"u{number}", f"u{number}", reply) for number in range(100)]
        api.members = {letter.user for letter in letters} - {"u7"}
        api.controlled = {"u9"}
        told = await messenger.send_many(letters)  # type: ignore[attr-defined]
        assert [getattr(one, "permanent", None) for one in told[7:10]] == [True, None, False]
        assert len(api.calls) == 1
        assert "1. 收到" in api.words("u1")
        api.most_a_call = 20
        await messenger.send_many(letters)  # type: ignore[attr-defined]
        assert len(api.calls) == 1 + 1 + 5
        reads = await messenger.reads([(letter.user, "q:key1") for letter in letters])  # type: ignore[attr-defined]
        assert reads.read == 0


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ((403, {"code": "Forbidden.AccessDenied.ApiCountLimitForOrg", "message": "x"}), 60),
        ((400, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "x"}), 1),
        ((200, {"status": 1111, "punish": "deny"}), 300),
        ((200, "<html>punished</html>"), 300),
    ],
)
async def test_when_it_wants_to_be_left_alone_nothing_is_lost(
    company: Company, answer: tuple[int, Any], seconds: int
) -> None:
    async with on_dingtalk(company) as (api, run):
        api.broken_replies, api.refuses = 1, [answer]
        await api.says("manager1", "签到")
        await eventually(lambda: len(api.calls) >= 1)
        await run.app.intake.idle()
        held = run.app.deliveries["dingtalk"]._pacer
        await eventually(lambda: held.held() > 0 or "签到成功" in api.words("manager1"))
        assert held.held() <= seconds
        if seconds == 1:
            await shows(api, "manager1", "签到成功")
        else:
            assert held.held() > seconds - 20
            assert run.read(outbox.counts).get(("dingtalk", "failed"), 0) == 0


async def test_a_token_that_is_revoked_early_is_fetched_once(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "YOUNG", timedelta())
    async with on_dingtalk(company) as (api, _run):
        api.broken_replies = 10
        await api.says("manager1", "签到")
        await shows(api, "manager1", "签到成功")
        api.revoke()
        await asyncio.gather(*(api.says(user, "积分") for user in PEOPLE))
        for user in PEOPLE:
            await shows(api, user, "本月")
        assert api.fetched == 2


async def test_files_come_and_go(company: Company) -> None:
    async with on_dingtalk(company) as (api, run):
        api.files["code1"] = b"\xff\xd8\xff" + b"x" * 50
        await api.says("manager1", "提诉求")
        await eventually(lambda: api.words("manager1"))
        await api.sends("manager1", "picture", {"downloadCode": "code1"})
        await eventually(lambda: run.read(lambda c: c.scalar(select(attachment.attachment.c.id))) is not None)


async def test_the_http_callback_takes_what_is_signed_and_nothing_else(company: Company) -> None:
    settings = {"DINGTALK__MODE": "callback", "DINGTALK__TOKEN": CONFIG["event_token"]}
    async with on_dingtalk(company, **settings, DINGTALK__AES_KEY=CONFIG["event_aes_key"]) as (api, run):
        url = f"{run.url}/hooks/dingtalk-4f1c"
        data = api.message("manager1", msgtype="text", text={"content": "签到"})
        assert await calls_back(url, data) == 200
        await shows(api, "manager1", "签到成功")
        assert await calls_back(url, data, secret="other") == 403
        assert await calls_back(url, data, stamp=NOW) == 403
        assert await calls_back(url, ["x"]) == 400
        envelope = Envelope(CONFIG["event_token"], CONFIG["event_aes_key"], CLIENT)
        encrypted, stamp = envelope.encrypt(b'{"EventType":"check_url"}'), str(int(api.now * 1000))
        query = {"msg_signature": envelope.sign(stamp, "n", encrypted), "timestamp": stamp, "nonce": "n"}
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{url}/events", params=query, json={"encrypt": encrypted}) as answer:
                assert envelope.decrypt((await answer.json())["encrypt"]) == b"success"
            async with session.post(f"{url}/events", params=query, json={"encrypt": encrypted[:-4]}) as answer:
                assert answer.status == 403
            async with session.post(url, data=b"x" * (300 << 10)) as answer:
                assert answer.status == 413


def test_addresses_that_lead_elsewhere_are_not_called() -> None:
    api = Api(Section(), None)  # type: ignore[arg-type]
    assert api.may_reply("https://oapi.dingtalk.com/robot/sendBySession?session=x")
    assert api.may_fetch("https://down-cdn.dingtalk.com/x")
    assert api.may_fetch("https://bucket.oss-cn-hangzhou.aliyuncs.com/x")
    for url in (
        "http://oapi.dingtalk.com/x",
        "https://x.cn-hangzhou.fc.aliyuncs.com/x",
        "https://evil.example/x",
        "https://dingtalk.com@evil.example/",
        "https://evil.example\\@api.dingtalk.com/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "https://notdingtalk.com/",
    ):
        assert not api.may_reply(url)
    for url in ("https://evil.example/x", "http://bucket.aliyuncs.com/x", "https://notdingtalk.com/", "file:///etc"):
        assert not api.may_fetch(url)


def test_an_id_that_no_database_holds_is_a_key_all_the_same() -> None:
    api = DingtalkApi()
    for odd in ("\ud800x", "a\0b", "长" * 300):
        raw = message(api.message("manager1", msgtype="text", text={"content": "签到"}, msgId=odd), NOW)
        assert isinstance(raw, Raw)
        assert raw.key.isascii()
        assert len(raw.key) <= 100
    raw = message(api.message("\ud800", msgtype="text", text={"content": "签到"}), NOW)
    assert isinstance(raw, Raw)
    assert raw.note is None


async def test_who_was_left_out_of_a_part_gets_that_part_and_nobody_one_twice(company: Company) -> None:
    async with on_dingtalk(company) as (api, run):
        dingtalk = run.app.messengers["dingtalk"]
        reply = Reply((text("很长的通知，说了很多。" * 700),))
        parts = len(dingtalk.render(reply))
        assert parts > 1
        letters = [Outgoing(number, f"u{number}", f"u{number}", reply) for number in range(3)]
        api.controlled = {"u1"}
        told = await dingtalk.send_many(letters)  # type: ignore[attr-defined]
        assert isinstance(told[0], Sent)
        assert told[0].calls == parts
        assert isinstance(told[1], SendFailedError)
        assert (told[1].parts_done, told[1].permanent) == (0, False)
        api.controlled = set()
        api.phones.clear()
        limit = (400, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "x"})
        api.refuses = []

        async def later() -> None:
            await eventually(lambda: len(api.phones["u0"]) == 1)
            api.refuses = [limit]

        arming = asyncio.create_task(later())
        api.slow = 0.1
        told = await dingtalk.send_many(letters)  # type: ignore[attr-defined]
        await arming
        assert [one.parts_done for one in told if isinstance(one, SendFailedError)] == [1, 1, 1]
        assert [one.retry_after for one in told if isinstance(one, SendFailedError)] == [1, 1, 1]
        assert len(api.phones["u0"]) == 1


async def test_words_are_not_said_again_for_a_newer_drawing_and_a_call_is_withdrawn_once(company: Company) -> None:
    async with on_dingtalk(company) as (api, run):
        dingtalk = run.app.messengers["dingtalk"]
        reply = Reply((text("签到 3 人"), Choices(((Button("刷新", "x.y"),),))))
        letters = [Outgoing(number, f"u{number}", f"u{number}", reply) for number in range(1, 4)]
        sent = await dingtalk.send_many(letters)  # type: ignore[attr-defined]
        before = api.counted
        told = await dingtalk.send(Outgoing(9, "u1", "u1", reply, sent[0].message, live=True))
        assert (told.message, told.calls, api.counted) == (sent[0].message, 0, before)
        gone = Reply((text("已撤回"),))
        for one, was in zip(letters, sent, strict=True):
            await dingtalk.send(Outgoing(one.key + 10, one.user, one.chat, gone, was.message, recalls=True))
        assert [path for path, _ in api.calls].count("/v1.0/robot/otoMessages/batchRecall") == 1
        assert {api.words(one.user) for one in letters} == {"已撤回"}
