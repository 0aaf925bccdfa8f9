"""From a reply to WeCom's messages. Pure: what `message/send` gets, without whom it is for.

Words are plain `text`, which the WeChat plug-in shows too. Up to six buttons are a card; short words stand in it whole,
of longer ones the last line does, so that nothing is said twice. What a card has no room for are numbered words.
"""

from __future__ import annotations

import re
from typing import Any

from domain.reply import Button, Document, Picture, Reply, Span, Text
from messengers.words import numbered, parts

TEXT_BYTES = 2048
MOST_BUTTONS = 6
TITLE_CHARS, SUB_CHARS = 36, 112
HAND = "👇"
"""Stands in a card that has no words of its own."""
_ANCHOR = re.compile(r"<(?=\s*/?\s*(?:a\b|\Z))", re.IGNORECASE)
"""Begins a link, or may begin one with what stands behind it."""


def render(reply: Reply) -> list[dict[str, Any]]:
    """Return the messages that a reply becomes; never empty, no word lost, the buttons in the last."""
    buttons = list(reply.buttons)
    shown, more = buttons[:MOST_BUTTONS], buttons[MOST_BUTTONS:]
    paragraphs = [_words(block) for block in reply.blocks if isinstance(block, Text)]
    paragraphs += [f"［{block.alt}］" for block in reply.blocks if isinstance(block, Picture) and block.alt]
    if more:
        paragraphs.append("\n".join(numbered(more, MOST_BUTTONS + 1)))
    paragraphs = [_harmless(paragraph) for paragraph in paragraphs]
    messages: list[dict[str, Any]] = []
    for block in reply.blocks:
        if isinstance(block, Picture):
            messages.append({"msgtype": "image", "attachment": block.attachment})
        elif isinstance(block, Document):
            messages.append({"msgtype": "file", "attachment": block.attachment, "name": block.name})
    card = None
    if shown:
        card, paragraphs = _card(paragraphs, shown)
    messages += [{"msgtype": "text", "text": {"content": part}} for part in parts("\n".join(paragraphs), TEXT_BYTES)]
    if card is not None:
        messages.append(card)
    return messages or [{"msgtype": "text", "text": {"content": "⋯"}}]


def _words(text: Text) -> str:
    """Return a paragraph's words; a link is followed by where it leads."""
    return "".join(_span(span) for span in text.spans)


def _span(span: Span) -> str:
    return f"{span.text}（{span.url}）" if span.style == "link" and span.url != span.text else span.text


def _harmless(words: str) -> str:
    """Return whole words, of whatever pieces they were made, as WeCom shows them: it reads anchors in plain text.

    What people wrote must not become a link that leads elsewhere.
    """
    return _ANCHOR.sub("<\u200b", words)


def _card(paragraphs: list[str], buttons: list[Button]) -> tuple[dict[str, Any], list[str]]:
    """Return a card, and the paragraphs that have no room in it."""
    title, more, rest = _heading(paragraphs)
    card: dict[str, Any] = {"card_type": "button_interaction", "main_title": {"title": title}}
    if more:
        card["sub_title_text"] = more
    card["button_list"] = [_button(button) for button in buttons]
    return {"msgtype": "template_card", "template_card": card}, rest


def _heading(paragraphs: list[str]) -> tuple[str, str, list[str]]:
    """Return (title, further words, paragraphs that have no room): all of it where it is short, else the last line."""
    title, _, more = "\n".join(paragraphs).partition("\n")
    if _fits(title) and len(more) <= SUB_CHARS:
        return title, more, []
    if paragraphs and _fits(paragraphs[-1]) and "\n" not in paragraphs[-1]:
        return paragraphs[-1], "", paragraphs[:-1]
    return HAND, "", paragraphs


def _fits(line: str) -> bool:
    return bool(line.strip()) and len(line) <= TITLE_CHARS


def _button(button: Button) -> dict[str, Any]:
    label = _harmless(button.label)
    if button.url:
        return {"text": label, "style": 2, "type": 1, "url": button.url}
    return {"text": label, "style": 1, "key": button.call}
