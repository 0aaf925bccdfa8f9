"""What is set in the console in the configuration's place. Whether it fits is asked of the running program first."""

from __future__ import annotations

from domain.permission import Action
from domain.refusal import Refusal
from services import permission
from services.work import Work
from storage import audit
from storage import member as members
from storage import setting as table
from storage.setting import Set

_ENOUGH = 2


def demand(work: Work, member_id: int) -> None:
    """Raise the refusal for whoever does not run the machine."""
    permission.demand_everywhere(work, member_id, Action.RUN_MACHINE)


def everything(work: Work, member_id: int) -> dict[str, tuple[Set, str]]:
    """Return what is set, by key, with the name of whoever set it."""
    demand(work, member_id)
    rows = table.everything(work.connection)
    names = members.names_of(work.connection, {one.by_id for one in rows})
    return {one.key: (one, names.get(one.by_id, "")) for one in rows}


def put(work: Work, member_id: int, key: str, value: str, reason: str, *, usual: str) -> None:
    """Set a value, which the program has found to fit, in the place of what the configuration says (`usual`)."""
    demand(work, member_id)
    reason = " ".join(reason.split())[:200]
    if len(reason) < _ENOUGH:
        raise Refusal("settings.no_reason")
    before = table.values(work.connection).get(key, usual)
    table.put(work.connection, Set(key, value, work.now, member_id, reason))
    facts = {"key": key, "before": before, "value": value, "reason": reason}
    audit.note(work.connection, work.now, member_id, "setting.put", None, **facts)


def take_back(work: Work, member_id: int, key: str, *, usual: str) -> None:
    """Let the configuration (`usual`) hold again."""
    demand(work, member_id)
    before = table.take_back(work.connection, key)
    if before is None:
        raise Refusal("settings.not_set")
    audit.note(work.connection, work.now, member_id, "setting.back", None, key=key, before=before, value=usual)


def note_copy(work: Work, member_id: int) -> None:
    """Note that somebody asked for a copy of everything."""
    demand(work, member_id)
    audit.note(work.connection, work.now, member_id, "backup.now", None)
