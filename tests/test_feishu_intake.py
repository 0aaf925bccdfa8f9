"""Feishu's callback: the published cases, signatures, windows, and nothing taken where nothing is set."""

from __future__ import annotations

import base64
import json
import secrets
import time
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from domain.arrival import Ignored
from messengers.base import PausedError, Raw
from messengers.feishu import Section
from messengers.feishu.crypto import SealError, _cipher, decrypt, encrypt, same, signature
from messengers.feishu.intake import Callback, Gate, RefusedError
from tests.feishu_doors import Lent
from tests.test_feishu_receive import APP, VECTORS, event, message

KEY, TOKEN = VECTORS["config"]["encrypt_key"], VECTORS["config"]["verification_token"]
NOW = 1763790010.0
CASES = {case["id"]: case for case in VECTORS["cases"]}


def sealed(told: object, key: str = KEY, **headers: str) -> tuple[dict[str, str], bytes]:
    """Return the request that Feishu makes of an event."""
    body = json.dumps({"encrypt": encrypt(json.dumps(told).encode(), key, secrets.token_bytes(16))}).encode()
    made = {"X-Lark-Request-Timestamp": str(int(NOW)), "X-Lark-Request-Nonce": "n"}
    made["X-Lark-Signature"] = signature(str(int(NOW)), "n", key, body)
    return {**made, "Content-Type": "application/json", **headers}, body


def told(**header: str) -> dict[str, Any]:
    """Return a text message's event with the right token."""
    made = message("text", {"text": "签到"})
    made["header"] |= {"token": TOKEN, **header}
    return made


@pytest.fixture
def gate() -> Gate:
    """A gate with the vectors' secrets."""
    return Gate(APP, TOKEN, KEY)


@pytest.mark.parametrize("case", list(CASES.values()), ids=list(CASES))
def test_the_published_cases(gate: Gate, case: dict[str, Any]) -> None:
    if case["kind"] == "decrypt":
        assert decrypt(case["encrypt"], case["encrypt_key"]) == case["plaintext"].encode()
        return
    if case["expect"] == "refuse":
        with pytest.raises(RefusedError) as refused:
            gate.take(case["headers"], case["body"].encode(), NOW)
        assert refused.value.status == (403 if case["reason"] == "bad_signature" else 400)
        return
    found = gate.take(case["headers"], case["body"].encode(), NOW)
    if "response" in case:
        assert found == case["response"]
        return
    assert isinstance(found, Raw)
    assert found.key.partition(":")[2] == case["fields"]["dedupe"]
    assert json.loads(decrypt(json.loads(case["body"])["encrypt"], KEY)) == json.loads(case["plaintext"])


def test_each_byte_of_the_padding_counts() -> None:
    good = encrypt(b"x" * 5, KEY, bytes(16))
    assert decrypt(good, KEY) == b"x" * 5
    assert decrypt(encrypt(b"x" * 16, KEY, bytes(16)), KEY) == b"x" * 16
    for words in ("", "A", "AAAA", "=" * 40, "中文", good[:-4], good + "AAAA"):
        with pytest.raises(SealError):
            decrypt(words, KEY)


def test_padding_that_only_ends_right_is_refused() -> None:
    assert not same("", "")
    for plain in (b"x" * 12 + b"\4\3\4\4", b"x" * 15 + b"\0", b"x" * 15 + b"\x11", b"x" * 15 + b"\2"):
        closer = _cipher(KEY, bytes(16)).encryptor()
        with pytest.raises(SealError):
            decrypt(base64.b64encode(bytes(16) + closer.update(plain) + closer.finalize()).decode(), KEY)


def test_what_is_signed_with_another_key_is_refused(gate: Gate) -> None:
    headers, body = sealed(told())
    assert isinstance(gate.take(headers, body, NOW), Raw)
    with pytest.raises(RefusedError):
        gate.take(headers, body + b" ", NOW)
    for name in ("X-Lark-Signature", "X-Lark-Request-Timestamp", "X-Lark-Request-Nonce"):
        with pytest.raises(RefusedError):
            gate.take({**headers, name: "x"}, body, NOW)
        with pytest.raises(RefusedError):
            gate.take({one: value for one, value in headers.items() if one != name}, body, NOW)
    with pytest.raises(RefusedError):
        gate.take(*sealed(told(), key="another"), NOW)
    with pytest.raises(RefusedError):
        gate.take(headers, json.dumps(told()).encode(), NOW)


def test_the_token_inside_has_to_be_ours(gate: Gate) -> None:
    for token in ("", "wrong", TOKEN[:-1], "\ud83d"):
        with pytest.raises(RefusedError, match="wrong token"):
            gate.take(*sealed(told(token=token)), NOW)
    with pytest.raises(RefusedError, match="wrong token"):
        gate.take(*sealed({"type": "url_verification", "token": "x", "challenge": "c"}), NOW)
    old = {"uuid": "u", "token": TOKEN, "ts": "1763790000.5", "event": {"type": "message_read", "app_id": APP}}
    assert gate.take(*sealed(old), NOW) == Ignored("unknown")
    with pytest.raises(RefusedError, match="wrong token"):
        gate.take(*sealed({**old, "token": "x"}), NOW)


def test_events_come_again_for_eight_hours_and_presses_never(gate: Gate) -> None:
    who = {"open_id": "ou_ada"}
    press = event("card.action.trigger", {"operator": who, "action": {"value": {"call": "x.y"}}}, token=TOKEN)
    begun = 1763790000.0
    for request, longest in ((sealed(told()), 8 * 3600), (sealed(press), 600)):
        assert isinstance(gate.take(*request, begun + longest - 1), Raw)
        for moment in (begun + longest + 1, begun - 301):
            with pytest.raises(RefusedError, match="too old"):
                gate.take(*request, moment)


def test_without_a_key_the_token_decides_and_without_both_nothing_gets_in() -> None:
    plain = Gate(APP, TOKEN, "")
    assert isinstance(plain.take({}, json.dumps(told()).encode(), NOW), Raw)
    challenge = {"type": "url_verification", "token": TOKEN, "challenge": "c"}
    assert plain.take({}, json.dumps(challenge).encode(), NOW) == {"challenge": "c"}
    with pytest.raises(RefusedError):
        plain.take(*sealed(told()), NOW)
    for gate in (Gate(APP, "", KEY), Gate(APP, "", ""), Gate("", TOKEN, KEY)):
        with pytest.raises(RefusedError):
            gate.take(*sealed(told(token="")), NOW)


def section(**given: Any) -> Section:  # noqa: ANN401 - any key
    """Return a section for callbacks."""
    usual = {"enabled": True, "app_id": APP, "app_secret": "s" * 32, "mode": "callback", "path": "/hooks/f"}
    return Section(**{**usual, "verification_token": TOKEN, "encrypt_key": KEY, **given})


async def test_over_http_it_is_stored_and_only_then_answered() -> None:
    doors = Lent()
    callback = Callback(section(), doors, lambda: "", lambda: NOW)
    app = web.Application()
    app.add_routes(callback.routes())
    async with TestServer(app) as server, ClientSession() as session:
        url = server.make_url("/hooks/f")

        async def post(headers: dict[str, str], body: bytes) -> tuple[int, str]:
            async with session.post(url, data=body, headers=headers) as answer:
                return answer.status, await answer.text()

        assert await post(*sealed(told())) == (200, "{}")
        assert [raw.key for raw in doors.stored] == ["m:om_1"]
        assert doors.patience == [1.5]
        assert await post(*sealed(told(app_id="cli_other"))) == (200, "{}")
        headers, body = sealed(told())
        assert await post({**headers, "X-Lark-Signature": "0"}, body) == (403, "")
        assert await post({**headers, "Content-Type": "text/plain"}, body) == (415, "")
        assert await post(headers, b"x" * (256 << 10) + b"x") == (413, "")
        assert await post(headers, b"{") == (403, "")
        doors.error = PausedError()
        assert await post(headers, body) == (503, "")
        doors.error = OSError("disk full")
        assert await post(headers, body) == (503, "")
        status, words = await post(*sealed({"type": "url_verification", "token": TOKEN, "challenge": "c"}))
        assert (status, json.loads(words)) == (200, {"challenge": "c"})
        assert len(doors.stored) == 1


async def test_what_was_not_taken_comes_again_on_feishus_schedule_and_counts_once() -> None:
    doors, now = Lent(error=OSError("disk full")), [NOW]
    app = web.Application()
    app.add_routes(Callback(section(), doors, lambda: "", lambda: now[0]).routes())
    async with TestServer(app) as server, ClientSession() as session:
        headers, body = sealed(told())
        statuses = []
        for later in (0, 15, 300, 3600, 6 * 3600):
            now[0] += later
            async with session.post(server.make_url("/hooks/f"), data=body, headers=headers) as answer:
                statuses.append(answer.status)
            doors.error = None
    assert statuses == [503, 200, 200, 200, 200]
    assert len(doors.stored) == 1


def test_nothing_configured_has_no_route() -> None:
    for given in ({"mode": "long"}, {"enabled": False, "verification_token": ""}):
        assert Callback(section(**given), Lent(), lambda: "").routes() == []


def test_the_clock_is_the_machines() -> None:
    assert abs(Callback(section(), Lent(), lambda: "")._now() - time.time()) < 5


@pytest.mark.parametrize(
    "given",
    [
        {"app_id": ""},
        {"app_id": "x"},
        {"app_secret": ""},
        {"verification_token": ""},
        {"path": "hooks"},
        {"path": "/"},
        {"api_base": "http://open.feishu.cn"},
    ],
)
def test_a_section_that_is_not_whole_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="·"):
        section(**given)
