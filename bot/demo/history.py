"""Six months of the demo enterprise's life, lived through the program's own services at moments of the past."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.demo import leisure, notices, study
from bot.demo.cast import Enterprise
from bot.demo.life import Life
from bot.demo.life import described as described_life
from content import FOLDER
from domain.demand_draft import Draft
from domain.organisation import Organisation
from services import calendar, checkin, demand, desk
from services.work import Work
from storage import outbox

LIVED = timedelta(days=183)


def described() -> dict[str, Any]:
    """Return the history as `content/demo/history.toml` describes it."""
    return tomllib.loads((FOLDER / "demo" / "history.toml").read_text(encoding="utf-8"))


def live(connection: Connection, organisation: Organisation, enterprise: Enterprise, now: datetime) -> None:
    """Live through the six months before today."""
    chance = random.Random(20261123)  # noqa: S311 - a made-up past needs no secrecy
    habits = {number: chance.choice((0.2, 0.5, 0.75, 0.9, 0.97)) for number in enterprise.people}
    today = organisation.today(now)
    for day in _days(today - LIVED, today):
        if calendar.plain_workday(day):
            _check_in(connection, organisation, enterprise, day, habits, chance)
    for place, one in enumerate(described()["demand"]):
        _ask(connection, organisation, enterprise, now, one, place)
    work = Work(connection, organisation, now)
    for one in described()["announcement"]:
        notices.announce_past(work, enterprise, one, chance)
    study.study(work, enterprise, chance)
    Life(connection, organisation, enterprise, now).live()
    for one in described_life()["activity"]:
        leisure.live(connection, organisation, enterprise, one, now)
    outbox.settle_past(connection, now)


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day < last:
        yield day
        day += timedelta(days=1)


def _moment(organisation: Organisation, day: date, hour: int, minute: int) -> datetime:
    return organisation.at(day, time(hour, minute))


def _check_in(
    connection: Connection,
    organisation: Organisation,
    enterprise: Enterprise,
    day: date,
    habits: dict[str, float],
    chance: random.Random,
) -> None:
    for number, person in enterprise.people.items():
        if chance.random() < habits[number]:
            at = _moment(organisation, day, 8 + chance.randrange(2), chance.randrange(60))
            checkin.check_in(Work(connection, organisation, at), person)


def author_of(enterprise: Enterprise, who: str) -> int:
    """Return the id of a visitor's person, or of the person with this number."""
    return enterprise.visitor(who) if who in enterprise.visitors else enterprise.people[who]


def _ask(
    connection: Connection,
    organisation: Organisation,
    enterprise: Enterprise,
    now: datetime,
    one: dict[str, Any],
    place: int,
) -> None:
    """Let a request of the past run its course."""
    filed = organisation.today(now) - timedelta(days=one["days"])
    author = author_of(enterprise, one["author"])
    draft = Draft(token=f"demo-{place}", text=one["text"], category=one["category"])
    case = demand.file(Work(connection, organisation, _moment(organisation, filed, 10, 5)), author, draft)
    if case.officer_id is None:
        return
    answered = _moment(organisation, filed + timedelta(days=one["first"]), 14, 20)
    answer = Draft(token=f"demo-{place}-answer", text=one["answer"], case=case.id, act="answer")
    desk.send(Work(connection, organisation, answered), case.officer_id, answer)
    if "resolution" not in one:
        return
    closed = _moment(organisation, filed + timedelta(days=one["close"]), 16, 10)
    closing = Draft(token=f"demo-{place}-close", text=one["resolution"], case=case.id, act="close")
    desk.send(Work(connection, organisation, closed), case.officer_id, closing)
    demand.rate(Work(connection, organisation, closed + timedelta(hours=2)), author, case.id, one["rating"])
