"""Every role at a unit, every action, at its own unit, a child, a sibling, the parent and another tree.

What the matrix says is what the one function answers, to every way of asking; mutants show what the check is worth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from unittest.mock import patch

import pytest
from sqlalchemy import Connection

from domain.member import UnitKind
from domain.permission import MATRIX, WHOLE, Action, Grant, Role, allows
from domain.refusal import Refusal
from services import permission
from services.work import Work
from storage import permission as table
from storage import unit as units
from tests.company import UNITS
from tests.talk import Company

HELD_AT = ("branch1", "party", "root")
"""Beneath a committee, at the one top committee, and at the root."""
ELSEWHERE = {
    "own": "branch1",
    "child": "group11",
    "sibling": "branch2",
    "parent": "party",
    "top": "root",
    "other tree": "union",
    "beside it": "office",
}
"""The relation -> a unit that has it to a branch; to the other places it is told by the parents."""


PARENT = {code: parent for code, _, _, parent in UNITS}


def beneath(code: str, above: str) -> bool:
    """Whether a unit is another one or lies beneath it, told by its parents and not by its path."""
    while code and code != above:
        code = PARENT[code]
    return bool(code)


def somewhere(role: Role, action: Action, held_at: str) -> bool:
    """Whether a role at a unit gives an action at all: what holds for everybody is given at the top alone."""
    top = held_at == "root" or (held_at == "party" and role is Role.COMMITTEE)
    return action in MATRIX[role] and (top or action not in WHOLE)


def expects(role: Role, action: Action, held_at: str, code: str) -> bool:
    """Whether it gives the action at another unit."""
    return somewhere(role, action, held_at) and (action in WHOLE or beneath(code, held_at))


def leaks(work: Work, company: Company, role: Role, held_at: str) -> Iterator[tuple[str, ...]]:
    """Yield every answer that differs from what the matrix says."""
    person, units = company.roll.people["ada"], company.roll.units
    for relation, code in ELSEWHERE.items():
        for action in Action:
            expected = expects(role, action, held_at, code)
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
        if over is not beneath(code, held_at):
            yield (role, relation, "holders")
    yield from leaks_somewhere(work, company, role, held_at)


def leaks_somewhere(work: Work, company: Company, role: Role, held_at: str) -> Iterator[tuple[str, ...]]:
    """Yield the same of the answers that name no unit."""
    person, units = company.roll.people["ada"], company.roll.units
    for action in Action:
        held = somewhere(role, action, held_at)
        if permission.may_anywhere(work, person, action) is not held:
            yield (role, action, "may_anywhere")
        if permission.may_everywhere(work, person, action) is not (held and action in WHOLE):
            yield (role, action, "may_everywhere")
        found = [unit.id for unit in permission.scope(work, person, action)]
        if found != ([units[held_at].id] if held else []):
            yield (role, action, "scope")


def found_with(company: Company, role: Role, held_at: str) -> list[tuple[str, ...]]:
    """Give 王芳, who holds nothing, a role, and return the leaks; nothing of it is kept."""
    person, unit = company.roll.people["ada"], company.roll.units[held_at].id

    def look(connection: Connection) -> list[tuple[str, ...]]:
        work = company.work(connection)
        assert not permission.grants_of(work, person)
        table.give(work.connection, person, role, unit, work.now)
        found = list(leaks(work, company, role, held_at))
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
@pytest.mark.parametrize("held_at", HELD_AT)
def test_the_matrix_is_what_is_answered(company: Company, held_at: str) -> None:
    """ASVS 8.2.1–8.2.3."""
    assert {role: found for role in Role if (found := found_with(company, role, held_at))} == {}


def test_on_each_database_a_role_reaches_no_further(company: Company) -> None:
    assert found_with(company, Role.BRANCH_SECRETARY, "branch1") == []
    assert found_with(company, Role.COMMITTEE, "party") == []


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
def test_beneath_and_beside_another_committee_nothing_is_decided_for_everybody(company: Company) -> None:
    chen, root, party = company.roll.people["chen"], company.roll.units["root"], company.roll.units["party"]

    def may(connection: Connection, person: int = chen) -> bool:
        return permission.may_anywhere(company.work(connection), person, Action.IMPORT_QUESTIONS)

    below = company.write(lambda c: units.add(c, "below", "分公司党委", UnitKind.PARTY_COMMITTEE, party))
    company.write(lambda c: table.give(c, company.roll.people["ada"], Role.COMMITTEE, below.id, company.now))
    assert company.read(may)
    assert not company.read(partial(may, person=company.roll.people["ada"]))
    company.write(lambda c: units.add(c, "beside", "另一党委", UnitKind.PARTY_COMMITTEE, root))
    assert not company.read(may), "of two at the top neither decides for the other"


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
def test_every_pair_of_units_told_by_the_parents(company: Company) -> None:
    for above, held in company.roll.units.items():
        for code, here in company.roll.units.items():
            for role in Role:
                grants = [Grant(role, held.id, held.path)]
                for action in Action:
                    # The pure function knows of no seat: it is told.
                    top = above == "root" or (above == "party" and role is Role.COMMITTEE)
                    whole = top if action in WHOLE else beneath(code, above)
                    expected = action in MATRIX[role] and whole
                    seat = company.roll.units["party"].path
                    assert allows(grants, action, here.path, seat) is expected, (role, action, above, code)


def test_a_path_that_begins_alike_is_another_unit() -> None:
    grants = [Grant(Role.ADMINISTRATOR, 1, "/1/"), Grant(Role.BRANCH_SECRETARY, 2, "/3/2/")]
    assert not allows([Grant(Role.COMMITTEE, 2, "/1/2/")], Action.IMPORT_QUESTIONS, "/1/2/")
    assert not allows([Grant(Role.COMMITTEE, 3, "/1/2/3/")], Action.IMPORT_QUESTIONS, "/1/2/3/", "/1/2/")
    assert not allows([Grant(Role.ADMINISTRATOR, 2, "/1/2/")], Action.IMPORT_QUESTIONS, "/1/2/", "/1/2/")
    assert not allows(grants, Action.INVITE, "/10/")
    assert not allows(grants, Action.ANNOUNCE, "/3/20/")
    assert not allows([], Action.INVITE, "/1/")


def everywhere(grants: Iterable[Grant], action: Action, path: str, _seat: str = "") -> bool:
    return bool(path) and any(action in MATRIX[one.role] for one in grants)


def anything(grants: Iterable[Grant], action: Action, path: str, _seat: str = "") -> bool:
    return bool(action) and any(path.startswith(one.path) for one in grants)


def upwards(grants: Iterable[Grant], action: Action, path: str, _seat: str = "") -> bool:
    return any(action in MATRIX[one.role] and one.path.startswith(path) for one in grants)


def beside(grants: Iterable[Grant], action: Action, path: str, _seat: str = "") -> bool:
    return any(action in MATRIX[one.role] and path.startswith(one.path[:-2]) for one in grants)


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
@pytest.mark.parametrize("mutant", [everywhere, anything, upwards, beside])
def test_a_wrong_decision_is_found(company: Company, mutant: object) -> None:
    """What the check is worth: each of these lets somebody in who has no business there."""
    with patch("services.permission.allows", mutant):
        assert found_with(company, Role.BRANCH_SECRETARY, "branch1")
