"""送达: who of one's units can be reached, and why others are not; counts first, names only of whom one can help."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from content import Voice
from domain.member import Unit
from domain.permission import Action
from services import permission
from services.work import Work
from storage import announcement as announcements
from storage import campaign as campaigns
from storage import outbox, reads
from storage import reach as table

DAYS = 30
"""Days that outcomes of pushes are counted over."""
LATEST = 3
"""Announcements whose readers are told of."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A unit's figures. `muting` is None where there are too few people to count a private choice."""

    unit: Unit
    people: int
    reachable: int
    unbound: int
    consent: int
    closed: int
    muting: int | None
    failed: int
    unknown: int
    capped: int
    """Pushes, of the whole organisation."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What became of an announcement to people of a unit, with what messengers say of its readers."""

    moment: str
    sent: int
    confirmed: int
    readers: list[str]


def units(work: Work, member_id: int) -> list[Unit]:
    """Return the highest units whose figures this person may see."""
    return permission.scope(work, member_id, Action.SEE_UNIT_FIGURES)


def _own(work: Work, member_id: int, unit_id: int) -> Unit | None:
    own = units(work, member_id)
    return next((unit for unit in own if unit.id == unit_id), own[0] if own and not unit_id else None)


def figures(work: Work, member_id: int, unit_id: int) -> Reach | None:
    """Return the figures of one of this person's units (0: the first); None for one that is not theirs."""
    unit = _own(work, member_id, unit_id)
    if unit is None:
        return None
    since = work.now - timedelta(days=DAYS)
    why = table.standing(work.connection, unit.path)
    people = sum(why.values())
    ended = table.ended(work.connection, unit.path, since)
    muting = table.muting(work.connection, unit.path)
    least = work.organisation.smallest_group
    # Few among many say as little as many among few: a small number would point at somebody.
    shown = muting if people >= least and (muting == 0 or muting >= least) else None
    return Reach(
        unit,
        people,
        why.get("", 0),
        why.get("unbound", 0),
        why.get("consent", 0),
        why.get("closed", 0),
        shown,
        ended.get(outbox.FAILED, 0),
        ended.get(outbox.UNKNOWN, 0),
        table.capped(work.connection, since),
    )


def unreached(work: Work, member_id: int, unit_id: int, page: int, size: int) -> list[tuple[int, str, str]]:
    """Return (id, name, why) of people of one's unit whom nothing reaches: unbound, consent or closed."""
    unit = _own(work, member_id, unit_id)
    return [] if unit is None else table.unreached(work.connection, unit.path, size, page * size)


def announced(work: Work, voice: Voice, member_id: int, unit_id: int) -> list[Announced]:
    """Return the latest announcements within one of this person's units of which a messenger told who read them.

    Not what they said: it may have been meant for a circle to which this person does not belong.
    """
    unit = _own(work, member_id, unit_id)
    if unit is None:
        return []
    since, least = work.now - timedelta(days=DAYS), work.organisation.smallest_group
    found = []
    for number, campaign, sent_at in reads.latest(work.connection, unit.path, since, least, LATEST):
        counts = campaigns.counts(work.connection, campaign)
        sent = counts.get(outbox.SENT, 0) + counts.get(outbox.UNKNOWN, 0)
        confirmed = announcements.confirmed(work.connection, number)
        moment = f"{work.organisation.local(sent_at):%m-%d %H:%M}"
        found.append(Announced(moment, sent, confirmed, readers(work, voice, campaign)))
    return found


def readers(work: Work, voice: Voice, campaign: int) -> list[str]:
    """Say how many have read a campaign, by messenger; nothing of one where too few were asked."""
    return [
        voice.line(
            "reach.read",
            read=one.read,
            asked=one.asked,
            messenger=voice.label(f"member.on_{one.messenger}"),
            at=_moment(work, one.at),
        )
        for one in reads.of(work.connection, campaign, work.organisation.smallest_group)
    ]


def _moment(work: Work, at: datetime) -> str:
    """Return a moment as short as it is clear."""
    local = work.organisation.local(at)
    return f"{local:%H:%M}" if local.date() == work.today else f"{local:%m-%d %H:%M}"
