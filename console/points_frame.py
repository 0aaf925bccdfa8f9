"""What all pages about points share: the parts above, numbers out of forms, and how rules and points are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.asked import whole
from console.grammar import Look, Page, Visit
from domain.organisation import PointRule
from domain.permission import Action
from domain.points_rule import RULES, Difference, Terms
from services import permission

_PARTS = (
    ("rules", "points", Action.SEE_UNIT_FIGURES),
    ("objections", "points/objections", Action.ANSWER_OBJECTIONS),
    ("manual", "points/manual", Action.AWARD_POINTS),
    ("figures", "points/figures", Action.SEE_UNIT_FIGURES),
)


def framed(visit: Visit, template: str, part: str, facts: Mapping[str, Any], status: int = 200) -> Page:
    """Return a page with the parts that this person may open above it. `part`: the one that is shown."""
    parts = [
        (name, f"/console/{path}")
        for name, path, action in _PARTS
        if permission.may_anywhere(visit.work, visit.person.id, action)
    ]
    said = visit.words("points")
    shared = {
        "parts": parts,
        "part": part,
        "p": said,
        "rule_name": lambda rule: rule_name(visit, rule),
        "signed": signed,
    }
    return Page(template, {**shared, **facts}, status)


def page_in(visit: Visit) -> int:
    """Return the page that is asked for, counted from 1; an offset beyond any table is none."""
    return max(1, min(whole(visit.query.get("page", ""), 1), 10**6))


def signed(points: int) -> str:
    """Return points with their sign."""
    return f"+{points}" if points > 0 else f"−{-points}" if points < 0 else "0"


def rule_name(look: Look, rule: str) -> str:
    """Return what a rule is called."""
    code = f"points.rule_{rule}"
    return look.voice.label(code) if code in look.voice.labels else rule


def in_order(terms: Terms) -> list[tuple[str, PointRule]]:
    """Return the rules in the order in which they are always shown."""
    rules = [rule for rule in RULES if rule in terms] + sorted(set(terms) - set(RULES))
    return [(rule, terms[rule]) for rule in rules]


def difference_line(visit: Visit, one: Difference) -> str:
    """Return a difference as a sentence."""
    said = visit.words("points")

    def words(rule: PointRule | None) -> str:
        if rule is None or rule.points == 0:
            return said["rule_off"]
        return said["rule_words"].format(points=rule.points, cap=rule.daily_cap)

    facts = {"rule": rule_name(visit, one.rule), "before": words(one.before), "after": words(one.after)}
    return said["difference"].format(**facts)
