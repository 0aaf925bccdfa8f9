"""导入题库: send the filled-in template, see what each row would do, then do it with one tap."""

from __future__ import annotations

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Block, Button, Document, Reply, text
from handlers.grammar import Routes, Turn, reply
from services import attachment, permission
from services import question_import as service
from services.question_import import Plan

routes = Routes("question")

SHOWN = 8
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEMPLATE_NAME = "题库模板.xlsx"


@routes.entry("questions", needs=Action.IMPORT_QUESTIONS, writes=True)
def begin(turn: Turn, _rest: str) -> Reply:
    """Ask for the file, and give the template."""
    _allowed(turn)
    turn.ask("question.file")
    kept = attachment.keep(turn.work, TEMPLATE_NAME, XLSX, service.template())
    return reply(turn.say("question.send_file"), Document(kept, TEMPLATE_NAME), rows=[[_cancel(turn)]])


def _allowed(turn: Turn) -> None:
    if not permission.may_anywhere(turn.work, turn.person.id, Action.IMPORT_QUESTIONS):
        raise Refusal("help.not_yours")


def _cancel(turn: Turn) -> Button:
    return turn.button("question.cancel", call("question.cancel"))


@routes.step("file", yields=True)
def file_sent(turn: Turn, content: Said | Uploaded) -> Reply:
    """Ask for the bank, once the file is here."""
    _allowed(turn)
    if not isinstance(content, Uploaded) or content.attachment is None:
        raise Refusal("question.not_a_file")
    turn.ask("question.bank", attachment=content.attachment)
    banks = [
        [
            turn.button(
                "question.into",
                call("question.into", bank.name, turn.version),
                bank=bank.called(turn.voice.language)[:30],
                count=count,
            )
        ]
        for bank, count in service.own_banks(turn.work)[:5]
    ]
    return reply(turn.say("question.which_bank"), rows=[*banks, [_cancel(turn)]])


@routes.button("into")
def into(turn: Turn, bank: str, version: int) -> Reply:
    """Take the bank of a button."""
    turn.check_version(version)
    return _show(turn, bank)


@routes.step("bank", yields=True)
def bank_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take the typed name of a bank; another file takes the place of the first."""
    if isinstance(content, Uploaded):
        return file_sent(turn, content)
    return _show(turn, content.text.strip().lower())


def _file(turn: Turn) -> tuple[str, str, bytes]:
    found = attachment.load(turn.work, int(turn.facts.get("attachment", 0)))
    if found is None:
        raise Refusal("question.not_a_file")
    return found


def _show(turn: Turn, bank: str) -> Reply:
    _allowed(turn)
    name, _, body = _file(turn)
    made = service.plan(turn.work, bank, name, body)
    turn.ask("question.bank", attachment=turn.facts["attachment"], bank=bank)
    said = turn.say(
        "question.plan",
        file=name,
        bank=bank,
        new=made.new,
        changed=made.changed,
        same=made.same,
        failed=made.failed,
    )
    rows = [[_cancel(turn)]]
    if made.changes:
        rows.insert(0, [turn.button("question.import", call("question.do", turn.version))])
    return reply(said, *_troubles(turn, made), rows=rows)


def _troubles(turn: Turn, made: Plan) -> list[Block]:
    several = len({one.sheet for one in made.troubles})
    return [
        text(f"{service.where(turn.voice, one, tables=several)} {service.said(turn.voice, one)}")
        for one in made.troubles[:SHOWN]
    ]


@routes.button("do")
def do(turn: Turn, version: int) -> Reply:
    """Import what was shown."""
    _allowed(turn)
    turn.check_version(version)
    name, _, body = _file(turn)
    made = service.apply(turn.work, str(turn.facts["bank"]), name, body, turn.person.id)
    turn.close()
    home = turn.button("help.home", call("help.home"))
    return reply(turn.say("question.done", new=made.new, changed=made.changed), rows=[[home]], edits=True)


@routes.button("cancel")
def cancel(turn: Turn) -> Reply:
    """Import nothing."""
    if not turn.step.startswith("question."):
        return turn.registry.buttons["help.passed"](turn)
    turn.close()
    home = turn.button("help.home", call("help.home"))
    return reply(turn.say("question.cancelled"), rows=[[home]], edits=True)
