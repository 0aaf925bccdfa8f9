"""`dangqun run` until it is ready: seconds and resident memory, with bytecode beside without, in alternating starts.

Without bytecode is the first start after an install that compiled nothing: Python looks for compiled files in an empty
folder and writes none, for the program and for every library. Beside them stands what a bare event loop costs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.table import Row, at_most, show
from storage import migrate
from storage.engine import Database

ROOT = Path(__file__).parent.parent
ROUNDS, BARE_ROUNDS = 5, 2
SECONDS, COLD_SECONDS, MEGABYTES = 2.0, 6.0, 120.0
PROGRAM = ["-m", "bot", "run"]
BARE = ["-c", "import asyncio; asyncio.run(asyncio.sleep(0)); print('ready', flush=True); input()"]


def once(folder: Path, command: list[str], *, bytecode: bool = True) -> tuple[float, float]:
    """Start it once; returns (seconds until ready, resident MB then)."""
    environment = {
        **os.environ,
        "DANGQUN_DATABASE__URL": f"sqlite:///{folder / 'startup.db'}",
        "DANGQUN_SECURITY__KEY": "ab" * 32,
        "DANGQUN_WEB__PORT": "0",
        "DANGQUN_BACKUP__DAILY": "false",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }
    # Whoever measures may have Python write none, and then there would be none to measure with.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if not bytecode:
        (folder / "nothing").mkdir(exist_ok=True)
        environment |= {"PYTHONPYCACHEPREFIX": str(folder / "nothing"), "PYTHONDONTWRITEBYTECODE": "1"}
    begun = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        said = next((line for line in process.stdout or () if "ready" in line), "")
        took = time.perf_counter() - begun
        assert said, "it ended before it was ready"
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        resident = re.search(r"VmRSS:\s+(\d+) kB", status)
        process.terminate()
        process.wait(30)
    assert resident is not None, "this benchmark reads /proc"
    return took, int(resident[1]) / 1024


def rows() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = Database(f"sqlite:///{folder / 'startup.db'}")
        migrate.upgrade(database.engine)
        database.close()
        once(folder, PROGRAM)  # the shipped content is taken in at the first start of all
        bare, warm, cold = [], [], []
        for turn in range(ROUNDS):
            bare.append(once(folder, BARE)[0])
            warm.append(once(folder, PROGRAM))
            if turn < BARE_ROUNDS:
                cold.append(once(folder, PROGRAM, bytecode=False))
        assert not list((folder / "nothing").rglob("*.pyc")), "without bytecode means without"
    seconds = median(took for took, _ in warm)
    return [
        at_most("ready, with bytecode", seconds, SECONDS, " s"),
        Row("  over a bare event loop", f"{seconds / median(bare):.1f} x"),
        at_most("resident then", median(resident for _, resident in warm), MEGABYTES, " MB", 0),
        at_most("ready, without bytecode", median(took for took, _ in cold), COLD_SECONDS, " s"),
        Row("  resident then", f"{median(resident for _, resident in cold):.0f} MB"),
    ]


def main() -> bool:
    """Print the table; False when a limit is missed."""
    return show(rows())


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
