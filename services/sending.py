"""Letters for whoever runs the machine: how many stand how, which one failed and why; never a word of what they say.

Whose letter it is, is told where the kind says nothing about the person: nobody learns here who has filed a request.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from content import Voice
from domain.machine import EVERYTHING, STUCK, Face
from domain.member import Person
from domain.permission import Action
from domain.push import KINDS
from domain.refusal import Refusal
from services import permission
from services.work import Work
from storage import address, audit, halt, inbox, outbox, pause
from storage import member as members
from storage import sending as table
from storage.halt import Halt
from storage.inbox import Broken
from storage.sending import Line, Whole

MACHINE = Action.RUN_MACHINE
PAGE = 50
AT_ONCE = 1_000
MOST = 10_000
"""Counts stop here."""
STATES = table.STATES
AGAIN = (outbox.FAILED, outbox.UNKNOWN)
WAITING = (outbox.READY, outbox.HELD)
OF_EVERYBODY = frozenset(
    {outbox.ANSWER_KIND, outbox.LIVE, outbox.REDRAWING} | {kind.name for kind in KINDS.values() if not kind.personal}
)
"""Kinds that say nothing about whom they go to: conversation, and what goes to many."""
_ENOUGH = 2
GIVEN_UP = "given up by hand"
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with one messenger."""

    name: str
    counts: dict[str, int]
    """How many letters, by state; those that are settled as far as `MOST`."""
    behind: int
    """Audiences that are still being written out."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One letter. `person`: whose it is, as far as the reader may know it."""

    letter: Whole
    person: Person | None
    account: str
    """The end of an account's name, where nobody is bound to it."""
    may_retry: bool
    may_give_up: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What is listed."""

    messenger: str = ""
    states: tuple[str, ...] = ()
    kind: str = ""
    day: date | None = None
    before: tuple[int, int] | None = None
    """The moment (microseconds since 1970) and number of the line after which the page begins."""


def messenger_name(voice: Voice, name: str) -> str:
    """Return what people call a messenger; one that is not there any more keeps its own name."""
    return voice.labels.get(f"member.on_{name}", name)


def demand(work: Work, member_id: int) -> None:
    """Raise the refusal for whoever does not run the machine."""
    permission.demand_everywhere(work, member_id, MACHINE)


def standings(work: Work, member_id: int, states: tuple[str, ...] = STATES) -> list[Standing]:
    """Return how many letters stand how."""
    demand(work, member_id)
    return under_way(work, states)


def under_way(work: Work, states: tuple[str, ...], most: int = MOST) -> list[Standing]:
    """Return the same without asking who looks: counts, and no names."""
    counts = table.counts(work.connection, states, most)
    behind = table.behind(work.connection)
    names = sorted({name for name, _ in counts} | behind.keys())
    return [
        Standing(name, {state: counts.get((name, state), 0) for state in states}, behind.get(name, 0)) for name in names
    ]


def names(work: Work) -> list[str]:
    """Return the messengers for which there are letters, or that are switched on."""
    return sorted({*table.messengers(work.connection), *work.organisation.messengers})


def listed(work: Work, member_id: int, asked: Asked) -> tuple[list[Line], bool]:
    """Return a page of letters, newest first, and whether there may be more."""
    demand(work, member_id)
    return some(work, asked, PAGE)


def each(work: Work, member_id: int, asked: Asked) -> Iterator[Line]:
    """Yield all letters that are asked for, newest first, for a file.

    A kind is picked out here: the list looks for one among the newest alone.
    """
    demand(work, member_id)
    following, more = replace(asked, kind="", before=None), True
    while more:
        found, more = some(work, following, AT_ONCE)
        yield from (one for one in found if asked.kind in ("", one.kind))
        if found:
            following = replace(following, before=(micros(found[-1]), found[-1].id))


def count(work: Work, member_id: int, asked: Asked) -> int:
    """Return how many letters are asked for."""
    demand(work, member_id)
    return table.counted(work.connection, _wanted(work, asked))


def some(work: Work, asked: Asked, most: int) -> tuple[list[Line], bool]:
    """Return at most so many, and whether there may be more."""
    lines = table.listed(work.connection, _wanted(work, asked), most + 1)
    return lines[:most], len(lines) > most


def _wanted(work: Work, asked: Asked) -> table.Asked:
    organisation, edge = work.organisation, None
    if asked.before is not None:
        edge = (_BEGINNING + timedelta(microseconds=asked.before[0]), asked.before[1])
    first = organisation.start_of(asked.day) if asked.day else None
    last = organisation.start_of(asked.day + timedelta(days=1)) if asked.day else None
    places = [asked.messenger] if asked.messenger else names(work)
    return table.Asked(places, asked.states or STATES, asked.kind, first, last, edge)


def look(work: Work, member_id: int, number: int) -> Seen:
    """Return one letter."""
    demand(work, member_id)
    found = table.get(work.connection, number)
    if found is None:
        raise Refusal("sending.no_letter")
    person, account = None, ""
    if found.kind in OF_EVERYBODY and found.private:
        person = _person(work, found)
        if person is not None and not _known(work, member_id, person):
            person = None
        elif person is None:
            account = f"…{found.recipient[-4:]}"
    return Seen(found, person, account, found.state in AGAIN, found.state in WAITING)


def _person(work: Work, found: Whole) -> Person | None:
    number = found.member_id
    if number is not None:
        return members.get(work.connection, number)
    caller = address.caller(work.connection, found.messenger, found.recipient)
    return caller.person if caller is not None else None


def _known(work: Work, member_id: int, person: Person) -> bool:
    """Answer whether somebody sees this person in the roster."""
    places = permission.scope(work, member_id, Action.INVITE)
    if any(place.path == f"/{place.id}/" for place in places):
        return True
    return any(unit.within(place) for unit in members.units_of(work.connection, person.id) for place in places)


def retry(work: Work, member_id: int, number: int, *, twice: bool) -> None:
    """Let a letter leave once more. `twice`: whoever asks knows that one which may have arrived may then come twice."""
    seen = look(work, member_id, number)
    one = seen.letter
    if not seen.may_retry:
        raise Refusal("sending.not_failed")
    if one.too_late_at is not None and one.too_late_at <= work.now:
        raise Refusal("sending.too_late")
    if (one.state == outbox.UNKNOWN or one.unknowns) and not twice:
        raise Refusal("sending.may_double")
    if not table.ready_again(work.connection, number, work.now):
        raise Refusal("sending.not_failed")
    facts = {"letter": number, "messenger": one.messenger, "kind": one.kind}
    audit.note(work.connection, work.now, member_id, "machine.retry", None, **facts)


def give_up(work: Work, member_id: int, number: int) -> None:
    """Let a letter that waits never leave."""
    seen = look(work, member_id, number)
    if not seen.may_give_up or not table.give_up(work.connection, number, work.now, GIVEN_UP):
        raise Refusal("sending.not_waiting")
    facts = {"letter": number, "messenger": seen.letter.messenger, "kind": seen.letter.kind}
    audit.note(work.connection, work.now, member_id, "machine.give_up", None, **facts)


def dead(work: Work, member_id: int, before: int) -> tuple[list[Broken], bool]:
    """Return a page of updates that could not be read or served, newest first, and whether there are more."""
    demand(work, member_id)
    found = inbox.broken(work.connection, before, PAGE + 1)
    return found[:PAGE], len(found) > PAGE


def each_dead(work: Work, member_id: int) -> Iterator[Broken]:
    """Yield all of them, newest first."""
    demand(work, member_id)
    before = 0
    while found := inbox.broken(work.connection, before, AT_ONCE):
        yield from found
        before = found[-1].id


def dead_count(work: Work) -> int:
    """Return how many there are, as far as `MOST`."""
    return inbox.count_broken(work.connection, MOST)


def dead_one(work: Work, member_id: int, number: int) -> Broken:
    """Return one of them, without what it says."""
    return _dead(work, member_id, number)[0]


def _dead(work: Work, member_id: int, number: int) -> tuple[Broken, str]:
    demand(work, member_id)
    found = inbox.broken_one(work.connection, number)
    if found is None:
        raise Refusal("sending.no_update")
    return found


def raw(work: Work, member_id: int, number: int) -> tuple[Broken, str]:
    """Return the text of an update that nobody could read, and note who read it; never that of a message we understood.

    An administrator reads nobody's words: what was understood is somebody's message, however it ended.
    """
    one, body = _dead(work, member_id, number)
    if one.state != inbox.DEAD:
        raise Refusal("sending.not_shown")
    audit.note(work.connection, work.now, member_id, "machine.raw", None, update=number, messenger=one.messenger)
    return one, body


def handle_again(work: Work, member_id: int, number: int) -> None:
    """Let an update be read and served once more."""
    one = dead_one(work, member_id, number)
    if not inbox.hear_again(work.connection, number):
        raise Refusal("sending.no_update")
    audit.note(work.connection, work.now, member_id, "machine.again", None, update=number, messenger=one.messenger)


def stops(work: Work) -> list[Halt]:
    """Return where sending is stopped by hand."""
    return halt.everything(work.connection)


def stop(work: Work, member_id: int, messenger: str, reason: str) -> None:
    """Send nothing but answers for a messenger (`*`: for any) until somebody resumes."""
    demand(work, member_id)
    if messenger != EVERYTHING and messenger not in names(work):
        raise Refusal("sending.no_messenger")
    if len(reason.strip()) < _ENOUGH:
        raise Refusal("sending.no_reason")
    if not halt.begin(work.connection, messenger, member_id, " ".join(reason.split()), work.now):
        raise Refusal("sending.stopped_before")
    audit.note(
        work.connection, work.now, member_id, "machine.stop", None, messenger=messenger, reason=reason.strip()[:200]
    )


def resume(work: Work, member_id: int, messenger: str) -> None:
    """Let sending go on."""
    demand(work, member_id)
    if not halt.end(work.connection, messenger):
        raise Refusal("sending.not_stopped")
    audit.note(work.connection, work.now, member_id, "machine.resume", None, messenger=messenger)


def micros(line: Line) -> int:
    """Return the moment of a line as `Asked.before` names it."""
    return (line.at - _BEGINNING) // timedelta(microseconds=1)


def start_copy(work: Work, member_id: int, *, sure: bool) -> None:
    """Let a paused copy take and send. `sure`: whoever asks has seen to it that the original has stopped."""
    demand(work, member_id)
    reasons = pause.reasons(work.connection)
    if pause.UNVERIFIED in reasons:
        raise Refusal("sending.restore_again")
    if not sure:
        raise Refusal("sending.not_sure")
    if not pause.end(work.connection):
        raise Refusal("sending.not_paused")
    audit.note(work.connection, work.now, member_id, "machine.start_copy", None, reasons=", ".join(reasons))


def is_down(work: Work, face: Face) -> bool:
    """Answer whether a messenger takes nothing: its sender says so, or what is due has waited while nothing left."""
    if face.here:
        return face.down
    due = table.longest_due(work.connection, face.name)
    last = table.last_sent(work.connection, face.name)
    return due is not None and work.now - due > STUCK and (last is None or work.now - last > STUCK)


def last_sent(work: Work, messenger: str) -> str:
    """Return when something left last, on the organisation's clock; empty when nothing ever did."""
    found = table.last_sent(work.connection, messenger)
    return f"{work.organisation.local(found):%Y-%m-%d %H:%M}" if found else ""
