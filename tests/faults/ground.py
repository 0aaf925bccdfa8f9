"""A fresh enterprise for each try of a machine, and how long a machine runs."""

from __future__ import annotations

import itertools
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy import Connection, Table, select

from domain.refusal import Refusal
from handlers.grammar import Registry
from services.work import Work
from storage.engine import Database
from tests.company import Roll
from tests.faults.figures import LONG
from tests.talk import Company


def pace(tries: int, steps: int = 50) -> settings:
    """Return so many tries of so many steps: the same ones in every short run, new ones in every long run."""
    return settings(
        max_examples=tries,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


@dataclass
class Ground:
    """Where machines start from: a SQLite file that is copied for each try. `done` counts what they did."""

    template: Path
    folder: Path
    registry: Registry
    roll: Roll
    done: Counter[str] = field(default_factory=Counter)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def company(self) -> Company:
        """Return the enterprise on a database of its own."""
        path = self.folder / f"try{next(self._numbers)}.db"
        shutil.copy(self.template, path)
        return self.again(path)

    def again(self, path: Path | str) -> Company:
        """Return the enterprise on a database that is there already, as after a restart."""
        return Company(Database(f"sqlite:///{path}"), self.registry, roll=self.roll)

    def clear(self, company: Company) -> None:
        """Let go of a try, and of its files."""
        path = Path(str(company.database.engine.url.database))
        company.database.close()
        for one in path.parent.glob(f"{path.name}*"):
            one.unlink()

    def run(self, machine: Callable[[], RuleBasedStateMachine], tries: int, steps: int) -> str:
        """Run a machine; returns what it did, for the page."""
        run_state_machine_as_test(cast("type[RuleBasedStateMachine]", machine), settings=pace(tries, steps))
        return ", ".join(f"{what} {count:,}" for what, count in sorted(self.done.items()))


def attempt(company: Company, deed: Callable[[Work], Any]) -> Any:  # noqa: ANN401 - whatever the deed returns
    """Do something in one transaction; an expected "no" is returned, and everything else is raised."""
    try:
        return company.write(lambda c: deed(company.work(c)))
    except Refusal as refusal:
        return refusal


def rows(company: Company, table: Table) -> list[tuple[Any, ...]]:
    """Return every row of a table, in the order of its key."""

    def look(connection: Connection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]

    return company.read(look)
