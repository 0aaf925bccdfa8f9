"""Merging at an officer's desk: what seems to be about the same, joining two after both were seen, and undoing it."""

from __future__ import annotations

from dataclasses import dataclass

from domain import demand_similar as likeness
from domain.demand import Act, Case
from domain.refusal import Refusal
from domain.reply import Personal
from services import demand_category, demand_merge, demand_view, desk, words
from services.work import Work
from storage import audit
from storage import demand as table
from storage import demand_merge as merges

LOOKED_AT = 300
"""So many open demands of a desk are compared, the newest."""
CUT = 600
"""So many characters of a text say what it is about."""


@dataclass(frozen=True, slots=True)
class Similar:
    """A demand that seems to be about the same, and the words that say so."""

    case: Case
    shared: tuple[str, ...]


def similar(work: Work, officer_id: int, case: Case) -> list[Similar] | None:
    """Return open demands on the same desk that seem to be about the same as this one, likeliest first.

    Nothing about hardship is compared: an answer to one person's misfortune is nobody else's. None: the dictionary is
    not there yet, ask again in some seconds.
    """
    if not case.open or _hardship(case) or demand_merge.lead_of(work, case) is not None:
        return []
    if not words.ready():
        return None
    rows = merges.candidates(work.connection, officer_id, case.id, LOOKED_AT)
    others = {
        number: (category, text[:CUT])
        for number, category, text in rows
        if demand_category.class_of(category, text) is not Personal.HARDSHIP
    }
    found = likeness.similar(demand_category.topic(case.text[:CUT]), case.category, others) if others else []
    return [Similar(one, shared) for number, shared in found if (one := _on_desk(work, officer_id, number))]


def _hardship(case: Case) -> bool:
    return demand_view.class_of(case) is Personal.HARDSHIP


def _on_desk(work: Work, officer_id: int, number: int) -> Case | None:
    try:
        return desk.of(work, officer_id, number)
    except Refusal:
        return None


def by_number(work: Work, officer_id: int, number: str) -> Case:
    """Return what another demand on this desk may be merged with, by the number that people see."""
    found = table.by_number(work.connection, number)
    case = _on_desk(work, officer_id, found.id) if found is not None else None
    if case is None:
        raise Refusal("desk.merge_unknown")
    return case


def pair(work: Work, officer_id: int, number: int, other: int) -> tuple[Case, Case]:
    """Return two demands on one desk that may be dealt with together. Raises the refusal when they may not."""
    one, two = desk.of(work, officer_id, number), desk.of(work, officer_id, other)
    if one.id == two.id or not (one.open and two.open):
        raise Refusal("desk.merge_open")
    if _hardship(one) or _hardship(two):
        raise Refusal("desk.merge_hardship")
    if any(demand_merge.lead_of(work, case) is not None for case in (one, two)):
        raise Refusal("desk.merged_already")
    return one, two


def merge(work: Work, officer_id: int, number: int, lead_id: int) -> Case:
    """Let a demand (and all that follow it) follow another; returns the one that leads. Done twice it is done once."""
    for locked in sorted((number, lead_id)):
        table.lock(work.connection, locked)
    before = demand_merge.lead_of(work, desk.of(work, officer_id, number))
    if before is not None and before.id == lead_id:
        return before
    case, lead = pair(work, officer_id, number, lead_id)
    merges.remove(work.connection, case.id)
    merges.add(work.connection, case.id, lead.id, officer_id, work.now)
    demand_merge.note(work, case, Act.MERGE, officer_id)
    audit.note(work.connection, work.now, officer_id, "request.merge", None, number=case.number, lead=lead.number)
    return lead


def undo(work: Work, officer_id: int, number: int) -> Case:
    """Let a demand that follows another be dealt with alone again."""
    table.lock(work.connection, number)
    case = desk.of(work, officer_id, number)
    lead = demand_merge.lead_of(work, case)
    if lead is None:
        raise Refusal("desk.merged_not")
    demand_merge.part(work, case, officer_id)
    audit.note(work.connection, work.now, officer_id, "request.part", None, number=case.number, lead=lead.number)
    return case
