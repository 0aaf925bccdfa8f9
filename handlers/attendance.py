"""Coming to a meeting: 收到, leave, the calendar file; for whoever runs it who answered, the list, who is not there."""

from __future__ import annotations

from collections.abc import Sequence

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.meeting import Answer, Attendee, Duty, LeaveReason, MeetingState
from domain.member import Person
from domain.refusal import Refusal
from domain.reply import Block, Button, Document, Personal, Reply, text
from handlers.grammar import Routes, Turn, reply
from services import meeting as meetings
from services import meeting_attendance as service
from services import meeting_notice as notice
from services import meeting_view as view

routes = Routes("attendance")

PAGE, LEAVES = 5, 2
REASONS = {
    Duty.SHOULD.value: ("transfer", "work"),
    Duty.GUEST.value: ("superior", "applicant", "work"),
    Duty.NOT_REQUIRED.value: ("relief", "transfer"),
    "out": ("transfer", "work"),
}
"""What usually stands behind each adjustment; any other reason is typed."""


def _back(turn: Turn, number: int) -> Button:
    return turn.button("attendance.back", call("meeting.show", number))


@routes.button("received")
def received(turn: Turn, number: int) -> Reply:
    """Note 收到."""
    one = service.receive(turn.work, turn.person.id, number)
    return _mine(turn, number, one, turn.say("attendance.received"))


def _mine(turn: Turn, number: int, one: Attendee, first: Block) -> Reply:
    return view.for_member(turn.work, turn.voice, meetings.get(turn.work, number), one, first)


@routes.button("leave")
def leave(turn: Turn, number: int) -> Reply:
    """Ask why somebody can't come: three words and no story."""
    service.mine(turn.work, turn.person.id, number)
    turn.ask("attendance.reason", id=number)
    return _reasons(turn, number, "attendance.leave_ask")


def _reasons(turn: Turn, number: int, code: str) -> Reply:
    reasons = [
        turn.button(f"attendance.leave_{one.value}", call("attendance.because", number, one.value))
        for one in LeaveReason
    ]
    return reply(turn.say(code), rows=[reasons, [_back(turn, number)]], edits=True, personal=Personal.OWN)


@routes.step("reason", yields=True)
def reason_typed(turn: Turn, _content: Said | Uploaded) -> Reply:
    """Take no story: three words are all that is kept, and what was typed is not."""
    turn.forgets = True
    return _reasons(turn, int(turn.facts["id"]), "attendance.leave_tap")


@routes.button("because")
def because(turn: Turn, number: int, reason: str) -> Reply:
    """Ask for leave."""
    one = service.ask_leave(turn.work, turn.person.id, number, reason)
    turn.close()
    granted = one.answer is Answer.LEAVE_GRANTED
    return _mine(turn, number, one, turn.say("attendance.leave_granted" if granted else "attendance.leave_sent"))


@routes.button("file")
def file(turn: Turn, number: int) -> Reply:
    """Give the calendar file, as the meeting is now."""
    found = meetings.get(turn.work, number)
    if not meetings.may_run(turn.work, turn.person.id, found):
        service.mine(turn.work, turn.person.id, number)
    kept = notice.file(turn.work, found)
    return reply(turn.say("attendance.file"), Document(kept, notice.FILE), rows=[[_back(turn, number)]])


@routes.button("decide")
def decide(turn: Turn, number: int, member_id: int, yes: int) -> Reply:
    """Grant or refuse a leave."""
    one = service.decide(turn.work, turn.person.id, number, member_id, grant=bool(yes))
    code = "attendance.decided_granted" if yes else "attendance.decided_refused"
    rows = [[turn.button("attendance.back", call("attendance.answers", number))]]
    return reply(turn.say(code, name=one.name), rows=rows, edits=True, personal=Personal.MEMBERSHIP)


@routes.button("answers")
def answers(turn: Turn, number: int) -> Reply:
    """Show who answered what, and who is on leave and why, to the chair and the unit's own officers; else counts."""
    found = meetings.runs(turn.work, turn.person.id, number)
    people = meetings.attending(turn.work, number)
    if not meetings.keeps(turn.work, turn.person.id, found):
        return _answers_counted(turn, number, people)
    blocks: list[Block] = []
    for answer, code in ((Answer.RECEIVED, "attendance.who_received"), (Answer.NONE, "attendance.who_none")):
        names = [one.name for one in people if one.answer is answer]
        if names:
            blocks.append(turn.say(code, count=len(names), names=_joined(names)))
    away_names = notice.unreached(turn.work, number)
    if away_names:
        blocks.append(turn.say("attendance.unreached", count=len(away_names), names=_joined(away_names)))
    away = [one for one in people if one.leave is not None]
    if away:
        blocks.append(turn.say("attendance.who_leave", names=_joined([_leave(turn, one) for one in away])))
    rows = [
        [
            turn.button("attendance.grant", call("attendance.decide", number, one.member_id, 1), name=one.name),
            turn.button("attendance.refuse", call("attendance.decide", number, one.member_id, 0), name=one.name),
        ]
        for one in [one for one in away if one.answer is Answer.LEAVE_ASKED][:LEAVES]
    ]
    return _answers(turn, number, people, blocks, rows)


def _answers_counted(turn: Turn, number: int, people: Sequence[Attendee]) -> Reply:
    """Show numbers alone: a list of who answered tells, by difference from the list of all, who asked for leave."""
    received = sum(one.answer is Answer.RECEIVED for one in people)
    blocks: list[Block] = [turn.say("attendance.count_answers", received=received, others=len(people) - received)]
    unreached = len(notice.unreached(turn.work, number))
    if unreached:
        blocks.append(turn.say("attendance.count_unreached", count=unreached))
    return _answers(turn, number, people, blocks, [])


def _answers(
    turn: Turn, number: int, people: Sequence[Attendee], blocks: list[Block], rows: list[list[Button]]
) -> Reply:
    if any(one.answer is Answer.NONE for one in people):
        rows.append([turn.button("attendance.nudge", call("attendance.nudge", number))])
    rows.append([_back(turn, number)])
    return reply(*blocks, rows=rows, edits=True, personal=Personal.MEMBERSHIP)


def _leave(turn: Turn, one: Attendee) -> str:
    why = turn.voice.label(f"attendance.leave_{one.leave.value}") if one.leave else ""
    state = turn.voice.label(f"attendance.state_{one.answer.value}")
    return turn.voice.line("attendance.who_on_leave", name=one.name, why=why, state=state)


def _joined(names: list[str]) -> str:
    return "、".join(names)


@routes.button("nudge")
def nudge(turn: Turn, number: int) -> Reply:
    """Remind who has not answered."""
    count = notice.nudge(turn.work, turn.person.id, number)
    return reply(turn.say("attendance.nudged", count=count), rows=[[_back(turn, number)]], edits=True)


@routes.button("people")
def people(turn: Turn, number: int) -> Reply:
    """Show who is called, by duty, with what was set otherwise than the rule."""
    found = meetings.runs(turn.work, turn.person.id, number)
    if turn.step.startswith("attendance."):
        turn.close()
    listed = meetings.attending(turn.work, number)
    blocks: list[Block] = [turn.say("attendance.list_head", title=found.title)]
    for duty in Duty:
        names = [one.name for one in listed if one.duty is duty]
        if names:
            blocks.append(turn.say(f"attendance.list_{duty.value}", count=len(names), names=_joined(names)))
    changed = [one for one in listed if one.adjusted]
    if changed:
        lines = [turn.voice.line("attendance.list_adjusted_line", name=one.name, why=one.adjusted) for one in changed]
        blocks.append(turn.say("attendance.list_adjusted", lines="\n".join(lines)))
    rows = [[_back(turn, number)]]
    if found.state in service.BEFORE_END:
        blocks.append(turn.say("attendance.list_rule"))
        rows.insert(0, [turn.button("attendance.adjust", call("attendance.adjust", number))])
    if found.state in {MeetingState.DRAFT, MeetingState.CALLED}:
        rows[0].append(turn.button("attendance.recount", call("attendance.recount", number)))
    return reply(*blocks, rows=rows, edits=True, personal=Personal.MEMBERSHIP)


def _to_list(turn: Turn, number: int) -> list[Button]:
    return [turn.button("attendance.drop", call("attendance.people", number))]


@routes.button("recount")
def recount(turn: Turn, number: int) -> Reply:
    """Apply the rule to today's roster again."""
    service.recount(turn.work, turn.person.id, number)
    return people(turn, number)


@routes.button("adjust")
def adjust(turn: Turn, number: int) -> Reply:
    """Ask whom to call otherwise than the rule does."""
    meetings.runs(turn.work, turn.person.id, number)
    turn.ask("attendance.who", meeting=number)
    return reply(turn.say("attendance.who_ask"), rows=[_to_list(turn, number)], edits=True)


@routes.step("who", numbers=True)
def who_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Find somebody by name or number."""
    words = content.text.strip() if isinstance(content, Said) else ""
    number = int(turn.facts["meeting"])
    found = service.find(turn.work, turn.person.id, number, words) if words else []
    if len(found) == 1:
        return _ask_how(turn, number, found[0])
    if found:
        said = turn.say("attendance.who_several", people=_joined([f"{one.name} {one.employee_no}" for one in found]))
    else:
        said = turn.say("attendance.who_unknown", words=words[:40])
    return reply(said, rows=[_to_list(turn, number)], personal=Personal.MEMBERSHIP)


def _ask_how(turn: Turn, number: int, person: Person) -> Reply:
    known = service.one_of(turn.work, number, person.id)
    turn.ask("attendance.how", meeting=number, member=person.id, name=person.name)
    duties = [duty.value for duty in Duty if known is None or duty is not known.duty]
    duties += ["out"] if known else []
    buttons = [turn.button(f"attendance.duty_{duty}", call("attendance.duty", duty)) for duty in duties]
    if known is None:
        said = turn.say("attendance.how_new", name=person.name)
    else:
        duty = turn.voice.label(f"attendance.duty_{known.duty.value}")
        said = turn.say("attendance.how_ask", name=person.name, duty=duty)
    rows = [buttons[:2], buttons[2:], _to_list(turn, number)]
    return reply(said, rows=rows, personal=Personal.MEMBERSHIP)


@routes.step("how")
def how_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take the words of a button as the button; anything else asks for one."""
    words = content.text.strip() if isinstance(content, Said) else ""
    for name in REASONS:
        if words and words == turn.voice.label(f"attendance.duty_{name}"):
            return duty(turn, name)
    raise Refusal("help.expired")


@routes.button("duty")
def duty(turn: Turn, name: str) -> Reply:
    """Take how somebody shall come, and ask why."""
    if turn.step not in {"attendance.how", "attendance.why"} or name not in REASONS:
        raise Refusal("help.expired")
    number = int(turn.facts["meeting"])
    turn.ask("attendance.why", **{**turn.facts, "duty": name})
    buttons = [turn.button(f"attendance.why_{one}", call("attendance.why", one)) for one in REASONS[name]]
    said = turn.say("attendance.why_ask", name=turn.facts["name"], duty=turn.voice.label(f"attendance.duty_{name}"))
    return reply(said, rows=[buttons, _to_list(turn, number)], edits=True, personal=Personal.MEMBERSHIP)


@routes.button("why")
def why(turn: Turn, name: str) -> Reply:
    """Take a usual reason."""
    if turn.step != "attendance.why" or name not in REASONS[str(turn.facts["duty"])]:
        raise Refusal("help.expired")
    return _adjusted(turn, turn.voice.label(f"attendance.why_{name}"))


@routes.step("why")
def why_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take a typed reason."""
    return _adjusted(turn, content.text if isinstance(content, Said) else "")


def _adjusted(turn: Turn, reason: str) -> Reply:
    number, name = int(turn.facts["meeting"]), str(turn.facts["duty"])
    wanted = None if name == "out" else Duty(name)
    service.adjust(turn.work, turn.person.id, number, int(turn.facts["member"]), wanted, reason)
    turn.close()
    shown = people(turn, number)
    return reply(turn.say("attendance.adjusted"), *shown.blocks, personal=shown.personal)


@routes.button("missing")
def missing(turn: Turn, number: int, page: int) -> Reply:
    """Show who is not there; a tap signs somebody in by hand."""
    found = service.missing(turn.work, turn.person.id, number)
    first = max(page, 0) * PAGE
    shown = found[first : first + PAGE]
    rows = [[_by_hand(turn, number, one)] for one in shown]
    last = [_back(turn, number)]
    if len(found) > first + PAGE:
        last.insert(0, turn.button("attendance.more", call("attendance.missing", number, page + 1)))
    if found and meetings.keeps(turn.work, turn.person.id, meetings.get(turn.work, number)):
        last.insert(0, turn.button("attendance.excuse", call("attendance.absent", number, 0)))
    words = turn.say("attendance.missing" if found else "attendance.nobody_missing")
    blocks = [words, text(_joined([one.name for one in found]))] if found else [words]
    return reply(*blocks, rows=[*rows, last], edits=True, personal=Personal.MEMBERSHIP)


def _by_hand(turn: Turn, number: int, one: Attendee) -> Button:
    away = one.answer is Answer.LEAVE_GRANTED
    name = turn.voice.line("attendance.missing_leave", name=one.name) if away else one.name
    return turn.button("attendance.by_hand", call("attendance.enter", number, one.member_id), name=name)


@routes.button("absent")
def absent(turn: Turn, number: int, page: int) -> Reply:
    """Show who is not there and not on leave; a tap asks for which reason a leave is noted."""
    held = meetings.runs(turn.work, turn.person.id, number)
    # A list of who is not on leave tells who is: it is for those alone who may know.
    if not meetings.keeps(turn.work, turn.person.id, held):
        raise Refusal("meeting.gone")
    away = {Answer.LEAVE_ASKED, Answer.LEAVE_GRANTED}
    missed = service.missing(turn.work, turn.person.id, number)
    found = [one for one in missed if one.answer not in away and one.member_id != held.chair_id]
    first = max(page, 0) * PAGE
    rows = [
        [turn.button("attendance.by_hand", call("attendance.excuse", number, one.member_id), name=one.name)]
        for one in found[first : first + PAGE]
    ]
    last = [_back(turn, number)]
    if len(found) > first + PAGE:
        last.insert(0, turn.button("attendance.more", call("attendance.absent", number, page + 1)))
    said = turn.say("attendance.absent" if found else "attendance.nobody_absent")
    return reply(said, rows=[*rows, last], edits=True, personal=Personal.MEMBERSHIP)


@routes.button("excuse")
def excuse(turn: Turn, number: int, member_id: int) -> Reply:
    """Ask for which reason somebody is away: three words and no story."""
    held, one = meetings.runs(turn.work, turn.person.id, number), service.one_of(turn.work, number, member_id)
    if one is None or not meetings.keeps(turn.work, turn.person.id, held):
        raise Refusal("meeting.gone")
    reasons = [
        turn.button(f"attendance.leave_{why.value}", call("attendance.excused", number, member_id, why.value))
        for why in LeaveReason
    ]
    back = [turn.button("attendance.back", call("attendance.absent", number, 0))]
    said = turn.say("attendance.excuse_why", name=one.name)
    return reply(said, rows=[reasons, back], edits=True, personal=Personal.MEMBERSHIP)


@routes.button("excused")
def excused(turn: Turn, number: int, member_id: int, reason: str) -> Reply:
    """Note the leave, and show who else is away."""
    one = service.excuse(turn.work, turn.person.id, number, member_id, reason)
    shown = absent(turn, number, 0)
    return Reply(
        (turn.say("attendance.excuse_noted", name=one.name), *shown.blocks), edits=True, personal=shown.personal
    )


@routes.button("enter")
def enter(turn: Turn, number: int, member_id: int) -> Reply:
    """Sign somebody in from the list."""
    service.enter_by_hand(turn.work, turn.person.id, number, member_id)
    return missing(turn, number, 0)
