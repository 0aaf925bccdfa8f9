"""The audit trail as a list: who did what when, in words; by person, deed and day, and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from console.asked import day, whole
from console.grammar import Look, Pages, Result, Visit
from console.lists import Rows, later, saves
from console.settings_frame import framed
from domain.machine import EVERYTHING
from domain.permission import Action
from services import audit as service
from services.audit import Asked
from services.sending import messenger_name

pages = Pages("settings")
MACHINE = Action.RUN_MACHINE


def _asked(look: Look) -> tuple[Asked, dict[str, str]]:
    query = look.query
    first, last, before = day(query.get("first", "")), day(query.get("last", "")), query.get("before", "")
    number = whole(before)
    deed = query.get("deed", "")
    deed = deed if deed in service.kinds(look.work) else ""
    asked = Asked(query.get("who", "")[:40].strip(), query.get("about") == "yes", deed, first, last, number)
    shown = {
        "who": asked.who,
        "about": "yes" if asked.about else "",
        "deed": deed,
        "first": first.isoformat() if first else "",
        "last": last.isoformat() if last else "",
    }
    return asked, shown


def deed_name(words: Mapping[str, str], deed: str) -> str:
    """Return a deed in words."""
    return words.get(f"deed_{deed.replace('.', '_')}", deed)


def _row(look: Look, one: Any, names: Mapping[int, str]) -> dict[str, Any]:  # noqa: ANN401 - a deed
    words = look.words("settings")
    return {
        "at": one.at,
        "who": names.get(one.actor_id, "") if one.actor_id else words["by_machine"],
        "deed": deed_name(words, one.deed),
        "about": names.get(one.subject_id, "") if one.subject_id else "",
        "facts": "；".join(
            f"{words.get(f'fact_{key}', key)} {_fact(look, key, value)}" for key, value in one.facts.items()
        ),
    }


def _fact(look: Look, key: str, value: object) -> str:
    """Return a fact as people say it: roles, messengers, settings and kinds of letters have names."""
    said, words = str(value), look.words("settings")
    match key:
        case "role":
            return look.voice.labels.get(f"permission.{said}", said)
        case "messenger":
            return words["everything"] if said == EVERYTHING else messenger_name(look.voice, said)
        case "kind":
            return look.words("sending").get(f"kind_{said}", said)
        case "key":
            return words.get(f"key_{said.replace('.', '_')}", said)
    return said


@pages.get("settings/audit", needs=MACHINE, when_paused=True)
def audit(visit: Visit) -> Result:
    """Show a page of deeds."""
    asked, shown = _asked(visit)
    found = service.listed(visit.work, visit.person.id, asked)
    query = {key: value for key, value in shown.items() if value}
    words = visit.words("settings")
    facts = {
        "rows": [_row(visit, one, found.names) for one in found.deeds],
        "deeds": [(one, deed_name(words, one)) for one in service.kinds(visit.work)],
        "shown": shown,
        "following": urlencode({**query, "before": found.next}) if found.next else "",
        "query": urlencode(query),
        "head": service.head(visit.work),
    }
    return framed(visit, "settings_audit.html", "audit", facts)


@saves(pages, "settings/audit/export", "audit", back="settings/audit", needs=MACHINE)
def export(look: Look) -> Rows:
    """Return the list that is asked for."""
    (asked, _), words = _asked(look), look.words("settings")
    header = [words[name] for name in ("at", "who", "deed", "about", "facts")]

    def line(found: tuple[Any, Mapping[int, str]]) -> list[str]:
        row = _row(look, *found)
        at = f"{look.work.organisation.local(row['at']):%Y-%m-%d %H:%M:%S}"
        return [at, row["who"], row["deed"], row["about"], row["facts"]]

    count = service.count(look.work, look.person.id, asked)
    rows = later(lambda: service.exported(look.work, look.person.id, asked), line)
    return Rows(f"audit-{look.work.today.isoformat()}", "audit", header, count, rows)
