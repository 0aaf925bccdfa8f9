"""Whatever is thrown at DingTalk: a refusal, never a crash. 20,000 inputs each in the long run."""

from __future__ import annotations

import contextlib
import json
import random

import aiohttp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.arrival import Arrival, Ignored, MalformedUpdateError
from messengers.base import Raw, SendFailedError
from messengers.dingtalk import Section
from messengers.dingtalk.api import Api, demand
from messengers.dingtalk.cards import hidden
from messengers.dingtalk.intake import Read, press_sign, robot_sign
from messengers.dingtalk.outcome import refusals
from messengers.dingtalk.receive import receive
from messengers.dingtalk.stream import CARDS, MESSAGES, Stream, ack
from messengers.envelope import Envelope, RefusedError
from tests.faults.figures import size
from tests.talk import Company
from tests.test_dingtalk import CONFIG, NOW, Taking, callback, on_dingtalk

INPUTS = size(150, 20_000)
HURRIED = settings(max_examples=INPUTS, deadline=1000, suppress_health_check=list(HealthCheck), database=None)
STAMP = str(int(NOW * 1000))
HEADERS = {
    "timestamp": STAMP,
    "sign": robot_sign(CONFIG["app_secret"], STAMP),
    "x-ddpaas-signature-timestamp": STAMP,
    "x-ddpaas-signature": press_sign(CONFIG["app_secret"], STAMP),
}
ENVELOPE = Envelope(CONFIG["event_token"], CONFIG["event_aes_key"], CONFIG["owner_key"])
DOORS = callback()
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
VALUE = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner), max_leaves=5
)
FIELDS = [
    *("msgId", "msgtype", "text", "content", "conversationType", "conversationId", "senderStaffId", "createAt"),
    *("code", "sessionWebhook", "sessionWebhookExpiredTime", "type", "outTrackId", "userId", "spaceType"),
]
MESSAGE = st.dictionaries(st.sampled_from(FIELDS), VALUE, max_size=8)


def judged(headers: dict[str, str], body: bytes) -> None:
    """Have a robot's message, or a press, judged: what is let in is read, the rest is refused."""
    for door in (DOORS.robot, DOORS.card):
        judged_at(door, headers, body)


def judged_at(door: Read, headers: dict[str, str], body: bytes) -> None:
    """Have it judged at one of the doors."""
    try:
        found = door(headers, body, NOW)
    except RefusedError:
        return
    assert isinstance(found, Raw | Ignored)
    if isinstance(found, Raw):
        try:
            assert isinstance(receive(found.body), Arrival | Ignored)
        except MalformedUpdateError:
            return


def judged_event(encrypted: str) -> None:
    """Have a signed event judged."""
    query = {"msg_signature": ENVELOPE.sign(STAMP, "n", encrypted), "timestamp": STAMP, "nonce": "n"}
    try:
        assert isinstance(DOORS.event(query, json.dumps({"encrypt": encrypted}).encode(), NOW), dict)
    except RefusedError:
        return


@HURRIED
@given(st.binary(max_size=300), st.dictionaries(st.sampled_from(["timestamp", "sign"]), st.text(max_size=40)))
def test_noise_is_refused(body: bytes, headers: dict[str, str]) -> None:
    judged(headers, body)
    judged(HEADERS, body)


ANSWERS = ["errcode", "code", "sub_code", "message", "errmsg", "status", "punish", "success", "result"]
LISTS = ["invalidStaffIdList", "filteredStaffIdList", "flowControlledStaffIdList"]


@HURRIED
@given(st.integers(200, 599), st.dictionaries(st.sampled_from([*ANSWERS, *LISTS]), VALUE, max_size=6))
def test_an_answer_is_yes_or_a_failure(status: int, told: dict[str, object]) -> None:
    with contextlib.suppress(SendFailedError):
        demand("x", status, told)
    refusals(told)
    hidden(told)


@HURRIED
@given(MESSAGE)
def test_signed_messages_are_read_or_malformed(data: dict[str, object]) -> None:
    judged(HEADERS, json.dumps(data).encode())


@HURRIED
@given(st.binary(max_size=200), VALUE)
def test_signed_events_are_read_or_malformed(noise: bytes, value: object) -> None:
    judged_event(noise.hex())
    judged_event(ENVELOPE.encrypt(noise))
    judged_event(ENVELOPE.encrypt(json.dumps(value).encode()))


@HURRIED
@given(st.sampled_from(["SYSTEM", "EVENT", "CALLBACK", "x"]), st.sampled_from([MESSAGES, CARDS, "x"]), MESSAGE | VALUE)
async def test_every_frame_has_an_answer(kind: str, topic: str, data: object) -> None:
    doors, section = Taking(), Section()
    line = Stream(section, doors, Api(section, doors))  # type: ignore[arg-type]
    frame = {"type": kind, "headers": {"topic": topic, "messageId": "m"}, "data": json.dumps(data)}
    assert ack(frame, await line.answer(frame))["code"] == 200
    odd = {"type": kind, "headers": data, "data": data}
    assert ack(odd, await line.answer(odd))["code"] == 200
    for raw in doors.kept:
        assert len(raw.key) <= 200


async def test_what_comes_over_the_wire_is_answered_4xx_and_forgotten(company: Company) -> None:
    settings_ = {"DINGTALK__MODE": "callback"}
    async with on_dingtalk(company, **settings_) as (_api, run), aiohttp.ClientSession() as session:
        chance = random.Random(4)  # noqa: S311 - the same noise each time
        for place in range(200):
            body = chance.randbytes(chance.choice((0, 10, 500, 20_000)))
            url = f"{run.url}/hooks/dingtalk-4f1c" + ("/events" if place % 2 else "")
            async with session.post(url, headers={"timestamp": STAMP, "sign": "x"}, data=body) as answer:
                assert 400 <= answer.status < 500
                assert await answer.read() == b""
