"""Votes: the three bases, exactly half, four fifths and two thirds, ballots, and what is typed for them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.vote import DEFAULTS, Of, Outcome, Result, Share, Tally, guess, judge, read_votes

BRANCH, COMMITTEE = DEFAULTS["branch"], DEFAULTS["committee"]
ADMISSION, ELECTION = DEFAULTS["admission"], DEFAULTS["election"]
HALF = Share(1, 2, more_than=True)
PEOPLE = st.integers(1, 500)


def hands(should: int, present: int, yes: int) -> Tally:
    return Tally(should, present, yes, present - yes)


def ballots(should: int, present: int, yes: int) -> Tally:
    return Tally(should, present, yes, present - yes, issued=present, returned=present, invalid=0)


CASES: list[tuple[str, Tally, Result, str]] = [
    ("branch", hands(10, 10, 5), Result.FAILED, "vote.failed"),
    ("branch", hands(10, 10, 6), Result.PASSED, "vote.passed"),
    ("branch", hands(10, 5, 5), Result.FAILED, "vote.failed"),
    ("branch", hands(10, 4, 4), Result.REFUSED, "vote.no_quorum"),
    ("branch", hands(9, 5, 5), Result.PASSED, "vote.passed"),
    ("branch", hands(9, 4, 4), Result.REFUSED, "vote.no_quorum"),
    ("branch", Tally(10, 9, 9, 1), Result.REFUSED, "vote.too_many_votes"),
    ("branch", Tally(10, 9, 8), Result.PASSED, "vote.passed"),
    ("branch", Tally(0, 0, 0), Result.REFUSED, "vote.nobody"),
    ("branch", Tally(5, 6, 6), Result.REFUSED, "vote.impossible"),
    ("branch", Tally(5, 5, -1), Result.REFUSED, "vote.impossible"),
    ("committee", hands(5, 3, 2), Result.UNDECIDED, "vote.undecided"),
    ("committee", hands(4, 4, 2), Result.UNDECIDED, "vote.undecided"),
    ("committee", hands(5, 2, 2), Result.REFUSED, "vote.no_quorum"),
    ("admission", hands(10, 10, 10), Result.REFUSED, "vote.needs_ballots"),
    ("admission", ballots(10, 8, 6), Result.PASSED, "vote.passed"),
    ("admission", ballots(10, 8, 5), Result.FAILED, "vote.failed"),
    ("election", ballots(10, 8, 5), Result.PASSED, "vote.passed"),
    ("election", ballots(10, 8, 4), Result.FAILED, "vote.failed"),
    ("election", ballots(10, 7, 7), Result.REFUSED, "vote.no_quorum"),
    ("admission", Tally(10, 8, 8, 0, 0, 8, 9, 1), Result.VOID, "vote.void"),
    ("admission", Tally(10, 8, 6, 0, 0, 8, 7, 1), Result.PASSED, "vote.passed"),
    ("admission", Tally(10, 8, 6, 0, 0, 8, 7, 0), Result.REFUSED, "vote.ballots_differ"),
    ("admission", Tally(10, 8, 8, 0, 0, 9, 8, 0), Result.REFUSED, "vote.too_many_issued"),
    ("admission", Tally(10, 8, 8, 0, 0, None, 8, 0), Result.REFUSED, "vote.half_counted"),
]


@pytest.mark.parametrize(("name", "tally", "result", "code"), CASES)
def test_the_table_of_cases(name: str, tally: Tally, result: Result, code: str) -> None:
    outcome = judge(DEFAULTS[name], tally)
    assert (outcome.result, outcome.code) == (result, code)
    assert outcome.facts["source"]


def test_a_refusal_names_the_rule_and_its_numbers() -> None:
    outcome = judge(BRANCH, hands(9, 4, 4))
    assert outcome.facts["article"] == "第十一条"
    assert outcome.facts["quorum"] == 5
    assert judge(ELECTION, ballots(11, 8, 8)).facts["quorum"] == 9


@given(PEOPLE)
def test_exactly_half_is_a_quorum_and_no_majority(half: int) -> None:
    everybody = 2 * half
    assert judge(BRANCH, hands(everybody, half, half)).result is Result.FAILED
    assert judge(BRANCH, hands(everybody, half - 1, half - 1)).code == "vote.no_quorum"
    if half > 1:
        assert judge(BRANCH, hands(everybody, half + 1, half + 1)).result is Result.PASSED


@given(PEOPLE)
def test_exactly_four_fifths_are_a_quorum_of_an_election(fifth: int) -> None:
    assert judge(ELECTION, ballots(5 * fifth, 4 * fifth, 4 * fifth)).result is Result.PASSED
    assert judge(ELECTION, ballots(5 * fifth, 4 * fifth - 1, 4 * fifth - 1)).code == "vote.no_quorum"
    stricter = replace(ELECTION, quorum=replace(ELECTION.quorum, more_than=True))
    assert judge(stricter, ballots(5 * fifth, 4 * fifth, 4 * fifth)).code == "vote.no_quorum"
    assert judge(stricter, ballots(5 * fifth, 4 * fifth + 1, 4 * fifth + 1)).result is Result.PASSED


@given(PEOPLE, st.booleans())
def test_exactly_two_thirds(third: int, more_than: bool) -> None:  # noqa: FBT001 - drawn
    basis = replace(BRANCH, majority=Share(2, 3, more_than=more_than))
    reached = judge(basis, hands(3 * third, 3 * third, 2 * third)).result
    assert reached is (Result.FAILED if more_than else Result.PASSED)
    assert judge(basis, hands(3 * third, 3 * third, 2 * third + 1)).result is Result.PASSED
    assert judge(basis, hands(3 * third, 3 * third, 2 * third - 1)).result is Result.FAILED


@given(st.integers(1, 9), st.integers(1, 9), st.booleans(), st.integers(0, 500))
def test_what_is_needed_is_the_smallest_that_is_enough(part: int, more: int, more_than: bool, base: int) -> None:  # noqa: FBT001 - drawn
    share = Share(part, part + more, more_than=more_than)
    needed = share.needed(base)
    assert share.met(needed, base)
    assert not share.met(needed - 1, base)


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    should = draw(PEOPLE)
    present = draw(st.integers(0, should))
    yes = draw(st.integers(0, present))
    no = draw(st.integers(0, present - yes))
    by_ballot = draw(st.booleans())
    rest = present - yes - no
    return Tally(should, present, yes, no, rest, *((present, present, 0) if by_ballot else ()))


def one_more_yes(tally: Tally) -> Tally:
    if tally.no:
        return replace(tally, yes=tally.yes + 1, no=tally.no - 1)
    return replace(tally, yes=tally.yes + 1, abstain=tally.abstain - 1)


@given(tallies(), st.sampled_from(sorted(DEFAULTS)))
def test_another_yes_never_turns_a_vote_down(tally: Tally, name: str) -> None:
    if tally.yes == tally.present:
        return
    before, after = judge(DEFAULTS[name], tally), judge(DEFAULTS[name], one_more_yes(tally))
    if before.result is Result.PASSED:
        assert after.result is Result.PASSED
    if before.result is Result.REFUSED:
        assert after.code == before.code


def passes(outcome: Outcome) -> bool:
    return outcome.result is Result.PASSED


@given(tallies())
def test_the_bases_stand_in_order(tally: Tally) -> None:
    of_present = replace(BRANCH, majority=replace(HALF, of=Of.PRESENT))
    of_all = replace(BRANCH, majority=replace(HALF, of=Of.ALL))
    wider = replace(tally, everyone=tally.should + 3)
    assert not passes(judge(of_all, wider)) or passes(judge(BRANCH, tally))
    assert not passes(judge(BRANCH, tally)) or passes(judge(of_present, tally))
    assert judge(ELECTION, tally).code == "vote.no_quorum" or judge(BRANCH, tally).code != "vote.no_quorum"


@given(tallies())
def test_whoever_did_not_vote_counts_as_no_yes(tally: Tally) -> None:
    silent = replace(tally, issued=None, returned=None, invalid=None, no=0, abstain=0)
    spoken = replace(silent, no=tally.no, abstain=tally.abstain)
    assert judge(BRANCH, silent).result is judge(BRANCH, spoken).result


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("赞成 9 反对 1 弃权 0", {"yes": 9, "no": 1, "abstain": 0}),
        ("赞成９，反对１，弃权０", {"yes": 9, "no": 1, "abstain": 0}),
        ("同意十二票、反对两票。", {"yes": 12, "no": 2}),
        ("赞成二十一人", {"yes": 21}),
        (
            "发出 12 收回 12 赞成 10 反对 1 弃权 0 无效 1",
            {"issued": 12, "returned": 12, "yes": 10, "no": 1, "abstain": 0, "invalid": 1},
        ),
        ("发出选票12张，收回12张，赞成12票", {"issued": 12, "returned": 12, "yes": 12}),
        ("yes 7 no 2 abstain 1", {"yes": 7, "no": 2, "abstain": 1}),
        ("不同意 1 同意 8", {"yes": 8, "no": 1}),
        ("赞成十", {"yes": 10}),
        ("赞成九十九票", {"yes": 99}),
        ("赞成〇票", {"yes": 0}),
        ("赞成十十", None),
        ("赞成三二十", None),
        ("赞成二三十", None),
        ("赞成十一二", None),
        ("赞成一二", None),
        ("赞成两十", None),
        ("赞成零十", None),
        ("赞成 9 赞成 8", None),
        ("反对 1", None),
        ("大家赞成 3 号方案", None),
        ("赞成 9 反对 1，林雪补充说明了预算", None),
        ("", None),
    ],
)  # fmt: skip
def test_what_is_typed_for_a_vote(words: str, found: dict[str, int] | None) -> None:
    assert read_votes(words) == found


@given(st.text("零〇一二两三四五六七八九十百", min_size=1, max_size=5))
def test_any_numeral_is_read_in_whole_or_not_at_all(words: str) -> None:
    found = read_votes(f"赞成{words}")
    assert found is None or 0 <= found["yes"] <= 99


def test_a_vote_of_no_rule_is_counted_and_nobody_says_who_won() -> None:
    assert judge(DEFAULTS["other"], hands(3, 2, 2)).result is Result.COUNTED
    assert judge(DEFAULTS["other"], hands(3, 2, 2)).code == "vote.counted"


@given(st.text(max_size=60))
def test_anything_may_be_typed(words: str) -> None:
    found = read_votes(words)
    assert found is None or all(count >= 0 for count in found.values())


def test_a_title_suggests_a_ballot() -> None:
    assert guess("讨论接收马琳同志为预备党员") == "admission"
    assert guess("讨论马琳同志预备党员转正") == "admission"
    assert guess("支部委员会换届选举") == "election"
    assert guess("学习《基层组织选举工作条例》") == ""
    assert guess("学习《中国共产党发展党员工作细则》") == ""
    assert guess("通过三季度工作计划") == ""
