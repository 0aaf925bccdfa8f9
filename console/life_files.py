"""The lists of organisational life as files: branches, obligations beneath, meetings and their people, activities."""

from __future__ import annotations

from console import life_year
from console.asked import whole
from console.grammar import Look, Pages
from console.life import branches_of
from console.life_activity import group_of
from console.life_figures import cells, header
from console.life_meeting import kind_name, list_of, state_name
from console.lists import Line, Rows, every, saves, sliced
from domain.activity import Activity
from domain.meeting import Meeting
from domain.permission import Action
from domain.refusal import Refusal
from services import activity_list, meeting_list, relief
from services import meeting as meetings
from services import obligation_view as view
from services import obligation_words as words
from services import rate as rates

pages = Pages("life")
PLANS = Action.PLAN_MEETINGS
EVERY = 1_000_000
"""More branches than there are."""


def _columns(look: Look, *names: str) -> list[str]:
    said = look.words("life")
    return [said[f"column_{name}"] for name in names]


@saves(pages, "life/table", "branches", back="life", needs=PLANS)
def branches(look: Look) -> Rows:
    """Return the branches that this person may look at."""
    found = branches_of(look, EVERY, 0)
    return Rows(_columns(look, "unit"), *every(found, lambda one: [one.name]))


@saves(pages, "life/{unit}/below/table", "below", back="life/{unit}/below", needs=Action.SET_OBLIGATIONS)
def below(look: Look) -> Rows:
    """Return how the branches beneath a committee stand; the names of those behind once a term has passed."""
    wanted, voice = look.numbers["unit"], look.voice
    committee = next((one for one in view.committees(look.work, look.person.id) if one.id == wanted), None)
    if committee is None:
        raise Refusal("obligation.gone")
    found = view.overview(look.work, committee)

    def line(row: tuple[view.Tally, bool]) -> Line:
        one, late = row
        counts = [one.states[state] for state in words.SIGNS]
        behind = "、".join(one.behind) if late else look.words("life")["running"]
        return [one.rule.name.said(voice.language), words.period_name(voice, one.period), *counts, behind]

    tallies = [*((one, False) for one in found.running), *((one, True) for one in found.passed)]
    states = [life_year.state_name(voice, state.value) for state in words.SIGNS]
    header_ = [*_columns(look, "rule", "period"), *states, look.words("life")["behind"]]
    return Rows(header_, *every(tallies, line), committee.name)


@saves(pages, "life/meetings/table", "meetings", back="life/meetings", needs=PLANS)
def meeting_table(look: Look) -> Rows:
    """Return the list of meetings that is asked for."""
    unit, group = list_of(look)
    local = look.work.organisation.local

    def line(one: Meeting) -> list[str]:
        when = f"{local(one.starts_at):%Y-%m-%d %H:%M}"
        return [one.title, when, one.unit_name, kind_name(look, one.kind), one.place, state_name(look, one)]

    count, rows = sliced(
        lambda limit, offset: meeting_list.listed(look.work, look.person.id, unit, group, limit, offset), line
    )
    names = _columns(look, "title", "when", "unit", "kind", "place", "state")
    return Rows(names, count, rows)


@saves(pages, "life/meeting/{number}/table", "meeting_people", back="life/meeting/{number}", needs=PLANS)
def meeting_people(look: Look) -> Rows:
    """Return who is called to a meeting, what they answered and whether they came; leave for those who may know."""
    found = meetings.runs(look.work, look.person.id, look.numbers["number"])
    voice, said, local = look.voice, look.words("life"), look.work.organisation.local

    def line(row: meeting_list.Row) -> list[str]:
        answer = voice.line(f"meeting.answer_{row.answer.value}") if row.answer and row.answer.value != "none" else ""
        answer += f"（{voice.label(f'attendance.leave_{row.leave.value}')}）" if row.leave else ""
        marks = [said[name] for name in ("late", "by_hand") if getattr(row, name)]
        came = " ".join([f"{local(row.at):%H:%M}", *marks]) if row.at else ""
        duty, votes = voice.label(f"attendance.duty_{row.duty.value}"), said["yes"] if row.votes else ""
        return [row.name, duty, votes, answer, came, row.adjusted]

    names = _columns(look, "name", "duty", "votes", "answer", "came", "adjusted")
    people = meeting_list.rows(look.work, look.person.id, found)
    return Rows(names, *every(people, line), found.title, look.work.organisation.today(found.starts_at))


@saves(pages, "life/activities/table", "activities", back="life/activities", needs=Action.PLAN_ACTIVITIES)
def activities(look: Look) -> Rows:
    """Return the list of activities that is asked for."""
    group, local = group_of(look), look.work.organisation.local

    def line(one: Activity) -> Line:
        kind, when = look.voice.label(f"activity_plan.kind_{one.kind.value}"), f"{local(one.starts_at):%Y-%m-%d %H:%M}"
        taken = f"{one.taken}/{one.capacity}" if one.capacity else one.taken
        return [one.title, when, one.unit_name, kind, one.place, taken]

    count, rows = sliced(
        lambda limit, offset: activity_list.listed(look.work, look.person.id, group, limit, offset), line
    )
    names = _columns(look, "title", "when", "unit", "kind", "place", "taken")
    return Rows(names, count, rows)


@saves(pages, "life/{unit}/relief/table", "relief", back="life/{unit}/relief", needs=Action.SET_OBLIGATIONS)
def relieved(look: Look) -> Rows:
    """Return who is relieved in a branch; never why."""
    unit = relief.branch(look.work, look.person.id, look.numbers["unit"])
    people = relief.relieved(look.work, look.person.id, unit.id)
    return Rows(_columns(look, "name"), *every(people, lambda one: [one[1]]), unit.name)


@saves(pages, "life/figures/list/table", "behind", back="life/figures", needs=Action.SEE_UNIT_FIGURES)
def behind(look: Look) -> Rows:
    """Return the list behind a figure, to whoever may see it there."""
    figure, number = look.query.get("figure", ""), whole(look.query.get("unit", ""))
    asked = (look.person.id, number, look.query.get("period", ""), figure)
    unit, span, found = rates.behind(look.work, *asked)
    of = f"{look.voice.label(f'rate.{figure}')}-{unit.name}"
    return Rows(header(look, figure), *every(found, lambda one: cells(look, figure, one)), of, span.key)
