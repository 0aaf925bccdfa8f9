"""Binding codes as a sheet of cards: asked about first, made by a form, shown this once and made to be printed."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from console.grammar import Page, Pages, Result, Visit
from console.people_export import asked_of
from domain.permission import Action
from services import people, people_codes
from services.people import Asked
from services.sending import messenger_name

FIELDS = ("q", "unit", "standing")


def register(pages: Pages) -> None:
    """Add these pages to those of the people."""
    pages.get("people/codes", needs=Action.INVITE)(ask)
    pages.post("people/codes", needs=Action.INVITE)(make)


def _where(visit: Visit, asked: Asked) -> str:
    return people.unit_seen(visit.work, visit.person.id, asked.unit).name if asked.unit else ""


def _ways(visit: Visit) -> dict[str, Callable[[str], str]]:
    """Return the messengers that a picture may open with a code: the chat page, and a bot whose name is known."""
    page, telegram = visit.work.organisation.page, visit.links.get("telegram")
    ways: dict[str, Callable[[str], str]] = {}
    if page:
        ways["web"] = f"{page}/chat/?start={{}}".format
    if telegram is not None and telegram(""):
        ways["telegram"] = telegram
    return ways


def ask(visit: Visit) -> Result:
    """Say how many codes there will be, and that earlier ones end."""
    asked = asked_of(visit.query)
    fields = {name: visit.query[name] for name in FIELDS if visit.query.get(name)}
    facts = {
        "count": people_codes.count(visit.work, visit.person.id, asked),
        "most": people_codes.MOST,
        "fields": fields,
        "back": f"/console/people?{urlencode(fields)}",
        "place": _where(visit, asked),
        "asked": asked,
        "ways": [(name, messenger_name(visit.voice, name)) for name in _ways(visit)],
    }
    return Page("people_codes_ask.html", facts)


def make(visit: Visit) -> Result:
    """Make the codes and show the sheet."""
    asked = asked_of(visit.form)
    cards = people_codes.issue(visit.work, visit.person.id, asked)
    ways = _ways(visit)
    way = visit.form.get("way", "")
    way = way if way in ways else next(iter(ways), "")
    facts = {
        "cards": [(card, _drawn(ways[way](card.payload) if way else card.code)) for card in cards],
        "place": _where(visit, asked),
        "way": way,
        "until": cards[0].expires_at,
    }
    return Page("people_codes.html", facts)


def _drawn(words: str) -> str:
    """Return a QR code as the address of a picture: dark on white also where the page is dark."""
    import segno  # noqa: PLC0415 - a start need not pay for it

    code = segno.make(words, error="m", micro=False)
    return str(code.svg_data_uri(scale=4, border=3, dark="#000", light="#fff"))
