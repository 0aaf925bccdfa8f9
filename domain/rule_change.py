"""What a local pack may do over the rules beneath it, and how two books of rules differ, from when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from domain.basis import Basis
from domain.member import UnitKind
from domain.period import Cycle
from domain.rule import Base, Book, Pack, Rule, Trust, Vote, Words
from domain.rule_reading import RuleError

_LENGTH = {cycle: place for place, cycle in enumerate(Cycle)}
WEIGHTY = (
    "cycle", "count", "years", "hours", "met", "kinds", "vote", "hard", "units", "needs_committee", "needs_groups",
    "min_formal",
)  # fmt: skip
"""What changes somebody's duties; all else is wording."""
WEIGHTY_OF_VOTES = ("quorum", "quorum_over", "quorum_of", "majority", "majority_over", "majority_of", "secret")
"""What changes whether a vote is carried."""
_TRUST = {trust: place for place, trust in enumerate(Trust)}
_WORDING = ("name", "text", "source", "article", "trust", "lead", "decided_by")


def loosens(base: Rule, rule: Rule) -> tuple[str, ...]:
    """Return in what a rule asks for less than the one beneath it. How often is a setting where sources differ."""
    setting = _is_setting(base)
    tests = {
        "trust": _TRUST[rule.trust] > _TRUST[base.trust],
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


def _is_setting(base: Rule | Vote) -> bool:
    """Whether sources differ about a national rule. What one local pack decided the next can only tighten."""
    return base.trust is Trust.CONFLICT and not base.decided_by


def loosens_vote(base: Vote, vote: Vote) -> tuple[str, ...]:
    """Return in what a vote is easier than the one beneath it.

    Where sources differ they differ about “at least” or “more than”, and about those present or those who should
    attend: these are a setting, and the shares themselves are none.
    """
    setting = _is_setting(base)
    reached = not setting and vote.quorum == base.quorum and base.quorum_over and not vote.quorum_over
    tests = {
        "trust": _TRUST[vote.trust] > _TRUST[base.trust],
        "secret": base.secret and not vote.secret,
        "quorum": vote.quorum < base.quorum or vote.quorum_of is not base.quorum_of or reached,
        "majority": base.majority is not None and _is_smaller(base, vote, either=setting),
    }
    return tuple(key for key, less in tests.items() if less)


def _is_smaller(base: Vote, vote: Vote, *, either: bool) -> bool:
    """Whether a majority is easier to reach. `either`: of those present or of those who should attend, as one likes."""
    if vote.majority is None or base.majority is None:
        return base.majority is not None
    known = {Base.PRESENT, Base.SHOULD} if either or base.majority_of is Base.PRESENT else set()
    if vote.majority_of not in {base.majority_of, *known}:
        return True
    return (vote.majority, vote.majority_over) < (base.majority, base.majority_over)


def stand(beneath: Book, pack: Pack) -> Book:
    """Return the book with a local pack over it. Raises `RuleError` when it loosens anything, or names nobody."""
    errors = [] if pack.decided_by else ["decided_by：没有写是谁决定的 · must say who decided"]
    if pack.id in {one.id for one in beneath.packs}:
        errors.append(f"id：已经有叫 {pack.id} 的规则包 · there is a pack of this id")
    for rule in pack.rules:
        for day in _days(_versions(beneath, rule.id), rule.applies_from, rule.applies_until):
            base = beneath.in_force(rule.id, day)
            errors += [_looser(rule.id, key, day) for key in (loosens(base, rule) if base else ())]
    for vote in pack.votes:
        for day in _days(_vote_versions(beneath, vote.id), vote.applies_from, vote.applies_until):
            counted = beneath.vote(vote.id, day)
            errors += [_looser(vote.id, key, day) for key in (loosens_vote(counted, vote) if counted else ())]
    if errors:
        raise RuleError("\n".join(dict.fromkeys(errors)))
    return Book((*beneath.packs, pack))


def _looser(name: str, key: str, day: date) -> str:
    return f"{name}.{key}：{day} 起比上级规定松，只能更严 · is looser than the rule above it; it may only be tightened"


def _versions(book: Book, rule_id: str) -> list[Rule]:
    return [rule for pack in book.packs for rule in pack.rules if rule.id == rule_id]


def _vote_versions(book: Book, vote_id: str) -> list[Vote]:
    return [vote for pack in book.packs for vote in pack.votes if vote.id == vote_id]


def _days(versions: Iterable[Rule | Vote], first: date, last: date | None) -> list[date]:
    """Return the days from `first` on, at which another version may be in force than on the day before."""
    turns = {first}
    for one in versions:
        turns.add(one.applies_from)
        if one.applies_until is not None and one.applies_until < date.max:
            turns.add(one.applies_until + timedelta(days=1))
    return sorted(day for day in turns if day >= first and (last is None or day <= last))


@dataclass(frozen=True, slots=True)
class Change:
    """From a day on another rule holds, or votes are counted otherwise.

    `keys`: in what it differs; empty where one of them is missing.
    """

    rule_id: str
    """Or the id of the kind of vote."""
    first: date
    before: Rule | Vote | None
    after: Rule | Vote | None
    keys: tuple[str, ...] = ()

    @property
    def of_vote(self) -> bool:
        """Whether it is about how votes are counted."""
        return isinstance(self.after or self.before, Vote)

    @property
    def name(self) -> Words:
        """What the rule or the kind of vote is called."""
        named = self.after or self.before
        return named.name if named is not None else Words(self.rule_id, self.rule_id)

    @property
    def weighty(self) -> bool:
        """Whether it changes duties, and not the wording alone."""
        weighty = {*WEIGHTY, *WEIGHTY_OF_VOTES}
        return self.before is None or self.after is None or not weighty.isdisjoint(self.keys)

    def concerns(self, kind: UnitKind, basis: Basis) -> bool:
        """Whether the rule before or after it holds for such a unit."""
        return any(one is not None and _holds(one, kind, basis) for one in (self.before, self.after))


def _holds(one: Rule | Vote, kind: UnitKind, basis: Basis) -> bool:
    if isinstance(one, Rule):
        return not one.stops_at(kind, basis)
    votes_there = one.quorum_of is not Base.COMMITTEE or basis.committee > 0
    return kind is UnitKind.PARTY_BRANCH and not basis.too_few and votes_there


def difference(old: Book, new: Book) -> list[Change]:
    """Return how a new book differs from an old one: by rule and day, then by kind of vote and day."""
    found = []
    for number in dict.fromkeys((*old.ids, *new.ids)):
        days = _days([*_versions(old, number), *_versions(new, number)], date.min, None)
        found += _changes(number, [(day, old.in_force(number, day), new.in_force(number, day)) for day in days])
    for number in dict.fromkeys((*old.vote_ids, *new.vote_ids)):
        days = _days([*_vote_versions(old, number), *_vote_versions(new, number)], date.min, None)
        found += _changes(number, [(day, old.vote(number, day), new.vote(number, day)) for day in days])
    return found


def _changes(number: str, days: Iterable[tuple[date, Rule | Vote | None, Rule | Vote | None]]) -> list[Change]:
    found, last = list[Change](), None
    for day, old, new in days:
        change = _change(number, day, old, new)
        if change is not None and (last is None or (last.before, last.after) != (change.before, change.after)):
            found.append(change)
        last = change
    return found


def _change(number: str, day: date, old: Rule | Vote | None, new: Rule | Vote | None) -> Change | None:
    if old is None or new is None:
        return None if old is new else Change(number, day, old, new)
    weighty = WEIGHTY_OF_VOTES if isinstance(old, Vote) else WEIGHTY
    keys = tuple(key for key in (*weighty, *_WORDING) if getattr(old, key, None) != getattr(new, key, None))
    return Change(number, day, old, new, keys) if keys else None


def rewrites_past(changes: Iterable[Change], today: date) -> list[Change]:
    """Return the changes of duties, and of how votes are counted, that would hold for what began before today."""
    return [change for change in changes if change.weighty and change.first < today]
