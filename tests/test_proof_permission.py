"""Every role at a unit, every action, at its own unit, a child, a sibling, the parent and another tree.

What the matrix says is what the one function answers, to every way of asking; mutants show what the check is worth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from unittest.mock import patch

import pytest
from sqlalchemy import Connection

from domain.permission import MATRIX, Action, Grant, Role, allows
from domain.refusal import Refusal
from services import permission
from services.work import Work
from storage import permission as table
from tests.company import UNITS
from tests.talk import Company

HELD_AT = "branch1"
ELSEWHERE = {
    "own": "branch1",
    "child": "group11",
    "sibling": "branch2",
    "parent": "party",
    "top": "root",
    "other tree": "union",
    "beside it": "office",
}
"""The relation -> a unit that has it to the unit at which the role is held."""
WITHIN = {"own", "child"}


PARENT = {code: parent for code, _, _, parent in UNITS}


def beneath(code: str, above: str) -> bool:
    """Whether a unit is another one or lies beneath it, told by its parents and not by its path."""
    while code and code != above:
        code = PARENT[code]
    return bool(code)


def leaks(work: Work, company: Company, role: Role) -> Iterator[tuple[str, ...]]:
    """Yield every answer that differs from what the matrix says."""
    person, units = company.roll.people["ada"], company.roll.units
    for relation, code in ELSEWHERE.items():
        for action in Action:
            expected = action in MATRIX[role] and relation in WITHIN
            if permission.may(work, person, action, units[code]) is not expected:
                yield (role, action, relation, "may")
            try:
                permission.demand_permission(work, person, action, units[code])
                refused = False
            except Refusal:
                refused = True
            if refused is expected:
                yield (role, action, relation, "demand_permission")
        over = person in permission.holders(work, role, units[code].path)
        if over is not (relation in WITHIN):
            yield (role, relation, "holders")
    for action in Action:
        if permission.may_anywhere(work, person, action) is not (action in MATRIX[role]):
            yield (role, action, "may_anywhere")
        found = [unit.id for unit in permission.scope(work, person, action)]
        if found != ([units[HELD_AT].id] if action in MATRIX[role] else []):
            yield (role, action, "scope")


def found_with(company: Company, role: Role) -> list[tuple[str, ...]]:
    """Give 王芳, who holds nothing, a role, and return the leaks; nothing of it is kept."""
    person, unit = company.roll.people["ada"], company.roll.units[HELD_AT].id

    def look(connection: Connection) -> list[tuple[str, ...]]:
        work = company.work(connection)
        assert not permission.grants_of(work, person)
        table.give(work.connection, person, role, unit, work.now)
        found = list(leaks(work, company, role))
        later = Work(work.connection, work.organisation, work.now + timedelta(days=1))
        table.end(work.connection, person, later.now)
        ended = Work(work.connection, work.organisation, later.now)
        earlier = Work(work.connection, work.organisation, work.now - timedelta(seconds=1))
        for moment in (ended, earlier):
            held = [action for action in Action if permission.may_anywhere(moment, person, action)]
            found += [(role, action, "outside its time") for action in held]
        return found

    return company.read(look)


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
def test_the_matrix_is_what_is_answered(company: Company) -> None:
    """ASVS 8.2.1–8.2.3."""
    assert {role: found for role in Role if (found := found_with(company, role))} == {}


def test_on_each_database_a_role_reaches_no_further(company: Company) -> None:
    assert found_with(company, Role.BRANCH_SECRETARY) == []


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
def test_every_pair_of_units_told_by_the_parents(company: Company) -> None:
    for above, held in company.roll.units.items():
        for code, here in company.roll.units.items():
            for role in Role:
                grants = [Grant(role, held.id, held.path)]
                for action in Action:
                    expected = action in MATRIX[role] and beneath(code, above)
                    assert allows(grants, action, here.path) is expected, (role, action, above, code)


def test_a_path_that_begins_alike_is_another_unit() -> None:
    grants = [Grant(Role.ADMINISTRATOR, 1, "/1/"), Grant(Role.BRANCH_SECRETARY, 2, "/3/2/")]
    assert not allows(grants, Action.INVITE, "/10/")
    assert not allows(grants, Action.ANNOUNCE, "/3/20/")
    assert not allows([], Action.INVITE, "/1/")


def everywhere(grants: Iterable[Grant], action: Action, path: str) -> bool:
    return bool(path) and any(action in MATRIX[one.role] for one in grants)


def anything(grants: Iterable[Grant], action: Action, path: str) -> bool:
    return bool(action) and any(path.startswith(one.path) for one in grants)


def upwards(grants: Iterable[Grant], action: Action, path: str) -> bool:
    return any(action in MATRIX[one.role] and one.path.startswith(path) for one in grants)


def beside(grants: Iterable[Grant], action: Action, path: str) -> bool:
    return any(action in MATRIX[one.role] and path.startswith(one.path[:-2]) for one in grants)


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
@pytest.mark.parametrize("mutant", [everywhere, anything, upwards, beside])
def test_a_wrong_decision_is_found(company: Company, mutant: object) -> None:
    """What the check is worth: each of these lets somebody in who has no business there."""
    with patch("services.permission.allows", mutant):
        assert found_with(company, Role.BRANCH_SECRETARY)
