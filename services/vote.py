"""By what votes count here: the rule packs in force, and the usual bases where they are silent."""

from __future__ import annotations

from collections.abc import Mapping

from content import Voice
from domain.attendance import QUORUM
from domain.rule import Base, Vote
from domain.vote import DEFAULTS, Basis, Of, Share, usual
from services import rule
from services.work import Work


def bases(work: Work) -> Mapping[str, Basis]:
    """Return by what votes count here today: by the rules in force, and by `DEFAULTS` where they are silent."""
    book, found = rule.book(work), dict(DEFAULTS)
    for name, default in DEFAULTS.items():
        law = book.vote(name, work.today)
        if law is not None:
            found[name] = _basis(law, default)
    return found


def _basis(law: Vote, default: Basis) -> Basis:
    quorum = Share(
        law.quorum.numerator, law.quorum.denominator, more_than=law.quorum_over, of=Of.SHOULD, trust=law.trust.value
    )
    # A law in force that names no majority has none: the usual one of anywhere else is no rule here.
    majority = None
    if law.majority is not None:
        of = Of.PRESENT if law.majority_of is Base.PRESENT else Of.SHOULD
        shares = law.majority.numerator, law.majority.denominator
        majority = Share(*shares, more_than=law.majority_over, of=of, trust=law.trust.value)
    return Basis(default.name, quorum, majority, law.secret, law.source, law.article, law.trust.value)


def of_quorum(work: Work, name: str) -> Basis:
    """Return the basis of a meeting's quorum (`voting`, `committee`) or of an item."""
    return bases(work)[usual(name) if name in QUORUM.values() else name]


def rule_of(voice: Voice, basis: Basis, *, quorum: bool = False) -> str:
    """Name the rule of a basis with its article, and say where sources differ or are silent."""
    if not basis.source:
        return voice.line("vote.custom")
    code = "vote.article" if basis.article else "vote.source_alone"
    facts = {"article": basis.article} if basis.article else {}
    words = voice.line(code, source=basis.source, **facts)
    share = basis.quorum if quorum else basis.majority
    trust = share.trust if share else "S"
    return words + (voice.line(f"vote.note_{trust.lower()}") if trust in {"C", "U"} else "")
