"""The piece of work that a service is handed: one transaction, one organisation, one moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection

from domain.organisation import Organisation
from storage.claim import Claimed


@dataclass(slots=True)
class Handing:
    """Answers that are claimed as they are written, for the delivery in this very process: a commit less for each."""

    messenger: str
    """Whose answers; empty: nobody's."""
    until: datetime
    letters: list[Claimed] = field(default_factory=list)
    more: bool = False
    """Other letters were written too, for somebody to claim."""


@dataclass(frozen=True, slots=True)
class Work:
    """`now` is UTC and aware. The edge that made this commits it or rolls it back."""

    connection: Connection
    organisation: Organisation
    now: datetime
    handing: Handing | None = None

    @property
    def today(self) -> date:
        """The organisation's day."""
        return self.organisation.today(self.now)
