"""Planning an activity on a wide screen: ideas, the form of a new one, and the form that changes one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from console import asked
from console.asked import number_in, whole
from console.grammar import Go, Page, Pages, Result, Visit
from console.life_frame import framed
from console.meanwhile import drawn_from, undone
from content.activities import theme as theme_of
from content.activities import themes
from domain import activity as rules
from domain.activity import Activity, ActivityKind, ActivityState, Circle, circle_of, suitable, usual_circle
from domain.permission import Action
from domain.refusal import Refusal
from services import activity as service
from services import activity_form, activity_plan
from services.activity_form import Form

pages = Pages("life")

WORDS = ("title", "place", "cost", "notes", "in_hours")
FIELDS = (
    *WORDS, "unit", "kind", "theme", "day", "at", "minutes", "deadline_day", "deadline_at", "capacity", "family",
    "audience", "circle", "q",
)  # fmt: skip
FOR_WHOM = ("audience", "circle", "family")
CALLED = {"title": "column_title", "place": "column_place", "at": "time", "family": "with_family"}
"""Fields whose name on the form is another word."""
LENGTHS = {
    "title": rules.LONGEST_TITLE, "place": rules.LONGEST_PLACE, "cost": rules.LONGEST_COST,
    "notes": rules.LONGEST_NOTES, "in_hours": rules.LONGEST_REASON,
}  # fmt: skip


@pages.get("life/activities/ideas", needs=Action.PLAN_ACTIVITIES)
def ideas(visit: Visit) -> Result:
    """Show the ideas that suit a unit."""
    unit = activity_plan.unit_of(visit.work, visit.person.id, number_in(visit, "unit"))
    found = suitable(themes(), unit.kind)
    facts = {"unit": unit, "ideas": [(one, one.words[visit.voice.language]) for one in found]}
    return framed(visit, "life_ideas.html", "activities", facts)


@pages.get("life/activities/new", needs=Action.PLAN_ACTIVITIES)
def new(visit: Visit) -> Result:
    """Show the form of a new one, once the unit is known."""
    work, person, wanted = visit.work, visit.person.id, visit.query.get("q", "").strip()[:40]
    number = number_in(visit, "unit")
    if not number:
        places = activity_form.places(work, person, wanted)
        if len(places) == 1 and not wanted:
            return Go(f"life/activities/new?unit={places[0].id}")
        return framed(visit, "life_activity_where.html", "activities", {"units": places, "wanted": wanted})
    unit = activity_plan.unit_of(work, person, number)
    theme = theme_of(visit.query.get("theme", ""))
    start = work.organisation.local(activity_plan.usual_times(work)[0])
    typed = {
        "unit": str(unit.id),
        "kind": ActivityKind.THEME_DAY.value if theme else "",
        "theme": theme.ref if theme else "",
        "title": theme.words[visit.voice.language].title if theme else "",
        "minutes": str(activity_plan.minutes_of(theme.ref if theme else "")),
        "day": f"{start:%Y-%m-%d}",
        "at": f"{start:%H:%M}",
        "audience": str(unit.id),
        "circle": usual_circle(unit.kind).value,
    }
    return _form(visit, None, typed)


def _form(visit: Visit, one: Activity | None, typed: Mapping[str, str], why: str = "") -> Page:
    """Draw the form with what is typed in it."""
    work, person, voice = visit.work, visit.person.id, visit.voice
    known = {**dict.fromkeys(FIELDS, ""), **{name: typed.get(name, "") for name in FIELDS}}
    unit = activity_plan.unit_of(work, person, whole(known["unit"]))
    audience = whole(known["audience"], unit.id)
    places = activity_form.places(work, person, "")
    if all(place.id != audience for place in places):
        places = [activity_plan.unit_of(work, person, audience), *places]
    theme = theme_of(known["theme"]) if known["theme"] else None
    facts = {
        "one": one,
        "unit": unit,
        "typed": known,
        "kinds": [(kind.value, voice.label(f"activity_plan.kind_{kind.value}")) for kind in ActivityKind],
        "circles": [(circle.value, voice.label(f"activity_plan.circle_{circle.value}")) for circle in Circle],
        "minutes": sorted({*rules.LENGTHS, whole(known["minutes"], rules.LENGTHS[0])}),
        "places": places,
        "longest": LENGTHS,
        "most": rules.MOST_PLACES,
        "idea": activity_plan.idea(voice, theme).plain if theme else "",
        "drafting": one is None or one.state is ActivityState.DRAFT,
        "today": work.today.isoformat(),
        "why": why,
        "seen": drawn_from(_shown(visit, one)) if one else "",
    }
    return framed(visit, "life_activity_form.html", "activities", facts, 409 if why else 200)


@pages.post("life/activities/new", needs=Action.PLAN_ACTIVITIES)
def create(visit: Visit) -> Result:
    """Keep a draft; what can't be kept comes back in the form, and nothing is written."""
    form, unit = visit.form, number_in(visit, "unit")
    activity_plan.unit_of(visit.work, visit.person.id, unit)
    theme = form.get("theme", "") if theme_of(form.get("theme", "")) else ""
    try:
        made = activity_form.create(visit.work, visit.person.id, unit, _kind(form.get("kind", "")), theme, _read(visit))
    except Refusal as refusal:
        return _again(visit, None, refusal)
    return Go(f"life/activity/{made.id}", "activity_drafted")


def _kind(words: str) -> ActivityKind:
    if words not in set(ActivityKind):
        raise Refusal("life.no_kind")
    return ActivityKind(words)


def _again(visit: Visit, one: Activity | None, refusal: Refusal) -> Page:
    if refusal.forget:
        raise refusal
    known = {**visit.form, "unit": str(one.unit_id)} if one else visit.form
    return _form(visit, one, known, visit.why(refusal))


@pages.get("life/activity/{number}/edit", needs=Action.PLAN_ACTIVITIES)
def edit(visit: Visit) -> Result:
    """Show the form with what it is now."""
    one = service.own(visit.work, visit.person.id, visit.numbers["number"], activity_plan.CHANGEABLE, lock=False)
    return _form(visit, one, _now(visit, one))


def _now(visit: Visit, one: Activity) -> dict[str, str]:
    """Return what it is now, as the form shows it."""
    local = visit.work.organisation.local
    starts_at, deadline = local(one.starts_at), local(one.deadline)
    return {
        **{name: str(getattr(one, name)) for name in WORDS},
        "unit": str(one.unit_id),
        "kind": one.kind.value,
        "theme": one.theme,
        "day": f"{starts_at:%Y-%m-%d}",
        "at": f"{starts_at:%H:%M}",
        "minutes": str(one.minutes),
        "deadline_day": f"{deadline:%Y-%m-%d}",
        "deadline_at": f"{deadline:%H:%M}",
        "capacity": str(one.capacity or ""),
        "family": "1" if one.family else "",
        "audience": str(one.audience_id),
        "circle": circle_of(one.standings).value,
    }


def _shown(visit: Visit, one: Activity) -> dict[str, str]:
    """Return what can be changed in the form of it."""
    fixed = {"unit", "kind", "theme"} if one.state is ActivityState.DRAFT else {"unit", "kind", "theme", *FOR_WHOM}
    return {name: value for name, value in _now(visit, one).items() if name not in fixed}


def _meanwhile(visit: Visit, one: Activity) -> Page | None:
    words, voice, here = visit.words("life"), visit.voice, f"life/activity/{one.id}/edit"
    called = {name: words[CALLED.get(name, name)] for name in FIELDS if name not in {"unit", "kind", "theme", "q"}}
    yes_no = visit.words("console")
    offered = {
        "circle": [(circle.value, voice.label(f"activity_plan.circle_{circle.value}")) for circle in Circle],
        "audience": [(str(place.id), place.name) for place in activity_form.places(visit.work, visit.person.id, "")],
        "family": [("1", yes_no["meanwhile_yes"]), ("", yes_no["meanwhile_no"])],
    }
    return undone(visit, here, here, _shown(visit, one), called, offered)


@pages.post("life/activity/{number}/edit", needs=Action.PLAN_ACTIVITIES)
def change(visit: Visit) -> Result:
    """Keep the form; those who signed up are told of what changed, in one letter."""
    number = visit.numbers["number"]
    one = service.own(visit.work, visit.person.id, number, activity_plan.CHANGEABLE)
    if (page := _meanwhile(visit, one)) is not None:
        return page
    try:
        activity_form.change(visit.work, visit.person.id, number, _read(visit))
    except Refusal as refusal:
        return _again(visit, one, refusal)
    return Go(f"life/activity/{number}", "activity_changed")


def _read(visit: Visit) -> Form:
    form, at = visit.form, _moment(visit, "day", "at")
    if at is None:
        raise Refusal("life.no_time", words="")
    circle = form.get("circle", "")
    capacity = form.get("capacity", "").strip()
    if capacity and not (capacity.isascii() and capacity.isdigit() and len(capacity) <= len(str(rules.MOST_PLACES))):
        raise Refusal("activity_plan.bad_capacity", most=rules.MOST_PLACES)
    return Form(
        {name: form.get(name, "") for name in WORDS},
        at,
        number_in(visit, "minutes"),
        _moment(visit, "deadline_day", "deadline_at"),
        int(capacity or 0),
        form.get("family", "") == "1",
        number_in(visit, "audience"),
        Circle(circle) if circle in set(Circle) else None,
    )


def _moment(visit: Visit, day: str, clock: str) -> datetime | None:
    """Return the moment of two fields; None when neither is filled in."""
    words = (visit.form.get(day, ""), visit.form.get(clock, ""))
    if not any(words):
        return None
    found = asked.moment(visit, *words)
    if found is None:
        raise Refusal("life.no_time", words=" ".join(words)[:40])
    return found
