"""Activities as lists for a wide screen: what one's units hold, by state; drafts are their authors' alone."""

from __future__ import annotations

from domain.activity import Activity, ActivityState
from domain.permission import Action
from services import permission
from services.work import Work
from storage import activity as table

GROUPS: dict[str, tuple[ActivityState, ...]] = {
    "coming": (ActivityState.PUBLISHED, ActivityState.OPEN),
    "drafts": (ActivityState.DRAFT,),
    "over": (ActivityState.OVER,),
    "cancelled": (ActivityState.CANCELLED,),
}
"""The lists, by the states in each."""


def listed(work: Work, member_id: int, group: str, limit: int, offset: int) -> list[Activity]:
    """Return a slice of a list; soonest first what is coming, newest first all else."""
    if group == "drafts":
        return table.drafts_of(work.connection, member_id, offset + limit)[offset:]
    paths = [unit.path for unit in permission.scope(work, member_id, Action.PLAN_ACTIVITIES)]
    return table.slice_of(work.connection, paths, GROUPS[group], limit, offset, soonest=group == "coming")
