"""What the demo enterprise announced: some of the past, confirmed by most; and today's, which nobody has read yet."""

from __future__ import annotations

import random
from datetime import time, timedelta
from typing import Any

from bot.demo.cast import Enterprise
from services import announcement, announcements
from services.work import Work
from storage import member as members
from storage import outbox


def announce_past(work: Work, enterprise: Enterprise, one: dict[str, Any], chance: random.Random) -> None:
    """Let the secretary have announced something `days` ago."""
    organisation = work.organisation
    day = work.today - timedelta(days=one["days"])
    then = Work(work.connection, organisation, organisation.at(day, time(10, 20)))
    number, people = _announce(then, enterprise, one["text"])
    for person in people:
        if chance.random() < 0.85:  # noqa: PLR2004 - most confirm
            later = organisation.at(day, time(11 + chance.randrange(6), chance.randrange(60)))
            announcements.confirm(Work(work.connection, organisation, later), person, number)


def announce_today(work: Work, enterprise: Enterprise, text: str) -> None:
    """Let the secretary have announced something an hour ago; at a second start of the same day nothing changes."""
    author = enterprise.visitor("secretary")
    for one in announcement.written(work, author, 5):
        if one.text == text and work.organisation.today(one.created_at) == work.today:
            return
    earlier = Work(work.connection, work.organisation, work.now - timedelta(hours=1))
    number, _ = _announce(earlier, enterprise, text)
    campaign = announcement.own(work, author, number).campaign_id
    if campaign is not None:
        outbox.settle_past(work.connection, work.now, campaign)


def _announce(work: Work, enterprise: Enterprise, text: str) -> tuple[int, list[int]]:
    author = enterprise.visitor("secretary")
    draft = announcement.draft(work, author, text, None)
    announcement.send(work, author, draft.id)
    whom = announcement.audience(announcement.own(work, author, draft.id))
    return draft.id, members.members_of(work.connection, whom.path, whom.standings)
