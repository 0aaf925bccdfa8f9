"""Who may do what, where: roles, their actions, and the one decision that everything asks.

A grant is a role at a unit; it reaches that unit and all beneath it. What is not allowed here is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A role, always held at a unit."""

    GROUP_LEADER = "group_leader"
    BRANCH_SECRETARY = "branch_secretary"
    COMMITTEE_MEMBER = "committee_member"
    """支部委员: called to the branch's committee meeting."""
    COMMITTEE = "committee"
    UNION_OFFICER = "union_officer"
    LEAGUE_OFFICER = "league_officer"
    WOMENS_OFFICER = "womens_officer"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """Something that needs a role."""

    ANNOUNCE = "announce"
    GATHER = "gather"
    HANDLE_DEMANDS = "handle_demands"
    OVERSEE_DEMANDS = "oversee_demands"
    AWARD_POINTS = "award_points"
    ANSWER_OBJECTIONS = "answer_objections"
    SEE_UNIT_FIGURES = "see_unit_figures"
    INVITE = "invite"
    IMPORT_ROSTER = "import_roster"
    IMPORT_QUESTIONS = "import_questions"
    SET_THEME_DAY = "set_theme_day"
    MANAGE_ROLES = "manage_roles"
    SET_CALENDAR = "set_calendar"
    PLAN_MEETINGS = "plan_meetings"
    PLAN_ACTIVITIES = "plan_activities"
    SET_OBLIGATIONS = "set_obligations"
    """Exempt, declare, correct; relieve a member by art. 23."""
    RUN_MACHINE = "run_machine"
    """Stop and resume sending, try letters again, set how the program behaves, read the audit trail."""
    SET_POINT_RULES = "set_point_rules"
    """What deeds are worth, for everybody: asked at the one top committee (`services/points_rule.py`)."""


_OFFICER = frozenset(
    {
        Action.ANNOUNCE,
        Action.GATHER,
        Action.HANDLE_DEMANDS,
        Action.SEE_UNIT_FIGURES,
        Action.INVITE,
        Action.PLAN_MEETINGS,
        Action.PLAN_ACTIVITIES,
    }
)
_SECRETARY = _OFFICER | {
    Action.AWARD_POINTS,
    Action.ANSWER_OBJECTIONS,
    Action.SET_THEME_DAY,
    Action.SET_OBLIGATIONS,
}

MATRIX: dict[Role, frozenset[Action]] = {
    Role.GROUP_LEADER: frozenset({Action.GATHER, Action.PLAN_MEETINGS}),
    Role.COMMITTEE_MEMBER: frozenset({Action.GATHER}),
    Role.BRANCH_SECRETARY: _SECRETARY,
    Role.COMMITTEE: _SECRETARY | {Action.OVERSEE_DEMANDS, Action.IMPORT_QUESTIONS, Action.SET_POINT_RULES},
    Role.UNION_OFFICER: _OFFICER
    | {Action.OVERSEE_DEMANDS, Action.AWARD_POINTS, Action.ANSWER_OBJECTIONS, Action.SET_POINT_RULES},
    Role.LEAGUE_OFFICER: _OFFICER,
    Role.WOMENS_OFFICER: _OFFICER,
    Role.ADMINISTRATOR: frozenset(
        {
            Action.INVITE,
            Action.IMPORT_ROSTER,
            Action.IMPORT_QUESTIONS,
            Action.SET_THEME_DAY,
            Action.MANAGE_ROLES,
            Action.SET_CALENDAR,
            Action.RUN_MACHINE,
        }
    ),
}
"""An administrator runs the machine and reads nobody's content."""

WHOLE = frozenset({Action.RUN_MACHINE, Action.SET_CALENDAR, Action.IMPORT_QUESTIONS})
"""What holds for everybody: banks, readings and workdays have no unit of their own. A role beneath the top gives none
of it; only at the root is it given, and to a committee at the seat: where no other committee is above or beside it."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that a person holds now, at the unit with this path."""

    role: Role
    unit_id: int
    path: str

    def gives(self, action: Action, seat: str = "") -> bool:
        """Answer whether it allows this somewhere. `seat`: the path of the one top committee."""
        of_whole = self.path == f"/{self.unit_id}/" or (self.role is Role.COMMITTEE and self.path == seat)
        return action in MATRIX[self.role] and (of_whole or action not in WHOLE)


def allows(grants: Iterable[Grant], action: Action, path: str, seat: str = "") -> bool:
    """Decide whether a holder of these grants may do this at the unit with this path. Deny by default.

    What holds for everybody is allowed at every unit or at none.
    """
    return any(
        grant.gives(action, seat) and (path.startswith(grant.path) or (action in WHOLE and path != ""))
        for grant in grants
    )


def reach(grants: Iterable[Grant], action: Action, seat: str = "") -> tuple[Grant, ...]:
    """Return the grants under which the action is allowed somewhere, highest unit first."""
    return tuple(sorted((g for g in grants if g.gives(action, seat)), key=lambda g: (len(g.path), g.path)))
