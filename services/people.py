"""The people whom somebody may see: searched, turned page by page, and one by one with what they went through.

Whoever manages roles or imports the roster sees everybody of that scope, those who have left too; whoever invites sees
the people of theirs. Nobody else sees anybody.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from domain import sound
from domain.member import Person, Standing, Unit, UnitKind
from domain.permission import Action, Role
from domain.refusal import Refusal
from services import member, permission
from services.member import Profile
from services.work import Work
from storage import address
from storage import member as members
from storage import people as table
from storage import unit as units
from storage.people import Code, Deed, Row, Term, Wanted

PAGE = 50
AT_ONCE = 500
LONGEST_WORDS = 80
MOST_DEEDS = 200
MOST_CODES = 20
ADMINISTRATION = (Action.MANAGE_ROLES, Action.IMPORT_ROSTER)
SEEING = (*ADMINISTRATION, Action.INVITE)
_KINDS = list(UnitKind)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for. `unit`: at or beneath this one; 0: wherever they may see."""

    words: str = ""
    unit: int = 0
    standing: Standing | None = None
    bound: bool | None = None
    left: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A person of the list."""

    row: Row
    standings: tuple[Standing, ...]
    units: tuple[str, ...]
    roles: tuple[Role, ...]
    bound: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the list. `page` counts from 1 and is the last one at most."""

    people: list[Listed]
    count: int
    page: int
    pages: int


@dataclass(slots=True)
class Branch:
    """A unit of the tree; what is beneath it is there when it is open."""

    unit: Unit
    here: bool
    beneath: list[Branch] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Spell:
    """A role from when until when, and by whom, as far as that was written down."""

    term: Term
    given: Deed | None
    ended: Deed | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A binding code that was made, and by whom."""

    code: Code
    state: str
    """used, open or over"""
    made: Deed | None


@dataclass(frozen=True, slots=True)
class Known:
    """A person, with what they went through and what whoever looks may do."""

    profile: Profile
    left_at: datetime | None
    departure: Deed | None
    spells: list[Spell]
    invitations: list[Invitation]
    may_invite: bool
    may_manage: bool


def scope(work: Work, actor_id: int, actions: tuple[Action, ...] = SEEING) -> list[Unit]:
    """Return the highest units whose people this person may see. Raises when there are none."""
    every = [unit for action in actions for unit in permission.scope(work, actor_id, action)]
    found: list[Unit] = []
    for unit in sorted(every, key=lambda one: (len(one.path), one.path)):
        if not any(unit.within(other) for other in found):
            found.append(unit)
    if not found:
        raise Refusal("permission.nowhere")
    return found


def _is_root(unit: Unit) -> bool:
    return unit.path == f"/{unit.id}/"


def _within(places: list[Unit]) -> tuple[str, ...] | None:
    return None if any(_is_root(unit) for unit in places) else tuple(unit.path for unit in places)


def unit_seen(work: Work, actor_id: int, number: int) -> Unit:
    """Return a unit of the scope; raises for any other."""
    found = units.get(work.connection, number)
    if found is None or not any(found.within(place) for place in scope(work, actor_id)):
        raise Refusal("people.no_unit")
    return found


def wanted(work: Work, actor_id: int, asked: Asked, actions: tuple[Action, ...] = SEEING) -> Wanted:
    """Return what is asked for, within what this person may see by one of these actions."""
    places = scope(work, actor_id, ADMINISTRATION if asked.left else actions)
    paths = _within(places)
    if asked.unit:
        unit = unit_seen(work, actor_id, asked.unit)
        if not any(unit.within(place) for place in places):
            raise Refusal("people.no_unit")
        paths = None if _is_root(unit) else (unit.path,)
    words = unicodedata.normalize("NFKC", asked.words).strip()[:LONGEST_WORDS]
    return Wanted(paths, words, sound.asked(words), asked.standing, asked.bound, asked.left)


def search(work: Work, actor_id: int, asked: Asked, page: int = 1) -> Found:
    """Return a page of the people who are asked for."""
    those = wanted(work, actor_id, asked)
    rows = table.page(work.connection, those, 0, PAGE) if page <= 1 else []
    if page <= 1 and len(rows) < PAGE:
        return Found(_listed(work, rows), len(rows), 1, 1)
    count = table.count(work.connection, those)
    pages = max(1, -(-count // PAGE))
    page = max(1, min(page, pages))
    if not rows:
        rows = table.page(work.connection, those, (page - 1) * PAGE, PAGE)
    return Found(_listed(work, rows), count, page, pages)


def _listed(work: Work, rows: list[Row]) -> list[Listed]:
    ids = [row.id for row in rows]
    standings, places, roles = defaultdict(list), defaultdict(list), defaultdict(list)
    for number, standing in table.standings(work.connection, ids):
        standings[number].append(standing)
    for number, name in table.places(work.connection, ids):
        places[number].append(name)
    for number, role in table.roles(work.connection, ids, work.now):
        roles[number].append(role)
    bound = address.bound_members(work.connection, ids)
    order = list(Standing)
    return [
        Listed(
            row,
            tuple(sorted(standings[row.id], key=order.index)),
            tuple(places[row.id]),
            tuple(roles[row.id]),
            row.id in bound,
        )
        for row in rows
    ]


def to_export(work: Work, actor_id: int, asked: Asked) -> set[int]:
    """Return the ids of all who are asked for, of the scope of whoever imports the roster."""
    return table.numbers(work.connection, wanted(work, actor_id, asked, (Action.IMPORT_ROSTER,)))


def count_to_export(work: Work, actor_id: int, asked: Asked) -> int:
    """Return how many those are."""
    return table.count(work.connection, wanted(work, actor_id, asked, (Action.IMPORT_ROSTER,)))


def myself(work: Work, member_id: int) -> Person:
    """Return the person themself; raises for nobody."""
    found = members.get(work.connection, member_id)
    if found is None:
        raise Refusal("permission.nowhere")
    return found


def count(work: Work, actor_id: int, asked: Asked) -> int:
    """Return how many are asked for, of all whom this person sees."""
    return table.count(work.connection, wanted(work, actor_id, asked))


def each(work: Work, actor_id: int, asked: Asked) -> Iterator[Listed]:
    """Yield all who are asked for, as the pages of the list show them, by number."""
    those, after = wanted(work, actor_id, asked), ""
    while rows := table.following(work.connection, those, after, AT_ONCE):
        yield from _listed(work, rows)
        after = rows[-1].employee_no


def sees_left(work: Work, actor_id: int) -> bool:
    """Answer whether this person may see those who have left."""
    return any(permission.may_anywhere(work, actor_id, action) for action in ADMINISTRATION)


def tree(work: Work, actor_id: int, chosen: int = 0) -> list[Branch]:
    """Return the units of the scope: open down to the chosen one, closed elsewhere."""
    tops = scope(work, actor_id)
    here = unit_seen(work, actor_id, chosen) if chosen else None
    above = {int(part) for part in here.path.strip("/").split("/")} if here else set()
    opened = above | ({top.id for top in tops} if here is None or len(tops) == 1 else set())
    beneath: dict[int, list[Unit]] = defaultdict(list)
    for parent, unit in table.children(work.connection, sorted(opened)):
        beneath[parent].append(unit)

    def grow(unit: Unit) -> Branch:
        below = sorted(beneath[unit.id], key=lambda one: (_KINDS.index(one.kind), one.id))
        return Branch(unit, unit.id == chosen, [grow(one) for one in below])

    return [grow(top) for top in tops]


def person(work: Work, actor_id: int, number: int) -> tuple[Person, datetime | None]:
    """Return a person whom the actor may see, and when they left; raises the refusal for anybody else."""
    found = table.find(work.connection, Wanted(_within(scope(work, actor_id))), number)
    if found is None and sees_left(work, actor_id):
        gone = Wanted(_within(scope(work, actor_id, ADMINISTRATION)), left=True)
        found = table.find(work.connection, gone, number)
    if found is None:
        raise Refusal("permission.nobody")
    return found


def _may(work: Work, actor_id: int, action: Action, belongs: tuple[Unit, ...]) -> bool:
    """As the services of roles and invitations decide it: one of the person's units lies within the scope."""
    places = permission.scope(work, actor_id, action)
    return any(unit.within(place) for unit in belongs for place in places)


def known(work: Work, actor_id: int, number: int) -> Known:
    """Return what is known of a person whom the actor may see."""
    found, left_at = person(work, actor_id, number)
    profile = member.profile(work, found)
    deeds = table.deeds(work.connection, number, MOST_DEEDS)
    departure = next((one for one in deeds if one.deed == "roles.depart" and one.at == left_at), None)
    return Known(
        profile,
        left_at,
        departure,
        [_spell(term, deeds, work.now) for term in table.terms(work.connection, number)],
        [_invitation(code, deeds, work.now) for code in table.codes(work.connection, number, MOST_CODES)],
        left_at is None and _may(work, actor_id, Action.INVITE, profile.units),
        left_at is None and _may(work, actor_id, Action.MANAGE_ROLES, profile.units),
    )


def _spell(term: Term, deeds: list[Deed], now: datetime) -> Spell:
    def by(deed: str, at: datetime | None) -> Deed | None:
        return next(
            (one for one in deeds if one.deed == deed and one.at == at and one.facts.get("role") == term.role.value),
            None,
        )

    over = term.until is not None and term.until <= now
    leaving = next((one for one in deeds if one.deed == "roles.depart" and one.at == term.until), None)
    return Spell(term, by("roles.give", term.since), (by("roles.end", term.until) or leaving) if over else None)


def _invitation(code: Code, deeds: list[Deed], now: datetime) -> Invitation:
    state = "used" if code.used_at else "open" if code.expires_at > now else "over"
    made = next((one for one in deeds if one.deed == "invite.issue" and one.at == code.made_at), None)
    return Invitation(code, state, made)
