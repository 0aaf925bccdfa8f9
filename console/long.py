"""Exports that may be long: a short one is saved at once, for a long one the page asks whether it be made as a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from console.grammar import Download, Page, Records, Result, Visit
from content import LANGUAGES, Voice, voice
from domain import job as rules
from domain.refusal import Refusal
from services import job, sheet
from services.job import Facts, Kind, Made, Part, Step
from services.sheet import Page as Table

LONGEST_FACT = 100
MOST_FACTS = 12
LONGEST_NAME = 120


def facts_of(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what a page's address or a form says, as a job keeps it."""
    named = {key: value[:LONGEST_FACT] for key, value in fields.items() if key not in {"notice", "page"} and value}
    return dict(list(named.items())[:MOST_FACTS])


def is_csv(facts: Facts) -> bool:
    """Answer whether an address asks for CSV."""
    return "csv" in (facts.get("format", ""), facts.get("as", ""))


def demand_room(facts: Facts, rows: int) -> None:
    """Raise the refusal of more rows than a file of the kind that is asked for may have."""
    most = sheet.MOST_IN_CSV if is_csv(facts) else sheet.MOST_IN_XLSX
    if rows > most:
        raise Refusal("sheet.too_long", most=most, csv=sheet.MOST_IN_CSV)


def exported(
    visit: Visit, name: str, kind: Kind, fields: Mapping[str, str], back: str, at_once: int | None = None
) -> Result:
    """Give the file that the address asks for, or offer it as a job named so. `back`: the page to go back to.

    `at_once`: so many rows are made while the browser waits, if not the usual number.
    """
    facts = {**facts_of(fields), "language": visit.voice.language}
    count = kind.count(visit.work, visit.person.id, facts)
    demand_room(facts, count)
    if count > (rules.SMALL if at_once is None else at_once):
        words = visit.words("jobs")
        said = words.get(f"offer_{name}", words["offer"]).format(count=count)
        return Page("jobs_offer.html", {"kind": name, "facts": facts, "said": said, "back": back})
    made = job.at_once(visit.work, visit.person.id, kind, facts)
    return Download(made.name, made.mime, made.body, Records(name, made.rows or count))


def speech_of(facts: Facts) -> Voice:
    """Return the language in which a job was asked for."""
    language = facts.get("language", "")
    return voice(language if language in LANGUAGES else LANGUAGES[0])


def written(
    name: str, header: Sequence[str], rows: Sequence[Sequence[sheet.Cell]], facts: Facts, title: str = ""
) -> Iterator[Part]:
    """Yield the steps of writing a table, and the file at last: CSV where the address asks for it, else XLSX."""
    name = name.replace("/", "-")[:LONGEST_NAME]
    demand_room(facts, len(rows))
    if is_csv(facts):
        yield Step(len(rows), len(rows))
        yield Made(f"{name}.csv", sheet.CSV, sheet.write_csv(header, rows), rows=len(rows))
        return
    writing = sheet.write_in_steps([Table(title or name, header, rows)])
    while True:
        try:
            yield Step(next(writing), len(rows))
        except StopIteration as end:
            yield Made(f"{name}.xlsx", sheet.XLSX, end.value, rows=len(rows))
            return
