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
from domain.preview import Bubble
from domain.reply import Reply
from messengers.ability import NO, PART, YES, Ability
from messengers.base import Check, Limits, Outgoing, SendFailedError, Sent, StoredFile, Surroundings
from messengers.wecom import Section
from messengers.wecom.api import Api
from messengers.wecom.desk import Desk, card_name, refused, strangers
from messengers.wecom.doctor import checks
from messengers.wecom.intake import Callback
from messengers.wecom.preview import preview
from messengers.wecom.receive import receive
from messengers.wecom.render import render
from messengers.words import clipped

log = logging.getLogger(__name__)

A_CALL = 1000
AGAIN = 2
"""How often a call to many is repeated at once when nobody answered."""
RECALLED = 1000
MENU_BYTES, ENTRY_BYTES = 16, 40
"""What the name of a menu holds, and the name of an entry in it."""
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
        self._desk = Desk(self.api, surroundings.doors, section.agent_id)
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

    def preview(self, reply: Reply) -> list[Bubble]:
        """Return what readers see of it."""
        return preview(render(reply))

    async def send(self, letter: Outgoing) -> Sent:
        """Send every part that is not sent yet. Raises `SendFailedError`."""
        messages, nobody = drawn(letter.reply), strangers([letter.user])
        if nobody:
            raise nobody[letter.user.lower()]
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
                told = await self._desk.say(letter, [letter.user], messages[place], place)
                gone = refused(told, [letter.user]).get(letter.user.lower())
                if gone is not None:
                    raise gone
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
        users, done, sent = [letter.user for letter in letters], first.parts_done, list[str]()
        gone = strangers(users)
        for place in range(first.parts_done, len(messages)):
            left = [user for user in users if user.lower() not in gone]
            if not left:
                break
            try:
                told = await self._desk.say(first, left, messages[place], place, AGAIN)
            except SendFailedError as error:
                if done == first.parts_done:
                    raise
                gone |= {user.lower(): _later(error, done) for user in left}
                break
            gone |= refused(told, left)
            sent.append(_named(told, first.key, place, messages[place]))
            done += 1
        return [gone.get(user.lower()) or Sent(_joined(sent)) for user in users]

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
            payload["template_card"] = {**messages[0]["template_card"], "task_id": card_name(letter.key, 0)}
        else:
            payload["button"] = {"replace_name": "✓"}
        try:
            await self.api.call("message/update_template_card", payload)
        except SendFailedError as error:
            if not error.permanent:
                raise
            log.info("wecom: a card could not be redrawn: %s", error.why)
            return None
        return Sent(f"{'+'.join(names)}|{card_name(letter.key, 0) or task}|") if whole else None

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
        menu = menu_of(list(self._surroundings.commands.get("zh", ()))[:15])
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


def menu_of(commands: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return commands as a menu in groups of five; one name that is too long would have it refused as a whole."""
    groups = [commands[place : place + 5] for place in range(0, len(commands), 5)]
    return [
        {
            "name": clipped(group[0][1], MENU_BYTES) if len(group) == 1 else f"{clipped(group[0][1], MENU_BYTES - 3)}…",
            "sub_button": [
                {"type": "click", "name": clipped(words, ENTRY_BYTES), "key": f"/{name}"} for name, words in group
            ],
        }
        for group in groups
    ]


@lru_cache(maxsize=256)
def drawn(reply: Reply) -> list[dict[str, Any]]:
    """Return what `render` makes of a reply, made once for everybody who gets the same."""
    return render(reply)


def _later(error: SendFailedError, done: int) -> SendFailedError:
    """Return what becomes of letters of which some is out already: each goes on from there.

    Where one of them is the matter nobody says which, and they are told apart when they are sent one by one.
    """
    if error.permanent:
        return SendFailedError(error.why, reached=True, parts_done=done)
    return error.at(done)


def _named(told: Mapping[str, Any], key: int, place: int, message: Mapping[str, Any]) -> str:
    task = card_name(key, place) if message["msgtype"] == "template_card" else ""
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
