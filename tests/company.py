"""A small enterprise for tests, with noise: people of other branches who must never be reached by mistake."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from domain.member import NOTICE_VERSION, Standing, Unit, UnitKind
from domain.organisation import Organisation, PointRule
from domain.permission import Role
from storage import address, member, permission, unit

MONDAY_MORNING = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
"""Monday 23 November 2026, 09:30 in Shanghai: a working day."""

ORGANISATION = Organisation(
    name="江河集团",
    zone=ZoneInfo("Asia/Shanghai"),
    page="https://page.example",
    points={
        "checkin": PointRule(1, 1),
        "gathering": PointRule(5, 10),
        "quiz": PointRule(2, 10),
        "learning": PointRule(1, 3),
    },
)

P, PP, L, U = Standing.PARTY_FULL, Standing.PARTY_PROBATIONARY, Standing.LEAGUE, Standing.UNION

UNITS = (
    ("root", "江河集团", UnitKind.GROUP, ""),
    ("office", "综合部", UnitKind.DEPARTMENT, "root"),
    ("plant", "生产部", UnitKind.DEPARTMENT, "root"),
    ("party", "集团党委", UnitKind.PARTY_COMMITTEE, "root"),
    ("branch1", "第一党支部", UnitKind.PARTY_BRANCH, "party"),
    ("branch2", "第二党支部", UnitKind.PARTY_BRANCH, "party"),
    ("group11", "第一党小组", UnitKind.PARTY_GROUP, "branch1"),
    ("union", "集团工会", UnitKind.UNION, "root"),
    ("league", "集团团支部", UnitKind.LEAGUE_BRANCH, "root"),
    ("women", "集团妇联", UnitKind.WOMEN, "root"),
)
PEOPLE: tuple[tuple[str, str, str, tuple[Standing, ...], tuple[str, ...], tuple[tuple[Role, str], ...]], ...] = (
    ("ada", "A001", "王芳", (U,), ("office", "union"), ()),
    ("bo", "A002", "赵强", (P, U), ("plant", "branch1", "group11", "union"), ()),
    ("lin", "A003", "林雪", (P, U), ("office", "branch1", "union"), ((Role.BRANCH_SECRETARY, "branch1"),)),
    ("zhou", "A004", "周明", (U,), ("office", "union"), ((Role.UNION_OFFICER, "union"),)),
    ("sun", "A005", "孙丽", (U,), ("office", "union", "women"), ((Role.WOMENS_OFFICER, "women"),)),
    ("chen", "A006", "陈涛", (P,), ("office", "party"), ((Role.COMMITTEE, "party"),)),
    ("gao", "A007", "高洁", (L, U), ("plant", "league", "union"), ((Role.LEAGUE_OFFICER, "league"),)),
    ("root", "A008", "管理员", (), ("office",), ((Role.ADMINISTRATOR, "root"),)),
    ("hu", "A009", "胡军", (P, U), ("plant", "branch2", "union"), ((Role.BRANCH_SECRETARY, "branch2"),)),
    ("ma", "A010", "马琳", (PP, U), ("plant", "branch1", "group11", "union"), ()),
    ("tang", "A011", "唐杰", (P, U), ("plant", "branch1", "group11", "union"), ((Role.GROUP_LEADER, "group11"),)),
    ("xu", "A012", "徐静", (P, U), ("plant", "branch2", "union"), ()),
)
"""nickname, number, name, standings, units, (role, unit)"""


@dataclass(slots=True)
class Roll:
    """Ids by nickname and code."""

    people: dict[str, int] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)


def settle(connection: Connection, now: datetime = MONDAY_MORNING) -> Roll:
    """Create the enterprise; everybody is bound to the embedded chat under the nickname, and has consented."""
    roll = Roll()
    for code, name, kind, parent in UNITS:
        roll.units[code] = unit.add(connection, code, name, kind, roll.units.get(parent))
    for nickname, number, name, standings, units, roles in PEOPLE:
        person = member.add(connection, number, name, now)
        roll.people[nickname] = person
        member.change(connection, person, consent=NOTICE_VERSION, language="zh")
        member.set_standings(connection, person, standings)
        member.set_units(connection, person, [roll.units[code].id for code in units])
        for role, code in roles:
            permission.give(connection, person, role, roll.units[code].id, now)
        address.meet(connection, "web", nickname, nickname, "zh", now)
        caller = address.caller(connection, "web", nickname)
        assert caller is not None
        address.bind(connection, caller.address_id, person, now)
    return roll


QUIET_NEVER = time(0, 0)
