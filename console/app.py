"""The console's door: cookies, form keys, origins, limits; one transaction a visit; refusals as pages.

A visit without a session is told how to sign in (by `/console` in the chat). Only a POST changes anything, and only
with the form key of its session and from our own origin.
"""

from __future__ import annotations

import hmac
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from console import form, once
from console.beside import Beside
from console.drawing import draw, menu
from console.grammar import Download, Go, Later, Page, Picture, Result, Route, Visit, all_routes
from console.limit import Limit
from console.machine import Machine
from console.stream import Streams
from content import LANGUAGES, Voice, voice
from domain.organisation import Organisation
from domain.permission import Action
from domain.preview import Previews
from domain.refusal import Refusal
from domain.session import ABSOLUTE, Session, digest
from services import audit, permission, session
from services.work import Work

log = logging.getLogger(__name__)
Transaction = Callable[[Callable[[Work], Any]], Awaitable[Any]]
"""Does a piece of work in one transaction, at the moment of now."""
STATIC = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
REFUSED = 400
"""Status of an answer from which on it is a refusal."""
ALWAYS = frozenset({"out", "out/everywhere"})
"""Paths that anybody is served while this copy is paused: to sign out."""
_NAME = re.compile(r"\{(\w+)\}")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    # With `no-referrer` browsers send `Origin: null` with a form (old ones nothing), and no way back after a refusal.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

OF_PICTURES = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox"}
"""Opened by itself, a picture may do nothing at all."""


@dataclass(slots=True)
class _Asked:
    """What came, and what became of it inside the transaction."""

    secret: str
    method: str
    numbers: Mapping[str, int]
    query: Mapping[str, str]
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    visit: Visit | None = None
    menu: list[tuple[str, str]] = field(default_factory=list)
    stale: Session | None = None
    """Its last use should be written down again."""
    forged: bool = False
    who: int = 0
    """The member whose session it is."""
    sign: str = ""
    """What its form is known by."""
    drawn: str = field(default_factory=lambda: secrets.token_hex(8))


class Console:
    """Serves the pages of every noun."""

    def __init__(
        self,
        organisation: Organisation,
        read: Transaction,
        write: Transaction,
        machine: Machine,
        *,
        secure: bool,
        sent: Callable[[], None] = lambda: None,
        links: Mapping[str, Callable[[str], str]] | None = None,
        previews: Previews = lambda _reply, _language, _kind: (),
    ) -> None:
        """`secure`: browsers reach us by https. `sent`: called after each change, which may have written letters.

        `links`: into the chats, see `Visit`. `previews`: what messengers make of a reply.
        """
        self._organisation, self._read, self._write, self._machine = organisation, read, write, machine
        self._links, self._previews = links or {}, previews
        self._sent = sent
        self._cookie, self._secure = ("__Host-console" if secure else "console"), secure
        self._static = {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in TYPES}
        self._limit = Limit()
        self._streams = Streams()
        self._beside = Beside(read)
        self._routes = all_routes()

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the routes, and the health check for whatever watches the process."""
        found = [
            web.get("/healthz", _health),
            web.get("/console/static/{name}", self._file_of_ours),
            web.get("/console/in/{secret:[0-9a-f]{64}}", self._door),
            web.post("/console/in/{secret:[0-9a-f]{64}}", self._enter),
            web.get("/console", _to_console),
        ]
        for route in self._routes:
            path = "/console/" + _NAME.sub(r"{\1:[1-9][0-9]{0,17}}", route.path)
            found.append(web.route(route.method, path, self._served_by(route)))
        return [*found, web.route("*", "/console/{rest:.*}", self._nothing)]

    def _served_by(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            try:
                if route.live_every:
                    return await self._stream(request, route)
                return await self._serve(request, route)
            except web.HTTPException:
                raise
            except Exception:
                number = secrets.token_hex(3).upper()
                log.exception("console: %s /console/%s failed (%s)", request.method, route.path, number)
                return self._plain(request, "mistake", 500, number=number)

        return serve

    async def _serve(self, request: web.Request, route: Route) -> web.StreamResponse:
        if (closed := self._closed(request)) is not None:
            return closed
        numbers = {name: int(value) for name, value in request.match_info.items()}
        asked = _Asked(self._secret(request), request.method, numbers, form.plain(request.query))
        if request.method == "POST":
            read = await form.read(request) if await self._holds(request) else ({}, {})
            if read is None:
                return self._plain(request, "too_large", 413, back=form.stood_on(request))
            asked.form, asked.files = read
            asked.sign = once.sign(asked.secret, request.path_qs, *read)
        transaction = self._write if request.method == "POST" else self._read
        try:
            result: Result | None = await transaction(lambda work: self._run(work, asked, route))
        except Refusal as refusal:
            _tell(request, refusal.code, asked)
            return self._refused(request, asked, refusal)
        if isinstance(result, Download) and not form.stands_alone(request):
            # Another page led the browser here: no file of ours is saved, and no line noted in this person's name.
            _tell(request, "led_here", asked)
            return self._plain(request, "led_here", 403)
        await self._afterwards(asked, result)
        if result is None:
            what, status = ("paused", 503) if self._machine.paused() else ("sign_in", 401)
            if asked.forged:
                what, status = "forged", 403
            _tell(request, what, asked)
            return self._plain(request, what, status)
        self._limit.know(digest(asked.secret))
        return self._answered(request, asked, route, result)

    async def _afterwards(self, asked: _Asked, result: Result | None) -> None:
        """Do what follows from a visit that is committed, before it is answered."""
        if asked.method == "POST":
            self._sent()
            for follow in asked.visit.then if asked.visit else ():
                follow()
        if asked.stale is not None:
            stale = asked.stale
            await self._write(lambda work: session.touch(work, stale))
        if isinstance(result, Download) and (records := result.records) is not None:
            # Looking changes nothing, but no records are given away without a line in the audit trail.
            await self._write(lambda work: audit.saved(work, asked.who, records.what, records.rows))

    async def _stream(self, request: web.Request, route: Route) -> web.StreamResponse:
        """Send a part of a page whenever it changed, as server-sent events; looking at it keeps no session alive."""
        if (closed := self._closed(request)) is not None:
            return closed
        if not form.same_origin(request):
            _tell(request, "forged")
            return self._plain(request, "forged", 403)
        who = digest(self._secret(request))
        if not self._streams.enter(who):
            _tell(request, "too_often")
            return self._plain(request, "too_often", 429)
        try:
            # What changed is told by comparing: the forms in a part keep their sign.
            drawn = secrets.token_hex(8)
            return await self._streams.run(request, route.live_every, lambda: self._part(request, route, drawn))
        finally:
            self._streams.leave(who)

    async def _part(self, request: web.Request, route: Route, drawn: str) -> str | None:
        """Return the part as it is now; None when this browser may not look, or no more."""
        numbers = {name: int(value) for name, value in request.match_info.items()}
        asked = _Asked(self._secret(request), "GET", numbers, form.plain(request.query), drawn=drawn)
        if self._machine.paused():
            return None
        try:
            result: Result | None = await self._read(lambda work: self._run(work, asked, route))
        except Refusal as refusal:
            _tell(request, refusal.code, asked)
            return None
        if not isinstance(result, Page) or asked.visit is None:
            return None
        return draw(result.template, asked.visit.voice, self._organisation, result.facts, visit=asked.visit)

    def _secret(self, request: web.Request) -> str:
        """Return the secret that a request came with; what can't be one is none."""
        found = request.cookies.get(self._cookie, "")
        return found if found.isascii() else ""

    def _who(self, request: web.Request) -> str:
        """Return the session that a request came with, if it is one that was seen to hold; else nothing."""
        who = digest(self._secret(request))
        return who if self._limit.knows(who) else ""

    async def _holds(self, request: web.Request) -> bool:
        """Answer whether a request came with a session, before its body is read."""
        if self._who(request):
            return True
        secret = self._secret(request)
        return bool(secret) and await self._read(lambda work: session.find(work, secret)) is not None

    def _closed(self, request: web.Request) -> web.StreamResponse | None:
        """Return what is answered without looking at anything, or None to go on."""
        if not self._limit.take(self._who(request) or request.remote or "", datetime.now(UTC)):
            _tell(request, "too_often")
            return self._plain(request, "too_often", 429)
        if request.method == "POST" and not form.same_origin(request):
            _tell(request, "forged")
            return self._plain(request, "forged", 403)
        return None

    def _run(self, work: Work, asked: _Asked, route: Route) -> Result | None:
        """Do it all inside the transaction: who is it, is the form ours, may they, and then the page itself."""
        found = session.find(work, asked.secret) if asked.secret else None
        person = session.person_of(work, found) if found else None
        if found is None or person is None:
            return None
        asked.who = person.id
        if asked.method == "POST" and not hmac.compare_digest(
            asked.form.get("key", "").encode(), found.form_key.encode()
        ):
            asked.forged = True
            return None
        if asked.method == "GET" and session.needs_touch(work, found):
            asked.stale = found
        speech = voice(person.language or self._organisation.language)
        came = (asked.numbers, asked.query, asked.form, asked.files)
        asked.visit = Visit(
            work, person, found, speech, self._machine, *came,
            links=self._links, previews=self._previews, drawn=asked.drawn,
        )  # fmt: skip
        if self._machine.paused() and not self._served_paused(work, person.id, route):
            return None
        asked.menu = menu(asked.visit, self._open())
        if route.needs is not None and not permission.may_anywhere(work, person.id, route.needs):
            raise Refusal("permission.nowhere")
        return once.run(route, asked.visit, asked.sign)

    def _served_paused(self, work: Work, person: int, route: Route) -> bool:
        """Answer whether somebody may see this while the copy is paused: whoever can do something about it."""
        return route.when_paused and (
            route.path in ALWAYS or permission.may_everywhere(work, person, Action.RUN_MACHINE)
        )

    def _open(self) -> list[Route]:
        """Return the routes that are served at the moment."""
        return [one for one in self._routes if one.when_paused] if self._machine.paused() else self._routes

    def _refused(self, request: web.Request, asked: _Asked, refusal: Refusal) -> web.StreamResponse:
        if asked.visit is None:
            return self._plain(request, "mistake", 403, number="-")
        speech = asked.visit.voice
        facts = {"why": speech.say(refusal.code, **refusal.facts).plain, "back": form.stood_on(request)}
        body = draw("refused.html", speech, self._organisation, facts, visit=asked.visit, shown=asked.menu)
        return web.Response(
            text=body, content_type="text/html", headers=HEADERS, status=403 if request.method == "GET" else 409
        )

    def _answered(self, request: web.Request, asked: _Asked, route: Route, result: Result) -> web.StreamResponse:
        if isinstance(result, Go):
            way = f"/console/{result.path}"
            way += f"{'&' if '?' in way else '?'}notice={quote(result.notice)}" if result.notice else ""
            return web.Response(status=303, headers={**HEADERS, "Location": way})
        if isinstance(result, Download):
            saved = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(result.name)}"}
            charset = "utf-8" if result.mime.startswith("text/") else None
            return web.Response(
                body=result.body, content_type=result.mime, charset=charset, headers={**HEADERS, **saved}
            )
        if isinstance(result, Picture):
            return web.Response(text=result.svg, content_type=TYPES[".svg"], headers={**HEADERS, **OF_PICTURES})
        if isinstance(result, Later):
            self._beside.begin(result)
            result = result.meanwhile
        visit = asked.visit
        assert visit is not None  # noqa: S101 - a page was drawn for somebody
        for why in visit.refusals or (["drawn again"] if result.status >= REFUSED else []):
            # The page says why, beside the form that was sent.
            _tell(request, why, asked)
        name, page = f"notice_{request.query.get('notice', '')}", visit.voice.page
        notice = page.get(route.noun, {}).get(name) or page["console"].get(name, "")
        body = draw(
            result.template, visit.voice, self._organisation, result.facts,
            visit=visit, shown=asked.menu, here=route.noun, notice=notice,
        )  # fmt: skip
        return web.Response(text=body, content_type="text/html", headers=HEADERS, status=result.status)

    def _plain(self, request: web.Request, what: str, status: int, **facts: object) -> web.Response:
        """Answer in a sentence, to whoever it may be."""
        speech = self._speech(request)
        body = draw("plain.html", speech, self._organisation, {"what": what, "facts": facts})
        return web.Response(text=body, content_type="text/html", headers=HEADERS, status=status)

    def _speech(self, request: web.Request) -> Voice:
        wish = request.query.get("language", "") or request.cookies.get("console_language", "")
        return voice(wish if wish in LANGUAGES else self._organisation.language)

    async def _nothing(self, request: web.Request) -> web.StreamResponse:
        if (closed := self._closed(request)) is not None:
            return closed
        if request.method in {"GET", "HEAD", "POST"}:
            return self._plain(request, "nothing", 404)
        answer = self._plain(request, "nothing", 405)
        answer.headers["Allow"] = "GET, POST"
        return answer

    async def _door(self, request: web.Request) -> web.StreamResponse:
        """Show what the link is for; nothing is used up, for messengers look at links before people do."""
        return self._closed(request) or self._plain(request, "door", 200)

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        """Use the link up, and begin a session under a new secret."""
        if (closed := self._closed(request)) is not None:
            return closed
        link = request.match_info["secret"]
        entered = await self._write(lambda work: session.enter(work, link))
        if entered is None:
            _tell(request, "link_over")
            return self._plain(request, "link_over", 403)
        self._limit.know(digest(entered))
        answer = web.Response(status=303, headers={**HEADERS, "Location": "/console/"})
        answer.set_cookie(
            self._cookie, entered, max_age=int(ABSOLUTE.total_seconds()), path="/",
            secure=self._secure, httponly=True, samesite="Lax",
        )  # fmt: skip
        return answer

    async def _file_of_ours(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        body = self._static.get(name)
        if body is None:
            return self._plain(request, "nothing", 404)
        headers = {**HEADERS, "Cache-Control": "no-cache"}
        return web.Response(body=body, content_type=TYPES[Path(name).suffix], charset="utf-8", headers=headers)


async def _health(_request: web.Request) -> web.Response:
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})


async def _to_console(_request: web.Request) -> web.Response:
    raise web.HTTPPermanentRedirect("/console/")


def _tell(request: web.Request, why: str, asked: _Asked | None = None) -> None:
    """Log a refusal: who, where and why. The address itself may hold secrets and line ends: its route stands for it."""
    who = f"member {asked.who}" if asked and asked.who else request.remote
    resource = request.match_info.route.resource
    log.info("console: %s %s refused to %s: %s", request.method, resource.canonical if resource else "", who, why)
