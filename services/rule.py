"""The rules in force here, and the packs that were: what changes from one to the next is told once."""

from __future__ import annotations

import json
import logging
import re

from content import Voice, rule_pack
from domain.rule import Book
from domain.rule_change import Change, difference, rewrites_past, stand
from domain.rule_reading import RuleError, read_pack
from services.work import Work
from storage import rule as table

log = logging.getLogger(__name__)


def book(work: Work) -> Book:
    """Return the rules in force here: the national ones with the organisation's own over them."""
    return rule_pack.book(work.organisation.rules)


def named(voice: Voice, version: str) -> str:
    """Return the versions of packs as people call them: the national one by its name, others as their files do."""
    return re.sub(r"\bnational(?= )", voice.label("obligation.pack_national"), version)


def reread(body: str) -> Book:
    """Return the book that was kept. Raises `RuleError` when this program can't read it any more."""
    kept = Book(())
    try:
        for data in json.loads(body):
            kept = stand(kept, read_pack(data, kept)) if kept.packs else Book((read_pack(data),))
    except (ValueError, TypeError) as error:
        raise RuleError(f"存下的规则包读不懂 · a kept pack can't be read: {error}") from error
    return kept


def before(work: Work) -> Book | None:
    """Return the book that was put in force last; None when none was, or it can't be read."""
    found = table.newest(work.connection)
    return read_kept(found[2]) if found else None


def read_kept(body: str) -> Book | None:
    """Return a kept book, or None when it can't be read any more."""
    try:
        return reread(body)
    except RuleError:
        log.exception("a kept rule pack can't be read; what changed can't be told")
        return None


def note(work: Work) -> tuple[int, int] | None:
    """Keep the book in force when it is a new one; returns (id before, id now) when there is a change to tell."""
    now, found = book(work), table.newest(work.connection)
    if found is not None and found[1] == now.digest:
        return None
    old = read_kept(found[2]) if found else None
    number = table.keep(work.connection, now.digest, now.version, now.body, work.now)
    if found is None or old is None:
        return None
    changes = difference(old, now)
    for change in rewrites_past(changes, work.today):
        log.warning("the rule %s changes for periods that have begun, from %s", change.rule_id, change.first)
    return (found[0], number) if any(change.weighty for change in changes) else None


def changes_between(work: Work, old: int, new: int) -> list[Change]:
    """Return how duties differ between two kept books; nothing when one can't be read."""
    books = [read_kept(table.body(work.connection, number)) for number in (old, new)]
    if books[0] is None or books[1] is None:
        return []
    return [change for change in difference(books[0], books[1]) if change.weighty]
