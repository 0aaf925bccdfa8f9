"""Points entered by hand, to one or to many, with a reason that each sees; taken back by new entries, never deleted."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from content import Voice
from domain.call import call
from domain.member import Person
from domain.permission import Action
from domain.points import (
    LARGEST_MANUAL,
    LONGEST_REASON,
    MANUAL,
    MOST_PEOPLE,
    REVERSAL,
    SHORTEST_REASON,
    read_numbers,
)
from domain.refusal import Refusal
from domain.reply import Choices, Personal, Reply
from services import member, permission, post
from services.work import Work
from storage import audit
from storage import member as members
from storage import points as entries
from storage import points_manual as table
from storage.points_manual import Made

PAGE = 50
_SOURCE = re.compile(r"manual:[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Plan:
    """What entering would do: to whom, and which of the numbers mean nobody within the reader's scope."""

    people: list[Person]
    unknown: list[str]
    amount: int
    reason: str
    oneself: bool = False
    """One's own number was among them."""


def reaches(work: Work, actor: int, member_id: int, action: Action = Action.AWARD_POINTS) -> bool:
    """Answer whether somebody may do this at one of a person's units."""
    own_units = members.units_of(work.connection, member_id)
    return any(permission.may(work, actor, action, unit) for unit in own_units)


def check_amount(amount: int) -> None:
    """Refuse an amount that is none, or too large."""
    if amount == 0 or abs(amount) > LARGEST_MANUAL:
        raise Refusal("points.amount_out_of_range", largest=LARGEST_MANUAL)


def check_reason(reason: str) -> None:
    """Refuse a reason that says nothing, or too much."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise Refusal("points.reason_missing", shortest=SHORTEST_REASON)
    if len(reason.strip()) > LONGEST_REASON:
        raise Refusal("points.reason_too_long", longest=LONGEST_REASON)


def find_person(work: Work, actor: int, words: str) -> list[Person]:
    """Return whom the actor may give points to: whom the words mean, or who is alike."""
    places = permission.scope(work, actor, Action.AWARD_POINTS)
    found = [p for p in member.meant(work, words, places) if p.id != actor]
    allowed = [p for p in found if reaches(work, actor, p.id)]
    if not allowed:
        raise Refusal("points.no_such_person")
    return allowed


def new_source() -> str:
    """Return a name for a manual entry that is not made yet; made twice under one name it counts once."""
    return f"manual:{secrets.token_hex(8)}"


def check_manual(work: Work, actor: int, member_id: int, amount: int, reason: str) -> Person:
    """Refuse what may not be entered by hand; returns the person."""
    person = members.get(work.connection, member_id)
    if person is None or member_id == actor or not reaches(work, actor, member_id):
        raise Refusal("points.no_such_person")
    check_amount(amount)
    check_reason(reason)
    return person


def enter(work: Work, actor: int, member_id: int, amount: int, reason: str, source: str) -> bool:
    """Enter points by hand, with a reason that the person is told; False when this source is entered already."""
    check_manual(work, actor, member_id, amount, reason)
    return bool(_write(work, actor, [member_id], amount, reason, source))


def _meant(found: list[Person], asked: list[str]) -> list[Person]:
    """Leave out who is not meant where numbers differ in nothing but their case: written so, or the only one."""
    alike = Counter(one.employee_no.lower() for one in found)
    return [one for one in found if one.employee_no in asked or alike[one.employee_no.lower()] == 1]


def plan(work: Work, actor: int, numbers: str, amount: int, reason: str) -> Plan:
    """Return what entering this for these numbers would do; writes nothing.

    A number that nobody has and one of somebody out of reach are not told apart: the form is no register of numbers.
    """
    if not permission.may_anywhere(work, actor, Action.AWARD_POINTS):
        raise Refusal("permission.nowhere")
    asked = read_numbers(numbers)
    if not asked:
        raise Refusal("points.no_numbers")
    if len(asked) > MOST_PEOPLE:
        raise Refusal("points.too_many_people", most=MOST_PEOPLE, count=len(asked))
    check_amount(amount)
    check_reason(reason)
    paths = [place.path for place in permission.scope(work, actor, Action.AWARD_POINTS)]
    found = _meant(table.people(work.connection, asked, paths), asked)
    known = {one.employee_no.lower() for one in found}
    return Plan(
        [one for one in found if one.id != actor],
        [number for number in asked if number.lower() not in known],
        amount,
        reason.strip(),
        any(one.id == actor for one in found),
    )


def enter_all(work: Work, actor: int, numbers: str, amount: int, reason: str, source: str) -> tuple[Plan, int]:
    """Enter it for all of them whom the reader may reach; returns what was planned and how many are new."""
    if not _SOURCE.fullmatch(source):
        raise Refusal("help.expired")
    made = plan(work, actor, numbers, amount, reason)
    if not made.people:
        raise Refusal("points.nobody_meant")
    new = _write(work, actor, [one.id for one in made.people], amount, reason, source)
    return made, len(new)


def _write(work: Work, actor: int, people: Sequence[int], amount: int, reason: str, source: str) -> list[int]:
    """Write an entry for each, always in one order, and tell them; returns who did not have it yet."""
    why, new = reason.strip()[:LONGEST_REASON], []
    for person in sorted(people):
        made = entries.append(
            work.connection,
            person,
            MANUAL,
            source,
            amount,
            work.today,
            work.now,
            reason=why,
            by_member_id=actor,
        )
        if made is not None:
            new.append(person)
    if new:
        # The reason stands with the entries, for whom they concern: who reads the trail reads nobody's words.
        facts = {"people": len(new), "points": amount, "source": source}
        audit.note(work.connection, work.now, actor, "point_entries.make", None, **facts)
    _tell(work, actor, new, "award.told", amount, why)
    return new


def _tell(work: Work, actor: int, people: Sequence[int], code: str, amount: int, reason: str) -> None:
    maker = members.get(work.connection, actor)
    if maker is None or not people:
        return

    def compose(voice: Voice) -> Reply:
        card = voice.button("points.history", call("points.history", 0))
        words = voice.say(code, name=maker.name, points=f"{amount:+d}", reason=reason)
        return Reply((words, Choices(((card,),))), personal=Personal.OWN)

    post.push(work, people, "points", compose)


def made_by(work: Work, actor: int, page: int = 1) -> tuple[list[Made], bool]:
    """Return a page of what this person has entered by hand, newest first, and whether there is more."""
    found = some_by(work, actor, PAGE + 1, (max(page, 1) - 1) * PAGE)
    return found[:PAGE], len(found) > PAGE


def some_by(work: Work, actor: int, limit: int, offset: int) -> list[Made]:
    """Return a part of what this person has entered by hand, newest first."""
    return table.by(work.connection, actor, limit, offset)


def own(work: Work, actor: int, number: int) -> tuple[Made, list[Made]]:
    """Return an entry that this person made, while it still is in reach, and all that were made in the same go."""
    found = table.get(work.connection, number)
    if found is None or found.by_member_id != actor or not reaches(work, actor, found.member_id):
        raise Refusal("points.gone")
    together = [found]
    if _SOURCE.fullmatch(found.source):
        together = table.batch(work.connection, actor, found.source, found.at)
    return found, together


def may_reverse(one: Made) -> bool:
    """Answer whether an entry can be taken back: once, and what takes back is not taken back itself."""
    return one.reversal is None and not one.source.startswith(REVERSAL)


def reverse(work: Work, actor: int, number: int, reason: str, *, all_of_it: bool) -> tuple[int, int]:
    """Take an entry back (or all that were made with it) by new entries of the same day; (how many, how many not)."""
    check_reason(reason)
    found, together = own(work, actor, number)
    chosen = together if all_of_it else [found]
    why, done = reason.strip()[:LONGEST_REASON], []
    for one in sorted(chosen, key=lambda made: made.member_id):
        if not may_reverse(one) or not (one.id == number or reaches(work, actor, one.member_id)):
            continue
        made = entries.append(
            work.connection,
            one.member_id,
            MANUAL,
            f"{REVERSAL}{one.id}",
            -one.points,
            one.day,
            work.now,
            reason=why,
            by_member_id=actor,
        )
        if made is not None:
            done.append(one.member_id)
    if done:
        _tell(work, actor, done, "award.told_back", -found.points, why)
        facts = {"people": len(done), "points": -found.points, "source": found.source}
        audit.note(work.connection, work.now, actor, "point_entries.reverse", None, entry=number, **facts)
    return len(done), len(chosen) - len(done)


def seen(work: Work, actor: int, member_id: int, page: int = 1) -> tuple[Person, list[Made], bool]:
    """Return a person's entries that the reader made or has an objection about, as the person sees them; no others."""
    person, found = some_seen(work, actor, member_id, PAGE + 1, (max(page, 1) - 1) * PAGE)
    return person, found[:PAGE], len(found) > PAGE


def some_seen(work: Work, actor: int, member_id: int, limit: int, offset: int) -> tuple[Person, list[Made]]:
    """Return a part of them."""
    person = members.get(work.connection, member_id)
    answers = reaches(work, actor, member_id, Action.ANSWER_OBJECTIONS) if person else False
    if person is None or member_id == actor or not (answers or reaches(work, actor, member_id)):
        raise Refusal("points.gone")
    found = table.of_person(work.connection, member_id, actor, objections=answers, limit=limit, offset=offset)
    if not found and not offset:
        raise Refusal("points.gone")
    return person, found
