"""Unit figures about points: counted when a month is over, hidden below five, and no subtraction tells of fewer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.points_figure import Deed, Figure, figures, to_close
from domain.rate_fold import lineage
from services import points, points_figure, points_manual, sheet
from storage import member, schedule, unit
from storage import points as ledger
from storage import points_figure as table
from tests.surfing import signed_in
from tests.talk import Company

on_sqlite = pytest.mark.parametrize("company", ["sqlite"], indirect=True)
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
PATHS = ("/1/", "/1/2/", "/1/3/", "/1/2/4/", "/1/2/5/", "/1/3/6/", "/1/3/7/")
RULES = ("checkin", "quiz")


def by_path(found: list[Figure]) -> dict[int, Figure]:
    return {one.unit_id: one for one in found}


def test_a_month_is_counted_by_hand() -> None:
    belongs = [("/1/2/", n) for n in range(6)] + [("/1/3/", n) for n in range(6, 12)] + [("/1/3/", 0)]
    deeds = [Deed(n, "checkin", 2, 2) for n in range(12)] + [Deed(n, "quiz", 1, 3) for n in range(5)]
    found = by_path(figures(belongs, deeds, 5))
    top = found[1]
    assert (top.participants, top.people, top.turns, top.points, top.average) == (12, 12, 29, 39, "3.3")
    assert {rule: (one.turns, one.participants) for rule, one in top.parts.items()} == {
        "checkin": (24, 12),
        "quiz": (5, 5),
    }
    # Person 0 belongs to both: counted once above, in each beneath. One of 3 did the quiz alone: neither is split.
    assert (found[3].participants, found[3].people, found[3].parts) == (7, 7, {})
    assert (found[2].participants, found[2].turns) == (6, 17)


def test_few_are_counted_above_and_what_betrays_them_too() -> None:
    belongs = (
        [("/1/2/", n) for n in range(9)] + [("/1/3/", n) for n in range(20, 23)] + [("/1/4/", n) for n in range(30, 39)]
    )
    deeds = [Deed(n, "checkin", 1, 1) for _, n in belongs]
    found = by_path(figures(belongs, deeds, 5))
    assert found[1].shown
    assert (found[3].into, found[3].participants, found[3].points) == (1, 0, 0)
    # Alone, 3 would be the rest of the whole: one of the large ones is not shown either.
    assert sorted(one.shown for one in (found[2], found[4])) == [False, True]
    nobody = by_path(figures(belongs, [], 5))
    assert (nobody[2].shown, nobody[2].participants, nobody[2].average, nobody[3].into) == (True, 0, "0.0", 1)
    assert by_path(figures(belongs[:3], deeds, 5))[1].into == 0


people = st.lists(st.tuples(st.sampled_from(PATHS[1:]), st.integers(1, 24)), max_size=60)
done = st.dictionaries(st.tuples(st.integers(1, 24), st.sampled_from(RULES)), st.integers(1, 3), max_size=40)


@given(people, done)
@settings(max_examples=150)
def test_no_difference_of_figures_is_of_fewer_than_five(
    belongs: list[tuple[str, int]], deeds: Mapping[tuple[int, str], int]
) -> None:
    belongs = list(dict.fromkeys(belongs))
    found = figures(belongs, [Deed(person, rule, n, n) for (person, rule), n in deeds.items()], 5)
    paths = {int(path.rsplit("/", 2)[1]): path for path in PATHS}
    everybody = {person for _, person in belongs}

    def took_part(number: int, rule: str = "") -> frozenset[int]:
        here = {person for path, person in belongs if paths[number] in lineage(path)}
        acted = {person for person, name in deeds if rule in {"", name}}
        return frozenset(here & acted & everybody)

    for rule in ("", *RULES):
        shown = [one for one in found if one.shown and (not rule or one.parts)]
        for one in shown:
            number = one.parts[rule].participants if rule in one.parts else one.participants if not rule else 0
            assert number == len(took_part(one.unit_id, rule))
            assert number == 0 or number >= 5
            beneath = [
                o for o in shown if o is not one and paths[o.unit_id].rsplit("/", 2)[0] + "/" == paths[one.unit_id]
            ]
            for many in range(1, len(beneath) + 1):
                for some in combinations(beneath, many):
                    rest = took_part(one.unit_id, rule).difference(*(took_part(o.unit_id, rule) for o in some))
                    if many == len(beneath):
                        assert not rest or len(rest) >= 5


def test_months_that_are_over_and_not_counted() -> None:
    today = date(2026, 11, 23)
    assert to_close(None, today, []) == []
    assert to_close(date(2026, 11, 2), today, []) == []
    assert to_close(date(2026, 8, 9), today, [date(2026, 9, 1)]) == [date(2026, 8, 1), OCTOBER]
    assert len(to_close(date(2001, 1, 1), today, [])) == 24


def many(company: Company, count: int, code: str) -> list[int]:
    """Let so many people join a unit."""

    def join(connection: object) -> list[int]:
        found = []
        for place in range(count):
            person = member.add(connection, f"{code}{place:03}", f"众{code}{place}", company.now)  # type: ignore[arg-type]
            member.set_units(connection, person, [company.roll.units[code].id])  # type: ignore[arg-type]
            found.append(person)
        return found

    return company.write(join)


def act(company: Company, people_of: list[int], rule: str, source: str) -> None:
    for person in people_of:
        company.write(lambda c, p=person: points.award(company.work(c), p, rule, source))  # type: ignore[misc]


def later(company: Company, moment: datetime) -> None:
    """Let the tick alone happen at this moment: weeks of everything else are other tests' affair."""
    company.now = moment
    company.write(lambda c: points_figure.close_next(company.work(c)))


def seen(company: Company, who: str, code: str) -> points_figure.Seen:
    number = company.roll.units[code].id
    return company.read(lambda c: points_figure.seen(company.work(c), company.roll.people[who], number, ""))


def test_a_month_is_counted_when_it_is_over_and_never_again(company: Company) -> None:
    crowd = many(company, 7, "branch1")
    act(company, crowd, "checkin", "checkin:x")
    act(company, crowd[:5], "quiz", "quiz:1")
    lin = company.roll.people["lin"]
    company.write(
        lambda c: points_manual.enter(company.work(c), lin, crowd[0], 50, "组织技能竞赛", points_manual.new_source())
    )
    assert seen(company, "lin", "branch1").month is None
    assert company.read(lambda c: schedule.upcoming(c, "points.month", "")) == datetime(
        2026, 11, 23, 20, 10, tzinfo=UTC
    )
    company.write(lambda c: points_figure.close_next(company.work(c)))
    assert seen(company, "lin", "branch1").month is None
    later(company, datetime(2026, 11, 30, 20, 10, tzinfo=UTC))
    found = seen(company, "lin", "branch1")
    assert found.month is not None
    assert found.month.month == NOVEMBER
    [(_, one, _)] = found.months
    # 4 of the company beside them; what was entered by hand is in no figure.
    assert (one.participants, one.people, one.points, one.turns, one.average) == (7, 11, 17, 12, "1.5")
    assert {rule: part.participants for rule, part in one.parts.items()} == {"checkin": 7, "quiz": 5}
    company.write(lambda c: member.set_units(c, crowd[0], []))
    company.write(lambda c: ledger.append(c, crowd[1], "quiz", "late", 2, NOVEMBER, company.now))
    later(company, datetime(2026, 12, 4, 1, tzinfo=UTC))
    assert seen(company, "lin", "branch1").months == found.months
    later(company, datetime(2027, 1, 1, 1, tzinfo=UTC))
    assert [month for month, _, _ in seen(company, "lin", "branch1").months] == [date(2026, 12, 1), NOVEMBER]


def test_months_before_there_were_figures_are_counted_one_by_one(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = many(company, 6, "plant")
    for month in (8, 9, 10):
        for person in crowd:
            company.write(
                lambda c, p=person, m=month: ledger.append(c, p, "quiz", f"old:{m}", 1, date(2026, m, 5), company.now)  # type: ignore[misc]
            )
    with monkeypatch.context() as patch:
        patch.setattr(points_figure, "FEW", 5)
        company.write(lambda c: points_figure.prepare(company.work(c)))
        company.travel(minutes=1)
        assert company.read(table.closed) == []  # too many people for the day: it waits for the night
    company.write(lambda c: points_figure.prepare(company.work(c)))
    company.travel(minutes=1)
    closed = company.read(table.closed)
    assert [one.month for one in closed] == [OCTOBER, date(2026, 9, 1), date(2026, 8, 1)]
    assert company.write(lambda c: table.keep(c, closed[0], [])) is False


@on_sqlite
async def test_a_page_and_a_file_of_figures(company: Company) -> None:
    crowd = many(company, 7, "branch1")
    few = many(company, 2, "branch2")
    for person in crowd + few:
        company.write(lambda c, p=person: ledger.append(c, p, "checkin", "old", 1, date(2026, 10, 5), company.now))  # type: ignore[misc]
    company.write(
        lambda c: unit.add(c, "new", "新支部", company.roll.units["branch1"].kind, company.roll.units["party"])
    )
    company.write(lambda c: points_figure.close_next(company.work(c)))
    company.write(
        lambda c: unit.add(c, "newer", "再新支部", company.roll.units["branch1"].kind, company.roll.units["party"])
    )
    party, lone = company.roll.units["party"].id, company.roll.units["branch2"].id
    async with signed_in(company, "chen") as browser:
        page = await browser.gets(f"/console/points/figures?unit={party}&month=2026-10")
        assert "集团党委：积分的组织数字" in page.plain
        assert "9 / 16" in page.plain
        # 7 of the first branch would be betrayed as 9 less 2, so neither is shown.
        assert page.plain.count("并入“集团党委”") >= 2
        assert "7 / " not in page.plain
        assert "众branch" not in page.plain
        assert "参与的人太少" in (await browser.gets(f"/console/points/figures?unit={lone}")).plain
        for wish in ("unit=x&month=<b>", "month=1999-01", "page=99999999999999999999"):
            assert (await browser.gets(f"/console/points/figures?{wish}")).status == 200
        for kind in ("xlsx", "csv"):
            async with browser.session.get(f"{browser.run.url}/console/points/figures/table?as={kind}") as answer:
                [found] = sheet.read(f"figures.{kind}", await answer.read())
            rows = {row[1]: row for row in found.rows}
            assert rows["集团党委"][2:7] == ["9", "16", "9", "0.6", "9"]
            assert rows["第二党支部"][2:7] == ["", "", "", "", ""]
            assert "参与人数" in found.rows[-1][1]
    async with signed_in(company, "hu") as browser:
        assert (await browser.gets(f"/console/points/figures?unit={party}")).status == 403
        assert (await browser.gets(f"/console/points/figures/table?unit={party}")).status == 403
