"""People for benchmarks, settled quickly: bound to Telegram under their own number, agreed, in Chinese."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, insert

from domain.member import NOTICE_VERSION
from storage.address import address
from storage.member import member

AT_ONCE = 5000


def settle(connection: Connection, numbers: range) -> None:
    """Settle these people; each has their number as member id, as Telegram account and as private chat."""
    now = datetime.now(UTC)
    people = [
        {
            "id": n,
            "employee_no": f"B{n}",
            "name": f"员工{n}",
            "consent": NOTICE_VERSION,
            "language": "zh",
            "joined_at": now,
        }
        for n in numbers
    ]
    accounts = [
        {
            "messenger": "telegram",
            "account": str(n),
            "chat": str(n),
            "language": "zh",
            "member_id": n,
            "open": True,
            "first_seen_at": now,
            "bound_at": now,
        }
        for n in numbers
    ]
    for at in range(0, len(people), AT_ONCE):
        connection.execute(insert(member), people[at : at + AT_ONCE])
        connection.execute(insert(address), accounts[at : at + AT_ONCE])
