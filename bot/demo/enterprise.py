"""The demo enterprise's units and people, from a fixed seed; and who a visitor may be."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.demo import history, today
from bot.demo.cast import Enterprise
from content import FOLDER, voice
from domain.member import NOTICE_VERSION, Standing, UnitKind
from domain.organisation import Organisation
from domain.permission import Role
from services.work import Work
from storage import address, member, permission, unit
from storage.engine import Database

LIVED = timedelta(days=400)
"""The people joined before anything of the lived-in year happened."""


def plan() -> dict[str, Any]:
    """Return the enterprise as `content/demo/enterprise.toml` describes it."""
    return tomllib.loads((FOLDER / "demo" / "enterprise.toml").read_text(encoding="utf-8"))


def token_of(key: bytes, number: str) -> str:
    """Return the secret with which a visitor's browser is this person; the same as long as the demo's key is."""
    digest = hmac.new(key, f"demo:{number}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def account_of(token: str) -> str:
    """Return the embedded chat's account of a browser with this secret."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def prepare(database: Database, organisation: Organisation, key: bytes, now: datetime) -> Sequence[Mapping[str, str]]:
    """Settle the enterprise at the first start, prepare today at every start; returns who a visitor may be."""

    def settle(connection: Connection) -> Enterprise:
        known = member.count(connection) > 0
        enterprise = _known(connection, key, now) if known else _settle(connection, organisation, key, now - LIVED)
        if not known:
            history.live(connection, organisation, enterprise, now)
        today.prepare(Work(connection, organisation, now), enterprise)
        return enterprise

    enterprise = database.write_now(settle)
    labels = voice("zh").page["demo"]
    return [
        {
            "token": token_of(key, number),
            "name": enterprise.names[number],
            "role": labels[f"role_{who}"],
            "role_en": voice("en").page["demo"][f"role_{who}"],
            "language": "zh",
        }
        for who, number in enterprise.visitors.items()
    ]


def _people(described: dict[str, Any]) -> list[dict[str, Any]]:
    """Return everybody with a name; the crowd's names are drawn, and never twice."""
    chance = random.Random(described["seed"])  # noqa: S311 - made-up names need no secrecy
    people = [dict(person) for person in described["person"]]
    taken = {person["name"] for person in people}
    for crowd in described["crowd"]:
        for _ in range(crowd["count"]):
            name = ""
            while not name or name in taken:
                name = chance.choice(described["surnames"]) + chance.choice(described["given"])
            taken.add(name)
            people.append({"name": name, "standings": crowd["standings"], "units": crowd["units"]})
    return people


def _number(place: int) -> str:
    return f"J{place + 1:04d}"


def _settle(connection: Connection, organisation: Organisation, key: bytes, since: datetime) -> Enterprise:
    described, enterprise = plan(), Enterprise()
    root = unit.add(connection, "root", organisation.name, UnitKind.GROUP, None)
    enterprise.units["root"] = root
    for one in described["unit"]:
        above = enterprise.units[one.get("above", "root")]
        enterprise.units[one["code"]] = unit.add(connection, one["code"], one["name"], UnitKind(one["kind"]), above)
    for place, person in enumerate(_people(described)):
        number = _number(place)
        _join(connection, enterprise, number, person, since)
        token = token_of(key, number) if person.get("visitor") else f"nobody:{number}"
        _bind(connection, account_of(token), enterprise.people[number], since)
    return enterprise


def _join(connection: Connection, enterprise: Enterprise, number: str, person: dict[str, Any], since: datetime) -> None:
    joined = member.add(connection, number, person["name"], since)
    enterprise.people[number], enterprise.names[number] = joined, person["name"]
    if person.get("visitor"):
        enterprise.visitors[person["visitor"]] = number
    member.change(connection, joined, consent=NOTICE_VERSION, language="zh")
    member.set_standings(connection, joined, [Standing(one) for one in person["standings"]])
    member.set_units(connection, joined, [enterprise.units[code].id for code in person["units"]])
    for role, where in person.get("roles", ()):
        permission.give(connection, joined, Role(role), enterprise.units[where].id, since)


def _bind(connection: Connection, account: str, person: int, since: datetime) -> None:
    address.meet(connection, "web", account, account, "zh", since)
    caller = address.caller(connection, "web", account)
    if caller is not None:
        address.bind(connection, caller.address_id, person, since)


def _known(connection: Connection, key: bytes, since: datetime) -> Enterprise:
    """Return the enterprise that an earlier start settled."""
    described, enterprise = plan(), Enterprise()
    for code in ("root", *(one["code"] for one in described["unit"])):
        found = unit.by_code(connection, code)
        if found is not None:
            enterprise.units[code] = found
    for place, person in enumerate(_people(described)):
        number = _number(place)
        kept = member.by_employee_no(connection, number)
        if kept is None:
            continue
        enterprise.people[number], enterprise.names[number] = kept.id, kept.name
        if person.get("visitor"):
            enterprise.visitors[person["visitor"]] = number
            # A visitor who unbound or took consent back in the demo gets both again at the next start.
            _bind(connection, account_of(token_of(key, number)), kept.id, since)
            member.change(connection, kept.id, consent=NOTICE_VERSION)
    return enterprise
