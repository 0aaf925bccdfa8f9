"""How a part of the console says what it serves: pages that look, forms that change, files; and the visit of each.

A page's function is plain and waits for nothing; whoever calls it opens the transaction and checks session, origin and
form key first. What may be seen is asked of `services/permission.py` again on each visit.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from console import NOUNS
from console.machine import Machine
from content import Voice
from domain.member import Person
from domain.permission import Action
from domain.preview import Previews
from domain.refusal import Refusal
from domain.session import Session
from services.job import Kind
from services.work import Work


class Look(Protocol):
    """Who looks at a list, in which language and with which filters: a visit, or a job that writes the list down."""

    @property
    def work(self) -> Work:
        """The transaction."""

    @property
    def person(self) -> Person:
        """Who looks."""

    @property
    def voice(self) -> Voice:
        """The language of whoever looks."""

    @property
    def numbers(self) -> Mapping[str, int]:
        """What stands in the path."""

    @property
    def query(self) -> Mapping[str, str]:
        """What the address asks for."""

    @property
    def machine(self) -> Machine | None:
        """The running program; a job does not reach it."""

    def words(self, noun: str) -> Mapping[str, str]:
        """Return the page words of a noun in the reader's language."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody signed in, inside one transaction."""

    work: Work
    person: Person
    session: Session
    voice: Voice
    machine: Machine
    numbers: Mapping[str, int] = field(default_factory=dict)
    """What stands in the path."""
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    """Name of the field -> (file name, bytes)."""
    then: list[Callable[[], None]] = field(default_factory=list)
    """What the program is to do once this is committed."""
    links: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    """Messenger -> what makes a link that opens the chat there with a payload; empty words where there is none."""
    previews: Previews = lambda _reply, _language, _kind: ()
    drawn: str = ""
    """The sign of the page that is drawn, which stands in all its forms."""
    refusals: list[str] = field(default_factory=list)
    """Codes of what was refused and is said on a page, for the door to log."""

    def why(self, refusal: Refusal) -> str:
        """Return a refusal in words, for a page that is drawn all the same."""
        self.refusals.append(refusal.code)
        return self.voice.line(refusal.code, **refusal.facts)

    def words(self, noun: str) -> Mapping[str, str]:
        """Return the page words of a noun in the reader's language."""
        return self.voice.page[noun]


@dataclass(frozen=True, slots=True)
class Page:
    """A template with its facts."""

    template: str
    facts: Mapping[str, Any]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Go:
    """On to another page of the console, perhaps with a notice (a key of the noun's page words) on it."""

    path: str
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Records:
    """What the audit trail keeps of a file that was saved: which records (`export_<what>` in words), how many rows."""

    what: str
    rows: int


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be saved."""

    name: str
    mime: str
    body: bytes
    records: Records | None
    """None: a template, an attachment, or a reader's own file given back. All else is noted by the door."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG that a page shows as an image; the page has the same figures in words."""

    svg: str


@dataclass(frozen=True, slots=True)
class Later:
    """What takes long is worked out beside, once for all who ask, by a reading piece of work; a page meanwhile."""

    name: str
    """What is under way under this name is not begun again."""
    work: Callable[[Work], None]
    meanwhile: Page


Result = Page | Go | Download | Picture | Later
Function = Callable[[Visit], Result]


@dataclass(frozen=True, slots=True)
class Route:
    """A path under `/console/`; `{number}` stands for a positive whole number."""

    method: str
    path: str
    noun: str
    run: Function
    needs: Action | None
    live_every: float = 0.0
    """Seconds between two looks of a part that is sent again whenever it changed; 0 for everything else."""
    when_paused: bool = False
    """Served to whoever runs the machine while this copy is paused, too."""


class Pages:
    """What one noun serves; each module makes one, named `pages`."""

    def __init__(self, noun: str) -> None:
        """Start empty."""
        self.noun = noun
        self.routes: list[Route] = []
        self.kinds: dict[str, Kind] = {}
        """What can be done as a job; `kind_<name>` in the words of the jobs' page is what it is called."""

    def get(
        self, path: str, *, needs: Action | None = None, when_paused: bool = False
    ) -> Callable[[Function], Function]:
        """Register a page that changes nothing. `needs`: served and listed for those who may do this somewhere.

        `when_paused`: whoever runs the machine is served while this copy is paused, too.
        """
        return self._register(Route("GET", path, self.noun, _nothing, needs, when_paused=when_paused))

    def post(
        self, path: str, *, needs: Action | None = None, when_paused: bool = False
    ) -> Callable[[Function], Function]:
        """Register what a form does."""
        return self._register(Route("POST", path, self.noun, _nothing, needs, when_paused=when_paused))

    def live(self, path: str, *, needs: Action | None = None, every: float = 2.0) -> Callable[[Function], Function]:
        """Register a part of a page (a template without `base.html`) that is looked at again `every` so many seconds.

        The page includes the same template and names the path: `<div data-live="/console/…">`; `console.js` puts in
        what comes. Without scripts the page shows how things stood when it was opened.
        """
        return self._register(Route("GET", path, self.noun, _nothing, needs, every))

    def _register(self, route: Route) -> Callable[[Function], Function]:
        def register(function: Function) -> Function:
            self.routes.append(replace(route, run=function))
            return function

        return register


def _nothing(_visit: Visit) -> Result:
    """Stand in a route until its function is known."""
    return Go("")


def all_routes(nouns: Iterable[str] = NOUNS) -> list[Route]:
    """Import the nouns; returns what they serve, in menu order."""
    return [route for noun in nouns for route in importlib.import_module(f"console.{noun}").pages.routes]


def all_kinds(nouns: Iterable[str] = NOUNS) -> dict[str, Kind]:
    """Import the nouns; returns what they let be done as jobs."""
    found: dict[str, Kind] = {}
    for noun in nouns:
        found |= importlib.import_module(f"console.{noun}").pages.kinds
    return found
