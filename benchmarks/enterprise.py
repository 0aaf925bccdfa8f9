"""A group with 100,000 people and the traces of a year, in an SQLite file: made by few statements, in about a minute.

One officer's desk holds five times what others' hold, and one announcement went to everybody.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert, text

from benchmarks.points import write_ledger
from domain.member import NOTICE_VERSION, Unit, UnitKind
from domain.permission import Role
from storage import permission, unit
from storage.member import give_sounds, member

PEOPLE, LEDGER, REQUESTS = 100_000, 1_000_000, 50_000
COMPANIES, DEPARTMENTS, COMMITTEES, BRANCHES, UNIONS = 50, 20, 20, 30, 50
IN_PARTY = 30_000
MEETINGS_A_BRANCH = 12
LETTERS, AUDITS, UPDATES, GATHERINGS, ACTIVITIES, ANNOUNCEMENTS = 400_000, 200_000, 100_000, 2_000, 500, 300
DESK = 5_000
"""Requests on the fullest desk."""

_HALF = "CASE n % 2 WHEN 0 THEN 'web' ELSE 'telegram' END"
_SURNAMES, _GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚雪梅文华建国"


def _ago(minutes: str | int) -> str:
    """Return the moment so many minutes before now, as SQL; negative ones lie ahead."""
    return f"strftime('%Y-%m-%d %H:%M:%S.000000', :now, printf('%+d minutes', -({minutes})))"


def _rows(table: str, source: int | str, **columns: str | int) -> str:
    """Return a statement that fills a table from the numbers 1 to `source` (as `n`), or from a query's rows."""
    beginning, rows = "", source
    if isinstance(source, int):
        beginning = f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {source}) "  # noqa: S608 - our own
        rows = "c"
    values = ", ".join(str(value) for value in columns.values())
    return f"INSERT INTO {table} ({', '.join(columns)}) {beginning}SELECT {values} FROM {rows}"  # noqa: S608 - our own


def settle(connection: Connection) -> dict[str, int]:
    """Make it all; returns who may sign in: what they are -> member."""
    units = _units(connection)
    _people(connection)
    looking = _roles(connection, units)
    write_ledger(connection, [(1, LEDGER, LEDGER // PEOPLE)])
    values = {"now": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"}
    for statement in (
        *_places(units),
        *_requests(units, looking),
        *_meetings(units),
        *_announcements(units, looking),
        *_traces(),
        *_activities(units),
    ):
        connection.execute(text(statement), values)
    connection.execute(text("ANALYZE"))
    return looking


def _units(connection: Connection) -> dict[str, list[Unit]]:
    root = unit.add(connection, "root", "江河集团", UnitKind.GROUP, None)
    party = unit.add(connection, "party", "集团党委", UnitKind.PARTY_COMMITTEE, root)
    union = unit.add(connection, "union", "集团工会", UnitKind.UNION, root)
    companies = [unit.add(connection, f"c{n}", f"第{n}公司", UnitKind.DEPARTMENT, root) for n in range(COMPANIES)]
    committees = [
        unit.add(connection, f"p{n}", f"第{n}党委", UnitKind.PARTY_COMMITTEE, party) for n in range(COMMITTEES)
    ]
    return {
        "root": [root],
        "party": [party],
        "union": [union],
        "unions": [unit.add(connection, f"w{n}", f"第{n}工会", UnitKind.UNION, union) for n in range(UNIONS)],
        "departments": [
            unit.add(connection, f"d{n}", f"第{n}车间", UnitKind.DEPARTMENT, companies[n // DEPARTMENTS])
            for n in range(COMPANIES * DEPARTMENTS)
        ],
        "branches": [
            unit.add(connection, f"b{n}", f"第{n}党支部", UnitKind.PARTY_BRANCH, committees[n // BRANCHES])
            for n in range(COMMITTEES * BRANCHES)
        ],
    }


def _people(connection: Connection) -> None:
    """Write everybody; names repeat, as they do."""
    now = datetime.now(UTC)
    names = itertools.cycle(
        f"{surname}{one}{other}" for one in _GIVEN for surname in _SURNAMES for other in f"{_GIVEN[::2]}"
    )
    people = [
        {
            "id": n,
            "employee_no": f"J{n:06d}",
            "name": next(names),
            "consent": NOTICE_VERSION,
            "language": "zh",
            "joined_at": now - timedelta(days=500),
        }
        for n in range(1, PEOPLE + 1)
    ]
    for at in range(0, PEOPLE, 5000):
        connection.execute(insert(member), people[at : at + 5000])
    while give_sounds(connection, 5000):
        pass


def _places(units: dict[str, list[Unit]]) -> list[str]:
    """Everybody is in a workshop and a union, three in ten in a branch; one in ten is not bound."""
    departments, unions, branches = units["departments"], units["unions"], units["branches"]
    return [
        _rows("membership", PEOPLE, member_id="n", unit_id=f"{departments[0].id} + n % {len(departments)}"),
        _rows("membership", PEOPLE, member_id="n", unit_id=f"{unions[0].id} + n % {len(unions)}"),
        _rows("membership", IN_PARTY, member_id="n", unit_id=f"{branches[0].id} + n % {len(branches)}"),
        _rows("standing", PEOPLE, member_id="n", standing="'union'"),
        _rows("standing", IN_PARTY, member_id="n", standing="'party_full'"),
        _rows(
            "address", "member WHERE id % 10 > 0",
            messenger=_HALF.replace("n", "id"), account="id", chat="id", member_id="id", language="'zh'",
            open="id % 50 > 0", preferred=0, first_seen_at=_ago("id"), bound_at=_ago("id"),
        ),
    ]  # fmt: skip


def _roles(connection: Connection, units: dict[str, list[Unit]]) -> dict[str, int]:
    """Give every branch and every union somebody; members 1 to 3 hold the whole."""
    since = datetime.now(UTC) - timedelta(days=400)
    for who, role, place in (
        (1, Role.COMMITTEE, units["party"][0]),
        (2, Role.UNION_OFFICER, units["union"][0]),
        (3, Role.ADMINISTRATOR, units["root"][0]),
    ):
        permission.give(connection, who, role, place.id, since)
    for n, place in enumerate(units["branches"]):
        permission.give(connection, 1000 + n, Role.BRANCH_SECRETARY, place.id, since)
    for n, place in enumerate(units["unions"]):
        permission.give(connection, 2000 + n, Role.UNION_OFFICER, place.id, since)
    return {"committee": 1, "union officer": 2, "administrator": 3, "branch secretary": 1000}


def _requests(units: dict[str, list[Unit]], looking: dict[str, int]) -> list[str]:
    """Every tenth is open, and half of those lie on the fullest desk, that of the whole union."""
    union, unions = units["union"][0].id, units["unions"]
    mine, minutes = f"n % {2 * REQUESTS // DESK} < 2", f"n * 525600 / {REQUESTS}"

    def act(name: str, at: str, actor: str, words: str) -> str:
        columns = {"demand_id": "id", "at": at, "actor_id": actor, "act": f"'{name}'", "text": words}
        return _rows("demand_event", f"demand WHERE {at} IS NOT NULL ORDER BY id", **columns)

    return [
        _rows(
            "demand", REQUESTS,
            id="n", number="'B' || n", token="'t' || n", author_id=f"1 + n % {PEOPLE}", category="'other'",  # noqa: S106 - no secret
            text="'食堂第 ' || n || ' 号窗口的菜不够热，请看一看'",
            state="CASE WHEN n % 10 > 0 THEN 'closed' WHEN n % 30 = 0 THEN 'filed' ELSE 'working' END",
            round=1, filed_at=_ago(minutes), first_warn_at=_ago(f"{minutes} - 1200"),
            first_by=_ago(f"{minutes} - 1440"),
            finish_warn_at=_ago(f"{minutes} - 8000"), finish_by=_ago(f"{minutes} - 10080"),
            officer_id=f"CASE WHEN {mine} THEN {looking['union officer']} ELSE 2000 + n % {len(unions)} END",
            role="'union_officer'",
            unit_id=f"CASE WHEN {mine} THEN {union} ELSE {unions[0].id} + n % {len(unions)} END",
            answered_at=f"CASE WHEN n % 30 > 0 THEN {_ago(f'MAX({minutes} - 600, 1)')} END",
            closed_at=f"CASE WHEN n % 10 > 0 THEN {_ago(f'MAX({minutes} - 4000, 1)')} END",
            rating="CASE WHEN n % 10 > 0 THEN CASE n % 3 WHEN 0 THEN 'satisfied' WHEN 1 THEN 'fairly' END END",
            news=0,
        ),
        act("file", "filed_at", "author_id", "text"),
        act("answer", "answered_at", "officer_id", "'已经转给后勤，本周答复'"),
        act("close", "closed_at", "officer_id", "'已经办好'"),
    ]  # fmt: skip


def _meetings(units: dict[str, list[Unit]]) -> list[str]:
    """Each branch meets once a month, and eight in nine come."""
    branches = units["branches"]
    many = len(branches) * MEETINGS_A_BRANCH
    place, chair = f"{branches[0].id} + n % {len(branches)}", f"1000 + n % {len(branches)}"
    minutes, later = f"(n / {len(branches)}) * 43800 + 3000", f"{_ago('n * 200 - 15')}"
    return [
        _rows(
            "meeting", many,
            id="n", uid="'u' || n", kind="'branch_meeting'", unit_id=place, title="'支部党员大会'", place="'会议室'",
            starts_at=_ago(minutes), minutes=90, state="'closed'", chair_id=chair, created_by=chair,
            created_at=_ago(f"{minutes} + 9000"), counts_for="''", quorum="''", opened_at=_ago(minutes),
            ended_at=_ago(f"{minutes} - 90"), closed_at=_ago(f"{minutes} - 900"), closed_text="'记录'", digest="'d'",
        ),
        _rows(
            "attendee", "meeting JOIN membership ON membership.unit_id = meeting.unit_id",
            meeting_id="meeting.id", member_id="membership.member_id", duty="'should'", votes=1, reason="'member'",
        ),
        _rows(
            "gathering", "meeting",
            id="id", title="title", unit_id="unit_id", opened_by="chair_id", opened_at="starts_at", late_at="starts_at",
            closed_at="ended_at", secret="'s'", subject="'meeting:' || id", listed=1,  # noqa: S106 - no secret
        ),
        _rows(
            "presence", "gathering g JOIN attendee a ON a.meeting_id = g.id WHERE (a.member_id + g.id) % 9 > 0",
            gathering_id="g.id", member_id="a.member_id", at="g.opened_at", late=0,
        ),
        _rows("called", "attendee", gathering_id="meeting_id", member_id="member_id"),
        _rows(
            "gathering", GATHERINGS,
            title="'学习会'", unit_id=place, opened_by=chair, opened_at=_ago("n * 200"), late_at=later,
            closed_at=_ago("n * 200 - 90"), secret="'s'", listed=0,  # noqa: S106 - no secret
        ),
    ]  # fmt: skip


def _announcements(units: dict[str, list[Unit]], looking: dict[str, int]) -> list[str]:
    """One went to everybody and was confirmed by four in ten; the others are drafts."""
    party, who, sent = units["party"][0].id, looking["committee"], _ago(2000)
    announced: dict[str, str | int] = {"author_id": who, "unit_id": party, "circle": "'all'"}
    return [
        _rows(
            "campaign", "(SELECT 1)",
            id=1, kind="'announcement'", subject="'announcement:1'", payload_zh="'{}'", payload_en="'{}'",
            created_at=sent, state="'done'", path="'/'", highest=PEOPLE, people=PEOPLE,
        ),
        _rows(
            "announcement", "(SELECT 1)",
            id=1, **announced, text="'周五下午全厂停电检修'", state="'sent'", created_at=sent, campaign_id=1,
            audience=PEOPLE,
        ),
        _rows(
            "letter", "member WHERE id % 10 > 0",
            messenger=_HALF.replace("n", "id"), recipient="id", chat="id", member_id="id", lane=3,
            kind="'announcement'", campaign_id=1, state="CASE WHEN id % 200 = 1 THEN 'failed' ELSE 'sent' END",
            created_at=sent, next_at=sent, settled_at=sent, note="CASE WHEN id % 200 = 1 THEN 'blocked' ELSE '' END",
        ),
        _rows(
            "announcement_confirmation", "member WHERE id % 10 IN (1, 3, 5, 7)",
            announcement_id=1, member_id="id", at=_ago(1900),
        ),
        _rows(
            "announcement", ANNOUNCEMENTS,
            **announced, text="'第 ' || n || ' 号通知'", state="'draft'", created_at=_ago("n * 900"),
        ),
    ]  # fmt: skip


def _traces() -> list[str]:
    """Write what was sent, what came, and what was changed."""
    someone, sent = f"1 + n % {PEOPLE}", _ago("n / 2")
    return [
        _rows(
            "letter", LETTERS,
            messenger=_HALF, recipient=someone, chat=someone, member_id=someone, lane=2, kind="'learning'",
            state="CASE WHEN n % 1000 = 1 THEN 'failed' ELSE 'sent' END",
            created_at=sent, next_at=sent, settled_at=sent,
        ),
        _rows(
            "audit", AUDITS, at=_ago(f"({AUDITS} - n) * 2"), actor_id="1 + n % 3", deed="'session.enter'", facts="'{}'"
        ),
        _rows(
            "inbox", UPDATES,
            messenger="'telegram'", event_key="'k' || n", sender="n", owner="''", received_at=_ago("n / 3"),
            body="'{}'",
            state="CASE WHEN n % 5000 = 1 THEN 'dead' ELSE 'done' END",
        ),
    ]  # fmt: skip


def _activities(units: dict[str, list[Unit]]) -> list[str]:
    """Write activities of the unions, with a hundred people each."""
    union, unions = units["union"][0].id, units["unions"]
    return [
        _rows(
            "activity", ACTIVITIES,
            id="n", uid="'a' || n", kind="'culture_sport'", unit_id=f"{unions[0].id} + n % {len(unions)}",
            audience_id=union, title="'第 ' || n || ' 场健步走'", starts_at=_ago("(n - 10) * 1000"), minutes=120,
            deadline=_ago("(n - 10) * 1000 + 500"), capacity=0, taken=100,
            state="CASE WHEN n > 10 THEN 'over' ELSE 'published' END", created_by=f"2000 + n % {len(unions)}",
            created_at=_ago("n * 1000 + 9000"), eligible=PEOPLE,
        ),
        _rows(
            "sign_up", "activity JOIN member ON member.id <= 100",
            activity_id="activity.id", member_id=f"1 + (activity.id * 100 + member.id) % {PEOPLE}", state="'in'",
            at="activity.created_at",
        ),
    ]  # fmt: skip
