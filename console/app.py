"""The console's front door. Until somebody can sign in there it says where the work is done today: in the chat."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from pathlib import Path

from aiohttp import web

from content import LANGUAGES, voice

STYLE = (Path(__file__).parent / "console.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


async def _front_door(request: web.Request) -> web.Response:
    """Speak the language that the link names, as the chat does; a browser's own is often not its reader's."""
    wish = request.query.get("language", "")
    language = wish if wish in LANGUAGES else LANGUAGES[0]
    page = {key: escape(words) for key, words in voice(language).page["console"].items()}
    other = next(one for one in LANGUAGES if one != language)
    body = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{page["title"]}</title>'
        f"<style>{STYLE}</style>"
        f'<header><h1>{page["title"]}</h1><a href="?language={other}">{page["other_language"]}</a></header>'
        f'<main><p>{page["where"]}</p><p><a class="way" href="/">{page["chat"]}</a></p></main></html>'
    )
    return web.Response(text=body, content_type="text/html", headers=_HEADERS)


async def _health(_request: web.Request) -> web.Response:
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})


def console_routes() -> Sequence[web.RouteDef]:
    """Return the console's routes, and the health check for whatever watches the process."""
    return [web.get("/console/", _front_door), web.get("/healthz", _health)]
