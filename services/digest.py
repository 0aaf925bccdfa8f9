"""What is due and what is overdue for somebody with a role, for the weekly digest and the console's first page.

Counts, nobody's words and no names; each line knows where in the console one acts on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from content import Voice
from content import voice as voice_of
from domain.announcement import State
from domain.call import call
from domain.meeting import MeetingState
from domain.permission import MATRIX, Action
from domain.reply import Choices, Personal, Reply, text
from domain.schedule import Rule
from services import permission, post, theme_day, timetable
from services.work import Work
from storage import announcement as announcements
from storage import announcement_approval as approvals
from storage import campaign as campaigns
from storage import demand as demands
from storage import meeting_view as meetings
from storage import minutes
from storage import objection as objections
from storage import permission as grants

TICK = "digest.weekly"
LOOK_BACK = timedelta(days=14)
MEETINGS, THEME_DAYS = 100, 5


def prepare(work: Work) -> None:
    """Write the schedule."""
    settings = work.organisation.timetable
    rule = Rule("weekly", at=f"{settings.digest_at:%H:%M}", weekday=settings.digest_weekday)
    timetable.keep(work, TICK, rule)


@dataclass(frozen=True, slots=True)
class Matter:
    """One line, and the page of the console (without `/console/`) on which one acts on it."""

    line: str
    path: str
    presses: bool = False
    """Something is overdue, or soon will be."""


def lines(work: Work, member_id: int, voice: Voice) -> list[str]:
    """Return what is due and what is overdue, most urgent first; nothing when nothing is."""
    return [one.line for one in matters(work, member_id, voice)]


def matters(work: Work, member_id: int, voice: Voice) -> list[Matter]:
    """Return the same with the way to each."""
    parts = (_demands, _objections, _approvals, _meetings, _minutes, _sent, _theme_days)
    return [one for part in parts for one in part(work, member_id, voice)]


def _demands(work: Work, member_id: int, voice: Voice) -> Iterable[Matter]:
    mine = demands.loads(work.connection, [member_id]).get(member_id, 0)
    if not mine:
        return
    near, unanswered = demands.near(work.connection, member_id, work.now)
    line = voice.line("digest.demands", open=mine, near=near, unanswered=unanswered)
    yield Matter(line, "requests?state=near" if near else "requests", presses=near > 0)


def _objections(work: Work, member_id: int, voice: Voice) -> Iterable[Matter]:
    waiting = objections.waiting(work.connection, member_id)
    if waiting:
        yield Matter(voice.line("digest.objections", count=waiting), "points/objections")


def _planned(work: Work, member_id: int) -> list[str]:
    return [unit.path for unit in permission.scope(work, member_id, Action.PLAN_MEETINGS)]


def _meetings(work: Work, member_id: int, voice: Voice) -> Iterable[Matter]:
    """Tell of what is held within a week where this person plans it."""
    states, until = (MeetingState.CALLED, MeetingState.OPEN), work.now + timedelta(days=7)
    found = meetings.slice_of(work.connection, _planned(work, member_id), states, MEETINGS, 0, soonest=True)
    soon = [one for one in found if one.starts_at <= until]
    if soon:
        first = voice.moment(work.organisation.local(soon[0].starts_at))
        path = f"life/meeting/{soon[0].id}" if len(soon) == 1 else "life/meetings"
        yield Matter(voice.line("digest.meetings", count=len(soon), first=first), path)


def _minutes(work: Work, member_id: int, voice: Voice) -> Iterable[Matter]:
    """Tell of corrections that somebody asked for, and of meetings without their minutes."""
    paths = _planned(work, member_id)
    out = meetings.slice_of(work.connection, paths, (MeetingState.CIRCULATING,), MEETINGS, 0, soonest=True)
    for number, count in sorted(minutes.open_corrections(work.connection, [one.id for one in out]).items()):
        yield Matter(voice.line("digest.corrections", count=count), f"life/meeting/{number}", presses=True)
    held = meetings.slice_of(work.connection, paths, (MeetingState.HELD,), MEETINGS, 0, soonest=True)
    if held:
        path = f"life/meeting/{held[0].id}" if len(held) == 1 else "life/meetings?list=recording"
        yield Matter(voice.line("digest.minutes", count=len(held)), path)


def _approvals(work: Work, member_id: int, voice: Voice) -> Iterable[Matter]:
    paths = [unit.path for unit in permission.scope(work, member_id, Action.ANNOUNCE)]
    if paths and (waiting := approvals.count_waiting(work.connection, member_id, paths)):
        yield Matter(voice.line("digest.approvals", count=waiting), "announcements/approvals")


def _sent(work: Work, member_id: int, voice: Voice) -> Iterable[Matter]:
    for one in announcements.by_author(work.connection, member_id, 5):
        if one.state is not State.SENT or one.created_at < work.now - LOOK_BACK:
            continue
        confirmed = announcements.confirmed(work.connection, one.id)
        people = campaigns.people(work.connection, one.campaign_id) or one.audience
        if confirmed < people:
            title = one.text.strip().splitlines()[0][:18] if one.text.strip() else one.file_name[:18]
            line = voice.line("digest.announcement", title=title, confirmed=confirmed, audience=people)
            yield Matter(line, f"announcements/{one.id}")


def _theme_days(work: Work, member_id: int, voice: Voice) -> Iterable[Matter]:
    week = work.today + timedelta(days=6)
    for one in theme_day.page(work, member_id, "", THEME_DAYS, 0):
        if one.day <= week:
            facts = {"unit": one.unit.name, "day": voice.day(one.day), "time": f"{one.choice.at:%H:%M}"}
            yield Matter(voice.line("digest.theme_day", **facts), "settings/theme-days")


def push(work: Work) -> None:
    """Push the digest to everybody with a role for whom there is something in it."""
    held = grants.everyone(work.connection, work.now)
    for person in sorted({holder for holder, role, *_ in held if Action.SEE_UNIT_FIGURES in MATRIX[role]}):
        _push_one(work, person)


def _push_one(work: Work, person: int) -> None:
    def compose(voice: Voice) -> Reply:
        found = "\n".join(f"· {line}" for line in lines(work, person, voice))
        home = voice.button("help.home", call("help.home"))
        return Reply((voice.say("digest.head"), text(found), Choices(((home,),))), personal=Personal.MEMBERSHIP)

    if lines(work, person, voice_of("zh")):
        post.push(work, [person], "digest", compose, subject=work.today.isoformat())
