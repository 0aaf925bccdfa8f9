"""导入花名册: files as companies have them; first what would happen, then one transaction, and never twice."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from functools import partial

import pytest
from openpyxl import Workbook
from sqlalchemy import Connection

from content import voice
from domain.member import Standing, UnitKind
from domain.permission import Role
from domain.refusal import Refusal
from domain.roster import Fate, by_digits, restore_zeros
from services import roster, sheet
from services.roster import Plan
from storage import member, permission, unit
from storage import roster as table
from tests.talk import Company

ROW = ("B001", "刘洋", "中共党员", "质量部", "第一党支部", "是", "")
HEADER = ("工号", "姓名", "政治面貌", "部门", "党支部", "工会会员", "职责")


def xlsx(rows: Sequence[Sequence[object]], merge: str = "", extra: Sequence[Sequence[object]] = ()) -> bytes:
    book = Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(list(row))
    if merge:
        page.merge_cells(merge)
    if extra:
        other = book.create_sheet("组织")
        for row in extra:
            other.append(list(row))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def csv(rows: Sequence[Sequence[str]], encoding: str = "utf-8") -> bytes:
    return "\r\n".join(",".join(row) for row in rows).encode(encoding)


def plan(company: Company, body: bytes, name: str = "花名册.xlsx") -> Plan:
    return company.read(lambda c: roster.plan(company.work(c), name, body))


def apply(company: Company, body: bytes, *, skip_errors: bool = False) -> Plan:
    return company.write(lambda c: roster.apply(company.work(c), "花名册", body, skip_errors=skip_errors))


def codes(made: Plan, fate: Fate) -> list[tuple[int, str]]:
    return [(verdict.row, verdict.code) for verdict in made.verdicts if verdict.fate is fate]


def test_the_administrator_imports_by_chat_and_a_second_time_nothing_changes(company: Company) -> None:
    body = xlsx([("江河集团花名册（2026年11月）",), (), HEADER, ROW])
    company.root.says("导入花名册")
    screen = company.root.sends("花名册.xlsx", body)
    assert "新增 1 · 变更 0" in screen
    assert screen.documents[0].name == "roster-dry-run.xlsx"
    assert company.read(lambda c: member.by_employee_no(c, "B001")) is None
    assert "已导入：新增 1 人" in company.root.presses("导入")
    company.root.says("/roster")
    assert "没有需要改动的内容" in company.root.sends("花名册.xlsx", body)


def test_what_a_person_is_comes_from_the_file(company: Company) -> None:
    apply(company, xlsx([HEADER, ("B001", "刘洋", "中共预备党员", "生产部", "第一党支部", "是", "支部书记")]))
    person = company.read(lambda c: member.by_employee_no(c, "B001"))
    assert person is not None
    standings = company.read(lambda c: member.standings_of(c, person.id))
    assert standings == {Standing.EMPLOYEE, Standing.PARTY_PROBATIONARY, Standing.UNION}
    units = company.read(lambda c: member.units_of(c, person.id))
    assert [u.name for u in units] == ["生产部", "第一党支部"]
    held = company.read(lambda c: permission.of(c, person.id, company.now))
    assert [(g.role, g.unit_id) for g in held] == [(Role.BRANCH_SECRETARY, company.roll.units["branch1"].id)]


def test_titles_order_and_usual_names_of_columns(company: Company) -> None:
    rows = [
        ("机密等级：内部",),
        ("员工信息表",),
        ("序号", "姓名*", "所在部门", "员工编号（必填）"),
        ("1", "刘洋", "质量部", "B001"),
    ]
    made = plan(company, csv(rows, "gb18030"), "员工.csv")
    assert made.counts[Fate.NEW] == 1
    assert made.new_units == ("质量部",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(company: Company, encoding: str) -> None:
    assert plan(company, csv([HEADER, ROW], encoding), "a.csv").counts[Fate.NEW] == 1


def test_numbers_that_lost_their_zeros(company: Company) -> None:
    rows = [("工号", "姓名"), ("00012", "刘洋"), (13, "周洋"), ("A002", "赵强")]
    made = plan(company, xlsx(rows))
    assert {v.facts["number"] for v in made.verdicts if v.fate is Fate.NEW} == {"00012", "00013"}
    assert (3, "roster.zeros_restored") in codes(made, Fate.IGNORED)
    apply(company, xlsx(rows))
    again = plan(company, xlsx([("工号", "姓名"), (12, "刘洋")]))
    assert again.counts[Fate.SAME] == 1


def test_merged_cells_and_a_total_row(company: Company) -> None:
    rows = [
        ("部门", "工号", "姓名"),
        ("质量部", "B001", "刘洋"),
        (None, "B002", "周洋"),
        ("合计", None, 2),
        (None, None, None),
    ]
    made = apply(company, xlsx(rows, merge="A2:A3"))
    assert made.counts[Fate.NEW] == 2
    assert codes(made, Fate.IGNORED) == [(4, "roster.total_row")]
    person = company.read(lambda c: member.by_employee_no(c, "B002"))
    assert person is not None
    assert [u.name for u in company.read(lambda c: member.units_of(c, person.id))] == ["质量部"]


def test_duplicates_and_namesakes(company: Company) -> None:
    rows = [
        ("工号", "姓名"),
        ("B001", "刘洋"),
        ("B001", "刘洋"),
        ("B001", "王洋"),
        ("B002", "刘洋"),
        ("", "张三"),
        ("B009", ""),
    ]
    made = plan(company, xlsx(rows))
    assert (3, "roster.same_twice") in codes(made, Fate.IGNORED)
    assert (0, "roster.namesakes") in codes(made, Fate.IGNORED)
    assert codes(made, Fate.ERROR) == [
        (4, "roster.number_twice"),
        (6, "roster.no_number_or_name"),
        (7, "roster.no_number_or_name"),
    ]


def test_with_errors_nothing_is_imported_unless_they_are_skipped(company: Company) -> None:
    body = xlsx([("工号", "姓名"), ("B001", "刘洋"), ("", "张三")])
    with pytest.raises(Refusal, match=r"roster\.has_errors"):
        apply(company, body)
    assert company.read(lambda c: member.by_employee_no(c, "B001")) is None
    apply(company, body, skip_errors=True)
    assert company.read(lambda c: member.by_employee_no(c, "B001")) is not None


def test_an_organisation_tree_with_an_orphan_and_a_cycle(company: Company) -> None:
    tree = [
        ("组织名称", "上级组织", "组织类型"),
        ("东区工厂", "", "部门"),
        ("总装车间", "东区工厂", "部门"),
        ("孤儿班组", "不存在的车间", "部门"),
        ("甲", "乙", "部门"),
        ("乙", "甲", "部门"),
    ]
    made = plan(company, xlsx([("工号", "姓名", "部门"), ("B001", "刘洋", "总装车间")], extra=tree))
    errors = codes(made, Fate.ERROR)
    assert (4, "roster.orphan") in errors
    assert {code for _, code in errors} == {"roster.orphan", "roster.cycle"}
    assert "东区工厂/总装车间" in made.new_units
    apply(company, xlsx([("工号", "姓名", "部门"), ("B001", "刘洋", "总装车间")], extra=tree), skip_errors=True)
    found = company.read(lambda c: unit.beneath(c, "/"))
    assert sum(1 for u in found if u.name == "总装车间") == 1


def test_columns_that_the_file_lacks_are_left_alone(company: Company) -> None:
    apply(company, xlsx([("工号", "姓名"), ("A002", "赵强")]))
    bo = company.roll.people["bo"]
    assert Standing.PARTY_FULL in company.read(lambda c: member.standings_of(c, bo))
    assert len(company.read(lambda c: member.units_of(c, bo))) == 4
    header = ("工号", "姓名", "部门", "党支部", "政治面貌", "职责")
    made = plan(company, xlsx([header, ("A002", "赵刚", "综合部", "第一党支部", "群众", "支部书记")]))
    [told] = [one for one in made.verdicts if one.fate is Fate.CHANGED]
    assert "变更：姓名 赵强 → 赵刚、身份、组织、职责" in roster.said(voice("zh"), told)
    assert "changed: name 赵强 → 赵刚, standing, units, roles" in roster.said(voice("en"), told)
    moved = apply(company, xlsx([("工号", "姓名", "部门"), ("A002", "赵强", "综合部")]))
    assert moved.counts[Fate.CHANGED] == 1
    names = [u.name for u in company.read(lambda c: member.units_of(c, bo))]
    assert "综合部" in names
    assert "生产部" not in names
    assert "第一党支部" in names


def test_hostile_and_hopeless_files_are_refused_with_a_sentence(company: Company) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (120 << 20))
    company.root.says("/roster")
    assert "解压后" in company.root.sends("bomb.xlsx", bomb.getvalue())
    for body in (b"", b"PK\x03\x04garbage", b"\x00\xff\x00\xff" * 99, "没有表头,的表\n1,2".encode()):
        assert "什么都没有改" in company.root.sends("a.xlsx", body)
    assert "另存为 .xlsx" in company.root.sends("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest")
    assert "直接发送文件" in company.root.says("在这里")


def test_only_the_administrator_imports(company: Company) -> None:
    assert "需要相应的职责" in company.lin.says("/roster")
    company.root.says("/roster")
    company.root.sends("花名册.xlsx", xlsx([HEADER, ROW]))
    assert "新增" not in company.lin.calls(company.root.last.buttons[0].call)
    assert company.read(lambda c: member.by_employee_no(c, "B001")) is None


def test_what_is_exported_can_be_imported_and_holds_no_formula(company: Company) -> None:
    apply(company, csv([("工号", "姓名"), ("=cmd|' /C calc'!A0", "@SUM(1)")]))
    header, rows = company.read(lambda c: roster.export_rows(company.work(c)))
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(sheet.write_xlsx("名册", header, rows))).read(
        "xl/worksheets/sheet1.xml"
    )
    assert b"\"'=cmd" in sheet.write_csv(header, rows)
    again = plan(company, sheet.write_xlsx("名册", header, rows))
    assert again.counts[Fate.NEW] == 0
    assert again.counts[Fate.ERROR] == 0


def test_a_plan_holds_until_the_roster_is_another(company: Company) -> None:
    """What was planned beside everybody's work is written as it is; after any change it is planned again."""
    file = sheet.read("a.csv", "工号,姓名,部门\nA001,王芳菲,生产部\nA002,赵强,新部\nZ001,新人,新部\n".encode())

    def carried(before: bytes = b"") -> tuple[bool, Plan]:
        made = company.read(lambda c: roster.plan_of(company.work(c), file))
        if before:
            apply(company, before)
        root = company.roll.people["root"]
        done = company.write(lambda c: roster.carry_out(company.work(c), file, made, root, skip_errors=False))
        return done is made, done

    def stands() -> dict[str, tuple[str, set[str]]]:
        found = {}
        for number in ("A001", "A002", "Z001"):
            person = company.read(partial(member.by_employee_no, employee_no=number))
            assert person is not None
            units = company.read(partial(member.units_of, number=person.id))
            found[number] = (person.name, {one.name for one in units if one.kind is UnitKind.DEPARTMENT})
        return found

    wanted = {"A001": ("王芳菲", {"生产部"}), "A002": ("赵强", {"新部"}), "Z001": ("新人", {"新部"})}
    others = ("工号,姓名\nY001,别人\n", "工号,姓名,部门\nA002,赵强,生产部\n", "工号,姓名,部门\nA003,林雪,旧部\n")
    for other in others:
        as_planned, made = carried(other.encode())
        assert not as_planned
        assert stands() == wanted
        assert made.absent == 11
        apply(company, "工号,姓名,部门\nA001,王芳,综合部\nA002,赵强,质量部\nZ001,旧人,综合部\n".encode())
    as_planned, made = carried()
    assert as_planned
    assert made.counts[Fate.CHANGED] == 3
    assert stands() == wanted
    assert carried()[1].changes is False


def test_zeros_come_back_where_one_number_alone_is_meant() -> None:
    digits = by_digits(["A01", "0012", "00012", "0007", "³"])
    known = {"0012", "00012", "0007"}
    assert [restore_zeros(one, 0, known, digits) for one in ("12", "7", "0007", "3", "A1")] == [
        "12",
        "0007",
        "0007",
        "3",
        "A1",
    ]
    assert restore_zeros("7", 6, known, digits) == "000007"


def test_no_party_member_is_made_of_a_no(company: Company) -> None:
    rows = "工号,姓名,政治面貌\nB1,甲,非党员\nB2,乙,民革党员\nB3,丙,中共预备党员\nB4,丁,非团员\nB5,戊,中共党员\n"
    company.write(lambda c: roster.apply(company.work(c), "a.csv", rows.encode()))

    def standings(number: str) -> set[str]:
        person = company.read(lambda c: member.by_employee_no(c, number))
        assert person is not None
        return {one.value for one in company.read(lambda c: member.standings_of(c, person.id))} - {"employee"}

    assert [standings(f"B{n}") for n in range(1, 6)] == [set(), set(), {"party_probationary"}, set(), {"party_full"}]


@pytest.mark.parametrize("words", ["党员么", "党员家属", "中共党员（预备）", "拟发展党员", "正式", "x"])
def test_an_unknown_political_status_gets_a_line_and_changes_nothing(company: Company, words: str) -> None:
    apply(company, xlsx([("工号", "姓名", "政治面貌"), ("B001", "刘洋", "共青团员")]))
    body = xlsx([("工号", "姓名", "政治面貌"), ("B001", "刘洋", words), ("B002", "周洋", words)])
    made = plan(company, body)
    assert codes(made, Fate.IGNORED) == [(2, "roster.politics_unknown"), (3, "roster.politics_unknown")]
    assert f"不认识的政治面貌“{words}”，忽略" in voice("zh").line("roster.politics_unknown", **made.verdicts[0].facts)
    apply(company, body)
    assert _standings(company, "B001") == {Standing.EMPLOYEE, Standing.LEAGUE}
    assert _standings(company, "B002") == {Standing.EMPLOYEE}


@pytest.mark.parametrize(
    ("words", "standings"),
    [
        ("中共党员", {Standing.PARTY_FULL}),
        ("中国共产党党员", {Standing.PARTY_FULL}),
        ("正式党员（2015年7月入党）", {Standing.PARTY_FULL}),
        ("党员 2015-07-01", {Standing.PARTY_FULL}),
        ("中共党员、共青团员", {Standing.PARTY_FULL, Standing.LEAGUE}),
        ("预备期党员", {Standing.PARTY_PROBATIONARY}),
        ("党员发展对象", {Standing.PARTY_APPLICANT}),
        ("入党积极分子", {Standing.PARTY_APPLICANT}),
        ("群众", set()),
        ("民盟盟员", set()),
        ("非党员", set()),
        ("无党派人士", set()),
        ("—", set()),
        ("", set()),
    ],
)
def test_usual_ways_to_write_a_political_status(company: Company, words: str, standings: set[Standing]) -> None:
    made = apply(company, xlsx([("工号", "姓名", "政治面貌"), ("B001", "刘洋", words)]))
    assert codes(made, Fate.IGNORED) == []
    assert _standings(company, "B001") == {Standing.EMPLOYEE, *standings}


def _standings(company: Company, number: str) -> frozenset[Standing]:
    person = company.read(lambda c: member.by_employee_no(c, number))
    assert person is not None
    return company.read(lambda c: member.standings_of(c, person.id))


def test_whoever_left_comes_back_by_the_roster(company: Company) -> None:
    company.root.says("/roles A012")
    company.root.presses("登记离职")
    company.root.presses("确认离职")
    rows = "工号,姓名,党支部\nA012,徐静,第二党支部\n".encode()
    plan = company.read(lambda c: roster.plan(company.work(c), "a.csv", rows))
    assert [verdict.code for verdict in plan.verdicts] == ["roster.returns"]
    company.write(lambda c: roster.apply(company.work(c), "a.csv", rows))
    assert company.read(lambda c: member.by_employee_no(c, "A012")) is not None
    assert "没有变化" in company.read(
        lambda c: str([v.code for v in roster.plan(company.work(c), "a", rows).verdicts])
    ).replace("roster.same", "没有变化")


HELD = {
    Role.GROUP_LEADER: ("tang", "group11"), Role.BRANCH_SECRETARY: ("lin", "branch1"),
    Role.COMMITTEE_MEMBER: ("bo", "branch1"), Role.COMMITTEE: ("chen", "party"), Role.UNION_OFFICER: ("zhou", "union"),
    Role.LEAGUE_OFFICER: ("gao", "league"), Role.WOMENS_OFFICER: ("sun", "women"), Role.ADMINISTRATOR: ("root", "root"),
}  # fmt: skip


def test_what_is_exported_is_imported_without_a_change(company: Company) -> None:
    """With somebody in every role."""
    assert set(HELD) == set(Role)

    def give(connection: Connection) -> None:
        for role, (nickname, code) in HELD.items():
            person, place = company.roll.people[nickname], company.roll.units[code].id
            permission.give(connection, person, role, place, company.now)

    company.write(give)
    header, rows = company.read(lambda c: roster.export_rows(company.work(c)))
    body = sheet.write_xlsx("members", header, rows)
    plan = company.read(lambda c: roster.plan(company.work(c), "members.xlsx", body))
    assert plan.counts[Fate.SAME] == 12, [str(verdict) for verdict in plan.verdicts if verdict.fate is not Fate.SAME]
    assert not plan.changes


def _stands(company: Company, *people: tuple[str, str], parents: str = "") -> dict[str, str]:
    """Import people by department, perhaps after a table of units; returns number -> unit with the one above it."""
    if parents:
        apply(company, csv([("组织名称", "上级组织"), *(tuple(line.split("<")) for line in parents.split())]))
    body = csv([("工号", "姓名", "部门"), *((number, "刘洋", department) for number, department in people)])
    apply(company, body)
    assert not apply(company, body).changes

    def look(connection: Connection) -> dict[str, str]:
        names = {one: "/".join(path) for path, one in table.unit_paths(connection).items()}
        everybody = table.everybody(connection, company.now)
        return {number: names[next(iter(everybody[number].units))] for number, _ in people}

    return company.read(look)


def test_a_department_is_not_taken_for_one_of_the_same_name_elsewhere(company: Company) -> None:
    rows = (("B001", "分公司/综合部"), ("B002", "综合部"))
    assert _stands(company, *rows) == {"B001": "分公司/综合部", "B002": "综合部"}


def test_a_short_name_means_what_it_meant_when_another_unit_takes_it(company: Company) -> None:
    first = csv([("工号", "姓名", "党支部"), ("B001", "刘洋", "第三党支部")])
    apply(company, first)
    apply(company, csv([("组织名称", "上级组织"), ("生产党委", ""), ("第三党支部", "生产党委")]))
    assert not apply(company, first).changes
    assert not plan(company, first).new_units


def test_a_short_name_beside_a_long_one_is_read_alike_twice(company: Company) -> None:
    _stands(company, ("B001", "生产部/一车间"))
    rows = (("B002", "综合部/一车间"), ("B003", "一车间"))
    assert _stands(company, *rows) == {"B002": "综合部/一车间", "B003": "一车间"}


def test_the_organisation_may_stand_before_some_departments(company: Company) -> None:
    rows = (("B001", "江河集团/新部"), ("B002", "新部"), ("B003", "江河集团/新部/一组"))
    assert _stands(company, *rows) == {"B001": "新部", "B002": "新部", "B003": "新部/一组"}
    root = company.roll.units["root"].path
    assert sum(one.name == "新部" for one in company.read(lambda c: unit.beneath(c, root))) == 1


def test_no_name_of_a_unit_breaks_an_import(company: Company) -> None:
    stands = _stands(company, ("B001", "root/甲"), ("B002", "甲/乙"), parents="甲/乙< 丙<")
    assert stands == {"B001": "root/甲", "B002": "甲/乙"}
    assert sum(one.name == "乙" for one in company.read(lambda c: unit.beneath(c, "/"))) == 1
