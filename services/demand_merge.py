"""Demands that are dealt with together: whatever the officer sends into the leading one, the askers of the others get.

They get the words, never the files, and nothing by which one asker would know another. Each keeps a demand of its own:
adds to it, withdraws, rates and opens it again alone.
"""

from __future__ import annotations

from dataclasses import replace

from content import Voice
from domain import demand as rules
from domain.call import call
from domain.demand import Act, Case
from domain.demand_draft import Draft
from domain.refusal import Refusal
from domain.reply import Reply
from services import demand_view, post
from services.work import Work
from storage import demand as table
from storage import demand_merge as merges
from storage import member

_SHORTEST_NAME, _SHORTEST_NUMBER = 2, 4


def followers(work: Work, case: Case) -> list[Case]:
    """Return the open demands that follow this one, oldest first."""
    return merges.followers(work.connection, case.id) if case.open else []


def lead_of(work: Work, case: Case) -> Case | None:
    """Return the demand that this one follows."""
    return merges.lead_of(work.connection, case.id) if case.open else None


def check(work: Work, case: Case, draft: Draft) -> None:
    """Raise the refusal of what can't be sent into a demand that leads or follows."""
    act = Act(draft.act)
    if act in {Act.CLOSE, Act.REASSIGN} and (lead := lead_of(work, case)) is not None:
        raise Refusal("desk.follows", number=case.number, lead=lead.number)
    together = followers(work, case)
    if not together:
        return
    if not draft.text:
        raise Refusal("desk.words_for_all", count=len(together))
    askers = {case.author_id, *(one.author_id for one in together)}
    # However it is spaced, and by the number as well.
    said = "".join(draft.text.split()).casefold()
    people = [one for number in askers if (one := member.get(work.connection, number)) is not None]
    named = [one.name for one in people if len(one.name) >= _SHORTEST_NAME]
    named += [one.employee_no for one in people if len(one.employee_no) >= _SHORTEST_NUMBER]
    if any("".join(words.split()).casefold() in said for words in named):
        raise Refusal("desk.names_an_asker", count=len(together))


def pass_on(work: Work, lead: Case, together: list[Case], officer_id: int, draft: Draft) -> list[Case]:
    """Do to those that follow what was done to the one that leads; returns them as they are now.

    `lead`: as it is now; `together`: who followed it before. Whoever moved meanwhile is left alone.
    """
    act, done = Act(draft.act), []
    for one in together:
        case = table.lock(work.connection, one.id)
        if case is None or not case.open:
            continue
        after = rules.moved(case, act, work.now)
        if act is Act.REASSIGN:
            after = replace(after, officer_id=lead.officer_id, role=lead.role, unit_id=lead.unit_id)
        table.save(work.connection, after)
        table.record(
            work.connection, case.id, act, officer_id, work.now,
            text=draft.text, to_id=draft.to or None, token=f"{draft.token[:40]}.{case.id}",
        )  # fmt: skip
        done.append(after)
    return done


def part(work: Work, case: Case, actor_id: int | None) -> None:
    """Let a demand be dealt with alone again, and tell its asker. The caller has locked it."""
    merges.remove(work.connection, case.id)
    note(work, case, Act.PART, actor_id)


def note(work: Work, case: Case, act: Act, actor_id: int | None) -> None:
    """Write into a demand's history that it is dealt with together (or alone again), and tell its asker."""
    after = replace(rules.moved(case, act, work.now), news=True)
    table.save(work.connection, after)
    table.record(work.connection, case.id, act, actor_id, work.now)

    def compose(speaks: Voice) -> Reply:
        first = speaks.say("demands.push_merge" if act is Act.MERGE else "demands.push_part", number=case.number)
        opens = speaks.button("demands.open", call("demands.show", case.id, 0))
        return demand_view.card(after, first, "", 0, speaks, [[opens]])

    post.push(work, [case.author_id], "demand", compose, subject=case.number)


def leave(work: Work, case: Case) -> None:
    """Its asker withdraws a demand or opens it again: it follows nothing, and what followed it goes its own way."""
    together = followers(work, case)
    merges.remove(work.connection, case.id)
    for one in together:
        locked = table.lock(work.connection, one.id)
        if locked is not None and locked.open:
            part(work, locked, None)
