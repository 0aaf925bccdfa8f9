"""What a local pack may do over the rules beneath it, and how two books of rules differ, from when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from domain.basis import Basis
from domain.member import UnitKind
from domain.period import Cycle
from domain.rule import Base, Book, Pack, Rule, Trust, Vote
from domain.rule_reading import RuleError

_LENGTH = {cycle: place for place, cycle in enumerate(Cycle)}
WEIGHTY = (
    "cycle", "count", "years", "hours", "met", "kinds", "vote", "hard", "units", "needs_committee", "needs_groups",
    "min_formal",
)  # fmt: skip
"""What changes somebody's duties; all else is wording."""
_WORDING = ("name", "text", "source", "article", "trust", "lead", "decided_by")


def loosens(base: Rule, rule: Rule) -> tuple[str, ...]:
    """Return in what a rule asks for less than the one beneath it. How often is a setting where sources differ."""
    setting = base.trust is Trust.CONFLICT
    tests = {
        "period": not setting and (_LENGTH[rule.cycle] > _LENGTH[base.cycle] or rule.a_year < base.a_year),
        "hours": rule.hours < base.hours,
        "met": not set(base.met) <= set(rule.met),
        "kinds": not set(rule.kinds) <= set(base.kinds),
        "vote": bool(base.vote) and rule.vote != base.vote,
        "hard": base.hard and not rule.hard,
        "units": not set(base.units) <= set(rule.units),
        "needs_committee": rule.needs_committee and not base.needs_committee,
        "needs_groups": rule.needs_groups and not base.needs_groups,
        "min_formal": rule.min_formal > base.min_formal,
    }
    return tuple(key for key, less in tests.items() if less)


def loosens_vote(base: Vote, vote: Vote) -> tuple[str, ...]:
    """Return in what a vote is easier than the one beneath it; shares and bases are a setting where sources differ."""
    found = ["secret"] if base.secret and not vote.secret else []
    if base.trust is Trust.CONFLICT:
        return tuple(found)
    if (vote.quorum, vote.quorum_over) < (base.quorum, base.quorum_over) or vote.quorum_of is not base.quorum_of:
        found.append("quorum")
    if base.majority is not None:
        less = vote.majority is None or (vote.majority, vote.majority_over) < (base.majority, base.majority_over)
        smaller = vote.majority_of is not base.majority_of and base.majority_of is not Base.PRESENT
        if less or smaller:
            found.append("majority")
    return tuple(found)


def stand(beneath: Book, pack: Pack) -> Book:
    """Return the book with a local pack over it. Raises `RuleError` when it loosens anything, or names nobody."""
    errors = [] if pack.decided_by else ["decided_by：没有写是谁决定的 · must say who decided"]
    if pack.id in {one.id for one in beneath.packs}:
        errors.append(f"id：已经有叫 {pack.id} 的规则包 · there is a pack of this id")
    for rule in pack.rules:
        for day in _days(beneath, rule.id, rule.applies_from, rule.applies_until):
            base = beneath.in_force(rule.id, day)
            errors += [_looser(rule.id, key, day) for key in (loosens(base, rule) if base else ())]
    for vote in pack.votes:
        base_vote = beneath.vote(vote.id, vote.applies_from)
        keys = loosens_vote(base_vote, vote) if base_vote else ()
        errors += [_looser(vote.id, key, vote.applies_from) for key in keys]
    if errors:
        raise RuleError("\n".join(dict.fromkeys(errors)))
    return Book((*beneath.packs, pack))


def _looser(name: str, key: str, day: date) -> str:
    return f"{name}.{key}：{day} 起比上级规定松，只能更严 · is looser than the rule above it; it may only be tightened"


def _days(book: Book, rule_id: str, first: date, last: date | None) -> list[date]:
    """Return the days from `first` on, at which the rule in force may be another one than on the day before."""
    turns = {first}
    for pack in book.packs:
        for rule in pack.rules:
            if rule.id == rule_id:
                turns.add(rule.applies_from)
                if rule.applies_until is not None:
                    turns.add(rule.applies_until + timedelta(days=1))
    return sorted(day for day in turns if day >= first and (last is None or day <= last))


@dataclass(frozen=True, slots=True)
class Change:
    """From a day on another rule holds. `keys`: in what it differs; empty where one of them is missing."""

    rule_id: str
    first: date
    before: Rule | None
    after: Rule | None
    keys: tuple[str, ...] = ()

    @property
    def weighty(self) -> bool:
        """Whether it changes duties, and not the wording alone."""
        return self.before is None or self.after is None or any(key in WEIGHTY for key in self.keys)

    def concerns(self, kind: UnitKind, basis: Basis) -> bool:
        """Whether the rule before or after it holds for such a unit."""
        return any(rule is not None and not rule.stops_at(kind, basis) for rule in (self.before, self.after))


def difference(old: Book, new: Book) -> list[Change]:
    """Return how a new book differs from an old one, by rule and day."""
    found = []
    for rule_id in dict.fromkeys((*old.ids, *new.ids)):
        days = {*_days(old, rule_id, date.min, None), *_days(new, rule_id, date.min, None)}
        before: Change | None = None
        for day in sorted(days):
            change = _change(rule_id, day, old.in_force(rule_id, day), new.in_force(rule_id, day))
            if change is None:
                before = None
            elif before is None or (before.before, before.after) != (change.before, change.after):
                found.append(change)
                before = change
    return found


def _change(rule_id: str, day: date, old: Rule | None, new: Rule | None) -> Change | None:
    if old is None or new is None:
        return None if old is new else Change(rule_id, day, old, new)
    keys = tuple(key for key in (*WEIGHTY, *_WORDING) if getattr(old, key) != getattr(new, key))
    return Change(rule_id, day, old, new, keys) if keys else None


def rewrites_past(changes: Iterable[Change], today: date) -> list[Change]:
    """Return the changes of duties that would hold for periods which began before today."""
    return [change for change in changes if change.weighty and change.first < today]
