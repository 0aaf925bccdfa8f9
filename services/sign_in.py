"""Opening the self-hosted page by a link in a letter: once, soon after it came, as the person to whom it went."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from domain.codec import decode_reply
from domain.reply import Reply
from domain.sign_in import LASTS, STAYS, Outcome, fits, letter_of
from services import post
from services.work import Work
from storage import address, conversation
from storage import sign_in as table
from storage.sign_in import Found

KEPT = timedelta(days=1)
"""How long it is remembered that a link was opened: far longer than it could be."""


def enter(work: Work, key: bytes, ticket: str, messenger: str, account: str) -> Outcome:
    """Bind a browser's fresh account for some hours to whom the link was sent, and show there what was withheld."""
    number = letter_of(ticket)
    found = None if number is None else table.find(work.connection, number)
    if number is None or found is None or not fits(key, ticket, number, found.messenger, found.recipient):
        return Outcome.UNKNOWN
    if table.used(work.connection, number):
        return Outcome.USED
    if not _fresh(found, work.now):
        return Outcome.LATE
    person = _reader(work, found)
    if person is None or not _free(work, messenger, account):
        return Outcome.UNKNOWN
    if not table.use(work.connection, number, work.now):
        return Outcome.USED
    table.forget(work.connection, work.now - KEPT)
    address.end_visits(work.connection, work.now)
    address.visit(work.connection, messenger, account, person, found.reads, work.now, work.now + STAYS)
    if table.newest_answer(work.connection, found.messenger, found.recipient) == number:
        # The card is of the open question: that goes on where the card is.
        conversation.move(work.connection, (found.messenger, found.recipient), (messenger, account))
    post.answer(work, messenger, account, account, replace(decode_reply(found.payload), edits=False))
    return Outcome.OK


def again(work: Work, messenger: str, account: str, number: int) -> Reply | None:
    """Return what a letter to this account says, for a letter anew; None for somebody else's."""
    found = table.find(work.connection, number)
    if found is None or (found.messenger, found.recipient) != (messenger, account) or _reader(work, found) is None:
        return None
    return replace(decode_reply(found.payload), edits=False)


def _fresh(found: Found, now: datetime) -> bool:
    return now - (found.settled_at or found.created_at) <= LASTS


def _reader(work: Work, found: Found) -> int | None:
    """Return whose letter it is; None when the account is somebody else's by now, or nobody's."""
    if found.chat != found.recipient:
        return None
    caller = address.caller(work.connection, found.messenger, found.recipient, work.now)
    if caller is None or caller.person is None or found.member_id not in {None, caller.person.id}:
        return None
    since = caller.bound_at
    return None if since is None or since > found.created_at else caller.person.id


def _free(work: Work, messenger: str, account: str) -> bool:
    """Answer whether an account is nobody's, and never was anybody's."""
    return address.caller(work.connection, messenger, account, work.now) is None
