"""导入花名册: send the file, see what would happen row by row, then do it with one tap."""

from __future__ import annotations

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Block, Document, Personal, Reply
from domain.roster import Fate, Verdict
from handlers.grammar import Routes, Turn, reply
from services import attachment, permission, sheet
from services import roster as service
from services.roster import Plan

routes = Routes("roster")

SHOWN = 8
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@routes.entry("roster", needs=Action.IMPORT_ROSTER, writes=True)
def begin(turn: Turn, _rest: str) -> Reply:
    """Ask for the file."""
    _allowed(turn)
    turn.ask("roster.file")
    return reply(turn.say("roster.send_file"), rows=[[turn.button("roster.cancel", call("roster.cancel"))]])


def _allowed(turn: Turn) -> None:
    if not permission.may_anywhere(turn.work, turn.person.id, Action.IMPORT_ROSTER):
        raise Refusal("help.not_yours")


@routes.step("file")
def file_sent(turn: Turn, content: Said | Uploaded) -> Reply:
    """Say what importing the file would do."""
    _allowed(turn)
    if not isinstance(content, Uploaded):
        raise Refusal("roster.not_a_file")
    if content.attachment is None:
        raise Refusal("roster.file_lost")
    found = attachment.load(turn.work, content.attachment)
    if found is None:
        raise Refusal("roster.file_lost")
    name, _, body = found
    plan = service.plan(turn.work, name, body)
    turn.ask("roster.file", attachment=content.attachment, name=name)
    return _show(turn, plan, name)


def _show(turn: Turn, plan: Plan, name: str) -> Reply:
    counts = plan.counts
    blocks: list[Block] = [
        turn.say(
            "roster.plan",
            file=name,
            new=counts[Fate.NEW],
            changed=counts[Fate.CHANGED],
            same=counts[Fate.SAME],
            ignored=counts[Fate.IGNORED],
            errors=counts[Fate.ERROR],
            absent=plan.absent,
        )
    ]
    if plan.new_units:
        blocks.append(turn.say("roster.new_units", units="、".join(plan.new_units[:SHOWN]), count=len(plan.new_units)))
    wrong = [verdict for verdict in plan.verdicts if verdict.fate is Fate.ERROR]
    blocks += [turn.say("roster.line", row=verdict.row, words=words_of(turn, verdict)) for verdict in wrong[:SHOWN]]
    body = sheet.write_xlsx("dry run", ["row", "result", "words"], rows_of(turn, plan))
    blocks.append(Document(attachment.keep(turn.work, "roster-dry-run.xlsx", XLSX, body), "roster-dry-run.xlsx"))
    rows = [[turn.button("roster.cancel", call("roster.cancel"))]]
    if plan.changes:
        code = "roster.import_rest" if wrong else "roster.import"
        rows.insert(0, [turn.button(code, call("roster.do", turn.version))])
    else:
        blocks.append(turn.say("roster.nothing_to_do"))
    return reply(*blocks, rows=rows, personal=Personal.MEMBERSHIP)


def words_of(turn: Turn, verdict: Verdict) -> str:
    """Return a verdict as a sentence."""
    return service.said(turn.voice, verdict)


def rows_of(turn: Turn, plan: Plan) -> list[list[str]]:
    """Return every verdict as a row."""
    return [[str(v.row or ""), turn.voice.label(f"roster.{v.fate}"), words_of(turn, v)] for v in plan.verdicts]


@routes.button("do")
def do(turn: Turn, version: int) -> Reply:
    """Import what was shown."""
    _allowed(turn)
    turn.check_version(version)
    found = attachment.load(turn.work, int(turn.facts["attachment"]))
    if found is None:
        raise Refusal("roster.file_lost")
    made = service.apply(turn.work, found[0], found[2], skip_errors=True)
    turn.close()
    return reply(
        turn.say("roster.done", new=made.counts[Fate.NEW], changed=made.counts[Fate.CHANGED]),
        rows=[[turn.button("help.home", call("help.home"))]],
        edits=True,
    )


@routes.button("cancel")
def cancel(turn: Turn) -> Reply:
    """Import nothing."""
    if not turn.step.startswith("roster."):
        return turn.registry.buttons["help.passed"](turn)
    turn.close()
    return reply(turn.say("roster.cancelled"), rows=[[turn.button("help.home", call("help.home"))]], edits=True)
