"""The year's ledger and the evidence pack: one entry, many exports, for the superior organisation."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from content import Voice
from content import voice as voice_of
from domain.meeting import Held, Meeting, MeetingState
from domain.member import Unit
from domain.permission import Action
from domain.refusal import Refusal
from services import document, minutes, minutes_closing, minutes_text, permission, sheet
from services.document import Leaves, Made, of_none
from services.work import Work
from storage import held as counts
from storage import meeting_view as meetings
from storage import unit as units

FIRST_YEAR, LAST_YEAR = 2000, 2100
MOST_AT_ONCE = 64
"""So many meetings go into a pack that is made while a chat waits; more are for the command line."""
MOST = 1_000
"""So many go into one that is made as a job."""
LONGEST_CELL = 32_767
"""So many characters a spreadsheet keeps in a cell."""
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
Converter = Callable[[Mapping[str, bytes]], Mapping[str, bytes]]
COLUMNS = (
    "day", "unit", "kind", "title", "place", "chair", "should", "came", "leave", "absent", "voting", "voting_came",
    "agenda", "decisions", "votes", "state", "digest",
)  # fmt: skip


@dataclass(slots=True)
class Pack:
    """Files with what each of them is."""

    files: dict[str, bytes] = field(default_factory=dict)
    facts: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def add(self, name: str, body: bytes, **facts: Any) -> None:  # noqa: ANN401 - JSON
        """Add a file."""
        self.files[name] = body
        self.facts[name] = facts


def places(work: Work, member_id: int) -> list[Unit]:
    """Return the units whose year this person may take away."""
    found: dict[int, Unit] = {}
    for top in permission.scope(work, member_id, Action.PLAN_MEETINGS):
        for unit in units.beneath(work.connection, top.path):
            found.setdefault(unit.id, unit)
    return list(found.values())


def demand_unit(work: Work, member_id: int, unit_id: int) -> Unit:
    """Return a unit whose year this person may take away."""
    unit = units.get(work.connection, unit_id)
    if unit is None:
        raise Refusal("document.not_yours")
    permission.demand_permission(work, member_id, Action.PLAN_MEETINGS, unit)
    return unit


def _span(work: Work, year: int) -> tuple[datetime, datetime]:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Refusal("document.no_year")
    return work.organisation.start_of(date(year, 1, 1)), work.organisation.start_of(date(year + 1, 1, 1))


def of_year(work: Work, unit: Unit, year: int) -> list[Meeting]:
    """Return the meetings of a unit and all beneath it that were held in a year."""
    return meetings.held_between(work.connection, unit.path, *_span(work, year))


def count(work: Work, unit: Unit, year: int) -> int:
    """Return how many those are."""
    return meetings.count_held(work.connection, unit.path, *_span(work, year))


def demand_few(work: Work, unit: Unit, year: int, most: int) -> int:
    """Refuse a year with more meetings than that; the refusal names the command. Returns how many there are."""
    many = count(work, unit, year)
    if many > most:
        raise Refusal("document.too_many", count=many, most=most, unit_code=unit.code, year=year)
    return many


def ledger(work: Work, unit: Unit, year: int, most: int | None = None) -> Made:
    """Return the year's ledger as XLSX: a row a meeting. `most`: more meetings are refused."""
    if most is not None:
        demand_few(work, unit, year, most)
    name, header = ledger_head(work, year)
    return Made(f"{name}.xlsx", sheet.write_xlsx(str(year), header, list(ledger_rows(work, unit, year))))


def ledger_head(work: Work, year: int) -> tuple[str, list[str]]:
    """Return the name of a year's ledger, and its header."""
    voice = voice_of(work.organisation.language)
    header = [voice.label(f"document.column_{column}") for column in COLUMNS]
    return f"{voice.label('document.ledger')}-{year}", header


def ledger_rows(work: Work, unit: Unit, year: int) -> Iterator[list[sheet.Cell]]:
    """Yield the ledger's rows, in the order in which the meetings were held."""
    voice = voice_of(work.organisation.language)
    found = of_year(work, unit, year)
    here = sorted({one.unit_id for one in found})
    known = {one.meeting_id: one for one in counts.between(work.connection, here, *_span(work, year))}
    for one in found:
        yield _row(work, voice, one, known[one.id])


def _row(work: Work, voice: Voice, one: Meeting, held: Held) -> list[sheet.Cell]:
    agenda = minutes.agenda_of(work, one)
    chair = document.facts_of(work, "notice", one)["chair"]
    votes = [minutes_text.vote_words(work, voice, one, item) for item in agenda.items]
    leave = held.leave - held.came_on_leave
    numbers = (held.should, held.came, leave, held.should - held.came - leave, held.voting, held.voting_came)
    cells: list[sheet.Cell] = [
        work.organisation.local(one.starts_at).strftime("%Y-%m-%d %H:%M"),
        one.unit_name,
        voice.label(f"document.kind_{one.kind.value}"),
        one.title,
        one.place,
        str(chair),
        *numbers,
        "\n".join(f"{place}. {item.title}" for place, item in enumerate(agenda.items, 1)),
        "\n".join(item.decision for item in agenda.items if item.decision),
        "\n".join(words for words in votes if words),
        voice.label(f"minutes.state_{one.state.value}"),
        one.digest,
    ]
    return [_whole(voice, cell) if isinstance(cell, str) else cell for cell in cells]


def _whole(voice: Voice, cell: str) -> str:
    """Return what fits into a cell; what was cut says so."""
    mark = voice.label("document.cut")
    return cell if len(cell) <= LONGEST_CELL else cell[: LONGEST_CELL - len(mark)] + mark


def pack(
    work: Work,
    unit: Unit,
    year: int,
    convert: Converter | None = None,
    most: int | None = None,
    leaves: Leaves = of_none,
) -> Made:
    """Return the evidence pack: ledger, minutes and sign-in sheets in one zip, with a manifest of their hashes.

    `convert`: makes PDFs of the DOCX files, by name; they are added. `most`: more meetings than this are refused.
    `leaves`: of which meetings the sign-in sheets may say who was on leave.
    """
    if most is not None:
        demand_few(work, unit, year, most)
    making = packing(work, unit, year, convert, leaves)
    while True:
        try:
            next(making)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def packing(
    work: Work, unit: Unit, year: int, convert: Converter | None = None, leaves: Leaves = of_none
) -> Generator[int, None, Made]:
    """Make the same pack a meeting at a time: yields how many are written, and returns the pack."""
    found, made = of_year(work, unit, year), Pack()
    book = ledger(work, unit, year)
    made.add(book.name, book.body, kind="ledger")
    for place, one in enumerate(found):
        yield place
        _add_meeting(work, made, one, leaves)
    if convert is not None:
        written = {name: body for name, body in made.files.items() if name.endswith(".docx")}
        for name, body in convert(written).items():
            made.add(name, body, kind="pdf")
    facts = {
        "organisation": work.organisation.name,
        "unit": {"code": unit.code, "name": unit.name},
        "year": year,
        "made_at": work.now.isoformat(timespec="seconds"),
        "meetings": [_described(work, one) for one in found],
    }
    name = f"{voice_of(work.organisation.language).label('document.pack')}-{year}.zip"
    return Made(name, zipped(made, facts))


def _add_meeting(work: Work, made: Pack, one: Meeting, leaves: Leaves) -> None:
    written = document.make(work, "minutes", one)
    made.add(f"minutes/{written.name}", written.body, kind="minutes", meeting=one.id)
    if one.state is MeetingState.CLOSED:
        # The closed text itself: its hash is the one in the manifest, and anybody can compute it again.
        text = meetings.closed_text(work.connection, one.id).encode()
        made.add(f"minutes/{document.name_of(work, one, 'minutes', 'txt')}", text, kind="closed_text", meeting=one.id)
    signed = document.make(work, "sign_in", one, leaves=leaves(one))
    made.add(f"sign-in/{signed.name}", signed.body, kind="sign_in", meeting=one.id)


def _described(work: Work, one: Meeting) -> dict[str, Any]:
    added = minutes_closing.addenda(work, one)
    return {
        "id": one.id,
        "unit": one.unit_name,
        "day": work.organisation.local(one.starts_at).date().isoformat(),
        "kind": one.kind.value,
        "title": one.title,
        "state": one.state.value,
        "closed_at": one.closed_at.isoformat(timespec="seconds") if one.closed_at else None,
        "digest": one.digest,
        "addenda": [
            {"at": each.at.isoformat(timespec="seconds"), "by": each.by, "text": each.text, "digest": each.digest}
            for each in added
        ],
    }


def zipped(made: Pack, facts: Mapping[str, Any]) -> bytes:
    """Return the zip: the manifest first, then the files by name."""
    listed = [
        {"name": name, "size": len(body), "sha256": hashlib.sha256(body).hexdigest(), **made.facts[name]}
        for name, body in sorted(made.files.items())
    ]
    manifest = json.dumps({"format": 1, **facts, "files": listed}, ensure_ascii=False, indent=1)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, body in [("manifest.json", manifest.encode()), *sorted(made.files.items())]:
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, body)
    return target.getvalue()
