"""Whatever is thrown at WeCom's callback: a refusal, never a crash. 20,000 inputs each in the long run."""

from __future__ import annotations

import base64
import json
import random
import time

import aiohttp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.arrival import Arrival, Ignored, MalformedUpdateError
from messengers.base import Raw
from messengers.envelope import RefusedError
from messengers.wecom.crypto import Gate
from messengers.wecom.receive import receive
from tests.faults.figures import size
from tests.talk import Company
from tests.test_wecom import callback, on_wecom
from tests.wecom_api import AES_KEY, CORP, TOKEN

INPUTS = size(150, 20_000)
HURRIED = settings(max_examples=INPUTS, deadline=1000, suppress_health_check=list(HealthCheck), database=None)
GATE = Gate(TOKEN, AES_KEY, CORP)
NOW = 1_790_000_000
_TAGS = (
    "FromUserName",
    "CreateTime",
    "MsgType",
    "Content",
    "MediaId",
    "Location_X",
    "Location_Y",
    "Event",
    "EventKey",
    "x",
)
_VALUES = st.one_of(
    st.sampled_from(
        ["text", "event", "image", "location", "subscribe", "1790000000", "zhangsan", "1e999", "nan", "-1"]
    ),
    st.text(max_size=20),
)
_FIELDS = st.lists(st.tuples(st.sampled_from(_TAGS), _VALUES), max_size=9)


def signed(encrypted: str) -> dict[str, str]:
    """Return the query with which WeCom would bring this."""
    return {"msg_signature": GATE.sign(str(NOW), "n", encrypted), "timestamp": str(NOW), "nonce": "n"}


def judged(query: dict[str, str], body: bytes) -> None:
    """Have a request judged: what is let in is read, the rest is refused."""
    try:
        found = callback().message(query, body, NOW)
    except RefusedError:
        return
    assert isinstance(found, Raw | Ignored)
    if isinstance(found, Raw):
        try:
            assert isinstance(receive(found.body), Arrival | Ignored)
        except MalformedUpdateError:
            return


@HURRIED
@given(
    st.binary(max_size=400),
    st.dictionaries(st.sampled_from(["msg_signature", "timestamp", "nonce"]), st.text(max_size=50)),
)
def test_noise_is_refused(body: bytes, query: dict[str, str]) -> None:
    judged(query, body)
    judged(query, b"<xml><Encrypt>" + base64.b64encode(body) + b"</Encrypt></xml>")


@HURRIED
@given(st.binary(max_size=200))
def test_what_is_signed_and_is_no_cipher_is_refused(noise: bytes) -> None:
    encrypted = base64.b64encode(noise).decode()
    judged(signed(encrypted), f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode())


@HURRIED
@given(_FIELDS)
def test_what_is_encrypted_for_us_is_read_or_malformed(fields: list[tuple[str, str]]) -> None:
    inner = "".join(f"<{tag}><![CDATA[{value}]]></{tag}>" for tag, value in fields)
    encrypted = GATE.encrypt(f"<xml>{inner}</xml>".encode("utf-8", "replace"))
    judged(signed(encrypted), f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode())


@HURRIED
@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_whatever_is_in_the_inbox_is_read_or_malformed(value: object) -> None:
    for body in (json.dumps(value), json.dumps({"FromUserName": value, "CreateTime": "1", "MsgType": value})):
        try:
            assert isinstance(receive(body), Arrival | Ignored)
        except MalformedUpdateError:
            continue


async def test_what_comes_over_the_wire_is_answered_4xx_and_forgotten(company: Company) -> None:
    async with on_wecom(company) as (api, _run), aiohttp.ClientSession() as session:
        chance = random.Random(4)  # noqa: S311 - the same noise each time
        for _ in range(200):
            body = chance.randbytes(chance.choice((0, 10, 500, 20_000)))
            query = {"msg_signature": "x", "timestamp": str(int(time.time())), "nonce": "n"}
            async with session.post(api.url, params=query, data=body) as answer:
                assert 400 <= answer.status < 500
                assert await answer.read() == b""
