"""Giving and ending roles, and noting that somebody has left the organisation; each is kept with who did it."""

from __future__ import annotations

from dataclasses import dataclass

from content import Voice
from domain.call import call
from domain.member import Person, Unit, UnitKind
from domain.permission import Action, Role
from domain.refusal import Refusal
from domain.reply import Choices, Personal, Reply
from services import member, permission, post
from services.work import Work
from storage import address, audit
from storage import member as members
from storage import permission as grants
from storage import unit as units

_PLACES = {
    Role.GROUP_LEADER: (UnitKind.PARTY_GROUP,),
    Role.BRANCH_SECRETARY: (UnitKind.PARTY_BRANCH,),
    Role.COMMITTEE_MEMBER: (UnitKind.PARTY_BRANCH,),
    Role.COMMITTEE: (UnitKind.PARTY_COMMITTEE,),
    Role.UNION_OFFICER: (UnitKind.UNION,),
    Role.LEAGUE_OFFICER: (UnitKind.LEAGUE_BRANCH,),
    Role.WOMENS_OFFICER: (UnitKind.WOMEN,),
    Role.ADMINISTRATOR: (UnitKind.GROUP,),
}
"""At which kinds of unit a role is held."""


@dataclass(frozen=True, slots=True)
class Held:
    """A role of a person, with its unit."""

    role: Role
    unit: Unit


def find(work: Work, actor_id: int, words: str) -> list[Person]:
    """Return whom these words mean, or who is alike, within what the actor manages."""
    places = permission.scope(work, actor_id, Action.MANAGE_ROLES)
    if not places:
        raise Refusal("help.not_yours")
    return [
        person
        for person in member.meant(work, words, places)
        if any(unit.within(place) for unit in members.units_of(work.connection, person.id) for place in places)
    ]


def person(work: Work, actor_id: int, number: int) -> Person:
    """Return a person of the actor's scope; raises the refusal for anybody else."""
    found = members.get(work.connection, number)
    if found is None or all(one.id != number for one in find(work, actor_id, found.employee_no)):
        raise Refusal("permission.nobody")
    return found


def held(work: Work, member_id: int) -> list[Held]:
    """Return the roles of a person."""
    found = []
    for grant in permission.grants_of(work, member_id):
        unit = units.get(work.connection, grant.unit_id)
        if unit is not None:
            found.append(Held(grant.role, unit))
    return found


def places(work: Work, actor_id: int, role: Role) -> list[Unit]:
    """Return the units at which the actor may give this role."""
    kinds = _PLACES[role]
    scope = permission.scope(work, actor_id, Action.MANAGE_ROLES)
    return [unit for place in scope for unit in units.beneath(work.connection, place.path) if unit.kind in kinds]


def give(work: Work, actor_id: int, member_id: int, role: Role, unit_id: int) -> bool:
    """Give a role; False when it was held already."""
    person(work, actor_id, member_id)
    unit = next((one for one in places(work, actor_id, role) if one.id == unit_id), None)
    if unit is None:
        raise Refusal("roles.not_there")
    if not grants.give(work.connection, member_id, role, unit_id, work.now):
        return False
    audit.note(work.connection, work.now, actor_id, "roles.give", member_id, role=role.value, unit=unit.code)
    _tell(work, member_id, "roles.told_given", role, unit)
    return True


def end(work: Work, actor_id: int, member_id: int, role: Role, unit_id: int) -> bool:
    """End a role now; False when it was not held."""
    person(work, actor_id, member_id)
    unit = units.get(work.connection, unit_id)
    if unit is not None:
        permission.demand_permission(work, actor_id, Action.MANAGE_ROLES, unit)
    if unit is None or not grants.end_at(work.connection, member_id, role, unit_id, work.now):
        return False
    audit.note(work.connection, work.now, actor_id, "roles.end", member_id, role=role.value, unit=unit.code)
    _tell(work, member_id, "roles.told_ended", role, unit)
    return True


def _tell(work: Work, member_id: int, code: str, role: Role, unit: Unit) -> None:
    def compose(voice: Voice) -> Reply:
        said = voice.say(code, role=voice.label(f"permission.{role.value}"), unit=unit.name)
        home = voice.button("help.home", call("help.home"))
        return Reply((said, Choices(((home,),))), personal=Personal.MEMBERSHIP)

    post.tell(work, member_id, "roles", compose)


def depart(work: Work, actor_id: int, member_id: int) -> None:
    """Note that somebody left the organisation: roles end and accounts are untied at once; history stays."""
    leaving = person(work, actor_id, member_id)
    if leaving.id == actor_id:
        raise Refusal("roles.not_oneself")
    grants.end(work.connection, member_id, work.now)
    address.untie_all(work.connection, member_id)
    members.change(work.connection, member_id, left_at=work.now)
    audit.note(work.connection, work.now, actor_id, "roles.depart", member_id)
