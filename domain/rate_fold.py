"""Which units have a figure of their own: groups under five are folded into their parent, and so is what betrays them.

`facts.md` 3.4, rule 3: a part is published beside its whole only if what remains of the whole is nobody, or enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """A unit with something behind its figure."""

    unit_id: int
    path: str
    people: frozenset[int]
    """Whom the figure is about, at the unit and beneath."""
    own: frozenset[int]
    """Of them: by what is the unit's own, not its sub-units'."""


def cells(pairs: Iterable[tuple[str, int]]) -> list[Cell]:
    """Return a cell for every unit above somebody, from (path of the unit, person); parents first."""
    everybody: dict[str, set[int]] = {}
    own: dict[str, set[int]] = {}
    for path, person in pairs:
        own.setdefault(path, set()).add(person)
    for path, people in own.items():
        for above in lineage(path):
            everybody.setdefault(above, set()).update(people)
    return [
        Cell(int(path.rsplit("/", 2)[1]), path, frozenset(people), frozenset(own.get(path, ())))
        for path, people in sorted(everybody.items())
    ]


def lineage(path: str) -> list[str]:
    """Return the paths of a unit and all above it, from the root down."""
    parts = [part for part in path.split("/") if part]
    return [f"/{'/'.join(parts[:depth])}/" for depth in range(1, len(parts) + 1)]


def fold(
    units: Sequence[Cell],
    smallest: int,
    *,
    distinct: bool = False,
    complement: bool = True,
    hidden: AbstractSet[int] = frozenset(),
) -> dict[int, int]:
    """Return, for each unit, the unit in whose figure it is shown: itself, or one above it; 0: shown nowhere.

    Top down. Beneath a shown unit those under `smallest` people are folded into it; while the rest that one could
    compute (the unit minus its shown children) is somebody and too few, the next smallest child is folded as well:
    one folded child alone would be that rest. Whatever lies beneath a folded unit is folded with it. `distinct`: the
    figure counts persons and not events, so whoever is in a shown child is in no rest. `complement`: off, small units
    alone are folded, for those who may see everybody's name there anyway, and for figures that are not of persons.
    `hidden`: units that one part of the time hides; the whole less the other parts would tell, so it hides them too.
    """
    small = _ids(cell for cell in units if len(cell.people) < smallest) | hidden
    known = {cell.path for cell in units}
    children: dict[str, list[Cell]] = {}
    for cell in units:
        above = next((path for path in reversed(lineage(cell.path)[:-1]) if path in known), "")
        children.setdefault(above, []).append(cell)
    shown: dict[int, int] = {}
    waiting = [(top, 0 if top.unit_id in small else top.unit_id) for top in children.get("", ())]
    while waiting:
        cell, into = waiting.pop()
        shown[cell.unit_id] = into
        beneath = children.get(cell.path, ())
        alone: AbstractSet[int] = _ids(beneath) & small
        if complement:
            alone = _folded(cell, beneath, smallest, small, distinct=distinct)
        folded = alone if into == cell.unit_id else _ids(beneath)
        waiting += [(child, into if child.unit_id in folded else child.unit_id) for child in beneath]
    return shown


def _folded(
    cell: Cell, beneath: Sequence[Cell], smallest: int, small: AbstractSet[int], *, distinct: bool
) -> AbstractSet[int]:
    by_size = sorted(beneath, key=lambda child: (child.unit_id not in small, len(child.people), child.unit_id))
    count = sum(child.unit_id in small for child in by_size)
    while count < len(by_size) and 0 < len(_rest(cell, by_size, count, distinct=distinct)) < smallest:
        count += 1
    return _ids(by_size[:count])


def _rest(cell: Cell, by_size: Sequence[Cell], count: int, *, distinct: bool) -> AbstractSet[int]:
    """Return whom the unit's figure is about beside its shown children, when the first `count` are folded."""
    if distinct:
        return cell.people.difference(*(one.people for one in by_size[count:]))
    return cell.own.union(*(one.people for one in by_size[:count]))


def _ids(units: Iterable[Cell]) -> frozenset[int]:
    return frozenset(cell.unit_id for cell in units)
