"""The piece of work that a service is handed: one transaction, one organisation, one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from domain.organisation import Organisation


@dataclass(frozen=True, slots=True)
class Work:
    """`now` is UTC and aware. The edge that made this commits it or rolls it back."""

    connection: Connection
    organisation: Organisation
    now: datetime

    @property
    def today(self) -> date:
        """The organisation's day."""
        return self.organisation.today(self.now)
