"""Filling DOCX templates: what may stand in one, and that whatever people wrote comes out literally.

A template is a stranger's program in small: Jinja in a sandbox, and of Jinja only names, loops over lists and
conditions. What it prints is escaped twice over: for XML, and so that no brace of it is ever read as a tag.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

from content import FOLDER
from domain.arrival import clean
from domain.permission import Action
from domain.refusal import Refusal
from services import attachment, permission
from services.work import Work
from storage import audit
from storage import document as table
from storage import unit as units

KINDS = ("minutes", "sign_in", "notice")
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LARGEST = 2 << 20
LARGEST_INSIDE = 16 << 20
MOST_TO_LOOK_AT = 100_000_000
"""Bytes of a part times its braces: docxtpl looks from each brace on for the one that closes it."""
MOST_ENTRIES = 200
DEEPEST = 1
"""No loops in loops: the lists are of people and lines, and people times people fills a memory."""
CROWD, LARGEST_TEXT = 300, 2 << 20
"""So many bytes of XML may become of a template with so many people."""
Facts = Mapping[str, Any]


def shipped(kind: str) -> bytes:
    """Return the template that comes with the program."""
    return (FOLDER / "template" / f"{kind}.docx").read_bytes()


def fill(body: bytes, facts: Facts) -> bytes:
    """Return the document. Raises the refusal that says what is wrong with the template."""
    from docxtpl import DocxTemplate  # noqa: PLC0415 - start-up cost
    from jinja2 import TemplateError, UndefinedError  # noqa: PLC0415
    from jinja2.exceptions import SecurityError  # noqa: PLC0415

    environment = _environment()
    target = io.BytesIO()
    try:
        document = DocxTemplate(io.BytesIO(body))
        document.render(_literal(dict(facts)), jinja_env=environment, autoescape=True)
        document.save(target)
    except UndefinedError as error:
        raise Refusal("document.unknown_name", words=_short(error)) from error
    except SecurityError as error:
        raise Refusal("document.not_allowed", words=_short(error)) from error
    except TemplateError as error:
        raise Refusal("document.unread", words=_short(error)) from error
    except Exception as error:  # python-docx and lxml raise whatever the file provokes
        raise Refusal("document.broken") from error
    return target.getvalue()


def _short(error: Exception) -> str:
    return clean(str(error))[:120]


@cache
def _environment() -> Any:  # noqa: ANN401 - a class of Jinja that is not imported at start
    from jinja2 import StrictUndefined, nodes  # noqa: PLC0415 - start-up cost
    from jinja2.exceptions import SecurityError  # noqa: PLC0415
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    allowed = (
        nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.For, nodes.If,
        nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand, nodes.Const,
    )  # fmt: skip

    def look(node: nodes.Node, depth: int) -> None:
        if not isinstance(node, allowed):
            raise SecurityError(type(node).__name__.lower())
        if isinstance(node, nodes.For):
            depth += 1
            if depth > DEEPEST or not isinstance(node.iter, nodes.Name) or node.recursive:
                raise SecurityError("for")
        for child in node.iter_child_nodes():
            look(child, depth)

    class Environment(ImmutableSandboxedEnvironment):
        """A sandbox that reads nothing but names, loops and conditions."""

        def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
            tree = super()._parse(source, name, filename)
            look(tree, 0)
            return tree

        @lru_cache(maxsize=64)  # noqa: B019 - there is one environment, for good
        def from_string(self, source: Any, *_rest: Any, **_more: Any) -> Any:  # type: ignore[override]  # noqa: ANN401
            """Compile a part of a template once: half of the time of a document."""
            return super().from_string(source)

    return Environment(autoescape=True, undefined=StrictUndefined)


def _literal(value: Any) -> Any:  # noqa: ANN401 - facts of any shape
    """Return facts whose words are printed as they are: braces too, which docxtpl would look at once more."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - start-up cost

    match value:
        case str():
            words = " ".join(clean(value).split("\n")).replace("\t", " ")
            return Markup(str(escape(words)).replace("{", "&#123;").replace("}", "&#125;"))  # noqa: S704 - escaped
        case dict():
            return {name: _literal(one) for name, one in value.items()}
        case list() | tuple():
            return [_literal(one) for one in value]
        case SimpleNamespace():
            return SimpleNamespace(**_literal(vars(value)))
    return value


def check(body: bytes, sample: Facts) -> None:
    """Raise the refusal when this can't be a template: no DOCX, too large, macros or links outward, a wrong tag."""
    if len(body) > LARGEST:
        raise Refusal("document.too_large", megabytes=LARGEST >> 20)
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            _check_inside(archive)
    except Refusal:
        raise
    except Exception as error:  # zipfile raises whatever the file provokes
        raise Refusal("document.no_docx") from error
    _check_growth(body, sample)


def _check_growth(body: bytes, sample: Facts) -> None:
    """Refuse what grows too large with many people.

    No loop stands in a loop, so it grows evenly: filled once and twice it says how large it would be, without being so.
    """
    twice = {name: value * 2 if isinstance(value, list) else value for name, value in sample.items()}
    small, larger = (_size(fill(body, facts)) for facts in (sample, twice))
    if small + (larger - small) * CROWD > LARGEST_TEXT:
        raise Refusal("document.too_large", megabytes=LARGEST >> 20)


def _size(body: bytes) -> int:
    parts = ("word/document", "word/header", "word/footer")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return sum(entry.file_size for entry in archive.infolist() if entry.filename.startswith(parts))


def _check_inside(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if "word/document.xml" not in {entry.filename for entry in entries}:
        raise Refusal("document.no_docx")
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > LARGEST_INSIDE:
        raise Refusal("document.too_large", megabytes=LARGEST >> 20)
    for entry in entries:
        path = PurePosixPath(entry.filename)
        if path.name.lower().startswith("vbaproject") or path.suffix.lower() in {".bin", ".exe", ".js"}:
            raise Refusal("document.active")
        if path.suffix == ".rels" and b'TargetMode="External"' in archive.read(entry).replace(b"'", b'"'):
            raise Refusal("document.active")
        if path.suffix == ".xml" and entry.file_size * archive.read(entry).count(b"{") > MOST_TO_LOOK_AT:
            raise Refusal("document.too_large", megabytes=LARGEST >> 20)


def template_of(work: Work, path: str, kind: str) -> bytes:
    """Return the template of the nearest unit on this path that has one of its own, else the shipped one."""
    numbers = [int(part) for part in path.split("/") if part]
    number = table.nearest(work.connection, numbers, kind)
    found = attachment.load(work, number) if number is not None else None
    return found[2] if found and found[2] else shipped(kind)


def _allowed(work: Work, member_id: int, unit_id: int, kind: str) -> None:
    unit = units.get(work.connection, unit_id)
    if unit is None or kind not in KINDS:
        raise Refusal("document.not_yours")
    permission.demand_permission(work, member_id, Action.PLAN_MEETINGS, unit)


def own_kinds(work: Work, member_id: int, unit_id: int) -> set[str]:
    """Return of which kinds a unit has a template of its own."""
    _allowed(work, member_id, unit_id, KINDS[0])
    return table.kinds_of(work.connection, unit_id)


@dataclass(frozen=True, slots=True)
class InUse:
    """Which template of a kind a unit uses. `of` empty: the shipped one."""

    kind: str
    own: bool
    of: str = ""
    since: datetime | None = None


def in_use(work: Work, member_id: int, unit_id: int) -> list[InUse]:
    """Return what a unit uses, kind by kind: its own, else that of a unit above it, else the shipped one."""
    _allowed(work, member_id, unit_id, KINDS[0])
    unit = units.get(work.connection, unit_id)
    numbers = [int(part) for part in (unit.path if unit else "/").split("/") if part]
    found: dict[str, InUse] = {}
    for kind, holder, name, since in table.using(work.connection, numbers):
        found.setdefault(kind, InUse(kind, holder == unit_id, name, since))
    return [found.get(kind, InUse(kind, own=False)) for kind in KINDS]


def replace(work: Work, member_id: int, unit_id: int, kind: str, number: int, sample: Facts) -> None:
    """Let a unit use the template that was sent (an attachment), once it has been filled with sample facts."""
    _allowed(work, member_id, unit_id, kind)
    found = attachment.load(work, number)
    if found is None:
        raise Refusal("document.no_docx")
    check(found[2], sample)
    table.put(work.connection, unit_id, kind, number, member_id, work.now)
    audit.note(work.connection, work.now, member_id, "template_replaced", None, unit=unit_id, kind=kind)


def restore(work: Work, member_id: int, unit_id: int, kind: str) -> None:
    """Let a unit use the shipped template again."""
    _allowed(work, member_id, unit_id, kind)
    if table.drop(work.connection, unit_id, kind):
        audit.note(work.connection, work.now, member_id, "template_restored", None, unit=unit_id, kind=kind)


def current(work: Work, member_id: int, unit_id: int, kind: str) -> bytes:
    """Return the template in use, to be changed and sent back."""
    _allowed(work, member_id, unit_id, kind)
    unit = units.get(work.connection, unit_id)
    return template_of(work, unit.path if unit else "/", kind)
