"""The words inside Feishu's texts and rich texts. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_MENTION = re.compile(r"@_(?:user_[0-9]{1,4}|all)\b")
_KEY = re.compile(r"[\x21-\x2e\x30-\x7e]{1,128}")


def spoken(words: str, mentions: Sequence[dict[str, Any]], me: str) -> str:
    """Return words with names in place of `@_user_1`; the bot's own name is left out."""
    names = {one["key"]: "" if me and one["open_id"] == me else f"@{one['name']}" for one in mentions}

    def name(found: re.Match[str]) -> str:
        return "@所有人" if found[0] == "@_all" else str(names.get(found[0], found[0]))

    return _MENTION.sub(name, words).strip() if "@_" in words else words


def likely(words: str, mentions: Sequence[dict[str, Any]]) -> str:
    """Return the open_id that is the bot's own, as far as one can tell while nobody has told us.

    Who is named alone in what a group brings us is the bot; of several it is whom the words begin with.
    """
    people = [one for one in mentions if isinstance(one["open_id"], str) and one["open_id"]]
    if len(people) > 1:
        people = [one for one in people if re.match(rf"\s*{re.escape(str(one['key']))}\b", words)]
    return str(people[0]["open_id"]) if people else ""


def flat(post: dict[str, Any], mentions: Sequence[dict[str, Any]], me: str) -> tuple[str, str]:
    """Return the words of a rich text, a line a paragraph, and the key of its first picture."""
    if "content" not in post:
        # Some clients send one rich text for each language.
        post = next((value for value in post.values() if isinstance(value, dict) and "content" in value), post)
    lines, image = [str(post.get("title") or "")], ""
    for paragraph in post["content"]:
        pieces = []
        for piece in paragraph:
            tag = piece.get("tag")
            if tag == "img" and not image and _KEY.fullmatch(str(piece.get("image_key"))):
                image = piece["image_key"]
            elif tag == "at":
                pieces.append(_at(piece, mentions, me))
            elif tag == "a":
                pieces.append(f"{piece.get('text') or ''}（{piece.get('href') or ''}）")
            elif isinstance(piece.get("text"), str):
                pieces.append(piece["text"])
        lines.append("".join(pieces))
    return "\n".join(line for line in lines if line.strip()).strip(), image


def _at(piece: dict[str, Any], mentions: Sequence[dict[str, Any]], me: str) -> str:
    key = str(piece.get("user_id") or "")
    if key == me and me:
        return ""
    if any(one["key"] == key for one in mentions):
        return spoken(key, mentions, me)
    return f"@{piece.get('user_name') or ''}" if piece.get("user_name") else ""
