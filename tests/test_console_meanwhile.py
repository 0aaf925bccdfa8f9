"""Two browsers change one thing: the later one is told, keeps what was typed, and sees what the other wrote."""

from __future__ import annotations

import re

import pytest

from tests.crawling import Answer, Form, Visitor
from tests.planted import Program

pytestmark = pytest.mark.xdist_group("door")
KEPT, FIRST, SECOND = "现在保存的是", "甲先写下的这一句话", "乙后写下的另一句话"
CHANGES = [
    ("lin", "life/meeting/1", "title", (FIRST, SECOND)),
    ("lin", "life/meeting/2", "agenda", (FIRST, SECOND)),
    ("lin", "activity", "title", (FIRST, SECOND)),
    ("lin", "canned", "text", (FIRST, SECOND)),
    ("lin", "announcements/2/edit", "text", (FIRST, SECOND)),
    ("chen", "reading", "body_zh", (FIRST, SECOND)),
    ("root", "settings/value?name=quiet_hours.pushes_a_day", "value", ("7", "8")),
]
"""Who, what, the field that both change, and what each writes."""


def form_on(visitor: Visitor, page: str, field: str) -> Form:
    answer = visitor.gets(page)
    found = [one for one in answer.forms if one.method == "POST" and any(each.name == field for each in one.fields)]
    assert found, (page, answer.status, answer.words[-300:])
    return found[0]


def made(program: Program, what: str) -> str:
    """Make one to be changed; returns the page with its form."""
    branch = program.company.roll.units["branch1"].id
    ways = {
        "activity": ("lin", f"life/activities/new?unit={branch}", "title", "/edit"),
        "canned": ("lin", "requests/canned", "text", ""),
        "reading": ("chen", "learning/new", "body_zh", "/edit"),
    }
    if what not in ways:
        return f"/console/{what}"
    who, page, field, then = ways[what]
    visitor = program.visitor(who)
    form = form_on(visitor, f"/console/{page}", field)
    fields = {**form.filled("原来的一句话"), "capacity": "", "in_hours": "", "deadline_day": "", "deadline_at": ""}
    answer = visitor.posts(form.action, fields)
    assert answer.status == 303, answer.words[-900:]
    way = answer.headers["Location"].partition("?")[0]
    if what == "canned":
        way = re.findall(r"/console/requests/canned/\d+", visitor.gets(way).words)[-1]
    return way + then


def sends(visitor: Visitor, form: Form, field: str, words: str) -> Answer:
    fields = {one.name: one.value for one in form.fields if one.name and one.kind not in {"file", "checkbox", "radio"}}
    fields |= {one.name: "原来的一句话" for one in form.fields if one.kind == "textarea"}
    fields |= {one.name: "all" for one in form.fields if one.name == "circle"}
    fields |= {one.name: "经党委会同意" for one in form.fields if one.name == "reason"}
    return visitor.posts(form.action, {**fields, field: words})


@pytest.mark.parametrize(("who", "what", "field", "wrote"), CHANGES, ids=[one[1] for one in CHANGES])
def test_what_another_wrote_meanwhile_is_not_undone(
    program: Program, who: str, what: str, field: str, wrote: tuple[str, str]
) -> None:
    one, other = program.visitor(who), program.fresh(who)
    page = made(program, what)
    first, second = form_on(one, page, field), form_on(other, page, field)
    assert sends(one, first, field, wrote[0]).status == 303
    told = sends(other, second, field, wrote[1])
    assert told.status == 409
    for words in (KEPT, "别人刚改过", *wrote):
        assert words in told.words
    assert stands(one, page, field) == wrote[0]
    # The page has the form again: now it is saved knowingly.
    assert sends(other, form_on(Page(told), "", field), field, wrote[1]).status == 303
    assert stands(one, page, field) == wrote[1]


def deed_of(visitor: Visitor, page: str, action: str, **has: str) -> Form:
    return next(
        one for one in visitor.gets(page).forms
        if one.method == "POST" and one.action.endswith(action) and has.items() <= one.filled().items()
    )  # fmt: skip


def test_a_point_of_the_minutes_and_a_theme_day_are_not_undone(program: Program) -> None:
    one, other = program.visitor("lin"), program.fresh("lin")
    page = "/console/life/meeting/4"
    assert one.posts(page, {"deed": "write", "what": "note", "words": "第一稿"}).status == 303
    forms = [deed_of(visitor, page, "/meeting/4", deed="rewrite", place="1") for visitor in (one, other)]
    assert one.posts(page, {**forms[0].filled(), "words": FIRST}).status == 303
    told = other.posts(page, {**forms[1].filled(), "words": SECOND})
    assert (told.status, FIRST in told.words, SECOND in told.words) == (409, True, True)
    assert SECOND not in one.gets(page).words
    branch = program.company.roll.units["branch1"].id
    days = [
        deed_of(visitor, f"/console/settings/theme-days/{branch}?day={day}&at=14:30", f"/{branch}", day=str(day))
        for visitor, day in ((one, 12), (other, 13))
    ]
    assert one.posts(days[0].action, days[0].filled()).status == 303
    told = other.posts(days[1].action, days[1].filled())
    assert (told.status, "每月几日" in told.words, 'value="13"' in told.words) == (409, True, True)


def stands(visitor: Visitor, page: str, field: str) -> str:
    """Return what a form shows in a field."""
    words = visitor.gets(page).words
    written = re.search(rf'<textarea[^>]* name="{field}"[^>]*>([^<]*)<', words)
    typed = re.search(rf'<input[^>]* name="{field}"[^>]* value="([^"]*)"', words)
    found = written or typed
    assert found, (page, field)
    return found[1].strip()


class Page(Visitor):
    """What was already shown."""

    def __init__(self, answer: Answer) -> None:
        """Take it as it came."""
        self.answer = answer

    def gets(self, path: str, **headers: str) -> Answer:
        del path, headers
        return self.answer
