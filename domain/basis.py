"""What a unit is in a month: how many members, groups and committee members; which rules apply follows from it."""

from __future__ import annotations

from dataclasses import dataclass

FEWEST = 3
"""Fewer formal members than this can't be a branch of their own (支部工作条例 ch. 2): a joint one is for them."""


@dataclass(frozen=True, slots=True)
class Basis:
    """The facts of one unit in one month."""

    formal: int
    probationary: int = 0
    relieved: int = 0
    """Of both: not held to organisational life (党员教育管理工作条例 art. 23)."""
    groups: int = 0
    committee: int = 0
    """The secretary and the committee members."""
    joint: bool = False

    @property
    def too_few(self) -> bool:
        """Whether its members belong in a joint branch."""
        return self.formal < FEWEST
