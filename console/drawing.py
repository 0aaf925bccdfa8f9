"""Drawing pages: templates that escape whatever people wrote, with the menu of whoever looks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.grammar import Route, Visit
from content import LANGUAGES, Voice
from domain.organisation import Organisation
from domain.permission import reach
from services import permission

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
SIGNED = '<input type="hidden" name="key" value="{}"><input type="hidden" name="once" value="{}">'
"""What stands in each form: the key of the session, and the sign of the page that was drawn."""


@cache
def environment() -> Environment:
    """Return the templates; a name that is missing in one is a mistake, not an empty word."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - a start need not pay for it

    class WordsFirst(Environment):
        """`words.clear` means the word `clear`, never the method of the dictionary in which it stands."""

        def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - whatever a template names
            if isinstance(obj, dict) and attribute in obj:
                return obj[attribute]
            return super().getattr(obj, attribute)

    return WordsFirst(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def menu(visit: Visit, routes: list[Route]) -> list[tuple[str, str]]:
    """Return (address, noun) of the first page of each noun that this person may open."""
    found: dict[str, str] = {}
    held = permission.grants_of(visit.work, visit.person.id)
    seat = permission.seat_for(visit.work, held)
    for route in routes:
        if route.method != "GET" or route.live_every or route.noun in found or "{" in route.path:
            continue
        if route.needs is None or reach(held, route.needs, seat):
            found[route.noun] = f"/console/{route.path}"
    return [(address, noun) for noun, address in found.items()]


@cache
def own(noun: str, suffix: str) -> tuple[str, ...]:
    """Return the names of the static files of a noun and of the noun that it is a part of (`life_screen`: `life`)."""
    names = dict.fromkeys((f"{noun.partition('_')[0]}{suffix}", f"{noun}{suffix}"))
    return tuple(name for name in names if noun and (STATIC / name).exists())


def draw(
    template: str,
    voice: Voice,
    organisation: Organisation,
    facts: Mapping[str, Any],
    *,
    visit: Visit | None = None,
    shown: list[tuple[str, str]] | None = None,
    here: str = "",
    notice: str = "",
) -> str:
    """Return a page as HTML."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja, which a start need not pay for

    other = next(one for one in LANGUAGES if one != voice.language)

    def local(moment: datetime) -> str:
        return f"{organisation.local(moment):%Y-%m-%d %H:%M}"

    return (
        environment()
        .get_template(template)
        .render(
            facts,
            page=voice.page,
            words=voice.page["console"],
            voice=voice,
            language=voice.language,
            other=other,
            organisation=organisation.name,
            local=local,
            person=visit.person if visit else None,
            form_signs=Markup(SIGNED).format(visit.session.form_key, visit.drawn) if visit else "",  # noqa: S704 - ours
            menu=shown or [],
            here=here,
            sheets=own(here, ".css"),
            scripts=own(here, ".js"),
            notice=notice,
        )
    )
