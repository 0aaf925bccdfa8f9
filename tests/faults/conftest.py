"""The ground that machines start from; and what the fault tests found is written when they have ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers.grammar import Registry
from tests.company import Roll
from tests.faults import figures
from tests.faults.ground import Ground


@pytest.fixture
def ground(sqlite_company: tuple[Path, Roll], folder: Path, registry: Registry) -> Ground:
    """The test enterprise, ready to be copied for each try."""
    template, roll = sqlite_company
    return Ground(template, folder, registry, roll)


def pytest_sessionfinish() -> None:
    figures.write()
