"""Questions: banks and what is in them, each question as the chat shows it, and changing the organisation's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from console import questions_import
from console.asked import whole
from console.grammar import Download, Go, Look, Page, Pages, Result, Visit
from console.lists import Line, Rows, every, later, saves
from console.meanwhile import drawn_from, undone
from content import voice
from domain.arrival import clean
from domain.permission import Action
from domain.question import BOTH, LETTERS, Kind, Question
from domain.refusal import Refusal
from domain.reply import Reply
from services import question as service
from services import question_import, question_list, question_view, sheet
from services.question_list import Asked

pages = Pages("questions")
KEEPS = Action.IMPORT_QUESTIONS
_STATES = {"active": True, "retired": False}


def cards(one: Question) -> list[tuple[str, Reply, Reply]]:
    """Return (language, the card, what is said after the answer) in each language that a question has."""
    found = []
    for language in BOTH:
        if language in one.wordings:
            speech = voice(language)
            found.append(
                (language, question_view.card(speech, one), Reply(tuple(question_view.explained(speech, one))))
            )
    return found


@pages.get("questions", needs=KEEPS)
def banks(visit: Visit) -> Result:
    """List the banks."""
    found = question_list.overview(visit.work, visit.person.id)
    return Page("questions.html", {"banks": found, "kinds": list(Kind)})


def _asked(look: Look) -> Asked:
    """Read what is looked for; what can't be read is not looked for."""
    query = look.query
    kind = query.get("kind", "")
    return Asked(
        clean(query.get("bank", ""))[:64],
        clean(query.get("q", "")).strip()[:100],
        kind if kind in set(Kind) else "",
        _STATES.get(query.get("state", "")),
    )


def _kept(asked: Asked, **changed: object) -> str:
    """Return the query string of the same list with something changed."""
    state = next((name for name, active in _STATES.items() if active is asked.active), "")
    found: dict[str, object] = {"bank": asked.bank, "q": asked.words, "kind": asked.kind, "state": state, **changed}
    return urlencode({key: str(value) for key, value in found.items() if str(value)})


@pages.get("questions/bank", needs=KEEPS)
def bank(visit: Visit) -> Result:
    """List the questions of a bank."""
    asked = _asked(visit)
    one, is_shipped, is_closed = service.bank_of(visit.work, visit.person.id, asked.bank)
    return Page(
        "questions_bank.html",
        {
            "bank": one,
            "shipped": is_shipped,
            "closed": is_closed,
            "asked": asked,
            "found": question_list.search(visit.work, visit.person.id, asked, whole(visit.query.get("page", ""))),
            "kinds": list(Kind),
            "states": list(_STATES),
            "kept": lambda **changed: _kept(asked, **changed),
        },
    )


@saves(pages, "questions/export", "questions", back="questions", needs=KEEPS)
def export(look: Look) -> Rows:
    """Return the list that is asked for, in the layout that the import reads back."""
    asked = _asked(look)
    count, header = question_list.count(look.work, look.person.id, asked), question_list.export_header()
    rows = later(lambda: question_list.export(look.work, look.person.id, asked), lambda row: row)
    bank, _, _ = service.bank_of(look.work, look.person.id, asked.bank)
    return Rows(header, count, rows, bank.called(look.voice.language))


@saves(pages, "questions/table", "banks", back="questions", needs=KEEPS)
def banks_table(look: Look) -> Rows:
    """Return the banks with how many questions they have."""
    words = look.words("questions")

    def line(one: Any) -> Line:  # noqa: ANN401 - a bank of the service
        kinds = [one.kinds.get(kind, 0) for kind in Kind]
        origin, state = words["shipped" if one.shipped else "own"], words["bank_closed" if one.closed else "bank_open"]
        return [one.bank.called(look.voice.language), origin, *kinds, one.active, one.retired, state]

    kinds = [words[f"kind_{kind.value}"] for kind in Kind]
    header = [words["bank"], words["origin"], *kinds, words["in_use"], words["retired"], words["state"]]
    found = question_list.overview(look.work, look.person.id)
    return Rows(header, *every(found, line))


@pages.get("questions/template", needs=KEEPS)
def template(_visit: Visit) -> Result:
    """Give the template that a person may begin with."""
    return Download("questions-template.xlsx", sheet.XLSX, question_import.template(), None)


@pages.get("questions/bank/close", needs=KEEPS)
def close_ask(visit: Visit) -> Result:
    """Ask before nothing of a bank is asked any more."""
    one, _, is_closed = service.bank_of(visit.work, visit.person.id, visit.query.get("bank", ""))
    return Page("questions_close.html", {"bank": one, "closed": is_closed})


@pages.post("questions/bank/close", needs=KEEPS)
def close_do(visit: Visit) -> Result:
    """Close a bank, or open it."""
    name, closed = visit.form.get("bank", ""), visit.form.get("closed", "") == "yes"
    done = service.close(visit.work, visit.person.id, name, closed=closed)
    notice = ("closed" if closed else "opened") if done else "as_before"
    return Go(f"questions/bank?{urlencode({'bank': name})}", notice)


@pages.get("questions/{number}", needs=KEEPS)
def question(visit: Visit) -> Result:
    """Show a question as the chat does."""
    row = service.one_of(visit.work, visit.person.id, visit.numbers["number"])
    one, is_shipped, is_closed = service.bank_of(visit.work, visit.person.id, row.bank)
    return Page(
        "questions_one.html",
        {"row": row, "bank": one, "shipped": is_shipped, "closed": is_closed, "cards": cards(row.question)},
    )


def _form(visit: Visit, facts: dict[str, Any], values: dict[str, str], wrong: list[str]) -> Page:
    shared = {"values": values, "wrong": wrong, "kinds": list(Kind), "letters": LETTERS, "both": BOTH}
    del visit
    row = facts["row"]
    shared["seen"] = drawn_from(question_list.fields(row.question)) if row else ""
    return Page("questions_form.html", shared | facts, status=409 if wrong else 200)


def _called(words: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of the form in words."""
    found = {}
    for name in now:
        kind, _, rest = name.partition("_")
        language, _, letter = rest.partition("_")
        called = words[kind].format(letter=letter) if kind == "option" else words[kind]
        found[name] = f"{called} {words[f'in_{language}']}" if language else called
    return found


def _typed(visit: Visit, ref: str = "") -> Question | list[str]:
    """Return the question that the form holds, or what is wrong with it in words."""
    made = question_list.typed(visit.form, ref)
    if isinstance(made, Question):
        return made
    return [question_import.said(visit.voice, question_import.Trouble("", 0, one)) for one in made]


@pages.get("questions/{number}/edit", needs=KEEPS)
def edit(visit: Visit) -> Result:
    """Show a question in a form."""
    row = service.own_of(visit.work, visit.person.id, visit.numbers["number"])
    one, *_ = service.bank_of(visit.work, visit.person.id, row.bank)
    facts = {"row": row, "bank": one, "version": question_list.version(row.question)}
    return _form(visit, facts, question_list.fields(row.question), [])


@pages.post("questions/{number}/edit", needs=KEEPS)
def edit_do(visit: Visit) -> Result:
    """Give a question its new text."""
    number = visit.numbers["number"]
    row = service.own_of(visit.work, visit.person.id, number)
    words, now = visit.words("questions"), question_list.fields(row.question)
    here = f"questions/{number}/edit"
    if (page := undone(visit, here, here, now, _called(words, now))) is not None:
        return page
    # What stands in the form is newer than what it was drawn from, or nobody changed it: the row is ours until the end.
    version = question_list.version(row.question) if visit.form.get("seen") else visit.form.get("version", "")
    made = _typed(visit, row.question.ref)
    if isinstance(made, list):
        one, *_ = service.bank_of(visit.work, visit.person.id, row.bank)
        values = question_list.fields(row.question) | dict(visit.form)
        return _form(visit, {"row": row, "bank": one, "version": version}, values, made)
    changed = service.change(visit.work, visit.person.id, number, version, made)
    return Go(f"questions/{number}", "saved" if changed else "as_before")


@pages.get("questions/new", needs=KEEPS)
def new(visit: Visit) -> Result:
    """Show an empty form."""
    one, is_shipped, _ = service.bank_of(visit.work, visit.person.id, visit.query.get("bank", ""))
    if is_shipped:
        raise Refusal("question.read_only")
    return _form(visit, {"row": None, "bank": one, "version": ""}, question_list.fields(None), [])


@pages.post("questions/new", needs=KEEPS)
def new_do(visit: Visit) -> Result:
    """Add a question."""
    one, *_ = service.bank_of(visit.work, visit.person.id, visit.form.get("bank", ""))
    made = _typed(visit)
    if isinstance(made, list):
        values = question_list.fields(None) | dict(visit.form)
        return _form(visit, {"row": None, "bank": one, "version": ""}, values, made)
    return Go(f"questions/{service.add(visit.work, visit.person.id, one.name, made)}", "added")


@pages.post("questions/{number}/retire", needs=KEEPS)
def retire(visit: Visit) -> Result:
    """Draw a question no more, or again."""
    number, retired = visit.numbers["number"], visit.form.get("retired", "") == "yes"
    done = service.retire(visit.work, visit.person.id, number, retired=retired)
    return Go(f"questions/{number}", ("retired" if retired else "brought_back") if done else "as_before")


questions_import.register(pages)
