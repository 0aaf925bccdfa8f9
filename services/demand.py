"""A demand from the employee's side: filing, adding, withdrawing, reopening, rating; and what both sides share.

Only the two sides of a case reach it here; an id of somebody else's case is answered like one that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from content import Voice, voice
from domain import demand as rules
from domain.call import call
from domain.demand import Act, Case, Event, Limits, Rating, State
from domain.demand_draft import Draft, File
from domain.refusal import Refusal
from domain.reply import Button, Reply
from services import calendar, demand_category, demand_merge, demand_route, demand_view, post
from services.demand_route import Officer
from services.work import Work
from storage import demand as table
from storage import member

ON_A_PAGE = 5
EVENTS_ON_A_PAGE = 6


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a demand would go if it were filed now, and by when it would be answered and finished."""

    officer: Officer | None
    limits: Limits


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; pages count from 0."""

    cases: list[Case]
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A case as one of its two sides may read it."""

    case: Case
    officer: Officer | None
    author: str
    events: list[Event]
    names: dict[int, str]
    page: int
    """0 is the newest part of the history."""
    pages: int
    files: int


def limits_today(work: Work, category: str) -> Limits:
    """Return the limits of a demand of this category that is filed (or reopened) today."""
    terms = demand_category.terms(category, work.today)
    off = calendar.days_off(work, work.today, work.today + timedelta(days=terms.finish_outer + 1))
    return rules.limits(terms, work.today, off, work.organisation.start_of)


def destination(work: Work, author_id: int, category: str, avoided_id: int | None) -> Destination:
    """Return where a demand of this person would go."""
    officer = demand_route.officer_for(work, author_id, category, avoided_id)
    return Destination(officer, limits_today(work, category))


def filed_before(work: Work, author_id: int, token: str) -> Case | None:
    """Return the person's own demand that was filed from this draft."""
    found = table.by_token(work.connection, token)
    return found if found is not None and found.author_id == author_id else None


def own_by_token(work: Work, author_id: int, token: str) -> Case:
    """Return the person's own demand that was filed from this draft. Raises the refusal when there is none."""
    found = filed_before(work, author_id, token)
    if found is None:
        raise Refusal("demand.none")
    return found


def file(work: Work, author_id: int, draft: Draft) -> Case:
    """File a draft, once however often asked; the officer gets a card."""
    before = filed_before(work, author_id, draft.token)
    if before is not None:
        return before
    problem = draft.problem()
    if problem:
        raise Refusal(problem, count=len(draft.text))
    going = destination(work, author_id, draft.category, draft.avoided or None)
    number = table.next_number(work.connection, work.today)
    case = Case(
        id=0,
        number=number,
        author_id=author_id,
        category=draft.category,
        text=draft.text,
        state=State.FILED,
        round=1,
        filed_at=work.now,
        limits=going.limits,
        avoided_id=draft.avoided or None,
    )
    case = assigned(case, going.officer)
    made = table.create(work.connection, case, draft.token)
    if made is None:
        # Filed from the same draft a moment ago, while this waited for the day's counter.
        return own_by_token(work, author_id, draft.token)
    case = replace(case, id=made)
    table.record(work.connection, made, Act.FILE, author_id, work.now, to_id=case.officer_id, files=draft.files)
    hand_over(work, case)
    return case


def assigned(case: Case, officer: Officer | None) -> Case:
    """Return the case on this officer's desk, or on nobody's."""
    if officer is None:
        return replace(case, officer_id=None, role="", unit_id=None)
    return replace(case, officer_id=officer.member_id, role=officer.role, unit_id=officer.unit_id)


def hand_over(work: Work, case: Case) -> bool:
    """Give the officer the card of a case that is new on the desk; False when it could not be written."""
    name = author_name(work, case)
    files = table.count_files(work.connection, case.id)

    def compose(speaks: Voice) -> Reply:
        kind = demand_view.category(speaks, case)
        day = demand_view.last_day(speaks, work, case.due)
        first = speaks.say("desk.push_new", number=case.number, category=kind, name=name, day=day)
        return demand_view.card(case, first, case.text, files, speaks, desk_rows(speaks, case))

    return tell(work, case.officer_id, case, compose)


def desk_rows(speaks: Voice, case: Case) -> list[list[Button]]:
    """Return the buttons of a card on the officer's side."""
    return [
        [
            speaks.button("desk.answer", call("desk.write", case.id, Act.ANSWER.value)),
            speaks.button("desk.open", call("desk.case", case.id, 0)),
        ]
    ]


def tell(work: Work, member_id: int | None, case: Case, compose: post.Compose) -> bool:
    """Push to one side of a case; False when nothing was written. Whoever lost the role over it hears nothing more."""
    if member_id is None or (member_id != case.author_id and not demand_route.still_handles(work, member_id, case)):
        return False
    return post.push(work, [member_id], "demand", compose, subject=case.number).letters == 1


def author_name(work: Work, case: Case) -> str:
    """Return the employee's name, for the officer who handles the case."""
    return member.names_of(work.connection, [case.author_id]).get(case.author_id, "")


def own(work: Work, author_id: int, number: int, *, lock: bool = False) -> Case:
    """Return a person's own case. Raises the same refusal for somebody else's as for none at all."""
    found = (table.lock if lock else table.get)(work.connection, number)
    if found is None or found.author_id != author_id:
        raise Refusal("demand.none")
    return found


def own_by_number(work: Work, author_id: int, number: str) -> Case:
    """Return a person's own case by the number that people see."""
    found = table.by_number(work.connection, number)
    if found is None or found.author_id != author_id:
        raise Refusal("demand.none")
    return found


def mine(work: Work, author_id: int, page: int) -> Page:
    """Return a page of a person's own demands, newest first."""
    pages = max(1, -(-table.count_of_author(work.connection, author_id) // ON_A_PAGE))
    page = min(max(page, 0), pages - 1)
    return Page(table.of_author(work.connection, author_id, ON_A_PAGE, page * ON_A_PAGE), page, pages)


def shown(work: Work, case: Case, page: int, size: int = EVENTS_ON_A_PAGE) -> Shown:
    """Return a case with a page of its history. The caller has checked that the reader is one of its sides."""
    pages = max(1, -(-table.count_events(work.connection, case.id) // size))
    page = min(max(page, 0), pages - 1)
    events = table.events(work.connection, case.id, size, page * size)
    people = {case.author_id, *(one.actor_id for one in events), *(one.to_id for one in events)} - {None}
    names = member.names_of(work.connection, [person for person in people if person is not None])
    officer = demand_route.officer_of(work, case)
    files = table.count_files(work.connection, case.id)
    return Shown(case, officer, names.get(case.author_id, ""), events, names, page, pages, files)


def look(work: Work, author_id: int, number: int, page: int) -> Shown:
    """Return a person's own case, which is thereby no longer news."""
    case = own(work, author_id, number)
    if case.news:
        table.seen(work.connection, case.id)
    return shown(work, case, page)


def files(work: Work, case: Case) -> list[File]:
    """Return the files of a case. The caller has checked that the reader is one of its sides."""
    return table.files_of(work.connection, case.id)


def written_before(work: Work, person_id: int, token: str) -> bool:
    """Answer whether this person has sent a draft with this token into some case."""
    return table.recorded(work.connection, token, person_id) is not None


def write(work: Work, author_id: int, draft: Draft) -> Case:
    """Add words and files to one's own case, or open it again with a reason; once a draft. The officer is told."""
    case = own(work, author_id, draft.case, lock=True)
    if table.recorded(work.connection, draft.token, author_id) is not None:
        return case
    act = Act(draft.act)
    problem = draft.problem(files_suffice=act is Act.ADD)
    if problem:
        raise Refusal(problem, count=len(draft.text))
    if act is Act.REOPEN:
        after = rules.reopened(case, work.now, limits_today(work, case.category))
        demand_merge.leave(work, case)
    else:
        after = rules.moved(case, Act.ADD, work.now)
    table.save(work.connection, after)
    table.record(
        work.connection,
        case.id,
        act,
        author_id,
        work.now,
        text=draft.text,
        token=draft.token,
        files=draft.files,
    )
    _tell_officer(work, after, "desk.push_reopened" if act is Act.REOPEN else "desk.push_added", draft)
    return after


def _tell_officer(work: Work, case: Case, code: str, draft: Draft) -> None:
    name = author_name(work, case)

    def compose(speaks: Voice) -> Reply:
        first = speaks.say(code, number=case.number, name=name)
        return demand_view.card(case, first, draft.text, len(draft.files), speaks, desk_rows(speaks, case))

    tell(work, case.officer_id, case, compose)


def withdraw(work: Work, author_id: int, number: int) -> tuple[Case, bool]:
    """Take a demand back; returns it, and whether it was taken back before."""
    case = own(work, author_id, number, lock=True)
    if case.state is State.WITHDRAWN:
        return case, True
    after = rules.moved(case, Act.WITHDRAW, work.now)
    demand_merge.leave(work, case)
    table.save(work.connection, after)
    table.record(work.connection, case.id, Act.WITHDRAW, author_id, work.now)

    def compose(speaks: Voice) -> Reply:
        opens = speaks.button("desk.open", call("desk.case", case.id, 0))
        return demand_view.card(case, speaks.say("desk.push_withdrawn", number=case.number), "", 0, speaks, [[opens]])

    tell(work, case.officer_id, case, compose)
    return after, False


def rate(work: Work, author_id: int, number: int, rating: str) -> Case:
    """Rate a closed case; the same rating again changes nothing."""
    case = own(work, author_id, number, lock=True)
    if rating not in {one.value for one in Rating}:
        raise Refusal("demand.none")
    wish = Rating(rating)
    if case.state is State.CLOSED and case.rating is wish:
        return case
    after = rules.rated(case, wish, work.now)
    table.save(work.connection, after)
    table.record(work.connection, case.id, Act.RATE, author_id, work.now, text=wish.value)
    return after


def waiting(work: Work, author_id: int) -> list[Case]:
    """Return the person's demands in which something waits for the person."""
    return table.waiting(work.connection, author_id, work.now - rules.REOPEN_WITHIN)


def export_rows(work: Work) -> tuple[list[str], list[list[str]]]:
    """Return headers and a row a demand: number, category, state, times, rating. No text, no name, no unit."""
    speaks = voice(work.organisation.language)
    headers = speaks.label("demand.export_headers").split("|")
    rows = table.everything(work.connection)
    return headers, [
        demand_view.row(speaks, work, one, first, demand_view.category(speaks, one)) for one, first in rows
    ]
