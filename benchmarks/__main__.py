"""`make bench`: every benchmark, each figure beside its limit, one table at the end; exit code 1 when one is missed.

`python -m benchmarks turn points` runs only those named; `--page` writes what was found into docs/performance.md.
"""

from __future__ import annotations

import importlib
import sys

from benchmarks.table import Row, show, write

ALL = ("turn", "loopback", "points", "figures", "broadcast", "batch", "retention", "startup", "console")


def main(wanted: list[str]) -> int:
    """Run them one after another."""
    page = "--page" in wanted
    wanted = [name for name in wanted if name != "--page"]
    unknown = set(wanted) - set(ALL)
    if unknown:
        sys.stderr.write(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(ALL)}\n")
        return 2
    found: list[Row] = []
    for name in wanted or ALL:
        print(f"measuring: {name}", flush=True)
        rows = importlib.import_module(f"benchmarks.{name}").rows()
        show(rows)
        found += rows
    print()
    well = show(found)
    if page:
        write(found)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
