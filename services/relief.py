"""Relieving somebody of organisational life (党员教育管理工作条例 art. 23). From when is kept, never why."""

from __future__ import annotations

from datetime import timedelta

from domain.member import Person, Standing, Unit, UnitKind
from domain.permission import Action
from domain.refusal import Refusal
from services import member, permission
from services import words as speech
from services.work import Work
from storage import audit
from storage import member as members
from storage import relief as table
from storage import unit as units

PARTY = (Standing.PARTY_FULL, Standing.PARTY_PROBATIONARY)


def branch(work: Work, member_id: int, unit_id: int) -> Unit:
    """Return a branch in which a person may relieve; raises the refusal for any other."""
    unit = units.get(work.connection, unit_id)
    if unit is None or unit.kind is not UnitKind.PARTY_BRANCH:
        raise Refusal("relief.no_branch")
    permission.demand_permission(work, member_id, Action.SET_OBLIGATIONS, unit)
    return unit


def relieved(work: Work, member_id: int, unit_id: int) -> list[tuple[int, str]]:
    """Return (id, name) of the relieved members of a branch, for whoever may relieve there."""
    unit = branch(work, member_id, unit_id)
    people = table.on(work.connection, members.members_of(work.connection, unit.path, PARTY), work.today)
    return speech.in_order(sorted(members.names_of(work.connection, people).items()), lambda pair: pair[1])


def candidates(work: Work, member_id: int, unit_id: int, words: str) -> list[Person]:
    """Return the members of a branch whom these words mean, or who are alike."""
    unit = branch(work, member_id, unit_id)
    inside = set(members.members_of(work.connection, unit.path, PARTY))
    return [one for one in member.meant(work, words, [unit]) if one.id in inside]


def relieve(work: Work, member_id: int, person: int) -> None:
    """Relieve a Party member from today on."""
    _demand(work, member_id, person)
    table.give(work.connection, person, work.today, member_id, work.now)
    audit.note(work.connection, work.now, member_id, "relief.give", person)


def unrelieve(work: Work, member_id: int, person: int) -> None:
    """Let a relief end: from today on the person is held to organisational life again."""
    _demand(work, member_id, person)
    table.end(work.connection, person, work.today - timedelta(days=1))
    audit.note(work.connection, work.now, member_id, "relief.end", person)


def _demand(work: Work, member_id: int, person: int) -> None:
    """Raise the refusal unless the person is a Party member of a branch where this may be decided."""
    own = [unit for unit in members.units_of(work.connection, person) if unit.kind is UnitKind.PARTY_BRANCH]
    allowed = [unit for unit in own if permission.may(work, member_id, Action.SET_OBLIGATIONS, unit)]
    if not allowed or not members.standings_of(work.connection, person) & set(PARTY):
        raise Refusal("permission.nobody")


def name_of(work: Work, number: int) -> str:
    """Return somebody's name."""
    return members.names_of(work.connection, [number]).get(number, "")
