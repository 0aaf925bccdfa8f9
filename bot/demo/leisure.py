"""Activities of the demo around today: two that were held and rated, and what one can sign up for now."""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.demo.cast import Enterprise
from domain.activity import ActivityKind
from domain.gathering import SCREEN
from domain.organisation import Organisation
from services import activity_day, activity_feedback, activity_plan, activity_sign_up, gathering
from services.activity_plan import Plan
from services.work import Work
from storage import member as members

EVENING, MORNING = time(18, 30), time(9)
"""Outside working hours, as the trade union law has it (工会法 art. 41)."""


def live(
    connection: Connection, organisation: Organisation, enterprise: Enterprise, told: dict[str, Any], now: datetime
) -> None:
    """Plan, publish, fill and, when it is over by now, hold one activity."""
    chance = random.Random(told["title"])  # noqa: S311 - a made-up past needs no secrecy
    by_name = {name: enterprise.people[number] for number, name in enterprise.names.items()}
    organiser, unit = by_name[told["organiser"]], enterprise.units[told["unit"]]
    day, clock = organisation.today(now) - timedelta(days=told["days"]), EVENING
    if told.get("weekend"):
        day, clock = day + timedelta(days=(5 - day.weekday()) % 7), MORNING
    starts = organisation.at(day, clock)
    early = Work(connection, organisation, min(starts - timedelta(days=12), now - timedelta(days=3)))
    one = activity_plan.draft(
        early,
        organiser,
        Plan(
            unit.id, ActivityKind(told["kind"]), told["title"], starts, place=told["place"], capacity=told["capacity"]
        ),
    )
    activity_plan.publish(early, organiser, one.id)
    eligible = [
        person
        for person in members.members_of(connection, one.audience_path, one.standings)
        if person not in {enterprise.visitor("employee"), enterprise.visitor("party")}
    ]
    going = chance.sample(eligible, min(told["signed"], len(eligible)))
    for person in going:
        activity_sign_up.sign_up(early, person, one.id, 0)
    if starts < now - timedelta(days=1):
        _hold(connection, organisation, organiser, one.id, going[: told["came"]], starts, chance)


def _hold(
    connection: Connection,
    organisation: Organisation,
    organiser: int,
    number: int,
    came: list[int],
    starts: datetime,
    chance: random.Random,
) -> None:
    def at(minutes: int) -> Work:
        return Work(connection, organisation, starts + timedelta(minutes=minutes))

    sign_in = activity_day.open_sign_in(at(-10), organiser, number)
    for person in came:
        work = at(chance.randrange(-9, 5))
        gathering.sign_in(work, person, sign_in.code(work.now, SCREEN))
    activity_day.finish(at(125), organiser, number)
    for person in came:
        if chance.random() < 0.7:  # noqa: PLR2004 - most answer, not all
            activity_feedback.rate(at(180), person, number, chance.choice((5, 5, 4, 4, 3)))
