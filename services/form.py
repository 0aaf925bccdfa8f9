"""A form that is sent twice is done once; and who changes something is looked at by one at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from services.work import Work
from storage import form as table

Answer = TypeVar("Answer")


def once(work: Work, digest: str, do: Callable[[], Answer], way_of: Callable[[Answer], str | None]) -> Answer | str:
    """Do what a form asks, or return where it led when it was done before.

    `way_of`: where an answer leads; None for one that leads nowhere, so that the form may come again.
    """
    if not table.add(work.connection, digest, work.now):
        return table.way(work.connection, digest)
    answer = do()
    way = way_of(answer)
    if way is None:
        table.drop(work.connection, digest)
    else:
        table.led(work.connection, digest, way)
    return answer


def hold(work: Work, address: str) -> None:
    """Change what stands at this address alone: whoever else would waits, and then sees what was changed."""
    table.hold(work.connection, address)
