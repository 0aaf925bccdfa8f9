"""Walking the console as a browser without eyes: every link and every form on a page, by the route that serves it."""

from __future__ import annotations

import http.client
import io
import re
import secrets
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from html.parser import HTMLParser
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

from console.grammar import Route, all_routes

REFUSED = {204, 401, 403, 404, 409}
"""What a "no" looks like; 204 is a stream's."""
VARIANTS = 2
"""So many queries of the same names are opened on what one route serves; every address without a query is."""


@dataclass(slots=True)
class Field:
    """One thing to fill in."""

    name: str
    kind: str
    value: str = ""
    options: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Form:
    """A form as it stands on a page; `buttons`: (name, value, class) of each way to send it."""

    page: str
    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)

    def ways(self) -> Iterator[tuple[str, str, str]]:
        """Yield each button, or the one way of a form that has none with a name."""
        named = [one for one in self.buttons if one[0]]
        yield from named or [("", "", self.buttons[0][2] if self.buttons else "")]

    def filled(self, words: str = "") -> dict[str, str]:
        """Return what it would send as it stands; `words` go wherever something may be written."""
        return {one.name: _filling(one, words) for one in self.fields if one.name and one.kind != "file"}

    @property
    def files(self) -> list[Field]:
        """Where a file may be given."""
        return [one for one in self.fields if one.kind == "file"]


DAY, CLOCK = "2026-12-10", "15:00"


def _filling(one: Field, words: str) -> str:
    if one.kind in {"hidden", "checkbox", "radio"}:
        return one.value
    if one.kind == "select":
        return one.value or next((option for option in one.options if option), "")
    usual = {"date": DAY, "time": CLOCK, "datetime-local": f"{DAY}T{CLOCK}", "month": DAY[:7], "number": "1"}
    if one.kind in usual:
        return one.value or one.facts.get("min", "") or usual[one.kind]
    longest = int(one.facts.get("maxlength", "") or 10_000)
    return (words or one.value)[:longest]


@dataclass(slots=True)
class Table:
    """A table as it stands on a page: how many rows of it are shown, and where the links after it lead."""

    rows: int = 0
    after: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page, self.links, self.forms, self.outside = page, list[str](), list[Form](), list[str]()
        self.tables, self._in_body = list[Table](), False
        self._form: Form | None = None
        self._select: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        for name in ("href", "src", "action", "data-live", "formaction", "poster", "srcset", "data"):
            if re.match(r"(?i)\s*([a-z][a-z0-9+.-]*:|//)", facts.get(name, "")):
                self.outside.append(facts[name])
        if tag in {"a", "link", "area"} and facts.get("href"):
            self.links.append(facts["href"])
        self._of_tables(tag, facts.get("href", ""))
        if tag in {"script", "img"} and facts.get("src"):
            self.links.append(facts["src"])
        if facts.get("data-live"):
            self.links.append(facts["data-live"])
        if tag == "form":
            action = facts.get("action") or self.page
            self._form = Form(self.page, action, facts.get("method", "get").upper())
            self.forms.append(self._form)
        elif self._form is not None:
            self._inside(tag, facts)

    def _of_tables(self, tag: str, link: str) -> None:
        if tag == "table":
            self.tables.append(Table())
        elif tag == "tbody":
            self._in_body = True
        elif self.tables and self._in_body:
            self.tables[-1].rows += tag == "tr"
        elif self.tables and tag == "a" and link:
            self.tables[-1].after.append(link)

    def _inside(self, tag: str, facts: dict[str, str]) -> None:
        assert self._form is not None
        kind = facts.get("type", "text" if tag == "input" else "submit")
        if tag == "button" or (tag == "input" and kind in {"submit", "image"}):
            self._form.buttons.append((facts.get("name", ""), facts.get("value", ""), facts.get("class", "")))
        elif tag == "input" and kind in {"radio", "checkbox"}:
            twin = any(one.name == facts.get("name") for one in self._form.fields)
            if "checked" in facts or not twin:
                fields = [one for one in self._form.fields if one.name != facts.get("name")]
                self._form.fields = [*fields, Field(facts.get("name", ""), kind, facts.get("value", "on"), [], facts)]
        elif tag == "input":
            self._form.fields.append(Field(facts.get("name", ""), kind, facts.get("value", ""), [], facts))
        elif tag == "textarea":
            self._form.fields.append(Field(facts.get("name", ""), "textarea", "", [], facts))
        elif tag == "select":
            self._select = Field(facts.get("name", ""), "select", "", [], facts)
            self._form.fields.append(self._select)
        elif tag == "option" and self._select is not None:
            self._select.options.append(facts.get("value", ""))
            if "selected" in facts:
                self._select.value = facts.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "tbody":
            self._in_body = False
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    path: str

    @property
    def refused(self) -> bool:
        """Whether it is a "no"."""
        return self.status in REFUSED

    @property
    def html(self) -> bool:
        """Whether it is a page."""
        return self.headers.get("Content-Type", "").startswith("text/html")

    @cached_property
    def words(self) -> str:
        """Everything that can be read in it, in the leaves of an office file too."""
        if self.body[:2] != b"PK":
            return self.body.decode("utf-8", "replace")
        try:
            with zipfile.ZipFile(io.BytesIO(self.body)) as packed:
                inner = [packed.read(name) for name in packed.namelist()]
        except zipfile.BadZipFile:
            return ""
        leaves = [
            Answer(200, {}, one, "").words if one[:2] == b"PK" else one.decode("utf-8", "replace") for one in inner
        ]
        return "\n".join(leaves)

    @cached_property
    def _read(self) -> _Reader:
        reader = _Reader(self.path)
        if self.html:
            reader.feed(self.words)
        return reader

    @property
    def forms(self) -> list[Form]:
        """The forms on the page."""
        return self._read.forms

    @property
    def tables(self) -> list[Table]:
        """The tables on the page."""
        return self._read.tables

    @property
    def outside(self) -> list[str]:
        """Addresses on the page that are not ours."""
        return self._read.outside

    @property
    def links(self) -> list[str]:
        """Where the page leads, and what it is made of: paths of ours."""
        found = (urljoin(self.path, one).partition("#")[0] for one in self._read.links)
        return [one for one in dict.fromkeys(found) if one.startswith("/")]


@cache
def _patterns() -> list[tuple[re.Pattern[str], Route]]:
    found = []
    for route in all_routes():
        shape = re.sub(r"\\\{\w+\\\}", r"([1-9][0-9]{0,17})", re.escape(route.path))
        found.append((re.compile(f"/console/{shape}"), route))
    return found


def route_of(path: str, method: str = "GET") -> tuple[Route, tuple[int, ...]] | None:
    """Return the route that serves a path, and the numbers in it, as the program finds them: the first that fits."""
    bare = unquote(urlsplit(path).path)
    for pattern, route in _patterns():
        if route.method == method and (fits := pattern.fullmatch(bare)):
            return route, tuple(map(int, fits.groups()))
    return None


class Visitor:
    """One person's browser: a connection that is kept, a cookie, and what it has been shown."""

    def __init__(self, url: str, name: str = "") -> None:
        """Nobody is signed in yet."""
        self.name, self.origin = name, url
        self._host = urlsplit(url).netloc
        self._line = http.client.HTTPConnection(self._host, timeout=20)
        self.cookie = ""
        self.form_key = ""

    def enters(self, link: str) -> None:
        """Sign in by a link."""
        answer = self.asks("POST", link)
        assert answer.status == 303, (self.name, answer.status)
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        found = re.search(r'name="key" value="([0-9a-f]{64})"', self.gets("/console/").words)
        assert found
        self.form_key = found[1]

    def asks(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request as a page of ours would, and read the answer; of a stream its first part."""
        shown = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"} if method == "POST" else {}
        shown |= {"Cookie": self.cookie} if self.cookie else {}
        self._line.request(method, path, body, {**shown, **(headers or {})})
        answer = self._line.getresponse()
        facts = dict(answer.getheaders())
        if facts.get("Content-Type", "").startswith("text/event-stream"):
            lines = iter(answer.readline, b"\n")
            part = b"".join(line.removeprefix(b"data: ") for line in lines)
            self._line.close()
            return Answer(answer.status, facts, part, path)
        return Answer(answer.status, facts, answer.read(), path)

    def gets(self, path: str, **headers: str) -> Answer:
        """Open a page, where it leads too."""
        answer = self.asks("GET", path, headers=headers)
        hops = 0
        while answer.status in {301, 302, 303, 307, 308} and hops < 3:
            answer = self.asks("GET", urljoin(path, answer.headers["Location"]), headers=headers)
            hops += 1
        return answer

    def posts(
        self,
        path: str,
        fields: Mapping[str, str],
        files: Mapping[str, tuple[str, bytes]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a form with one's own key; the answer as it comes, followed nowhere."""
        values = {**fields, **({"key": self.form_key} if "key" not in (headers or {}) else {})}
        shown = {name: value for name, value in (headers or {}).items() if name != "key"}
        if not files:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            return self.asks("POST", path, urlencode(values).encode(), {**kind, **shown})
        kind, body = _multipart(values, files)
        return self.asks("POST", path, body, {**kind, **shown})

    def close(self) -> None:
        """Hang up."""
        self._line.close()


def _multipart(fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]) -> tuple[dict[str, str], bytes]:
    edge = secrets.token_hex(12)
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, (called, body) in files.items():
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{called}"\r\n'
        parts.append(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + body + b"\r\n")
    return {"Content-Type": f"multipart/form-data; boundary={edge}"}, b"".join([*parts, f"--{edge}--\r\n".encode()])


@dataclass
class Walk:
    """What one person found by following every link."""

    who: str
    answers: dict[str, Answer] = field(default_factory=dict)

    @property
    def pages(self) -> Iterator[tuple[str, Answer]]:
        """The pages that were shown."""
        return ((path, one) for path, one in self.answers.items() if one.html and one.status == 200)

    @property
    def numbered(self) -> list[str]:
        """Paths that name something by its id, in the path or in the query."""
        return [
            path
            for path, answer in self.answers.items()
            if not answer.refused and re.search(r"/[0-9]+(/|$|\?|\.)|[?&]\w+=[0-9]+(&|$)", path)
        ]

    def forms(self) -> list[Form]:
        """Return every form that changes something, each (action, fields) once."""
        found: dict[tuple[str, ...], Form] = {}
        for _, answer in self.pages:
            for form in answer.forms:
                if form.method == "POST":
                    sign = (form.action, *sorted(f"{one.name}={_standing(one)}" for one in form.fields))
                    found.setdefault(sign, form)
        return list(found.values())

    def reached(self) -> set[str]:
        """Return the paths of the routes that showed something."""
        found = (route_of(path) for path, answer in self.answers.items() if not answer.refused)
        return {one[0].path for one in found if one}


def _standing(one: Field) -> str:
    """Return a hidden field's value; not of those that are drawn anew each time."""
    return one.value if one.kind == "hidden" and not re.fullmatch(r"[0-9a-f]{12,}", one.value) else ""


def walk(visitor: Visitor, begin: Iterable[str] = ("/console/",), most: int = 400, *, brief: bool = False) -> Walk:
    """Follow every link and every form that only looks, from the beginning on. `brief`: one address of each kind."""
    found, waiting = Walk(visitor.name), list(begin)
    seen: set[str] = set(waiting)
    shapes: dict[tuple[str, ...], int] = {}
    while waiting and len(found.answers) < most:
        path = waiting.pop(0)
        answer = visitor.gets(path)
        found.answers[path] = answer
        for link in [*answer.links, *_looks(answer)]:
            if link in seen or not link.startswith("/console"):
                continue
            seen.add(link)
            shape = _shape(link)
            shapes[shape] = shapes.get(shape, 0) + 1
            if shapes[shape] <= (1 if brief else VARIANTS) or (len(shape) == 1 and not brief):
                waiting.append(link)
    return found


SAVES = re.compile(r"(^|/)(export|table|people/list)$|\.(xlsx|csv)$")
"""Routes that save a list."""


def _shape(link: str) -> tuple[str, ...]:
    """Return the route that serves a link, and the names in its query that are given; those of a file matter less."""
    parts, named = urlsplit(link), route_of(link)
    if named and SAVES.search(named[0].path):
        return named[0].path, ""
    return (named[0].path if named else parts.path, *sorted(name for name, _ in parse_qsl(parts.query)))


def _looks(answer: Answer) -> Iterator[str]:
    """Yield where the forms that change nothing lead when they are sent as they stand."""
    for form in answer.forms:
        ready = all(_filling(one, "") or "required" not in one.facts for one in form.fields)
        if form.method == "GET" and ready:
            yield f"{urlsplit(urljoin(answer.path, form.action)).path}?{urlencode(form.filled())}"
