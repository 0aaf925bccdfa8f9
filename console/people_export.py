"""The list of people as a file, in the layout that the import reads back; a long one in steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from console.asked import whole
from console.lists import named
from console.long import speech_of, written
from domain.member import Standing
from services import people, roster, sheet
from services.job import Facts, Kind, Part, Step
from services.people import Asked
from services.work import Work


def asked_of(fields: Mapping[str, str]) -> Asked:
    """Read what is looked for; what can't be read is not looked for."""
    standing = fields.get("standing", "")
    return Asked(
        fields.get("q", ""),
        whole(fields.get("unit", "")),
        Standing(standing) if standing in set(Standing) else None,
        {"yes": True, "no": False}.get(fields.get("bound", "")),
        fields.get("left", "") == "yes",
    )


def _count(work: Work, actor_id: int, facts: Facts) -> int:
    return people.count_to_export(work, actor_id, asked_of(facts))


def _steps(work: Work, actor_id: int, facts: Facts) -> Iterator[Part]:
    only = people.to_export(work, actor_id, asked_of(facts))
    yield Step(0, len(only))
    header, rows = roster.export_header(), []
    for row in roster.export_each(work, only):
        rows.append(row)
        if len(rows) % sheet.A_PART == 0:
            yield Step(0, len(only))
    speech = speech_of(facts)
    yield from written(named(speech, "people", "", work.today), header, rows, facts, speech.page["jobs"]["file_people"])


KIND = Kind(_count, _steps)
