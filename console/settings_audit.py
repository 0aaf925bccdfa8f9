"""The audit trail as a list: who did what when, in words; by person, deed and day, and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from console.asked import day, whole
from console.grammar import Look, Pages, Result, Visit
from console.lists import Rows, later, saves
from console.settings_deed import deed_name, facts_of
from console.settings_frame import framed
from domain.permission import Action
from services import audit as service
from services.audit import Asked, Known, Told

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


def _row(look: Look, one: Told, names: Mapping[int, str], known: Known) -> dict[str, Any]:
    words = look.words("settings")
    return {
        "at": one.at,
        "who": names.get(one.actor_id, "") if one.actor_id else words["by_machine"],
        "deed": deed_name(words, one.deed),
        "about": names.get(one.subject_id, "") if one.subject_id else "",
        "facts": "；".join(facts_of(look, one, known)),
    }


@pages.get("settings/audit", needs=MACHINE, when_paused=True)
def audit(visit: Visit) -> Result:
    """Show a page of deeds."""
    asked, shown = _asked(visit)
    found = service.listed(visit.work, visit.person.id, asked)
    query = {key: value for key, value in shown.items() if value}
    words = visit.words("settings")
    facts = {
        "rows": [_row(visit, one, found.names, found.known) for one in found.deeds],
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

    def line(found: tuple[Told, Mapping[int, str], Known]) -> list[str]:
        row = _row(look, *found)
        at = f"{look.work.organisation.local(row['at']):%Y-%m-%d %H:%M:%S}"
        return [at, row["who"], row["deed"], row["about"], row["facts"]]

    count = service.count(look.work, look.person.id, asked)
    rows = later(lambda: service.exported(look.work, look.person.id, asked), line)
    return Rows(header, count, rows)
