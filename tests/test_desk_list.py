"""The wide lists behind the console's desk and announcements, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from content import voice
from domain.announcement import State as Stands
from domain.demand import OPEN, State
from domain.demand_draft import Draft
from domain.refusal import Refusal
from services import announcement_list, demand, desk, desk_list, desk_load
from services.announcement_list import Form
from storage import address, permission
from tests.talk import Company


def file_some(company: Company, count: int) -> None:
    """Let 王芳 file so many; each third is answered, each fifth closed."""
    ada, zhou = company.roll.people["ada"], company.roll.people["zhou"]

    def go(connection: Connection) -> None:
        work = company.work(connection)
        for number in range(1, count + 1):
            case = demand.file(work, ada, Draft(token=f"t{number}", text=f"食堂第{number}号窗口", category="living"))
            act = "close" if number % 5 == 0 else "answer" if number % 3 == 0 else ""
            if act:
                desk.send(work, zhou, Draft(token=f"a{number}", case=case.id, act=act, text="已经联系食堂"))

    company.write(go)


def test_the_desk_is_narrowed_counted_and_turned(company: Company) -> None:
    file_some(company, 60)
    zhou = company.roll.people["zhou"]

    def listed(states: tuple[State, ...], words: str = "", page: int = 0, *, near: bool = False) -> desk_list.Listed:
        return company.read(lambda c: desk_list.listed(company.work(c), zhou, states, words, page, near=near))

    first = listed(OPEN, page=-3)
    assert (len(first.cases), first.pages, first.page) == (48, 1, 0)
    assert first.counts == {State.FILED: 32, State.WORKING: 16, State.CLOSED: 12}
    assert [case.due for case in first.cases] == sorted(case.due for case in first.cases)
    assert first.ratings == {"": 12}
    everything = listed(tuple(State), page=99)
    assert (len(everything.cases), everything.page, everything.pages) == (10, 1, 2)
    assert [case.number[-2:] for case in listed(OPEN, "第7号").cases] == ["07"]
    assert listed(OPEN, "%").cases == []
    assert listed(OPEN, near=True).cases == []
    company.now += timedelta(days=3)
    assert len(listed(OPEN, near=True).cases) == listed(OPEN).near == 32


def test_the_list_ends_with_the_role(company: Company) -> None:
    file_some(company, 2)
    zhou = company.roll.people["zhou"]
    company.write(lambda c: permission.end(c, zhou, company.now))
    found = company.read(lambda c: desk_list.listed(company.work(c), zhou, OPEN, "", 0))
    assert (found.cases, found.counts, found.near, found.ratings) == ([], {}, 0, {})
    header, rows = company.read(lambda c: desk_list.export_rows(company.work(c), voice("zh"), zhou, OPEN, ""))
    assert header
    assert rows == []


def test_loads_are_for_those_who_oversee(company: Company) -> None:
    file_some(company, 5)

    def loads(nickname: str) -> list[desk_load.Load]:
        return company.read(lambda c: desk_load.loads(company.work(c), company.roll.people[nickname]))

    assert [(one.officer, one.open, one.over) for one in loads("zhou")] == [("周明", 4, 0)]
    assert loads("lin") == []
    assert loads("ada") == []


def test_confirmations_by_unit_and_names(company: Company) -> None:
    company.write(lambda c: address.close(c, "web", "tang", "blocked"))
    lin, branch = company.roll.people["lin"], company.roll.units["branch1"].id
    form = Form("周五停电检修", branch, "all")
    one = company.write(lambda c: announcement_list.compose(company.work(c), lin, None, form))
    assert company.write(lambda c: announcement_list.compose(company.work(c), lin, None, form)).id == one.id
    out = company.read(lambda c: announcement_list.excluded(company.work(c), one))
    assert (out.people, out.closed, out.reached) == (4, 1, 3)
    with pytest.raises(Refusal):
        company.read(lambda c: announcement_list.by_unit(company.work(c), lin, one.id, 0))
    company.lin.calls(f"announcement.send:{one.id}")
    company.travel(seconds=11)
    company.bo.sees()
    company.bo.presses("收到")
    units = company.read(lambda c: announcement_list.by_unit(company.work(c), lin, one.id, 0))
    assert [(unit.unit, unit.reached, unit.confirmed) for unit in units] == [
        ("第一党支部", 3, 1),
        ("第一党小组", 2, 1),
    ]
    silent = company.read(lambda c: announcement_list.silent(company.work(c), lin, one.id, None, 0))
    assert sorted(name for _, name, _ in silent) == ["林雪", "马琳"]
    sent = company.read(lambda c: announcement_list.listed(company.work(c), lin, tuple(Stands), "停电", 0))
    assert (len(sent.found), sent.confirmed) == (1, {one.id: 1})


def test_a_preview_goes_to_its_author_alone(company: Company) -> None:
    lin, branch = company.roll.people["lin"], company.roll.units["branch1"].id
    form = Form("周五停电检修", branch, "all")
    one = company.write(lambda c: announcement_list.compose(company.work(c), lin, None, form))
    assert company.write(lambda c: announcement_list.try_out(company.work(c), lin, one.id))
    assert "周五停电检修" in company.lin.sees()
    assert company.bo.sees() == ""
