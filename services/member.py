"""What a person is here: consent, profile, accounts, and going away."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from domain import sound
from domain.member import NOTICE_VERSION, Person, Standing, Unit
from domain.permission import Grant, Role
from services import permission
from services.work import Work
from storage import address, audit, people
from storage import consent as consents
from storage import member as members
from storage import unit as units

LONGEST_WORDS = 80
SHORTEST_PART = 2
ALIKE = 20
"""So many people at most are offered when somebody's words name nobody exactly."""


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


def meant(work: Work, words: str, places: Sequence[Unit]) -> list[Person]:
    """Return whom a number or a full name means; when it is nobody's, who is alike within these places.

    Alike as the console's search has it: the name by its pinyin or the first letters of it, or a part of name or
    number. Whoever is found so is not named: nothing may be done with her before somebody chose her.
    """
    said = unicodedata.normalize("NFKC", words).strip()[:LONGEST_WORDS]
    exactly = members.by_name_or_number(work.connection, said)
    if exactly or len(said) < SHORTEST_PART or not places:
        return exactly
    wanted = people.Wanted(tuple(unit.path for unit in places), said, sound.asked(said))
    return people.alike(work.connection, wanted, ALIKE)


def is_named(person: Person, words: str) -> bool:
    """Answer whether these words are somebody's whole name or number, rather than alike."""
    return unicodedata.normalize("NFKC", words).strip() in {person.name, person.employee_no}


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
