"""The rules in force with source and trust, how votes count, what comes later, and how kept packs differ."""

from __future__ import annotations

from console.grammar import Pages, Result, Visit
from console.life_frame import framed
from console.saving import saved
from domain.permission import Action
from domain.rule import Rule, Vote
from services import obligation_words as words
from services import rule as service
from services import rule_list

pages = Pages("life")

COLUMNS = ("rule", "often", "needs", "article", "trust", "from", "text")


@pages.get("life/rules", needs=Action.PLAN_MEETINGS)
def rules(visit: Visit) -> Result:
    """Show them all."""
    work, voice = visit.work, visit.voice
    facts = {
        "version": service.named(voice, service.book(work).version),
        "named": lambda version: service.named(voice, version),
        "packs": service.book(work).packs,
        "rules": [_cells(visit, one) for one in rule_list.in_force(work)],
        "coming": [_cells(visit, one) for one in rule_list.coming(work)],
        "columns": COLUMNS,
        "votes": [_vote(visit, one) for one in rule_list.votes(work)],
        "steps": [
            (step, [words.change_line(voice, one) for one in step.changes if one.weighty], _wording(step))
            for step in rule_list.steps(work)
        ],
    }
    return framed(visit, "life_rules.html", "rules", facts)


def _wording(step: rule_list.Step) -> int:
    return sum(not one.weighty for one in step.changes)


def _cells(visit: Visit, one: Rule) -> list[str]:
    voice = visit.voice
    parts = [voice.label(f"obligation.part_{part.value}") for part in one.met]
    return [
        one.name.said(voice.language),
        words.how_often(voice, one),
        voice.line("obligation.and").join(parts) or voice.line("obligation.by_hand"),
        words.article(voice, one),
        voice.label(f"obligation.trust_{one.trust.value.lower()}"),
        one.applies_from.isoformat(),
        one.text.said(voice.language),
    ]


def _vote(visit: Visit, one: Vote) -> list[str]:
    said = visit.words("life")
    over = said["more_than"] if one.quorum_over else said["at_least"]
    return [
        one.name.said(visit.voice.language),
        f"{over} {one.quorum}",
        _majority(one, said["more_than"], said["at_least"]),
        said["secret"] if one.secret else "",
        f"{one.source}{one.article}",
        visit.voice.label(f"obligation.trust_{one.trust.value.lower()}"),
    ]


def _majority(one: Vote, more_than: str, at_least: str) -> str:
    return "" if one.majority is None else f"{more_than if one.majority_over else at_least} {one.majority}"


@pages.get("life/rules/table", needs=Action.PLAN_MEETINGS)
def table(visit: Visit) -> Result:
    """Give the rules in force as a file."""
    said = visit.words("life")
    header = [said[f"column_{name}"] for name in COLUMNS]
    rows = [_cells(visit, one) for one in rule_list.in_force(visit.work)]
    return saved(visit, "rules", header, rows)
