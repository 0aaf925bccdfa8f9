"""A demand from the officer's side: answering, asking back, closing, reassigning; and the figures of those who oversee.

An officer reaches the cases that are on her own desk now, while she holds a role for it; nobody else reaches any.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from content import Voice
from domain import demand as rules
from domain import demand_route as routing
from domain.call import call
from domain.demand import Act, Case, Rating
from domain.demand_draft import Draft
from domain.permission import Action, allows
from domain.refusal import Refusal
from domain.reply import Button, Reply
from services import demand, demand_merge, demand_route, demand_view, permission
from services.demand import EVENTS_ON_A_PAGE, ON_A_PAGE, Page, Shown
from services.demand_route import Officer
from services.work import Work
from storage import audit, unit
from storage import demand as table
from storage import demand_deadline as deadlines

_PUSHES = {
    Act.ANSWER: "demands.push_answer",
    Act.ASK: "demands.push_ask",
    Act.CLOSE: "demands.push_close",
    Act.REASSIGN: "demands.push_reassign",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of an officer's words; `reached` False: the employee has no open chat now and will see it later."""

    case: Case
    reached: bool
    repeated: bool = False
    others: int = 0
    """So many demands that follow it got the same words."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts and the next limit, for those who oversee; nobody's words, nobody's name."""

    open: int
    near: int
    over: int
    nobody: int
    next_limit: datetime | None


def of(work: Work, officer_id: int, number: int) -> Case:
    """Return a case on this officer's desk. Raises the same refusal for any other as for none at all."""
    case = table.get(work.connection, number)
    if case is None or case.officer_id != officer_id or case.unit_id is None:
        raise Refusal("desk.none")
    place = unit.get(work.connection, case.unit_id)
    grants = permission.grants_of(work, officer_id)
    if place is None or not allows(grants, Action.HANDLE_DEMANDS, place.path):
        raise Refusal("desk.none")
    return case


def by_number(work: Work, officer_id: int, number: str) -> Case:
    """Return a case on this officer's desk by the number that people see."""
    found = table.by_number(work.connection, number)
    if found is None:
        raise Refusal("desk.none")
    return of(work, officer_id, found.id)


def on_desk(work: Work, officer_id: int, page: int) -> Page:
    """Return a page of an officer's open cases, least time left first."""
    pages = max(1, -(-table.loads(work.connection, [officer_id]).get(officer_id, 0) // ON_A_PAGE))
    page = min(max(page, 0), pages - 1)
    return Page(table.on_desk(work.connection, officer_id, ON_A_PAGE, page * ON_A_PAGE), page, pages)


def look(work: Work, officer_id: int, number: int, page: int, size: int = EVENTS_ON_A_PAGE) -> Shown:
    """Return a case on this officer's desk with a page of its history."""
    return demand.shown(work, of(work, officer_id, number), page, size)


def near(work: Work, officer_id: int) -> tuple[int, int]:
    """Return (open cases near or past their next limit, open cases that nobody answered yet)."""
    return table.near(work.connection, officer_id, work.now)


def others(work: Work, officer_id: int, number: int) -> list[Officer]:
    """Return who else may take this case: not the employee, and not whom the employee does not want.

    What follows it goes with it, so the same holds for those employees.
    """
    case = of(work, officer_id, number)
    out = {person for one in demand_merge.followers(work, case) for person in (one.author_id, one.avoided_id)}
    return [found for found in demand_route.others(work, case) if found.member_id not in out]


def other(work: Work, officer_id: int, number: int, member_id: int) -> Officer:
    """Return one of `others`; a button may be forged."""
    found = next((one for one in others(work, officer_id, number) if one.member_id == member_id), None)
    if found is None:
        raise Refusal("desk.cannot_take")
    return found


def check(work: Work, officer_id: int, draft: Draft) -> tuple[Case, Officer | None]:
    """Return the case as it would be after a draft, and its new officer. Raises the refusal of what can't be sent."""
    case = of(work, officer_id, draft.case)
    act = Act(draft.act)
    problem = draft.problem(files_suffice=act is Act.ANSWER)
    if problem:
        raise Refusal(problem, count=len(draft.text))
    after = rules.moved(case, act, work.now)
    demand_merge.check(work, case, draft)
    if act is not Act.REASSIGN:
        return after, None
    takes = other(work, officer_id, case.id, draft.to)
    return demand.assigned(after, takes), takes


def send(work: Work, officer_id: int, draft: Draft) -> Sent:
    """Answer, ask back, close or reassign, once a draft; the employee (and a new officer) is told."""
    locked = table.lock(work.connection, draft.case)
    if locked is not None and table.recorded(work.connection, draft.token, officer_id) == locked.id:
        return Sent(locked, reached=True, repeated=True)
    after, takes = check(work, officer_id, draft)
    case, act = after, Act(draft.act)
    together = demand_merge.followers(work, locked) if locked is not None else []
    table.save(work.connection, after)
    table.record(
        work.connection,
        case.id,
        act,
        officer_id,
        work.now,
        text=draft.text,
        to_id=takes.member_id if takes else None,
        token=draft.token,
        files=draft.files,
    )
    passed = demand_merge.pass_on(work, after, together, officer_id, draft)
    for one in (after, *passed) if takes is not None else ():
        demand.hand_over(work, one)
    for one in passed:
        _tell_author(work, one, replace(draft, files=()))
    for one in (after, *passed):
        # Its number and where it stands: whose it is and what was said is for those who handle it.
        facts = {"number": one.number, "state": one.state.value}
        audit.note(work.connection, work.now, officer_id, f"request.{act.value}", None, **facts)
    return Sent(after, reached=_tell_author(work, after, draft), others=len(passed))


def _tell_author(work: Work, case: Case, draft: Draft) -> bool:
    officer = demand_route.officer_of(work, case)

    def compose(speaks: Voice) -> Reply:
        who = demand_view.officer(speaks, officer) if officer else ""
        first = speaks.say(_PUSHES[Act(draft.act)], number=case.number, officer=who)
        return demand_view.card(
            case, first, draft.text, len(draft.files), speaks, _author_rows(speaks, case, draft.act)
        )

    return demand.tell(work, case.author_id, case, compose)


def _author_rows(speaks: Voice, case: Case, act: str) -> list[list[Button]]:
    opens = speaks.button("demands.open", call("demands.show", case.id, 0))
    if act == Act.CLOSE.value:
        return [rating_buttons(speaks, case), [opens]]
    if act == Act.REASSIGN.value:
        return [[opens]]
    return [[speaks.button("demands.add", call("demands.write", case.id, Act.ADD.value)), opens]]


def rating_buttons(speaks: Voice, case: Case) -> list[Button]:
    """Return the three buttons by which an employee says how it was dealt with."""
    return [
        speaks.button("demands.satisfied", call("demands.rate", case.id, Rating.SATISFIED.value)),
        speaks.button("demands.fairly", call("demands.rate", case.id, Rating.FAIRLY.value)),
        speaks.button("demands.dissatisfied", call("demands.rate", case.id, Rating.DISSATISFIED.value)),
    ]


def figures(work: Work, member_id: int) -> Figures | None:
    """Return the counts of what this person oversees; None for somebody who oversees nothing."""
    grants = [g for g in permission.grants_of(work, member_id) if g.role in routing.OVERSEERS]
    if not grants:
        return None
    total = Figures(0, 0, 0, 0, None)
    rows = deadlines.figures(work.connection, work.now)
    found_at = unit.some(work.connection, [row[0] for row in rows if row[0]])
    for unit_id, count, near_, over, due in rows:
        place = found_at.get(unit_id or 0)
        if place is not None and not any(routing.oversees(g.path, place.path) for g in grants):
            continue
        total = replace(
            total,
            open=total.open + count,
            near=total.near + near_,
            over=total.over + over,
            nobody=total.nobody + (count if place is None else 0),
            next_limit=min(due, total.next_limit or due),
        )
    return total
