"""The audit trail as a list: who did what when, in words; by person, deed and day, and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from console.asked import day, whole
from console.grammar import Pages, Result, Visit
from console.saving import saved
from console.settings_deed import deed_name, facts_of
from console.settings_frame import framed
from domain.permission import Action
from services import audit as service
from services.audit import Asked, Told

pages = Pages("settings")
MACHINE = Action.RUN_MACHINE


def _asked(visit: Visit) -> tuple[Asked, dict[str, str]]:
    query = visit.query
    first, last, before = day(query.get("first", "")), day(query.get("last", "")), query.get("before", "")
    number = whole(before)
    deed = query.get("deed", "")
    deed = deed if deed in service.kinds(visit.work) else ""
    asked = Asked(query.get("who", "")[:40].strip(), query.get("about") == "yes", deed, first, last, number)
    shown = {
        "who": asked.who,
        "about": "yes" if asked.about else "",
        "deed": deed,
        "first": first.isoformat() if first else "",
        "last": last.isoformat() if last else "",
    }
    return asked, shown


def _row(visit: Visit, one: Told, names: Mapping[int, str], units: Mapping[int, str]) -> dict[str, Any]:
    words = visit.words("settings")
    return {
        "at": one.at,
        "who": names.get(one.actor_id, "") if one.actor_id else words["by_machine"],
        "deed": deed_name(words, one.deed),
        "about": names.get(one.subject_id, "") if one.subject_id else "",
        "facts": "；".join(facts_of(visit, one, units)),
    }


@pages.get("settings/audit", needs=MACHINE, when_paused=True)
def audit(visit: Visit) -> Result:
    """Show a page of deeds."""
    asked, shown = _asked(visit)
    found = service.listed(visit.work, visit.person.id, asked)
    query = {key: value for key, value in shown.items() if value}
    words = visit.words("settings")
    facts = {
        "rows": [_row(visit, one, found.names, found.units) for one in found.deeds],
        "deeds": [(one, deed_name(words, one)) for one in service.kinds(visit.work)],
        "shown": shown,
        "following": urlencode({**query, "before": found.next}) if found.next else "",
        "query": urlencode(query),
        "most": service.MOST,
        "head": service.head(visit.work),
    }
    return framed(visit, "settings_audit.html", "audit", facts)


@pages.get("settings/audit/export", needs=MACHINE)
def export(visit: Visit) -> Result:
    """Give the list that is asked for."""
    asked, _ = _asked(visit)
    words, organisation = visit.words("settings"), visit.work.organisation
    header = [words[name] for name in ("at", "who", "deed", "about", "facts")]
    rows = []
    for one, names, units in service.exported(visit.work, visit.person.id, asked):
        row = _row(visit, one, names, units)
        at = f"{organisation.local(row['at']):%Y-%m-%d %H:%M:%S}"
        rows.append([at, row["who"], row["deed"], row["about"], row["facts"]])
    name = f"audit-{visit.work.today.isoformat()}"
    return saved(visit, "audit", name, "audit", header, rows)
