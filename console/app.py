"""The console's front door. Until somebody can sign in there it says where the work is done today: in the chat."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from content import voice

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


async def _front_door(request: web.Request) -> web.Response:
    language = "en" if request.headers.get("Accept-Language", "zh").lower().startswith("en") else "zh"
    page = voice(language).page["console"]
    body = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{page["title"]}</title>'
        f'<main><h1>{page["title"]}</h1><p>{page["where"]}</p><p><a href="/chat/">{page["chat"]}</a></p></main></html>'
    )
    return web.Response(text=body, content_type="text/html", headers=_HEADERS)


async def _health(_request: web.Request) -> web.Response:
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})


def console_routes() -> Sequence[web.RouteDef]:
    """Return the console's routes, and the health check for whatever watches the process."""
    return [web.get("/console/", _front_door), web.get("/healthz", _health)]
