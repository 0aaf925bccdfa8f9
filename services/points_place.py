"""At which units somebody may do something about points: what pages offer, and what forms may say."""

from __future__ import annotations

from domain.member import Unit, UnitKind
from domain.permission import Action
from domain.refusal import Refusal
from services import permission
from services.work import Work
from storage import unit as units

MOST_OFFERED = 200


def offered(work: Work, member_id: int, action: Action) -> list[Unit]:
    """Return the units at which this person may do this, from the top down; of very many the first ones."""
    paths = [place.path for place in permission.scope(work, member_id, action)]
    return units.matching(work.connection, paths, list(UnitKind), "", MOST_OFFERED, 0)


def place(work: Work, member_id: int, action: Action, number: int) -> Unit:
    """Return one of those units by its id; raises the refusal for any other."""
    found = units.get(work.connection, number)
    if found is None or not permission.may(work, member_id, action, found):
        raise Refusal("points.no_unit")
    return found
