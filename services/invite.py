"""Binding an account to a person of the roster, by a code that works once."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from content import voice
from domain import invite as rules
from domain.call import call
from domain.member import Person
from domain.permission import Action, Role
from domain.refusal import Refusal
from domain.reply import Button, Choices, Personal, Reply
from services import member, permission, post
from services.work import Work
from storage import address, audit
from storage import invite as table
from storage import member as members
from storage import permission as grants
from storage import session as sessions
from storage import unit as units

_CHANCE = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Issued:
    """A code, to be shown once: only its digest is kept."""

    name: str
    employee_no: str
    code: str
    expires_at: datetime
    accounts: int
    """How many accounts the person has already: whoever gets the code becomes this person."""

    @property
    def payload(self) -> str:
        """What stands behind a deep link."""
        return self.code


class Outcome(Enum):
    """What became of trying a code."""

    BOUND = auto()
    WRONG = auto()
    WAITING = auto()
    BOUND_ALREADY = auto()
    TAKEN = auto()
    """The person has another account on this messenger."""


@dataclass(frozen=True, slots=True)
class Tried:
    """The outcome; with `WRONG` how many tries are left, with `WAITING` until when."""

    outcome: Outcome
    person: Person | None = None
    left: int = 0
    until: datetime | None = None


def issue(work: Work, employee_no: str, actor_id: int | None = None, *, administrator: bool = False) -> Issued:
    """Make a code for this person; an earlier unused one ends. Raises the refusal when there is no such person.

    `administrator`: also give that role at the root, as only whoever sits at the command line may.
    """
    person = members.by_employee_no(work.connection, employee_no)
    if person is None:
        raise Refusal("invite.unknown", words=employee_no[:40])
    code = rules.new_code(_CHANCE)
    expires_at = work.now + rules.LASTS
    table.add(work.connection, rules.digest(code), person.id, work.now, expires_at)
    audit.note(work.connection, work.now, actor_id, "invite.issue", person.id)
    root = units.by_code(work.connection, "root") if administrator else None
    if root is not None and grants.give(work.connection, person.id, Role.ADMINISTRATOR, root.id, work.now):
        audit.note(work.connection, work.now, actor_id, "roles.give", person.id, role="administrator", unit=root.code)
    accounts = len(address.accounts_of(work.connection, person.id))
    return Issued(person.name, person.employee_no, code, expires_at, accounts)


def find(work: Work, actor_id: int, words: str) -> list[Person]:
    """Return whom these words mean, or who is alike, within what the actor may invite."""
    places = permission.scope(work, actor_id, Action.INVITE)
    return [
        person
        for person in member.meant(work, words, places)
        if any(unit.within(place) for unit in members.units_of(work.connection, person.id) for place in places)
    ]


def issue_by(work: Work, actor_id: int, number: int) -> Issued:
    """Make a code on behalf of somebody with the role for it; raises the refusal beyond the scope."""
    person = members.get(work.connection, number)
    if person is None or all(one.id != number for one in find(work, actor_id, person.employee_no)):
        raise Refusal("permission.nobody")
    if is_above(work, actor_id, number):
        raise Refusal("invite.above", name=person.name)
    return issue(work, person.employee_no, actor_id)


def is_above(work: Work, actor_id: int, member_id: int) -> bool:
    """Answer whether a person holds a role where the actor can't invite: the code would give that role away."""
    places = permission.scope(work, actor_id, Action.INVITE)
    held = permission.grants_of(work, member_id)
    return any(not any(grant.path.startswith(place.path) for place in places) for grant in held)


def try_code(work: Work, messenger: str, account: str, address_id: int, bound: Person | None, words: str) -> Tried:
    """Bind the account to whom the code belongs. Wrong guesses are counted, too many make it wait."""
    if bound is not None:
        return Tried(Outcome.BOUND_ALREADY, bound)
    until = table.waits_until(work.connection, messenger, account)
    if until is not None and until > work.now:
        return Tried(Outcome.WAITING, until=until)
    code = rules.read_code(words)
    member_id = None if code is None else table.use(work.connection, rules.digest(code), work.now)
    known = None if member_id is None else members.get(work.connection, member_id)
    # Whoever has left the organisation is found by nobody, an old code notwithstanding.
    person = None if known is None else members.by_employee_no(work.connection, known.employee_no)
    if person is None:
        return _wrong(work, messenger, account)
    table.rest(work.connection, messenger, account, None)
    _bind(work, messenger, address_id, person)
    return Tried(Outcome.BOUND, person)


def _bind(work: Work, messenger: str, address_id: int, person: Person) -> None:
    """Bind, and tell the person's other accounts at once: whoever else got hold of a code is seen by it."""
    others = address.open_accounts(work.connection, person.id)
    address.bind(work.connection, address_id, person.id, work.now)
    audit.note(work.connection, work.now, person.id, "invite_bind", person.id, messenger=messenger)
    for one in others:
        speech = voice(one.language or work.organisation.language)
        facts = {"where": speech.label(f"member.on_{messenger}"), "at": f"{work.organisation.local(work.now):%H:%M}"}
        ends = Choices(((Button(speech.label("member.expel"), call("member.expel", address_id)),),))
        told = Reply((speech.say("member.bound_elsewhere", **facts), ends), personal=Personal.OWN)
        post.answer(work, one.messenger, one.account, one.chat, told, language=one.language)


def expel(work: Work, person: Person, address_id: int) -> bool:
    """Untie another account of the same person, and all browsers; False when it is theirs no more."""
    if all(number != address_id for number, *_ in address.accounts_of(work.connection, person.id)):
        return False
    member.unbind(work, address_id, person)
    sessions.end_all(work.connection, person.id)
    audit.note(work.connection, work.now, person.id, "invite_expel", person.id)
    return True


def by_directory(work: Work, messenger: str, address_id: int, number: str) -> Tried | None:
    """Bind the account to whom the company's directory says it is; None when this messenger or the roster says nobody.

    A person has one account on a messenger by that way: a second one needs a code.
    """
    if messenger not in work.organisation.by_directory:
        return None
    person = members.by_directory(work.connection, number)
    if person is None:
        return None
    if address.binds(work.connection, messenger, person.id):
        return Tried(Outcome.TAKEN)
    address.bind(work.connection, address_id, person.id, work.now)
    audit.note(work.connection, work.now, person.id, "directory.bind", person.id, messenger=messenger)
    return Tried(Outcome.BOUND, person)


def _wrong(work: Work, messenger: str, account: str) -> Tried:
    wrong = table.count_wrong(work.connection, messenger, account)
    if wrong < rules.WRONG_TRIES:
        return Tried(Outcome.WRONG, left=rules.WRONG_TRIES - wrong)
    until = work.now + rules.WAIT
    table.rest(work.connection, messenger, account, until)
    return Tried(Outcome.WAITING, until=until)
