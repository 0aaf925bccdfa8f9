"""The rules of activities: who may sign up, who is asked next, working hours, typed times, and the library of ideas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content import LANGUAGES, ContentError
from content.activities import load, themes
from domain import activity as rules
from domain.activity import HELD, Activity, ActivityKind, ActivityState, SignUp, SignUpState
from domain.member import Standing, UnitKind
from domain.moment import read_when

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=ZONE)
"""A Monday."""
ONE = Activity(
    1, "u", ActivityKind.LECTURE, 1, "工会", "/1/4/", (Standing.UNION,), "讲座", "三楼", NOW + timedelta(days=5), 120,
    NOW + timedelta(days=4), 10, 0, family=True, notes="", cost="", theme="", state=ActivityState.PUBLISHED,
    sequence=0, created_by=1,
)  # fmt: skip


def weekday(day: date) -> bool:
    return day.weekday() < 5


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("12-10 14:30", "2026-12-10 14:30"),
        ("12月10日 14:30", "2026-12-10 14:30"),
        ("12月10号下午2点半", "2026-12-10 14:30"),
        ("12/10 14:30", "2026-12-10 14:30"),
        ("１２－１０　１４：３０", "2026-12-10 14:30"),
        ("明天 14:30", "2026-11-24 14:30"),
        ("后天 9:00", "2026-11-25 09:00"),
        ("今天 18:00", "2026-11-23 18:00"),
        ("周六 9:00", "2026-11-28 09:00"),
        ("周日9点", "2026-11-29 09:00"),
        ("周一 18:00", "2026-11-23 18:00"),
        ("周一 9:00", "2026-11-30 09:00"),
        ("下周三 晚上7点", "2026-12-02 19:00"),
        ("星期天 10:00", "2026-11-29 10:00"),
        ("2027-1-5 9:00", "2027-01-05 09:00"),
        ("1-5 9:00", "2027-01-05 09:00"),
        ("2-29 9:00", "2028-02-29 09:00"),
        ("tomorrow 18:00", "2026-11-24 18:00"),
        ("Sat 9:00", "2026-11-28 09:00"),
        ("saturday 9:00", "2026-11-28 09:00"),
    ],
)
def test_a_typed_time_is_still_to_come(words: str, moment: str) -> None:
    assert read_when(words, NOW) == datetime.fromisoformat(moment).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    "words",
    ["", "周六", "9:00", "今天 9:00", "12-10", "13-10 9:00", "2-30 9:00", "12-10 25:00", "12-10 9:77", "2020-1-1 9:00",
     "11-23 9:00", "昨天 9:00", "很快", "周八 9:00"],
)  # fmt: skip
def test_what_is_no_time_is_none(words: str) -> None:
    assert read_when(words, NOW) is None


@given(st.text(max_size=40))
def test_whatever_is_typed_it_is_none_or_still_to_come(words: str) -> None:
    found = read_when(words, NOW)
    assert found is None or found > NOW


@pytest.mark.parametrize(
    ("changes", "facts", "why"),
    [
        ({}, {}, ""),
        ({"state": ActivityState.DRAFT}, {}, "gone"),
        ({"state": ActivityState.CANCELLED}, {}, "cancelled"),
        ({"state": ActivityState.OVER}, {}, "over"),
        ({"deadline": NOW}, {}, "too_late"),
        ({"deadline": NOW, "state": ActivityState.OPEN}, {}, ""),
        ({}, {"eligible": False}, "not_for_you"),
        ({}, {"family": 3}, ""),
        ({}, {"family": 4}, "too_much_family"),
        ({}, {"family": -1}, "too_much_family"),
        ({"family": False}, {"family": 1}, "no_family"),
    ],
)
def test_what_is_in_the_way(changes: dict[str, object], facts: dict[str, object], why: str) -> None:
    said: dict[str, object] = {"eligible": True, "family": 0, **facts}
    assert rules.hurdle(replace(ONE, **changes), NOW, **said) == why  # type: ignore[arg-type]


def test_who_may_come_belongs_there_and_is_one() -> None:
    assert rules.fits(ONE, ["/1/4/9/"], {Standing.UNION})
    assert not rules.fits(ONE, ["/1/40/"], {Standing.UNION})
    assert not rules.fits(ONE, ["/1/"], {Standing.UNION}), "above is not beneath"
    assert not rules.fits(ONE, ["/1/4/"], {Standing.EMPLOYEE})
    assert rules.fits(replace(ONE, standings=()), ["/1/4/"], set())


def waiting(*parties: int) -> list[SignUp]:
    return [SignUp(1, turn, SignUpState.WAITING, turn, party - 1, None) for turn, party in enumerate(parties, 1)]


@given(st.integers(0, 12), st.integers(0, 12), st.lists(st.integers(1, 4), max_size=8))
def test_who_is_asked_is_the_first_in_turn_whose_party_fits(capacity: int, taken: int, parties: list[int]) -> None:
    line = waiting(*parties)
    asked = rules.next_to_ask(capacity, taken, line)
    fitting = [one for one in line if not capacity or taken + one.party <= capacity]
    assert asked == (fitting[0] if fitting else None)


@given(st.integers(1, 6), st.lists(st.tuples(st.integers(0, 7), st.booleans(), st.integers(1, 3)), max_size=40))
def test_no_place_is_given_twice_and_none_lies_idle_while_somebody_fits(
    capacity: int, taps: list[tuple[int, bool, int]]
) -> None:
    """A model of taps: people join and leave; the places taken are always those of whoever holds one."""
    held: dict[int, int] = {}
    line: list[SignUp] = []
    turn = 0
    for who, joins, party in taps:
        if joins and who not in held and all(row.member_id != who for row in line):
            if rules.has_room(capacity, sum(held.values()), party):
                held[who] = party
            elif party <= capacity:
                turn += 1
                line.append(SignUp(1, who, SignUpState.WAITING, turn, party - 1, None))
        elif not joins:
            held.pop(who, None)
            line = [row for row in line if row.member_id != who]
        while asked := rules.next_to_ask(capacity, sum(held.values()), line):
            held[asked.member_id] = asked.party
            line.remove(asked)
        assert sum(held.values()) <= capacity
        assert not [row for row in line if row.party <= capacity - sum(held.values())]
        assert [row.turn for row in line] == sorted(row.turn for row in line)


def test_a_place_is_kept_twelve_hours_but_not_beyond_the_deadline_or_the_beginning() -> None:
    assert rules.held_until(ONE, NOW, NOW) == NOW + HELD
    night = NOW + timedelta(hours=22)
    assert rules.held_until(ONE, night, NOW) == night + HELD, "from the moment on at which it is heard of"
    evening = ONE.deadline - timedelta(hours=1)
    assert rules.held_until(ONE, ONE.deadline + timedelta(hours=1), evening) <= ONE.starts_at
    near = ONE.deadline - timedelta(hours=1)
    assert rules.held_until(ONE, near, near) == ONE.deadline
    late = ONE.starts_at - timedelta(hours=1)
    assert rules.held_until(ONE, late, late) == ONE.starts_at


@pytest.mark.parametrize(
    ("start", "minutes", "inside"),
    [
        ("2026-11-24 10:00", 60, True),
        ("2026-11-24 08:00", 60, False),
        ("2026-11-24 08:30", 60, True),
        ("2026-11-24 17:29", 60, True),
        ("2026-11-24 17:30", 60, False),
        ("2026-11-28 10:00", 480, False),
        ("2026-11-29 20:00", 16 * 60, True),
        ("2026-11-27 18:00", 24 * 60, False),
    ],
)
def test_working_hours(start: str, minutes: int, *, inside: bool) -> None:
    moment = datetime.fromisoformat(start).replace(tzinfo=ZONE)
    assert rules.in_hours(moment, minutes, weekday) is inside


@pytest.mark.parametrize("workday", [weekday, lambda day: day.weekday() < 6, lambda day: day.day % 2 == 0])
def test_what_is_offered_lies_outside_working_hours(workday: Callable[[date], bool]) -> None:
    for ahead in range(14):
        for moment in rules.usual_times(NOW + timedelta(days=ahead), workday):
            assert moment > NOW
            assert not rules.in_hours(moment, 120, workday)


def test_the_usual_deadline_is_the_evening_before() -> None:
    assert rules.usual_deadline(NOW + timedelta(days=5), NOW) == datetime(2026, 11, 27, 18, 0, tzinfo=ZONE)
    soon = NOW + timedelta(hours=9)
    assert rules.usual_deadline(soon, NOW) == soon


def test_two_overlap_when_nobody_can_be_at_both() -> None:
    assert rules.overlap(ONE, ONE)
    after = replace(ONE, starts_at=ONE.ends_at)
    assert not rules.overlap(ONE, after)
    assert not rules.overlap(after, ONE)
    assert rules.overlap(ONE, replace(ONE, starts_at=ONE.ends_at - timedelta(minutes=1)))


def test_the_library_has_ideas_enough_for_everybody() -> None:
    assert len(themes()) >= 24
    for kind in (UnitKind.PARTY_BRANCH, UnitKind.UNION, UnitKind.LEAGUE_BRANCH, UnitKind.WOMEN, UnitKind.DEPARTMENT):
        assert len(rules.suitable(themes(), kind)) >= 5, kind
    for one in themes():
        for language in LANGUAGES:
            assert 3 <= len(one.words[language].checklist) <= 8, one.ref
        assert len(one.words["zh"].checklist) == len(one.words["en"].checklist), one.ref
        assert len(f"activity_plan.idea:{one.ref}:99") <= 64
    for language in LANGUAGES:
        assert len({one.words[language].title for one in themes()}) == len(themes())


def test_a_library_with_mistakes_says_which(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(
        '[[theme]]\nid = "x"\nminutes = 5\nsuits = ["nobody"]\nmore = 1\n[theme.zh]\ntitle = "题"\n', encoding="utf-8"
    )
    with pytest.raises(ContentError) as error:
        load(file)
    for words in ("x: minutes", "x: suits", "x: zh", "x: en", "x: more"):
        assert words in str(error.value)
    file.write_text("theme = [", encoding="utf-8")
    with pytest.raises(ContentError):
        load(file)


def test_moments_are_compared_whatever_their_zone() -> None:
    assert rules.hurdle(replace(ONE, deadline=NOW.astimezone(UTC)), NOW, eligible=True, family=0) == "too_late"
