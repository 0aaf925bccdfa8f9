"""Everything in a database as one file: a row a line for each table, with counts and hashes; and back again.

The file fits either kind of database, so it also carries an installation from SQLite to PostgreSQL. Search indexes
are made anew, leases are left out: they belong to processes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, LargeBinary, Table, func, select, text

from storage import all_tables, pause
from storage.base import UtcTime
from storage.reading import reindex

FORMAT = 1
MANIFEST = "manifest.json"
LEFT_OUT = {"lease"}
NOT_COMPARED = {"pause"}
"""A copy is paused from its first moment, whatever the original was."""
_AT_ONCE = 500


class BackupError(Exception):
    """The file is no backup of ours, or not what it was; the message says what differs."""


def tables() -> list[Table]:
    """Return what a backup holds, tables that others refer to first."""
    return [table for table in all_tables().sorted_tables if table.name not in LEFT_OUT]


def _plain(value: Any) -> Any:  # noqa: ANN401 - a column's value
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """Yield the rows of a table in the order of its key, a line of JSON each; the same rows give the same lines."""
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(select(table).order_by(*table.primary_key.columns))
    names = [column.name for column in table.columns]
    for row in rows:
        values = {name: _plain(value) for name, value in zip(names, row, strict=True)}
        yield json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def dump(connection: Connection, path: Path, facts: Mapping[str, object]) -> dict[str, Any]:
    """Write everything into a file, which appears only when it is whole; returns its manifest."""
    manifest: dict[str, Any] = {"format": FORMAT, **facts, "tables": {}}
    partial = path.with_name(path.name + ".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for table in tables():
            seen, count = hashlib.sha256(), 0
            with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as member:
                for line in lines(connection, table):
                    member.write(line)
                    seen.update(line)
                    count += 1
            manifest["tables"][table.name] = {"rows": count, "sha256": seen.hexdigest()}
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    partial.replace(path)
    return manifest


def read_manifest(path: Path) -> dict[str, Any]:
    """Return a file's manifest. Raises `BackupError` for what is no backup."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise BackupError(f"{path.name} is no backup: {error}") from error
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{path.name} has format {manifest.get('format')}, this program reads {FORMAT}")
    return manifest


def check(path: Path) -> dict[str, Any]:
    """Hold a file against its own manifest; returns that. Raises `BackupError` that names every table that differs."""
    manifest = read_manifest(path)
    wrong = []
    with zipfile.ZipFile(path) as archive:
        for name, wanted in manifest["tables"].items():
            try:
                found = _hashed(archive, name)
            except (KeyError, zipfile.BadZipFile, OSError, ValueError) as error:
                wrong.append(f"{name}: {error}")
                continue
            if found != (wanted["rows"], wanted["sha256"]):
                wrong.append(f"{name}: {found[0]} rows instead of {wanted['rows']}, or other contents")
    if wrong:
        raise BackupError("; ".join(wrong))
    return manifest


def _hashed(archive: zipfile.ZipFile, name: str) -> tuple[int, str]:
    seen, count = hashlib.sha256(), 0
    with archive.open(f"{name}.jsonl") as member:
        for line in member:
            seen.update(line)
            count += 1
    return count, seen.hexdigest()


def compare(connection: Connection, manifest: dict[str, Any]) -> list[str]:
    """Hold a database against a manifest, row by row; returns the tables that differ."""
    wrong = []
    for table in tables():
        wanted = manifest["tables"].get(table.name)
        if wanted is None or table.name in NOT_COMPARED:
            continue
        seen, count = hashlib.sha256(), 0
        for line in lines(connection, table):
            seen.update(line)
            count += 1
        if (count, seen.hexdigest()) != (wanted["rows"], wanted["sha256"]):
            wrong.append(table.name)
    return wrong


def is_empty(connection: Connection) -> bool:
    """Answer whether nobody lives in this database yet."""
    return not any(connection.scalar(select(func.count()).select_from(table)) for table in tables())


def load(connection: Connection, path: Path, now: datetime) -> None:
    """Put everything back into an empty database of the same schema, and pause it, in this transaction."""
    with zipfile.ZipFile(path) as archive:
        for table in tables():
            if f"{table.name}.jsonl" in archive.namelist():
                with archive.open(f"{table.name}.jsonl") as member:
                    _fill(connection, table, iter(member))
    pause.begin(connection, pause.UNVERIFIED, now)
    reindex(connection)
    if connection.dialect.name == "postgresql":
        for table in tables():
            if "id" in table.columns and table.columns["id"].autoincrement is True:
                connection.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), "  # noqa: S608 - our own names
                        f'COALESCE((SELECT max(id) FROM "{table.name}"), 1))'
                    )
                )


def _fill(connection: Connection, table: Table, rows: Iterator[bytes]) -> None:
    batch: list[dict[str, Any]] = []
    for line in rows:
        raw = json.loads(line)
        batch.append({name: _value(table, name, value) for name, value in raw.items()})
        if len(batch) == _AT_ONCE:
            connection.execute(table.insert(), batch)
            batch = []
    if batch:
        connection.execute(table.insert(), batch)


def _value(table: Table, name: str, value: Any) -> Any:  # noqa: ANN401 - a column's value
    if value is None:
        return None
    kind = table.columns[name].type
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    if isinstance(kind, UtcTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value
