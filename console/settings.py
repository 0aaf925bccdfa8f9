"""Settings: what the configuration says and what was set over it, when branches hold their theme day.

Only what the program reads anew in each turn may be set here; the rest stands in the configuration and needs a restart.
"""

from __future__ import annotations

from datetime import time
from typing import Any

from console.asked import whole
from console.grammar import Go, Look, Page, Pages, Result, Visit
from console.lists import Rows, saves, sliced
from console.meanwhile import drawn_from, undone
from console.saving import saved
from console.settings_frame import framed
from domain.machine import Settable
from domain.permission import Action
from domain.refusal import Refusal
from domain.theme_day import LATEST_DAY, Choice
from services import permission, setting, theme_day

pages = Pages("settings")
MACHINE = Action.RUN_MACHINE
ROWS = 50
DATES = 10


def said(look: Look, one: Settable, value: str) -> str:
    """Return a value as people say it."""
    words = look.words("settings")
    if one.kind == "flag":
        return words.get(f"flag_{value}", value)
    if one.kind == "weekday":
        return words.get(f"weekday_{value}", value)
    if one.section == "retention":
        return words["for_ever"] if value == "0" else words["days_of"].format(count=value)
    return value


def _row(visit: Visit, one: Settable, found: dict[str, Any]) -> dict[str, Any]:
    kept = found.get(one.key)
    return {
        "key": one.key,
        "name": visit.words("settings")[f"key_{one.key.replace('.', '_')}"],
        "file": said(visit, one, one.file),
        "now": said(visit, one, kept[0].value) if kept else said(visit, one, one.file),
        "set": kept[0] if kept else None,
        "by": kept[1] if kept else "",
    }


@pages.get("settings", needs=MACHINE, when_paused=True)
def settings(visit: Visit) -> Result:
    """Show every setting with what the configuration says, and who set something else and why."""
    found = setting.everything(visit.work, visit.person.id)
    sections: dict[str, list[dict[str, Any]]] = {}
    for one in visit.machine.settable():
        sections.setdefault(one.section, []).append(_row(visit, one, found))
    return framed(visit, "settings.html", "values", {"sections": sections})


@pages.get("settings/table", needs=MACHINE)
def table(visit: Visit) -> Result:
    """Give the settings as a file."""
    found, words = setting.everything(visit.work, visit.person.id), visit.words("settings")
    local, rows = visit.work.organisation.local, []
    for one in visit.machine.settable():
        row = _row(visit, one, found)
        kept = row["set"]
        since = f"{local(kept.since):%Y-%m-%d %H:%M}" if kept else ""
        ends = [row["by"], since, kept.reason if kept else ""]
        rows.append([words[f"section_{one.section}"], row["name"], row["now"], row["file"], *ends])
    names = ("section", "setting", "now", "file", "set_by", "at", "reason")
    return saved(visit, "settings", [words[name] for name in names], rows)


def _settable(visit: Visit, key: str) -> Settable:
    setting.demand(visit.work, visit.person.id)
    found = next((one for one in visit.machine.settable() if one.key == key), None)
    if found is None:
        raise Refusal("settings.no_key")
    return found


@pages.get("settings/value", needs=MACHINE)
def value(visit: Visit) -> Result:
    """Show one setting with the form to change it."""
    return _value(visit, _settable(visit, visit.query.get("name", "")))


def _value(visit: Visit, one: Settable, why: str = "") -> Page:
    found = setting.everything(visit.work, visit.person.id)
    row = _row(visit, one, found)
    now = row["set"].value if row["set"] else one.file
    facts = {
        "one": one,
        "why": why,
        "reason": visit.form.get("reason", ""),
        "typed": visit.form.get("value", now),
        "row": row,
        "seen": drawn_from({"value": now}),
        "hint": visit.words("settings").get(f"hint_{one.section}", ""),
    }
    return framed(visit, "settings_value.html", "values", facts, 409 if why else 200)


@pages.post("settings/value", needs=MACHINE)
def value_set(visit: Visit) -> Result:
    """Set it."""
    one = _settable(visit, visit.form.get("name", ""))
    row = _row(visit, one, setting.everything(visit.work, visit.person.id))
    now = {"value": row["set"].value if row["set"] else one.file}
    called = {"value": row["name"]}
    if (page := undone(visit, "settings/value", f"settings/value?name={one.key}", now, called)) is not None:
        return page
    try:
        words = visit.machine.checked(one.key, visit.form.get("value", "").strip())
        setting.put(visit.work, visit.person.id, one.key, words, visit.form.get("reason", ""), usual=one.file)
    except Refusal as refusal:
        return _value(visit, one, visit.why(refusal))
    visit.then.append(visit.machine.look)
    return Go("settings", "set")


@pages.post("settings/value/back", needs=MACHINE)
def value_back(visit: Visit) -> Result:
    """Let the configuration hold again."""
    one = _settable(visit, visit.form.get("name", ""))
    setting.take_back(visit.work, visit.person.id, one.key, usual=one.file)
    visit.then.append(visit.machine.look)
    return Go("settings", "back")


@pages.get("settings/theme-days", needs=Action.SET_THEME_DAY)
def theme_days(visit: Visit) -> Result:
    """Show the rule with its next dates, and every branch whose day the reader may set."""
    work, words, page = visit.work, visit.query.get("words", "")[:60].strip(), whole(visit.query.get("page", ""))
    usual = theme_day.usual(work)
    found = theme_day.page(work, visit.person.id, words, ROWS + 1, page * ROWS)
    facts = {
        "usual": usual,
        "dates": _dates(visit, usual),
        "branches": [(one, visit.voice.day(one.day)) for one in found[:ROWS]],
        "words_asked": words,
        "page_at": page,
        "more": len(found) > ROWS,
        "runs": permission.may_everywhere(work, visit.person.id, MACHINE),
    }
    return framed(visit, "settings_theme_days.html", "theme_days", facts)


@saves(pages, "settings/theme-days/table", "theme_days", back="settings/theme-days", needs=Action.SET_THEME_DAY)
def theme_days_table(look: Look) -> Rows:
    """Return every branch whose day the reader may set."""
    words, asked = look.words("settings"), look.query.get("words", "")[:60].strip()

    def line(one: theme_day.Coming) -> list[str]:
        monthly = words["monthly"].format(day=one.choice.day, at=f"{one.choice.at:%H:%M}")
        by = words["by_branch" if one.chosen else "by_usual"]
        return [one.unit.name, monthly, one.day.isoformat(), by]

    header = [words[name] for name in ("branch", "day", "next", "chosen_by")]
    count, rows = sliced(lambda limit, offset: theme_day.page(look.work, look.person.id, asked, limit, offset), line)
    return Rows(header, count, rows)


def _dates(visit: Visit, choice: Choice) -> list[tuple[str, bool]]:
    return [(visit.voice.day(one), settled) for one, settled in theme_day.next_days(visit.work, choice, DATES)]


@pages.get("settings/theme-days/{branch}", needs=Action.SET_THEME_DAY)
def branch(visit: Visit) -> Result:
    """Show a branch's day with its next dates, those of what is being tried, and the form."""
    unit = theme_day.branch(visit.work, visit.person.id, visit.numbers["branch"])
    [one] = theme_day.coming(visit.work, [unit])
    tried = _choice(visit.query) if visit.query.get("day") else one.choice
    facts = {
        "one": one,
        "tried": tried,
        "tries": tried != one.choice,
        "seen": drawn_from(_now(one.choice)),
        "dates": _dates(visit, tried),
        "latest": LATEST_DAY,
    }
    return framed(visit, "settings_branch.html", "theme_days", facts)


def _now(choice: Choice) -> dict[str, str]:
    """Return a day as the form shows it."""
    return {"day": str(choice.day), "at": f"{choice.at:%H:%M}"}


def _choice(said: Any) -> Choice:  # noqa: ANN401 - a query or a form
    """Read day and time; raises the refusal for a day that not every month has."""
    number = whole(said.get("day", ""))
    try:
        at = time.fromisoformat(said.get("at", "")[:5])
    except ValueError:
        raise Refusal("settings.wrong_time", least=0, most=0) from None
    if not 1 <= number <= LATEST_DAY:
        raise Refusal("settings.wrong_day", latest=LATEST_DAY)
    return Choice(number, at)


@pages.post("settings/theme-days/{branch}", needs=Action.SET_THEME_DAY)
def branch_set(visit: Visit) -> Result:
    """Set a branch's day, or let it keep the organisation's."""
    number, me = visit.numbers["branch"], visit.person.id
    if visit.form.get("deed") == "usual":
        theme_day.choose_usual(visit.work, me, number)
        return Go(f"settings/theme-days/{number}", "usual")
    [one] = theme_day.coming(visit.work, [theme_day.branch(visit.work, me, number)])
    words, here = visit.words("settings"), f"settings/theme-days/{number}"
    called = {"day": words["day_of_month"].format(latest=LATEST_DAY), "at": words["clock"]}
    if (page := undone(visit, here, here, _now(one.choice), called)) is not None:
        return page
    theme_day.choose(visit.work, me, number, _choice(visit.form))
    return Go(f"settings/theme-days/{number}", "chosen")
