"""Files and words of somebody who means no good: small ones that are large inside, and ones that are two things."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from openpyxl import Workbook

EVERYTHING = 'A1:XFD1048576"'


WORDS = (
    '"><svg onload=alert(1)>',
    "' autofocus onfocus=alert(2) x='",
    "</textarea></title></select><script>alert(3)</script>",
    "javascript:alert(4)",
    "[a](javascript:alert(5))<a href='javascript:alert(5)'>x</a>",
    "&lt;script&gt;alert(6)&lt;/script&gt;",
    "<style>@import'//evil.example'</style><link rel=stylesheet href=//evil.example>",
    "{{7*7}}${7*7}<%=7*7%>#{7*7}",
    "\u2028\u202e<iframe srcdoc='<script>alert(7)</script>'></iframe>",
)
"""Words that somebody types who means no good."""


def table(change: Callable[[bytes], bytes] = bytes, far: str = "", more: Mapping[str, bytes] | None = None) -> bytes:
    """Return an XLSX file whose sheet was changed by hand."""
    book, out, made = Workbook(), io.BytesIO(), io.BytesIO()
    sheet: Any = book.active
    sheet["A1"], sheet["B1"] = "工号", "姓名"
    sheet["A2"], sheet["B2"] = "Z1", "某人"
    if far:
        sheet[far] = "x"
    book.save(out)
    with zipfile.ZipFile(out) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            body = source.read(name)
            target.writestr(name, change(body) if name.endswith("sheet1.xml") else body)
        for name, body in (more or {}).items():
            target.writestr(name, body)
    return made.getvalue()


def _after(words: str) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(b"</sheetData>", b"</sheetData>" + words.encode())


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def picture(width: int, height: int) -> bytes:
    """Return a PNG file that says how large it is and holds nearly nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + _chunk(b"IEND", b"")
    )


def _link() -> bytes:
    """Return an archive with a link out of its folder, and a name that climbs out of it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        link = zipfile.ZipInfo("xl/workbook.xml")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
        packed.writestr("../../evil.xlsx", "evil")
        packed.writestr("/tmp/evil.xlsx", "evil")  # noqa: S108 - nobody is to write there
    return out.getvalue()


def _merged(body: bytes) -> bytes:
    return _after(f'<mergeCells><mergeCell ref="{EVERYTHING}/></mergeCells>')(body)


def _said(words: bytes) -> Callable[[bytes], bytes]:
    """Put a declaration before the sheet, and what it declares in place of a name."""
    return lambda body: words + body.replace("某人".encode(), b"&x;")


@cache
def _begun_before(body: bytes) -> bytes:
    """Return an archive whose end says that its list of leaves begins much further on."""
    end = body.rindex(b"PK\5\6")
    (begin,) = struct.unpack("<I", body[end + 16 : end + 20])
    return body[: end + 16] + struct.pack("<I", begin + 5_000) + body[end + 20 :]


def _packed(body: bytes, way: int) -> bytes:
    """Return an archive all of whose leaves say that they are packed in such a way."""
    made = bytearray(body)
    for mark, place in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        at = made.find(mark)
        while at >= 0:
            made[at + place : at + place + 2] = struct.pack("<H", way)
            at = made.find(mark, at + 4)
    return bytes(made)


def corpus() -> dict[str, tuple[str, bytes]]:
    """Return what is sent, by what it is: (name of the file, its bytes)."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    script = b"<script>alert(1)</script>"
    tables = {
        "a bomb": table(more={"xl/media/zero.xml": b"\0" * (20 << 20)}),
        "many entries": table(more={f"xl/e{n}.xml": b"<x/>" for n in range(500)}),
        "a cell far out": table(far="XFD40000"),
        "all cells merged": table(_merged),
        "all cells linked": table(_after(f'<hyperlinks><hyperlink ref="{EVERYTHING}/></hyperlinks>')),
        "an odd area": table(_after('<mergeCells><mergeCell x=">" ref="A1:B2"/></mergeCells>')),
        "in another encoding": table(lambda body: _merged(body).decode().encode("utf-16")),
        "an encoding of its own": table(lambda body: b'<?xml version="1.0" encoding="cp037"?>' + body),
        "laughs": table(_said(f"<!DOCTYPE x [<!ENTITY l0 'ha'>{laughs}<!ENTITY x '&l9;'>]>".encode())),
        "a file of the machine": table(_said(b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>')),
        "a deep nest": table(lambda body: b"<x>" * 100_000 + body + b"</x>" * 100_000),
        "cut off": table()[:700],
        "damaged in the middle": table()[:400] + b"\xff" * 60 + table()[460:],
        "leaves that begin before the file": _begun_before(table()),
        "in a way of packing that nobody has": _packed(table(), 99),
    }
    others = {
        "a browser's second copy": ("花名册[1].csv", "工号,姓名\nZ1,某人\n".encode()),
        "a name of nothing but marks": ("'?*'.csv", "工号,姓名\nZ1,某人\n".encode()),
        "a link out": ("../../evil.xlsx", _link()),
        "a picture and a page": ("evil.png", picture(1, 1) + script),
        "a page by the name of a picture": (
            "evil.svg",
            b'<svg xmlns="http://www.w3.org/2000/svg">' + script + b"</svg>",
        ),
        "a huge picture": ("huge.png", picture(50_000, 50_000)),
        "a document that is a table": ("evil.pdf", b"%PDF-1.7\n" + script + table()),
        "a name that climbs": ("..\\..\\evil.csv", b"\xff\xfe\0\0" * 50),
        "a long name": ("长" * 3000 + ".csv", "工号,姓名\n".encode()),
        "wide rows": ("x.csv", b"," * 500_000),
        "quotes": ("x.csv", b'"' * 500_001),
        "nothing": ("x.csv", b""),
    }
    return {name: ("x.xlsx", body) for name, body in tables.items()} | others


REFUSED = (
    "a bomb", "many entries", "all cells merged", "all cells linked", "an odd area",
    "in another encoding", "an encoding of its own", "laughs", "a file of the machine", "cut off",
    "damaged in the middle", "leaves that begin before the file", "in a way of packing that nobody has",
)  # fmt: skip
"""Those of which nothing is read."""
