"""`dangqun run` until it is ready: seconds and resident memory, on a fresh database."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from storage import migrate
from storage.engine import open_engine

ROUNDS = 5
SECONDS, MEGABYTES = 2.0, 120.0


def once(folder: Path) -> tuple[float, float]:
    """Start it once; returns (seconds until ready, resident MB then)."""
    environment = {
        **os.environ,
        "DANGQUN_DATABASE__URL": f"sqlite:///{folder / 'startup.db'}",
        "DANGQUN_SECURITY__KEY": "ab" * 32,
        "DANGQUN_WEB__PORT": "0",
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "PYTHONUNBUFFERED": "1",
    }
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "run"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout or ():
            if "ready" in line:
                break
        took = time.perf_counter() - begun
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        resident = re.search(r"VmRSS:\s+(\d+) kB", status)
        process.terminate()
        process.wait(30)
    assert resident is not None, "this benchmark reads /proc"
    return took, int(resident[1]) / 1024


def main() -> bool:
    """Print the figures; False when a limit is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = open_engine(f"sqlite:///{folder / 'startup.db'}")
        migrate.upgrade(engine)
        engine.dispose()
        once(folder)  # the shipped content is taken in at the first start of all
        found = [once(folder) for _ in range(ROUNDS)]
    seconds, megabytes = median(took for took, _ in found), median(resident for _, resident in found)
    print(f"ready in {seconds:.2f} s (limit {SECONDS}: {seconds / SECONDS:.2f} of it)")
    print(f"resident {megabytes:.0f} MB (limit {MEGABYTES:.0f}: {megabytes / MEGABYTES:.2f} of it)")
    return seconds < SECONDS and megabytes < MEGABYTES


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
