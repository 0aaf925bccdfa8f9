"""`make bench`: every benchmark, each figure beside its limit; exit code 1 when a limit is missed."""

from __future__ import annotations

import sys

from benchmarks import startup, turn

if __name__ == "__main__":
    outcomes = [benchmark.main() for benchmark in (turn, startup)]
    sys.exit(0 if all(outcomes) else 1)
