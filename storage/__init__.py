"""What is remembered. A module holds one noun's tables and every query on them; nobody else writes SQL."""

from __future__ import annotations

import importlib
import pkgutil

from sqlalchemy import MetaData


def all_tables() -> MetaData:
    """Import every noun, so that the metadata knows every table; returns it."""
    for found in pkgutil.iter_modules(__path__):
        if found.name not in {"engine", "migrations"}:
            importlib.import_module(f"storage.{found.name}")
    return importlib.import_module("storage.base").metadata  # type: ignore[no-any-return]
