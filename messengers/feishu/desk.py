"""Single calls for letters: a message, a redrawing, a withdrawal, many at once, an upload, a count of readers."""

from __future__ import annotations

import json
import logging
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from messengers.base import Doors, Outgoing, Reads, SendFailedError, Sent
from messengers.feishu.api import FULL_SECONDS, MENDING_SECONDS, SEND, Api
from messengers.feishu.receive import note_of
from messengers.feishu.render import CARD_BYTES, card_of
from messengers.words import file_name

log = logging.getLogger(__name__)

MANY = "bm-"
"""How the id of a message to many begins; it can be withdrawn, and not redrawn."""
IMAGE_BYTES, FILE_BYTES = 10 << 20, 30 << 20
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM")
UPLOAD_SECONDS = 7 * 86400.0
REMEMBERED = 1000


class Desk:
    """Makes the calls."""

    def __init__(self, api: Api, doors: Doors) -> None:
        """Call nobody yet."""
        self._api = api
        self._doors = doors
        self._withdrawn: OrderedDict[str, None] = OrderedDict()

    async def say(self, letter: Outgoing, message: Mapping[str, Any], place: int) -> str:
        """Send one message; returns its id. Raises `SendFailedError`."""
        group = letter.chat != letter.user
        kind, content = await self._content(message, letter.chat if group else "")
        payload = {
            "receive_id": letter.chat if group else letter.user,
            "msg_type": kind,
            "content": _json(content),
            # The same letter sent again within the hour is shown once.
            "uuid": f"dq-{letter.key}-{place}",
        }
        name = "chat_id" if group else "open_id"
        data = await self._api.call("POST", SEND, payload, receive_id_type=name)
        return _id(data)

    async def say_many(self, users: Sequence[str], message: Mapping[str, Any]) -> tuple[str, set[str]]:
        """Send one message to many; returns (its id, whom it did not reach). Raises `SendFailedError`."""
        kind, content = await self._content(message, "")
        inside = {"card": content} if kind == "interactive" else {"content": content}
        payload = {"msg_type": kind, **inside, "open_ids": list(users)}
        try:
            data = await self._api.call("POST", "message/v4/batch_send/", payload)
        except SendFailedError as error:
            if error.retry_after in {FULL_SECONDS, MENDING_SECONDS}:
                # The day's calls to many are spent, or the app may make none: one by one it may still go.
                raise SendFailedError(error.why, permanent=True) from None
            raise
        refused = data.get("invalid_open_ids") or ()
        return _id(data), {one for one in refused if isinstance(one, str)} if isinstance(refused, list) else set()

    async def takes_many(self, messages: Sequence[Mapping[str, Any]]) -> bool:
        """Whether one call can bring these messages to many: words, cards and pictures, and no files."""
        for message in messages:
            if "attachment" in message:
                stored = await self._doors.open_file(int(message["attachment"]))
                if message["msg_type"] != "image" or stored is None or not _is_picture(stored.body):
                    return False
        return True

    async def redraw(self, letter: Outgoing, messages: Sequence[Mapping[str, Any]]) -> Sent | None:
        """Redraw the message in place; None: the words have to be sent anew, and what is recalled is withdrawn."""
        names = [name for name in (letter.edits or "").split("+") if name]
        if names and not names[0].startswith(MANY) and await self._redrawn(letter, names[0], messages):
            if not letter.recalls:
                return Sent("+".join(names))
            for name in names[1:]:
                await letter.turn()
                await self._withdraw(name)
            return Sent(names[0])
        if letter.recalls:
            for name in names:
                if name not in self._withdrawn:
                    await self._withdraw(name)
                    await letter.turn()
        return None

    async def _redrawn(self, letter: Outgoing, name: str, messages: Sequence[Mapping[str, Any]]) -> bool:
        """Whether the first of these messages shows the new words now.

        A press comes from a card, so the new words are a card too, with buttons or without; where Feishu says that the
        message is none, it is a text. A card beneath files that stay is redrawn alone.
        """
        last = messages[-1]
        files = all("attachment" in message for message in messages[:-1])
        if "attachment" in last or not files or (len(messages) > 1 and letter.recalls):
            return False
        card = last["card"] if last["msg_type"] == "interactive" else card_of(last["text"], ())
        group = letter.chat if letter.chat != letter.user else ""
        content = _json(_placed(card, group))
        path = f"im/v1/messages/{quote(name, safe='')}"
        fits = len(content.encode("utf-8", "replace")) <= CARD_BYTES
        if fits and await self._accepted("PATCH", path, {"content": content}):
            return True
        if fits and not group and (token := await self._doors.note("feishu", note_of(name, letter.user))):
            await letter.turn()
            return await self._redrawn_by_press(token, letter.user, card)
        if last["msg_type"] != "text":
            return False
        await letter.turn()
        return await self._accepted("PUT", path, {"msg_type": "text", "content": _json({"text": last["text"]})})

    async def _redrawn_by_press(self, token: str, user: str, card: Mapping[str, Any]) -> bool:
        """Redraw a card by the token of its press: the one way for a card that went to many, which PATCH refuses.

        For whoever pressed it alone: to the others it says what it said.
        """
        return await self._accepted(
            "POST", "interactive/v1/card/update", {"token": token, "card": {**card, "open_ids": [user]}}
        )

    async def _accepted(self, method: str, path: str, payload: Mapping[str, Any] | None = None) -> bool:
        """Whether a change was taken; too old, gone, of another kind: it was not."""
        try:
            await self._api.call(method, path, payload)
        except SendFailedError as error:
            if not error.permanent:
                raise
            log.info("feishu: %s was not taken: %s", method, error.why)
            return False
        return True

    async def _withdraw(self, name: str) -> None:
        """Withdraw a message; one that went to many is withdrawn from all of them at once."""
        kind = "batch_messages" if name.startswith(MANY) else "messages"
        await self._accepted("DELETE", f"im/v1/{kind}/{quote(name, safe='')}")
        self._withdrawn[name] = None
        while len(self._withdrawn) > REMEMBERED:
            self._withdrawn.popitem(last=False)

    async def _content(self, message: Mapping[str, Any], group: str) -> tuple[str, dict[str, Any]]:
        """Return (kind, content) of a message as Feishu takes it."""
        kind = str(message["msg_type"])
        if "attachment" in message:
            return await self._uploaded(message)
        if kind == "interactive":
            return kind, _placed(message["card"], group)
        return kind, {"text": message["text"]}

    async def _uploaded(self, message: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return a kept file's kind and key, uploaded once for everybody who gets it within a week."""
        number = int(message["attachment"])
        stored = await self._doors.open_file(number)
        if stored is None:
            raise SendFailedError("the kept file is gone", permanent=True)
        body, name = stored.body, file_name(str(message.get("name") or stored.name))
        if not 0 < len(body) <= FILE_BYTES:
            raise SendFailedError("Feishu takes files of 1 byte to 30 MB", permanent=True)
        picture = message["msg_type"] == "image" and _is_picture(body)

        async def fetch() -> tuple[str, float]:
            if picture:
                told = await self._api.upload("im/v1/images", {"image_type": "message"}, "image", name, body)
                return str(told["image_key"]), UPLOAD_SECONDS
            fields = {"file_type": "stream", "file_name": name}
            told = await self._api.upload("im/v1/files", fields, "file", name, body)
            return str(told["file_key"]), UPLOAD_SECONDS

        try:
            key = await self._doors.token(
                "feishu", f"{'image' if picture else 'file'}:{number}", fetch, early=3600, lasts=75
            )
        except KeyError:
            raise SendFailedError("an upload without a key") from None
        return ("image", {"image_key": key}) if picture else ("file", {"file_key": key})

    async def reads(self, letters: Sequence[tuple[str, str]]) -> Reads:
        """Count readers of letters; of what Feishu no longer counts nothing is said."""
        counts = Counter(message.partition("+")[0] for _, message in letters if message)
        asked = read = 0
        for name, people in counts.items():
            try:
                count = await self._readers(name)
            except SendFailedError as error:
                if not error.permanent:
                    raise
                continue
            asked += people
            read += min(people, count)
        return Reads(asked, read)

    async def _readers(self, name: str) -> int:
        if name.startswith(MANY):
            data = await self._api.call("GET", f"im/v1/batch_messages/{quote(name, safe='')}/read_user")
            told = data.get("read_user") or {}
            return int(told.get("read_count") or 0)
        path = f"im/v1/messages/{quote(name, safe='')}/read_users"
        data = await self._api.call("GET", path, user_id_type="open_id", page_size="1")
        return len(data.get("items") or ())


def _placed(card: dict[str, Any], group: str) -> dict[str, Any]:
    """Return a card whose buttons tell in which group they stand: a press itself does not say what kind of chat."""
    if not group:
        return card
    elements = []
    for element in card["elements"]:
        if "actions" in element:
            actions = [
                {**one, "value": {**one["value"], "in": group}} if "value" in one else one for one in element["actions"]
            ]
            elements.append({**element, "actions": actions})
        else:
            elements.append(element)
    return {**card, "elements": elements}


def _is_picture(body: bytes) -> bool:
    return body.startswith(_IMAGES) and len(body) <= IMAGE_BYTES


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _id(data: Mapping[str, Any]) -> str:
    name = data.get("message_id")
    if not isinstance(name, str) or not name:
        raise SendFailedError("taken, and no id came", unknown=True)
    return name[:128]
