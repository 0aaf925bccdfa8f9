"""Coverage-guided fuzzing of what reads Feishu's requests and frames: `python -m tests.fuzz_feishu -runs=20000`.

`pip install atheris` first: it has no wheels for every Python, so it is not among the locked requirements.
"""

from __future__ import annotations

import contextlib
import json
import sys

import atheris

with atheris.instrument_imports(include=["messengers.feishu"]):
    from messengers.feishu.crypto import SealError, decrypt, encrypt, signature
    from messengers.feishu.frame import FrameError, Pieces, dump, load
    from messengers.feishu.intake import Gate, RefusedError
    from messengers.feishu.receive import read, receive
    from messengers.words import parts

from domain.arrival import MalformedUpdateError
from messengers.base import Raw

APP, TOKEN, KEY, NOW = "cli_a1b2c3d4e5f60718", "t", "k", 1763790010.0
GATE = Gate(APP, TOKEN, KEY)
KINDS = ("text", "post", "image", "file", "audio", "media", "location")


def _gate(body: bytes) -> None:
    sealed = json.dumps({"encrypt": encrypt(body, KEY, bytes(16))}).encode()
    heads = {"X-Lark-Signature": signature("", "", KEY, sealed)}
    for headers, brought, gate in (({}, body, GATE), (heads, sealed, GATE), ({}, body, Gate(APP, TOKEN, ""))):
        try:
            gate.take(headers, brought, NOW)
        except RefusedError as refused:
            assert 400 <= refused.status < 500  # noqa: PT017 - what is not refused is as good


def _event(words: str, kind: str) -> None:
    told = {"message_id": "om", "create_time": "1763790000000", "chat_id": "oc", "chat_type": "p2p"}
    inner = {"sender": {"sender_id": {"open_id": "ou"}}, "message": {**told, "message_type": kind, "content": words}}
    head = {"event_id": "e", "create_time": "1763790000000", "event_type": "im.message.receive_v1", "app_id": APP}
    try:
        raw = read({"header": head, "event": inner}, APP, "me")
        assert isinstance(raw, Raw)
        receive(raw.body)
    except MalformedUpdateError:
        pass
    with contextlib.suppress(MalformedUpdateError):
        receive(words)


def _frame(raw: bytes, pieces: Pieces) -> None:
    try:
        frame = load(raw)
        assert load(dump(frame)) == frame
        pieces.join(frame, 0.0)
    except FrameError:
        pass


def one(data: bytes) -> None:
    """Try one input on every reader."""
    given = atheris.FuzzedDataProvider(data)
    kind = KINDS[given.ConsumeIntInRange(0, len(KINDS) - 1)]
    words = given.ConsumeUnicode(200)
    rest = given.ConsumeBytes(300)
    _gate(rest)
    _event(words, kind)
    _event(rest.decode("utf-8", "replace"), kind)
    _frame(rest, Pieces())
    with contextlib.suppress(SealError):
        decrypt(words, KEY)
    assert "".join("".join(parts(words, 40, 30)).split()) == "".join(words.split())


def main() -> None:
    """Run."""
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
