"""Whom somebody sees among the people, on each database: the scope, each filter, and no wildcard that is typed."""

from __future__ import annotations

from functools import partial
from unittest import mock

import pytest

from domain.member import Standing, UnitKind
from domain.permission import Role
from domain.refusal import Refusal
from services import people, roles
from services import words as speech
from services.people import Asked
from storage import member, permission, unit
from storage import people as table
from tests.company import PEOPLE
from tests.talk import Company


def names(company: Company, nickname: str, asked: Asked) -> set[str]:
    """Return whom somebody finds; of few people as of many, and counted as they are listed."""
    number = company.roll.people[nickname]
    seen = []
    for many in (1, 5_000):
        with mock.patch.object(table, "_MANY", many):
            found = company.read(lambda c: people.search(company.work(c), number, asked))
            wanted = company.read(lambda c: people.wanted(company.work(c), number, asked))
            assert company.read(partial(table.count, wanted=wanted)) == found.count == len(found.people)
            assert company.read(partial(table.count, wanted=wanted, most=2)) == min(2, found.count)
            assert company.read(partial(table.numbers, wanted=wanted)) == {one.row.id for one in found.people}
        seen.append({one.row.name for one in found.people})
    assert seen[0] == seen[1]
    return seen[0]


def test_each_filter_and_all_together(company: Company) -> None:
    units = company.roll.units
    assert len(names(company, "root", Asked())) == 12
    assert names(company, "root", Asked("a00")) == names(company, "root", Asked("Ａ00"))
    assert len(names(company, "root", Asked("a00"))) == 9
    assert names(company, "root", Asked(" 林 ")) == {"林雪"}
    for words in ("%", "_", "\\", "'", '"; --', "/"):
        assert names(company, "root", Asked(words)) == set()
    assert names(company, "root", Asked(unit=units["group11"].id)) == {"赵强", "马琳", "唐杰"}
    assert names(company, "root", Asked(standing=Standing.LEAGUE)) == {"高洁"}
    assert names(company, "root", Asked(bound=False)) == set()
    assert len(names(company, "root", Asked(bound=True))) == 12
    narrow = Asked("马", units["branch1"].id, Standing.PARTY_PROBATIONARY, bound=True)
    assert names(company, "root", narrow) == {"马琳"}


def test_lists_of_names_stand_by_pinyin_in_the_database_and_beside_it(company: Company) -> None:
    for number, name in enumerate(("曾国", "单玉", "王芳芳", "欧阳明", "区明"), 100):
        company.write(lambda c, n=number, name=name: member.add(c, f"B{n}", name, company.now))  # type: ignore[misc]
    found = [one.name for one in company.read(lambda c: table.alike(c, table.Wanted(None), 50))]
    wanted = [
        "陈涛",
        "高洁",
        "胡军",
        "林雪",
        "区明",
        "欧阳明",
        "单玉",
        "王芳",
        "王芳芳",
        "徐静",
        "曾国",
        "赵强",
        "周明",
    ]
    assert [name for name in found if name in wanted] == wanted
    assert [name for name in speech.in_order(sorted(found), str) if name in wanted] == wanted


def test_whom_words_mean_in_the_chat(company: Company) -> None:
    root = company.phone("root")
    assert "请选一位" in root.says("/invite linx")
    assert "绑定码" in root.presses("林雪 A003")
    assert "林雪" in root.says("/roles lx")
    assert "没有找到" in root.says("/roles nobodyatall")
    assert "林雪" not in company.phone("hu").says("/invite linxue")


@pytest.mark.parametrize(
    ("nickname", "seen"),
    [
        ("lin", {"赵强", "林雪", "马琳", "唐杰"}),
        ("hu", {"胡军", "徐静"}),
        ("sun", {"孙丽"}),
        ("gao", {"高洁"}),
        ("chen", {"陈涛", "赵强", "林雪", "马琳", "唐杰", "胡军", "徐静"}),
    ],
)
def test_an_officer_sees_the_people_of_her_scope(company: Company, nickname: str, seen: set[str]) -> None:
    assert names(company, nickname, Asked()) == seen
    me = company.roll.people[nickname]
    for asked in (Asked(left=True), Asked(unit=company.roll.units["root"].id), Asked(unit=10**17)):
        with pytest.raises(Refusal):
            names(company, nickname, asked)
    tops = company.read(lambda c: people.tree(company.work(c), me))
    assert [top.unit for top in tops] == company.read(lambda c: people.scope(company.work(c), me))
    root, others = company.roll.people["root"], {one[2]: company.roll.people[one[0]] for one in PEOPLE}
    for name in sorted(one for one in seen if others[one] != me)[:1]:
        leaving = others[name]
        company.write(lambda c: roles.depart(company.work(c), root, leaving))  # noqa: B023 - done at once
        assert names(company, nickname, Asked()) == seen - {name}


@pytest.mark.parametrize("nickname", ["ada", "bo", "tang", "xu"])
def test_nobody_else_sees_anybody(company: Company, nickname: str) -> None:
    with pytest.raises(Refusal):
        names(company, nickname, Asked())
    me = company.roll.people[nickname]
    with pytest.raises(Refusal):
        company.read(lambda c: people.known(company.work(c), me, me))


def test_a_role_beyond_ones_scope_is_not_ended(company: Company) -> None:
    """An administrator of one daughter company can't end what is held in another place."""
    lin, ada, root = (company.roll.people[one] for one in ("lin", "ada", "root"))

    def daughter(connection: object) -> None:
        work = company.work(connection)  # type: ignore[arg-type]
        made = unit.add(work.connection, "sub", "子集团", UnitKind.GROUP, company.roll.units["root"])
        permission.give(work.connection, ada, Role.ADMINISTRATOR, made.id, work.now)
        hers = people.known(work, root, lin).profile.units
        member.set_units(work.connection, lin, [made.id, *(one.id for one in hers)])

    company.write(daughter)
    branch = company.roll.units["branch1"].id
    with pytest.raises(Refusal, match=r"permission\.not_here"):
        company.write(lambda c: roles.end(company.work(c), ada, lin, Role.BRANCH_SECRETARY, branch))
    assert company.write(lambda c: roles.end(company.work(c), root, lin, Role.BRANCH_SECRETARY, branch))
    spells = company.read(lambda c: people.known(company.work(c), root, lin)).spells
    assert [(one.given, one.ended and one.ended.actor) for one in spells] == [(None, "管理员")]
