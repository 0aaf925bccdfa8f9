"""What a person is here: consent, profile, accounts, and going away."""

from __future__ import annotations

from dataclasses import dataclass

from domain.member import NOTICE_VERSION, Person, Standing, Unit
from domain.permission import Grant, Role
from services import permission
from services.work import Work
from storage import address, audit
from storage import consent as consents
from storage import member as members
from storage import unit as units


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that the roster says of a person, for the person."""

    person: Person
    standings: frozenset[Standing]
    units: tuple[Unit, ...]
    roles: tuple[tuple[Role, str], ...]
    """(role, name of its unit)"""
    accounts: tuple[str, ...]
    """Names of the messengers, one an account."""


def agree(work: Work, person: Person) -> None:
    """Keep the consent to the notice as it is now; twice is once."""
    if person.consent >= NOTICE_VERSION:
        return
    consents.give(work.connection, person.id, NOTICE_VERSION, work.now)
    members.change(work.connection, person.id, consent=NOTICE_VERSION)


def profile(work: Work, person: Person) -> Profile:
    """Return what is known of a person."""
    held = permission.grants_of(work, person.id)
    return Profile(
        person,
        members.standings_of(work.connection, person.id),
        tuple(members.units_of(work.connection, person.id)),
        tuple((grant.role, _name(work, grant)) for grant in held),
        tuple(account[1] for account in address.accounts_of(work.connection, person.id)),
    )


def _held_at(work: Work, holder: int, role: Role, unit: Unit) -> str:
    held = permission.grants_of(work, holder)
    nearest = [grant for grant in held if grant.role is role and unit.path.startswith(grant.path)][-1:]
    return _name(work, nearest[0]) if nearest and role is not Role.ADMINISTRATOR else ""


def _name(work: Work, grant: Grant) -> str:
    found = units.get(work.connection, grant.unit_id)
    return found.name if found else ""


def unbind(work: Work, address_id: int, person: Person) -> None:
    """Untie this account, and the browsers that came by links. What the person has done stays the person's."""
    address.end_visits(work.connection, work.now, person.id)
    address.bind(work.connection, address_id, None, None)


def go_away(work: Work, person: Person) -> None:
    """Withdraw consent: every account is untied, nothing is pushed any more. Membership and rights are untouched."""
    consents.withdraw(work.connection, person.id, work.now)
    members.change(work.connection, person.id, consent=0)
    address.untie_all(work.connection, person.id)
    audit.note(work.connection, work.now, person.id, "go_away", person.id)


def set_language(work: Work, address_id: int, person: Person | None, language: str) -> None:
    """Remember the language of an account and of whoever owns it."""
    address.set_language(work.connection, address_id, language)
    if person is not None:
        members.change(work.connection, person.id, language=language)


def helpers(work: Work, person: Person) -> list[tuple[str, Role, str]]:
    """Return (name, role, unit) of those whom a person may ask: holders of roles at or above her units."""
    wanted = (Role.BRANCH_SECRETARY, Role.UNION_OFFICER, Role.LEAGUE_OFFICER, Role.WOMENS_OFFICER, Role.ADMINISTRATOR)
    found: dict[int, tuple[str, Role, str]] = {}
    for unit in reversed(members.units_of(work.connection, person.id)):
        for role in wanted:
            for holder in permission.holders(work, role, unit.path)[:1]:
                if holder != person.id and holder not in found:
                    name = members.names_of(work.connection, [holder]).get(holder, "")
                    found[holder] = (name, role, _held_at(work, holder, role, unit))
    order = {role: place for place, role in enumerate(wanted)}
    return sorted(found.values(), key=lambda one: order[one[1]])
