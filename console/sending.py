"""Sending: letters by state and messenger, one letter, what could not be read, and stopping and resuming by hand.

Nobody reads here what a letter or a message says. The one exception is an update that the program itself can't read:
its raw text is shown to whoever runs the machine, by a form, and who read it is noted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from console.asked import day, whole
from console.grammar import Go, Look, Page, Pages, Result, Visit
from console.lists import Line, Rows, later, saves
from domain.machine import EVERYTHING, trouble
from domain.push import KINDS
from domain.refusal import Refusal
from services import sending as service
from services.sending import MACHINE, MOST, Asked, messenger_name

pages = Pages("sending")
VIEWS: Mapping[str, tuple[str, ...]] = {
    "trouble": ("failed", "unknown"),
    "waiting": ("ready", "sending"),
    **{state: (state,) for state in service.STATES},
}
"""What the list can be narrowed to."""
MOMENT = 17
"""Digits of a moment in microseconds."""


def kind_name(look: Look, kind: str) -> str:
    """Return a kind of letter in words."""
    return look.words("sending").get(f"kind_{kind}", kind)


def _asked(look: Look) -> tuple[Asked, dict[str, str]]:
    """Read what is looked for, and what a link to the same list says; what can't be read is not looked for."""
    query, known = look.query, service.names(look.work)
    view = query.get("state", "trouble")
    view = view if view in VIEWS else "trouble"
    messenger = query.get("messenger", "")
    kind, when = query.get("kind", ""), day(query.get("day", ""))
    at, _, number = query.get("before", "").partition("-")
    asked = Asked(
        messenger if messenger in known else "",
        VIEWS[view],
        kind if f"kind_{kind}" in look.words("sending") else "",
        when,
        (since, whole(number)) if (since := whole(at, longest=MOMENT)) and whole(number) else None,
    )
    shown = {"state": view, "messenger": asked.messenger, "kind": asked.kind, "day": when.isoformat() if when else ""}
    return asked, shown


@pages.get("sending", needs=MACHINE, when_paused=True)
def sending(visit: Visit) -> Result:
    """Show how many letters stand how, and a page of those that are asked for."""
    work, me = visit.work, visit.person.id
    asked, shown = _asked(visit)
    standings = service.standings(work, me)
    lines, more = service.listed(work, me, asked)
    query = {key: value for key, value in shown.items() if value}
    following = urlencode({**query, "before": f"{service.micros(lines[-1])}-{lines[-1].id}"}) if more else ""
    # Of one kind only a bounded number is looked through at once: an empty page need not be the end.
    return Page(
        "sending.html",
        {
            "standings": standings,
            "states": service.STATES,
            "most": MOST,
            "views": list(VIEWS),
            "kinds": ["answer", *KINDS, "live"],
            "shown": shown,
            "names": service.names(work),
            "called": lambda name: messenger_name(visit.voice, name),
            "rows": [_row(visit, one) for one in lines],
            "following": following,
            "query": urlencode(query),
            "stops": _stops(visit),
            "everything": EVERYTHING,
            "dead": service.dead_count(work),
            "paused": list(visit.machine.paused()),
        },
    )


@saves(pages, "sending/export", "letters", back="sending", needs=MACHINE)
def export(look: Look) -> Rows:
    """Return the list that is asked for; not a word of what letters say."""
    words, local, (asked, _) = look.words("sending"), look.work.organisation.local, _asked(look)
    header = [words[name] for name in ("number", "kind", "messenger", "state", "at", "attempts", "why", "code")]

    def line(one: Any) -> Line:  # noqa: ANN401 - a line of the service
        row = _row(look, one)
        at = f"{local(one.at):%Y-%m-%d %H:%M:%S}"
        return [str(one.id), row["kind"], row["messenger"], row["state"], at, one.attempts, row["why"], one.note]

    count = service.count(look.work, look.person.id, asked)
    rows = later(lambda: service.each(look.work, look.person.id, asked), line)
    return Rows(header, count, rows)


def _row(look: Look, one: Any) -> dict[str, Any]:  # noqa: ANN401 - a line of the service
    words = look.words("sending")
    return {
        "id": one.id,
        "messenger": messenger_name(look.voice, one.messenger),
        "kind": kind_name(look, one.kind),
        "state": words[f"state_{one.state}"],
        "at": one.at,
        "attempts": one.attempts,
        "why": words[f"why_{trouble(one.note)}"] if one.note else "",
    }


def _stops(visit: Visit) -> dict[str, Any]:
    return {one.messenger: one for one in service.stops(visit.work)}


@pages.get("sending/{number}", needs=MACHINE, when_paused=True)
def letter(visit: Visit) -> Result:
    """Show one letter: where it stands and why, not what it says."""
    seen = service.look(visit.work, visit.person.id, visit.numbers["number"])
    one, words = seen.letter, visit.words("sending")
    facts = {
        "seen": seen,
        "one": one,
        "kind": kind_name(visit, one.kind),
        "messenger": messenger_name(visit.voice, one.messenger),
        "state": words[f"state_{one.state}"],
        "about": words[f"about_{one.state}"],
        "why": words[f"why_{trouble(one.note)}"] if one.note else "",
        "code": one.note,
        "of_everybody": one.kind in service.OF_EVERYBODY,
    }
    return Page("sending_letter.html", facts)


def _ask(visit: Visit, deed: str, action: str, *, danger: bool = False, **facts: str) -> Page:
    """Ask before it is done; `facts` are put into the words, and a reason is asked for where the words say so."""
    words = visit.words("sending")
    return Page(
        "sending_ask.html",
        {
            "title": words[f"{deed}_title"].format(**facts),
            "lines": words[f"{deed}_ask"].format(**facts).split("\n"),
            "sure": words[f"{deed}_sure"],
            "action": action,
            "danger": danger,
            "reason": deed == "stop",
            "tick": words.get(f"{deed}_tick", ""),
            "fields": {key: value for key, value in facts.items() if key == "messenger"},
            "back": action.rpartition("/")[0] or "sending",
        },
    )


@pages.get("sending/{number}/retry", needs=MACHINE)
def retry_ask(visit: Visit) -> Result:
    """Ask before a letter leaves once more."""
    seen = service.look(visit.work, visit.person.id, visit.numbers["number"])
    if not seen.may_retry:
        raise Refusal("sending.not_failed")
    doubtful = seen.letter.state == "unknown" or seen.letter.unknowns > 0
    return _ask(visit, "doubt" if doubtful else "retry", f"sending/{seen.letter.id}/retry", danger=doubtful)


@pages.post("sending/{number}/retry", needs=MACHINE)
def retry_do(visit: Visit) -> Result:
    """Let it leave once more."""
    number = visit.numbers["number"]
    service.retry(visit.work, visit.person.id, number, twice=visit.form.get("sure") == "yes")
    return Go(f"sending/{number}", "retried")


@pages.get("sending/{number}/drop", needs=MACHINE)
def drop_ask(visit: Visit) -> Result:
    """Ask before a letter is given up."""
    seen = service.look(visit.work, visit.person.id, visit.numbers["number"])
    if not seen.may_give_up:
        raise Refusal("sending.not_waiting")
    return _ask(visit, "drop", f"sending/{seen.letter.id}/drop", danger=True)


@pages.post("sending/{number}/drop", needs=MACHINE)
def drop_do(visit: Visit) -> Result:
    """Give it up."""
    service.give_up(visit.work, visit.person.id, visit.numbers["number"])
    return Go(f"sending/{visit.numbers['number']}", "dropped")


@pages.get("sending/dead", needs=MACHINE, when_paused=True)
def dead(visit: Visit) -> Result:
    """List what could not be read or served."""
    rows, more = service.dead(visit.work, visit.person.id, whole(visit.query.get("before", "")))
    named = [(one, messenger_name(visit.voice, one.messenger)) for one in rows]
    return Page("sending_dead.html", {"rows": named, "following": rows[-1].id if more else 0})


@saves(pages, "sending/dead/table", "dead", back="sending/dead", needs=MACHINE)
def dead_table(look: Look) -> Rows:
    """Return what could not be read or served, without what it says."""
    words, local = look.words("sending"), look.work.organisation.local
    header = [words[name] for name in ("number", "messenger", "state", "received", "attempts")]

    def line(one: Any) -> Line:  # noqa: ANN401 - an update of the service
        at = f"{local(one.received_at):%Y-%m-%d %H:%M:%S}"
        said = words[f"broken_{one.state}"]
        return [str(one.id), messenger_name(look.voice, one.messenger), said, at, one.attempts]

    service.demand(look.work, look.person.id)
    rows = later(lambda: service.each_dead(look.work, look.person.id), line)
    return Rows(header, service.dead_count(look.work), rows)


@pages.get("sending/dead/{number}", needs=MACHINE, when_paused=True)
def dead_one(visit: Visit) -> Result:
    """Show one of them, without what it says."""
    one = service.dead_one(visit.work, visit.person.id, visit.numbers["number"])
    return Page(
        "sending_update.html", {"one": one, "messenger": messenger_name(visit.voice, one.messenger), "raw": None}
    )


@pages.post("sending/dead/{number}/raw", needs=MACHINE)
def dead_raw(visit: Visit) -> Result:
    """Show the raw text of what nobody can read, this once; who read it is noted."""
    one, raw = service.raw(visit.work, visit.person.id, visit.numbers["number"])
    return Page(
        "sending_update.html", {"one": one, "messenger": messenger_name(visit.voice, one.messenger), "raw": raw}
    )


@pages.post("sending/dead/{number}/again", needs=MACHINE)
def dead_again(visit: Visit) -> Result:
    """Let it be read and served once more."""
    service.handle_again(visit.work, visit.person.id, visit.numbers["number"])
    return Go("sending/dead", "again")


def _which(visit: Visit, named: str) -> tuple[str, str]:
    """Return a messenger that there is, or all of them, and what it is called."""
    if named == EVERYTHING:
        return named, visit.words("sending")["all"]
    if named not in service.names(visit.work):
        raise Refusal("sending.no_messenger")
    return named, messenger_name(visit.voice, named)


@pages.get("sending/stop", needs=MACHINE)
def stop_ask(visit: Visit) -> Result:
    """Ask why, before sending is stopped."""
    named, called = _which(visit, visit.query.get("messenger", EVERYTHING))
    return _ask(visit, "stop", "sending/stop", danger=True, messenger=named, called=called)


@pages.post("sending/stop", needs=MACHINE)
def stop_do(visit: Visit) -> Result:
    """Stop it."""
    named, _ = _which(visit, visit.form.get("messenger", ""))
    service.stop(visit.work, visit.person.id, named, visit.form.get("reason", ""))
    visit.then.append(visit.machine.look)
    return Go("sending", "stopped")


@pages.post("sending/resume", needs=MACHINE)
def resume_do(visit: Visit) -> Result:
    """Let sending go on."""
    service.resume(visit.work, visit.person.id, visit.form.get("messenger", ""))
    visit.then.append(visit.machine.look)
    return Go("sending", "resumed")


@pages.get("sending/copy", needs=MACHINE, when_paused=True)
def copy_ask(visit: Visit) -> Result:
    """Say why this copy is paused, and ask before it speaks."""
    service.demand(visit.work, visit.person.id)
    reasons = visit.machine.paused()
    if not reasons:
        raise Refusal("sending.not_paused")
    if visit.machine.must_be_restored_again():
        raise Refusal("sending.restore_again")
    return _ask(visit, "copy", "sending/copy", danger=True, reasons=reasons_in_words(visit))


def reasons_in_words(visit: Visit) -> str:
    """Return why this copy is paused."""
    words = visit.words("sending")
    moved = [one.partition("moved to ")[2] for one in visit.machine.paused()]
    return "；".join(
        words["paused_moved"].format(kind=kind) if kind else words[f"paused_{one}"]
        for one, kind in zip(visit.machine.paused(), moved, strict=True)
    )


@pages.post("sending/copy", needs=MACHINE, when_paused=True)
def copy_do(visit: Visit) -> Result:
    """Let this copy take and send."""
    service.start_copy(visit.work, visit.person.id, sure=visit.form.get("sure") == "yes")
    visit.then.append(visit.machine.look)
    return Go("", "started")
