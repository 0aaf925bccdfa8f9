"""Where a second pair of eyes is asked for, who can be it, and whether an announcement has been approved as it is."""

from __future__ import annotations

from datetime import datetime

from content import Voice
from domain.announcement import LATE, Announcement
from domain.announcement_approval import Approval, Eyes, Verdict, above, nearest, sign
from domain.member import Unit
from domain.permission import Action, reach
from domain.refusal import Refusal
from domain.reply import Reply
from services import permission, post
from services.work import Work
from storage import announcement_approval as table
from storage import audit
from storage import unit as units

MOST_SET = 200


def holds(work: Work, path: str) -> Eyes | None:
    """Return what holds at a unit: what it or the nearest unit above it has set."""
    return nearest(table.set_at(work.connection, above(path)), path)


def needed(work: Work, one: Announcement) -> bool:
    """Answer whether the unit that it is for asks for a second pair of eyes, or the one whose office its author uses.

    A unit's rule is for what is written to it and for what its own officers write; not for what comes to it from above.
    """
    held = reach(permission.grants_of(work, one.author_id), Action.ANNOUNCE)
    offices = {grant.path for grant in held if one.path.startswith(grant.path)}
    found = [holds(work, path) for path in {one.path, *offices}]
    return any(each is not None and each.required for each in found)


def newest(work: Work, one: Announcement) -> Approval | None:
    """Return the last asking for it."""
    return table.newest(work.connection, one.id)


def forget(work: Work, one: Announcement) -> None:
    """Keep nothing of what was asked and said about it: it is thrown away."""
    table.forget(work.connection, one.id)


def approved(work: Work, one: Announcement, at: datetime | None) -> bool:
    """Answer whether somebody else has approved that it leaves then (None: at once), as it is now."""
    last = table.newest(work.connection, one.id)
    if last is None or last.verdict is not Verdict.APPROVED:
        return False
    return last.sign == sign(one, at) and last.decided_by != one.author_id


def leaving(work: Work, one: Announcement) -> datetime | None:
    """Return for which moment it leaves when it is sent now: the planned one when that has just come, else at once.

    Just: two hours ago, or two hours after somebody approved it who knew that its time had passed.
    """
    if one.send_at is None or one.send_at > work.now:
        return None
    last = table.newest(work.connection, one.id)
    decided = last.decided_at if last is not None else None
    return one.send_at if work.now - max(one.send_at, decided or one.send_at) <= LATE else None


def demand_approved(work: Work, one: Announcement, at: datetime | None) -> None:
    """Refuse what has to be approved first, whoever would send it and however urgent it is."""
    if needed(work, one) and not approved(work, one, at):
        raise Refusal("announcement_approval.needed")


def others(work: Work, path: str, without: int) -> list[tuple[int, str]]:
    """Return (person, path of the unit of the role) of all who may approve there, nearest first."""
    return [found for found in permission.able(work, Action.ANNOUNCE, path) if found[0] != without]


def unit_of(work: Work, actor_id: int, unit_id: int) -> Unit:
    """Return a unit for which this person may set it; raises the refusal for any other."""
    unit = units.get(work.connection, unit_id)
    if unit is None:
        raise Refusal("permission.nobody")
    permission.demand_permission(work, actor_id, Action.ANNOUNCE, unit)
    return unit


def settings(work: Work, actor_id: int) -> list[Eyes]:
    """Return what holds at this person's highest units, and what units beneath them have set, in the tree's order."""
    tops = permission.scope(work, actor_id, Action.ANNOUNCE)
    found = {one.unit_id: one for one in table.set_beneath(work.connection, [top.path for top in tops], MOST_SET)}
    for top in tops:
        held = holds(work, top.path)
        found.setdefault(top.id, Eyes(top.id, top.name, top.path, held is not None and held.required))
    return sorted(found.values(), key=lambda one: one.path)


def require(work: Work, actor_id: int, unit_id: int) -> None:
    """Ask for a second pair of eyes at a unit and beneath it. Raises the refusal when there is nobody else there."""
    unit = unit_of(work, actor_id, unit_id)
    if not others(work, unit.path, actor_id):
        raise Refusal("announcement_approval.nobody", unit=unit.name)
    # What was released beneath before is no way around what is asked for now.
    table.forget_releases(work.connection, unit.path)
    table.put(work.connection, unit.id, required=True, off_by=None, set_by=actor_id, now=work.now)
    _noted(work, actor_id, unit, required=True)


def release(work: Work, actor_id: int, unit_id: int) -> bool:
    """Ask for it no longer at a unit; False: somebody else has to want that too, and was told.

    What is asked for above is lifted only by those who may speak there: else whoever is watched could look away.
    """
    unit = unit_of(work, actor_id, unit_id)
    found = table.set_at(work.connection, above(unit.path))
    held, over = nearest(found, unit.path), nearest((one for one in found if one.unit_id != unit.id), unit.path)
    if held is None or not held.required:
        return True
    if over is not None and over.required:
        unit_of(work, actor_id, over.unit_id)
    if held.unit_id == unit.id and held.off_by not in {None, actor_id}:
        table.put(work.connection, unit.id, required=False, off_by=None, set_by=actor_id, now=work.now)
        _noted(work, actor_id, unit, required=False)
        return True
    table.put(work.connection, unit.id, required=True, off_by=actor_id, set_by=actor_id, now=work.now)
    audit.note(work.connection, work.now, actor_id, "announcement_eyes_wish", None, unit=unit.id)
    tell_nearest(work, unit.path, actor_id, lambda speech: _said(speech, "announcement_approval.off_wish", unit))
    return False


def _noted(work: Work, actor_id: int, unit: Unit, *, required: bool) -> None:
    audit.note(work.connection, work.now, actor_id, "announcement_eyes", None, unit=unit.id, required=required)
    code = "announcement_approval.set_on" if required else "announcement_approval.set_off"
    tell_nearest(work, unit.path, actor_id, lambda speech: _said(speech, code, unit))


def _said(speech: Voice, code: str, unit: Unit) -> Reply:
    return Reply((speech.say(code, unit=unit.name),))


def tell_nearest(work: Work, path: str, without: int, compose: post.Compose) -> int:
    """Push to those of the nearest unit who can be reached; those above it are left alone while there is one."""
    found = others(work, path, without)
    for place in dict.fromkeys(held for _, held in found):
        people = {person for person, held in found if held == place}
        letters = post.push(work, people, "announcement_author", compose).letters
        if letters:
            return letters
    return 0
