"""A description of the console as OpenAPI 3.1, made from its routes and from the names that its source asks for.

It is for tools that try what they find described; nothing of it is served, for the console is pages for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from console.drawing import TEMPLATES
from console.grammar import Route, all_routes

SOURCE = Path(TEMPLATES).parent
ASKED = re.compile(
    r"""(query|form|files)\.get\(f?"([a-z_0-9]+)["{]|(query|form|files)\["([a-z_0-9]+)"\]|_in\(visit, "([a-z_]+)\""""
)
NAMED = re.compile(r'<(?:input|select|textarea|button)[^>]*?\bname="([a-z_0-9]+)"')
VALUES = re.compile(r'\bname="([a-z_0-9]+)"[^>]*?\bvalue="([a-z_0-9]+)"')
BINARY = {"type": "string", "format": "binary"}


def describe(form_key: str) -> dict[str, Any]:
    """Return the description; `form_key`: of the session that will ask, so that forms come further than the door."""
    paths: dict[str, dict[str, Any]] = {}
    for route in all_routes():
        paths.setdefault(f"/console/{route.path}", {})[route.method.lower()] = _operation(route, form_key)
    about = {"title": "console", "version": "1"}
    return {"openapi": "3.1.0", "info": about, "paths": paths}


def _operation(route: Route, form_key: str) -> dict[str, Any]:
    number = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 14}, {"enum": [10**17, 10**18 - 1]}]}
    asked = [
        {"name": name, "in": "path", "required": True, "schema": number}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    names, values = _names(route.noun)
    fields = {name: _value(values.get(name, ())) for name in sorted(names)}
    answers = {"default": {"description": "a page, a file, a stream, or where to go on"}}
    if route.method == "GET":
        asked += [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]
        return {"parameters": asked, "responses": answers}
    filled = {
        "type": "object",
        "properties": {**fields, "key": {"const": form_key}},
        "required": ["key"],
        "additionalProperties": False,
    }
    kinds = {"application/x-www-form-urlencoded": {"schema": filled}}
    return {"parameters": asked, "requestBody": {"required": True, "content": kinds}, "responses": answers}


def _value(known: tuple[str, ...]) -> dict[str, Any]:
    """Return what a field may hold: what its page offers, whole numbers, days, and anything at all."""
    usual = ["1", "0", "-1", "9" * 19, "2026-12-10", "2026-13-45", "15:00", "'; DROP TABLE member--", "1e9", "{{7*7}}"]
    return {"anyOf": [{"enum": [*known, *usual]}, {"type": "string", "maxLength": 40}]}


@cache
def _names(noun: str) -> tuple[frozenset[str], dict[str, tuple[str, ...]]]:
    """Return the names of fields that a noun's modules and templates mention, and the values that stand beside them."""
    names: set[str] = set()
    values: dict[str, tuple[str, ...]] = {}
    for words in _sources(noun):
        names |= {
            one for found in ASKED.findall(words) for one in found if one and one not in {"query", "form", "files"}
        }
        names |= set(NAMED.findall(words))
        for name, value in VALUES.findall(words):
            values[name] = tuple(dict.fromkeys((*values.get(name, ()), value)))
    return frozenset(names - {"key"}), values


def _sources(noun: str) -> Iterator[str]:
    for path in (*SOURCE.glob(f"{noun}*.py"), *TEMPLATES.glob(f"{noun}*.html")):
        yield path.read_text(encoding="utf-8")
