"""Activities (活动): kinds, states, places and the waiting list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.member import Standing


class ActivityKind(StrEnum):
    """What kind of activity it is."""

    THEME_DAY = "theme_day"
    STUDY_TOUR = "study_tour"
    SKILLS = "skills"
    YOUTH = "youth"
    VOLUNTEERING = "volunteering"
    CULTURE_SPORT = "culture_sport"
    LECTURE = "lecture"
    OTHER = "other"


class ActivityState(StrEnum):
    """How far an activity is."""

    DRAFT = "draft"
    PUBLISHED = "published"
    OPEN = "open"
    """People are signing in."""
    OVER = "over"
    CANCELLED = "cancelled"


class SignUpState(StrEnum):
    """How a person stands to an activity."""

    IN = "in"
    WAITING = "waiting"
    OFFERED = "offered"
    """A place has come free and is kept for this person until a moment."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity of a unit, and who may come."""

    id: int
    uid: str
    kind: ActivityKind
    unit_id: int
    unit_name: str
    audience_path: str
    """Everybody at or beneath this unit who is one of `standings` (none: everybody) may come."""
    standings: tuple[Standing, ...]
    title: str
    place: str
    starts_at: datetime
    minutes: int
    deadline: datetime
    capacity: int
    """0: no limit."""
    taken: int
    family: bool
    notes: str
    """Health and safety."""
    cost: str
    """In words; empty: none. No money is collected here."""
    theme: str
    state: ActivityState
    sequence: int
    created_by: int
