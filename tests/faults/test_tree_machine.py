"""Rosters imported in any order: the tree stays a tree, everybody is where the last file said, rights follow it."""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import Connection

from domain.permission import MATRIX, Action, Role
from domain.refusal import Refusal
from services import permission, roles, roster
from services.work import Work
from storage import member as members
from storage import permission as grants
from storage import roster as whole
from storage import unit as units
from tests.faults.figures import record, size
from tests.faults.ground import Ground, attempt, rows

Path = tuple[str, ...]
PARTS = ("综合部", "生产部", "一车间", "甲班")
BRANCHES = ("第一党支部", "第二党支部", "集团党委/第一党支部", "生产党委/第三党支部")
NUMBERS = tuple(f"B{number:02}" for number in range(6))
COLUMNS = {"部门": "department", "党支部": "branch", "党小组": "group", "工会会员": "union", "职责": "role"}
TABLES = (members.member, members.membership, members.standing, units.unit, grants.grant)


class Row(NamedTuple):
    """A person as a file has them."""

    number: str
    name: str
    department: str
    branch: str = ""
    group: str = ""
    union: str = "否"
    role: str = ""


departments = st.builds(
    lambda top, parts: "/".join([*top, *parts]),
    st.sampled_from([(), (), ("江河集团",)]),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=3, unique=True),
)
people = st.builds(
    Row,
    st.sampled_from(NUMBERS),
    st.sampled_from(["王芳", "刘洋", "陈静"]),
    departments,
    st.sampled_from(["", *BRANCHES]),
    st.sampled_from(["", "", "第一党小组"]),
    st.sampled_from(["是", "否"]),
    st.sampled_from(["", "", "支部书记", "管理员"]),
)
files = st.lists(people, min_size=1, max_size=6, unique_by=lambda row: row.number)
declared = st.lists(
    st.tuples(st.sampled_from([*PARTS, "生产部/一车间", "江河集团"]), st.sampled_from(["", *PARTS, "江河集团"])),
    min_size=1,
    max_size=5,
    unique_by=lambda row: row[0],
)


def written(header: list[str], lines: list[list[str]]) -> bytes:
    """Return a file."""
    return "\n".join(",".join(line) for line in [header, *lines]).encode()


def roster_file(listed: list[Row], columns: list[str]) -> bytes:
    """Return a roster with these columns alone."""
    lines = [[row.number, row.name, *(getattr(row, COLUMNS[column]) for column in columns)] for row in listed]
    return written(["工号", "姓名", *columns], lines)


class Tree(RuleBasedStateMachine):
    """The organisation, told again and again."""

    def __init__(self, ground: Ground) -> None:
        """Start with the test enterprise."""
        super().__init__()
        self.ground, self.company = ground, ground.company()
        self.people: set[str] = set()
        self.units: dict[int, Any] = {}

    def teardown(self) -> None:
        """Let go."""
        self.ground.done["units"] += len(self.units)
        self.ground.clear(self.company)

    def _dump(self) -> list[list[tuple[Any, ...]]]:
        return [rows(self.company, table) for table in TABLES]

    def _known(self) -> dict[Path, int]:
        return self.company.read(whole.unit_paths)

    def _import(self, body: bytes) -> bool:
        """Import a file, and once more; answers whether it was taken. Nobody else is touched."""
        before = self.company.read(lambda c: whole.everybody(c, self.company.now))
        kept = self._dump()
        done = attempt(self.company, lambda work: roster.apply(work, "花名册", body))
        if isinstance(done, Refusal):
            assert self._dump() == kept
            return False
        once = self._dump()
        again = attempt(self.company, lambda work: roster.apply(work, "花名册", body))
        assert not again.changes
        assert self._dump() == once
        after = self.company.read(lambda c: whole.everybody(c, self.company.now))
        for number in before.keys() - done.reading.people.keys():
            assert after[number] == before[number]
        assert after.keys() == before.keys() | done.reading.people.keys()
        self.ground.done["imports"] += 1
        return True

    @rule(listed=files, columns=st.permutations(list(COLUMNS)))
    def a_whole_roster_comes(self, listed: list[Row], columns: list[str]) -> None:
        known = self._known()
        if not self._import(roster_file(listed, columns)):
            assert any(row.role == "支部书记" and not row.branch for row in listed)
            return
        places = self._places()
        for row in listed:
            group = [f"{row.branch}/{row.group}".strip("/")] if row.group else []
            said = [row.department, *([row.branch] if row.branch else []), *group]
            self._stands_where(places[row.number], [tuple(one.split("/")) for one in said], known)
        self.people |= {row.number for row in listed}

    @rule(listed=files)
    def a_roster_of_departments_comes(self, listed: list[Row]) -> None:
        known, before = self._known(), self._places()
        assert self._import(roster_file(listed, ["部门"]))
        places = self._places()
        for row in listed:
            party = [path for path in before.get(row.number, []) if "党" in path[-1]]
            said = [tuple(row.department.split("/")), *party]
            self._stands_where(places[row.number], said, known)
        self.people |= {row.number for row in listed}

    def _places(self) -> dict[str, list[Path]]:
        """Return everybody's units by their names from the top; the root is its own name."""
        names = {number: path or ("江河集团",) for path, number in self._known().items()}
        everybody = self.company.read(lambda c: whole.everybody(c, self.company.now))
        return {number: [names[unit] for unit in kept.units] for number, kept in everybody.items()}

    def _stands_where(self, places: list[Path], said: list[Path], known: dict[Path, int]) -> None:
        """Check that each unit said is just one of the places: that very one if there was such a one before."""
        assert len(places) == len(said), f"{places} for {said}"
        for one in said:
            path = one[1:] if one[0] == "江河集团" else one
            [found] = [place for place in places if place[-len(path) :] == path]
            assert found == path or path not in known, f"{found} instead of {path}"

    @rule(table=declared)
    def a_table_of_units_comes(self, table: list[tuple[str, str]]) -> None:
        names = {name for name, _ in table}
        above = dict(table)
        circles = any(self._circles(name, above) for name in names)
        orphan = any(parent and parent not in names for parent in above.values())
        body = written(["组织名称", "上级组织"], [list(line) for line in table])
        assert self._import(body) is not (circles or orphan)

    @staticmethod
    def _circles(name: str, above: dict[str, str]) -> bool:
        seen = [name]
        while (name := above.get(name, "")) and name not in seen:
            seen.append(name)
        return bool(name)

    @rule(number=st.sampled_from(NUMBERS), role=st.sampled_from(list(Role)), place=st.integers(0, 40))
    @precondition(lambda self: self.people)
    def somebody_gets_a_role(self, number: str, role: Role, place: int) -> None:
        found = self.company.read(lambda c: members.by_employee_no(c, number))
        if found is not None:
            where = sorted(self.units)[place % len(self.units)]
            self.company.write(lambda c: grants.give(c, found.id, role, where, self.company.now))

    @rule(number=st.sampled_from(NUMBERS))
    @precondition(lambda self: self.people)
    def somebody_leaves(self, number: str) -> None:
        found = self.company.read(lambda c: members.by_employee_no(c, number))
        if found is not None:
            self.company.travel(minutes=1)
            root = self.company.roll.people["root"]
            done = attempt(self.company, lambda work: roles.depart(work, root, found.id))
            assert not isinstance(done, Refusal)
            assert self.company.read(lambda c: grants.of(c, found.id, self.company.now)) == ()

    @invariant()
    def it_is_a_tree_and_no_unit_is_lost_or_made_twice(self) -> None:
        now = {row[0]: row for row in rows(self.company, units.unit)}
        assert self.units.items() <= now.items()
        self.units = now
        for number, _, _, _, parent, path, _ in now.values():
            assert path == f"{now[parent][5] if parent else '/'}{number}/"
        assert sum(row[4] is None for row in now.values()) == 1
        assert len({(row[4], row[2]) for row in now.values()}) == len(now)

    @invariant()
    def rights_reach_the_unit_and_all_beneath_it(self) -> None:
        self.company.read(self._look_at_rights)

    def _look_at_rights(self, connection: Connection) -> None:
        work: Work = self.company.work(connection)
        above = {number: row[4] for number, row in self.units.items()}
        for number in sorted(self.people)[:2]:
            person = members.by_employee_no(connection, number)
            if person is None:
                continue
            held = [(grant.role, grant.unit_id) for grant in grants.of(connection, person.id, work.now)]
            for where in sorted(above)[::3]:
                chain, one = [where], above[where]
                while one is not None:
                    chain, one = [*chain, one], above[one]
                unit = units.get(connection, where)
                assert unit is not None
                for action in (Action.GATHER, Action.AWARD_POINTS, Action.INVITE):
                    right = any(action in MATRIX[role] and at in chain for role, at in held)
                    assert permission.may(work, person.id, action, unit) is right


def test_rosters_in_any_order_leave_a_tree_with_everybody_in_place(ground: Ground) -> None:
    tries, steps = size(15, 300), size(15, 30)
    done = ground.run(lambda: Tree(ground), tries, steps)
    assert ground.done["imports"] > tries, "the machine did something"
    record(
        "花名册任意顺序 rosters in any order",
        f"{tries} × {steps} 步 steps",
        f"无环，人人在位，重复导入不变 a tree, everybody in place, twice is once ({done})",
        "0 差 differences",
    )
