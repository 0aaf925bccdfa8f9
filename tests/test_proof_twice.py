"""A form that comes twice is done once, whatever it is: every route that takes one, and every row that one makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import Connection, text

from console.grammar import Go, Result, Route, Visit, all_routes
from handlers.grammar import Registry
from storage import all_tables
from tests.company import Roll
from tests.crawling import Form, Visitor, route_of
from tests.planted import RESTLESS, Program, serving
from tests.test_proof_door import path_of

pytestmark = pytest.mark.xdist_group("door")

WORDS = "两次送来的话，理由也写够了"
DONE: Counter[str] = Counter()


def _counted(route: Route) -> Route:
    """Return the same route, which is counted alone when a form says so."""

    def run(visit: Visit) -> Result:
        if "counted" not in visit.form:
            return route.run(visit)
        DONE[route.path] += 1
        return Go("people")

    return route if route.method == "GET" else replace(route, run=run, needs=None)


@pytest.fixture(scope="module")
def program(
    planted: tuple[Path, Roll], tmp_path_factory: pytest.TempPathFactory, registry: Registry
) -> Iterator[Program]:
    """The program, whose forms can be counted."""
    routes = [_counted(route) for route in all_routes()]
    with (
        patch("console.app.all_routes", lambda: routes),
        serving(planted, tmp_path_factory.mktemp("twice"), registry) as it,
    ):
        yield it


def rows(connection: Connection) -> dict[str, int]:
    """Count the rows of each table; what is sent out too."""
    names = [one.name for one in all_tables().sorted_tables if one.name not in RESTLESS]
    each = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in names)
    return {row[0]: row[1] for row in connection.execute(text(each))}


def test_every_form_there_is_counts_once(program: Program) -> None:
    root = program.visitor("root")
    paths = {route.path: path_of(route) for route in all_routes() if route.method == "POST"}
    assert len(paths) > 70
    for path, address in paths.items():
        form = {"counted": "1", "once": "ab" * 8}
        first, second = root.posts(address, form), root.posts(address, form)
        assert (first.status, first.headers["Location"]) == (303, "/console/people"), path
        assert second.headers["Location"] == "/console/people?notice=sent_before", path
        # What was mended meanwhile, and what stood on a page of its own, is another form.
        root.posts(address, {**form, "text": "改过"})
        root.posts(address, {**form, "once": "cd" * 8})
    assert dict.fromkeys(paths, 3) == DONE
    assert "没有再办第二次" in root.gets("/console/people?notice=sent_before").words


def shown(visitor: Visitor, page: str, path: str, **has: str) -> Form:
    """Return the form on a page that goes to this route, with these fields as they are."""
    answer = visitor.gets(page)
    for form in answer.forms:
        found = route_of(form.action, "POST") if form.method == "POST" else None
        if found and found[0].path == path and has.items() <= form.filled().items():
            return form
    raise AssertionError((page, path, answer.status))


WHEN = {"day": "2026-12-12", "at": "15:00"}
MAKES: list[tuple[str, str, str, dict[str, str], str]] = [
    ("lin", "gatherings/new", "gatherings/new", {}, "gathering"),
    ("lin", "life/meetings/new?unit={b}&kind=branch_meeting", "life/meetings/new", {**WHEN, "send": "1"}, "meeting"),
    (
        "lin", "life/activities/new?unit={b}", "life/activities/new",
        {**WHEN, "minutes": "90", "deadline_day": "", "deadline_at": "", "capacity": "", "in_hours": ""}, "activity",
    ),
    ("lin", "announcements/new", "announcements/new", {}, "announcement"),
    ("lin", "requests/canned", "requests/canned", {}, "canned_reply"),
    ("lin", "requests/2", "requests/{number}/notes", {}, "demand_note"),
    ("lin", "requests/2", "requests/{number}", {"act": "answer"}, "demand_event"),
    ("lin", "life/meeting/4", "life/meeting/{number}", {"deed": "write"}, "minutes_point"),
    ("lin", "life/{b}/duty?rule=branch_meeting&period=2026Q1", "life/{{unit}}/duty", {"deed": "correct"},
     "obligation_entry"),
    ("lin", "announcements/eyes", "announcements/eyes/on", {}, "announcement_eyes"),
    ("chen", "learning/new", "learning/new", {}, "reading"),
    ("root", "settings/calendar", "settings/calendar/day", {"what": "off"}, "workday_override"),
    ("root", "sending/stop", "sending/stop", {}, "halt"),
]  # fmt: skip
"""Who, the page, the route of its form, what is typed or pressed in it, and the table that gets a row."""


@pytest.mark.parametrize(("who", "page", "path", "typed", "table"), MAKES, ids=[one[2] for one in MAKES])
def test_what_a_form_makes_is_made_once(
    program: Program, who: str, page: str, path: str, typed: dict[str, Any], table: str
) -> None:
    """Twice at the same time, from two lines of one browser, and once more by a reload."""
    visitor, branch = program.visitor(who), program.company.roll.units["branch1"].id
    deed = {name: value for name, value in typed.items() if name == "deed"}
    form = shown(visitor, f"/console/{page.format(b=branch)}", path.replace("{{", "{").replace("}}", "}"), **deed)
    fields = {**form.filled(WORDS), **typed}
    other = Visitor(program.run.url)
    other.cookie, other.form_key = visitor.cookie, visitor.form_key
    before = program.database.read_now(rows)
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda one: one.posts(form.action, fields), (visitor, other)))
    made = program.database.read_now(rows)
    again = visitor.posts(form.action, fields)
    other.close()
    assert [one.status for one in (*answers, again)] == [303] * 3, answers[0].words[-600:]
    assert made[table] == before[table] + 1
    assert program.database.read_now(rows) == made
    ways = {one.headers["Location"].partition("notice=")[0].rstrip("?&") for one in (*answers, again)}
    assert len(ways) == 1
    assert sum("sent_before" in one.headers["Location"] for one in (*answers, again)) == 2
