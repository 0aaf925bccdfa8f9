"""Importing the roster: first what would happen, row by row; then, in one transaction, that and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from content import Voice
from domain.member import Standing, UnitKind
from domain.permission import Role
from domain.refusal import Refusal
from domain.roster import LONGEST_NUMBER, Fate, PersonRow, Reading, Verdict, find_header, read_people, read_units
from services import roster_writing as writing
from services import sheet
from services.sheet import Sheet
from services.work import Work
from storage import audit, stretch
from storage import campaign as campaigns
from storage import member as members
from storage import roster as table
from storage import unit as units
from storage.roster import Kept


@dataclass(frozen=True, slots=True)
class Plan:
    """What importing a file would do."""

    verdicts: tuple[Verdict, ...]
    counts: Counter[Fate]
    new_units: tuple[str, ...]
    absent: int
    """People in the roster whom the file doesn't name; they stay."""
    reading: Reading = field(repr=False)
    people: Sequence[PersonRow] = field(repr=False)
    """Those who are new or changed."""
    known: Mapping[str, Kept] = field(repr=False)
    """The people of the file who are in the roster, as they are."""
    paths: Mapping[tuple[str, ...], int] = field(repr=False)
    """The units of the file that are there, and all others."""
    mark: table.Mark = field(repr=False)
    """What tells whether somebody came, or the tree changed, since this was planned."""

    @property
    def changes(self) -> bool:
        """Whether anything would change."""
        return bool(self.counts[Fate.NEW] or self.counts[Fate.CHANGED] or self.new_units)


def plan(work: Work, name: str, body: bytes) -> Plan:
    """Read a file and say what importing it would do. Nothing is written. Raises the refusal of an unreadable file."""
    return plan_of(work, sheet.read(name, body))


def plan_of(work: Work, sheets: Sequence[Sheet]) -> Plan:
    """Say what importing the tables of a file would do."""
    left = table.numbers(work.connection)
    reading = _read(sheets, left.keys())
    known = table.some(work.connection, reading.people.keys() & left.keys(), work.now)
    paths = _paths(work, reading)
    fates: Counter[Fate] = Counter()
    verdicts, people = list(reading.verdicts), []
    for number, (row, person) in reading.people.items():
        verdict = _verdict(row, person, known.get(number), paths)
        fates[verdict.fate] += 1
        verdicts.append(verdict)
        if verdict.fate is not Fate.SAME:
            people.append(person)
    fates[Fate.ERROR] += sum(1 for verdict in reading.verdicts if verdict.fate is Fate.ERROR)
    fates[Fate.IGNORED] += sum(1 for verdict in reading.verdicts if verdict.fate is Fate.IGNORED and verdict.row)
    new_units = tuple("/".join(path) for path in sorted(reading.units, key=writing.order) if path not in paths)
    absent = sum(1 for number, gone in left.items() if not gone and number not in reading.people)
    verdicts.sort(key=lambda verdict: verdict.row)
    mark = table.mark(work.connection)
    return Plan(tuple(verdicts), fates, new_units, absent, reading, people, known, paths, mark)


def in_figures(made: Plan) -> dict[str, object]:
    """Return what a sentence about an import says."""
    counts = made.counts
    skipped = counts[Fate.SAME] + counts[Fate.IGNORED]
    return {
        "new": counts[Fate.NEW], "changed": counts[Fate.CHANGED], "skipped": skipped, "errors": counts[Fate.ERROR],
        "same": counts[Fate.SAME], "ignored": counts[Fate.IGNORED], "absent": made.absent,
        "new_units": len(made.new_units),
    }  # fmt: skip


def _read(sheets: Sequence[Sheet], known: AbstractSet[str]) -> Reading:
    reading = Reading()
    tables = [(one, find_header(one.rows)) for one in sheets]
    found = [(one, header) for one, header in tables if header is not None]
    if not found:
        raise Refusal("roster.no_header")
    for one, (at, columns) in found:
        reading.table = one.name
        if "parent" in columns and "unit" in columns:
            read_units(reading, one.rows, at, columns)
    for one, (at, columns) in found:
        reading.table = one.name
        if "number" in columns:
            reading.understood.update({column: one.rows[at][place] for column, place in columns.items()})
            read_people(reading, one.rows, at, columns, known)
    return reading


def _paths(work: Work, reading: Reading) -> dict[tuple[str, ...], int]:
    """Return path -> unit id of what exists: what this path made earlier, else where it leads from above.

    A first name that only one unit has, in the tree and in this file, is that unit: a file may leave out what is above.
    """
    existing = table.unit_paths(work.connection)
    places = {number: path for path, number in existing.items()}
    everything = {*existing, *(writing.without_root(work, path) for path in reading.units)}
    found = dict(existing)
    for path in sorted(reading.units, key=writing.order):
        short = writing.without_root(work, path)
        made = None if short in existing else units.by_code(work.connection, writing.code_of(short))
        if made is not None and made.name == path[-1]:
            found[path] = made.id
            continue
        if short not in existing and len(short) == 1:
            endings = [known for known in everything if known != short and known[-1:] == short]
            short = endings[0] if len(endings) == 1 else short
        elif short not in existing and path[:-1] in found:
            short = (*places[found[path[:-1]]], path[-1])
        if short in existing:
            found[path] = existing[short]
    return found


def _verdict(row: int, person: PersonRow, kept: Kept | None, paths: Mapping[tuple[str, ...], int]) -> Verdict:
    if kept is None:
        return Verdict(row, Fate.NEW, "roster.new", {"name": person.name, "number": person.number})
    if kept.left:
        return Verdict(row, Fate.CHANGED, "roster.returns", {"name": person.name, "number": person.number})
    changes = _changes(person, kept, paths)
    if not changes:
        return Verdict(row, Fate.SAME, "roster.same", {"name": person.name, "number": person.number})
    facts = {"name": person.name, "number": person.number, "before": kept.name, "differs": changes}
    return Verdict(row, Fate.CHANGED, "roster.changed", facts)


def said(speech: Voice, verdict: Verdict) -> str:
    """Return a verdict as a sentence."""
    facts = dict(verdict.facts)
    if verdict.code == "roster.changed":
        differs = verdict.facts["differs"]
        assert isinstance(differs, list)  # noqa: S101 - made here
        comma = "、" if speech.language == "zh" else ", "
        words = {"before": facts["before"], "after": facts["name"]}
        facts["what"] = comma.join(speech.label(f"roster.differs_{one}", **words) for one in differs)
    return speech.line(verdict.code, **facts)


def _changes(person: PersonRow, kept: Kept, paths: Mapping[tuple[str, ...], int]) -> list[str]:
    """Return what differs. What the file has no column for is left alone, roles are only added."""
    changes = []
    if person.name != kept.name:
        changes.append("name")
    if writing.standings_of(person, kept) != kept.standings - {Standing.EMPLOYEE}:
        changes.append("standing")
    if writing.places_of(person, kept, paths) != frozenset(kept.units):
        changes.append("units")
    if any((role, paths.get(path, 0)) not in kept.roles for role, path in person.roles):
        changes.append("roles")
    return changes


def apply(work: Work, name: str, body: bytes, actor_id: int | None = None, *, skip_errors: bool = False) -> Plan:
    """Import the file in this transaction, exactly as `plan` said. Refuses when rows are wrong, unless skipped."""
    return apply_of(work, sheet.read(name, body), actor_id, skip_errors=skip_errors)


def apply_of(work: Work, sheets: Sequence[Sheet], actor_id: int | None, *, skip_errors: bool) -> Plan:
    """Import the tables of a file that was read before."""
    return carry_out(work, sheets, plan_of(work, sheets), actor_id, skip_errors=skip_errors)


def carry_out(work: Work, sheets: Sequence[Sheet], made: Plan, actor_id: int | None, *, skip_errors: bool) -> Plan:
    """Import as it was planned, perhaps a while ago; where the roster is another by now, it is planned again here."""
    if not _holds(work, made):
        made = plan_of(work, sheets)
    if made.counts[Fate.ERROR] and not skip_errors:
        raise Refusal("roster.has_errors", count=made.counts[Fate.ERROR])
    if not made.changes:
        return made
    # Announcements on their way reach whom they were sent to, not whoever belongs there from now on.
    for campaign in stretch.uncounted(work.connection):
        campaigns.change(work.connection, campaign, **campaigns.census(work.connection, campaign))
    stretch.fix(work.connection)
    writing.write(work, made.people, made.reading.units, made.known, made.paths, actor_id)
    new, changed = made.counts[Fate.NEW], made.counts[Fate.CHANGED]
    audit.note(work.connection, work.now, actor_id, "roster.import", None, new=new, changed=changed)
    return made


def _holds(work: Work, made: Plan) -> bool:
    """Answer whether a plan would be made the same way now."""
    same = table.mark(work.connection) == made.mark
    return same and table.some(work.connection, made.known, work.now) == made.known


def number_meant(work: Work, written: str) -> str:
    """Return the number in the roster that somebody means who leaves its zeros out, as the import would; else as it is.

    Looked up by each width instead of among everybody: a roster may hold a million.
    """
    digits = written.lstrip("0")
    if not (digits.isascii() and digits.isdigit()) or members.by_employee_no(work.connection, written) is not None:
        return written
    spellings = [digits.zfill(width) for width in range(len(digits), LONGEST_NUMBER + 1)]
    found = [one for one in spellings if members.by_employee_no(work.connection, one) is not None]
    return found[0] if len(found) == 1 else written


_POLITICS = {
    Standing.PARTY_FULL: "中共党员",
    Standing.PARTY_PROBATIONARY: "中共预备党员",
    Standing.PARTY_APPLICANT: "入党积极分子",
    Standing.LEAGUE: "共青团员",
}
_COLUMNS = {
    "部门": (UnitKind.DEPARTMENT,),
    "党支部": (UnitKind.PARTY_BRANCH, UnitKind.PARTY_COMMITTEE),
    "党小组": (UnitKind.PARTY_GROUP,),
    "工会": (UnitKind.UNION,),
    "团支部": (UnitKind.LEAGUE_BRANCH,),
    "妇联": (UnitKind.WOMEN,),
}
_ROLE_WORDS = {
    Role.GROUP_LEADER: "党小组长",
    Role.BRANCH_SECRETARY: "支部书记",
    Role.COMMITTEE_MEMBER: "支部委员",
    Role.COMMITTEE: "党委委员",
    Role.UNION_OFFICER: "工会干部",
    Role.LEAGUE_OFFICER: "团干部",
    Role.WOMENS_OFFICER: "妇联干部",
    Role.ADMINISTRATOR: "管理员",
}


def export_rows(work: Work, only: AbstractSet[int] | None = None) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the roster, in the layout that `import roster` reads back without a change.

    `only`: these people alone, also those among them who have left.
    """
    return export_header(), list(export_each(work, only))


def export_header() -> list[str]:
    """Return what stands above the rows of an export."""
    return ["工号", "姓名", "政治面貌", "工会会员", *_COLUMNS, "职责"]


def export_each(work: Work, only: AbstractSet[int] | None = None) -> Iterator[list[str]]:
    """Yield the rows of an export, by number."""
    paths = {number: path for path, number in table.unit_paths(work.connection).items()}
    for number, person in sorted(table.everybody(work.connection, work.now).items()):
        if person.left if only is None else person.id not in only:
            continue
        politics = "、".join(_POLITICS[one] for one in sorted(person.standings) if one in _POLITICS) or "群众"
        union = "是" if Standing.UNION in person.standings else "否"
        cells, shown = [], set()
        for kinds in _COLUMNS.values():
            ours = [unit_id for kind in kinds for unit_id, one in sorted(person.units.items()) if one is kind]
            shown.update(ours[:1])
            path = paths.get(ours[0], ()) if ours else ()
            # A group stands beneath the branch of its row: the file names it alone.
            cells.append("/".join(path[-1:] if UnitKind.PARTY_GROUP in kinds else path))
        held = [r for r, unit_id in sorted(person.roles) if unit_id in shown or r is Role.ADMINISTRATOR]
        yield [number, person.name, politics, union, *cells, "、".join(_ROLE_WORDS[role] for role in held)]
