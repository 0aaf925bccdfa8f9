"""Who and what the demo enterprise consists of, once it is settled."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.member import Unit


@dataclass(slots=True)
class Enterprise:
    """Ids by number and by code."""

    people: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    visitors: dict[str, str] = field(default_factory=dict)
    """What a visitor may be -> number."""

    def visitor(self, who: str) -> int:
        """Return the id of the person whom a visitor may be."""
        return self.people[self.visitors[who]]
