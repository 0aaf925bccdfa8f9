"""What people thought of an activity: asked once, kept without a name, shown in steps of five answers."""

from __future__ import annotations

import random
from dataclasses import dataclass

from content import Voice
from domain import activity as rules
from domain.activity import Activity, ActivityState, SignUpState
from domain.arrival import clean
from domain.call import call
from domain.refusal import Refusal
from domain.reply import Choices, Personal, Reply
from services import activity, gathering, post
from services.activity_sign_up import subject_of
from services.work import Work
from storage import activity as table
from storage import feedback, sign_up
from storage import gathering as gatherings

_chance = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Summary:
    """What may be shown, as it was at the last step of five; how many have answered since then is not told."""

    average: float
    answers: int
    words: tuple[str, ...]


def people(work: Work, number: int) -> list[int]:
    """Return who was there; where nobody opened a sign-in, who said that they come."""
    found = gathering.of_subject(work, subject_of(number))
    if found is not None:
        return sorted(gatherings.there(work.connection, found.id))
    return sign_up.people(work.connection, number, (SignUpState.IN,))


def ask(work: Work, one: Activity) -> None:
    """Ask those who were there, once."""

    def compose(voice: Voice) -> Reply:
        stars = tuple(
            voice.button("activities.stars", call("activities.rate", one.id, star), stars=star) for star in rules.STARS
        )
        said = voice.say("activities.how_was_it", title=one.title, least=rules.FEEDBACK_FROM)
        return Reply((said, Choices((stars,))), personal=Personal.OWN)

    if there := people(work, one.id):
        post.push(work, there, "activity", compose, subject=str(one.id))


def may_answer(work: Work, member_id: int, one: Activity) -> bool:
    """Answer whether this person was there and has not answered."""
    if one.state is not ActivityState.OVER or feedback.has_given(work.connection, one.id, member_id):
        return False
    return member_id in people(work, one.id)


def _forgotten(refusal: Refusal) -> Refusal:
    """Let the update that held an answer not be kept either."""
    refusal.forget = True
    return refusal


def rate(work: Work, member_id: int, number: int, stars: int) -> Activity:
    """Keep one person's stars; a second answer is refused."""
    # Locked, so that answers are counted one after the other and each step is seen once.
    one = table.lock(work.connection, number)
    if one is None or one.state is not ActivityState.OVER or member_id not in people(work, number):
        raise Refusal("activities.gone")
    if stars not in rules.STARS:
        raise Refusal("help.expired")
    if not feedback.give(work.connection, number, member_id):
        raise _forgotten(Refusal("activities.rated_before"))
    feedback.keep(work.connection, number, _chance, stars=stars)
    answers = feedback.answers(work.connection, number)
    if rules.shows_anew(answers):
        _show(work, number, answers)
    return one


def _show(work: Work, number: int, answers: int) -> None:
    lines = feedback.words(work.connection, number)
    _chance.shuffle(lines)
    feedback.show(work.connection, number, answers, rules.tenths(feedback.stars(work.connection, number)), lines)


def say(work: Work, number: int, words: str) -> None:
    """Keep one free line; whoever calls this has just taken the stars of the same person."""
    kept = " ".join(clean(words).split())
    if not 0 < len(kept) <= rules.LONGEST_WORDS:
        raise _forgotten(Refusal("activities.words_length", longest=rules.LONGEST_WORDS, length=len(kept)))
    feedback.keep(work.connection, number, _chance, words=kept)


def summary(work: Work, planner: int, number: int) -> Summary | None:
    """Return what may be shown to whoever holds it; None: fewer than five have answered."""
    activity.own(work, planner, number, (ActivityState.OVER,), lock=False)
    found = feedback.shown(work.connection, number)
    if found is None:
        return None
    answers, tenths, words = found
    _chance.shuffle(words)
    return Summary(tenths / 10, answers, tuple(words))
