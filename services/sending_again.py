"""Letting all letters leave once more that failed on a messenger or of one announcement: counted first, then at one go.

Left alone are those that may have arrived, that are too late, and that somebody gave up by hand: each of those is
decided about alone. Whose announcement was recalled, who is not bound any more and who muted is found out as a letter
leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.refusal import Refusal
from services.sending import GIVEN_UP, demand, names
from services.work import Work
from storage import audit
from storage import campaign as campaigns
from storage import sending as table

MOST = 10_000
"""So many leave at one press; what is left is counted anew."""


@dataclass(frozen=True, slots=True)
class Failed:
    """What would leave: `count` letters; `left` are to be looked at one by one."""

    messenger: str
    campaign: int
    count: int
    left: int


def _asked(work: Work, messenger: str, campaign: int, until: datetime) -> table.Failed:
    if messenger and messenger not in names(work):
        raise Refusal("sending.no_messenger")
    if campaign and not campaigns.is_known(work.connection, campaign):
        raise Refusal("sending.no_campaign")
    if not messenger and not campaign:
        raise Refusal("sending.no_messenger")
    return table.Failed(messenger, campaign, until, GIVEN_UP)


def failed(work: Work, member_id: int, messenger: str, campaign: int) -> Failed:
    """Return how many would leave once more."""
    demand(work, member_id)
    asked = _asked(work, messenger, campaign, work.now)
    return Failed(messenger, campaign, *table.count_failed(work.connection, asked, work.now, MOST))


def again(work: Work, member_id: int, messenger: str, campaign: int, until: datetime) -> int:
    """Let those leave that had failed until this moment, when they were counted; returns how many.

    A second press finds none: what fails anew has failed later.
    """
    demand(work, member_id)
    asked = _asked(work, messenger, campaign, min(until, work.now))
    count = table.all_ready_again(work.connection, asked, work.now, MOST)
    if count:
        facts = {"messenger": messenger, "campaign": campaign, "letters": count}
        audit.note(work.connection, work.now, member_id, "machine.retry_all", None, **facts)
    return count
