"""The chat page, the demo wall, uploads and downloads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from domain.file_type import file_type, picture_type
from messengers.base import StoredFile, Surroundings
from messengers.web import Section, security

STATIC = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
LARGEST = 20 << 20


class Pages:
    """Everything of the embedded chat that is plain HTTP."""

    def __init__(self, section: Section, surroundings: Surroundings) -> None:
        """Read the static files once; there are few."""
        self._section = section
        self._surroundings = surroundings
        self._headers = security.headers(section.embed_origins)
        self._static = {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in TYPES}

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/", self._front),
            web.get("/chat/", self._chat),
            web.get("/chat", self._to_chat),
            web.get("/chat/labels", self._labels),
            web.get("/chat/people", self._people),
            web.get("/chat/static/{name}", self._file_of_ours),
            web.post("/chat/upload", self._upload),
            web.get("/chat/in/{ticket}", self._door),
            web.post("/chat/in/{ticket}", self._enter),
            web.get("/chat/file/{number}", self._download),
        ]

    def _page(self, name: str) -> web.Response:
        body = (STATIC / name).read_text(encoding="utf-8")
        return web.Response(text=body, content_type="text/html", headers=self._headers)

    async def _front(self, _request: web.Request) -> web.Response:
        return self._page("demo.html") if self._surroundings.demo_people else self._page("chat.html")

    async def _chat(self, _request: web.Request) -> web.Response:
        return self._page("chat.html")

    async def _to_chat(self, request: web.Request) -> web.Response:
        raise web.HTTPPermanentRedirect(f"/chat/{'?' + request.query_string if request.query_string else ''}")

    async def _labels(self, request: web.Request) -> web.Response:
        language = request.query.get("language", "zh")
        labels = self._surroundings.labels.get(language) or self._surroundings.labels.get("zh", {})
        return web.json_response(dict(labels), headers=self._headers)

    async def _people(self, _request: web.Request) -> web.Response:
        """Who a visitor of the demo may be; nobody outside the demo."""
        return web.json_response([dict(person) for person in self._surroundings.demo_people], headers=self._headers)

    async def _file_of_ours(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        body = self._static.get(name)
        if body is None:
            raise web.HTTPNotFound
        headers = {**self._headers, "Cache-Control": "no-cache"}
        return web.Response(body=body, content_type=TYPES[Path(name).suffix], charset="utf-8", headers=headers)

    def _paused(self) -> web.Response | None:
        """Return what a paused copy answers to all but its page."""
        if not self._surroundings.doors.paused():
            return None
        return web.json_response({"why": "paused"}, status=503, headers=self._headers)

    async def _upload(self, request: web.Request) -> web.Response:
        """Keep a file and sign what the page may say of it."""
        if (paused := self._paused()) is not None:
            return paused
        user = security.account_of(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if user is None or not security.origin_allowed(request, self._section.embed_origins):
            return web.Response(status=403)
        if not await self._surroundings.doors.may_send_files("web", user):
            return web.json_response({"why": "not_bound"}, status=403)
        if (request.content_length or 0) > LARGEST:
            return web.json_response({"why": "too_large"}, status=413)
        body = await request.content.read(LARGEST + 1)
        while len(body) <= LARGEST and (more := await request.content.read(LARGEST + 1 - len(body))):
            body += more
        if len(body) > LARGEST or not body:
            return web.json_response({"why": "too_large" if body else "empty"}, status=413 if body else 400)
        name, mime = security.clean_name(request.query.get("name", "file")), file_type(body)
        number = await self._surroundings.doors.keep_file(StoredFile(name, mime, body))
        signature = security.sign(self._surroundings.secret, "upload", user, number, name, mime, len(body))
        answer = {"attachment": number, "name": name, "mime": mime, "size": len(body), "sig": signature}
        return web.json_response(answer, headers=self._headers)

    async def _door(self, _request: web.Request) -> web.Response:
        """Show what a one-time link is for; nothing is used up, for messengers look at links before people do."""
        return self._page("in.html")

    async def _enter(self, request: web.Request) -> web.Response:
        """Use a link up: the browser's fresh account becomes, for some hours, the person to whom it was sent."""
        if (paused := self._paused()) is not None:
            return paused
        account = security.account_of(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if account is None or not security.origin_allowed(request, ()):
            return web.Response(status=403)
        outcome = await self._surroundings.doors.sign_in(request.match_info["ticket"], account)
        return web.json_response({"outcome": outcome}, headers=self._headers)

    async def _download(self, request: web.Request) -> web.Response:
        """Give a file to whom it was sent. Only pictures open in the page; everything else is saved."""
        if (paused := self._paused()) is not None:
            return paused
        number, user = request.match_info["number"], request.query.get("user", "")
        given = request.query.get("sig", "")
        if not number.isdigit() or not security.signed(self._surroundings.secret, given, "file", int(number), user):
            raise web.HTTPNotFound
        found = await self._surroundings.doors.open_file(int(number))
        if found is None:
            raise web.HTTPNotFound
        mime = picture_type(found.body)
        how = "inline" if mime else "attachment"
        headers = {
            **self._headers,
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Disposition": f"{how}; filename*=UTF-8''{quote(found.name)}",
        }
        return web.Response(body=found.body, content_type=mime or "application/octet-stream", headers=headers)
