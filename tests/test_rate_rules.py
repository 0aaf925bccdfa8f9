"""Rates by hand and by chance: what is above and below the line, rounding, folding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.meeting import Held, MeetingKind
from domain.period import Cycle, period_of
from domain.rate import (
    Owed,
    Rate,
    activity,
    before,
    day_counted,
    failed,
    number_of,
    participation,
    read_span,
    standardisation,
    total,
)
from domain.rate_fold import Cell, cells, fold, lineage
from services import picture, rate_report

START = datetime(2026, 10, 15, 7, 0, tzinfo=UTC)


def gathered(shown: dict[int, int], unit_id: int) -> list[int]:
    """Return the units that are folded into this one."""
    return sorted(unit for unit, into in shown.items() if into == unit_id and unit != unit_id)


def held(should: int, leave: int, came: int, came_on_leave: int = 0, not_required: int = 0, **more: object) -> Held:
    """A branch meeting with these counts."""
    usual = Held(
        1, 7, MeetingKind.BRANCH_MEETING, START, "", "voting", should, leave, came, came_on_leave, should, came,
        not_required, signed_in=True, has_minutes=True,
    )  # fmt: skip
    return replace(usual, **more)  # type: ignore[arg-type]


def owed(state: str, *missing: str, **more: object) -> Owed:
    """An obligation of October whose term is over."""
    usual = Owed(7, "theme_day", "2026-10", date(2026, 10, 31), state, due=True, missing=missing)
    return replace(usual, **more)  # type: ignore[arg-type]


# What was held, and by hand: attended, asked, what is left out, the percentage.
ATTENDED: list[tuple[str, Sequence[Held], int, int, dict[str, int], str]] = [
    ("nothing was held", [], 0, 0, {}, ""),
    ("everybody came", [held(8, 0, 8)], 8, 8, {}, "100.0%"),
    ("two of eight stayed away", [held(8, 0, 6)], 6, 8, {}, "75.0%"),
    ("two of eight had leave and stayed away", [held(8, 2, 6)], 6, 6, {"leave": 2}, "100.0%"),
    ("one of the two with leave came all the same", [held(8, 2, 6, 1)], 6, 7, {"leave": 1}, "85.7%"),
    ("both with leave came, one without did not", [held(8, 2, 7, 2)], 7, 8, {}, "87.5%"),
    ("three of eleven are old or ill", [held(8, 0, 6, 0, 3)], 6, 8, {"relieved": 3}, "75.0%"),
    ("all are relieved or on leave", [held(2, 2, 0, 0, 3)], 0, 0, {"leave": 2, "relieved": 3}, ""),
    ("two meetings are added, not averaged", [held(2, 0, 1), held(10, 0, 10)], 11, 12, {}, "91.7%"),
    ("a gathering that no rule asks for", [held(8, 0, 2, kind=MeetingKind.OTHER)], 0, 0, {"voluntary": 1}, ""),
    ("nobody signed in at one of two", [held(8, 1, 0, signed_in=False), held(8, 0, 6)], 6, 8, {"unsigned": 1}, "75.0%"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "meetings", "came", "asked", "left_out", "percent"), ATTENDED)
def test_participation_by_hand(
    what: str, meetings: Sequence[Held], came: int, asked: int, left_out: dict[str, int], percent: str
) -> None:
    found = participation(meetings, "2026.1")
    assert (found.numerator, found.denominator, found.exclusions) == (came, asked, left_out), what
    assert (found.percentage, found.rule_version) == (percent, "2026.1")


STANDARD: list[tuple[str, Sequence[Owed], int, int, dict[str, int], dict[str, int], str]] = [
    ("nothing was due", [], 0, 0, {}, {}, ""),
    ("three of four met in full", [owed("met"), owed("met"), owed("met"), owed("overdue")],
     3, 4, {}, {"overdue": 1}, "75.0%"),
    ("partly is not in full", [owed("met"), owed("partly", "minutes", "quorum")],
     1, 2, {}, {"minutes": 1, "quorum": 1}, "50.0%"),
    ("its minutes with those present", [owed("held", "minutes"), owed("met")], 1, 1, {"checking": 1}, {}, "100.0%"),
    ("held, its minutes not closed in time", [owed("partly", "minutes")], 0, 1, {}, {"minutes": 1}, "0.0%"),
    ("an exemption leaves it out", [owed("met"), owed("exempt")], 1, 1, {"exempt": 1}, {}, "100.0%"),
    ("what is not due yet waits, met or not", [owed("met", due=False), owed("open", due=False), owed("met")],
     1, 1, {"not_due": 2}, {}, "100.0%"),
    ("advice and what was before our time", [owed("overdue", hard=False), owed("overdue", recorded=False)],
     0, 0, {"advice": 1, "unrecorded": 1}, {}, ""),
    ("only exemptions", [owed("exempt")], 0, 0, {"exempt": 1}, {}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("what", "obligations", "met", "due", "left_out", "lacking", "percent"), STANDARD)
def test_standardisation_by_hand(
    what: str,
    obligations: Sequence[Owed],
    met: int,
    due: int,
    left_out: dict[str, int],
    lacking: dict[str, int],
    percent: str,
) -> None:
    found = standardisation(obligations)
    assert (found.numerator, found.denominator, found.exclusions) == (met, due, left_out), what
    assert (found.lacking, found.percentage) == (lacking, percent)
    assert sum(map(failed, obligations)) == due - met


def test_activity_participation_by_hand() -> None:
    # Ten may come; 1 came to three activities and counts once; 11 and 12 came from elsewhere.
    found = activity({1, 2, 3, 11, 12}, set(range(1, 11)))
    assert (found.numerator, found.denominator, found.exclusions) == (3, 10, {"outside": 2})
    assert found.percentage == "30.0%"
    assert activity(set(), set()).percentage == ""


@pytest.mark.parametrize(
    ("numerator", "denominator", "percent"),
    [
        (1, 2, "50.0%"), (2, 3, "66.7%"), (1, 3, "33.3%"), (4, 5, "80.0%"), (1, 8, "12.5%"), (1, 16, "6.3%"),
        (1, 2000, "0.1%"), (1, 2001, "0.0%"), (1999, 2000, "99.9%"), (9999, 10000, "99.9%"), (0, 3, "0.0%"),
        (3, 3, "100.0%"), (997, 1000, "99.7%"), (0, 0, ""),
    ],
)  # fmt: skip
def test_percentages_are_rounded_half_up_and_whole_only_when_nothing_is_missing(
    numerator: int, denominator: int, percent: str
) -> None:
    assert Rate(numerator, denominator).percentage == percent


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_percentage_is_never_further_off_than_half_a_tenth(one: int, other: int) -> None:
    numerator, denominator = min(one, other), max(one, other)
    tenths = Rate(numerator, denominator).tenths
    assert tenths is not None
    off = abs(Fraction(tenths, 1000) - Fraction(numerator, denominator))
    assert off <= Fraction(1, 2000) or tenths == 999
    assert (tenths == 1000) == (numerator == denominator)


@pytest.mark.parametrize("wrong", [(-1, 3), (4, 3)])
def test_no_rate_is_more_than_everything(wrong: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no rate"):
        Rate(*wrong)


@st.composite
def meetings(draw: st.DrawFn) -> Held:
    """Any meeting that can have been held."""
    should = draw(st.integers(0, 30))
    leave = draw(st.integers(0, should))
    on_leave = draw(st.integers(0, leave))
    came = on_leave + draw(st.integers(0, should - leave))
    kind = draw(st.sampled_from(list(MeetingKind)))
    signed_in = came > 0
    relieved = draw(st.integers(0, 5))
    return held(should, leave, came, on_leave, relieved, kind=kind, signed_in=signed_in)


def as_numbers(rate: Rate) -> tuple[int, int, dict[str, int]]:
    return rate.numerator, rate.denominator, dict(rate.exclusions)


@given(st.lists(st.lists(meetings(), max_size=5), max_size=6))
def test_the_parts_sum_to_the_whole(parts: list[list[Held]]) -> None:
    whole = participation([one for part in parts for one in part])
    assert as_numbers(total(participation(part) for part in parts)) == as_numbers(whole)
    assert 0 <= whole.numerator <= whole.denominator
    kept = [one for part in parts for one in part if one.signed_in and one.kind is not MeetingKind.OTHER]
    left_out = whole.exclusions.get("leave", 0) + whole.exclusions.get("relieved", 0)
    # Everybody called is above the line, below it, or left out by name of the reason.
    assert whole.denominator + left_out == sum(one.should + one.not_required for one in kept)


STATES = ("met", "partly", "overdue", "exempt", "planned", "held", "open")


@st.composite
def obligations(draw: st.DrawFn) -> Owed:
    """Any obligation, of one of four units."""
    return owed(
        draw(st.sampled_from(STATES)),
        unit_id=draw(st.integers(1, 4)),
        due=draw(st.booleans()),
        hard=draw(st.booleans()),
        recorded=draw(st.booleans()),
    )


@given(st.lists(obligations(), max_size=40))
def test_obligations_of_sub_units_sum_to_those_of_the_unit(cases: list[Owed]) -> None:
    whole = standardisation(cases)
    parts = [standardisation([case for case in cases if case.unit_id == unit]) for unit in range(1, 5)]
    assert as_numbers(total(parts)) == as_numbers(whole)
    assert whole.denominator + sum(whole.exclusions.values()) == len(cases)
    assert sum(map(failed, cases)) == whole.denominator - whole.numerator


@given(st.lists(obligations(), min_size=1, max_size=20), st.data())
def test_an_exemption_never_lowers_the_rate(cases: list[Owed], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(cases) - 1))
    if cases[at].state == "met":
        return
    before_it, after = (
        standardisation(cases),
        standardisation([*cases[:at], replace(cases[at], state="exempt"), *cases[at + 1 :]]),
    )
    if before_it.denominator and after.denominator:
        assert Fraction(after.numerator, after.denominator) >= Fraction(before_it.numerator, before_it.denominator)


@given(meetings(), meetings())
def test_relieving_somebody_takes_her_out_of_the_denominator(one: Held, other: Held) -> None:
    absent = one.should - one.leave - (one.came - one.came_on_leave)
    if not absent or not one.signed_in or one.kind is MeetingKind.OTHER:
        return
    before = participation([one, other])
    after = participation([replace(one, should=one.should - 1, not_required=one.not_required + 1), other])
    assert after.denominator == before.denominator - 1
    assert after.numerator == before.numerator
    assert after.denominator == 0 or Fraction(after.numerator, after.denominator) >= Fraction(
        before.numerator, before.denominator
    )


@given(meetings())
def test_coming_in_spite_of_leave_never_lowers_the_rate(one: Held) -> None:
    if one.leave == one.came_on_leave or not one.signed_in or one.kind is MeetingKind.OTHER:
        return
    before = participation([one])
    after = participation([replace(one, came=one.came + 1, came_on_leave=one.came_on_leave + 1)])
    assert Fraction(after.numerator, after.denominator) >= Fraction(before.numerator, before.denominator)


@pytest.mark.parametrize(
    ("words", "first", "last", "earlier"),
    [
        ("2026-10", date(2026, 10, 1), date(2026, 10, 31), "2026-09"),
        ("2026-1", date(2026, 1, 1), date(2026, 1, 31), "2025-12"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "2024-01"),
        ("2026Q4", date(2026, 10, 1), date(2026, 12, 31), "2026Q3"),
        ("2026q1", date(2026, 1, 1), date(2026, 3, 31), "2025Q4"),
        ("２０２６Ｑ２", date(2026, 4, 1), date(2026, 6, 30), "2026Q1"),
        ("2026H2", date(2026, 7, 1), date(2026, 12, 31), "2026H1"),
        (" 2026 ", date(2026, 1, 1), date(2026, 12, 31), "2025"),
    ],
)
def test_periods_are_read(words: str, first: date, last: date, earlier: str) -> None:
    found = read_span(words)
    assert found is not None
    assert (found.first, found.last, before(found).key) == (first, last, earlier)
    assert read_span(found.key) == found


@pytest.mark.parametrize(
    "words",
    ["", "2026Q5", "2026-13", "2026-00", "2026-0", "26Q1", "2026H3", "明年", "2026-10-01", "9999", "term", "0001"],
)
def test_what_is_no_period_is_not_read(words: str) -> None:
    assert read_span(words) is None


@given(st.dates(date(1950, 1, 1), date(2100, 12, 31)), st.sampled_from([one for one in Cycle if one != "term"]))
def test_each_period_has_its_number_and_the_one_before_it(day: date, cycle: Cycle) -> None:
    span = period_of(cycle, day)
    assert day in span
    assert before(span).last == span.first - timedelta(days=1)
    assert number_of(span) == (1 if before(span).first.year < day.year else number_of(before(span)) + 1)


def test_a_meeting_that_makes_up_counts_where_its_obligation_does() -> None:
    november = date(2026, 11, 3)
    assert day_counted(held(3, 0, 3), november) == november
    assert day_counted(held(3, 0, 3, counts_for="2026-10"), november) == date(2026, 10, 31)
    assert day_counted(held(3, 0, 3, counts_for="2026Q3"), november) == date(2026, 9, 30)


def tree(*groups: tuple[str, int], own: int = 0) -> list[Cell]:
    """Unit 1 with groups of so many people beneath it, and so many of its own."""
    pairs, person = [("/1/", 10_000 + number) for number in range(own)], 0
    for number, (path, people) in enumerate(groups, 2):
        assert path.endswith(f"/{number}/")
        pairs += [(path, person + n) for n in range(people)]
        person += people
    return cells(pairs)


@pytest.mark.parametrize(
    ("what", "units", "shown"),
    [
        ("all large", tree(("/1/2/", 5), ("/1/3/", 6)), {1: 1, 2: 2, 3: 3}),
        ("one small takes the next smallest with it", tree(("/1/2/", 3), ("/1/3/", 8), ("/1/4/", 6)),
         {1: 1, 2: 1, 3: 3, 4: 1}),
        ("two small hide each other", tree(("/1/2/", 3), ("/1/3/", 3), ("/1/4/", 9)), {1: 1, 2: 1, 3: 1, 4: 4}),
        ("two small are still too few", tree(("/1/2/", 2), ("/1/3/", 2), ("/1/4/", 9)), {1: 1, 2: 1, 3: 1, 4: 1}),
        ("meetings of all hide a small group", tree(("/1/2/", 3), ("/1/3/", 8), own=12), {1: 1, 2: 1, 3: 3}),
        ("a meeting of three of its own", tree(("/1/2/", 8), ("/1/3/", 9), own=3), {1: 1, 2: 1, 3: 3}),
        ("too few altogether", tree(("/1/2/", 2), ("/1/3/", 2)), {1: 0, 2: 0, 3: 0}),
        ("what lies beneath a folded unit", tree(("/1/2/", 3), ("/1/3/", 1), ("/1/3/4/", 5), ("/1/5/", 7)),
         {1: 1, 2: 1, 3: 1, 4: 1, 5: 5}),
        ("a level between without anything of its own", tree(("/1/2/", 0), ("/1/2/3/", 6), ("/1/2/4/", 2), own=9),
         {1: 1, 2: 2, 3: 2, 4: 2}),
    ],
)  # fmt: skip
def test_folding_by_hand(what: str, units: list[Cell], shown: dict[int, int]) -> None:
    assert fold(units, 5) == shown, what


def test_persons_are_counted_once_where_a_figure_counts_persons() -> None:
    # Twelve belong to the branch itself, and to its groups of four and eight: the rest beside the eight is four.
    pairs = [("/1/", person) for person in range(12)] + [("/1/2/", n) for n in range(4)]
    pairs += [("/1/3/", n) for n in range(4, 12)]
    assert fold(cells(pairs), 5, distinct=True) == {1: 1, 2: 1, 3: 1}
    assert fold(cells(pairs), 5) == {1: 1, 2: 1, 3: 3}
    assert gathered(fold(cells(pairs), 5), 1) == [2]


def test_what_one_month_hides_the_longer_time_hides_too() -> None:
    october, november = tree(("/1/2/", 8), ("/1/3/", 9)), tree(("/1/2/", 3), ("/1/3/", 9))
    assert fold(october, 5) == {1: 1, 2: 2, 3: 3}
    # The three of November would be the quarter less October; the nine beside them would tell as much.
    hidden = {unit for unit, into in fold(november, 5).items() if unit != into}
    assert hidden == {2, 3}
    assert fold(october, 5, hidden=hidden) == {1: 1, 2: 1, 3: 1}
    assert fold(october, 5, hidden={1}) == {1: 0, 2: 0, 3: 0}


@st.composite
def trees(draw: st.DrawFn) -> list[Cell]:
    """Any tree of at most 14 units, with people at any of them, some at several."""
    paths = ["/1/"]
    for number in range(2, draw(st.integers(2, 14))):
        paths.append(f"{draw(st.sampled_from(paths))}{number}/")
    pairs = draw(st.lists(st.tuples(st.sampled_from(paths), st.integers(0, 40)), max_size=60))
    return cells(pairs)


@given(trees(), st.integers(5, 8), st.booleans())
def test_what_is_shown_betrays_no_small_group(units: list[Cell], smallest: int, distinct: bool) -> None:  # noqa: FBT001
    shown = fold(units, smallest, distinct=distinct)
    by_id = {cell.unit_id: cell for cell in units}
    assert set(shown) == set(by_id)
    for cell in units:
        into = shown[cell.unit_id]
        above = [by_id[number] for number in map(int, cell.path.strip("/").split("/")) if number in by_id]
        nearest = next((one.unit_id for one in reversed(above) if shown[one.unit_id] == one.unit_id), 0)
        # Into the nearest unit above that is shown: the figures of a shown unit and of those folded in it are its own.
        assert into == nearest
        if into != cell.unit_id:
            continue
        assert len(cell.people) >= smallest
        kept = [one for one in units if shown[one.unit_id] == one.unit_id and one.path != cell.path]
        kept = [one for one in kept if one.path.startswith(cell.path)]
        rest = cell.people.difference(*(one.people for one in kept))
        if not distinct:
            rest = cell.own.union(*(by_id[one].own for one in gathered(shown, cell.unit_id)))
        assert not rest or len(rest) >= smallest


def test_a_path_says_what_is_above() -> None:
    assert lineage("/1/4/9/") == ["/1/", "/1/4/", "/1/4/9/"]


@given(st.lists(st.text(alphabet="党员参与率 abc，12÷", min_size=1, max_size=200), max_size=4))
def test_nothing_is_lost_where_lines_of_the_picture_are_cut(lines: list[str]) -> None:
    cut = picture.wrapped(lines, rate_report.WIDE)
    assert "".join(cut).replace(" ", "") == "".join(lines).replace(" ", "")
    assert all(picture.width(line) <= rate_report.WIDE or " " not in line for line in cut)
