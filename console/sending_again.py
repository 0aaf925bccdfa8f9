"""Sending all failed letters of a messenger or of an announcement once more: how many is said first, once is once."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, UTC, datetime
from urllib.parse import urlencode

from console.asked import whole
from console.grammar import Go, Page, Pages, Result, Visit
from domain.refusal import Refusal
from services import sending_again as service
from services.sending import MACHINE, messenger_name

pages = Pages("sending")
LONGEST = 40


@pages.get("sending/again", needs=MACHINE)
def ask(visit: Visit) -> Result:
    """Say how many letters would leave, before they do."""
    messenger, campaign = visit.query.get("messenger", ""), whole(visit.query.get("campaign", ""))
    found = service.failed(visit.work, visit.person.id, messenger, campaign)
    facts = {
        "found": found,
        "called": messenger_name(visit.voice, messenger) if messenger else "",
        "until": visit.work.now.isoformat(),
        "most": service.MOST,
        "see": urlencode({"state": "failed", **({"messenger": messenger} if messenger else {})}),
    }
    return Page("sending_again.html", facts)


@pages.post("sending/again", needs=MACHINE)
def do(visit: Visit) -> Result:
    """Let them leave once more."""
    messenger, campaign = visit.form.get("messenger", ""), whole(visit.form.get("campaign", ""))
    count = service.again(visit.work, visit.person.id, messenger, campaign, _moment(visit.form.get("until", "")))
    return Go("sending?state=waiting", "all_retried" if count else "retried_before")


def _moment(words: str) -> datetime:
    """Return the moment at which the page counted."""
    try:
        found = datetime.fromisoformat(words[:LONGEST])
    except ValueError:
        raise Refusal("sending.no_messenger") from None
    if found.tzinfo is None or not MINYEAR < found.year < MAXYEAR:
        raise Refusal("sending.no_messenger")
    return found.astimezone(UTC)
