"""The weekly digest: what is due and what is overdue for somebody with a role; counts, nobody's words and no names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from content import Voice
from content import voice as voice_of
from domain.announcement import State
from domain.call import call
from domain.permission import MATRIX, Action
from domain.reply import Choices, Personal, Reply, text
from domain.schedule import Rule
from services import permission, post, theme_day, timetable
from services.work import Work
from storage import announcement as announcements
from storage import announcement_approval as approvals
from storage import campaign as campaigns
from storage import demand as demands
from storage import objection as objections
from storage import permission as grants

TICK = "digest.weekly"
LOOK_BACK = timedelta(days=14)
MOST = 1000


def prepare(work: Work) -> None:
    """Write the schedule."""
    settings = work.organisation.timetable
    rule = Rule("weekly", at=f"{settings.digest_at:%H:%M}", weekday=settings.digest_weekday)
    timetable.keep(work, TICK, rule)


def lines(work: Work, member_id: int, voice: Voice) -> list[str]:
    """Return what is due and what is overdue, most urgent first; nothing when nothing is."""
    parts = (_demands, _objections, _approvals, _sent, _theme_days)
    return [line for part in parts for line in part(work, member_id, voice)]


def _demands(work: Work, member_id: int, voice: Voice) -> Iterable[str]:
    mine = demands.on_desk(work.connection, member_id, MOST, 0)
    if not mine:
        return
    near, unanswered = demands.near(work.connection, member_id, work.now)
    yield voice.line("digest.demands", open=len(mine), near=near, unanswered=unanswered)


def _objections(work: Work, member_id: int, voice: Voice) -> Iterable[str]:
    waiting = sum(one.handler_id == member_id for one in objections.open_ones(work.connection))
    if waiting:
        yield voice.line("digest.objections", count=waiting)


def _approvals(work: Work, member_id: int, voice: Voice) -> Iterable[str]:
    paths = [unit.path for unit in permission.scope(work, member_id, Action.ANNOUNCE)]
    if paths and (waiting := approvals.count_waiting(work.connection, member_id, paths)):
        yield voice.line("digest.approvals", count=waiting)


def _sent(work: Work, member_id: int, voice: Voice) -> Iterable[str]:
    for one in announcements.by_author(work.connection, member_id, 5):
        if one.state is not State.SENT or one.created_at < work.now - LOOK_BACK:
            continue
        confirmed = announcements.confirmed(work.connection, one.id)
        people = campaigns.people(work.connection, one.campaign_id) or one.audience
        if confirmed < people:
            title = one.text.strip().splitlines()[0][:18] if one.text.strip() else one.file_name[:18]
            yield voice.line("digest.announcement", title=title, confirmed=confirmed, audience=people)


def _theme_days(work: Work, member_id: int, voice: Voice) -> Iterable[str]:
    week = work.today + timedelta(days=6)
    for one in theme_day.of_officer(work, member_id)[:5]:
        if one.day <= week:
            facts = {"unit": one.unit.name, "day": voice.day(one.day), "time": f"{one.choice.at:%H:%M}"}
            yield voice.line("digest.theme_day", **facts)


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
