"""What is being sent at the moment and what is wrong with the program: figures without names, for those who run it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from content import Voice
from domain.machine import EVERYTHING, Copies, Disk, Face
from domain.permission import Action
from services import calendar, permission, sending
from services.work import Work
from storage import member as members
from storage import outbox

LIVE = (outbox.READY, outbox.SENDING, outbox.FAILED, outbox.UNKNOWN)
COUNTED = 300
"""A glance counts no further."""
GIGA = 1 << 30


@dataclass(frozen=True, slots=True)
class Banner:
    """Something that is wrong, in a sentence, and where in the console (without `/console/`) one does something."""

    line: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """What goes out by one messenger. `rest`: a word of the page's for how it stands."""

    name: str
    waiting: int
    failed: int
    behind: int
    state: str


def flows(work: Work, faces: Sequence[Face]) -> list[Flow]:
    """Return what is being sent by each messenger that is switched on or still has letters."""
    known = {face.name: face for face in faces}
    found = {one.name: one for one in sending.under_way(work, LIVE, COUNTED)}
    stopped = {one.messenger for one in sending.stops(work)}
    made = []
    for name in sorted(known.keys() | found.keys()):
        counts = found[name].counts if name in found else {}
        waiting = counts.get(outbox.READY, 0) + counts.get(outbox.SENDING, 0)
        face = known.get(name)
        state = "goes"
        if face is None:
            state = "off"
        elif name in stopped or EVERYTHING in stopped:
            state = "stopped"
        elif sending.is_down(work, face):
            state = "down"
        elif face.rest > 1:
            state = "rests"
        failed = counts.get(outbox.FAILED, 0) + counts.get(outbox.UNKNOWN, 0)
        made.append(Flow(name, waiting, failed, found[name].behind if name in found else 0, state))
    return made


def stopped(work: Work, voice: Voice, messengers: Container[str] | None = None) -> list[str]:
    """Say what is stopped by hand; of these messengers alone when they are named, besides a stop of everything."""
    stops = sending.stops(work)
    names = members.names_of(work.connection, {one.by_id for one in stops})
    words, found = voice.page["today"], []
    for one in stops:
        if messengers is not None and one.messenger != EVERYTHING and one.messenger not in messengers:
            continue
        what = words["everything"] if one.messenger == EVERYTHING else sending.messenger_name(voice, one.messenger)
        facts = {"since": f"{work.organisation.local(one.since):%Y-%m-%d %H:%M}", "by": names.get(one.by_id, "")}
        found.append(words["stopped_by_hand"].format(what=what, reason=one.reason, **facts))
    return found


def banners(work: Work, member_id: int, voice: Voice) -> list[Banner]:
    """Return what is wrong as far as rows tell: stops by hand, and holidays that nobody has entered."""
    words, found = voice.page["today"], []
    runs = permission.may_everywhere(work, member_id, Action.RUN_MACHINE)
    if runs or permission.may_anywhere(work, member_id, Action.ANNOUNCE):
        found += [Banner(line, "sending" if runs else "") for line in stopped(work, voice)]
    year = calendar.missing_notice(work)
    if year is not None:
        sets = permission.may_anywhere(work, member_id, Action.SET_CALENDAR)
        found.append(Banner(words["no_holidays"].format(year=year), "settings/calendar" if sets else ""))
    return found


def alarms(work: Work, voice: Voice, faces: Sequence[Face], disk: Disk, copies: Copies) -> list[Banner]:
    """Return what is wrong with the machine, for whoever runs it."""
    words = voice.page["today"]
    found = [
        Banner(words["down"].format(messenger=sending.messenger_name(voice, face.name)), "settings/health")
        for face in faces
        if sending.is_down(work, face)
    ]
    if disk.little:
        facts = {"free": f"{disk.free / GIGA:.1f}", "share": f"{disk.free * 100 // max(1, disk.total)}"}
        found.append(Banner(words["disk"].format(**facts), "settings/health"))
    if copies.too_old(work.now):
        last = f"{work.organisation.local(copies.newest[0].made_at):%Y-%m-%d %H:%M}" if copies.newest else ""
        line = words["old_copy"].format(last=last) if last else words["no_copy"]
        found.append(Banner(line, "settings/backup"))
    return found
