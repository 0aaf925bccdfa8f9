"""People: the tree and the list, one person with what they went through, and what those may do who may."""

from __future__ import annotations

from urllib.parse import urlencode

from console import long, people_codes, people_export, people_import
from console.asked import whole
from console.grammar import Go, Look, Page, Pages, Result, Visit
from console.lists import Rows, later, saves
from console.people_export import asked_of
from domain.member import Standing
from domain.permission import Action, Role
from domain.refusal import Refusal
from services import checkin, invite, ledger, permission, roles, roster_upload
from services import people as service
from services.people import Asked

pages = Pages("people")
pages.kinds["people"] = people_export.KIND

ENTRIES = 20
DAYS = 30
"""What a person sees of the own records at once."""


def _kept(asked: Asked, **changed: object) -> str:
    """Return the query string of the same list with something changed."""
    found: dict[str, object] = {
        "q": asked.words,
        "unit": asked.unit or "",
        "standing": asked.standing or "",
        "bound": "" if asked.bound is None else "yes" if asked.bound else "no",
        "left": "yes" if asked.left else "",
        **changed,
    }
    return urlencode({key: str(value) for key, value in found.items() if str(value)})


@pages.get("people", needs=Action.INVITE)
def people(visit: Visit) -> Result:
    """Show the tree and a page of the list."""
    asked, me = asked_of(visit.query), visit.person.id
    found = service.search(visit.work, me, asked, whole(visit.query.get("page", "")) or 1)
    place = service.unit_seen(visit.work, me, asked.unit) if asked.unit else None
    return Page(
        "people.html",
        {
            "asked": asked,
            "found": found,
            "place": place,
            "tree": service.tree(visit.work, me, asked.unit),
            "standings": [one for one in Standing if one is not Standing.EMPLOYEE],
            "kept": lambda **changed: _kept(asked, **changed),
            "sees_left": service.sees_left(visit.work, me),
            "may_import": roster_upload.allowed(visit.work, me),
            "may_export": permission.may_anywhere(visit.work, me, Action.IMPORT_ROSTER),
        },
    )


@pages.get("people/export", needs=Action.IMPORT_ROSTER)
def export(visit: Visit) -> Result:
    """Give the list that is asked for, in the layout that the import reads back."""
    return long.exported(visit, "people", people_export.KIND, visit.query, "people")


@saves(pages, "people/list", "people_list", back="people", needs=Action.INVITE)
def saved_list(look: Look) -> Rows:
    """Return the list that is asked for, as its page shows it, of all whom this person sees."""
    asked, me, words = asked_of(look.query), look.person.id, look.words("people")

    def line(one: service.Listed) -> list[str]:
        standings = " · ".join(look.voice.label(f"member.standing_{each.value}") for each in one.standings)
        held = " · ".join(look.voice.label(f"permission.{role.value}") for role in one.roles)
        bound = words["bound" if one.bound else "unbound"]
        return [one.row.name, one.row.employee_no, standings, " · ".join(one.units), held, bound]

    header = [words[name] for name in ("name", "number", "standing", "units", "roles", "account")]
    count, rows = service.count(look.work, me, asked), later(lambda: service.each(look.work, me, asked), line)
    return Rows(header, count, rows)


@pages.get("people/{number}", needs=Action.INVITE)
def person(visit: Visit) -> Result:
    """Show one person."""
    known = service.known(visit.work, visit.person.id, visit.numbers["number"])
    held = roles.held(visit.work, known.profile.person.id) if known.left_at is None else []
    facts = {"known": known, "who": known.profile.person, "held": held, "mine": None}
    if known.profile.person.id == visit.person.id:
        facts["mine"] = _mine(visit)
    return Page("people_person.html", facts)


def _mine(visit: Visit) -> dict[str, object]:
    """Return what the person alone may see: the reader's own points and check-ins, and nobody else's."""
    work, me, voice = visit.work, visit.person.id, visit.voice
    entries = ledger.history(work, me, 0, ENTRIES)[:ENTRIES]
    return {
        "points": ledger.overview(work, me),
        "entries": [(one, voice.labels.get(f"points.rule_{one.rule}", one.rule)) for one in entries],
        "checkins": checkin.lately(work, me, DAYS),
        "days": DAYS,
    }


def _confirm(visit: Visit, deed: str, name: str, *, danger: bool = False, **facts: str) -> Page:
    """Ask before it is done. `facts`: what the form sends, and what the words say in their place (`<fact>_words`)."""
    fields = {key: value for key, value in facts.items() if not key.endswith("_words")}
    said = {key.removesuffix("_words"): value for key, value in facts.items() if key.endswith("_words")}
    words = visit.words("people")
    return Page(
        "people_confirm.html",
        {
            "title": words[f"{deed}_title"].format(name=name),
            "lines": words[f"{deed}_ask"].format(name=name, **said).split("\n"),
            "sure": words[f"{deed}_sure"],
            "deed": deed,
            "number": visit.numbers["number"],
            "fields": fields,
            "danger": danger,
        },
    )


def _managed(visit: Visit) -> str:
    """Return the name of the person of the path; raises for anybody whose roles the reader does not manage."""
    return roles.person(visit.work, visit.person.id, visit.numbers["number"]).name


@pages.get("people/{number}/invite", needs=Action.INVITE)
def invite_ask(visit: Visit) -> Result:
    """Ask before a code is made: it ends the one before."""
    known = service.known(visit.work, visit.person.id, visit.numbers["number"])
    if not known.may_invite:
        raise Refusal("permission.nobody")
    return _confirm(visit, "invite", known.profile.person.name)


@pages.post("people/{number}/invite", needs=Action.INVITE)
def invite_do(visit: Visit) -> Result:
    """Make a code and show it, this once."""
    made = invite.issue_by(visit.work, visit.person.id, visit.numbers["number"])
    return Page("people_code.html", {"made": made, "number": visit.numbers["number"]})


def _role(words: str) -> Role:
    if words not in set(Role):
        raise Refusal("people.no_role")
    return Role(words)


def _called(visit: Visit, role: Role) -> str:
    return visit.voice.label(f"permission.{role.value}")


@pages.get("people/{number}/give", needs=Action.MANAGE_ROLES)
def give_ask(visit: Visit) -> Result:
    """Ask which role, then where, then whether it is meant."""
    name = _managed(visit)
    facts = {"name": name, "number": visit.numbers["number"], "roles": list(Role), "role": None, "places": []}
    if not visit.query.get("role"):
        return Page("people_give.html", facts)
    role = _role(visit.query["role"])
    places = roles.places(visit.work, visit.person.id, role)
    if not places:
        raise Refusal("roles.no_place")
    chosen = visit.query.get("unit", "")
    if not chosen and len(places) > 1:
        return Page("people_give.html", facts | {"role": role, "places": places})
    unit = next((one for one in places if not chosen or one.id == whole(chosen)), None)
    if unit is None:
        raise Refusal("roles.not_there")
    return _confirm(
        visit,
        "give",
        name,
        role=role.value,
        role_words=_called(visit, role),
        unit=str(unit.id),
        unit_words=unit.name,
    )


@pages.post("people/{number}/give", needs=Action.MANAGE_ROLES)
def give_do(visit: Visit) -> Result:
    """Give the role."""
    number, role = visit.numbers["number"], _role(visit.form.get("role", ""))
    given = roles.give(visit.work, visit.person.id, number, role, whole(visit.form.get("unit", "")))
    return Go(f"people/{number}", "given" if given else "given_before")


@pages.get("people/{number}/end", needs=Action.MANAGE_ROLES)
def end_ask(visit: Visit) -> Result:
    """Ask before a role ends."""
    name, role = _managed(visit), _role(visit.query.get("role", ""))
    unit = whole(visit.query.get("unit", ""))
    held = roles.held(visit.work, visit.numbers["number"])
    one = next((one for one in held if one.role is role and one.unit.id == unit), None)
    if one is None:
        raise Refusal("roles.ended_before")
    return _confirm(
        visit,
        "end",
        name,
        danger=True,
        role=role.value,
        role_words=_called(visit, role),
        unit=str(unit),
        unit_words=one.unit.name,
    )


@pages.post("people/{number}/end", needs=Action.MANAGE_ROLES)
def end_do(visit: Visit) -> Result:
    """End the role."""
    number, role = visit.numbers["number"], _role(visit.form.get("role", ""))
    ended = roles.end(visit.work, visit.person.id, number, role, whole(visit.form.get("unit", "")))
    return Go(f"people/{number}", "ended" if ended else "ended_before")


@pages.get("people/{number}/depart", needs=Action.MANAGE_ROLES)
def depart_ask(visit: Visit) -> Result:
    """Ask before noting that somebody has left."""
    return _confirm(visit, "depart", _managed(visit), danger=True)


@pages.post("people/{number}/depart", needs=Action.MANAGE_ROLES)
def depart_do(visit: Visit) -> Result:
    """Note that somebody has left."""
    roles.depart(visit.work, visit.person.id, visit.numbers["number"])
    return Go(f"people/{visit.numbers['number']}", "departed")


people_import.register(pages)
people_codes.register(pages)
