"""Tests that read like chats: `ada.says("签到")` gives what her phone shows; `ada.presses("…")` taps a button on it.

Time stands still until `company.travel(...)`. Nothing here reads the real clock, and no network is used: the turn, the
letters and the clock are the program's own.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Self, TypeVar

from sqlalchemy import Connection, select

from bot import clock
from bot.dispatch import Dispatch
from domain.arrival import Arrival, Content, Left, Located, Opened, Pressed, Said, Uploaded
from domain.codec import decode_reply
from domain.demand import Act
from domain.organisation import Organisation
from domain.push import KINDS
from domain.refusal import Refusal
from domain.reply import Button, Document, Personal, Picture, Reply
from handlers.grammar import Registry
from services import claim, demand_category, demand_deadline
from services.work import Work
from storage import attachment, campaign, demand, inbox, outbox, schedule
from storage import claim as claims
from storage.claim import Claimed
from storage.engine import Database
from tests.company import MONDAY_MORNING, ORGANISATION, Roll, settle
from tests.through import Through

TELLING = 6
"""Words so long stand in a reply because somebody wrote them, not by chance."""
T = TypeVar("T")
_keys = itertools.count(1)


class Screen(str):  # noqa: SLOT000 - it carries what the words came with
    """The words that a phone shows after something was said, with their buttons and files."""

    buttons: tuple[Button, ...]
    documents: tuple[Document, ...]
    pictures: tuple[Picture, ...]

    def __new__(cls, replies: Iterable[Reply]) -> Self:
        """Join what arrived."""
        shown = list(replies)
        screen = super().__new__(cls, "\n---\n".join(reply.plain for reply in shown))
        screen.buttons = tuple(button for reply in shown for button in reply.buttons)
        blocks = [block for reply in shown for block in reply.blocks]
        screen.documents = tuple(block for block in blocks if isinstance(block, Document))
        screen.pictures = tuple(block for block in blocks if isinstance(block, Picture))
        return screen

    @property
    def labels(self) -> list[str]:
        """The words on the buttons."""
        return [button.label for button in self.buttons]


@dataclass(slots=True)
class Message:
    """A bubble on a phone; an edit replaces its reply."""

    id: str
    reply: Reply


@dataclass(slots=True)
class Phone:
    """One person's chat."""

    company: Company
    account: str
    messenger: str = "web"
    language: str = "zh"
    directory_id: str = ""
    messages: list[Message] = field(default_factory=list)
    _new: list[Reply] = field(default_factory=list)

    def says(self, text: str) -> Screen:
        """Type words."""
        return self._arrives(Said(text))

    def opens(self, payload: str = "") -> Screen:
        """Open the chat, perhaps by a deep link."""
        return self._arrives(Opened(payload))

    def sends(self, name: str, body: bytes, mime: str = "application/octet-stream", caption: str = "") -> Screen:
        """Send a file."""
        number = self.company.write(lambda c: attachment.keep(c, name, mime, body, self.company.now))
        return self._arrives(Uploaded(str(number), name, mime, len(body), caption, number))

    def is_at(self, latitude: float, longitude: float, label: str = "") -> Screen:
        """Send a place."""
        return self._arrives(Located(latitude, longitude, label))

    def leaves(self) -> Screen:
        """Block the assistant."""
        return self._arrives(Left())

    def presses(self, label: str) -> Screen:
        """Tap the newest button whose label contains these words."""
        for message in reversed(self.messages):
            for button in message.reply.buttons:
                if label in button.label and button.call:
                    return self._press(message, button)
        shown = [b.label for m in self.messages[-3:] for b in m.reply.buttons]
        msg = f"no button {label!r} on the screen of {self.account}; there are {shown}"
        raise AssertionError(msg)

    def _press(self, message: Message, button: Button) -> Screen:
        """Press it, or type its number where the messenger has no room for the button."""
        through, newest = self.company.through, message is self.messages[-1]
        typed = through.press(message.reply, button, newest=newest) if through else None
        if typed is None:
            return self._arrives(Pressed(button.call, message.id))
        self.company.numbered.add(self.messenger)
        try:
            return self._arrives(typed)
        finally:
            self.company.numbered.discard(self.messenger)

    def calls(self, call: str, message: str | None = None) -> Screen:
        """Press a button that is no longer (or was never) on the screen."""
        return self._arrives(Pressed(call, message))

    def sees(self) -> Screen:
        """Look at what came since the last look, e.g. a push."""
        self.company.deliver()
        return self._take()

    @property
    def last(self) -> Screen:
        """The newest message."""
        return Screen([self.messages[-1].reply] if self.messages else [])

    @property
    def everything(self) -> Screen:
        """All messages as they look now, redrawn cards too."""
        return Screen(message.reply for message in self.messages)

    def _take(self) -> Screen:
        new, self._new = self._new, []
        return Screen(new)

    def _arrives(self, content: Content) -> Screen:
        self._new.clear()
        if self.company.through and self.messenger == "web":
            content = self.company.through.carry(content)
        self.company.hear(
            Arrival(
                self.messenger,
                self.account,
                self.account,
                private=True,
                at=self.company.now,
                content=content,
                language=self.language,
                directory_id=self.directory_id,
            )
        )
        self.company.deliver()
        return self._take()

    def show(self, letter: Claimed) -> str:
        """Draw a letter that arrived; returns the id of its bubble."""
        reply = decode_reply(letter.payload)
        if self.company.through:
            self.company.through.draw(reply)
        self.company.shown.append(reply)
        self._new.append(reply)
        for message in self.messages:
            if letter.edits is not None and message.id == letter.edits:
                message.reply = reply
                return message.id
        self.messages.append(Message(str(letter.id), reply))
        return str(letter.id)


class Company:
    """The test enterprise on one real database."""

    def __init__(
        self,
        database: Database,
        registry: Registry,
        organisation: Organisation = ORGANISATION,
        roll: Roll | None = None,
    ) -> None:
        """Settle it; with `roll` it lives in this database already."""
        self.database = database
        self.organisation = organisation
        self.numbered: set[str] = set()
        """The messengers in which buttons have numbers."""
        self.through: Through | None = None
        """The messenger by whose adapter everything is said and shown."""
        self.veiled: set[tuple[str, Personal]] = set()
        """What which messenger does not carry."""
        self.dispatch = Dispatch(
            organisation,
            registry,
            {"web": lambda payload: f"https://chat.example/?start={payload}"},
            self.numbered,
            lambda messenger, personal: (messenger, personal) not in self.veiled,
        )
        self.now = MONDAY_MORNING
        self.phones: dict[tuple[str, str], Phone] = {}
        self.shown: list[Reply] = []
        """Everything that any phone has shown."""
        self.roll: Roll = roll or self.write(settle)
        if roll is None:
            self.write(lambda c: clock.prepare(c, self.dispatch, self.now))

    def __getattr__(self, nickname: str) -> Phone:
        """Return a person's phone by nickname: `company.ada`."""
        if nickname.startswith("_"):
            raise AttributeError(nickname)
        return self.phone(nickname)

    def phone(self, account: str, messenger: str = "web", language: str = "zh") -> Phone:
        """Return the phone with this account; a new account is a stranger's."""
        return self.phones.setdefault((messenger, account), Phone(self, account, messenger, language))

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do something in one transaction."""
        return self.database.write_now(work)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Look something up."""
        return self.database.read_now(work)

    def betrayed(self) -> list[str]:
        """Return the words of requests that stood in a reply of a lower class than theirs."""

        def said(connection: Connection) -> set[tuple[str, str, str]]:
            cases, events = demand.demand.c, demand.event.c
            filed = {(row.category, row.text, row.text) for row in connection.execute(select(demand.demand))}
            query = select(cases.category, cases.text, events.text).where(events.demand_id == cases.id)
            added = connection.execute(query.where(events.act != Act.RATE.value))
            return filed | {(row[0], row[1], row[2]) for row in added}

        found = []
        for category, text, words in self.read(said):
            least = demand_category.class_of(category, text, words)
            if len(words) >= TELLING:
                found += [f"{words}: {one.plain}" for one in self.shown if words in one.plain and one.personal < least]
        return found

    def work(self, connection: Connection) -> Work:
        """Return a piece of work at the company's moment, for calling a service directly."""
        return Work(connection, self.organisation, self.now)

    def hear(self, arrival: Arrival) -> None:
        """Take one arrival through inbox and turn, as the program does."""
        body = json.dumps({"test": next(_keys)})
        [(row, _)] = self.write(lambda c: inbox.keep(c, arrival.messenger, [(f"test:{next(_keys)}", body)], self.now))
        try:
            self.write(lambda c: self.dispatch.hear(c, row, arrival, self.now))
        except Refusal as refusal:
            said = refusal
            self.write(lambda c: self.dispatch.refuse(c, row, arrival, said, self.now))

    def deliver(self) -> None:
        """Let every letter that is due arrive."""
        for messenger in {messenger for messenger, _ in self.phones} | {"web"}:
            while self._deliver_some(messenger):
                pass

    def _deliver_some(self, messenger: str) -> bool:
        letters = self.write(lambda c: self._take(c, messenger))
        for letter in letters:
            bubble = self.phone(letter.recipient, messenger).show(letter)
            number = letter.id
            self.write(
                partial(claims.settle, one=claims.Settlement(number, outbox.SENT, letter.claim, bubble), now=self.now)
            )
        return bool(letters)

    def _take(self, connection: Connection, messenger: str) -> list[Claimed]:
        """Claim what is due, as the delivery does."""
        work = Work(connection, self.organisation, self.now)
        taken = claim.take(work, messenger, 100, 100)
        for number in taken.late:
            kind, _ = campaign.subject_of(connection, number)
            self.dispatch.tick(connection, KINDS[kind].asks, str(number), self.now, self.now)
        for number in taken.uncounted:
            claim.count(work, number, campaign.census(connection, number))
        return taken.letters

    def _next_letter(self, connection: Connection, goal: datetime) -> datetime:
        """Return when the next letter is due, at most `goal`."""
        found = [claims.next_due(connection, messenger) for messenger in {name for name, _ in self.phones} | {"web"}]
        return min([goal, *(due for due in found if due is not None and due > self.now)])

    def travel(self, **delta: float) -> None:
        """Let time pass, minute-exact for the clock: everything that falls due on the way happens when it is due."""
        self.travel_to(self.now + timedelta(**delta))

    def travel_to(self, moment: datetime) -> None:
        """Let time pass until this moment (aware)."""
        goal = moment.astimezone(UTC)
        self.write(lambda c: _pass_quarters(c, goal))
        self.deliver()
        while self.now < goal:
            # Letters arrive on their own day, however far one travels.
            until = self.read(lambda c: self._next_letter(c, min(goal, self.now + timedelta(hours=12))))
            while self.write(lambda c, until=until: self._tick_until(c, until)):  # type: ignore[misc]
                pass
            self.now = until
            self.deliver()

    def _tick_until(self, connection: Connection, goal: datetime, at_once: int = 50) -> bool:
        """Do what falls due before the goal, some ticks to a transaction; False when nothing is left."""
        for _ in range(at_once):
            wake = schedule.next_wake(connection)
            if wake is None or wake > goal:
                return False
            self.now = max(self.now, wake)
            clock.run_next(connection, self.dispatch, self.now)
        return True


def _pass_quarters(connection: Connection, goal: datetime) -> None:
    """Let the quarters of an hour pass as one, in which deadlines are looked at, while nobody has filed anything."""
    if connection.scalar(select(demand.demand.c.id).limit(1)) is None:
        ours = schedule.schedule.c.tick == demand_deadline.TICK
        later = schedule.schedule.c.next_due < goal
        connection.execute(schedule.schedule.update().where(ours, later).values(next_due=goal))
