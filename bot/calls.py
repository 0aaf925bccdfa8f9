"""Calls to one messenger: a letter's parts one by one, or the same words to many; each is counted, each has an outcome.

Whatever ends a call, whoever asked for it hears nothing but where the letters went: the outcome is told here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import lru_cache

from bot.outcome import Outcomes
from bot.pacer import HeldError, Pacer
from bot.settling import Settling
from domain.codec import decode_reply
from domain.reply import Reply
from messengers.base import BatchMessenger, Messenger, Outgoing, Pause, SendFailedError, Sent, go_on
from storage import outbox
from storage.claim import Claimed

WAITS = 30.0
"""Seconds for which a claimed letter, or its next part, waits for its moment here; then it goes back."""

Veil = Callable[[Reply, Messenger, Claimed], Reply]
"""Replaces a reply that is too personal for a messenger by a link to the self-hosted page."""


@lru_cache(maxsize=256)
def _read(payload: str) -> Reply:
    """Read a payload once for everybody who gets the same."""
    return decode_reply(payload)


class Calls:
    """The calls to one messenger."""

    def __init__(self, messenger: Messenger, veil: Veil, pacer: Pacer, settling: Settling, outcomes: Outcomes) -> None:
        """Call nobody yet."""
        self._messenger = messenger
        self._veil = veil
        self._pacer = pacer
        self._settling = settling
        self._outcomes = outcomes

    def _outgoing(self, letter: Claimed, pause: Pause = go_on, turn: Pause = go_on) -> Outgoing:
        reply = self._veil(_read(letter.payload), self._messenger, letter)
        recalls, live = letter.kind == outbox.REDRAWING, letter.kind == outbox.LIVE
        return Outgoing(
            letter.id,
            letter.recipient,
            letter.chat,
            reply,
            letter.edits,
            letter.parts_done,
            recalls=recalls,
            live=live,
            pause=pause,
            turn=turn,
        )

    async def send(self, letter: Claimed) -> None:
        """Send one letter whose moment has come."""
        parts, calls, group = letter.parts_done, 1, letter.chat != letter.recipient

        async def pause() -> None:
            """Note that a part is out, and let the next wait for its turn."""
            nonlocal parts
            parts += 1
            await turn()

        async def turn() -> None:
            """Let a further call wait for its own turn, before what has not begun yet, and count it."""
            nonlocal calls
            calls += 1
            try:
                async with asyncio.timeout(WAITS):
                    await self._pacer.turn(letter.chat, letter.lane - 0.5, group=group)
            except TimeoutError:
                raise HeldError from None
            self._settling.calls += 1

        self._settling.calls += 1
        try:
            sent = await self._messenger.send(self._outgoing(letter, pause, turn))
        except SendFailedError as error:
            self._outcomes.failed([letter], error)
        except HeldError:
            self._outcomes.waits([letter], parts)
        except asyncio.CancelledError:
            self._outcomes.cut_off(letter, parts)
            raise
        except Exception as error:  # noqa: BLE001 - it is logged there
            self._outcomes.surprised([letter], error, parts)
        else:
            if sent.calls is not None:
                self._settling.calls += sent.calls - calls
            self._outcomes.answered()
            self._outcomes.passed(letter, sent)

    async def _call_many(
        self, messenger: BatchMessenger, letters: Sequence[Claimed], going: Sequence[Outgoing]
    ) -> Sequence[Sent | SendFailedError]:
        """Count the call, and make it."""
        # Each part is a message of its own to everybody, for what the messenger counts in silence too.
        parts = len(messenger.render(going[0].reply)) - letters[0].parts_done
        for letter in list(letters) * max(1, parts):
            self._pacer.windows.take(letter.chat)
        calls = max(1, parts) * (len(letters) if messenger.limits.by_person else 1)
        self._settling.calls += calls
        if messenger.limits.whole_calls:
            await self._settling.join_call(letters)
        outcomes = await messenger.send_many(going)
        told = next((one.calls for one in outcomes if isinstance(one, Sent) and one.calls is not None), calls)
        self._settling.calls += told - calls
        return outcomes

    async def send_many(self, letters: Sequence[Claimed]) -> bool:
        """Send the same words to all of them; False when they have to be sent one by one instead."""
        messenger: BatchMessenger = self._messenger  # type: ignore[assignment]
        going = [self._outgoing(letter) for letter in letters]
        if any(one.reply != going[0].reply for one in going):
            # Each has a link of its own, which nobody else may get.
            return False
        try:
            outcomes = await self._call_many(messenger, letters, going)
            pairs = list(zip(letters, outcomes, strict=True))
        except SendFailedError as error:
            if error.permanent and len(letters) > 1:
                # One of them is the matter, and nobody says which.
                return False
            self._outcomes.failed(letters, error)
        except asyncio.CancelledError:
            for letter in letters:
                self._outcomes.cut_off(letter, letter.parts_done)
            raise
        except Exception as error:  # noqa: BLE001 - it is logged there
            self._outcomes.surprised(letters, error)
        else:
            self._outcomes.answered()
            for letter, outcome in pairs:
                if isinstance(outcome, Sent):
                    self._outcomes.passed(letter, outcome)
                else:
                    self._outcomes.refused(letter, outcome)
        return True
