"""Everybody follows every link of the console: what they are shown is theirs, whole, ours, and escaped.

And what one found by its number, another asks for in vain. It is made from the routes: a noun that is added is walked
through too.
"""

from __future__ import annotations

import csv
import html
import io
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urljoin

import pytest

from console.grammar import all_routes
from console.lists import WAYS
from services import sheet
from tests import hostile
from tests.crawling import REFUSED, SAVES, Answer, Form, Visitor, Walk, route_of, walk
from tests.faults.figures import LONG
from tests.planted import ALL, HOSTILE, Program, marks

pytestmark = pytest.mark.xdist_group("walk")

SECONDS = 6.0
WALKERS = ALL if LONG else ("lin", "hu", "zhou", "chen", "tang", "root")
REACHED = 0.7
"""So much of what looks must have been seen by somebody: its noun's own tests look at what needs a rare state."""


@pytest.fixture(scope="module")
def before(program: Program) -> dict[str, list[tuple[object, ...]]]:
    """All rows before anybody looked, but after all signed in."""
    for nickname in WALKERS:
        program.visitor(nickname)
    return program.dump()


@pytest.fixture(scope="module")
def walks(program: Program, before: object) -> dict[str, Walk]:
    """What each of them was shown."""
    assert before
    return {nickname: walk(program.visitor(nickname)) for nickname in WALKERS}


def every(walks: Mapping[str, Walk]) -> Iterator[tuple[str, str, Answer]]:
    for nickname, found in walks.items():
        for path, answer in found.answers.items():
            yield nickname, path, answer


def test_every_link_that_is_shown_opens(walks: dict[str, Walk]) -> None:
    assert not [(who, path, one.status) for who, path, one in every(walks) if one.status not in {200, 204}]


def test_every_form_says_whose_it_is_and_which_it_is(walks: dict[str, Walk]) -> None:
    forms = [form for found in walks.values() for form in found.forms()]
    assert len({form.action for form in forms}) > 50
    assert [form.action for form in forms if not {"key", "once"} <= form.filled().keys()] == []


def test_looking_changes_no_row(program: Program, before: dict[str, list[tuple[object, ...]]], walks: object) -> None:
    """ASVS 3.5.3."""
    assert walks
    after = program.dump()
    # Records that were saved as a file left a line each, and nothing else did anything.
    lines = after["audit"][len(before["audit"]) :]
    assert {row[3] for row in lines} == {"export.save"}
    assert after["audit"] == before["audit"] + lines
    assert [name for name in before if name != "audit" and before[name] != after[name]] == []


def test_everybody_sees_rows_of_their_own_tree_alone(program: Program, walks: dict[str, Walk]) -> None:
    """ASVS 8.2.2, 8.2.3; an administrator reads nobody's words, and a request is its officer's."""
    leaks = [
        (who, path, found)
        for who, path, answer in every(walks)
        for found in marks(answer.words)
        if not program.may_see(who, found)
    ]
    assert leaks == []
    seen = {found for _, _, answer in every(walks) for found in marks(answer.words)}
    assert {("text", "branch1"), ("text", "branch2"), ("news", "union"), ("request", "zhou"), ("name", "bo")} <= seen


def test_what_people_wrote_is_words_and_nothing_else(walks: dict[str, Walk]) -> None:
    """ASVS 1.3.1, 1.3.5, 1.3.7: neither elements nor templates."""
    whole = 0
    for who, path, answer in every(walks):
        assert not re.search(r"alert\(1\)(&gt;|>).{0,7}49", answer.words), (who, path)
        if answer.html:
            assert "<img src=x" not in answer.words, (who, path)
            whole += answer.words.count(html.escape(HOSTILE))
    assert whole > 50


def test_no_cell_of_an_export_is_a_formula_or_a_link(walks: dict[str, Walk]) -> None:
    """ASVS 1.2.10; some people's names begin with an equals sign."""
    sheets = 0
    for who, path, answer in every(walks):
        kind = answer.headers.get("Content-Type", "")
        if "spreadsheet" in kind:
            sheets += 1
            assert not re.search(r"<f[ >]|<hyperlink", answer.words), (who, path)
        elif "csv" in kind:
            sheets += 1
            rows = csv.reader(io.StringIO(answer.words.removeprefix("\ufeff")))
            assert not [cell for row in rows for cell in row if cell[:1] in {*"=+@\t\r"}], (who, path)
    assert sheets > 5


NO_LIST = {
    # What one page says of one thing; its rows are no list.
    "", "people/{number}", "requests/{number}", "life/{unit}/duty", "life/meetings/new", "points/manual/{number}",
    "announcements/new", "announcements/{number}/edit", "announcements/approvals/{number}", "points/rules/new",
    "points/objections/{number}", "announcements/calendar",
    # A file that waits to be imported, one's own jobs, and codes that are shown once.
    "people/import", "questions/import", "jobs", "people/codes",
    # How the machine stands just now.
    "settings/health", "settings/retention", "settings/backup",
}  # fmt: skip
"""Pages with a table that nobody saves."""
OTHERWISE = {
    "points", "points/figures", "life/figures", "life/{unit}", "requests/overview", "life/rules", "settings",
    "announcements/{number}", "settings/calendar",
}  # fmt: skip
"""Pages whose file holds more than one table of them, or one row where the page has several cells."""
EACH = 40 if LONG else 3
"""So many files of one kind of page are looked into."""


def saves_of(page: Answer, links: list[str]) -> dict[str, str]:
    """Return where a list is saved, by kind of file."""
    found: dict[str, str] = {}
    for link in links:
        path = urljoin(page.path, link)
        named = route_of(path)
        if named and SAVES.search(named[0].path):
            found.setdefault("csv" if re.search(r"\.csv\b|=csv\b", path) else "xlsx", path)
    return found


def rows_in(saved: Answer) -> int:
    """Return how many rows a file has beneath its header."""
    [one] = sheet.read("x", saved.body)
    return len(one.rows) - 1


def test_every_list_is_saved_with_the_rows_that_it_shows(program: Program, walks: dict[str, Walk]) -> None:
    """Each page that lists something offers XLSX and CSV, of all its rows under the same filters, and of no others."""
    lists, offered, wrong, told = set[str](), set[str](), list[object](), Counter[str]()
    for who, path, page in every(walks):
        named = route_of(path)
        if not page.html or page.status != 200 or named is None or named[0].path in NO_LIST:
            continue
        route = named[0].path
        lists |= {route} if any(one.rows for one in page.tables) else set()
        offered |= {route} if len(saves_of(page, page.links)) == len(WAYS) else set()
        turns = re.search(r'rel="(next|prev)"|[?&]page=', page.words) or "before=" in path
        for table in () if route in OTHERWISE or told[route] > EACH else page.tables:
            for way in saves_of(page, table.after).values():
                count = rows_in(program.visitor(who).asks("GET", way))
                told[route] += 1
                if count != table.rows and not (turns and count > table.rows):
                    wrong.append((who, path, way, table.rows, count))
    assert lists - offered == set()
    assert wrong == []
    assert len(told) >= 15


def test_every_answer_has_its_headers(walks: dict[str, Walk]) -> None:
    """ASVS 3.4.3, 3.4.4, 3.4.5, 3.4.6, 3.4.8, 4.1.1, 14.3.2."""
    for who, path, answer in every(walks):
        where, shown = (who, path), answer.headers
        assert shown["X-Content-Type-Options"] == "nosniff", where
        assert shown["Referrer-Policy"] == "same-origin", where
        kind = shown.get("Content-Type", "")
        assert kind or answer.status == 204, where
        if kind.startswith("text/"):
            assert "charset=utf-8" in kind.lower(), where
        if "/static/" in path:
            continue
        assert "no-store" in shown["Cache-Control"], where
        if not kind.startswith("text/event-stream"):
            policy = shown["Content-Security-Policy"]
            assert "default-src 'none'" in policy, where
            assert "frame-ancestors 'none'" in policy, where
            assert "unsafe" not in policy, where
            assert shown["Cross-Origin-Opener-Policy"] == "same-origin", where
        if kind.startswith("image/svg"):
            assert "sandbox" in shown["Content-Security-Policy"], where
        elif kind and not answer.html and not kind.startswith("text/event-stream"):
            assert shown["Content-Disposition"].startswith("attachment"), where


def test_nothing_comes_from_outside_and_nothing_runs_inline(walks: dict[str, Walk]) -> None:
    """ASVS 3.2.2, 3.6.1: in pages, styles and scripts."""
    for who, path, answer in every(walks):
        where = (who, path)
        if answer.html:
            assert answer.outside == [], where
            tags = re.sub(r'"[^"]*"', '""', answer.words)
            assert not re.search(r"<[^>]+\s(on\w+|style)=", tags), where
            assert not re.search(r"<script(?![^>]* src=)|<style|<base|<iframe|<object|<embed", tags), where
        elif "/static/" in path:
            assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", re.sub(r"(?m)^\s*//.*", "", answer.words)), where


def test_every_form_that_changes_something_has_the_key(walks: dict[str, Walk]) -> None:
    """ASVS 3.5.1; and it is a form of our own routes."""
    for found in walks.values():
        for form in found.forms():
            assert route_of(form.action, "POST"), (form.page, form.action)
            assert any(one.name == "key" and re.fullmatch("[0-9a-f]{64}", one.value) for one in form.fields), form.page


def test_the_walk_came_nearly_everywhere(walks: dict[str, Walk]) -> None:
    looks = {route.path for route in all_routes() if route.method == "GET"}
    reached = {path for found in walks.values() for path in found.reached()}
    assert len(reached) >= REACHED * len(looks), looks - reached


def disjoint(program: Program, one: str, other: str) -> bool:
    """Whether two people's trees have nothing in common."""
    pairs = ((a.path, b.path) for a in program.grants[one] for b in program.grants[other])
    return all(not a.startswith(b) and not b.startswith(a) for a, b in pairs)


def _same(path: str) -> tuple[object, ...]:
    found = route_of(path)
    return (found[0].path, found[1]) if found else (path,)


def test_what_one_found_by_its_number_another_asks_for_in_vain(program: Program, walks: dict[str, Walk]) -> None:
    """ASVS 8.2.2, 8.3.1: each id in a path and in a query, by another tree's officer, a member of none, and nobody."""
    owners: dict[tuple[object, ...], tuple[str, set[str]]] = {}
    for who, found in walks.items():
        for path in found.numbered:
            owners.setdefault(_same(path), (path, set()))[1].add(who)
    wrong, tried = [], 0
    for place, (path, mine) in enumerate(owners.values()):
        others = [one for one in WALKERS if all(one not in mine and disjoint(program, one, my) for my in mine)]
        tries = others if LONG else others[place % max(len(others), 1) :][:1]
        for nickname in (*tries, *([""] if place % 5 == 0 else [])):
            answer = program.visitor(nickname).asks("GET", path)
            tried += 1
            foreign = [found for found in marks(answer.words) if not nickname or not program.may_see(nickname, found)]
            named = route_of(path)
            shown = not answer.refused and bool(named and named[1])
            if foreign or shown or answer.status >= 500:
                wrong.append((nickname, path, answer.status, foreign))
    assert wrong == []
    assert tried > len(owners) / 2


def test_whoever_lost_the_role_sees_nothing_of_it(program: Program, walks: dict[str, Walk]) -> None:
    """ASVS 8.2.1: each page that needs an action, by somebody who may not do it anywhere."""
    wrong = []
    for found in walks.values():
        for path in list(found.answers)[:: 1 if LONG else 4]:
            named = route_of(path)
            if not named or named[0].needs is None or "/static/" in path:
                continue
            for nickname in ("tang", "root"):
                if not may_anywhere(program, nickname, str(named[0].needs)):
                    answer = program.visitor(nickname).asks("GET", path)
                    wrong += [] if answer.status in REFUSED else [(nickname, path, answer.status)]
    assert wrong == []


def may_anywhere(program: Program, nickname: str, action: str) -> bool:
    from domain.permission import MATRIX  # noqa: PLC0415 - beside its use

    return any(action in MATRIX[grant.role] for grant in program.grants[nickname])


PAIRS = (("lin", "hu"), ("hu", "lin"), ("zhou", "lin"), ("chen", "zhou"), ("root", "lin"), ("lin", "tang"))


def numbered(form: Form) -> bool:
    """Whether a form is about something that has an id: in its address, or in what it sends."""
    sent = [*form.filled().items(), *((one.name, option) for one in form.fields for option in one.options)]
    return bool(re.search(r"/[0-9]+", form.action)) or any(
        value.isdigit() and name != "minutes" for name, value in sent if name not in {"key", "once"}
    )


@pytest.mark.parametrize(("owner", "other"), PAIRS)
def test_forms_of_one_sent_by_another_change_nothing(
    program: Program, walks: dict[str, Walk], owner: str, other: str
) -> None:
    """ASVS 8.2.2, 8.3.1: with the other's own session and key."""
    visitor = program.visitor(other)
    theirs = {form.action for form in walks[other].forms()}
    before, wrong = program.dump(), list[tuple[str, object]]()
    for form in walks[owner].forms():
        if not numbered(form) or (form.action in theirs and re.search(r"/[0-9]+", form.action)):
            continue
        for name, value, _ in form.ways():
            answer = _sends(visitor, form, name, value)
            if answer.status >= 500:
                wrong.append((form.action, answer.status))
        after = program.dump()
        if after != before:
            wrong.append((form.action, {name for name in after if after[name] != before[name]}))
            before = after
    assert wrong == []


def _sends(visitor: Visitor, form: Form, name: str, value: str) -> Answer:
    fields = form.filled("换了一个人来写的理由") | ({name: value} if name else {})
    files = {one.name: ("x.csv", "工号,姓名\n".encode()) for one in form.files}
    return visitor.posts(form.action, fields, files)


def test_no_file_breaks_any_form_that_takes_one(program: Program, walks: dict[str, Walk]) -> None:
    """ASVS 5.2.1–5.2.3, 5.2.6, 5.3.2, 5.3.3, 5.4.1: every file of the corpus into every field for one."""
    told: set[str] = set()
    for who, found in walks.items():
        visitor = program.visitor(who)
        for form in found.forms():
            route = route_of(form.action, "POST")
            if not form.files or route is None or route[0].path in told:
                continue
            told.add(route[0].path)
            for name, (called, body) in hostile.corpus().items():
                begun = time.process_time()
                words = f"附上一个文件：{name}"
                answer = visitor.posts(form.action, form.filled(words), {form.files[0].name: (called, body)})
                assert answer.status < 500, (form.action, name)
                assert "root:" not in answer.words, (form.action, name)
                assert time.process_time() - begun < SECONDS, (form.action, name)
                assert visitor.gets(form.page).status == 200, (form.page, name)
            larger = {form.files[0].name: ("x.csv", b"," * ((20 << 20) + 1))}
            large = visitor.posts(form.action, form.filled(), larger, {"Referer": visitor.origin + form.page})
            assert large.status in {409, 413}, form.action
            assert large.status == 409 or form.page in large.words, form.action
    assert {"people/import", "announcements/new", "requests/{number}"} <= told
    folders = (Path.cwd(), Path.cwd().parent, Path(tempfile.gettempdir()))
    assert not [one for folder in folders for one in folder.glob("evil.*")]
