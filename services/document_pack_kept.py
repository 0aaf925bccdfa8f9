"""Evidence packs that are being made beside a page, and those that are made: kept for a while, with how far they are.

They live in the memory of this process alone. Whoever fetches one has been looked at by whoever calls this.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from domain.member import Unit
from services import document_pack
from services.document import Made
from services.work import Work

FRESH = timedelta(minutes=10)
"""So long a pack that is made can be fetched; after that it is made anew."""
PACKS = 6
"""So many are kept: a few megabytes each."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pack is: so many meetings of so many. `made` None: it is still being made."""

    done: int
    total: int
    at: datetime
    made: Made | None = None


_kept: WeakKeyDictionary[Engine, OrderedDict[tuple[int, int], Progress]] = WeakKeyDictionary()
_door = Lock()


def look(work: Work, unit: Unit, year: int) -> Progress | None:
    """Return how far the pack of a unit's year is; None: nobody has asked for it lately."""
    with _door:
        found = _kept.get(work.connection.engine, OrderedDict()).get((unit.id, year))
    return found if found is not None and timedelta(0) <= work.now - found.at < FRESH else None


def keep(work: Work, unit: Unit, year: int) -> None:
    """Make the pack, telling how far it is, and keep it; one that can't be made leaves nothing behind."""
    key = (unit.id, year)

    def told(done: int, total: int, made: Made | None = None) -> None:
        with _door:
            packs = _kept.setdefault(work.connection.engine, OrderedDict())
            packs[key] = Progress(done, total, work.now, made)
            packs.move_to_end(key)
            while len(packs) > PACKS:
                packs.popitem(last=False)

    try:
        made = document_pack.pack(work, unit, year, most=document_pack.MOST_AT_ONCE, told=told)
    except BaseException:
        with _door:
            _kept.get(work.connection.engine, OrderedDict()).pop(key, None)
        raise
    total = document_pack.count(work, unit, year)
    told(total, total, made)
