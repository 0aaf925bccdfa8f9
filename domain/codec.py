"""Replies as JSON and back, so that an answer can be a row before it is sent."""

from __future__ import annotations

import json
from typing import Any

from domain.reply import Block, Button, Choices, Document, Personal, Picture, Reply, Span, Text


def _block(block: Block) -> list[Any]:
    match block:
        case Text(spans):
            return ["t", [[s.text] if s.style == "plain" else [s.text, s.style, s.url] for s in spans]]
        case Choices(rows):
            return ["c", [[[b.label, b.call, b.url] for b in row] for row in rows]]
        case Picture(attachment, alt):
            return ["p", attachment, alt]
        case Document(attachment, name):
            return ["d", attachment, name]


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""`json.dumps` would make one for each reply."""


def encode_reply(reply: Reply) -> str:
    """One line of JSON."""
    return _ENCODER.encode([int(reply.edits), int(reply.personal), [_block(b) for b in reply.blocks]])


def _unblock(data: list[Any]) -> Block:
    match data:
        case ["t", spans]:
            return Text(tuple(Span(*s) for s in spans))
        case ["c", rows]:
            return Choices(tuple(tuple(Button(*b) for b in row) for row in rows))
        case ["p", attachment, alt]:
            return Picture(attachment, alt)
        case ["d", attachment, name]:
            return Document(attachment, name)
    msg = f"not a block: {data!r}"
    raise ValueError(msg)


def decode_reply(line: str) -> Reply:
    """Return the reply that `encode_reply` wrote."""
    edits, personal, blocks = json.loads(line)
    return Reply(tuple(_unblock(b) for b in blocks), edits=bool(edits), personal=Personal(personal))
