"""Learning: the readings that the chat sends out, each as the day's card, and keeping the organisation's own."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from console import asked
from console.asked import whole
from console.grammar import Go, Look, Page, Pages, Result, Visit
from console.lists import Rows, every, saves
from console.meanwhile import drawn_from, undone
from domain.arrival import clean
from domain.permission import Action
from domain.question import BOTH
from domain.reading import LONGEST_BODY, LONGEST_SOURCE, LONGEST_TITLE, Reading
from domain.refusal import Refusal
from services import learning_list as service
from services.learning_list import Listed

pages = Pages("learning")
KEEPS = Action.IMPORT_QUESTIONS
_STATES = {"active": True, "retired": False}


def _asked(look: Look) -> dict[str, str]:
    """Read what is looked for; what can't be read is not looked for."""
    state = look.query.get("state", "")
    return {
        "q": clean(look.query.get("q", "")).strip()[:100],
        "topic": clean(look.query.get("topic", ""))[:64],
        "state": state if state in _STATES else "",
    }


@pages.get("learning", needs=KEEPS)
def readings(visit: Visit) -> Result:
    """List the readings."""
    asked = _asked(visit)
    found = service.search(
        visit.work,
        visit.person.id,
        asked["q"],
        asked["topic"],
        whole(visit.query.get("page", "")),
        visit.voice.language,
        in_use=_STATES.get(asked["state"]),
    )
    kept = urlencode({name: value for name, value in asked.items() if value})
    return Page(
        "learning.html",
        {"asked": asked, "found": found, "topics": service.topics(visit.work), "kept": kept, "states": list(_STATES)},
    )


@saves(pages, "learning/export", "readings", back="learning", needs=KEEPS)
def export(look: Look) -> Rows:
    """Return the list that is asked for, with the texts in the reader's language."""
    asked, words = _asked(look), look.words("learning")
    found = service.everything(
        look.work,
        look.person.id,
        asked["q"],
        asked["topic"],
        look.voice.language,
        in_use=_STATES.get(asked["state"]),
    )
    header = [words[name] for name in ("topic", "name", "source", "origin", "state", "last", "planned", "body")]
    return Rows(header, *every(found, lambda one: _exported(look, one)))


def _exported(look: Look, one: Listed) -> list[str]:
    words, reading = look.words("learning"), one.row.reading
    source = reading.source_en if look.voice.language == "en" else reading.source_zh
    text = reading.pages.get(look.voice.language) or next(iter(reading.pages.values()))
    return [
        one.topic,
        one.title,
        source,
        words["own"] if one.row.own else words["shipped"],
        words["in_use"] if one.row.active else words["retired"],
        one.last.isoformat() if one.last else "",
        one.planned.isoformat() if one.planned else "",
        text.body,
    ]


@pages.get("learning/{number}", needs=KEEPS)
def reading(visit: Visit) -> Result:
    """Show a reading as the day's card."""
    one = service.one_of(visit.work, visit.person.id, visit.numbers["number"], visit.voice.language)
    cards = [
        (language, service.card(visit.work, one.row, language))
        for language in BOTH
        if language in one.row.reading.pages
    ]
    return Page("learning_one.html", {"one": one, "row": one.row, "cards": cards, "today": visit.work.today})


def _fields(one: Reading | None) -> dict[str, str]:
    """Return a reading as a form shows it."""
    found = {"topic": one.topic if one else "", "topic_new": ""}
    for language in BOTH:
        text = one.pages.get(language) if one else None
        found[f"title_{language}"] = text.title if text else ""
        found[f"body_{language}"] = text.body if text else ""
    found["source_zh"] = one.source_zh if one and "zh" in one.pages else ""
    found["source_en"] = one.source_en if one and "en" in one.pages else ""
    return found


def _form(visit: Visit, values: Mapping[str, str], wrong: list[str], one: Listed | None = None, file: str = "") -> Page:
    length = max(len(values[f"body_{language}"]) for language in BOTH)
    facts = {
        "one": one,
        "values": values,
        "wrong": wrong,
        "file": file,
        "length": length,
        "topics": service.topics(visit.work),
        "both": BOTH,
        "longest": {"title": LONGEST_TITLE, "body": LONGEST_BODY, "source": LONGEST_SOURCE},
        "seen": drawn_from(_fields(one.row.reading)) if one else "",
    }
    return Page("learning_form.html", facts, status=409 if wrong else 200)


def _put(visit: Visit, one: Listed | None) -> Result:
    """Write what the form holds, or say what is wrong with it."""
    form, words = visit.form, visit.words("learning")
    try:
        # The service writes last of all: what it refuses has left nothing behind.
        topic = service.topic_of(visit.work, form.get("topic", ""), form.get("topic_new", ""))
        made = service.typed(form, one.row.reading.ref if one else "", topic.name)
        if isinstance(made, list):
            wrong = [words[why].format(field=words[f"field_{name}"], longest=longest) for name, why, longest in made]
            return _form(visit, _fields(None) | dict(form), wrong, one)
        number = service.put(visit.work, visit.person.id, made, topic, one.row.id if one else 0)
    except Refusal as refusal:
        return _form(visit, _fields(None) | dict(form), [visit.why(refusal)], one)
    return Go(f"learning/{number}", "saved" if one else "added")


def _own(visit: Visit) -> Listed:
    return service.own_of(visit.work, visit.person.id, visit.numbers["number"], visit.voice.language)


@pages.get("learning/new", needs=KEEPS)
def new(visit: Visit) -> Result:
    """Show an empty form."""
    return _form(visit, _fields(None), [])


@pages.post("learning/new", needs=KEEPS)
def new_do(visit: Visit) -> Result:
    """Add a reading."""
    return _put(visit, None)


@pages.get("learning/{number}/edit", needs=KEEPS)
def edit(visit: Visit) -> Result:
    """Show an own reading in a form."""
    one = _own(visit)
    return _form(visit, _fields(one.row.reading), [], one)


@pages.post("learning/{number}/edit", needs=KEEPS)
def edit_do(visit: Visit) -> Result:
    """Give an own reading its new text."""
    one, words = _own(visit), visit.words("learning")
    now, here = _fields(one.row.reading), f"learning/{one.row.id}/edit"
    kinds = {"topic": "topic", "title": "name", "body": "body", "source": "source"}
    languages = {"zh": words["in_zh"], "en": words["in_en"], "": "", "new": ""}
    called = {}
    for name in now:
        kind, _, language = name.partition("_")
        called[name] = f"{words[kinds[kind]]} {languages[language]}".strip()
    return undone(visit, here, here, now, called) or _put(visit, one)


@pages.get("learning/import", needs=KEEPS)
def import_ask(_visit: Visit) -> Result:
    """Ask for a file."""
    return Page("learning_import.html", {})


@pages.post("learning/import", needs=KEEPS)
def import_do(visit: Visit) -> Result:
    """Read an article into the form; nothing is saved yet."""
    name, body = visit.files.get("file", ("", b""))
    article = service.read_article(visit.work, visit.person.id, body)
    language = "zh" if any("\u4e00" <= one <= "\u9fff" for one in article.body[:200] + article.title) else "en"
    read = {f"title_{language}": article.title, f"body_{language}": article.body, f"source_{language}": article.source}
    return _form(visit, _fields(None) | read, [], None, clean(name)[:200] or "-")


@pages.post("learning/{number}/retire", needs=KEEPS)
def retire(visit: Visit) -> Result:
    """Show a reading no more, or again."""
    number, retired = visit.numbers["number"], visit.form.get("retired", "") == "yes"
    done = service.retire(visit.work, visit.person.id, number, retired=retired)
    return Go(f"learning/{number}", ("retired" if retired else "brought_back") if done else "as_before")


@pages.post("learning/{number}/plan", needs=KEEPS)
def plan(visit: Visit) -> Result:
    """Make it the reading of a coming day."""
    day = asked.day(visit.form.get("day", ""))
    if day is None:
        raise Refusal("learning.day_far", days=service.FURTHEST)
    service.plan(visit.work, visit.person.id, visit.numbers["number"], day)
    return Go(f"learning/{visit.numbers['number']}", "planned")


@pages.post("learning/{number}/unplan", needs=KEEPS)
def unplan(visit: Visit) -> Result:
    """Take it off the days to come."""
    service.unplan(visit.work, visit.person.id, visit.numbers["number"])
    return Go(f"learning/{visit.numbers['number']}", "unplanned")
