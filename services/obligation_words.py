"""How obligations are put into words: periods, states, what is missing, and what new rules change."""

from __future__ import annotations

from collections.abc import Iterable

from content import Voice
from domain.obligation import TIMES, Obligation, State
from domain.period import Cycle, Period, cycle_of
from domain.rule import Base, Rule, Vote
from domain.rule_change import Change
from services.work import Work

SIGNS = {
    State.OPEN: "□",
    State.PLANNED: "○",
    State.HELD: "◐",
    State.MET: "✓",
    State.PARTLY: "△",
    State.OVERDUE: "×",
    State.EXEMPT: "—",
}
"""A sign for each state, so that colour is never alone."""
UNRECORDED = "·"


def sign(one: Obligation) -> str:
    """Return the sign of its state."""
    unknown = not one.recorded and one.state is State.OPEN and one.rule.cycle is not Cycle.TERM
    return UNRECORDED if unknown else SIGNS[one.state]


def period_name(voice: Voice, period: Period) -> str:
    """Return a period as people say it."""
    cycle = cycle_of(period.key)
    day = period.first
    match cycle:
        case Cycle.MONTH:
            return voice.line("obligation.period_month", year=day.year, month=day.month)
        case Cycle.QUARTER:
            return voice.line("obligation.period_quarter", year=day.year, number=(day.month + 2) // 3)
        case Cycle.HALF:
            half = "obligation.period_first_half" if day.month == 1 else "obligation.period_second_half"
            return voice.line(half, year=day.year)
        case Cycle.YEAR:
            return voice.line("obligation.period_year", year=day.year)
        case Cycle.TERM:
            return voice.line("obligation.period_term")


def short(day_of: Period) -> str:
    """Return a period within its year, for narrow places: 11, Q4, H2, or the year itself."""
    return day_of.key[5:] if cycle_of(day_of.key) is Cycle.MONTH else day_of.key[4:] or day_of.key


def missing(voice: Voice, one: Obligation) -> str:
    """Return what is missing, in words."""
    return voice.line("obligation.and").join(
        voice.line("obligation.missing_times", times=one.times, needed=one.needed)
        if key == TIMES
        else voice.label(f"obligation.part_{key}")
        for key in one.missing
    )


def state(voice: Voice, one: Obligation, work: Work | None = None) -> str:
    """Return how it stands. With `work` the moment of a planned meeting is said too."""
    if not one.recorded and one.state is State.OPEN:
        unknown = "no_election" if one.rule.cycle is Cycle.TERM else "unrecorded"
        return voice.line(f"obligation.state_{unknown}")
    facts: dict[str, object] = {}
    name = one.state.value
    if one.state is State.OPEN:
        name = name if one.rule.met else "undeclared"
        facts["last"] = voice.day(one.period.last)
    elif one.state is State.PLANNED and one.planned is not None and work is not None:
        name, facts["at"] = "planned_at", voice.moment(work.organisation.local(one.planned.starts_at))
    elif one.state is State.PARTLY:
        facts["missing"] = missing(voice, one)
    elif one.state is State.EXEMPT:
        facts["reason"] = one.entry.reason if one.entry else ""
    return voice.line(f"obligation.state_{name}", **facts)


def line(voice: Voice, one: Obligation, work: Work | None = None) -> str:
    """Return an obligation in a line, with its unit."""
    facts = {"name": one.rule.name.said(voice.language), "period": period_name(voice, one.period)}
    return voice.line("obligation.line", unit=one.unit_name, state=state(voice, one, work), **facts)


def article(voice: Voice, rule: Rule | Vote) -> str:
    """Return where a rule stands, and who decided on it when that is ours."""
    own = voice.line("obligation.decided", by=rule.decided_by) if rule.decided_by else ""
    return f"{rule.source}{rule.article}{own}"


def how_often(voice: Voice, rule: Rule) -> str:
    """Return how often something is due, and whether it counts."""
    if rule.years:
        return voice.line("obligation.often_term", years=rule.years)
    often = voice.line(f"obligation.often_{rule.cycle.value}", count=rule.count)
    return often if rule.hard else voice.line("obligation.often_advice", often=often)


def how_counted(voice: Voice, vote: Vote) -> str:
    """Return how many must be there, how many must say yes, and whether by secret ballot."""
    parts = [_share(voice, "quorum", vote.quorum_of, str(vote.quorum), over=vote.quorum_over)]
    if vote.majority is not None:
        parts.append(_share(voice, "majority", vote.majority_of, str(vote.majority), over=vote.majority_over))
    if vote.secret:
        parts.append(voice.line("obligation.vote_secret"))
    return voice.line("obligation.and").join(parts)


def _share(voice: Voice, what: str, of: Base, share: str, *, over: bool) -> str:
    reach = voice.label(f"obligation.vote_{'over' if over else 'least'}")
    whole = voice.label(f"obligation.vote_of_{of.value}")
    return voice.line(f"obligation.vote_{what}", reach=reach, share=share, of=whole)


def change_line(voice: Voice, change: Change) -> str:
    """Return what changes from when."""
    facts = {"name": change.name.said(voice.language), "first": voice.day(change.first)}
    if change.after is None:
        return voice.line("obligation.change_gone", **facts)
    basis = article(voice, change.after)
    if isinstance(change.after, Vote):
        counted = how_counted(voice, change.after)
        return voice.line("obligation.change_vote", now=counted, article=basis, **facts)
    now = how_often(voice, change.after)
    if not isinstance(change.before, Rule):
        return voice.line("obligation.change_new", now=now, article=basis, **facts)
    old = how_often(voice, change.before)
    if old != now:
        return voice.line("obligation.change_often", old=old, now=now, article=basis, **facts)
    parts = voice.line("obligation.and").join(_parts(voice, change.after))
    return voice.line("obligation.change_other", parts=parts, article=basis, **facts)


def _parts(voice: Voice, rule: Rule) -> Iterable[str]:
    """Return what a meeting needs, or that it is entered by hand."""
    if not rule.met:
        yield voice.line("obligation.by_hand")
    for part in rule.met:
        yield voice.label(f"obligation.part_{part.value}")
