"""DingTalk, opened: replies that cost nothing first, then calls to one, a hundred or a group; cards by template."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from domain.arrival import Arrival, Ignored, Uploaded
from domain.preview import Bubble
from domain.reply import Reply
from messengers.ability import NO, PART, YES, Ability
from messengers.base import Check, Limits, Outgoing, Reads, SendFailedError, Sent, StoredFile, Surroundings
from messengers.dingtalk import Section, cards
from messengers.dingtalk.api import Api, RefusedCodeError
from messengers.dingtalk.doctor import checks
from messengers.dingtalk.intake import Callback
from messengers.dingtalk.outcome import drawn, joined, of_many, refusals
from messengers.dingtalk.preview import preview
from messengers.dingtalk.receive import receive
from messengers.dingtalk.render import SPENT, on_card, render, without_card
from messengers.dingtalk.stream import Stream

log = logging.getLogger(__name__)

A_CALL, FEWER = 100, 20
"""People a call; the documents have both numbers, so the smaller is used from the first refusal on."""
MEDIA_SECONDS = 2 * 86400.0
REMEMBERED = 1000
"""Calls that are known to be withdrawn."""
ABILITIES = {
    "text_in": YES,
    "picture_in": YES,
    "file_in": YES,
    "voice_in": YES,
    "location_in": NO,
    "press_in": PART,
    "menu_in": NO,
    "follow_in": NO,
    "group_in": PART,
    "text_out": YES,
    "styles_out": NO,
    "picture_out": YES,
    "file_out": YES,
    "buttons_out": PART,
    "redraw": PART,
    "many_out": YES,
    "recall": PART,
    "reads": PART,
    "deep_link": NO,
    "no_public_address": YES,
}


class DingtalkMessenger:
    """DingTalk, opened."""

    name = "dingtalk"
    abilities: Mapping[str, Ability] = ABILITIES

    def __init__(self, section: Section, surroundings: Surroundings) -> None:
        """Open nothing yet."""
        self._section = section
        self._surroundings = surroundings
        self.api = Api(section, surroundings.doors)
        self.callback = Callback(section, surroundings.doors)
        self.stream = Stream(section, surroundings.doors, self.api)
        self._a_call = A_CALL
        self._cards = bool(section.card_template)
        """Whether buttons are drawn on cards; not any more once the app has no right to send them."""
        self._withdrawn: OrderedDict[str, None] = OrderedDict()
        self.limits = Limits(
            text_chars=6000,
            text_bytes=6000,
            caption_chars=0,
            button_chars=20,
            buttons_per_row=1,
            button_rows=8,
            file_in_bytes=20 << 20,
            file_out_bytes=20 << 20,
            per_second=20.0,
            per_chat_per_second=None,
            per_group_per_minute=20,
            per_month=section.calls_a_month or None,
            busy_minutes=tuple(section.busy_minutes),
            recipients_a_call=A_CALL,
            numbered=True,
        )

    def receive(self, body: str) -> Arrival | Ignored:
        """Read what was kept."""
        return receive(body)

    def render(self, reply: Reply) -> list[dict[str, Any]]:
        """Return the messages that a reply becomes."""
        return render(reply, card=bool(self._section.card_template))

    def preview(self, reply: Reply) -> list[Bubble]:
        """Return what the readers of a broadcast see; buttons are numbers there."""
        return preview(drawn(reply, card=False))

    async def send(self, letter: Outgoing) -> Sent:
        """Send every part that is not sent yet. Raises `SendFailedError`."""
        messages, calls = drawn(letter.reply, card=self._cards), 0
        if letter.edits and not letter.parts_done:
            calls, redrawn = await self._redraw(letter, messages)
            if redrawn or letter.live:
                return Sent(letter.edits, calls)
        first = min(letter.parts_done, len(messages) - 1)
        sent, done = list[str](), first
        try:
            for message in messages[first:]:
                if done > first:
                    await letter.pause()
                elif calls:
                    await letter.turn()
                name, cost = await self._part(letter, message, done)
                sent.append(name)
                calls += cost
                done += 1
        except SendFailedError as error:
            error.parts_done = done
            raise
        return Sent(joined(sent), calls)

    async def _part(self, letter: Outgoing, message: Mapping[str, Any], place: int) -> tuple[str, int]:
        """Send one part; returns its name and how many counted calls it took."""
        group = letter.chat != letter.user
        if "card" in message:
            track = f"dq-{letter.key}-{place}"
            why = await self._deliver(cards.made(self._section, letter, message["card"], track))
            if not why:
                return f"c:{track}", 1
            log.warning("dingtalk: a card is not shown, so its words are sent: %s", why)
            await letter.turn()
            name, cost = await self._part(letter, without_card(message["card"]), place)
            return name, cost + 1
        if message["msgKey"] == "sampleText" and await self._answered_free(letter, message):
            return "", 0
        key, param, cost = await self._drawn(message)
        told = {"robotCode": self._section.robot, "msgKey": key, "msgParam": param}
        if group:
            answer = await self.api.call(
                "POST", "/v1.0/robot/groupMessages/send", {**told, "openConversationId": letter.chat}
            )
        else:
            answer = await self.api.call(
                "POST", "/v1.0/robot/oToMessages/batchSend", {**told, "userIds": [letter.user]}
            )
            refused = refusals(answer).get(letter.user)
            if refused is not None:
                raise refused
        return f"{'g' if group else 'q'}:{answer.get('processQueryKey') or ''}", cost + 1

    async def _deliver(self, card: Mapping[str, Any]) -> str:
        """Deliver a card; returns why it is not shown, empty when it is.

        Without the right to send any, this letter and all others are tried in numbered words.
        """
        try:
            return cards.hidden(await self.api.call("POST", "/v1.0/card/instances/createAndDeliver", card))
        except RefusedCodeError as error:
            if error.permanent:
                return error.why
            if not error.rights:
                raise
            self._cards = False
            log.error("dingtalk: the app may send no cards, so buttons are numbers: %s", error.why)  # noqa: TRY400
            raise SendFailedError(error.why) from None

    async def _answered_free(self, letter: Outgoing, message: Mapping[str, Any]) -> bool:
        """Answer by the address that came with what was said; False when there is none, or it is refused."""
        webhook = await self._surroundings.doors.note("dingtalk", f"webhook:{letter.chat}")
        if webhook is None:
            return False
        try:
            await self.api.reply(webhook, {"msgtype": "text", "text": message["msgParam"]})
        except SendFailedError as error:
            if error.unknown:
                raise
            log.info("dingtalk: a reply goes by the API instead: %s", error.why)
            return False
        return True

    async def _drawn(self, message: Mapping[str, Any]) -> tuple[str, str, int]:
        """Return (key, parameters, counted calls for it) of a message; files are uploaded once for everybody."""
        if "attachment" not in message:
            return message["msgKey"], json.dumps(message["msgParam"], ensure_ascii=False), 0
        number = int(message["attachment"])
        stored = await self._surroundings.doors.open_file(number)
        if stored is None:
            raise SendFailedError("the kept file is gone", permanent=True)
        if not 0 < len(stored.body) <= self.limits.file_out_bytes:
            raise SendFailedError("DingTalk takes files of at most 20 MB", permanent=True)
        name = str(message.get("name") or stored.name)
        picture = message["msgKey"] == "sampleImageMsg"
        cost = 0

        async def fetch() -> tuple[str, float]:
            nonlocal cost
            cost += 1
            return await self.api.upload(name, "image" if picture else "file", stored.body), MEDIA_SECONDS

        media = await self._surroundings.doors.token("dingtalk", f"media:{number}", fetch, early=7200, lasts=75)
        if picture:
            return "sampleImageMsg", json.dumps({"photoURL": media}), cost
        kind = name.rpartition(".")[2][:10] if "." in name else "file"
        return (
            "sampleFile",
            json.dumps({"mediaId": media, "fileName": name, "fileType": kind}, ensure_ascii=False),
            cost,
        )

    async def send_many(self, letters: Sequence[Outgoing]) -> Sequence[Sent | SendFailedError]:
        """Send the same words to all of them; buttons are numbered here, for each card would be a call. Raises."""
        first = letters[0]
        if len({letter.parts_done for letter in letters}) > 1:
            raise SendFailedError("they are not equally far", permanent=True)
        messages, done = drawn(first.reply, card=False), first.parts_done
        refused, names = dict[str, SendFailedError](), {letter.user: list[str]() for letter in letters}
        before = self.api.counted
        for message in messages[first.parts_done :]:
            left = [user for user in names if user not in refused]
            try:
                key, param, _ = await self._drawn(message)
                told = {"robotCode": self._section.robot, "msgKey": key, "msgParam": param}
                answers = await self._in_calls(told, left, refused, done)
            except SendFailedError as error:
                if done == first.parts_done:
                    raise
                # Something is out already: each letter goes on from there.
                refused |= dict.fromkeys(left, of_many(error, left).at(done))
                break
            for users, answer in answers:
                for user in users:
                    names[user].append(f"q:{answer.get('processQueryKey') or ''}")
            done += 1
        calls = self.api.counted - before
        return [refused.get(letter.user) or Sent(joined(names[letter.user]), calls) for letter in letters]

    async def _in_calls(
        self, told: Mapping[str, Any], users: Sequence[str], refused: dict[str, SendFailedError], done: int
    ) -> list[tuple[Sequence[str], dict[str, Any]]]:
        """Send to all of them, by calls as large as DingTalk takes; what became of each call.

        Raises `SendFailedError` when none went out; of a later one it is said of those who are left.
        """
        answers: list[tuple[Sequence[str], dict[str, Any]]] = []
        place, most, no = 0, self._a_call, None
        while place < len(users):
            some = users[place : place + most]
            try:
                answer = await self.api.call("POST", "/v1.0/robot/oToMessages/batchSend", {**told, "userIds": some})
            except SendFailedError as error:
                if error.permanent and len(some) > FEWER:
                    # Either DingTalk takes no more by one call, or somebody or the letter is wrong: smaller ones tell.
                    most = FEWER
                    continue
                if not error.permanent and not place:
                    raise
                # Those of the calls before have it: only who was in this one may have, and the rest have not.
                refused.update(dict.fromkeys(some, of_many(error, some).at(done)))
                no, place = error, place + len(some)
                if error.permanent:
                    continue
                rest = SendFailedError(error.why, retry_after=error.retry_after, parts_done=done)
                refused.update(dict.fromkeys(users[place:], rest))
                return answers
            refused.update({user: why.at(done) for user, why in refusals(answer).items()})
            answers.append((some, answer))
            place += len(some)
        if no is not None and not answers:
            raise no
        if no is None and most < self._a_call:
            log.warning("dingtalk: %d people a call are refused, %d from now on", self._a_call, most)
            self._a_call = most
        return answers

    async def _redraw(self, letter: Outgoing, messages: Sequence[Mapping[str, Any]]) -> tuple[int, bool]:
        """Redraw a card, or withdraw what can't be; returns the calls, and whether the new words are shown already."""
        kind, _, name = (letter.edits or "").partition(":")
        try:
            if kind == "c" and self._section.card_template:
                card = on_card(messages)
                if card is None and letter.live:
                    return 0, False
                told = {"outTrackId": name, "cardData": {"cardParamMap": card or SPENT}}
                await self.api.call("PUT", "/v1.0/card/instances", told)
                return 1, card is not None
            if letter.recalls and kind in {"q", "g"} and name:
                await self._withdraw(kind, name.split("+"), letter.chat)
                return 1, False
        except SendFailedError as error:
            if not error.permanent:
                raise
            log.info("dingtalk: a message could not be redrawn or withdrawn: %s", error.why)
            return 1, False
        return 0, False

    async def _withdraw(self, kind: str, keys: Sequence[str], chat: str) -> None:
        """Withdraw calls that are not withdrawn yet: one to many is withdrawn from all of them at once."""
        keys = [key for key in keys if key not in self._withdrawn]
        if not keys:
            return
        told: dict[str, Any] = {"robotCode": self._section.robot, "processQueryKeys": list(keys)}
        if kind == "g":
            await self.api.call("POST", "/v1.0/robot/groupMessages/recall", {**told, "openConversationId": chat})
        else:
            await self.api.call("POST", "/v1.0/robot/otoMessages/batchRecall", told)
        for key in keys:
            self._withdrawn[key] = None
        while len(self._withdrawn) > REMEMBERED:
            self._withdrawn.popitem(last=False)

    async def reads(self, letters: Sequence[tuple[str, str]]) -> Reads:
        """Count who has read; never who. Raises `SendFailedError`."""
        ours = {user for user, _ in letters}
        keys = {key for _, message in letters if message.startswith("q:") for key in message[2:].split("+") if key}
        read: set[str] = set()
        asked: set[str] = set()
        for key in sorted(keys):
            query = urlencode({"robotCode": self._section.robot, "processQueryKey": key})
            told = await self.api.call("GET", f"/v1.0/robot/oToMessages/readStatus?{query}")
            listed = told.get("messageReadInfoList")
            for one in listed if isinstance(listed, list) else ():
                if isinstance(one, dict) and isinstance(one.get("userId"), str) and one["userId"] in ours:
                    asked.add(one["userId"])
                    if one.get("readStatus") == "READ":
                        read.add(one["userId"])
        return Reads(len(asked), len(read))

    async def fetch(self, uploaded: Uploaded) -> StoredFile:
        """Fetch a file's bytes. Raises `SendFailedError`."""
        asked = {"robotCode": self._section.robot, "downloadCode": uploaded.remote}
        told = await self.api.call("POST", "/v1.0/robot/messageFiles/download", asked)
        return StoredFile(uploaded.name, uploaded.mime, await self.api.download(str(told.get("downloadUrl", ""))))

    async def acknowledge(self, body: str) -> None:
        """Nothing to do: the frame's or the callback's answer has told DingTalk already."""

    async def run(self) -> None:
        """Hold the stream, or say where presses come to and wait: then messages come by the callback."""
        if self._section.mode == "stream":
            await self.stream.run()
        await cards.register(self._section, self.api, self._surroundings.base_url)
        await asyncio.Event().wait()

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the callback's routes, when there is one."""
        return self.callback.routes()

    def link(self, payload: str) -> str:
        """There is no link into a robot's chat that carries anything."""
        del payload
        return ""

    async def check(self) -> list[Check]:
        """Look at credentials, the clock, the stream or the callback, and the card."""
        return await checks(self._section, self._surroundings, self.api)

    async def close(self) -> None:
        """Close the session."""
        await self.api.close()
