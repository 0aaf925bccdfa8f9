"""Whatever comes to Feishu's receivers: a refusal or an update, never a crash, never more memory.

20,000 inputs each in the long run.
"""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.arrival import Arrival, Ignored, MalformedUpdateError
from messengers.base import Raw
from messengers.feishu.crypto import SealError, decrypt, encrypt, signature
from messengers.feishu.frame import PATIENCE, WAITING_BYTES, Frame, FrameError, Pieces, dump, load
from messengers.feishu.intake import Callback, Gate, RefusedError
from messengers.feishu.receive import read, receive
from messengers.words import parts
from tests.faults.figures import size
from tests.feishu_doors import Lent
from tests.test_feishu_intake import KEY, NOW, TOKEN, sealed, section, told
from tests.test_feishu_receive import APP, VECTORS, message

TRIES = size(150, 20_000)
fuzzed = settings(
    max_examples=TRIES, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
)
WORDS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["text", "post", "p2p", "group", "1763790000000", "ou_a", "{}", "\ud83d", "\0"]),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=12,
)
GATE = Gate(APP, TOKEN, KEY)
HEADERS, BODY = sealed(told())
SEEDS = [json.loads(case["plaintext"]) for case in VECTORS["cases"] if "fields" in case]
SEEDS += [
    message(
        "post", {"title": "x", "content": [[{"tag": "at", "user_id": "@_user_1"}, {"tag": "img", "image_key": "i"}]]}
    ),
    message("location", {"name": "x", "latitude": "1", "longitude": "2"}, chat_type="group", mentions=[{"key": "k"}]),
    {"uuid": "u", "token": TOKEN, "ts": "1763790000.1", "event": {"type": "message", "app_id": APP, "open_id": "o"}},
]


def paths(value: object, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to each value inside."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, inner in pairs for path in paths(inner, (*here, key)))]


def changed(value: Any, path: tuple[Any, ...], new: object) -> Any:  # noqa: ANN401 - JSON
    """Return JSON with another value at one place."""
    if not path:
        return new
    made = dict(value) if isinstance(value, dict) else list(value)
    made[path[0]] = changed(made[path[0]], path[1:], new)
    return made


def heard(event: object) -> None:
    """Put an event through the whole of reading: nothing but the expected comes out."""
    if not isinstance(event, dict):
        return
    try:
        raw = read(event, APP, "ou_bot")
        if isinstance(raw, Raw):
            assert 2 < len(raw.key) <= 130
            assert raw.key.isascii()
            assert raw.body.isascii()
            found = receive(raw.body)
            assert isinstance(found, Arrival | Ignored)
            if isinstance(found, Arrival):
                assert 0 < len(found.user) <= 128
                assert found.private == (found.chat == found.user)
    except MalformedUpdateError:
        pass


@fuzzed
@given(st.sampled_from(SEEDS), st.data(), JSON)
def test_events_with_one_thing_changed(seed: dict[str, Any], data: st.DataObject, new: object) -> None:
    heard(changed(seed, data.draw(st.sampled_from(paths(seed))), new))


@fuzzed
@given(st.sampled_from(["text", "post", "image", "file", "audio", "media", "location", "sticker"]), JSON)
def test_any_content_of_any_kind(kind: str, inside: object) -> None:
    heard(message(kind, inside))


@fuzzed
@given(JSON)
def test_any_body_that_is_kept(inside: object) -> None:
    for words in (
        json.dumps(inside),
        json.dumps({"kind": "im.message.receive_v1", "open_id": "o", "mentions": inside}),
    ):
        try:
            assert isinstance(receive(words), Arrival | Ignored)
        except MalformedUpdateError:
            continue


def taken(headers: dict[str, str], body: bytes, gate: Gate = GATE) -> None:
    """Bring a request: a refusal is 4xx."""
    try:
        gate.take(headers, body, NOW)
    except RefusedError as refused:
        assert 400 <= refused.status < 500  # noqa: PT017 - what is not refused is as good


@fuzzed
@given(st.binary(max_size=200), st.text(max_size=70))
def test_any_bytes_at_the_gate(body: bytes, given_signature: str) -> None:
    with pytest.raises(RefusedError) as refused:
        GATE.take({"X-Lark-Signature": given_signature}, body, NOW)
    assert refused.value.status == 403


@fuzzed
@given(st.integers(0, len(BODY) - 1), st.integers(1, 255), st.booleans())
def test_one_bit_of_a_right_request_changed(place: int, bits: int, signed: bool) -> None:  # noqa: FBT001
    body = bytearray(BODY)
    body[place] ^= bits
    if not signed:
        with pytest.raises(RefusedError):
            GATE.take(HEADERS, bytes(body), NOW)
        return
    moment, nonce = HEADERS["X-Lark-Request-Timestamp"], HEADERS["X-Lark-Request-Nonce"]
    taken({**HEADERS, "X-Lark-Signature": signature(moment, nonce, KEY, bytes(body))}, bytes(body))


@fuzzed
@given(st.one_of(JSON.map(lambda value: json.dumps(value).encode()), st.binary(max_size=100)))
def test_anything_that_is_rightly_sealed_and_signed(inside: bytes) -> None:
    body = json.dumps({"encrypt": encrypt(inside, KEY, bytes(16))}).encode()
    taken(
        {
            "X-Lark-Signature": signature("1", "2", KEY, body),
            "X-Lark-Request-Timestamp": "1",
            "X-Lark-Request-Nonce": "2",
        },
        body,
    )
    taken({}, inside, Gate(APP, TOKEN, ""))


@fuzzed
@given(st.one_of(st.text(max_size=100), st.binary(max_size=100).map(lambda raw: base64.b64encode(raw).decode())))
def test_anything_sealed(words: str) -> None:
    try:
        decrypt(words, KEY)
    except SealError:
        return


@fuzzed
@given(st.binary(max_size=100))
def test_what_was_sealed_comes_back(plain: bytes) -> None:
    assert decrypt(encrypt(plain, KEY, secrets.token_bytes(16)), KEY) == plain


NUMBERS = st.integers(0, 2**64 - 1)
SMALL = st.integers(-(2**31), 2**31 - 1)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FRAMES = st.builds(
    Frame,
    SMALL,
    SMALL,
    st.lists(st.tuples(NAMES, NAMES), max_size=5).map(tuple),
    st.binary(max_size=60),
    NUMBERS,
    NUMBERS,
    NAMES,
    NAMES,
    NAMES,
)


@fuzzed
@given(FRAMES)
def test_a_frame_comes_back_as_it_went(frame: Frame) -> None:
    assert load(dump(frame)) == frame


@fuzzed
@given(st.one_of(st.binary(max_size=80), FRAMES.map(dump)), st.integers(0, 79), st.integers(0, 255))
def test_any_bytes_as_a_frame(raw: bytes, place: int, byte: int) -> None:
    for words in (raw, raw[:place], raw[:place] + bytes([byte]) + raw[place + 1 :]):
        try:
            again = load(words)
        except FrameError:
            continue
        assert load(dump(again)) == again


@fuzzed
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.integers(0, 4), st.integers(0, 4), st.binary(max_size=8), st.integers(0, 40)
        ),
        max_size=30,
    )
)
def test_pieces_in_any_order_hold_bounded_memory(brought: list[tuple[str, int, int, bytes, int]]) -> None:
    pieces, now = Pieces(), 0.0
    for name, total, place, payload, later in brought:
        now += later
        heads = (("sum", str(total)), ("seq", str(place)), ("message_id", name))
        try:
            joined = pieces.join(Frame(0, 1, heads, payload), now)
        except FrameError:
            continue
        assert joined is None or total <= 1 or len(joined) <= 8 * total
        assert pieces.held <= 3 * 5 * 8


def test_pieces_that_never_end_are_forgotten() -> None:
    pieces = Pieces()
    for number in range(1000):
        heads = (("sum", "2"), ("seq", "0"), ("message_id", str(number)))
        assert pieces.join(Frame(0, 1, heads, b"x" * (200 << 10)), 0.0) is None
        assert pieces.held <= WAITING_BYTES
    pieces.join(Frame(0, 1, (("sum", "2"), ("seq", "0"), ("message_id", "new")), b"x"), PATIENCE + 1)
    assert pieces.held == 1
    for total, place in (("65", "0"), ("2", "2"), ("-1", "0"), ("9" * 20, "0"), ("2", "x")):
        with pytest.raises(FrameError):
            pieces.join(Frame(0, 1, (("sum", total), ("seq", place), ("message_id", "x"))), 0.0)


@fuzzed
@given(st.text(st.sampled_from('ab。，\n 👨👩👧🇨🇳🏽\u200d\ufe0f\u0301"\\'), max_size=120), st.integers(4, 40))
def test_cutting_loses_nothing_and_obeys_the_limit(words: str, size: int) -> None:
    found = parts(words, size, 1000)
    assert "".join("".join(found).split()) == "".join(words.split())
    for piece in found:
        assert len(json.dumps(piece, ensure_ascii=False).encode()) - 2 <= size


@pytest.mark.parametrize("character", ["👨‍👩‍👧", "🇨🇳", "e\u0301", "👍🏽", "1️⃣", "🏴\U000e0067\U000e007f", "！\u0301"])
def test_no_piece_begins_inside_a_character(character: str) -> None:
    for most in range(60, 90):
        found = parts(character * 50, most, 1000)
        assert all(piece == character * (len(piece) // len(character)) for piece in found)


async def test_some_hundreds_over_http() -> None:
    doors = Lent()
    app = web.Application()
    app.add_routes(Callback(section(), doors, lambda: "", lambda: NOW).routes())
    async with TestServer(app) as server, ClientSession() as session:
        url = server.make_url("/hooks/f")
        for number in range(300):
            body = bytearray(BODY)
            body[number * 7 % len(body)] ^= 1 + number % 200
            async with session.post(url, data=bytes(body), headers=HEADERS) as answer:
                assert 400 <= answer.status < 500
                assert await answer.read() == b""
    assert doors.stored == []
