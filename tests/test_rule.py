"""Rules as data: the national pack, what a local one may do, which rule holds when, and what a new pack changes."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.__main__ import app
from bot.config import ConfigError, load
from content.rule_pack import book, load_local, national
from domain.basis import Basis
from domain.meeting import MeetingKind
from domain.member import UnitKind
from domain.period import Cycle, cycle_of, ending_between, period_of, read_period
from domain.rule import Base, Book, Part, Trust, Vote, Words
from domain.rule_change import difference, rewrites_past, stand
from domain.rule_reading import RuleError, read_pack

TODAY = date(2026, 11, 23)
FULL = Basis(12, 1, 0, 2, 4)


def local(rule: str = "", vote: str = "", head: str = 'id = "ours"\nversion = "1"\ndecided_by = "集团党委"\n') -> Book:
    words = head + (f"[[rule]]\n{rule}\n" if rule else "") + (f"[[vote]]\n{vote}\n" if vote else "")
    return stand(book(), read_pack(tomllib.loads(words), book()))


@pytest.mark.parametrize(
    ("rule", "cycle", "article", "trust"),
    [
        ("branch_meeting", "quarter", "第十一条", "S"),
        ("committee_meeting", "month", "第十二条", "S"),
        ("group_meeting", "month", "第十三条", "S"),
        ("lecture", "quarter", "第十六条", "C"),
        ("theme_day", "month", "第十六条", "T"),
        ("life_meeting", "year", "第十七条", "T"),
        ("assessment", "year", "第十八条", "T"),
        ("talk", "year", "第十九条", "S"),
        ("study_hours", "year", "第二十条", "T"),
        ("study_hours_committee", "year", "第二十条", "S"),
        ("term", "term", "第三条", "S"),
    ],
)
def test_the_national_pack(rule: str, cycle: str, article: str, trust: str) -> None:
    found = book().in_force(rule, TODAY)
    assert found is not None
    assert (found.cycle.value, found.article, found.trust.value) == (cycle, article, trust)
    assert found.name.en
    assert not found.decided_by


def test_rules_of_meetings_carry_the_ids_of_their_kinds() -> None:
    kinds = {kind.value for kind in MeetingKind} - {"other"}
    assert kinds <= set(book().ids)
    for name in kinds:
        found = book().in_force(name, TODAY)
        assert found is not None
        assert found.kinds == (MeetingKind(name),)


def test_no_national_number_of_lectures_is_claimed() -> None:
    lecture = book().in_force("lecture", TODAY)
    assert lecture is not None
    assert "没有写次数" in lecture.text.zh
    assert "no national number" in lecture.text.en


@pytest.mark.parametrize(
    ("rule", "basis", "why"),
    [
        ("branch_meeting", Basis(3), ""), ("branch_meeting", Basis(2, 9), "few"), ("theme_day", Basis(2), "few"),
        ("committee_meeting", Basis(6, 5, committee=3), "few"), ("committee_meeting", Basis(7, committee=3), ""),
        ("group_meeting", Basis(12), "groups"), ("group_meeting", Basis(12, groups=1), ""),
    ],
)  # fmt: skip
def test_whom_a_rule_is_for(rule: str, basis: Basis, why: str) -> None:
    found = book().in_force(rule, TODAY)
    assert found is not None
    assert found.stops_at(UnitKind.PARTY_BRANCH, basis) == why
    assert found.stops_at(UnitKind.UNION, basis) == "unit"


VOTES = [
    ("branch", 10, 4, 10, False, None), ("branch", 10, 5, 5, True, False), ("branch", 10, 5, 6, True, True),
    ("branch", 9, 4, 5, False, True), ("branch", 9, 5, 5, True, True), ("branch", 0, 0, 0, False, False),
    ("committee", 5, 2, 0, False, None), ("committee", 4, 2, 0, True, None),
    ("admission", 11, 6, 5, True, False), ("admission", 11, 6, 6, True, True),
    ("election", 10, 8, 4, True, False), ("election", 10, 8, 5, True, True), ("election", 10, 7, 7, False, True),
    ("election", 9, 8, 5, True, True), ("election", 9, 7, 4, False, True),
]  # fmt: skip
"""kind of vote, should, came, yes, whether there is a quorum, whether it is carried."""


@pytest.mark.parametrize(("name", "should", "came", "yes", "quorum", "carried"), VOTES)
def test_the_bases_of_votes_are_not_merged(
    name: str, should: int, came: int, yes: int, *, quorum: bool, carried: bool | None
) -> None:
    vote = book().vote(name, TODAY)
    assert vote is not None
    assert vote.has_quorum(came, should) is quorum
    if carried is not None or name == "committee":
        assert vote.passes(yes, should, came) is carried
    assert vote.secret is (name in {"admission", "election"})


@given(
    should=st.integers(1, 300),
    came=st.integers(0, 300),
    share=st.sampled_from(["1/2", "2/3", "4/5"]),
    over=st.booleans(),
)
def test_a_share_is_counted_exactly(should: int, came: int, share: str, *, over: bool) -> None:
    part = Fraction(share)
    words = Words("字", "word")
    vote = Vote("x", words, words, "s", "a", Trust.QUOTED, TODAY, part, Base.SHOULD, quorum_over=over)
    above, below = came * part.denominator - should * part.numerator, vote.has_quorum(came, should)
    assert below is (above > 0 if over else above >= 0)
    assert not below or vote.has_quorum(came + 1, should)


def test_a_local_pack_tightens_from_its_day_and_says_who_decided() -> None:
    ours = local('id = "branch_meeting"\nperiod = "month"\napplies_from = 2027-01-01')
    before, after = (ours.in_force("branch_meeting", day) for day in (date(2026, 12, 31), date(2027, 1, 1)))
    assert before is not None
    assert after is not None
    assert (before.cycle, after.cycle) == (Cycle.QUARTER, Cycle.MONTH)
    assert (after.decided_by, after.met, after.source) == ("集团党委", before.met, before.source)
    assert "ours 1" in ours.version
    assert ours.digest != book().digest


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ('id = "branch_meeting"\nperiod = "half"', "period"),
        ('id = "theme_day"\nperiod = "year"\ncount = 24', "period"),
        ('id = "branch_meeting"\nmet = ["on_time"]\nvote = ""', "met"),
        ('id = "theme_day"\nmin_formal = 10', "min_formal"),
        ('id = "theme_day"\nneeds_groups = true', "needs_groups"),
        ('id = "theme_day"\nneeds_committee = true', "needs_committee"),
        ('id = "theme_day"\nhard = false', "hard"),
        ('id = "study_hours"\nhours = 20', "hours"),
        ('id = "theme_day"\nkinds = ["theme_day", "other"]', "kinds"),
        ('id = "term"\nyears = 5', "period"),
        ('id = "theme_day"\nunits = ["party_committee"]', "units"),
        ('id = "branch_meeting"\nvote = "committee"', "vote"),
    ],
)
def test_a_local_pack_never_loosens(rule: str, key: str) -> None:
    with pytest.raises(RuleError) as refused:
        local(f"{rule}\napplies_from = 2027-01-01")
    assert key in str(refused.value)
    assert "只能更严" in str(refused.value)


@pytest.mark.parametrize(
    ("vote", "fits"),
    [
        ('id = "branch"\nquorum = "2/3"', True), ('id = "branch"\nquorum = "1/3"', False),
        ('id = "branch"\nquorum_kind = "more_than"', True), ('id = "branch"\nmajority_kind = "at_least"', False),
        ('id = "branch"\nmajority_of = "present"', False), ('id = "admission"\nsecret = false', False),
        ('id = "election"\nmajority_of = "should"\nquorum_kind = "more_than"', True),
        ('id = "election"\nquorum = "2/3"', False), ('id = "election"\nquorum = "1/2"', False),
        ('id = "election"\nmajority = "1/3"', False), ('id = "election"\nmajority_kind = "at_least"', False),
        ('id = "election"\nquorum_of = "committee"', False), ('id = "election"\nmajority_of = "committee"', False),
        ('id = "election"\nquorum = "5/6"\nmajority = "2/3"', True), ('id = "branch"\ntrust = "U"', False),
        ('id = "branch"\ntrust = "C"\ntext_zh = "说法不一"\ntext_en = "they differ"', False),
    ],
)  # fmt: skip
def test_a_local_pack_may_raise_a_quorum_alone(vote: str, *, fits: bool) -> None:
    if fits:
        assert local(vote=f"{vote}\napplies_from = 2027-01-01").packs[-1].votes
        return
    with pytest.raises(RuleError):
        local(vote=f"{vote}\napplies_from = 2027-01-01")


def test_a_number_on_which_sources_differ_is_a_setting_both_ways() -> None:
    for period in ("month", "half"):
        found = local(f'id = "lecture"\nperiod = "{period}"\napplies_from = 2027-01-01').in_force("lecture", date.max)
        assert found is not None
        assert found.cycle.value == period


DIFFER = 'text_zh = "说法不一"\ntext_en = "sources differ"\n'
SECOND = 'id = "second"\nversion = "1"\ndecided_by = "二级党委"\n'


def over(beneath: Book, words: str) -> Book:
    return stand(beneath, read_pack(tomllib.loads(words), beneath))


def test_trust_never_falls_so_that_no_second_pack_finds_a_setting() -> None:
    with pytest.raises(RuleError, match=r"branch_meeting\.trust"):
        local(f'id = "branch_meeting"\ntrust = "C"\n{DIFFER}applies_from = 2027-01-01')
    with pytest.raises(RuleError, match=r"theme_day\.trust"):
        local('id = "theme_day"\ntrust = "S"\napplies_from = 2027-01-01')
    assert local('id = "branch_meeting"\ntrust = "T"\napplies_from = 2027-01-01').packs[1:]


def test_what_the_first_pack_decided_the_second_only_tightens() -> None:
    first = local('id = "lecture"\nperiod = "month"\napplies_from = 2027-01-01')
    with pytest.raises(RuleError, match=r"lecture\.period"):
        over(first, SECOND + '[[rule]]\nid = "lecture"\nperiod = "half"\napplies_from = 2027-02-01')
    first = local(vote='id = "election"\nmajority_of = "should"\nquorum_kind = "more_than"\napplies_from = 2027-01-01')
    for loose, key in (('majority_of = "present"', "majority"), ('quorum_kind = "at_least"', "quorum")):
        with pytest.raises(RuleError, match=key):
            over(first, f'{SECOND}[[vote]]\nid = "election"\n{loose}\napplies_from = 2027-02-01')


def test_a_vote_is_compared_with_every_version_beneath_that_it_overlaps() -> None:
    first = local(vote='id = "branch"\nquorum = "2/3"\napplies_from = 2028-01-01\napplies_until = 2028-12-31')
    early = SECOND + '[[vote]]\nid = "branch"\nquorum = "3/5"\napplies_from = 2027-01-01\n'
    with pytest.raises(RuleError, match=r"branch\.quorum：2028-01-01"):
        over(first, early)
    assert over(first, early + "applies_until = 2027-12-31").packs[2:]
    assert over(first, early.replace("2027-01-01", "2029-01-01")).packs[2:]


def test_a_vote_that_changes_is_a_change() -> None:
    ours = local(vote='id = "branch"\nquorum = "2/3"\napplies_from = 2027-01-01')
    [change] = difference(book(), ours)
    assert (change.rule_id, change.first, change.of_vote) == ("branch", date(2027, 1, 1), True)
    assert "quorum" in change.keys
    assert change.weighty
    assert change.concerns(UnitKind.PARTY_BRANCH, FULL)
    assert not change.concerns(UnitKind.UNION, FULL)
    assert rewrites_past([change], TODAY) == []
    assert rewrites_past([change], date(2027, 1, 2)) == [change]
    [wording] = difference(book(), local(vote='id = "branch"\nname_zh = "大会"\napplies_from = 2026-01-02'))
    assert not wording.weighty
    [committee] = difference(book(), local(vote='id = "committee"\nquorum = "2/3"\napplies_from = 2027-01-01'))
    assert not committee.concerns(UnitKind.PARTY_BRANCH, Basis(5))


def test_a_local_pack_adds_a_rule() -> None:
    ours = local(
        'id = "safety_lecture"\nname_zh = "安全党课"\nname_en = "Safety lecture"\ntext_zh = "每半年一次"\n'
        'text_en = "Twice a year"\nsource = "集团党委通知"\narticle = "第三条"\ntrust = "T"\nperiod = "half"\n'
        'met = ["on_time", "sign_in"]\nkinds = ["lecture"]\napplies_from = 2027-01-01'
    )
    found = ours.in_force("safety_lecture", date(2027, 3, 1))
    assert found is not None
    assert (found.kinds, found.met) == ((MeetingKind.LECTURE,), (Part.ON_TIME, Part.SIGN_IN))


WRONG: list[tuple[str, str]] = [
    ('id = "x y"', "小写字母"),
    ('id = "talk"\ntrust = "U"\nhard = true', "未核实"),
    ('id = "talk"\ntrust = "C"', "说法不一"),
    ('id = "talk"\nperiod = "weekly"', "不认识"),
    ('id = "talk"\nwhen = 3', "不认识的键"),
    ('id = "talk"\ncount = 0', "要在"),
    ('id = "talk"\ncount = true', "写法不对"),
    ('id = "talk"\nyears = 3', "任期"),
    ('id = "talk"\nmet = ["on_time"]', "哪种会议"),
    ('id = "theme_day"\nmet = ["on_time", "minutes", "sign_in", "quorum"]', "法定人数"),
    ('id = "branch_meeting"\nvote = "nothing"', "没有这种表决"),
    ('id = "unheard_of"', "没有写"),
    ('id = "talk"\napplies_until = 2026-01-01', "早于"),
    ('id = "talk"\nname_zh = "  "', "没有写"),
]


@pytest.mark.parametrize(("rule", "said"), WRONG)
def test_what_is_wrong_in_a_pack_is_said_in_both_languages(rule: str, said: str) -> None:
    with pytest.raises(RuleError) as refused:
        local(f"{rule}\napplies_from = 2027-01-01")
    assert said in str(refused.value)
    assert " · " in str(refused.value)


@pytest.mark.parametrize(
    "share", ["1e99999999", "1", "0.8", "0/5", "1/0", "6/5", "-1/2", "00001/2", " 1/2", "1/2\n", "１/２", "", "1_0/20"]
)
def test_a_share_is_written_as_a_short_fraction_alone(share: str) -> None:
    with pytest.raises(RuleError, match="写成 1/2"):
        local(vote=f'id = "branch"\nquorum = {json.dumps(share)}\napplies_from = 2027-01-01')


def test_a_pack_without_whoever_decided_is_refused() -> None:
    with pytest.raises(RuleError, match="decided_by"):
        local('id = "talk"\napplies_from = 2027-01-01', head='id = "ours"\nversion = "1"\n')


def test_the_pack_that_is_kept_reads_as_the_same_one() -> None:
    again = read_pack(json.loads(national().body))
    assert (again.rules, again.votes) == (national().rules, national().votes)


def test_what_changes_and_from_when() -> None:
    ours = local('id = "branch_meeting"\nperiod = "month"\napplies_from = 2027-01-01')
    [change] = difference(book(), ours)
    assert (change.rule_id, change.first) == ("branch_meeting", date(2027, 1, 1))
    assert "cycle" in change.keys
    assert change.weighty
    assert change.concerns(UnitKind.PARTY_BRANCH, FULL)
    assert not change.concerns(UnitKind.PARTY_BRANCH, Basis(2))
    assert rewrites_past([change], TODAY) == []
    assert rewrites_past([change], date(2027, 1, 2)) == [change]
    assert difference(ours, ours) == []
    [back] = difference(ours, book())
    assert back.first == date(2027, 1, 1)


def changed(**values: Any) -> Book:  # noqa: ANN401 - keys of the file
    data = tomllib.loads((Path("content/rules/national.toml")).read_text(encoding="utf-8"))
    data["rule"][0] |= values
    return Book((read_pack(data),))


def test_a_rule_changed_in_place_changes_the_past() -> None:
    assert rewrites_past(difference(book(), changed(period="month")), TODAY)
    assert not rewrites_past(difference(book(), changed(text_zh="换个说法")), TODAY)
    [gone] = difference(book(), changed(applies_until=date(2026, 12, 31)))
    assert (gone.first, gone.after) == (date(2027, 1, 1), None)


@given(st.sampled_from([c for c in Cycle if c is not Cycle.TERM]), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_periods_follow_each_other_without_a_gap(cycle: Cycle, day: date) -> None:
    period = period_of(cycle, day)
    assert day in period
    assert read_period(period.key) == period
    assert cycle_of(period.key) is cycle
    found = ending_between(cycle, date(day.year, 1, 1), date(day.year, 12, 31))
    assert (found[0].first, found[-1].last) == (date(day.year, 1, 1), date(day.year, 12, 31))
    assert all((b.first - a.last).days == 1 for a, b in pairwise(found))


@pytest.mark.parametrize("key", ["2026-13", "2026-00", "2026Q5", "2026H3", "26", "", "term ", "2026-1", "0000"])
def test_what_is_no_period(key: str) -> None:
    with pytest.raises(ValueError, match="period"):
        cycle_of(key)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with a database."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "config.toml"
    assert CliRunner().invoke(app, ["init", "--config", str(path)]).exit_code == 0
    return path


GOOD = (
    'id = "ours"\nversion = "1"\ndecided_by = "集团党委"\n[[rule]]\nid = "branch_meeting"\nperiod = "month"\n'
    "applies_from = 2099-01-01\n"
)


def test_the_command_line_shows_and_checks_rules(config: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    shown = run(app, ["rules", "show", "--config", str(config)])
    assert shown.exit_code == 0
    assert "支部党员大会" in shown.output
    assert "第十一条" in shown.output
    assert run(app, ["rules", "show", "--day", "tomorrow", "--config", str(config)]).exit_code == 2
    pack = tmp_path / "ours.toml"
    pack.write_text(GOOD, encoding="utf-8")
    assert run(app, ["rules", "check", str(pack), "--config", str(config)]).exit_code == 0
    assert "还没有生效过" in run(app, ["rules", "diff", str(pack), "--config", str(config)]).output
    pack.write_text(GOOD.replace("month", "year"), encoding="utf-8")
    refused = run(app, ["rules", "check", str(pack), "--config", str(config)])
    assert refused.exit_code == 1
    assert "只能更严" in refused.output
    assert run(app, ["rules", "check", "nowhere.toml", "--config", str(config)]).exit_code == 1


def test_a_check_refuses_what_would_change_the_past(config: Path, tmp_path: Path) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415 - beside its use

    from bot.commands.surroundings import open_database, settings_of  # noqa: PLC0415
    from services import rule  # noqa: PLC0415
    from services.work import Work  # noqa: PLC0415

    settings = settings_of(config)
    database = open_database(settings)
    work = settings.as_organisation(), datetime.now(UTC)
    assert database.write_now(lambda c: rule.note(Work(c, *work))) is None
    database.close()
    pack = tmp_path / "ours.toml"
    pack.write_text(GOOD.replace("2099", "2026"), encoding="utf-8")
    run = CliRunner().invoke
    refused = run(app, ["rules", "check", str(pack), "--config", str(config)])
    assert refused.exit_code == 1
    assert "已经开始的时期" in refused.output
    pack.write_text(GOOD, encoding="utf-8")
    assert run(app, ["rules", "check", str(pack), "--config", str(config)]).exit_code == 0
    assert "2099-01-01" in run(app, ["rules", "diff", str(pack), "--config", str(config)]).output
    words = GOOD.split("[[rule]]", maxsplit=1)[0] + '[[vote]]\nid = "branch"\nquorum = "2/3"\napplies_from = 2026-02-01'
    pack.write_text(words, encoding="utf-8")
    refused = run(app, ["rules", "check", str(pack), "--config", str(config)])
    assert refused.exit_code == 1
    assert "vote branch：2026-02-01" in refused.output
    pack.write_text(words.replace("2026-02", "2099-02"), encoding="utf-8")
    assert run(app, ["rules", "check", str(pack), "--config", str(config)]).exit_code == 0
    shown = " ".join(run(app, ["rules", "diff", str(pack), "--config", str(config)]).output.split())
    assert "vote branch：2099-02-01" in shown
    assert "quorum ≥ 2/3 should" in shown


def test_packs_come_from_the_configuration(tmp_path: Path) -> None:
    pack, config = tmp_path / "ours.toml", tmp_path / "config.toml"
    pack.write_text(GOOD, encoding="utf-8")
    config.write_text(f'[rules]\npacks = ["{pack}"]\n', encoding="utf-8")
    assert [one.id for one in load(config, {}).as_organisation().rules] == ["ours"]
    assert load_local([pack])[0].decided_by == "集团党委"
    pack.write_text("id = 3", encoding="utf-8")
    with pytest.raises(ConfigError, match="写法不对"):
        load(config, {})


def test_the_pack_of_the_documentation_is_a_valid_one() -> None:
    page = Path("docs/organisational-life.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    ours = stand(book(), read_pack(tomllib.loads(example), book()))
    assert {rule.id for rule in ours.packs[-1].rules} == {"branch_meeting", "safety_lecture"}
