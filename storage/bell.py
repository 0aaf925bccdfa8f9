"""Telling other processes on the same PostgreSQL that there is something to send; on SQLite there are no others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from storage.engine import Database

log = logging.getLogger(__name__)

CHANNEL = "dangqun_letters"
LISTEN = 1.0
"""Seconds between looks whether to stop."""


def ring(connection: Connection, messenger: str) -> None:
    """Ring at commit."""
    connection.execute(text("SELECT pg_notify(:channel, :messenger)"), {"channel": CHANNEL, "messenger": messenger})


def listen(database: Database, heard: Callable[[str], None], stopping: threading.Event) -> None:
    """Call `heard(messenger)` at each ring until stopped; for a thread of its own, which outlives a lost server."""
    while not stopping.is_set():
        try:
            with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text(f"LISTEN {CHANNEL}"))
                raw = connection.connection.driver_connection
                while not stopping.is_set() and raw is not None:
                    for notify in raw.notifies(timeout=LISTEN):
                        heard(notify.payload)
                # The connection goes back to the pool deaf.
                connection.execute(text(f"UNLISTEN {CHANNEL}"))
        except (DBAPIError, OSError):
            log.debug("the bell can't be heard", exc_info=True)
            stopping.wait(LISTEN)
