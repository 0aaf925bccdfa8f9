"""Signing in to the console by a link from the chat, staying signed in, and being signed out at once.

A session holds as long as the person's roles are what they were when it began: giving, ending and leaving end it.
"""

from __future__ import annotations

import random

from domain.member import Person
from domain.refusal import Refusal
from domain.session import LINK_LASTS, TOUCH, Session, digest, new_secret
from services import permission
from services.work import Work
from storage import audit
from storage import member as members
from storage import session as table

_CHANCE = random.SystemRandom()


def link(work: Work, member_id: int) -> str:
    """Return the secret of a link that lets this person in once, within ten minutes. Raises for who has no role."""
    grants = permission.grants_of(work, member_id)
    if not grants:
        raise Refusal("console.no_role")
    secret = new_secret(_CHANCE)
    table.add_link(work.connection, digest(secret), member_id, permission.named(grants), work.now + LINK_LASTS)
    return secret


def link_for(work: Work, employee_no: str) -> str:
    """Return such a link's secret for an employee number, as it stands in the roster."""
    person = members.by_employee_no(work.connection, employee_no.strip())
    if person is None:
        raise Refusal("console.nobody", number=employee_no[:40])
    return link(work, person.id)


def enter(work: Work, secret: str) -> str | None:
    """Use a link up; returns the secret of the new session, None for what opens nothing."""
    found = table.use_link(work.connection, digest(secret))
    if found is None:
        return None
    member_id, roles, expires_at = found
    if work.now >= expires_at or roles != permission.named(permission.grants_of(work, member_id)):
        return None
    fresh = new_secret(_CHANCE)
    table.add(work.connection, digest(fresh), member_id, roles, new_secret(_CHANCE), work.now)
    audit.note(work.connection, work.now, member_id, "session.enter", None)
    return fresh


def find(work: Work, secret: str) -> Session | None:
    """Return the session with this secret, while it holds."""
    found = table.find(work.connection, digest(secret))
    if found is None:
        return None
    session, roles = found
    grants = permission.grants_of(work, session.member_id)
    person = members.get(work.connection, session.member_id)
    if session.over(work.now) or person is None or not grants or roles != permission.named(grants):
        return None
    return session


def person_of(work: Work, session: Session) -> Person | None:
    """Return who is signed in."""
    return members.get(work.connection, session.member_id)


def needs_touch(work: Work, session: Session) -> bool:
    """Answer whether its last use should be written down again."""
    return work.now - session.seen_at >= TOUCH


def touch(work: Work, session: Session) -> None:
    """Write down that it is used."""
    table.touch(work.connection, session.id, work.now)


def leave(work: Work, session: Session) -> None:
    """Sign out here."""
    table.end(work.connection, session.id)


def leave_everywhere(work: Work, member_id: int) -> int:
    """Sign a person out everywhere; returns of how many sessions."""
    return table.end_all(work.connection, member_id)
