"""提诉求: from the first words to the confirm card; nothing is filed before the card is confirmed."""

from __future__ import annotations

import secrets
from dataclasses import replace

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.demand import Case
from domain.demand_draft import LONGEST, MOST_FILES, Draft, clean_text
from domain.refusal import Refusal
from domain.reply import Block, Button, Personal, Reply, text
from handlers.grammar import Routes, Turn, reply
from services import demand as service
from services import demand_category, demand_deadline, demand_view
from services.work import Work

routes = Routes("demand")
SUGGESTED = 3
ON_A_PAGE = 6
_BEFORE = " ,.:;，。：；、"
"""What may stand between a phrase and what it is about."""


@routes.schedule
def schedule(work: Work) -> None:
    """Write when limits are looked at."""
    demand_deadline.schedule(work)


@routes.tick("deadlines")
def deadlines(work: Work, _subject: str, _due: object) -> None:
    """Remind of limits, and count what is past them."""
    demand_deadline.tick(work)


def _card(turn: Turn, *blocks: Block, rows: list[list[Button]] | None = None) -> Reply:
    """Return a card of the open draft, with its way out."""
    drop = [turn.button("demand.cancel", call("demand.drop", str(turn.facts.get("token", ""))))]
    facts = turn.facts
    personal = demand_category.class_of(str(facts.get("category", "")), str(facts.get("text", "")))
    return reply(*blocks, rows=[*(rows or []), drop], edits=True, personal=personal)


def _draft(turn: Turn) -> Draft:
    """Return the open draft. Raises the refusal of an old button when there is none."""
    if not turn.step.startswith("demand."):
        raise Refusal("help.expired")
    return Draft.of(turn.facts)


@routes.entry("demand")
def start(turn: Turn, rest: str) -> Reply:
    """Ask what it is about; whoever has said so already gets the confirm card."""
    said = clean_text(rest).lstrip(_BEFORE)
    draft = Draft(token=secrets.token_hex(8)).saying(said)
    if said:
        return _problem(turn, draft) or _confirm(turn, draft)
    turn.ask("demand.about", **draft.facts)
    return _card(turn, turn.say("demand.ask_about"))


def _problem(turn: Turn, draft: Draft) -> Reply | None:
    """Say kindly why these words can't be filed yet, keeping them; None when they can."""
    code = draft.problem()
    if not code:
        return None
    turn.ask("demand.about", **draft.facts)
    rows = [[turn.button("demand.clip", call("demand.clip"), most=LONGEST)]] if len(draft.text) > LONGEST else []
    return _card(turn, turn.say(code, count=len(draft.text)), rows=rows)


@routes.button("clip")
def clip(turn: Turn) -> Reply:
    """Go on with as many words as fit."""
    return _confirm(turn, _draft(turn).clipped)


@routes.step("about", yields=True, places=True)
def about(turn: Turn, content: Said | Uploaded) -> Reply:
    """Hear what it is about, then offer categories."""
    draft = Draft.of(turn.facts).heard(content)
    problem = _problem(turn, draft)
    if problem is not None:
        return problem
    if draft.category:
        return _confirm(turn, draft)
    turn.ask("demand.category", **draft.facts)
    return kinds(turn, -1)


@routes.button("kinds")
def kinds(turn: Turn, page: int) -> Reply:
    """Offer categories: first (-1) those that the words point to, then all of them by page."""
    return _kinds(turn, page, "demand.ask_category")


def _kinds(turn: Turn, page: int, question: str) -> Reply:
    draft = _draft(turn)
    ordered, found = demand_category.ordered(draft.text)
    if page < 0 and found:
        listed, following = ordered[: min(found, SUGGESTED)], 0
    else:
        pages = -(-len(ordered) // ON_A_PAGE)
        page = max(page, 0) % pages
        listed, following = ordered[page * ON_A_PAGE : (page + 1) * ON_A_PAGE], (page + 1) % pages
    buttons = [Button(one.called(turn.voice.language), call("demand.kind", one.code)) for one in listed]
    rows = [buttons[place : place + 2] for place in range(0, len(buttons), 2)]
    rows.append([turn.button("demand.more_kinds", call("demand.kinds", following))])
    return _card(turn, turn.say(question), rows=rows)


@routes.button("kind")
def kind(turn: Turn, code: str) -> Reply:
    """Take a category; in the guided way files come next, from the confirm card it goes back there."""
    if not demand_category.exists(code):
        raise Refusal("help.expired")
    draft = replace(_draft(turn), category=code)
    return _ask_files(turn, draft) if turn.step == "demand.category" else _confirm(turn, draft)


@routes.step("category", yields=True, places=True)
def category(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take a category that was typed; anything else belongs to what it is about."""
    code = demand_category.named(content.text) if isinstance(content, Said) else ""
    if code:
        return kind(turn, code)
    draft = Draft.of(turn.facts).heard(content)
    problem = _problem(turn, draft)
    if problem is not None:
        return problem
    turn.ask("demand.category", **draft.facts)
    return _kinds(turn, -1, "demand.category_first")


def _ask_files(turn: Turn, draft: Draft) -> Reply:
    turn.ask("demand.files", **draft.facts)
    words = turn.say("demand.got_files", count=len(draft.files)) if draft.files else turn.say("demand.ask_files")
    return _card(turn, words, rows=[[turn.button("demand.next", call("demand.review"))]])


@routes.step("files", yields=True, places=True)
def files(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take files; words are added, unless they only say that there are no files."""
    draft = Draft.of(turn.facts)
    if isinstance(content, Said):
        if content.text.strip() in turn.voice.label("demand.no_files").split("|"):
            return _confirm(turn, draft)
        return _added(turn, draft, content)
    if draft.full:
        return _card(turn, turn.say("demand.too_many_files", most=MOST_FILES), rows=_review(turn))
    heard = draft.heard(content)
    return _problem(turn, heard) or _ask_files(turn, heard)


def _review(turn: Turn) -> list[list[Button]]:
    return [[turn.button("demand.next", call("demand.review"))]]


@routes.button("review")
def review(turn: Turn) -> Reply:
    """Show the confirm card."""
    draft = _draft(turn)
    return _problem(turn, draft) or _confirm(turn, draft)


@routes.button("more_files")
def more_files(turn: Turn) -> Reply:
    """Say how files are added; the confirm card stays open for them."""
    draft = _draft(turn)
    return _problem(turn, draft) or _ask_files(turn, draft)


@routes.step("confirm", yields=True, places=True)
def confirm(turn: Turn, content: Said | Uploaded) -> Reply:
    """Hear `提交`; all other words and files are added, and the card is shown again."""
    if isinstance(content, Said) and content.text.strip() == turn.voice.label("demand.submit"):
        return submit(turn, turn.version, str(turn.facts.get("token", "")))
    draft = Draft.of(turn.facts)
    if isinstance(content, Uploaded) and draft.full:
        return _card(turn, turn.say("demand.too_many_files", most=MOST_FILES), rows=_review(turn))
    return _added(turn, draft, content)


def _added(turn: Turn, draft: Draft, content: Said | Uploaded) -> Reply:
    heard = draft.heard(content)
    return _problem(turn, heard) or _confirm(turn, heard)


@routes.button("avoid")
def avoid(turn: Turn, wanted: int) -> Reply:
    """Keep the demand from the officer who was shown, or let it go there after all."""
    draft = _draft(turn)
    return _confirm(turn, replace(draft, avoided=(draft.avoided or draft.officer) if wanted else 0))


def _confirm(turn: Turn, draft: Draft, notice: str = "") -> Reply:
    """Show everything: the words, the files, where it goes, who reads it, by when it is answered."""
    if not draft.category:
        ordered, found = demand_category.ordered(draft.text)
        draft = replace(draft, category=ordered[0].code if found else demand_category.OTHER)
    going = service.destination(turn.work, turn.person.id, draft.category, draft.avoided or None)
    draft = replace(draft, officer=going.officer.member_id if going.officer else 0)
    turn.ask("demand.confirm", **draft.facts)
    named = demand_category.known(draft.category).called(turn.voice.language)
    blocks: list[Block] = [turn.say(notice)] if notice else []
    blocks += [turn.say("demand.confirm", category=named), text(draft.text)]
    if draft.files:
        unnamed = turn.voice.line("demand.unnamed_file")
        names = "、".join(file.name or unnamed for file in draft.files)
        blocks.append(turn.say("demand.confirm_files", count=len(draft.files), names=names))
    if draft.avoided:
        blocks.append(turn.say("demand.avoiding"))
    if going.officer is None:
        blocks.append(turn.say("demand.goes_nowhere"))
    else:
        blocks.append(turn.say("demand.goes_to", officer=demand_view.officer(turn.voice, going.officer)))
    first = demand_view.last_day(turn.voice, turn.work, going.limits.first_by)
    finish = demand_view.last_day(turn.voice, turn.work, going.limits.finish_by)
    house, outer = demand_category.source(turn.work.today, turn.voice.language)
    blocks.append(turn.say("demand.limits", first=first, finish=finish, house=house, outer=outer))
    return _card(turn, *blocks, rows=_confirm_rows(turn, draft))


def _confirm_rows(turn: Turn, draft: Draft) -> list[list[Button]]:
    rows = [
        [turn.button("demand.submit", call("demand.submit", turn.version, draft.token))],
        [
            turn.button("demand.change_kind", call("demand.kinds", 0)),
            turn.button("demand.more_files", call("demand.more_files")),
        ],
    ]
    if draft.avoided:
        rows.append([turn.button("demand.avoid_not", call("demand.avoid", 0))])
    elif draft.officer:
        rows.append([turn.button("demand.avoid", call("demand.avoid", 1))])
    return rows


@routes.button("submit")
def submit(turn: Turn, version: int, token: str) -> Reply:
    """File what the card shows. Pressed again it shows what was filed; a card that is no longer true is shown anew."""
    before = service.filed_before(turn.work, turn.person.id, token)
    if before is not None:
        return _filed(turn, before, "demand.filed_before")
    draft = _draft(turn)
    late = turn.expires_at is not None and turn.expires_at <= turn.work.now
    if turn.step != "demand.confirm" or version != turn.version or token != draft.token or late:
        return _problem(turn, draft) or _confirm(turn, draft, notice="demand.look_again")
    going = service.destination(turn.work, turn.person.id, draft.category, draft.avoided or None)
    if (going.officer.member_id if going.officer else 0) != draft.officer:
        return _confirm(turn, draft, notice="demand.look_again")
    case = service.file(turn.work, turn.person.id, draft)
    turn.close()
    return _filed(turn, case, "demand.filed" if case.officer_id else "demand.filed_nowhere")


def _filed(turn: Turn, case: Case, code: str) -> Reply:
    day = demand_view.last_day(turn.voice, turn.work, case.limits.first_by)
    rows = [
        [
            turn.button("demand.open", call("demands.show", case.id, 0)),
            turn.button("demand.home", call("help.home")),
        ]
    ]
    words = turn.say(code, number=case.number, day=day)
    return reply(words, rows=rows, edits=True, personal=Personal.REQUEST)


@routes.button("drop")
def drop(turn: Turn, token: str) -> Reply:
    """Throw the draft away; the button of one that is no longer open says what became of it."""
    before = service.filed_before(turn.work, turn.person.id, token)
    if before is not None:
        return _filed(turn, before, "demand.filed_already")
    if not turn.step.startswith("demand.") or turn.facts.get("token") != token:
        return turn.registry.buttons["help.passed"](turn)
    turn.close()
    rows = [[turn.button("demand.home", call("help.home"))]]
    return reply(turn.say("demand.dropped"), rows=rows, edits=True, personal=Personal.OWN)
