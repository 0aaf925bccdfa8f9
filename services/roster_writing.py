"""What an import of the roster writes, once it is decided: all of a kind together, and only what differs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from domain.member import Standing, Unit, UnitKind
from domain.permission import Role
from domain.roster import PersonRow
from services.work import Work
from storage import audit
from storage import permission as grants
from storage import roster as table
from storage import unit as units
from storage.roster import Kept

Path = tuple[str, ...]
_ABOVE = {
    UnitKind.PARTY_BRANCH: UnitKind.PARTY_COMMITTEE,
    UnitKind.PARTY_GROUP: UnitKind.PARTY_BRANCH,
}
"""Where a unit of a kind is put when the file doesn't say: beneath the only one of that kind."""


def order(path: Path) -> tuple[int, Path]:
    """Sort paths from the top down."""
    return len(path), path


def without_root(work: Work, path: Path) -> Path:
    """Return a path as the tree has it: files may begin each with the organisation's own name."""
    return path[1:] if path[:1] == (work.organisation.name,) else path


def code_of(path: Path) -> str:
    """Return the unit's code: its path, or the digest of one too long for the column."""
    joined = "/".join(path)
    return joined if len(joined) <= units.LONGEST_CODE else _digest(path)


def _digest(path: Path) -> str:
    return hashlib.sha256("/".join(path).encode()).hexdigest()


def standings_of(person: PersonRow, kept: Kept | None) -> frozenset[Standing]:
    """Return what somebody is from now on: what the file has no column for stays."""
    before = kept.standings if kept else frozenset()
    return person.standings | frozenset(s for s in before if s not in person.covers and s is not Standing.EMPLOYEE)


def places_of(person: PersonRow, kept: Kept | None, paths: Mapping[Path, int]) -> frozenset[int]:
    """Return where somebody belongs from now on; 0 stands for units that are not yet."""
    before = kept.units if kept else {}
    named = frozenset(paths.get(path, 0) for path in person.units)
    return named | frozenset(unit_id for unit_id, kind in before.items() if kind not in person.covers or not named)


def write(
    work: Work, people: Sequence[PersonRow], new_units: Mapping[Path, UnitKind], known: Mapping[str, Kept],
    paths: Mapping[Path, int], actor_id: int | None,
) -> None:  # fmt: skip
    """Write these units and people. `known`: those of the people who are in the roster; `paths`: units that are."""
    found = units.by_code(work.connection, "root")
    root = found or units.add(work.connection, "root", work.organisation.name, UnitKind.GROUP, None)
    places = {(): root.id, **paths}
    for path in sorted(new_units, key=order):
        if path not in places:
            places[path] = _add_unit(work, path, new_units[path], places, root).id
    numbers = {number: kept.id for number, kept in known.items()}
    new = [(one.number, one.name) for one in people if one.number not in known]
    numbers = table.add(work.connection, new, work.now) | numbers if new else numbers
    named = [(one, known[one.number]) for one in people if one.number in known]
    table.rename(work.connection, [(kept.id, one.name) for one, kept in named if kept.left or kept.name != one.name])
    _place(work, people, known, numbers, places, root)
    for one in people:
        held = known[one.number].roles if one.number in known else frozenset()
        _give(work, one, numbers[one.number], held, places, root, actor_id)


def _place(
    work: Work, people: Sequence[PersonRow], known: Mapping[str, Kept], numbers: Mapping[str, int],
    places: Mapping[Path, int], root: Unit,
) -> None:  # fmt: skip
    """Write what these people are and where they belong, and what of both they are no more."""
    nothing: dict[int, UnitKind] = {}
    become, cease = [], []
    enter, leave = [], []
    for one in people:
        kept, number = known.get(one.number), numbers[one.number]
        was = kept.standings if kept else frozenset()
        is_now = standings_of(one, kept)
        become += [(number, what) for what in is_now - was]
        cease += [(number, what) for what in was - is_now]
        there = kept.units if kept else nothing
        here = places_of(one, kept, places) or frozenset({root.id})
        enter += [(number, where) for where in here if where not in there]
        leave += [(number, where) for where in there if where not in here]
    table.part(work.connection, cease, leave)
    table.join(work.connection, become, enter)


def _add_unit(work: Work, path: Path, kind: UnitKind, paths: Mapping[Path, int], root: Unit) -> Unit:
    parent = units.get(work.connection, paths[path[:-1]]) if len(path) > 1 and path[:-1] in paths else None
    if parent is None and len(path) == 1 and kind in _ABOVE:
        above = [u for u in units.beneath(work.connection, root.path) if u.kind is _ABOVE[kind]]
        parent = above[0] if len(above) == 1 else None
    beneath = (parent or root).path
    beside = units.beneath(work.connection, beneath)
    same = [one for one in beside if one.name == path[-1] and one.path == f"{beneath}{one.id}/"]
    if same:
        # The file writes one place in two ways, with what is above and without.
        return same[0]
    code = code_of(without_root(work, path))
    if units.by_code(work.connection, code) is not None:
        # Another unit is called like this whole path (甲/乙), or like the root's code.
        code = _digest(("", *without_root(work, path)))
    return units.add(work.connection, code, path[-1], kind, parent or root)


def _give(
    work: Work, person: PersonRow, number: int, held: AbstractSet[tuple[Role, int]], paths: Mapping[Path, int],
    root: Unit, actor_id: int | None,
) -> None:  # fmt: skip
    for role, path in sorted(person.roles):
        where = root.id if role is Role.ADMINISTRATOR else paths[path]
        if (role, where) not in held and grants.give(work.connection, number, role, where, work.now):
            audit.note(work.connection, work.now, actor_id, "roles.give", number, role=role.value, by="roster")
