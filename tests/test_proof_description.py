"""schemathesis throws at the running console whatever its description allows, as four kinds of people.

Nothing breaks, and nobody is shown what is another's.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from console.grammar import all_routes
from tests.crawling import Answer
from tests.describing import describe
from tests.faults.figures import LONG, record, size
from tests.planted import Program, marks

pytestmark = pytest.mark.xdist_group("description")

WHO = ("", "lin", "zhou", "root")
"""A member without a role (nobody lets her in), a branch's secretary, a union officer, an administrator: she comes
last, for what she is let do by chance ends other people's roles."""
EACH = size(2, 100)


def cases() -> list[Any]:
    """Return what is sent: so many for each operation, the same in each short run and new ones in each long one."""
    found: list[Any] = []
    tries = settings(
        max_examples=EACH, deadline=None, database=None, phases=[Phase.generate], derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    for operation in schemathesis.openapi.from_dict(describe("of the session")).get_all_operations():

        def keep(case: Any) -> None:  # noqa: ANN401 - schemathesis' own
            found.append(case)

        described: Any = operation
        tries(given(case=described.ok().as_strategy())(keep))()
    return found


def test_the_description_has_every_route_and_its_fields() -> None:
    described = {(method.upper(), path) for path, ways in describe("")["paths"].items() for method in ways}
    assert described == {(route.method, f"/console/{route.path}") for route in all_routes()}
    decide = describe("")["paths"]["/console/life/{unit}/duty"]["post"]
    [content] = decide["requestBody"]["content"].values()
    assert {"key", "rule", "period", "deed", "reason", "day"} <= set(content["schema"]["properties"])
    fields = [
        name
        for ways in describe("")["paths"].values()
        for one in ways.values()
        for content in one.get("requestBody", {}).get("content", {}).values()
        for name in content["schema"]["properties"]
    ]
    assert len(fields) > 5 * sum(route.method == "POST" for route in all_routes()) / 2


def test_nothing_that_is_sent_breaks_it(program: Program) -> None:
    """ASVS 1.2.4, 16.5.1."""
    broken, sent = [], cases()
    assert len(sent) >= EACH * len(all_routes()) * 0.9
    for turn, nickname in enumerate(WHO):
        # In a short run each case is sent by two of them.
        for case in sent if LONG else sent[turn % 2 :: 2]:
            answer = _sends(program, nickname, case)
            leaks = [one for one in marks(answer.words) if not nickname or not program.may_see(nickname, one)]
            if answer.status >= 500 or leaks or "Traceback" in answer.words:
                broken.append((nickname, case.method, answer.path, answer.status, leaks))
    assert broken == []
    record("乱填乱发 schemathesis against the console", f"{len(sent) * len(WHO):,}", "0 × 5xx", "0 × 5xx")


def _sends(program: Program, nickname: str, case: Any) -> Answer:  # noqa: ANN401 - schemathesis' own
    """Send a case as the person; whoever was signed out by it comes in again, while there is a way."""
    visitor = program.visitor(nickname)
    numbers = {name: quote(str(value), safe="") for name, value in case.path_parameters.items()}
    path = case.path.format(**numbers)
    if case.method == "GET":
        asked = {name: str(value) for name, value in case.query.items()}
        return visitor.asks("GET", f"{path}?{urlencode(asked)}")
    answer = visitor.posts(path, {name: str(value) for name, value in dict(case.body).items() if name != "key"})
    if nickname and (answer.status == 401 or path.startswith("/console/out")):
        program.forget(nickname)
    return answer
