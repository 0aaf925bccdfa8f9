"""A unit's own Word templates: which are in use, taking one away, giving another, and going back to the shipped one."""

from __future__ import annotations

from console.grammar import Download, Go, Pages, Result, Visit
from console.life_frame import framed
from console.meanwhile import drawn_from
from domain.permission import Action
from domain.refusal import Refusal
from services import attachment, document
from services import document_pack as packing
from services import document_template as service

pages = Pages("life")


@pages.get("life/{unit}/templates", needs=Action.PLAN_MEETINGS)
def templates(visit: Visit) -> Result:
    """Show which templates a unit uses."""
    work = visit.work
    unit = packing.demand_unit(work, visit.person.id, visit.numbers["unit"])
    rows = [
        (
            one,
            visit.voice.label(f"document.{one.kind}"),
            [f"{{{{ {name} }}}}" for name in document.sample(work, one.kind)],
            _seen(one),
        )
        for one in service.in_use(work, visit.person.id, unit.id)
    ]
    facts = {"unit": unit, "rows": rows, "megabytes": service.LARGEST >> 20}
    return framed(visit, "life_templates.html", "meetings", facts)


def _seen(one: service.InUse) -> str:
    """Return the sign of what is in use, so that nobody replaces one that was never seen."""
    return drawn_from({"of": one.of, "since": one.since.isoformat() if one.since else ""})


@pages.get("life/{unit}/template", needs=Action.PLAN_MEETINGS)
def template(visit: Visit) -> Result:
    """Give the template in use, or (`which=shipped`) the one that comes with the program."""
    kind = visit.query.get("kind", "")
    if kind not in service.KINDS:
        raise Refusal("document.not_yours")
    body = service.current(visit.work, visit.person.id, visit.numbers["unit"], kind)
    if visit.query.get("which") == "shipped":
        body = service.shipped(kind)
    return Download(f"{visit.voice.label(f'document.{kind}')}.docx", service.DOCX, body, None)


@pages.post("life/{unit}/template", needs=Action.PLAN_MEETINGS)
def give(visit: Visit) -> Result:
    """Try the template that was sent and use it, or go back to the shipped one."""
    work, person, number, kind = visit.work, visit.person.id, visit.numbers["unit"], visit.form.get("kind", "")
    if kind not in service.KINDS:
        raise Refusal("document.not_yours")
    [one] = [each for each in service.in_use(work, person, number) if each.kind == kind]
    if visit.form.get("seen", "") not in {"", _seen(one)}:
        raise Refusal("document.changed_since")
    if visit.form.get("deed") == "restore":
        service.restore(work, person, number, kind)
        return Go(f"life/{number}/templates", "template_restored")
    name, body = visit.files.get("file", ("", b""))
    if not body:
        raise Refusal("document.not_a_file")
    # What is refused leaves nothing behind: the file is kept in the same transaction.
    kept = attachment.keep(work, name or f"{kind}.docx", service.DOCX, body)
    service.replace(work, person, number, kind, kept, document.sample(work, kind))
    return Go(f"life/{number}/templates", "template_replaced")
