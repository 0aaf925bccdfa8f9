"""How a demand reads, in either language: state, next step, history, pushes. Names are for the two sides alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from content import Voice
from domain import demand as rules
from domain.demand import Act, Case, Event, Rating, State
from domain.demand_draft import File
from domain.permission import Role
from domain.reply import Block, Button, Choices, Document, Personal, Picture, Reply, Text, text
from services import demand_category
from services.demand_route import Officer
from services.work import Work

STATES = {
    State.FILED: "demand.state_filed",
    State.WORKING: "demand.state_working",
    State.ASKED: "demand.state_asked",
    State.CLOSED: "demand.state_closed",
    State.WITHDRAWN: "demand.state_withdrawn",
}
_NEXT = {
    State.FILED: "demand.next_filed",
    State.WORKING: "demand.next_working",
    State.ASKED: "demand.next_asked",
    State.WITHDRAWN: "demand.next_withdrawn",
}
RATINGS = {
    Rating.SATISFIED: "demand.satisfied",
    Rating.FAIRLY: "demand.fairly",
    Rating.DISSATISFIED: "demand.dissatisfied",
}
_ROLES = {
    Role.BRANCH_SECRETARY.value: "demand.role_branch_secretary",
    Role.COMMITTEE.value: "demand.role_committee",
    Role.UNION_OFFICER.value: "demand.role_union_officer",
    Role.LEAGUE_OFFICER.value: "demand.role_league_officer",
    Role.WOMENS_OFFICER.value: "demand.role_womens_officer",
}
_DEEDS = {
    Act.FILE: "demand.did_file",
    Act.ROUTE: "demand.did_route",
    Act.ANSWER: "demand.did_answer",
    Act.ASK: "demand.did_ask",
    Act.REASSIGN: "demand.did_reassign",
    Act.CLOSE: "demand.did_close",
    Act.ADD: "demand.did_add",
    Act.WITHDRAW: "demand.did_withdraw",
    Act.REOPEN: "demand.did_reopen",
    Act.RATE: "demand.did_rate",
    Act.MERGE: "demand.did_merge",
    Act.PART: "demand.did_part",
}


def category(voice: Voice, case: Case) -> str:
    """Return the category's name."""
    return demand_category.known(case.category).called(voice.language)


def kind(voice: Voice, case: Case) -> str:
    """Return the category's name for a list; what is about hardship is not named there."""
    if class_of(case) is Personal.HARDSHIP:
        return voice.line("demand.kind_kept")
    return category(voice, case)


def class_of(case: Case, *said: str) -> Personal:
    """Return how personal it is to show this case, and these words of its history."""
    return demand_category.class_of(case.category, case.text, *said)


def state(voice: Voice, case: Case) -> str:
    """Return the state in words."""
    return voice.line(STATES[case.state])


def officer(voice: Voice, one: Officer) -> str:
    """Return an officer with role and unit."""
    role = voice.line(_ROLES[one.role]) if one.role in _ROLES else ""
    return voice.line("demand.officer", name=one.name, role=role, unit=one.unit)


def last_day(voice: Voice, work: Work, moment: datetime) -> str:
    """Return the last day of a limit; the limit itself is the moment after that day's end."""
    return voice.day(work.organisation.local(moment - timedelta(seconds=1)).date())


def left(voice: Voice, work: Work, moment: datetime) -> str:
    """Return how many days are left until a limit, in words."""
    days = (work.organisation.local(moment - timedelta(seconds=1)).date() - work.today).days
    if moment <= work.now:
        return voice.line("demand.left_over", days=-days)
    return voice.line("demand.left_days", days=days) if days else voice.line("demand.left_today")


def row(voice: Voice, work: Work, case: Case, first: datetime | None, called: str) -> list[str]:
    """Return a case as a row of an export; `first`: its first answer; `called`: its kind. No text, no name, no unit."""

    def moment(at: datetime | None) -> str:
        return f"{work.organisation.local(at):%Y-%m-%d %H:%M}" if at else ""

    def day(at: datetime) -> str:
        return f"{work.organisation.local(at - timedelta(seconds=1)):%Y-%m-%d}"

    return [
        case.number,
        called,
        state(voice, case),
        moment(case.filed_at),
        day(case.limits.first_by),
        moment(first),
        day(case.limits.finish_by),
        moment(case.closed_at),
        voice.line(RATINGS[case.rating]) if case.rating else "",
        str(case.round - 1),
    ]


def next_step(voice: Voice, work: Work, case: Case) -> Text:
    """Return what comes next, and until when."""
    facts = {"day": last_day(voice, work, case.due), "left": left(voice, work, case.due)}
    if case.open and case.officer_id is None:
        return voice.say("demand.next_nobody")
    if case.state in _NEXT:
        return voice.say(_NEXT[case.state], **facts)
    if case.rating is not None:
        return voice.say("demand.next_rated", rating=voice.line(RATINGS[case.rating]))
    until = (case.closed_at or work.now) + rules.REOPEN_WITHIN
    return voice.say("demand.next_closed", day=voice.day(work.organisation.local(until).date()))


def timeline(
    voice: Voice, work: Work, case: Case, events: Sequence[Event], names: Mapping[int, str], reader: int
) -> list[Text]:
    """Return a history as its reader sees it, a block an event."""
    lines = []
    for one in events:
        who = voice.line("demand.program") if one.actor_id is None else names.get(one.actor_id, "")
        if one.actor_id == reader:
            who = voice.line("demand.you")
        at = f"{work.organisation.local(one.at):%m-%d %H:%M}"
        to = names.get(one.to_id, "") if one.to_id else voice.line("demand.nobody")
        words = case.text if one.act is Act.FILE else one.text
        if one.act is Act.RATE:
            words = voice.line(RATINGS[Rating(one.text)])
        files = voice.line("demand.with_files", count=one.files) if one.files else ""
        line = voice.line(_DEEDS[one.act], at=at, who=who, to=to)
        lines.append(text("\n".join(part for part in (line, words, files) if part)))
    return lines


def file_blocks(files: Sequence[File], voice: Voice) -> list[Block]:
    """Return the files as pictures and documents."""
    unnamed = voice.line("demand.unnamed_file")
    return [
        Picture(one.attachment, one.name or unnamed) if one.picture else Document(one.attachment, one.name or unnamed)
        for one in files
    ]


def card(case: Case, first: Text, words: str, files: int, voice: Voice, rows: Sequence[Sequence[Button]]) -> Reply:
    """Return a push about a case: its sentence, what was written, how many files, and the buttons."""
    blocks: list[Block] = [first]
    if words:
        blocks.append(text(words))
    if files:
        blocks.append(voice.say("demand.with_files", count=files))
    return Reply((*blocks, Choices(tuple(tuple(row) for row in rows))), personal=class_of(case, words))
