"""People, what they are in the organisation, and where they stand in its tree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NOTICE_VERSION = 1
"""The version of the notice about personal data that consent is given to; a new one asks everybody again."""


class Standing(StrEnum):
    """What a person is. One person may be several at once; everybody is an employee."""

    EMPLOYEE = "employee"
    PARTY_FULL = "party_full"
    PARTY_PROBATIONARY = "party_probationary"
    PARTY_APPLICANT = "party_applicant"
    LEAGUE = "league"
    UNION = "union"


class UnitKind(StrEnum):
    """What a unit of the tree is."""

    GROUP = "group"
    DEPARTMENT = "department"
    PARTY_COMMITTEE = "party_committee"
    PARTY_BRANCH = "party_branch"
    PARTY_GROUP = "party_group"
    UNION = "union"
    LEAGUE_BRANCH = "league_branch"
    WOMEN = "women"


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever speaks, once bound to a member of the roster."""

    id: int
    employee_no: str
    name: str
    language: str
    consent: int
    """The version of the notice that was agreed to; 0: none."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A node of the organisation tree. `path` is the ids from the root down, like `/1/4/9/`."""

    id: int
    code: str
    name: str
    kind: UnitKind
    path: str

    def within(self, other: Unit) -> bool:
        """Whether this unit is the other one or lies beneath it."""
        return self.path.startswith(other.path)
