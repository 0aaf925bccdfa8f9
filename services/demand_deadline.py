"""What the clock does about demands: finds an officer where there is none, reminds before a limit, counts upwards.

Every reminder is written once a case, round and stage. The next level gets a number, never a name or a word.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from content import Voice
from domain import demand_route as routing
from domain.call import call
from domain.demand import Act, Case, moved
from domain.permission import Action, Grant, Role, allows
from domain.reply import Choices, Personal, Reply
from domain.schedule import Rule
from services import demand, demand_route, post, timetable
from services.work import Work
from storage import demand as table
from storage import demand_deadline as deadlines
from storage import unit

TICK = "demand.deadlines"
NAMED = 5
"""A reminder names so many numbers; the desk has the rest."""
_SOON = {deadlines.FIRST_SOON: "desk.soon_first", deadlines.FINISH_SOON: "desk.soon_finish"}
_OVER = {deadlines.FIRST_OVER: "desk.over_first", deadlines.FINISH_OVER: "desk.over_finish"}


def schedule(work: Work) -> None:
    """Write the schedule: every quarter of an hour."""
    rule = Rule("every", minutes=15)
    timetable.keep(work, TICK, rule)


def tick(work: Work) -> None:
    """Do all that is due by now; doing it twice writes nothing twice."""
    if not deadlines.desks(work.connection):
        return
    rescue(work)
    for stage, code in _SOON.items():
        _remind(work, _noted(work, stage), code)
    for stage, code in _OVER.items():
        _escalate(work, _noted(work, stage), code)
    nobody = len(_noted(work, deadlines.NOBODY))
    if nobody:
        people = [h.member_id for h in demand_route.holders(work) if h.role is Role.ADMINISTRATOR]
        _push_number(work, people, "desk.nobody", nobody, overview=False)


def _noted(work: Work, stage: str) -> list[Case]:
    reached = deadlines.reached(work.connection, stage, work.now)
    return [case for case in reached if deadlines.note(work.connection, case, stage, work.now)]


def rescue(work: Work) -> None:
    """Give every open case without an officer (or whose officer lost the role) to whoever is responsible now."""
    held: dict[int, list[Grant]] = defaultdict(list)
    for holder in demand_route.holders(work):
        held[holder.member_id].append(Grant(holder.role, holder.unit_id, holder.path))
    paths: dict[int, str] = {}
    for number, officer_id, unit_id in deadlines.desks(work.connection):
        if unit_id is not None and unit_id not in paths:
            place = unit.get(work.connection, unit_id)
            paths[unit_id] = place.path if place else ""
        grants = held.get(officer_id or 0, [])
        if unit_id is None or not allows(grants, Action.HANDLE_DEMANDS, paths[unit_id]):
            _route(work, number, officer_id)


def _route(work: Work, number: int, before: int | None) -> None:
    case = table.lock(work.connection, number)
    if case is None or not case.open or case.officer_id != before:
        return
    officer = demand_route.officer_for(work, case.author_id, case.category, case.avoided_id)
    if officer is None and before is None:
        return
    after = demand.assigned(moved(case, Act.ROUTE, work.now), officer)
    table.save(work.connection, after)
    to = officer.member_id if officer else None
    table.record(work.connection, case.id, Act.ROUTE, None, work.now, to_id=to)
    demand.hand_over(work, after)


def _remind(work: Work, cases: Iterable[Case], code: str) -> None:
    """Tell each officer, in one message, which cases come to a limit."""
    by_officer: dict[int, list[str]] = defaultdict(list)
    for case in cases:
        if case.officer_id is not None:
            by_officer[case.officer_id].append(case.number)
    for officer_id, numbers in sorted(by_officer.items()):

        def compose(speaks: Voice, numbers: list[str] = numbers) -> Reply:
            first = speaks.say(code, count=len(numbers), numbers="、".join(numbers[:NAMED]))
            rows = ((speaks.button("desk.list", call("desk.page", 0)),),)
            return Reply((first, Choices(rows)), personal=Personal.MEMBERSHIP)

        post.push(work, [officer_id], "demand_deadline", compose, subject=code)


def _escalate(work: Work, cases: list[Case], code: str) -> None:
    """Tell the next level how many cases have passed a limit: a number, without content or name."""
    if not cases:
        return
    holders = demand_route.holders(work)
    counts: Counter[int] = Counter()
    for case in cases:
        out = {case.author_id, case.officer_id or 0, case.avoided_id or 0}
        counts.update(routing.above(demand_route.place_of(work, case), holders, out))
    for count in sorted(set(counts.values())):
        people = [person for person, own in counts.items() if own == count]
        _push_number(work, people, code, count, overview=True)


def _push_number(work: Work, people: list[int], code: str, count: int, *, overview: bool) -> None:
    def compose(speaks: Voice) -> Reply:
        words = speaks.say(code, count=count)
        if not overview:
            return Reply((words,), personal=Personal.MEMBERSHIP)
        rows = ((speaks.button("desk.overview", call("desk.overview")),),)
        return Reply((words, Choices(rows)), personal=Personal.MEMBERSHIP)

    post.push(work, people, "demand_deadline", compose, subject=code)
