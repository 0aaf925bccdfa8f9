"""Single calls for letters: one message to one or to a thousand, its file uploaded before, whom it did not reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from messengers.base import Doors, Outgoing, SendFailedError
from messengers.wecom.api import SEND, Api
from messengers.wecom.receive import ACCOUNT

INTERVAL, SPREAD = 600, 300
"""Seconds in which the same request is not shown twice. It differs from letter to letter, so that somebody who asks the
same twice is answered twice, while the same letter sent again is the same to the last byte."""
FORGOTTEN = 40007
"""WeCom does not know this upload any more."""
NOBODY = 81013
"""None of those whom it is for may use the app."""
ANSWERS = frozenset({FORGOTTEN, NOBODY})
MEDIA_SECONDS = 3 * 86400.0
IMAGE_BYTES, FILE_BYTES = 10 << 20, 20 << 20


class Desk:
    """Makes the calls."""

    def __init__(self, api: Api, doors: Doors, agent_id: int) -> None:
        """Call nobody yet."""
        self._api = api
        self._doors = doors
        self._agent_id = agent_id

    async def say(
        self, letter: Outgoing, users: Sequence[str], message: Mapping[str, Any], place: int, again: int = 0
    ) -> dict[str, Any]:
        """Send one message to all of them; returns the answer. Raises `SendFailedError`.

        `again`: how often the very same bytes are repeated when nobody answered; WeCom does not show them twice.
        """
        payload, media = await self._payload(letter, users, message, place, "")
        told = await self._insist(payload, again)
        if told.get("errcode") == FORGOTTEN and media:
            await letter.turn()
            payload, _ = await self._payload(letter, users, message, place, media)
            told = await self._insist(payload, again)
        if told.get("errcode") == FORGOTTEN:
            raise SendFailedError("the upload was forgotten at once", reached=True)
        return told

    async def _insist(self, payload: Mapping[str, Any], again: int) -> dict[str, Any]:
        for _ in range(again):
            try:
                return await self._api.call(SEND, payload, also=ANSWERS)
            except SendFailedError as error:
                if not error.unknown:
                    raise
        return await self._api.call(SEND, payload, also=ANSWERS)

    async def _payload(
        self, letter: Outgoing, users: Sequence[str], message: Mapping[str, Any], place: int, forgotten: str
    ) -> tuple[dict[str, Any], str]:
        """Return what is sent, and the media id in it."""
        kind, media = message["msgtype"], ""
        payload: dict[str, Any] = {
            "touser": "|".join(users),
            "agentid": self._agent_id,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": INTERVAL + letter.key % SPREAD,
            "msgtype": kind,
        }
        if kind == "template_card":
            payload[kind] = {**message[kind], "task_id": card_name(letter.key, place)}
        elif "attachment" in message:
            payload["msgtype"], media = await self._media(message, forgotten)
            payload[payload["msgtype"]] = {"media_id": media}
        else:
            payload[kind] = message[kind]
        return payload, media

    async def _media(self, message: Mapping[str, Any], forgotten: str) -> tuple[str, str]:
        """Return (kind, media id) of a kept file, uploaded once for everybody who gets it within three days."""
        number = int(message["attachment"])
        stored = await self._doors.open_file(number)
        if stored is None:
            raise SendFailedError("the kept file is gone", permanent=True)
        body = stored.body
        picture = (
            message["msgtype"] == "image" and body[:3] in {b"\xff\xd8\xff", b"\x89PN"} and len(body) <= IMAGE_BYTES
        )
        kind = "image" if picture else "file"
        if not 5 < len(body) <= FILE_BYTES:  # noqa: PLR2004 - WeCom's least
            raise SendFailedError("WeCom takes files of 6 bytes to 20 MB", permanent=True)

        async def fetch() -> tuple[str, float]:
            return await self._api.upload(message.get("name") or stored.name, kind, body), MEDIA_SECONDS

        media = await self._doors.token(
            "wecom", f"media:{number}:{kind}", fetch, refused=forgotten, early=7200, lasts=75
        )
        return kind, media


def card_name(key: int, place: int) -> str:
    """Return the name of a letter's card."""
    return f"dq-{key}-{place}"


def strangers(users: Iterable[str]) -> dict[str, SendFailedError]:
    """Return who of them is none: accounts stand in one line with `|` between them, and `@all` is everybody."""
    why = "this is no account of WeCom's"
    return {
        user.lower(): SendFailedError(why, permanent=True, closes_address=True)
        for user in users
        if not ACCOUNT.fullmatch(user)
    }


def refused(told: Mapping[str, Any], users: Iterable[str]) -> dict[str, SendFailedError]:
    """Return who of those to whom it was sent did not get it; WeCom writes accounts in lower case."""
    found = {
        user.lower(): SendFailedError("the app has no licence for this member", permanent=True)
        for user in str(told.get("unlicenseduser") or "").split("|")
        if user
    }
    gone = users if told.get("errcode") == NOBODY else str(told.get("invaliduser") or "").split("|")
    for user in gone:
        if user:
            found[user.lower()] = SendFailedError(
                "not in the company, or not among those who may use the app", permanent=True, closes_address=True
            )
    return found
