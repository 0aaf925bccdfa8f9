"""From a reply to DingTalk's messages. Pure: key and parameters, without whom they are for.

Words are `sampleText`, so that nothing that people wrote is read as markup. Buttons that call back need a card template
of the company's own; without one they are numbered words, and a typed number is a press.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.reply import Button, Document, Picture, Reply, Span, Text
from messengers.words import numbered, parts, weight

TEXT_BYTES = 6000
"""A message may have 15,000 bytes as JSON, in which a character can be twice as long."""
CARD_BYTES = 3000
MOST_BUTTONS = 8


def render(reply: Reply, *, card: bool = False) -> list[dict[str, Any]]:
    """Return the messages that a reply becomes; never empty, no word lost. `card`: there is a template for buttons."""
    buttons = list(reply.buttons)
    shown = buttons[:MOST_BUTTONS] if card else []
    paragraphs = [_words(block) for block in reply.blocks if isinstance(block, Text)]
    paragraphs += [f"［{block.alt}］" for block in reply.blocks if isinstance(block, Picture) and block.alt]
    more = numbered(buttons[len(shown) :], len(shown) + 1)
    if more:
        paragraphs.append("\n".join(more))
    messages: list[dict[str, Any]] = []
    for block in reply.blocks:
        if isinstance(block, Picture):
            messages.append({"msgKey": "sampleImageMsg", "attachment": block.attachment})
        elif isinstance(block, Document):
            messages.append({"msgKey": "sampleFile", "attachment": block.attachment, "name": block.name})
    words = parts("\n".join(paragraphs), CARD_BYTES if shown else TEXT_BYTES)
    last = words.pop() if shown and words else ""
    messages += [{"msgKey": "sampleText", "msgParam": {"content": part}} for part in words]
    if shown:
        messages.append({"card": _card(last, shown)})
    return messages or [{"msgKey": "sampleText", "msgParam": {"content": "⋯"}}]


def _words(text: Text) -> str:
    """Return a paragraph's words; a link is followed by where it leads."""
    return "".join(_span(span) for span in text.spans)


def _span(span: Span) -> str:
    return f"{span.text}（{span.url}）" if span.style == "link" and span.url != span.text else span.text


def _card(words: str, buttons: Sequence[Button]) -> dict[str, str]:
    """Return the template's variables; all are words, and those of buttons that are not there are empty."""
    card = {"text": words or "⋯"}
    for place in range(MOST_BUTTONS):
        button = buttons[place] if place < len(buttons) else None
        card[f"label_{place + 1}"] = button.label if button else ""
        card[f"call_{place + 1}"] = button.call if button else ""
        card[f"url_{place + 1}"] = button.url if button else ""
    return card


SPENT = _card("✓", [])
"""A card whose words and buttons are gone, while the new words come in messages of their own."""


def on_card(messages: Sequence[Mapping[str, Any]]) -> dict[str, str] | None:
    """Return the variables of a card that shows all of this; None where a card has no room for it."""
    [only] = messages if len(messages) == 1 else [{}]
    if "card" in only:
        return dict(only["card"])
    if only.get("msgKey") != "sampleText":
        return None
    words = str(only["msgParam"]["content"])
    return _card(words, []) if sum(map(weight, words)) <= CARD_BYTES else None


def without_card(card: Mapping[str, str]) -> dict[str, Any]:
    """Return the message that stands in for a card which is not shown: its words, and its buttons as numbers."""
    places = [place for place in range(1, MOST_BUTTONS + 1) if card[f"label_{place}"]]
    buttons = [Button(card[f"label_{place}"], card[f"call_{place}"], card[f"url_{place}"]) for place in places]
    return {"msgKey": "sampleText", "msgParam": {"content": "\n".join([card["text"], *numbered(buttons)])}}
