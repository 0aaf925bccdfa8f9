"""How a capability says what it understands: entries, typed buttons, steps, ticks; and the turn that each is handed."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from content import Voice
from domain.arrival import Arrival, Said, Uploaded
from domain.call import parse_call
from domain.member import NOTICE_VERSION, Person
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Block, Button, Choices, Personal, Reply, Text
from handlers import CAPABILITIES
from services.work import Work
from storage.address import Caller

LARGEST = 2**31 - 1
"""No number behind a button of ours is larger; a forged one is not let near the database."""
PATIENCE = timedelta(hours=2)
"""How long an open question waits for its words."""


class ExpiredCallError(Exception):
    """A button that no handler has any more, or whose arguments can't be read."""


@dataclass(slots=True)
class Turn:
    """One arrival of one person, inside one transaction. What a handler changes here is committed with its answer."""

    work: Work
    arrival: Arrival
    caller: Caller
    voice: Voice
    registry: Registry
    link: Callable[[str], str]
    """Payload -> a link that opens the private chat in this messenger; may be empty."""
    step: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    version: int = 0
    expires_at: datetime | None = None
    changed: bool = False
    numbered: bool = False
    """Buttons have numbers in this messenger, and a typed one presses them."""
    carries: Callable[[Personal], bool] = lambda _personal: True
    """Whether the messenger carries a reply of this class in private; above it stands a link."""
    forgets: bool = False
    """The update itself is not kept."""
    answered: Callable[[int], None] | None = None
    """Called with the answer's letter once it is written: the place of a card that will be kept living."""

    @property
    def person(self) -> Person:
        """Whoever speaks. Raises the refusal that tells what to do first, for a stranger or without consent."""
        if self.caller.person is None:
            raise Refusal("member.unbound")
        if self.caller.person.consent < NOTICE_VERSION:
            raise Refusal("member.consent_first")
        return self.caller.person

    def say(self, code: str, /, **facts: object) -> Text:
        """Return a sentence in the person's language."""
        return self.voice.say(code, **facts)

    def button(self, code: str, call: str, /, **facts: object) -> Button:
        """Return a button in the person's language."""
        return self.voice.button(code, call, **facts)

    def ask(self, step: str, /, **facts: Any) -> None:  # noqa: ANN401 - facts are JSON
        """Wait for words (or a file): the next thing said goes to this step, with these facts."""
        self.step, self.facts, self.changed = step, facts, True
        self.version += 1
        self.expires_at = self.work.now + PATIENCE

    def close(self) -> None:
        """Wait for nothing any more."""
        if self.step:
            self.step, self.facts, self.changed = "", {}, True
            self.version += 1

    def check_version(self, version: int) -> None:
        """Refuse a button of an earlier conversation than the open one."""
        if not self.step or version != self.version:
            raise Refusal("help.expired")


def reply(
    *blocks: Block,
    rows: Iterable[Sequence[Button]] = (),
    edits: bool = False,
    personal: Personal = Personal.PUBLIC,
) -> Reply:
    """Return a reply of these blocks, with rows of buttons beneath them."""
    kept = tuple(tuple(row) for row in rows if row)
    return Reply((*blocks, Choices(kept)) if kept else blocks, edits=edits, personal=personal)


@dataclass(frozen=True, slots=True)
class Entry:
    """A way in: a slash command, its phrases and its line in the help."""

    name: str
    noun: str
    run: Callable[[Turn, str], Reply]
    needs: Action | None
    writes: bool
    guests: bool
    listed: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """Something that the clock does: `(work, subject, due)`. Later than `late_limit` it is recorded as missed."""

    name: str
    run: Callable[[Work, str, datetime], None]
    late_limit: timedelta


@dataclass(frozen=True, slots=True)
class Matter:
    """One of today's things on the home card, most urgent first (0 is most)."""

    urgency: int
    words: str
    button: Button


StepFunction = Callable[[Turn, Said | Uploaded], Reply]


@dataclass(frozen=True, slots=True)
class Step:
    """What waits for words. One that `yields` lets a known phrase through: an answer to it is never a sentence.

    `numbers`: a number is an answer to it. `places`: so is a place. `digits`: six digits are, though a lone figure
    presses a button.
    """

    run: StepFunction
    yields: bool
    numbers: bool
    places: bool
    digits: bool


class Routes:
    """What one capability understands; each module makes one, named `routes`."""

    def __init__(self, noun: str) -> None:
        """Start empty."""
        self.noun = noun
        self.entries: list[Entry] = []
        self.buttons: dict[str, Callable[..., Reply]] = {}
        self.steps: dict[str, Step] = {}
        self.ticks: list[Tick] = []
        self.matters: list[Callable[[Turn], Iterable[Matter]]] = []
        self.schedules: list[Callable[[Work], None]] = []
        self.living: Callable[[Work, Voice, int], Reply] | None = None

    def entry(
        self,
        name: str,
        *,
        needs: Action | None = None,
        writes: bool = False,
        guests: bool = False,
        listed: bool = True,
    ) -> Callable[[Callable[[Turn, str], Reply]], Callable[[Turn, str], Reply]]:
        """Register a way in; the function gets the words after the command or the phrase.

        `needs`: shown to and served for those who may do this somewhere. `writes`: a guess by words is confirmed first.
        `guests`: served before binding and consent. `listed`: has a line in the help.
        """

        def register(function: Callable[[Turn, str], Reply]) -> Callable[[Turn, str], Reply]:
            self.entries.append(Entry(name, self.noun, function, needs, writes, guests, listed))
            return function

        return register

    def button(self, name: str) -> Callable[[Callable[..., Reply]], Callable[..., Reply]]:
        """Register what a button does; its arguments after the turn are `int` or `str`, in the order of the call."""

        def register(function: Callable[..., Reply]) -> Callable[..., Reply]:
            self.buttons[f"{self.noun}.{name}"] = function
            return function

        return register

    def step(
        self, name: str, *, yields: bool = False, numbers: bool = False, places: bool = False, digits: bool = False
    ) -> Callable[[StepFunction], StepFunction]:
        """Register what happens to the words (or the file) that an open question waits for.

        `yields`: a whole known phrase (我的积分) closes the question and opens its entry; a sentence is an answer.
        `numbers`: a bare number is an answer, where else it would press a numbered button.
        `places`: a place is an answer, in words.
        `digits`: six digits are an answer, where else they would sign in at an open sign-in.
        """

        def register(function: StepFunction) -> StepFunction:
            self.steps[f"{self.noun}.{name}"] = Step(function, yields, numbers, places, digits or numbers)
            return function

        return register

    def tick(
        self, name: str, *, late_limit: timedelta = timedelta(hours=2)
    ) -> Callable[[Callable[[Work, str, datetime], None]], Callable[[Work, str, datetime], None]]:
        """Register what the clock does when a schedule `noun.name` is due."""

        def register(function: Callable[[Work, str, datetime], None]) -> Callable[[Work, str, datetime], None]:
            self.ticks.append(Tick(f"{self.noun}.{name}", function, late_limit))
            return function

        return register

    def matter(self, function: Callable[[Turn], Iterable[Matter]]) -> Callable[[Turn], Iterable[Matter]]:
        """Register what this capability would put on a person's home card today."""
        self.matters.append(function)
        return function

    def lives(self, function: Callable[[Work, Voice, int], Reply]) -> Callable[[Work, Voice, int], Reply]:
        """Register what draws the card of whoever holds this meeting or activity, by its id, whoever's turn it is."""
        self.living = function
        return function

    def schedule(self, function: Callable[[Work], None]) -> Callable[[Work], None]:
        """Register what writes this capability's schedules; called at every start, must change nothing twice."""
        self.schedules.append(function)
        return function


class Registry:
    """All capabilities together."""

    def __init__(self, routes: Iterable[Routes]) -> None:
        """Join them. Raises ValueError when two claim one name."""
        self.routes = tuple(routes)
        self.entries: dict[str, Entry] = {}
        self.buttons: dict[str, Callable[..., Reply]] = {}
        self.steps: dict[str, Step] = {}
        self.ticks: dict[str, Tick] = {}
        self.living = {one.noun: one.living for one in self.routes if one.living is not None}
        """By noun: what draws the card that a sign-in keeps living."""
        for one in self.routes:
            _join(self.entries, {entry.name: entry for entry in one.entries})
            _join(self.buttons, one.buttons)
            _join(self.steps, one.steps)
            _join(self.ticks, {tick.name: tick for tick in one.ticks})
        self._kinds = {name: _argument_kinds(function) for name, function in self.buttons.items()}

    def press(self, turn: Turn, words: str) -> Reply:
        """Do what a button says. Raises `ExpiredCallError` for a call that nobody has (any more)."""
        try:
            name, arguments = parse_call(words)
            kinds = self._kinds[name]
            if len(arguments) != len(kinds):
                raise ExpiredCallError(words)
            values = [kind(argument) for kind, argument in zip(kinds, arguments, strict=True)]
            if any(isinstance(value, int) and abs(value) > LARGEST for value in values):
                raise ExpiredCallError(words)
        except (KeyError, ValueError) as error:
            raise ExpiredCallError(words) from error
        return self.buttons[name](turn, *values)


def _join(into: dict[str, Any], more: dict[str, Any]) -> None:
    twice = into.keys() & more.keys()
    if twice:
        msg = f"claimed twice: {sorted(twice)}"
        raise ValueError(msg)
    into.update(more)


def _argument_kinds(function: Callable[..., Reply]) -> tuple[Callable[[str], Any], ...]:
    """Return how each argument of a button is read, from the annotations."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    known: dict[str, Callable[[str], Any]] = {"int": int, "str": str}
    return tuple(known[str(parameter.annotation)] for parameter in parameters)


def open_registry(capabilities: Sequence[str] = CAPABILITIES) -> Registry:
    """Import the capabilities and join them."""
    return Registry(importlib.import_module(f"handlers.{name}").routes for name in capabilities)
