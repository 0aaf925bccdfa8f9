"""What a company's roster says: which column is which, what each row means, and what importing it would change."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum

from domain.member import Standing, UnitKind
from domain.permission import Role
from domain.political_status import standings_in

LONGEST_NUMBER = 64
LONGEST_NAME = 40
HEADER_WITHIN = 20

_ALIASES: dict[str, tuple[str, ...]] = {
    "number": (
        "工号",
        "员工号",
        "员工编号",
        "人员编号",
        "职工号",
        "职工编号",
        "编号",
        "人员编码",
        "员工工号",
        "employeeno",
        "employeeid",
        "staffno",
        "no",
    ),
    "name": ("姓名", "名字", "员工姓名", "人员姓名", "职工姓名", "name", "fullname"),
    "department": (
        "部门",
        "所属部门",
        "所在部门",
        "部门名称",
        "部门路径",
        "所属组织",
        "行政部门",
        "department",
        "dept",
    ),
    "level1": ("一级部门", "公司", "所属公司"),
    "level2": ("二级部门",),
    "level3": ("三级部门", "科室", "班组", "车间"),
    "politics": ("政治面貌", "政治面目", "党员身份", "人员类别", "politicalstatus"),
    "branch": ("党支部", "所属党支部", "所在党支部", "党组织", "所在支部", "支部", "partybranch"),
    "party_group": ("党小组", "所属党小组", "所在党小组", "partygroup"),
    "union_member": ("工会会员", "是否工会会员", "会员", "unionmember"),
    "union": ("工会", "所属工会", "工会组织", "分会", "union"),
    "league": ("团支部", "所属团支部", "团组织", "leaguebranch"),
    "women": ("妇联", "妇联组织", "妇委会", "womensfederation"),
    "role": ("职责", "角色", "党群职务", "组织职务", "党内职务", "role"),
    "unit": ("组织名称", "机构名称", "单位名称", "unitname", "unit"),
    "unit_code": ("组织编码", "组织代码", "机构编码", "unitcode"),
    "parent": ("上级组织", "上级", "上级机构", "父级组织", "上级单位", "parent"),
    "unit_kind": ("组织类型", "机构类型", "类型", "kind"),
}
_COLUMN = {alias: column for column, aliases in _ALIASES.items() for alias in aliases}
_KINDS = (
    ("党小组", UnitKind.PARTY_GROUP),
    ("党支部", UnitKind.PARTY_BRANCH),
    ("党总支", UnitKind.PARTY_COMMITTEE),
    ("党委", UnitKind.PARTY_COMMITTEE),
    ("团支部", UnitKind.LEAGUE_BRANCH),
    ("团委", UnitKind.LEAGUE_BRANCH),
    ("工会", UnitKind.UNION),
    ("妇联", UnitKind.WOMEN),
    ("妇委会", UnitKind.WOMEN),
    ("集团", UnitKind.GROUP),
)
_ROLES = (
    (("党小组组长", "党小组长", "小组长"), Role.GROUP_LEADER, "party_group"),
    (("支部书记", "党支部书记", "支书"), Role.BRANCH_SECRETARY, "branch"),
    (("支部委员", "党支部委员", "支委"), Role.COMMITTEE_MEMBER, "branch"),
    (("党委书记", "党委委员", "党委副书记"), Role.COMMITTEE, "branch"),
    (("工会主席", "工会干部", "工会委员"), Role.UNION_OFFICER, "union"),
    (("团支部书记", "团支书", "团干部"), Role.LEAGUE_OFFICER, "league"),
    (("妇联主席", "妇联主任", "妇女主任", "妇联干部"), Role.WOMENS_OFFICER, "women"),
    (("管理员", "系统管理员"), Role.ADMINISTRATOR, "department"),
)
_YES = {"是", "y", "yes", "1", "true", "√", "✓", "会员", "有"}
_TOTALS = ("合计", "总计", "小计", "共计", "total")
_CUTS = re.compile(r"\s*(?:/|＞|>|→|\\|｜|\|)\s*")


class Fate(StrEnum):
    """What importing a row would do."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    IGNORED = "ignored"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit that the file names: path of names from the top (without the root), and its kind."""

    path: tuple[str, ...]
    kind: UnitKind


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as the file has them."""

    number: str
    name: str
    standings: frozenset[Standing]
    units: frozenset[tuple[str, ...]]
    roles: frozenset[tuple[Role, tuple[str, ...]]]
    covers: frozenset[Standing | UnitKind] = frozenset()
    """What the file has columns for; of everything else it says nothing, so that stays as it is."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What will happen to a row, and why; `code` and `facts` make the sentence."""

    row: int
    fate: Fate
    code: str
    facts: Mapping[str, object] = field(default_factory=dict)
    table: str = ""
    """In which of the file's tables the row stands, where that was noted while reading."""


@dataclass(slots=True)
class Reading:
    """A roster file, read: people by number, units by path, and a verdict for each row that is not plain."""

    people: dict[str, tuple[int, PersonRow]] = field(default_factory=dict)
    units: dict[tuple[str, ...], UnitKind] = field(default_factory=dict)
    tree: list[tuple[str, ...]] = field(default_factory=list)
    """Those of the units that a table of units declared."""
    verdicts: list[Verdict] = field(default_factory=list)
    understood: dict[str, str] = field(default_factory=dict)
    """Column -> the header that was taken for it."""
    table: str = ""
    """Which of the file's tables is being read."""

    def say(self, row: int, fate: Fate, code: str, **facts: object) -> None:
        """Add a verdict."""
        self.verdicts.append(Verdict(row, fate, code, facts, self.table))


_COVERS: dict[str, tuple[Standing | UnitKind, ...]] = {
    "politics": (Standing.PARTY_FULL, Standing.PARTY_PROBATIONARY, Standing.PARTY_APPLICANT, Standing.LEAGUE),
    "union_member": (Standing.UNION,),
    "union": (Standing.UNION, UnitKind.UNION),
    "league": (Standing.LEAGUE, UnitKind.LEAGUE_BRANCH),
    "branch": (UnitKind.PARTY_BRANCH, UnitKind.PARTY_COMMITTEE),
    "party_group": (UnitKind.PARTY_GROUP,),
    "women": (UnitKind.WOMEN,),
    "department": (UnitKind.DEPARTMENT, UnitKind.GROUP),
    "level1": (UnitKind.DEPARTMENT, UnitKind.GROUP),
}


def covered_by(columns: AbstractSet[str]) -> frozenset[Standing | UnitKind]:
    """Return what a file with these columns speaks about."""
    return frozenset(what for column in columns for what in _COVERS.get(column, ()))


def plain_header(cell: str) -> str:
    """Return a header without blanks, stars and remarks in brackets."""
    return re.sub(r"[\s*＊:：]|[(（].*?[)）]", "", cell).lower()


def find_header(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]] | None:
    """Find the header among the first rows: (its place, column -> position); None when there is none."""
    best: tuple[int, dict[str, int]] | None = None
    for at, row in enumerate(rows[:HEADER_WITHIN]):
        columns: dict[str, int] = {}
        for position, cell in enumerate(row):
            column = _COLUMN.get(plain_header(cell))
            if column is not None:
                columns.setdefault(column, position)
        known = {"number", "name"} <= columns.keys() or {"unit", "parent"} <= columns.keys()
        if known and (best is None or len(columns) > len(best[1])):
            best = (at, columns)
    return best


def kind_of(name: str, wish: str = "") -> UnitKind:
    """Return what a unit is, from its type or its name."""
    for words, kind in _KINDS:
        if words in wish or (not wish and name.endswith(words)):
            return kind
    return next((kind for words, kind in _KINDS[:-1] if words in name), UnitKind.DEPARTMENT)


def width_of(numbers: Sequence[str]) -> int:
    """Return the width that this file pads numbers to: those with zeros before are all equally long; else 0."""
    padded = {len(number) for number in numbers if number.isascii() and number.isdigit() and number.startswith("0")}
    return padded.pop() if len(padded) == 1 else 0


def by_digits(known: Iterable[str]) -> dict[str, str]:
    """Return numbers of nothing but digits by what they are without zeros before; where two are the same, ""."""
    found: dict[str, str] = {}
    for number in known:
        if number.isdigit():
            stripped = number.lstrip("0")
            found[stripped] = "" if stripped in found else number
    return found


def restore_zeros(number: str, width: int, known: AbstractSet[str], digits: Mapping[str, str]) -> str:
    """Give a number its lost zeros back: to the file's width, or as it stands in the roster already.

    `digits`: the roster's numbers, see `by_digits`.
    """
    if not (number.isascii() and number.isdigit()) or number in known:
        return number
    if width > len(number):
        return number.zfill(width)
    return digits.get(number.lstrip("0")) or number


def read_units(reading: Reading, rows: Sequence[Sequence[str]], header: int, columns: Mapping[str, int]) -> None:
    """Read an organisation table: each row names a unit and the one above it. Orphans and cycles are errors."""
    named: dict[str, tuple[int, str, str]] = {}
    for at, row in enumerate(rows[header + 1 :], header + 2):
        name = _cell(row, columns, "unit")
        if not name or name.lower().startswith(_TOTALS):
            continue
        key = _cell(row, columns, "unit_code") or name
        if key in named or name in named:
            reading.say(at, Fate.ERROR, "roster.unit_twice", name=name, first=named.get(key, named.get(name, (0,)))[0])
            continue
        named[key] = (at, name, _cell(row, columns, "parent"))
        named.setdefault(name, named[key])
    for at, name, _ in dict.fromkeys(named.values()):
        path = _path_to_top(reading, named, at, name)
        if path is not None:
            wish = _cell(rows[at - 1], columns, "unit_kind")
            reading.units[path] = kind_of(name, wish)
            reading.tree.append(path)


def _path_to_top(
    reading: Reading, named: Mapping[str, tuple[int, str, str]], at: int, name: str
) -> tuple[str, ...] | None:
    path = [name]
    parent = named[name][2]
    while parent:
        found = named.get(parent)
        if found is None:
            reading.say(at, Fate.ERROR, "roster.orphan", name=name, parent=parent)
            return None
        if found[1] in path:
            reading.say(at, Fate.ERROR, "roster.cycle", name=name, chain=" → ".join([*path, found[1]]))
            return None
        path.append(found[1])
        parent = found[2]
    return tuple(reversed(path))


def _cell(row: Sequence[str], columns: Mapping[str, int], column: str) -> str:
    position = columns.get(column)
    return row[position].strip() if position is not None and position < len(row) else ""


def read_people(
    reading: Reading,
    rows: Sequence[Sequence[str]],
    header: int,
    columns: Mapping[str, int],
    known_numbers: AbstractSet[str],
) -> None:
    """Read a table of people."""
    width = width_of([_cell(row, columns, "number") for row in rows[header + 1 :]])
    digits = by_digits(known_numbers)
    names: Counter[str] = Counter()
    for at, row in enumerate(rows[header + 1 :], header + 2):
        if not any(cell.strip() for cell in row):
            continue
        number, name = _cell(row, columns, "number"), _cell(row, columns, "name")
        if not number or not name:
            total = any(cell.strip().lower().startswith(_TOTALS) for cell in row)
            fate, code = (Fate.IGNORED, "roster.total_row") if total else (Fate.ERROR, "roster.no_number_or_name")
            reading.say(at, fate, code)
            continue
        if number.lower().startswith(_TOTALS) or name.lower().startswith(_TOTALS):
            reading.say(at, Fate.IGNORED, "roster.total_row")
            continue
        _read_person(reading, at, row, columns, restore_zeros(number, width, known_numbers, digits), number)
        names[name] += 1
    called: dict[str, list[str]] = {name: [] for name, count in names.items() if count > 1}
    for number, (_, person) in reading.people.items():
        if person.name in called:
            called[person.name].append(number)
    for name, numbers in sorted(called.items()):
        if len(numbers) > 1:
            reading.say(0, Fate.IGNORED, "roster.namesakes", name=name, numbers="、".join(sorted(numbers)))


def _read_person(
    reading: Reading, at: int, row: Sequence[str], columns: Mapping[str, int], number: str, written: str
) -> None:
    name = _cell(row, columns, "name")
    if len(number) > LONGEST_NUMBER or len(name) > LONGEST_NAME:
        reading.say(at, Fate.ERROR, "roster.too_long", longest=LONGEST_NAME)
        return
    politics = _cell(row, columns, "politics")
    known, understood = standings_in(politics)
    standings = set(known)
    if not understood:
        reading.say(at, Fate.IGNORED, "roster.politics_unknown", words=politics[:LONGEST_NAME])
    units = _units_of(reading, row, columns)
    if _cell(row, columns, "union_member").lower() in _YES or "union" in units:
        standings.add(Standing.UNION)
    if "league" in units:
        standings.add(Standing.LEAGUE)
    roles = _roles_of(reading, at, _cell(row, columns, "role"), units)
    covers = covered_by(columns.keys() if understood else columns.keys() - {"politics"})
    person = PersonRow(number, name, frozenset(standings), frozenset(units.values()), roles, covers)
    before = reading.people.get(number)
    if before is not None:
        same = before[1] == person
        fate, code = (Fate.IGNORED, "roster.same_twice") if same else (Fate.ERROR, "roster.number_twice")
        reading.say(at, fate, code, number=number, first=before[0])
        return
    if written != number:
        reading.say(at, Fate.IGNORED, "roster.zeros_restored", written=written, number=number)
    reading.people[number] = (at, person)


def _units_of(reading: Reading, row: Sequence[str], columns: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Return column -> path of the units that a row names, and note units that nobody has declared."""
    found: dict[str, tuple[str, ...]] = {}
    parts = [part for part in _CUTS.split(_cell(row, columns, "department")) if part]
    levels = [_cell(row, columns, level) for level in ("level1", "level2", "level3")]
    department = tuple(part for part in ([*levels, *parts]) if part)
    if department:
        found["department"] = _declared(reading, department)
    for column in ("branch", "union", "league", "women"):
        names = tuple(
            part for part in _CUTS.split(_cell(row, columns, column)) if part and part not in {"无", "-", "—"}
        )
        if names:
            found[column] = _declared(reading, names)
    group = _cell(row, columns, "party_group")
    if group and group not in {"无", "-", "—"}:
        found["party_group"] = _declared(reading, (*found.get("branch", ()), group))
    return found


def _declared(reading: Reading, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the path in the file's own table that ends in these names, else this path, noted with all above it.

    What other rows name is no table: 分公司/综合部 in one row says nothing about 综合部 in the next.
    """
    matches = [known for known in reading.tree if known[-len(path) :] == path]
    if path not in matches and len(matches) == 1:
        return matches[0]
    for length in range(1, len(path) + 1):
        reading.units.setdefault(path[:length], kind_of(path[length - 1]))
    return path


def _roles_of(
    reading: Reading, at: int, words: str, units: Mapping[str, tuple[str, ...]]
) -> frozenset[tuple[Role, tuple[str, ...]]]:
    found: set[tuple[Role, tuple[str, ...]]] = set()
    for word in re.split(r"[、,，;；/\s]+", words):
        if not word or word in {"无", "-", "—", "党员", "群众"}:
            continue
        match = next(((role, column) for aliases, role, column in _ROLES if word in aliases), None)
        if match is None:
            reading.say(at, Fate.IGNORED, "roster.role_unknown", role=word)
        elif match[0] is Role.ADMINISTRATOR:
            found.add((match[0], ()))
        elif match[1] not in units:
            reading.say(at, Fate.ERROR, "roster.role_without_unit", role=word)
        else:
            found.add((match[0], units[match[1]]))
    return frozenset(found)
