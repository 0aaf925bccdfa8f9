"""From a reply to what the page draws. The page puts every word in as text, never as markup."""

from __future__ import annotations

from typing import Any

from domain.reply import Block, Choices, Document, Picture, Reply, Text


def render(reply: Reply) -> list[dict[str, Any]]:
    """Return the one message that a reply becomes."""
    return [{"blocks": [_block(block) for block in reply.blocks]}]


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Text(spans):
            return {"text": [{"t": s.text, "s": s.style, **({"u": s.url} if s.url else {})} for s in spans]}
        case Choices(rows):
            return {
                "rows": [
                    [{"label": b.label, **({"url": b.url} if b.url else {"call": b.call})} for b in row] for row in rows
                ]
            }
        case Picture(attachment, alt):
            return {"picture": attachment, "alt": alt}
        case Document(attachment, name):
            return {"document": attachment, "name": name}
