"""The console's door against whoever means no good: methods, keys, origins, sessions, limits, and what the log says."""

from __future__ import annotations

import logging
import re
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import Connection

from bot.logs import _Masking
from console.grammar import Go, Page, Route, Visit, all_routes
from domain.permission import Role
from domain.refusal import Refusal
from handlers.grammar import Registry
from services import roles
from storage import permission
from storage import session as table
from tests.company import Roll
from tests.crawling import Answer, Visitor
from tests.planted import Program, serving

pytestmark = pytest.mark.xdist_group("door")

FOREIGN = ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"})


def path_of(route: Route, number: int = 1) -> str:
    return "/console/" + re.sub(r"\{\w+\}", str(number), route.path)


POSTS = [path_of(route) for route in all_routes() if route.method == "POST"]
LOOKS = [path_of(route) for route in all_routes() if route.method == "GET"]


class Heard(logging.Handler):
    """Every line of the program's log, as it would be written."""

    def __init__(self) -> None:
        """Hear nothing yet."""
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(_Masking("%(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def heard() -> Iterator[Heard]:
    """What the log says meanwhile."""
    handler, root = Heard(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def test_no_form_is_taken_without_its_key_or_from_elsewhere(program: Program, heard: Heard) -> None:
    """ASVS 3.5.1, 16.3.2: every POST there is; each refusal stands in the log."""
    visitor, other = program.visitor("root"), program.visitor("lin").form_key
    before = program.dump()
    for path in POSTS:
        for key in ("", "0" * 64, other):
            assert visitor.posts(path, {"key": key}, headers={"key": "own"}).status == 403, path
        for headers in FOREIGN:
            assert visitor.posts(path, {}, headers=headers).status == 403, path
        assert Visitor(program.run.url).posts(path, {}).status == 401, path
    assert program.dump() == before
    refused = [line for line in heard.lines if " refused to " in line]
    assert len(refused) == len(POSTS) * 7
    assert sum(f"member {program.company.roll.people['root']}: forged" in line for line in refused) == len(POSTS) * 3


def test_odd_methods_are_not_known(program: Program) -> None:
    """ASVS 4.1.4, 13.4.4."""
    root, before = program.visitor("root"), program.dump()
    for method in ("TRACE", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"):
        for path in (*LOOKS[::4], *POSTS[::4], "/console/nowhere"):
            answer = root.asks(method, path)
            assert answer.status == 405, (method, path)
            assert answer.headers["Allow"] == "GET, POST"
            assert "Set-Cookie" not in answer.headers
    for path in ("/healthz", "/console/static/console.js", "/chat/static/mark.svg"):
        assert root.asks("PUT", path).status in {404, 405}
    assert program.dump() == before


def test_nothing_is_shown_to_nobody(program: Program) -> None:
    """ASVS 13.4.5: no page without a session, no listing of files, nothing beside what is served."""
    nobody = program.visitor("")
    for path in LOOKS:
        answer = nobody.asks("GET", path)
        assert answer.status in {204, 401}, path
    for path in (
        "/.git/config", "/console/static/", "/console/static/../app.py", "/console/static/%2e%2e/app.py",
        "/console/static/..%2fapp.py", "/metrics", "/docs", "/openapi.json", "/config.toml",
    ):  # fmt: skip
        answer = nobody.asks("GET", path)
        assert answer.status in {400, 403, 404}, path
        assert "Traceback" not in answer.words


def test_a_number_too_large_or_no_number_is_no_page(program: Program) -> None:
    root = program.visitor("root")
    for route in all_routes():
        if "{" in route.path and route.method == "GET":
            for number in (0, 10**18, "-1", "1.0", "１", "1%00", "%27%20OR%201=1--", "..%2f1", 999_999_999_999_999_999):
                path = "/console/" + re.sub(r"\{\w+\}", str(number), route.path)
                assert root.asks("GET", _quoted(path)).status in {204, 303, 400, 403, 404}, path


def _quoted(path: str) -> str:
    from urllib.parse import quote  # noqa: PLC0415 - beside its use

    return quote(path, safe="/%")


ODD_BODIES = (
    (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data; name=" + b"a" * 9000 + b"\r\n\r\n--x--",
    ),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Transfer-Encoding: rot13\r\n\r\nx\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nno end'),
    ("multipart/form-data", b"--x\r\n"),
    ("multipart/mixed; boundary=x", b"--x\r\n\r\n--x--\r\n"),
    ("application/x-www-form-urlencoded; charset=klingon", b"a=b"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"a=b"),
    ("application/x-www-form-urlencoded", b"\xff\xfe=%ff%fe&key=%00"),
    ("application/x-www-form-urlencoded", b"&".join(b"a%d=b" % number for number in range(20_000))),
    ("application/json", b'{"key": "x"}'),
    ("text/plain", b"key=x"),
    ("", b"key=x"),
)


def test_what_is_no_form_is_refused(program: Program) -> None:
    """ASVS 4.1.4, 15.3.1."""
    lin, before = program.visitor("lin"), program.dump()
    for kind, body in ODD_BODIES:
        answer = lin.asks("POST", "/console/announcements/new", body, {"Content-Type": kind})
        assert answer.status in {400, 403, 413}, (kind, body[:40], answer.status)
    assert program.dump() == before


def test_each_session_has_its_own_long_secret(program: Program) -> None:
    """ASVS 7.2.3, 7.2.4: 256 bits, new at each signing in, and not the link's; a secret brought along is not taken."""
    seen = set()
    for _ in range(8):
        link = program.link("lin")
        visitor = Visitor(program.run.url)
        visitor.cookie = "console=" + "ab" * 32
        assert visitor.asks("GET", "/console/").status == 401
        visitor.enters(link)
        secret = visitor.cookie.partition("=")[2]
        assert re.fullmatch("[0-9a-f]{64}", secret)
        assert secret not in {"ab" * 32, link.rpartition("/")[2]}
        seen |= {secret, visitor.form_key, link.rpartition("/")[2]}
        visitor.close()
    assert len(seen) == 24
    assert statistics.mean(int(one, 16).bit_count() for one in seen) == pytest.approx(128, abs=8)


def test_what_ended_is_replayed_in_vain(program: Program) -> None:
    """ASVS 7.4.1: after signing out, here and everywhere, and by another's hand."""
    gone = program.fresh("hu")
    assert gone.posts("/console/out", {}).status == 303
    assert gone.asks("GET", "/console/").status == 401
    assert gone.posts("/console/out", {}).status == 401
    two = [program.fresh("hu"), program.fresh("hu")]
    assert two[0].posts("/console/out/everywhere", {}).status == 303
    assert [one.asks("GET", "/console/").status for one in two] == [401, 401]


@pytest.mark.parametrize(("column", "ago"), [("seen_at", timedelta(minutes=31)), ("begun_at", timedelta(hours=13))])
def test_a_session_that_is_over_sends_no_form_either(program: Program, column: str, ago: timedelta) -> None:
    """ASVS 7.3.1, 7.3.2: idle and absolute, for forms and streams as for pages."""
    visitor = program.fresh("gao")
    old = {column: datetime.now(UTC) - ago}
    mine = table.console_session.c.form_key == visitor.form_key
    program.database.write_now(lambda c: c.execute(table.console_session.update().where(mine).values(old)))
    assert visitor.posts("/console/out/everywhere", {}).status == 401
    assert {visitor.asks("GET", path).status for path in LOOKS[:20]} <= {204, 401}


def test_who_left_or_lost_a_role_is_out_at_the_next_step(program: Program) -> None:
    """ASVS 7.4.2, 7.4.5, 8.3.2: by the administrator's hand, and when somebody leaves."""
    people = program.company.roll.people

    def ended(do: Callable[[Connection], object], who: str) -> list[int]:
        visitor = program.fresh(who)
        program.database.write_now(do)
        return [visitor.asks("GET", "/console/").status, visitor.posts("/console/out", {}).status]

    now = datetime.now(UTC)
    assert ended(lambda c: permission.end(c, people["sun"], now, Role.WOMENS_OFFICER), "sun") == [401, 401]
    assert ended(lambda c: roles.depart(program.work(c), people["root"], people["gao"]), "gao") == [401, 401]
    with pytest.raises(Refusal):
        program.link("gao")


def test_a_link_tells_nobody_by_time_whether_it_was_known(program: Program) -> None:
    """ASVS 6.3.8: used up, expired or never given, it takes as long."""
    unknown: list[float] = []
    used: list[float] = []
    visitor = Visitor(program.run.url)
    links = [program.link(name) for name in ("chen", "zhou", "lin")]
    for link in links:
        Visitor(program.run.url).enters(link)
    for turn in range(24):
        for found, link in ((used, links[turn % 3]), (unknown, f"/console/in/{turn:064x}")):
            begun = time.perf_counter()
            assert visitor.asks("POST", link).status == 403
            found.append(time.perf_counter() - begun)
    assert abs(statistics.median(used) - statistics.median(unknown)) < 0.010
    pages = [visitor.asks("GET", one).words for one in (program.link("lin"), links[0], "/console/in/" + "0" * 64)]
    assert len({re.sub("[0-9a-f]{64}", "", one) for one in pages}) == 1


def _breaks(_visit: Visit) -> Go:
    raise ValueError("line one\nERROR forged: line two")


def _refuses(visit: Visit) -> Go:
    raise Refusal("console.nobody", number=visit.query.get("number", ""))


def _lives(visit: Visit) -> Page:
    return Page("plain.html", {"what": "nothing", "facts": {}, "who": visit.person.name})


ODD = [
    Route("GET", "odd/breaks", "today", _breaks, None),
    Route("GET", "odd/refuses", "today", _refuses, None),
    Route("GET", "odd/lives", "today", _lives, None, 0.2),
]


@pytest.fixture
def odd(planted: tuple[Path, Roll], folder: Path, registry: Registry) -> Iterator[Program]:
    """The program with the limits that hold for everybody, and with pages that break, refuse and go on."""
    routes = [*all_routes(), *ODD]
    with (
        patch("console.app.all_routes", lambda: routes),
        serving(planted, folder, registry, limited=True) as found,
    ):
        yield found


def test_a_mistake_a_refusal_a_stream_and_too_much(odd: Program, heard: Heard) -> None:
    lin, chen = odd.visitor("lin"), odd.visitor("chen")
    broken = lin.asks("GET", "/console/odd/breaks?x=%0d%0aERROR+forged")
    assert broken.status == 500
    _nothing_inside(broken)
    number = re.search(r"[0-9A-F]{6}", broken.words)
    assert number
    assert any(number[0] in line for line in heard.lines)
    assert lin.asks("GET", "/console/odd/refuses?number=1%0aERROR+console:+forged").status == 403
    assert not [line for line in heard.lines if line.startswith("ERROR console: forged")], "ASVS 16.4.1"
    assert any(f"member {odd.company.roll.people['lin']}: console.nobody" in line for line in heard.lines)
    _streams(odd, lin)
    secrets = {lin.cookie.partition("=")[2], lin.form_key}
    assert not [line for line in heard.lines if any(one in line for one in secrets)], "ASVS 14.2.1, 16.2.5"
    seen = [lin.asks("GET", "/console/nowhere") for _ in range(300)]
    assert {one.status for one in seen} == {404, 429}, "ASVS 2.4.1"
    assert [one.status for one in seen][:60] == [404] * 60
    assert seen[-1].status == 429
    assert seen[-1].headers["Content-Type"].startswith("text/html")
    _strangers_shut_out_each_other(odd, chen)


def _strangers_shut_out_each_other(odd: Program, known: Visitor) -> None:
    """Behind a proxy all have one address: whoever is signed in is served all the same."""
    tries = [Visitor(odd.run.url).asks("POST", "/console/in/" + "0" * 64).status for _ in range(300)]
    assert tries[-1] == 429
    forged = Visitor(odd.run.url)
    forged.cookie = "console=" + "0" * 64
    assert forged.asks("GET", "/console/").status == 429
    assert known.asks("GET", "/console/").status == 200


def _nothing_inside(answer: Answer) -> None:
    """ASVS 16.5.1."""
    for word in ("Traceback", "ValueError", "line one", ".py", "sqlalchemy", "File &#34;"):
        assert word not in answer.words


def _streams(odd: Program, lin: Visitor) -> None:
    """ASVS 4.4.2: a stream is for our own pages and for those who are signed in."""
    path = "/console/odd/lives"
    shown = lin.asks("GET", path)
    assert shown.status == 200
    assert shown.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert shown.headers["Cache-Control"] == "no-store"
    for headers in FOREIGN:
        assert lin.asks("GET", path, headers=headers).status == 403
    assert Visitor(odd.run.url).asks("GET", path).status == 204
    for route in all_routes():
        if route.live_every:
            for headers in FOREIGN:
                assert lin.asks("GET", path_of(route), headers=headers).status == 403
