"""What the fault tests found is written when they have ended."""

from __future__ import annotations

from tests.faults import figures


def pytest_sessionfinish() -> None:
    figures.write()
