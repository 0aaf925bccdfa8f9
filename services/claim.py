"""What may leave now: due letters and parcels of campaigns, looked at once more before they are claimed.

Answers always may. A push is held against its campaign's state, its reader's account, consent and mutes, quiet hours
and the day's budget as they are now, not as they were when it was written. A campaign that is later than its kind
allows stops instead, and its author is asked.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.push import KINDS, later
from services import parcel, post
from services.parcel import Parcel
from services.work import Work
from storage import campaign as campaigns
from storage import claim as claims
from storage import outbox, preference, stretch
from storage.claim import Claimed, Due
from storage.stretch import Stretch

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
FRESH = timedelta(minutes=5)
"""How exactly it is kept when letters of a campaign left last."""
ROUNDS = 20
"""Batches that are looked through in one transaction, when none of the letters may leave."""


@dataclass(slots=True)
class Taken:
    """What a delivery got."""

    letters: list[Claimed] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    """Campaigns that were stopped because they are late: their authors are to be asked."""
    uncounted: list[int] = field(default_factory=list)
    """Campaigns whose audience has not been counted."""
    more: list[Claimed] = field(default_factory=list)
    """Those of a parcel."""
    room: int = 0
    """How many people may still be cut off stretches."""
    dry: bool = False
    """No stretch is due."""
    spent: bool = False
    """There are no calls left for pushes."""
    next_at: datetime | None = None
    """When something more may leave."""


def take(
    work: Work,
    messenger: str,
    answers: int,
    others: int,
    call: int = 1,
    *,
    parcels: bool = True,
    alive: datetime | None = None,
    broadcasts: bool = True,
) -> Taken:
    """Claim at most so many answers and so many other letters; of a campaign's parcel a whole number of calls.

    `call`: how many people one of this messenger's calls reaches. `parcels`: of stretches too; else the caller cuts
    them itself, at most `taken.room` people. `alive`: when a push left this messenger last, as far as the caller knows.
    `broadcasts`: False while only answers and what is about one person may leave.
    """
    taken, ready = Taken(), list[int]()
    if answers > 0:
        taken.letters = claims.take_answers(work.connection, messenger, work.now, LEASE, answers)
    for _ in range(ROUNDS if others > 0 else 0):
        found = claims.due(work.connection, messenger, work.now, others)
        if not broadcasts:
            found = [one for one in found if one.lane < outbox.BROADCAST]
        ready = _fit(work, found, taken, alive)
        if ready or not found:
            break
    if ready:
        taken.letters += claims.take(work.connection, ready, work.now, LEASE)
    others -= len(ready)
    taken.room = others - others % call if others > 0 and broadcasts else 0
    if parcels and taken.room:
        taken.letters += _parcels(work, messenger, taken.room, taken, alive)
    taken.next_at = claims.next_due(work.connection, messenger)
    return taken


def _fit(work: Work, pushes: Sequence[Due], taken: Taken, alive: datetime | None) -> list[int]:
    """Return which of these may leave now; puts the rest where it belongs."""
    strange = [one.id for one in pushes if one.kind not in KINDS]
    if strange:
        claims.set_aside(work.connection, strange, outbox.FAILED, work.now, "no such kind of letter")
        pushes = [one for one in pushes if one.kind in KINDS]
    if not pushes:
        return []
    late = set(_late(work, {one.campaign_id: one.next_at for one in pushes if one.campaign_id}, taken, alive))
    changed = claims.changed(work.connection, [one.id for one in pushes])
    for state in sorted(set(changed.values())):
        claims.set_aside(work.connection, [one for one, to in changed.items() if to == state], state, work.now)
    left = [one for one in pushes if one.id not in changed and one.campaign_id not in late]
    left = _awake(work, left)
    return [one.id for one in _budgeted(work, left)]


def _overdue(work: Work, kind: str, due: datetime, last: datetime | None, alive: datetime | None) -> bool:
    """Answer whether a campaign is later than its kind allows.

    Late is what is overdue although nothing has left for so long, neither of it nor of what stood before it: a long
    queue is not late.
    """
    limit = KINDS[kind].asks_after
    since = max(moment for moment in (due, last, alive) if moment is not None)
    return limit is not None and work.now - since > limit


def _late(work: Work, due: dict[int, datetime], taken: Taken, alive: datetime | None = None) -> Iterable[int]:
    """Stop the campaigns that are later than their kind allows, and name them."""
    for number, (kind, last) in campaigns.active(work.connection, list(due)).items():
        if _overdue(work, kind, due[number], last, alive):
            campaigns.turn(work.connection, number, outbox.HELD, work.now, work.now)
            taken.late.append(number)
            yield number
        elif last is None or work.now - last > FRESH:
            campaigns.change(work.connection, number, active_at=work.now)


def _awake(work: Work, pushes: Sequence[Due]) -> list[Due]:
    """Put off what would disturb its reader now."""
    people = [one.member_id for one in pushes if one.member_id is not None and not KINDS[one.kind].urgent]
    if not people:
        return list(pushes)
    own = preference.quiet_of(work.connection, people)
    usual, off = post.undisturbed(work, work.now)
    fit = []
    for one in pushes:
        until = usual
        if one.member_id in own:
            until = later(work.now, work.organisation, off, own[one.member_id])
        if one.member_id is None or KINDS[one.kind].urgent or until <= work.now:
            fit.append(one)
        else:
            claims.put_off(work.connection, [one.id], until)
    return fit


def _budgeted(work: Work, pushes: Sequence[Due]) -> list[Due]:
    """Set aside what would be more than the budget of today."""
    people = [one.member_id for one in pushes if one.member_id is not None and KINDS[one.kind].budgeted]
    if not people:
        return list(pushes)
    organisation = work.organisation
    had = Counter(outbox.pushed_since(work.connection, people, organisation.start_of(work.today)))
    fit, over = [], []
    for one in pushes:
        if one.member_id is None or not KINDS[one.kind].budgeted:
            fit.append(one)
        elif had[one.member_id] < organisation.pushes_a_day:
            had[one.member_id] += 1
            fit.append(one)
        else:
            over.append(one.id)
    if over:
        claims.set_aside(work.connection, over, outbox.CAPPED, work.now)
    return fit


def next_parcel(work: Work, messenger: str, most: int, taken: Taken, alive: datetime | None = None) -> Parcel | None:
    """Return the next parcel of at most so many people; None when there is none, or when `tidy` has something to do.

    Writes nothing, so that it can be asked beside everybody's turns. `alive`: see `take`.
    """
    one = stretch.due(work.connection, messenger, work.now)
    if one is None:
        taken.dry = True
        return None
    if one.kind not in KINDS or _is_late(work, one, alive) or _disturbs(work, one):
        return None
    if one.counted is None and one.campaign_id not in taken.uncounted:
        taken.uncounted.append(one.campaign_id)
    return parcel.look(work, one, messenger, most, LEASE)


def tidy(work: Work, messenger: str, taken: Taken, alive: datetime | None = None) -> None:
    """Put off or stop the stretch that may not be cut now, or note that its campaign is under way."""
    one = stretch.due(work.connection, messenger, work.now)
    if one is None:
        return
    if one.kind not in KINDS:
        # Its people have no letters yet that could fail: it stands until a program comes that knows the kind.
        log.error("campaign %d is of a kind that nobody knows: %s", one.campaign_id, one.kind)
        stretch.turn(work.connection, one.campaign_id, outbox.HELD, work.now)
    elif not list(_late(work, {one.campaign_id: one.next_at}, taken, alive)) and _disturbs(work, one):
        until, _ = post.undisturbed(work, work.now)
        stretch.put_off(work.connection, one.id, until)


def _disturbs(work: Work, one: Stretch) -> bool:
    return not KINDS[one.kind].urgent and post.undisturbed(work, work.now)[0] > work.now


def _is_late(work: Work, one: Stretch, alive: datetime | None) -> bool:
    """Answer whether a campaign is late, or whether it must be noted that it is under way."""
    [(kind, last)] = campaigns.active(work.connection, [one.campaign_id]).values()
    return last is None or work.now - last > FRESH or _overdue(work, kind, one.next_at, last, alive)


def _parcels(work: Work, messenger: str, most: int, taken: Taken, alive: datetime | None) -> list[Claimed]:
    """Cut people off the stretches that are due until some letters are claimed."""
    for _ in range(ROUNDS):
        found = next_parcel(work, messenger, most, taken, alive)
        if taken.dry:
            return []
        if found is None:
            tidy(work, messenger, taken, alive)
            continue
        for bite in parcel.bites(found):
            taken.more += parcel.write(work, bite) or []
        if taken.more:
            return taken.more
    return []


def count(work: Work, number: int, census: dict[str, int]) -> None:
    """Keep what was counted of a campaign's audience."""
    campaigns.change(work.connection, number, **census)
