"""An enterprise in which everything that somebody wrote carries a mark: whose it is stands in it, wherever it turns up.

The marks bring hostile words along: whatever shows one shows whether it was escaped. All is written by the chat, as
people do, and read through the console of the running program, in a thread of its own.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from unittest.mock import patch

import time_machine
from sqlalchemy import Connection

from console.limit import Limit
from domain.meeting import MeetingState
from domain.permission import Grant
from handlers.grammar import Registry
from services import permission
from services import session as sessions
from services.work import Work
from storage import all_tables, attendee, inbox, member, unit
from storage.engine import Database
from tests.company import PEOPLE, Roll
from tests.crawling import Visitor
from tests.meetings import hold
from tests.running import Running, running
from tests.talk import Company

HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}${7*7}"
OFFICERS = {"lin": "branch1", "hu": "branch2", "zhou": "union", "sun": "women", "chen": "party", "gao": "league"}
"""Who writes, and for which unit."""
ALL = (*OFFICERS, "tang", "root")
"""Everybody who may sign in."""
PLAIN = tuple(nickname for nickname, *_, roles in PEOPLE if not roles)
_MARK = re.compile(r"Zq-(\w+)-(\w+)-qZ")
PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 40
# Changed by the program itself, by itself: who holds what, what is on its way, and when somebody was last seen.
RESTLESS = {"lease", "console_link", "outbox", "inbox", "schedule", "spending", "held", "sent_form"}


def mark(kind: str, whose: str) -> str:
    """Return the mark of a kind of words; `whose`: a unit's code or a nickname."""
    return f"Zq-{kind}-{whose}-qZ"


def marks(words: str) -> set[tuple[str, str]]:
    """Return the marks in some words."""
    return {(found[1], found[2]) for found in _MARK.finditer(words)}


def _says(kind: str, whose: str, words: str) -> str:
    return f"{mark(kind, whose)}{words}{HOSTILE}"


def plant(company: Company) -> None:
    """Let everybody do their work once."""
    for nickname, code in OFFICERS.items():
        _announce(company, nickname, code)
    for nickname, code in (("lin", "branch1"), ("hu", "branch2")):
        for state in (MeetingState.DRAFT, MeetingState.CALLED, MeetingState.OPEN, MeetingState.HELD):
            people = {"lin": True, "bo": True} if nickname == "lin" else {"hu": True, "xu": True}
            hold(
                company, title=_says("text", code, "大会")[:60], unit=code, state=state, people=people,
                present=people, items=[_says("text", code, "议题")], by=nickname, chair=nickname,
            )  # fmt: skip
    for author, officer, words in (
        ("ada", "zhou", "我想反映食堂太贵了"),
        ("ma", "lin", "我想反映党费的事"),
        ("xu", "hu", "我想反映党费的事"),
    ):
        phone = company.phone(author)
        phone.says(words + _says("request", officer, "，"))
        phone.sends(f"{mark('request', officer)}.png", PICTURE, "image/png")
        assert "已提交" in phone.presses("提交"), phone.last
    for nickname, to in (("lin", "A002"), ("hu", "A012")):
        phone = company.phone(nickname)
        phone.says(f"/award {to} 5 {_says('reason', OFFICERS[nickname], '技能竞赛')}")
        assert "已录入" in phone.presses("确认录入"), phone.last
    company.travel(minutes=1)
    company.write(lambda c: c.execute(attendee.attendee.update().values(reason="belongs")))
    company.write(lambda c: c.execute(inbox.inbox.delete()))
    company.write(lambda c: _rename(c, company.roll))


def _announce(company: Company, nickname: str, code: str) -> None:
    phone = company.phone(nickname)
    phone.says("发公告")
    phone.says(_says("news", code, "周五停电检修"))
    phone.presses("发送")
    phone.says("发公告")
    phone.says(_says("news", code, "还没有发出的草稿"))


def _rename(connection: Connection, roll: Roll) -> None:
    """Give everybody without a role a name with a mark, and every unit a hostile one."""
    for nickname, _, name, *_ in PEOPLE:
        named = "=1+" + _says("name", nickname, name) if nickname in PLAIN else name + HOSTILE
        table = member.member
        connection.execute(table.update().where(table.c.id == roll.people[nickname]).values(name=named))
    connection.execute(unit.unit.update().values(name=unit.unit.c.name + HOSTILE))


def dump(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table that people's deeds change."""
    found = {}
    for table in all_tables().sorted_tables:
        if table.name not in RESTLESS:
            kept = [column for column in table.c if (table.name, column.name) != ("console_session", "seen_at")]
            names = ", ".join(f'"{column.name}"' for column in kept)
            found[table.name] = [
                tuple(row) for row in connection.exec_driver_sql(f'SELECT {names} FROM "{table.name}"')
            ]
    return found


@dataclass
class Program:
    """The running program with the planted enterprise, and everybody's browser."""

    run: Running
    company: Company
    visitors: dict[str, Visitor] = field(default_factory=dict)

    def visitor(self, nickname: str) -> Visitor:
        """Return somebody's browser, signed in; "" is nobody's."""
        if nickname not in self.visitors:
            self.visitors[nickname] = Visitor(self.run.url, nickname)
            if nickname:
                self.visitors[nickname].enters(self.link(nickname))
        return self.visitors[nickname]

    def forget(self, nickname: str) -> None:
        """Hang up, and ask anew who is who: the next visit signs in again, or as nobody whose roles are gone."""
        self.visitors.pop(nickname).close()
        self.__dict__.pop("grants", None)
        if not self.grants[nickname]:
            self.visitors[nickname] = Visitor(self.run.url, nickname)

    def fresh(self, nickname: str) -> Visitor:
        """Return another browser of somebody, signed in."""
        self.visitors[f"{nickname} {len(self.visitors)}"] = made = Visitor(self.run.url, nickname)
        made.enters(self.link(nickname))
        return made

    def link(self, nickname: str) -> str:
        """Return the path of a fresh link."""
        person = self.company.roll.people[nickname]
        secret = self.database.write_now(lambda c: sessions.link(self.work(c), person))
        return f"/console/in/{secret}"

    @property
    def database(self) -> Database:
        """The program's own."""
        return self.run.app.database

    def work(self, connection: Connection) -> Work:
        """Return a piece of work at this moment."""
        from tests.surfing import company_now  # noqa: PLC0415 - the travelled clock

        return Work(connection, self.run.app.organisation, company_now())

    def dump(self) -> dict[str, list[tuple[object, ...]]]:
        """Return all rows."""
        return self.database.read_now(dump)

    @cached_property
    def grants(self) -> Mapping[str, tuple[Grant, ...]]:
        """What each person holds."""
        people = self.company.roll.people
        return self.database.read_now(
            lambda c: {name: permission.grants_of(self.work(c), number) for name, number in people.items()}
        )

    @cached_property
    def _places(self) -> Mapping[str, list[str]]:
        people = self.company.roll.people
        return self.database.read_now(
            lambda c: {name: [one.path for one in member.units_of(c, number)] for name, number in people.items()}
        )

    def may_see(self, nickname: str, found: tuple[str, str]) -> bool:
        """Answer whether these words may stand before this person: her own tree's, and requests for the officer."""
        kind, whose = found
        if kind == "request":
            return nickname == whose
        if kind == "name":
            return any(
                one.path and place.startswith(one.path)
                for one in self.grants[nickname]
                for place in self._places[whose]
            )
        if nickname == "root":
            return False
        here = self.company.roll.units[whose].path
        if kind == "news" and any(place.startswith(here) for place in self._places[nickname]):
            return True  # it was sent to her
        return any(here.startswith(one.path) for one in self.grants[nickname])


@contextmanager
def serving(
    planted: tuple[Path, Roll], folder: Path, registry: Registry, *, limited: bool = False
) -> Iterator[Program]:
    """Run the program on a copy of the planted enterprise, in its own thread. `limited`: as often as anybody may."""
    template, roll = planted
    shutil.copy(template, folder / "planted.db")
    database = Database(f"sqlite:///{folder / 'planted.db'}")
    company = Company(database, registry, roll=roll)
    ready, runs = threading.Event(), list[tuple[Running, asyncio.AbstractEventLoop, asyncio.Event]]()

    async def serve() -> None:
        ended = asyncio.Event()
        async with running(company, telegram=False) as run:
            runs.append((run, asyncio.get_running_loop(), ended))
            ready.set()
            await ended.wait()

    def work() -> None:
        try:
            asyncio.run(serve())
        finally:
            ready.set()

    unlimited = Limit(1e9, 1e9)
    with (
        time_machine.travel(company.now + timedelta(minutes=10), tick=True),
        patch("console.app.Limit", Limit if limited else lambda: unlimited),
    ):
        thread = threading.Thread(target=work, name="program", daemon=True)
        thread.start()
        assert ready.wait(20)
        assert runs, "the program did not start"
        run, loop, ended = runs[0]
        made = Program(run, company)
        try:
            yield made
        finally:
            for visitor in made.visitors.values():
                visitor.close()
            loop.call_soon_threadsafe(ended.set)
            thread.join(20)
            database.close()
