"""A database with any number of people, each bound to a messenger, made by a few statements."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, text

from domain.member import NOTICE_VERSION, Unit, UnitKind
from storage import unit

_NUMBERS = "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :people) "
_STATEMENTS = (
    "INSERT INTO member (id, employee_no, name, language, consent, joined_at) "
    + _NUMBERS
    + "SELECT n, 'E' || n, 'u' || n, 'zh', :consent, :now FROM number",
    "INSERT INTO membership (member_id, unit_id) " + _NUMBERS + "SELECT n, :first + n % :units FROM number",
    "INSERT INTO address (messenger, account, chat, member_id, language, open, preferred, first_seen_at, bound_at) "
    + _NUMBERS
    + "SELECT CASE WHEN n > :telegram THEN 'web' ELSE 'telegram' END, CAST(n AS TEXT), CAST(n AS TEXT), n, 'zh', :yes, "
    ":no, :now, :now FROM number",
)


def settle(connection: Connection, people: int, units: int = 100, web: int = 0) -> Unit:
    """Let so many people belong to so many units beneath one root, which is returned; the last `web` are on the web."""
    root = unit.add(connection, "root", "江河集团", UnitKind.GROUP, None)
    first = [unit.add(connection, f"u{number}", f"部门{number}", UnitKind.DEPARTMENT, root) for number in range(units)]
    moment = datetime.now(UTC)
    now = moment.replace(tzinfo=None).isoformat(" ", "microseconds")
    values = {
        "people": people,
        "telegram": people - web,
        "units": units,
        "first": first[0].id,
        "consent": NOTICE_VERSION,
        "now": now if connection.dialect.name == "sqlite" else moment,
        "yes": True,
        "no": False,
    }
    for statement in _STATEMENTS:
        connection.execute(text(statement), values)
    return root
