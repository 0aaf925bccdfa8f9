"""Parcels: the next people of a campaign's stretch, looked up beside everybody's turns and written in small bites.

Looking takes most of the time and needs no lock: who is next, where each can be reached, who muted it, who has had the
day's pushes. Writing their letters is short, and is refused when the stretch is not what it was when it was looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.push import KINDS, Kind
from services import post
from services.work import Work
from storage import address, outbox, stretch
from storage import campaign as campaigns
from storage.claim import Claimed
from storage.stretch import Stretch

BITE = 20
"""Letters written in one transaction: some 0.5 ms, which nobody's turn notices."""


@dataclass(slots=True)
class Parcel:
    """What is to be written of a stretch."""

    stretch: Stretch
    rules: Kind
    following: int | None
    """Where the stretch begins afterwards; None: it ends."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    left_out: dict[int, str] = field(default_factory=dict)
    """Who gets none, and why: `muted` or `capped`."""


@dataclass(frozen=True, slots=True)
class Bite:
    """A part of a parcel: the stretch moves from `before` to `after` with it."""

    parcel: Parcel
    before: int
    after: int | None
    rows: list[dict[str, Any]]

    def covers(self, person: int) -> bool:
        """Answer whether the stretch passes this person with this bite."""
        return self.before <= person and (self.after is None or person < self.after)


def look(work: Work, one: Stretch, messenger: str, most: int, lease: timedelta) -> Parcel:
    """Return the parcel of the next people of a stretch, at most so many; writes nothing."""
    rules = KINDS[one.kind]
    people, following = stretch.ahead(work.connection, one, messenger, most)
    reachable = address.reachable(work.connection, people)
    here = [person for person in people if person in reachable]
    if not one.gleaning:
        here = [person for person in here if reachable[person].messenger == messenger]
    parcel = Parcel(one, rules, following)
    had = campaigns.written(work.connection, one.campaign_id, here)
    new = [person for person in here if person not in had]
    willing = post.willing_of(work, new, rules, Counter())
    moments = post.moments_of(work, willing, rules, work.now)
    within = post.within_budget(work, willing, rules, moments, Counter())
    parcel.left_out = dict.fromkeys(set(new) - set(willing), "muted")
    parcel.left_out |= dict.fromkeys(set(willing) - set(within), "capped")
    for person in within:
        row = post.row(work, reachable[person], one.campaign_id, rules, moments[person])
        at_once = moments[person] <= work.now and reachable[person].messenger == messenger
        row |= {"edits": None, "lease_until": work.now + lease if at_once else None, "attempts": int(at_once)}
        row["state"] = outbox.SENDING if at_once else outbox.READY
        parcel.rows.append(row)
    return parcel


def bites(parcel: Parcel, size: int = BITE) -> Iterator[Bite]:
    """Cut a parcel into bites, in the order of its people."""
    rows, before = parcel.rows, parcel.stretch.first
    for place in range(0, max(len(rows), 1), size):
        last = place + size >= len(rows)
        after = parcel.following if last else int(rows[place + size]["member_id"])
        yield Bite(parcel, before, after, rows[place : place + size])
        before = after or 0


def write(work: Work, bite: Bite) -> list[Claimed] | None:
    """Write a bite's letters; returns those that leave at once, or None when the stretch is not what it was."""
    parcel, one = bite.parcel, bite.parcel.stretch
    if parcel.left_out:
        stretch.hold_campaign(work.connection, one.campaign_id)
    if not stretch.move(work.connection, one, bite.before, bite.after):
        return None
    if not one.gleaning:
        ours = [why for person, why in parcel.left_out.items() if bite.covers(person)]
        campaigns.add(work.connection, one.campaign_id, **Counter(ours))
    written = outbox.write_new(work.connection, bite.rows)
    return [
        _claimed(written[row["member_id"]], row, one)
        for row in bite.rows
        if row["state"] == outbox.SENDING and row["member_id"] in written
    ]


def _claimed(number: int, row: dict[str, Any], one: Stretch) -> Claimed:
    late: datetime | None = row["too_late_at"]
    return Claimed(
        number,
        row["recipient"],
        row["chat"],
        row["kind"],
        bool(row["must_arrive"]),
        1,
        0,
        None,
        one.payload_en if row["language"] == "en" else one.payload_zh,
        late,
        row["lane"],
        one.campaign_id,
        row["language"],
    )
