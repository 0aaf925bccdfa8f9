"""One arrival (or tick), one transaction, one answer."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from bot.understand import understand
from content import LANGUAGES, voice
from domain.arrival import Arrival, Left, Located, Opened, Pressed, Uploaded, cleaned
from domain.organisation import Organisation
from domain.refusal import Refusal
from domain.reply import Personal, Reply
from handlers.grammar import Registry, Turn, reply
from messengers.base import Raw
from services import claim, post
from services.work import Handing, Work
from storage import address, attachment, conversation, inbox

log = logging.getLogger(__name__)


LATE, OLDEST = timedelta(minutes=1), timedelta(hours=48)
"""From so late on, and up to so old, an update is taken as said when it was said: 签到 at 23:58 counts for that day."""


@dataclass(slots=True)
class Dispatch:
    """What every turn needs beside its arrival."""

    organisation: Organisation
    """Put another in its place when something was set in the console: everybody asks for it here, in each turn."""
    registry: Registry
    links: Mapping[str, Callable[[str], str]]
    """Messenger -> (payload -> link to the private chat)."""
    numbered: Container[str] = ()
    """The messengers in which buttons have numbers."""
    carries: Callable[[str, Personal], bool] = lambda _messenger, _personal: True
    """Whether a messenger carries replies of a class in private chats."""

    def hear(
        self, connection: Connection, row: int, arrival: Arrival, now: datetime, *, hand: bool = False
    ) -> Handing | None:
        """Serve one arrival: its deed, its answer and its inbox row in this transaction. None: somebody else did.

        `hand`: the caller sends the answers itself, at once.

        Raises `Refusal` (say it with `refuse`) and whatever a handler raises unexpectedly (say it with `apologise`).
        """
        # Settled first: should another process be at the same row, one of the two waits here and then finds it done.
        if not inbox.settle(connection, row, inbox.DONE, sender=arrival.user):
            return None
        return self._hear(connection, arrival, now, lambda: inbox.forget(connection, row), hand=hand)

    def hear_unseen(
        self, connection: Connection, event: Raw, arrival: Arrival, now: datetime, *, hand: bool, owner: str
    ) -> Handing | None:
        """Do the same for an update that is not in the inbox yet: kept and heard in one transaction, one commit less.

        When it raises, the update is not kept either.
        """
        pair = (event.key, event.body)
        if not inbox.keep_heard(connection, arrival.messenger, pair, now, sender=arrival.user, owner=owner):
            return None
        messenger = arrival.messenger
        return self._hear(
            connection, arrival, now, lambda: inbox.forget_known(connection, messenger, event.key), hand=hand
        )

    def _hear(
        self, connection: Connection, arrival: Arrival, now: datetime, forget: Callable[[], None], *, hand: bool
    ) -> Handing:
        handing = Handing(arrival.messenger if hand else "", now + claim.LEASE)
        if isinstance(arrival.content, Left):
            self._leave(connection, arrival)
            return handing
        turn = self._open(connection, cleaned(arrival), now, handing)
        answer = self._group(turn) if not arrival.private else understand(turn)()
        self._answer(turn, answer)
        if turn.forgets or (isinstance(arrival.content, Located) and not arrival.private):
            forget()
        return handing

    def _leave(self, connection: Connection, arrival: Arrival) -> None:
        """Write nothing more to whoever went away, and ask nothing any more. Whoever comes back is heard as before."""
        if not arrival.private:
            return
        if connection.dialect.name == "postgresql":
            _lock(connection, f"{arrival.messenger}:{arrival.user}")
        address.close(connection, arrival.messenger, arrival.user, "left")
        conversation.drop(connection, arrival.messenger, arrival.user)

    def refuse(self, connection: Connection, row: int, arrival: Arrival, refusal: Refusal, now: datetime) -> None:
        """Say an expected "no"; nothing else of the turn is stored."""
        if not inbox.settle(connection, row, inbox.DONE, sender=arrival.user, note=refusal.code):
            return
        if refusal.forget or isinstance(arrival.content, Located):
            inbox.forget(connection, row)
            if isinstance(arrival.content, Uploaded) and arrival.content.attachment is not None:
                attachment.forget(connection, arrival.content.attachment)
        turn = self._open(connection, arrival, now)
        home = turn.button("help.home", "help.home")
        self._answer(turn, reply(turn.say(refusal.code, **refusal.facts), rows=[[home]]))

    def apologise(self, connection: Connection, row: int, arrival: Arrival, error: Exception, now: datetime) -> str:
        """Say that something of ours broke, under a short reference that the log has too; returns it."""
        reference = secrets.token_hex(3).upper()
        note = f"{reference} {type(error).__name__}: {error}"
        if inbox.settle(connection, row, inbox.FAILED, sender=arrival.user, note=note):
            if isinstance(arrival.content, Located):
                inbox.forget(connection, row)
            turn = self._open(connection, arrival, now)
            self._answer(turn, reply(turn.say("help.broken", reference=reference)))
        return reference

    def tick(self, connection: Connection, name: str, subject: str, due: datetime, now: datetime) -> None:
        """Do what the clock asks."""
        self.registry.ticks[name].run(Work(connection, self.organisation, now), subject, due)

    def _open(self, connection: Connection, arrival: Arrival, now: datetime, handing: Handing | None = None) -> Turn:
        """Find out who speaks, one turn at a time for each account and each person.

        What was said shortly before a restart counts for the moment at which it was said.
        """
        clock = now
        if LATE < now - arrival.at <= OLDEST:
            now = arrival.at
        if connection.dialect.name == "postgresql":
            _lock(connection, f"{arrival.messenger}:{arrival.user}")
        caller = address.caller(connection, arrival.messenger, arrival.user, clock)
        if caller is None:
            language = self._language(arrival.language)
            chat = arrival.chat if arrival.private else ""
            address.meet(connection, arrival.messenger, arrival.user, chat, language, now)
            caller = address.caller(connection, arrival.messenger, arrival.user)
            if caller is None:
                msg = "an address vanished inside its own transaction"
                raise RuntimeError(msg)
        elif arrival.private and caller.until is None and (not caller.open or caller.chat != arrival.chat):
            address.reopen(connection, caller.address_id, arrival.chat)
        if connection.dialect.name == "postgresql" and caller.person is not None:
            _lock(connection, f"member:{caller.person.id}")
        language = (caller.person.language if caller.person else "") or caller.language or self.organisation.language
        return Turn(
            work=Work(connection, self.organisation, now, handing),
            arrival=arrival,
            caller=caller,
            voice=voice(language),
            registry=self.registry,
            link=self.links.get(arrival.messenger, lambda _payload: ""),
            numbered=arrival.messenger in self.numbered,
            carries=lambda personal: self.carries(arrival.messenger, personal),
            step=caller.step,
            facts=caller.facts,
            version=caller.version,
            expires_at=caller.expires_at,
        )

    def _language(self, wish: str) -> str:
        short = wish.lower()[:2]
        return short if short in LANGUAGES else self.organisation.language

    def _group(self, turn: Turn) -> Reply:
        """Answer one line in a group, with the way to the private chat; never anything personal."""
        payload = turn.arrival.content.payload if isinstance(turn.arrival.content, Opened) else ""
        return self.registry.buttons["help.group"](turn, payload)

    def _answer(self, turn: Turn, answer: Reply) -> None:
        arrival = turn.arrival
        pressed = arrival.content.message if isinstance(arrival.content, Pressed) else None
        speech = turn.voice.language
        number = post.answer(
            turn.work, arrival.messenger, arrival.user, arrival.chat, answer, edits=pressed, language=speech
        )
        if turn.answered is not None:
            turn.answered(number)
        if turn.changed:
            conversation.save(
                turn.work.connection,
                arrival.messenger,
                arrival.user,
                step=turn.step,
                facts=turn.facts,
                version=turn.version,
                expires_at=turn.expires_at or datetime.now(UTC),
            )


def _lock(connection: Connection, key: str) -> None:
    """Let others with this key wait until our transaction ends (PostgreSQL; SQLite has one writer anyway)."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
