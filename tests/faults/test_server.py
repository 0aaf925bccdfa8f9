"""PostgreSQL restarted under the load of a real process: nothing lost, nothing twice, and served again in seconds."""

from __future__ import annotations

import json
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import inbox, migrate
from storage.engine import Database, StorageError
from tests.faults.figures import record, size
from tests.postgres import Server, start_server
from tests.test_kill import EACH, PEOPLE, far_side, figures, settle, start, updates, wait_for

RESTARTS = size(1, 5)
__all__ = ["far_side"]


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server of this test's own, which may be restarted."""
    server = start_server()
    if server is None or server.folder is None:
        pytest.skip("no PostgreSQL that may be restarted")
    yield server
    server.stop()


def test_a_restarted_server_loses_and_doubles_nothing(own_server: Server, far_side: str, tmp_path: Path) -> None:
    url = own_server.create("restarted")
    database = Database(url)
    migrate.upgrade(database.engine)
    database.write_now(settle)
    body = json.dumps(updates()).encode()
    urllib.request.urlopen(urllib.request.Request(f"{far_side}/control/updates", body))  # noqa: S310 - our own server
    process = start(url, far_side, tmp_path)

    def done() -> int:
        try:
            return database.read_now(lambda c: inbox.counts(c).get(("telegram", inbox.DONE), 0))
        except StorageError:
            return 0

    longest, enough = 0.0, 100
    for _ in range(RESTARTS):
        wait_for(lambda: done() >= enough)  # noqa: B023 - waited for at once
        begun = time.monotonic()
        own_server.restart()
        enough = min(done() + 120, PEOPLE * EACH)
        wait_for(lambda: done() > min(enough - 120, PEOPLE * EACH - 1))  # noqa: B023 - waited for at once
        longest = max(longest, time.monotonic() - begun)
    wait_for(lambda: done() == PEOPLE * EACH)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert database.read_now(figures) == (PEOPLE, PEOPLE, PEOPLE * EACH, PEOPLE * EACH)
    database.close()
    record(
        "PostgreSQL 负载中重启 · restarted under load",
        f"{RESTARTS} ×，{PEOPLE * EACH} 条消息 updates",
        f"丢 lost 0，重 doubled 0，连同重启最长 {longest:.1f} s 后继续",
        "0；< 5 s",
    )
    assert longest < 5
