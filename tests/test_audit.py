"""The audit trail's seals: every change, swap, gap and cut is found, on both databases, also when several write."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, delete, select, update
from typer.testing import CliRunner

from bot.__main__ import app
from storage import audit
from tests.company import MONDAY_MORNING
from tests.talk import Company

KEY = b"k" * 32
ROWS = 20
trail = audit.audit


@pytest.fixture
def sealed(company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    """Let a trail of deeds be written, the first of them before there were seals."""
    monkeypatch.setattr(audit._Ring, "key", b"")
    me = company.roll.people["root"]
    company.write(lambda c: audit.note(c, MONDAY_MORNING, None, "invite.issue", me))
    audit.seal_with(KEY)

    def many(connection: Connection) -> None:
        for place in range(ROWS):
            at = MONDAY_MORNING + timedelta(seconds=place, microseconds=place)
            audit.note(connection, at, me, "roles.give", None, role="党小组长", place=place)

    company.write(many)
    return company


def verdict(company: Company, known: str = "") -> audit.Verdict:
    return company.read(lambda c: audit.verify(c, KEY, known))


def test_an_untouched_trail_is_intact(sealed: Company) -> None:
    found = verdict(sealed)
    assert (found.rows, found.unsealed, found.broken) == (ROWS + 1, 1, 0)
    assert found.head == sealed.read(audit.head)
    assert sealed.read(lambda c: audit.verify(c, b"another" * 5)).broken


def tamperings(chance: random.Random, numbers: list[int]) -> list[Callable[[Connection], object]]:
    """Return ways of changing rows behind the program's back, as one without the key can."""
    one, other = chance.sample(numbers[1:-1], 2)
    at = MONDAY_MORNING - timedelta(hours=chance.randrange(1, 99))
    return [
        lambda c: c.execute(update(trail).where(trail.c.id == one).values(deed="roles.end")),
        lambda c: c.execute(update(trail).where(trail.c.id == one).values(actor_id=None)),
        lambda c: c.execute(update(trail).where(trail.c.id == one).values(facts="{}")),
        lambda c: c.execute(update(trail).where(trail.c.id == one).values(at=at)),
        lambda c: c.execute(update(trail).where(trail.c.id == one).values(seal="")),
        lambda c: c.execute(delete(trail).where(trail.c.id == one)),
        lambda c: swap(c, one, other),
        lambda c: c.execute(delete(trail).where(trail.c.id > numbers[-chance.randrange(2, 9)])),
    ]


def swap(connection: Connection, one: int, other: int) -> None:
    """Let two rows change places, seals and all."""
    connection.execute(update(trail).where(trail.c.id == one).values(id=10**6))
    connection.execute(update(trail).where(trail.c.id == other).values(id=one))
    connection.execute(update(trail).where(trail.c.id == 10**6).values(id=other))


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
def test_each_of_a_thousand_tamperings_is_found(sealed: Company) -> None:
    chance, head = random.Random(7), sealed.read(audit.head)  # noqa: S311 - no secret
    numbers = sealed.read(lambda c: list(c.scalars(select(trail.c.id).where(trail.c.seal != "").order_by(trail.c.id))))
    engine = sealed.database.engine
    with engine.connect() as connection:
        for place in range(1000):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            tampering = chance.choice(tamperings(chance, numbers))
            tampering(connection)
            found = audit.verify(connection, KEY, head)
            connection.exec_driver_sql("ROLLBACK")
            assert found.broken or not found.knows, place
    assert not verdict(sealed, head).broken


async def test_several_who_write_at_once_make_one_chain(sealed: Company) -> None:
    def note(connection: Connection) -> None:
        audit.note(connection, MONDAY_MORNING, None, "session.enter", None)

    await asyncio.gather(*(sealed.database.write(note) for _ in range(20)))
    found = verdict(sealed)
    assert (found.rows, found.broken) == (ROWS + 21, 0)


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
def test_the_command_says_so(sealed: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANGQUN_DATABASE__URL", sealed.database.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("DANGQUN_SECURITY__KEY", KEY.hex())
    monkeypatch.setattr("storage.migrate.current", lambda _: __import__("storage.migrate").migrate.head())
    head = sealed.read(audit.head)
    done = CliRunner().invoke(app, ["audit", "verify", "--head", head])
    assert done.exit_code == 0
    assert head in done.output
    assert CliRunner().invoke(app, ["audit", "verify", "--head", "0" * 64]).exit_code != 0
    sealed.write(lambda c: c.execute(update(trail).where(trail.c.id == 5).values(facts="{}")))
    broken = CliRunner().invoke(app, ["audit", "verify"])
    assert broken.exit_code != 0
    assert "对不上" in broken.output
