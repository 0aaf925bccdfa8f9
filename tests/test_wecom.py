"""WeCom: every signed case of the vectors, chats over loopback, and a far side that fails as the real one does."""

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
from sqlalchemy import Connection, select

from bot import tokens
from bot.pacer import HeldError
from domain.arrival import Arrival, Ignored, Left, Located, MalformedUpdateError, Opened, Pressed, Said, Uploaded
from domain.codec import encode_reply
from domain.reply import Button, Choices, Reply, text
from messengers.base import Outgoing, Raw, SendFailedError
from messengers.envelope import RefusedError
from messengers.wecom import Section
from messengers.wecom.api import FLOODS
from messengers.wecom.intake import Callback
from messengers.wecom.receive import receive
from messengers.wecom.render import TEXT_BYTES
from messengers.words import parts
from storage import address, attachment, inbox, outbox
from storage.claim import Claimed
from tests.company import MONDAY_MORNING
from tests.running import Running, eventually, running
from tests.talk import Company
from tests.test_pause import stop_here
from tests.wecom_api import AES_KEY, AGENT, CORP, TOKEN, WecomApi, environment, wecom_side

VECTORS = json.loads((Path(__file__).parent / "vectors" / "wecom.json").read_text(encoding="utf-8"))
CONFIG = VECTORS["config"]
PEOPLE = {"WangFang": "ada", "zhaoqiang": "bo", "linxue": "lin"}


def callback(**changes: Any) -> Callback:  # noqa: ANN401 - keys of the section
    """Return a callback with the vectors' secrets."""
    keys = {"corp_id": CONFIG["corp_id"], "agent_id": CONFIG["agent_id"], "token": CONFIG["token"]}
    section = Section(**{**keys, "aes_key": CONFIG["aes_key"], **changes})
    return Callback(section, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["id"])
def test_every_signed_case_is_judged_as_others_judge_it(case: dict[str, Any]) -> None:
    query, now = case["query"], float(case["query"]["timestamp"]) + 2
    body = case.get("body", "").encode()
    if case["expect"] == "refuse":
        with pytest.raises(RefusedError):
            callback().message(query, body, now)
        return
    if case["kind"] == "verify_url":
        assert callback().url_check(query, now) == case["response_body"]
        return
    assert callback().gate.message(query, body, now).decode() == case["plaintext"]  # type: ignore[union-attr]
    raw = callback().message(query, body, now)
    assert isinstance(raw, Raw)
    arrival = receive(raw.body)
    assert isinstance(arrival, Arrival)
    fields = case["fields"]
    assert arrival.user == fields["user"]
    wanted: dict[str, Any] = {
        "text": lambda: Said(fields["text"]),
        "location": lambda: Located(fields["latitude"], fields["longitude"], fields["label"]),
        "button": lambda: Pressed(fields["key"], f"|{fields['task_id']}|{fields['response_code']}"),
    }
    assert arrival.content == wanted[fields["type"]]()
    if "dedupe" in fields:
        assert raw.key == f"m:{fields['dedupe']}"


def test_what_is_old_foreign_or_unconfigured_is_refused() -> None:
    case = next(one for one in VECTORS["cases"] if one["id"] == "w02")
    query, body, now = case["query"], case["body"].encode(), float(case["query"]["timestamp"])
    for late in (-601, 601):
        with pytest.raises(RefusedError, match="old"):
            callback().message(query, body, now + late)
    with pytest.raises(RefusedError, match="not_for_us"):
        callback(corp_id="wwother").message(query, body, now)
    with pytest.raises(RefusedError, match="not_configured"):
        callback(token="").message(query, body, now)
    assert callback(agent_id=7).message(query, body, now) == Ignored("other_app")
    for name in query:
        with pytest.raises(RefusedError):
            callback().message({key: value for key, value in query.items() if key != name}, body, now)
    with pytest.raises(RefusedError, match="no_cipher"):
        callback().message(query, body + body, now)


def test_two_presses_in_one_second_are_two_and_a_press_that_comes_again_is_one() -> None:
    api = WecomApi()

    def key(rest: str) -> str:
        xml = api.message("zhangsan", "event", f"<Event>template_card_event</Event>{rest}").encode()
        from messengers.wecom.receive import read  # noqa: PLC0415 - beside its use

        raw = read(xml, AGENT)
        assert isinstance(raw, Raw)
        return raw.key

    one, two = "<EventKey>a.b</EventKey><TaskId>t1</TaskId>", "<EventKey>a.c</EventKey><TaskId>t1</TaskId>"
    assert key(one) == key(one)
    assert key(one) != key(two)


@pytest.mark.parametrize(
    ("kind", "rest", "wanted"),
    [
        ("text", "<Content>签到</Content>", Said("签到")),
        ("image", "<MediaId>m1</MediaId><PicUrl>x</PicUrl>", Uploaded("m1", "photo.jpg", "image/jpeg", 0)),
        ("voice", "<MediaId>m2</MediaId><Format>amr</Format>", Uploaded("m2", "voice.amr", "audio/amr", 0)),
        ("link", "<Title>好文</Title><Url>https://x.example/</Url>", Said("好文 https://x.example/")),
        ("event", "<Event>subscribe</Event>", Opened("")),
        ("event", "<Event>unsubscribe</Event>", Left()),
        ("event", "<Event>click</Event><EventKey>/checkin</EventKey>", Said("/checkin")),
        ("event", "<Event>view</Event><EventKey>https://x</EventKey>", Ignored("unknown")),
        ("shortvideo", "", Ignored("unknown")),
    ],
)
def test_what_members_send_is_read(kind: str, rest: str, wanted: object) -> None:
    from messengers.wecom.receive import read  # noqa: PLC0415 - beside its use

    raw = read(WecomApi().message("ZhangSan", kind, rest).encode(), AGENT)
    assert isinstance(raw, Raw)
    found = receive(raw.body)
    if isinstance(found, Ignored):
        assert found == wanted
    else:
        assert (found.content, found.user, found.chat, found.directory_id) == (
            wanted,
            "zhangsan",
            "zhangsan",
            "ZhangSan",
        )


def test_where_somebody_is_and_that_the_app_was_opened_is_not_even_kept() -> None:
    from messengers.wecom.receive import read  # noqa: PLC0415 - beside its use

    for event in ("LOCATION", "enter_agent"):
        rest = f"<Event>{event}</Event><Latitude>31.2</Latitude><Longitude>121.4</Longitude>"
        assert read(WecomApi().message("a", "event", rest).encode(), AGENT) == Ignored("unheard")


@pytest.mark.parametrize("xml", [b"", b"<xml/>", b"<xml><a/></xml>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><xml>&a;</xml>"])
def test_xml_that_is_none_of_wecoms_is_malformed(xml: bytes) -> None:
    from messengers.wecom.receive import read  # noqa: PLC0415 - beside its use

    with pytest.raises(MalformedUpdateError):
        read(xml, AGENT)


@pytest.mark.parametrize(
    "words", ["长" * 3000, "👨‍👩‍👧" * 600, "很长的一句话，没有断开。" * 600, "a" * 5000, "e\u0301" * 3000]
)
def test_long_words_are_cut_between_characters_and_none_is_lost(words: str) -> None:
    cut = parts(words, TEXT_BYTES)
    assert "".join(cut) == words
    assert all(len(part.encode()) <= TEXT_BYTES for part in cut)
    assert all(part[0] not in "\u200d\u0301" and part[-1] != "\u200d" for part in cut)


def bind(company: Company, accounts: dict[str, str]) -> None:
    """Bind accounts to people of the test enterprise."""

    def work(connection: Connection) -> None:
        for account, nickname in accounts.items():
            user = account.lower()
            address.meet(connection, "wecom", user, user, "zh", MONDAY_MORNING)
            caller = address.caller(connection, "wecom", user)
            assert caller is not None
            address.bind(connection, caller.address_id, company.roll.people[nickname], MONDAY_MORNING)

    company.write(work)


@asynccontextmanager
async def on_wecom(company: Company, **settings: str) -> AsyncIterator[tuple[WecomApi, Running]]:
    """Run the program for a company on WeCom."""
    bind(company, PEOPLE)
    async with wecom_side() as (api, far):
        given = {**environment(far), **settings}
        async with running(company, telegram=False, users=None, **given) as run:
            api.url = f"{run.url}{given['WECOM__PATH']}"
            yield api, run


async def shows(api: WecomApi, user: str, words: str) -> None:
    """Wait until somebody's phone shows this."""
    await eventually(lambda: words in api.words(user))


async def test_somebody_checks_in_and_asks_for_points(company: Company) -> None:
    async with on_wecom(company) as (api, run):
        assert await api.says("WangFang", "签到") == 200
        await shows(api, "wangfang", "签到成功")
        await api.says("WangFang", "积分")
        await shows(api, "wangfang", "本月")
        await api.says("WangFang", "签到", times=3)
        await run.app.intake.idle()
        await shows(api, "wangfang", "今天已签到")
        assert api.fetched == 1


async def test_the_url_check_is_answered_with_its_own_words_at_once(company: Company) -> None:
    async with on_wecom(company) as (api, _run), aiohttp.ClientSession() as session:
        from messengers.wecom.crypto import Gate  # noqa: PLC0415 - as WeCom itself does

        gate = Gate(TOKEN, AES_KEY, CORP)
        stamp, echo = str(int(api.now)), gate.encrypt(b"5837462910473829105")
        query = {"msg_signature": gate.sign(stamp, "n", echo), "timestamp": stamp, "nonce": "n", "echostr": echo}
        async with session.get(api.url, params=query) as answer:
            assert (answer.status, await answer.text()) == (200, "5837462910473829105")
        async with session.get(api.url, params={**query, "nonce": "m"}) as answer:
            assert (answer.status, await answer.text()) == (403, "")
        async with session.post(api.url, data=b"x" * (300 << 10)) as answer:
            assert answer.status == 413
        async with session.post(api.url, data=b"<xml/>") as answer:
            assert answer.status == 403


async def test_a_card_is_pressed_and_redrawn_in_its_place(company: Company) -> None:
    async with on_wecom(company) as (api, _run):
        await api.says("WangFang", "答题")
        await eventually(lambda: any(shown.buttons for shown in api.phones["wangfang"]))
        label = api.phones["wangfang"][-1].buttons[0]["text"]
        before = len(api.phones["wangfang"])
        await api.presses("WangFang", label)
        await eventually(
            lambda: (
                any(name == "message/update_template_card" for name, _ in api.calls)
                or len(api.phones["wangfang"]) > before
            )
        )


async def test_a_token_that_is_revoked_early_is_fetched_once_and_nothing_is_lost(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "YOUNG", timedelta())
    async with on_wecom(company) as (api, run):
        await api.says("WangFang", "签到")
        await shows(api, "wangfang", "签到成功")
        api.revoke()
        await asyncio.gather(*(api.says(user, "积分") for user in PEOPLE))
        for user in PEOPLE:
            await shows(api, user, "本月")
        assert api.fetched == 2
        await eventually(lambda: run.read(outbox.counts)["wecom", "sent"] == 4)


async def test_what_nobody_heard_of_goes_again_to_the_last_byte_and_is_shown_once(company: Company) -> None:
    async with on_wecom(company) as (api, run):
        api.silent = 1
        await api.says("WangFang", "签到")
        await eventually(lambda: run.read(outbox.counts).get(("wecom", "sent"), 0) == 1)
        api.broken = 1
        await api.says("WangFang", "积分")
        await eventually(lambda: run.read(outbox.counts).get(("wecom", "sent"), 0) == 2)
        assert api.words("wangfang").count("签到成功") == 1
        sends = [payload for name, payload in api.calls if name == "message/send"]
        assert len(sends) == 4
        assert len({json.dumps(payload) for payload in sends}) == 2
        assert sends[0]["enable_duplicate_check"] == 1


async def test_a_flood_is_waited_out_and_not_the_letters_fault(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FLOODS, 45009, 0.5)
    async with on_wecom(company) as (api, run):
        api.floods = 1
        await api.says("WangFang", "签到")
        await shows(api, "wangfang", "签到成功")
        await eventually(lambda: run.read(outbox.counts).get(("wecom", "sent"), 0) == 1)
        assert len([name for name, _ in api.calls if name == "message/send"]) == 2


async def test_who_left_the_company_is_not_written_to_any_more(company: Company) -> None:
    async with on_wecom(company) as (api, run):
        api.members = {"zhaoqiang"}
        await api.says("WangFang", "签到")
        await eventually(lambda: run.read(outbox.counts).get(("wecom", "failed"), 0) == 1)
        found = run.read(lambda c: address.caller(c, "wecom", "wangfang"))
        assert found is not None
        assert not found.open


async def test_a_picture_goes_out_once_uploaded_and_comes_in(company: Company) -> None:
    async with on_wecom(company) as (api, run):
        api.files["m1"] = b"\xff\xd8\xff" + b"x" * 50
        await api.says("WangFang", "提诉求")
        await eventually(lambda: api.words("wangfang"))
        await api.sends("WangFang", "image", "<MediaId>m1</MediaId>")
        await eventually(lambda: run.read(lambda c: c.scalar(select(attachment.attachment.c.id))) is not None)


async def test_a_paused_copy_takes_nothing_and_wecom_comes_again(company: Company) -> None:
    async with on_wecom(company) as (api, run):
        stop_here(run.app.database)
        await run.app.gate.look()
        assert await api.says("WangFang", "签到") == 503
        assert api.refused == [503, 503, 503]
        assert run.read(lambda c: c.scalar(select(inbox.inbox.c.id))) is None


async def test_a_newer_drawing_that_nobody_asked_for_is_drawn_in_place_or_not_at_all(
    company: Company,
) -> None:
    async with on_wecom(company) as (api, run):
        wecom = run.app.messengers["wecom"]
        card = Reply((text("签到 3 人"), Choices(((Button("刷新", "x.y"),),))))
        first = await wecom.send(Outgoing(1, "wangfang", "wangfang", card))
        more = Reply((text("签到 4 人"), Choices(((Button("刷新", "x.y"),),))))
        second = await wecom.send(Outgoing(2, "wangfang", "wangfang", more, first.message, live=True))
        assert api.words("wangfang") == "签到 4 人"
        third = await wecom.send(Outgoing(3, "wangfang", "wangfang", card, second.message, live=True))
        assert third.message == second.message
        assert api.words("wangfang") == "签到 4 人"
        assert len(api.phones["wangfang"]) == 1


async def test_what_went_to_many_is_withdrawn_once_and_said_anew_to_each(company: Company) -> None:
    async with on_wecom(company) as (api, run):
        wecom = run.app.messengers["wecom"]
        reply = Reply((text("周五停电"),))
        letters = [Outgoing(number, f"u{number}", f"u{number}", reply) for number in range(1, 4)]
        sent = await wecom.send_many(letters)  # type: ignore[attr-defined]
        gone = Reply((text("已撤回"),))
        for one, told in zip(letters, sent, strict=True):
            await wecom.send(Outgoing(one.key + 10, one.user, one.chat, gone, told.message, recalls=True))
        assert [name for name, _ in api.calls].count("message/recall") == 1
        assert {api.words(one.user).strip() for one in letters} == {"已撤回"}


async def test_what_some_proxy_says_is_no_yes(company: Company) -> None:
    async with on_wecom(company) as (api, run):
        wecom = run.app.messengers["wecom"]
        api.proxied = 10
        with pytest.raises(SendFailedError) as failed:
            await wecom.send(Outgoing(1, "wangfang", "wangfang", Reply((text("好"),))))
        assert failed.value.unknown


async def test_a_picture_survives_a_token_that_is_revoked_early(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "YOUNG", timedelta())
    async with on_wecom(company) as (api, run):
        wecom = run.app.messengers["wecom"]
        api.files["m1"] = b"\xff\xd8\xff" + b"x" * 50
        uploaded = Uploaded("m1", "photo.jpg", "image/jpeg", 0)
        assert (await wecom.fetch(uploaded)).body == api.files["m1"]
        api.revoke()
        assert (await wecom.fetch(uploaded)).body == api.files["m1"]
        with pytest.raises(SendFailedError) as failed:
            await wecom.fetch(Uploaded("gone", "photo.jpg", "image/jpeg", 0))
        assert failed.value.permanent


async def test_what_ends_between_a_redrawing_and_its_words_begins_again_with_the_words(company: Company) -> None:
    async with on_wecom(company) as (api, run):
        delivery = run.app.deliveries["wecom"]
        card = Reply((text("选一个"), Choices(((Button("甲", "x.y"),),))))
        first = await run.app.messengers["wecom"].send(Outgoing(1, "wangfang", "wangfang", card))
        must = True
        row = (99, "wangfang", "wangfang", "answer", must, 1, 0, first.message, "", None, outbox.ANSWER, None, "")
        letter = Claimed(*row)
        told: list[int] = []

        async def held(*_: object, **__: object) -> None:
            raise HeldError

        calls = delivery._sending
        calls._veil = lambda *_: Reply((text("你选了甲"),))
        calls._outcomes.waits = lambda _letters, parts=0, **_: told.append(parts)  # type: ignore[method-assign]
        delivery._pacer.turn = held  # type: ignore[method-assign]
        letter = letter._replace(payload=encode_reply(Reply((text("你选了甲"),))))
        await calls.send(letter)
        assert told == [0]
        assert "你选了甲" not in api.words("wangfang")
