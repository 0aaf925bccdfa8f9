"""Objections to one's points: who answers them, the lists of those, and answering, by chat and console alike."""

from __future__ import annotations

from dataclasses import dataclass

from content import Voice
from domain.announcement import secrecy_mark
from domain.call import call
from domain.member import Person, Unit
from domain.permission import MATRIX, Action, Role
from domain.points import LONGEST_REASON, LONGEST_WORDS, MANUAL, SHORTEST_WORDS
from domain.refusal import Refusal
from domain.reply import Choices, Personal, Reply
from services import ledger, permission, points_place, post
from services.points_manual import check_amount, check_reason, reaches
from services.work import Work
from storage import audit
from storage import member as members
from storage import objection as table
from storage import points as entries
from storage.objection import Listed, Objection
from storage.points import Entry

_ANSWERERS = (Role.BRANCH_SECRETARY, Role.UNION_OFFICER, Role.COMMITTEE)
_HOLDERS = tuple(role for role in Role if Action.ANSWER_OBJECTIONS in MATRIX[role])
PAGE = 50
MOST_ALONE = 500


def answerer_for(work: Work, member_id: int) -> int | None:
    """Return who answers this person's objections: the nearest secretary or officer, never the person alone."""
    own_units = members.units_of(work.connection, member_id)
    for role in _ANSWERERS:
        for unit in sorted(own_units, key=lambda unit: -len(unit.path)):
            for holder in permission.holders(work, role, unit.path):
                if holder != member_id:
                    return holder
    return None


def check_words(words: str) -> str:
    """Return the reason of whoever objects as it is kept; refuse what says nothing, is too long or secret."""
    kept = words.strip()
    mark = secrecy_mark(kept)
    if mark is not None:
        refusal = Refusal("announcement.secret", mark=mark)
        refusal.forget = True
        raise refusal
    if not SHORTEST_WORDS <= len(kept) <= LONGEST_WORDS:
        raise Refusal("points.words_length", shortest=SHORTEST_WORDS, longest=LONGEST_WORDS)
    return kept


def object_to(work: Work, member_id: int, number: int, words: str = "") -> tuple[Objection, bool]:
    """Object to one's own entry, without a reason or with one, and tell who answers; also whether it is new.

    The words are shown to whoever answers, and are not in what is pushed.
    """
    ledger.own_entry(work, member_id, number)
    kept, handler = check_words(words) if words else "", answerer_for(work, member_id)
    made = table.raise_one(work.connection, number, member_id, handler, work.now, kept)
    found, person = table.of_entry(work.connection, number), members.get(work.connection, member_id)
    if found is None or person is None:
        raise Refusal("points.gone")
    if made is not None and found.handler_id is not None:

        def compose(voice: Voice) -> Reply:
            look = voice.button("points.look", call("points.answer", found.id))
            said = voice.say("points.objection_arrived", name=person.name)
            return Reply((said, Choices(((look,),))), personal=Personal.MEMBERSHIP)

        post.tell(work, found.handler_id, "objection", compose)
    return found, made is not None


def of(work: Work, handler: int, number: int) -> tuple[Objection, Entry, Person]:
    """Return an objection to whoever must answer it or did, and to nobody else."""
    found = table.get(work.connection, number)
    entry = entries.get(work.connection, found.entry_id) if found else None
    person = members.get(work.connection, found.member_id) if found else None
    if found is None or entry is None or person is None or not _answers(work, found, handler):
        raise Refusal("points.gone")
    return found, entry[1], person


def _answers(work: Work, one: Objection, handler: int) -> bool:
    """Answer whether it is this person's now: whom it went to while in that role, else whoever is responsible now."""
    if handler in {one.answered_by_id, one.handler_id}:
        return reaches(work, handler, one.member_id, Action.ANSWER_OBJECTIONS)
    if one.answered_by_id is not None:
        return False
    if one.handler_id is not None and reaches(work, one.handler_id, one.member_id, Action.ANSWER_OBJECTIONS):
        return False
    return answerer_for(work, one.member_id) == handler


@dataclass(frozen=True, slots=True)
class Found:
    """A page of objections, with the units that may be chosen among."""

    rows: list[Listed]
    more: bool
    places: list[Unit]
    place: Unit | None


def search(work: Work, handler: int, *, answered: bool, unit_id: int = 0, page: int = 1) -> Found:
    """Return a page of what waits for this person's answer, or of what this person has answered."""
    place = points_place.place(work, handler, Action.ANSWER_OBJECTIONS, unit_id) if unit_id else None
    found = some(work, handler, PAGE + 1, (max(page, 1) - 1) * PAGE, answered=answered, unit_id=unit_id)
    offered = points_place.offered(work, handler, Action.ANSWER_OBJECTIONS)
    return Found(found[:PAGE], len(found) > PAGE, offered, place)


def some(work: Work, handler: int, limit: int, offset: int, *, answered: bool, unit_id: int = 0) -> list[Listed]:
    """Return a part of that list."""
    place = points_place.place(work, handler, Action.ANSWER_OBJECTIONS, unit_id) if unit_id else None
    places = [place] if place else permission.scope(work, handler, Action.ANSWER_OBJECTIONS)
    paths = [one.path for one in places]
    others = [] if answered else _left_to(work, handler, paths)
    return table.listed(work.connection, handler, paths, answered=answered, others=others, limit=limit, offset=offset)


def _left_to(work: Work, handler: int, paths: list[str]) -> list[int]:
    """Return open objections whose answerer is gone and that have come to this person."""
    alone = table.left_alone(work.connection, paths, _HOLDERS, work.now, MOST_ALONE) if paths else []
    nearest = {number: answerer_for(work, number) for number in {one.member_id for one in alone}}
    return [one.id for one in alone if nearest[one.member_id] == handler]


def waiting(work: Work, handler: int) -> list[int]:
    """Return the first objections that wait for this person's answer."""
    places = permission.scope(work, handler, Action.ANSWER_OBJECTIONS)
    if not places:
        return []
    paths = [place.path for place in places]
    others = _left_to(work, handler, paths)
    rows = table.listed(work.connection, handler, paths, answered=False, others=others, limit=PAGE)
    return [one.id for one in rows]


def answer(work: Work, handler: int, number: int, correction: int, reason: str) -> bool:
    """Keep the entry (`correction` 0) or correct it by so many points, and tell the person; False: answered before."""
    found, entry, _ = of(work, handler, number)
    check_reason(reason)
    if correction:
        check_amount(correction)
    outcome, why = "corrected" if correction else "kept", reason.strip()[:LONGEST_REASON]
    if not table.answer(work.connection, number, outcome, why, handler, work.now):
        return False
    if correction:
        entries.append(
            work.connection,
            found.member_id,
            MANUAL,
            f"objection:{number}",
            correction,
            entry.day,
            work.now,
            reason=why,
            by_member_id=handler,
        )

    facts = {"objection": number, "outcome": outcome, "points": correction}
    audit.note(work.connection, work.now, handler, "objection.answer", None, **facts)

    def compose(voice: Voice) -> Reply:
        look = voice.button("points.details", call("points.why", found.entry_id))
        return Reply((voice.say(f"points.told_{outcome}", reason=why), Choices(((look,),))), personal=Personal.OWN)

    post.tell(work, found.member_id, "objection", compose)
    return True
