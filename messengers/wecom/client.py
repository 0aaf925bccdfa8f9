"""WeCom, opened: sending to one and to a thousand, cards redrawn once by their code, withdrawing, files."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from aiohttp import web

from domain.arrival import Arrival, Ignored, Uploaded
from domain.reply import Reply
from messengers.ability import NO, PART, YES, Ability
from messengers.base import Check, Limits, Outgoing, SendFailedError, Sent, StoredFile, Surroundings
from messengers.wecom import Section
from messengers.wecom.api import Api
from messengers.wecom.doctor import checks
from messengers.wecom.intake import Callback
from messengers.wecom.receive import receive
from messengers.wecom.render import render

log = logging.getLogger(__name__)

A_CALL = 1000
INTERVAL, SPREAD = 600, 300
"""Seconds in which the same request is not shown twice. It differs from letter to letter, so that somebody who asks the
same twice is answered twice, while the same letter sent again is the same to the last byte."""
AGAIN = 2
"""How often a call to many is repeated at once when nobody answered."""
MEDIA_SECONDS = 3 * 86400.0
IMAGE_BYTES = 10 << 20
RECALLED = 1000
ABILITIES = {
    "text_in": YES,
    "picture_in": YES,
    "file_in": NO,
    "voice_in": PART,
    "location_in": YES,
    "press_in": YES,
    "menu_in": YES,
    "follow_in": YES,
    "group_in": NO,
    "text_out": YES,
    "styles_out": NO,
    "picture_out": YES,
    "file_out": YES,
    "buttons_out": PART,
    "redraw": PART,
    "many_out": YES,
    "recall": PART,
    "reads": NO,
    "deep_link": NO,
    "no_public_address": NO,
}


class WecomMessenger:
    """WeCom, opened."""

    name = "wecom"
    abilities: Mapping[str, Ability] = ABILITIES

    def __init__(self, section: Section, surroundings: Surroundings) -> None:
        """Open nothing yet; the program serves `routes`."""
        self._section = section
        self._surroundings = surroundings
        self.api = Api(section, surroundings.doors)
        self.callback = Callback(section, surroundings.doors)
        self._recalled: OrderedDict[str, None] = OrderedDict()
        self.limits = Limits(
            text_chars=2048,
            text_bytes=2048,
            caption_chars=0,
            button_chars=10,
            buttons_per_row=1,
            button_rows=6,
            file_in_bytes=20 << 20,
            file_out_bytes=20 << 20,
            per_second=None,
            per_chat_per_second=None,
            per_group_per_minute=None,
            per_minute=10_000,
            per_chat_windows=((30, 60), (1000, 3600)),
            per_day=section.accounts * 200 or None,
            by_person=True,
            busy_minutes=tuple(section.busy_minutes),
            recipients_a_call=A_CALL,
            keyed=True,
            whole_calls=True,
            numbered=True,
        )

    def receive(self, body: str) -> Arrival | Ignored:
        """Read what was kept of a callback."""
        return receive(body)

    def render(self, reply: Reply) -> list[dict[str, Any]]:
        """Return the messages that a reply becomes."""
        return render(reply)

    async def send(self, letter: Outgoing) -> Sent:
        """Send every part that is not sent yet. Raises `SendFailedError`."""
        messages = drawn(letter.reply)
        if letter.edits and not letter.parts_done:
            redrawn = await self._redraw(letter, messages)
            if redrawn is not None:
                return redrawn
            if letter.live:
                return Sent(letter.edits)
        first = min(letter.parts_done, len(messages) - 1)
        sent, done = list[str](), first
        try:
            for place in range(first, len(messages)):
                if done > first:
                    await letter.pause()
                elif letter.edits:
                    await letter.turn()
                told = await self.api.call("message/send", await self._payload(letter, [letter.user], messages, place))
                self._demand_arrived(told, letter.user)
                sent.append(_named(told, letter.key, place, messages[place]))
                done += 1
        except SendFailedError as error:
            error.parts_done = done
            raise
        return Sent(_joined(sent))

    async def send_many(self, letters: Sequence[Outgoing]) -> Sequence[Sent | SendFailedError]:
        """Send the same to all of them by one call. Raises `SendFailedError`."""
        first = letters[0]
        messages, parts = drawn(first.reply), {letter.parts_done for letter in letters}
        if len(parts) > 1:
            raise SendFailedError("they are not equally far", permanent=True)
        users, done = [letter.user for letter in letters], first.parts_done
        refused, sent = dict[str, SendFailedError](), list[str]()
        for place in range(first.parts_done, len(messages)):
            left = [user for user in users if user.lower() not in refused]
            if not left:
                break
            payload = await self._payload(first, left, messages, place)
            try:
                told = await self._insist(payload)
            except SendFailedError as error:
                if done == first.parts_done:
                    raise
                # Something is out already: each letter goes on from there.
                refused |= {user.lower(): error.at(done) for user in left}
                break
            refused |= _refused(told)
            sent.append(_named(told, first.key, place, messages[place]))
            done += 1
        return [refused.get(user.lower()) or Sent(_joined(sent)) for user in users]

    async def _insist(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Repeat the very same bytes when nobody answered: WeCom does not show them twice."""
        for _ in range(AGAIN):
            try:
                return await self.api.call("message/send", payload)
            except SendFailedError as error:
                if not error.unknown:
                    raise
        return await self.api.call("message/send", payload)

    async def _payload(
        self, letter: Outgoing, users: Sequence[str], messages: Sequence[dict[str, Any]], place: int
    ) -> dict[str, Any]:
        message = messages[place]
        payload: dict[str, Any] = {
            "touser": "|".join(users),
            "agentid": self._section.agent_id,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": INTERVAL + letter.key % SPREAD,
            "msgtype": message["msgtype"],
        }
        kind = message["msgtype"]
        if kind == "template_card":
            payload[kind] = {**message[kind], "task_id": _task(letter.key, place)}
        elif "attachment" in message:
            payload["msgtype"], media = await self._media(message)
            payload[payload["msgtype"]] = {"media_id": media}
        else:
            payload[kind] = message[kind]
        return payload

    async def _media(self, message: Mapping[str, Any]) -> tuple[str, str]:
        """Return (kind, media id) of a kept file, uploaded once for everybody who gets it within three days."""
        number = int(message["attachment"])
        stored = await self._surroundings.doors.open_file(number)
        if stored is None:
            raise SendFailedError("the kept file is gone", permanent=True)
        body = stored.body
        picture = (
            message["msgtype"] == "image" and body[:3] in {b"\xff\xd8\xff", b"\x89PN"} and len(body) <= IMAGE_BYTES
        )
        kind = "image" if picture else "file"
        if not 5 < len(body) <= self.limits.file_out_bytes:  # noqa: PLR2004 - WeCom's least
            raise SendFailedError("WeCom takes files of 6 bytes to 20 MB", permanent=True)

        async def fetch() -> tuple[str, float]:
            return await self.api.upload(message.get("name") or stored.name, kind, body), MEDIA_SECONDS

        return kind, await self._surroundings.doors.token(
            "wecom", f"media:{number}:{kind}", fetch, early=7200, lasts=75
        )

    async def _redraw(self, letter: Outgoing, messages: Sequence[dict[str, Any]]) -> Sent | None:
        """Redraw a card by its code, which WeCom takes once; None: the words have to be sent anew."""
        names, task, code = _parted(letter.edits or "")
        if letter.recalls:
            for name in names:
                await self._recall(name, letter)
            return None
        if not code:
            return None
        whole = len(messages) == 1 and messages[0]["msgtype"] == "template_card"
        if letter.live and not whole:
            return None
        payload: dict[str, Any] = {"userids": [letter.user], "agentid": self._section.agent_id, "response_code": code}
        if whole:
            payload["template_card"] = {**messages[0]["template_card"], "task_id": _task(letter.key, 0)}
        else:
            payload["button"] = {"replace_name": "✓"}
        try:
            await self.api.call("message/update_template_card", payload)
        except SendFailedError as error:
            if not error.permanent:
                raise
            log.info("wecom: a card could not be redrawn: %s", error.why)
            return None
        return Sent(f"{'+'.join(names)}|{_task(letter.key, 0) or task}|") if whole else None

    async def _recall(self, name: str, letter: Outgoing) -> None:
        """Withdraw a message; one that went to many is withdrawn from all of them at once."""
        if not name or name in self._recalled:
            return
        try:
            await self.api.call("message/recall", {"msgid": name})
        except SendFailedError as error:
            if not error.permanent:
                raise
            log.info("wecom: a message could not be withdrawn: %s", error.why)
        self._recalled[name] = None
        while len(self._recalled) > RECALLED:
            self._recalled.popitem(last=False)
        await letter.turn()

    def _demand_arrived(self, told: Mapping[str, Any], user: str) -> None:
        error = _refused(told).get(user.lower())
        if error is not None:
            raise error

    async def fetch(self, uploaded: Uploaded) -> StoredFile:
        """Fetch a file's bytes. Raises `SendFailedError`."""
        body, kind = await self.api.download(uploaded.remote)
        return StoredFile(uploaded.name, kind or uploaded.mime, body)

    async def acknowledge(self, body: str) -> None:
        """Nothing to do: the callback's answer has told WeCom already."""

    async def run(self) -> None:
        """Put the main commands into the app's menu, then wait: messages come by the callback."""
        if self._section.agent_id:
            await self._make_menu()
        await asyncio.Event().wait()

    async def _make_menu(self) -> None:
        """Offer the commands under the app's name, three groups of five at most; best effort."""
        commands = list(self._surroundings.commands.get("zh", ()))[:15]
        groups = [commands[place : place + 5] for place in range(0, len(commands), 5)]
        menu = [
            {
                "name": group[0][1][:8] if len(group) == 1 else f"{group[0][1][:3]}…",
                "sub_button": [{"type": "click", "name": words[:20], "key": f"/{name}"} for name, words in group],
            }
            for group in groups
        ]
        if not menu:
            return
        try:
            await self.api.call(f"menu/create?agentid={self._section.agent_id}", {"button": menu})
        except (SendFailedError, OSError) as error:
            log.warning("wecom: the app's menu could not be made: %s", error)

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the callback's routes."""
        return self.callback.routes()

    def link(self, payload: str) -> str:
        """There is no link into an app's chat."""
        del payload
        return ""

    async def check(self) -> list[Check]:
        """Look at credentials, permissions, the clock and the callback."""
        return await checks(self._section, self._surroundings, self.api, self.callback)

    async def close(self) -> None:
        """Close the session."""
        await self.api.close()


@lru_cache(maxsize=256)
def drawn(reply: Reply) -> list[dict[str, Any]]:
    """Return what `render` makes of a reply, made once for everybody who gets the same."""
    return render(reply)


def _task(key: int, place: int) -> str:
    return f"dq-{key}-{place}"


def _named(told: Mapping[str, Any], key: int, place: int, message: Mapping[str, Any]) -> str:
    task = _task(key, place) if message["msgtype"] == "template_card" else ""
    return f"{str(told.get('msgid', ''))[:120]}|{task}|{str(told.get('response_code', ''))[:120]}"


def _joined(sent: Sequence[str]) -> str:
    """Return one name for all parts: their ids, the last first, then the card's task and code."""
    ids = "+".join(name.partition("|")[0] for name in reversed(sent))
    _, _, rest = (sent[-1] if sent else "||").partition("|")
    return f"{ids[: 510 - len(rest)].rstrip('+')}|{rest}"


def _parted(edits: str) -> tuple[list[str], str, str]:
    """Return the messages' ids, the card's task, and the code by which it is redrawn."""
    ids, _, rest = edits.partition("|")
    task, _, code = rest.partition("|")
    return [one for one in ids.split("+") if one], task, code


def _refused(told: Mapping[str, Any]) -> dict[str, SendFailedError]:
    """Return who of them did not get it; WeCom writes accounts in lower case."""
    found = {
        user.lower(): SendFailedError("the app has no licence for this member", permanent=True)
        for user in str(told.get("unlicenseduser") or "").split("|")
        if user
    }
    for user in str(told.get("invaliduser") or "").split("|"):
        if user:
            found[user.lower()] = SendFailedError(
                "not in the company, or not among those who may use the app", permanent=True, closes_address=True
            )
    return found
