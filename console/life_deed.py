"""What is done to a meeting from its page: notice, changes, leave, sign-in by hand, minutes, corrections, closing."""

from __future__ import annotations

from collections.abc import Callable

from console.asked import number_in
from console.grammar import Go, Pages, Result, Visit
from console.life_frame import one_named
from console.life_meeting import drawn, minutes_in, moment_in, shown
from console.meanwhile import undone
from domain.meeting import Duty
from domain.permission import Action
from domain.refusal import Refusal
from domain.vote import read_votes
from services import gathering, meeting_notice, minutes, minutes_closing
from services import meeting as service
from services import meeting_attendance as attendance

pages = Pages("life")

UNREAD = ("minutes.votes_unread", "meeting.when_unread")
"""What is refused before anything is written: its form comes back."""
Deed = Callable[[Visit, int], object]


def _change(visit: Visit, number: int) -> None:
    found, starts_at = service.runs(visit.work, visit.person.id, number), moment_in(visit)
    # The form knows minutes alone: a time that is the same on it is no change.
    same = abs((starts_at - found.starts_at).total_seconds()) < 60  # noqa: PLR2004 - seconds
    form = visit.form
    meeting_notice.change(
        visit.work, visit.person.id, number,
        starts_at=None if same else starts_at, where=form.get("where", ""),
        title=form.get("title", "").strip() or None, minutes=minutes_in(visit) or None,
    )  # fmt: skip


def _agenda(visit: Visit, number: int) -> None:
    service.set_agenda(visit.work, visit.person.id, number, visit.form.get("agenda", "").splitlines())


def _leave(visit: Visit, number: int) -> None:
    grant = visit.form.get("grant") == "1"
    attendance.decide(visit.work, visit.person.id, number, number_in(visit, "member"), grant=grant)


def _excuse(visit: Visit, number: int) -> None:
    attendance.excuse(visit.work, visit.person.id, number, number_in(visit, "member"), visit.form.get("reason", ""))


def _enter(visit: Visit, number: int) -> None:
    attendance.enter_by_hand(visit.work, visit.person.id, number, number_in(visit, "member"))


def _write(visit: Visit, number: int) -> None:
    """Write down a point, a decision or a vote about the item at hand."""
    words, what, where = visit.form.get("words", ""), visit.form.get("what", ""), (visit.work, visit.person.id, number)
    if what == "vote":
        counts = read_votes(words)
        if counts is None:
            raise Refusal("minutes.votes_unread")
        minutes.vote(*where, counts)
    elif what == "decision":
        minutes.decide(*where, words)
    else:
        minutes.note(*where, words)


def _rewrite(visit: Visit, number: int) -> None:
    minutes.rewrite(visit.work, visit.person.id, number, number_in(visit, "place"), visit.form.get("words", "").strip())


def _settle(visit: Visit, number: int) -> None:
    wish = number_in(visit, "wish")
    found = service.runs(visit.work, visit.person.id, number)
    settled = minutes_closing.settle(visit.work, visit.person.id, wish, taken=visit.form.get("taken") == "1")
    if settled.id != found.id:
        raise Refusal("minutes.not_yours")


def _add(visit: Visit, number: int) -> None:
    minutes_closing.add(visit.work, visit.person.id, number, visit.form.get("words", ""))


def _adjust(visit: Visit, number: int) -> None:
    """Call somebody otherwise than by the rule: whom a name or a number means, how, and why."""
    form, where = visit.form, (visit.work, visit.person.id, number)
    words, duty = form.get("who", "").strip(), form.get("duty", "")
    found = attendance.find(*where, words) if words else []
    meant = one_named(found if duty in {*Duty, "out"} else [], words)
    attendance.adjust(*where, meant.id, None if duty == "out" else Duty(duty), form.get("reason", ""))


DEEDS: dict[str, Deed] = {
    "send": lambda visit, number: meeting_notice.send(visit.work, visit.person.id, number),
    "nudge": lambda visit, number: meeting_notice.nudge(visit.work, visit.person.id, number),
    "cancel": lambda visit, number: meeting_notice.cancel(visit.work, visit.person.id, number),
    "change": _change,
    "agenda": _agenda,
    "recount": lambda visit, number: attendance.recount(visit.work, visit.person.id, number),
    "adjust": _adjust,
    "leave": _leave,
    "excuse": _excuse,
    "start": lambda visit, number: attendance.open_sign_in(visit.work, visit.person.id, number),
    "enter": _enter,
    "end": lambda visit, number: attendance.end(visit.work, visit.person.id, number),
    "next": lambda visit, number: minutes.next_item(visit.work, visit.person.id, number),
    "write": _write,
    "rewrite": _rewrite,
    "circulate": lambda visit, number: minutes_closing.circulate(visit.work, visit.person.id, number),
    "take_back": lambda visit, number: minutes_closing.take_back(visit.work, visit.person.id, number),
    "settle": _settle,
    "close": lambda visit, number: minutes_closing.close(visit.work, visit.person.id, number),
    "add": _add,
}
"""By the name that a form carries; each has a notice of its own."""


CALLED = {"title": "column_title", "at": "time", "where": "column_place", "agenda": "agenda_lines"}
"""Fields of a meeting's forms whose name there is another word."""


@pages.post("life/meeting/{number}", needs=Action.PLAN_MEETINGS)
def do(visit: Visit) -> Result:
    """Do what a form of a meeting's page says, to a meeting that this person runs."""
    number, name = visit.numbers["number"], visit.form.get("deed", "")
    found = service.runs(visit.work, visit.person.id, number)
    if name == "screen":
        gathering.to_screen(visit.work, attendance.sign_in_of(visit.work, number), visit.person.id)
        return Go(f"life/meeting/{number}/screen")
    if name not in DEEDS:
        raise Refusal("meeting.gone")
    words, here = visit.words("life"), f"life/meeting/{number}"
    called = {field: words[CALLED.get(field, field)] for field in ("title", "day", "at", "minutes", "where", "agenda")}
    called["words"] = words["point"].format(place=number_in(visit, "place"))
    if (page := undone(visit, here, here, shown(visit, found, name), called)) is not None:
        return page
    try:
        DEEDS[name](visit, number)
    except Refusal as refusal:
        if refusal.code not in UNREAD:
            raise
        return drawn(visit, visit.why(refusal))
    return Go(f"life/meeting/{number}", name)
