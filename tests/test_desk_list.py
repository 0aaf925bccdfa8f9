"""The wide lists behind the console's desk and announcements, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from content import voice
from domain.announcement import State as Stands
from domain.demand import OPEN, State
from domain.demand_draft import Draft
from domain.refusal import Refusal
from services import announcement_list, demand, desk, desk_canned, desk_list, desk_load, desk_note
from services.announcement_list import Form
from services.chart import Chart
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


def test_those_who_oversee_see_categories_and_weeks_and_no_small_group(company: Company) -> None:
    file_some(company, 7)
    ada, sun, zhou = (company.roll.people[name] for name in ("ada", "sun", "zhou"))
    company.travel(days=8)

    def more(connection: Connection) -> None:
        work = company.work(connection)
        many = ("bo", "lin", "hu", "ma", "tang", "xu")
        for at, (who, about) in enumerate([(who, "safety") for who in many[:5]] + [(who, "other") for who in many]):
            person = company.roll.people[who]
            case = demand.file(work, person, Draft(token=f"m{at}", text="车间里太热了", category=about))
            officer = case.officer_id or 0
            desk.send(work, officer, Draft(token=f"n{at}", case=case.id, act="answer", text="已经派人去看"))

    company.write(more)
    company.travel(hours=2)

    def together(person: int) -> tuple[list[desk_load.Load], list[desk_load.Topic]]:
        return company.read(lambda c: desk_load.together(company.work(c), voice("zh"), person))

    loads, topics = together(zhou)
    shown = {one.name: one.counts for one in topics}
    # One person is behind seven of them, which the next smallest hides: else they could be worked out.
    assert list(shown.values()) == [None, None, (6, 6, 0, 0)]
    paths = {unit.name: unit.path for unit in company.roll.units.values()}
    assert [paths[one.unit] for one in loads] == sorted(paths[one.unit] for one in loads)
    assert sum(one.open for one in loads) == 17

    def by_week(person: int) -> Chart | None:
        return company.read(lambda c: desk_load.by_week(company.work(c), voice("zh"), person))

    weeks = by_week(zhou)
    assert weeks is not None
    filed, closed = weeks.series
    # All seven of the week that is over are one person's. The one that goes on is not there.
    assert (filed.values[-2:], closed.values[-2:]) == ((0, None), (0, None))
    assert (len(weeks.labels), weeks.labels[-1]) == (12, "11-23")
    company.travel(days=7)
    weeks = by_week(zhou)
    assert weeks is not None
    filed, closed = weeks.series
    # The second goes with the first, behind which there are too few.
    assert (filed.values[-3:], closed.values[-3:]) == ((0, None, None), (0, None, 0))
    company.travel(days=7 * 11)
    weeks = by_week(zhou)
    assert weeks is not None
    assert (weeks.labels[0], weeks.series[0].values[0]) == ("11-30", None), "not though the first is no longer in it"
    for person in (ada, sun):
        assert together(person) == ([], [])
        assert by_week(person) is None
    header, rows = company.read(lambda c: desk_load.export_rows(company.work(c), voice("en"), zhou))
    assert len(header) == len(rows[0]) == 6


def test_weeks_of_too_few_people_are_hidden(company: Company) -> None:
    file_some(company, 3)
    company.organisation = replace(company.organisation, smallest_group=50)
    weeks = company.read(lambda c: desk_load.by_week(company.work(c), voice("zh"), company.roll.people["zhou"]))
    assert weeks is not None
    assert weeks.empty
    assert weeks.hidden == "不足 50 人，不显示"


def test_notes_stay_among_those_who_handle_it(company: Company) -> None:
    file_some(company, 1)
    ada, zhou, sun = (company.roll.people[name] for name in ("ada", "zhou", "sun"))

    def note(who: int, said: str, token: str) -> None:
        company.write(lambda c: desk_note.add(company.work(c), who, 1, said, token))

    note(zhou, "上个月也有人问过", "a")
    note(zhou, "上个月也有人问过", "a")
    for who, said in ((sun, "我也看看"), (ada, "这是我提的"), (zhou, " "), (zhou, "长" * 2001)):
        with pytest.raises(Refusal):
            note(who, said, f"b{who}{len(said)}")
    found = company.read(lambda c: desk_note.notes(company.work(c), zhou, 1))
    assert [(one.author, one.text) for one in found.notes] == [("周明", "上个月也有人问过")]
    draft = Draft(token="r", case=1, act="reassign", to=sun, text="归妇联办理")
    company.write(lambda c: desk.send(company.work(c), zhou, draft))
    assert company.read(lambda c: desk_note.notes(company.work(c), sun, 1)).count == 1
    with pytest.raises(Refusal):
        company.read(lambda c: desk_note.notes(company.work(c), zhou, 1))
    whole = company.ada.calls("demands.show:1:0") + company.sun.calls("desk.case:1:0") + company.ada.sees()
    assert "上个月" not in whole


def test_canned_replies_are_kept_by_a_unit_and_offered_beneath(company: Company) -> None:
    file_some(company, 1)
    zhou, hu = company.roll.people["zhou"], company.roll.people["hu"]
    union, branch = company.roll.units["union"].id, company.roll.units["branch2"].id

    def add(who: int, unit: int, title: str, said: str = "已收到，三天内答复。") -> int:
        return company.write(lambda c: desk_canned.add(company.work(c), who, unit, title, said))

    def offered() -> list[str]:
        return company.read(
            lambda c: [one.title for one in desk_canned.offered(company.work(c), desk.of(company.work(c), zhou, 1))]
        )

    number = add(zhou, union, "收到")
    assert add(zhou, union, " 收到 ") == number
    add(hu, branch, "支部的")
    assert offered() == ["收到"]
    for who, unit, title, said in (
        (zhou, branch, "别处", "两个字"),
        (zhou, union, "", "两个字"),
        (zhou, union, "空", ""),
    ):
        with pytest.raises(Refusal):
            add(who, unit, title, said)
    with pytest.raises(Refusal):
        company.write(lambda c: desk_canned.change(company.work(c), hu, number, "改", "改别人的"))
    company.write(lambda c: desk_canned.change(company.work(c), zhou, number, "收到了", "已收到。"))
    assert offered() == ["收到了"]
    company.write(lambda c: desk_canned.retire(company.work(c), zhou, number))
    assert offered() == []
    listed = company.read(lambda c: desk_canned.listed(company.work(c), zhou, 0))
    assert [(one.title, one.retired_at is not None) for one in listed.replies] == [("收到了", True)]
    company.write(lambda c: desk_canned.revive(company.work(c), zhou, number))
    assert offered() == ["收到了"]


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
