"""`python -m bot.templates`: the shipped DOCX templates of `content/template/`, the same bytes each time.

A branch can download one, change it in its word processor and send it back; what may stand in it is said in chat.
"""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import UTC, datetime
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from content import FOLDER

BODY, HEADING = "仿宋", "宋体"
LATIN = "Times New Roman"
MADE = datetime(2026, 11, 26, tzinfo=UTC)
_ZIP_DATE = (2026, 11, 26, 0, 0, 0)


def main(_arguments: list[str]) -> int:
    """Write the templates."""
    for name, body in made().items():
        (FOLDER / "template" / name).write_bytes(body)
        sys.stdout.write(f"content/template/{name}\n")
    return 0


def made() -> dict[str, bytes]:
    """Return each template by its file's name."""
    return {f"{kind}.docx": make() for kind, make in {"minutes": minutes, "sign_in": sign_in, "notice": notice}.items()}


def minutes() -> bytes:
    """Return the minutes: the very lines of the text, so that a closed one is printed as it was closed."""
    document = _new()
    _title(document, "{{ heading }}")
    _line(document, "{{ status }}", size=10.5, centred=True)
    _loop(document, "for line in lines")
    _loop(document, "if line.head")
    _line(document, "{{ line.text }}", bold=True)
    _loop(document, "else")
    _line(document, "{{ line.text }}", indent=True)
    _loop(document, "endif")
    _loop(document, "endfor")
    _loop(document, "for one in addenda")
    _line(document, "补记（{{ one.at }}，{{ one.name }}）：{{ one.text }}", indent=True)
    _loop(document, "endfor")
    _line(document, "")
    _line(document, "主持人签字：____________　　记录人签字：____________")
    _loop(document, "if digest")
    _line(document, "定稿 SHA-256：{{ digest }}", size=9)
    _loop(document, "endif")
    return _saved(document, "会议记录")


def sign_in() -> bytes:
    """Return the sign-in sheet, of use on paper as well: an empty cell is signed by hand."""
    document = _new()
    _title(document, "{{ title }} 签到表")
    _line(document, "{{ unit }}　{{ when }}　{{ place }}", size=12, centred=True)
    widths = (1.4, 3.2, 3.4, 3.4, 4.2)
    table = document.add_table(rows=4, cols=len(widths), style="Table Grid")
    table.alignment = 1
    for column, words in enumerate(("序号", "姓名", "身份", "签到", "签名")):
        _cell(table.cell(0, column), words, bold=True)
    _cell(table.cell(1, 0), "{%tr for one in people %}")
    for column, words in enumerate(("{{ one.place }}", "{{ one.name }}", "{{ one.duty }}", "{{ one.came }}", "")):
        _cell(table.cell(2, column), words)
    _cell(table.cell(3, 0), "{%tr endfor %}")
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Cm(width)
    _line(document, "{{ counts }}", size=12)
    return _saved(document, "签到表")


def notice() -> bytes:
    """Return the notice of a meeting."""
    document = _new()
    _title(document, "关于召开{{ title }}的通知")
    _line(document, "各位同志：")
    _line(document, "定于{{ when }}召开{{ title }}，请准时参加；不能到会的，请事先请假。", indent=True)
    _line(document, "地点：{{ place }}", indent=True)
    _line(document, "主持人：{{ chair }}", indent=True)
    _loop(document, "if items")
    _line(document, "议程：", indent=True)
    _loop(document, "endif")
    _loop(document, "for one in items")
    _line(document, "{{ one.place }}. {{ one.title }}", indent=True)
    _loop(document, "endfor")
    _line(document, "")
    for words in ("{{ unit }}", "{{ today }}"):
        _line(document, words).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    return _saved(document, "通知")


def _new() -> Any:  # noqa: ANN401 - python-docx has no types of use here
    document = Document()
    _slim(document)
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.5), Cm(3)
    section.left_margin = section.right_margin = Cm(2.7)
    style = document.styles["Normal"]
    _font(style, 16)
    for language in document.styles.element.iter(qn("w:lang")):
        # Commas and quotation marks are drawn as on the mainland.
        language.set(qn("w:eastAsia"), "zh-CN")
    style.paragraph_format.space_after = Pt(0)
    style.paragraph_format.line_spacing = Pt(28)
    return document


def _slim(document: Any) -> None:  # noqa: ANN401
    """Leave out what python-docx brings and nothing here uses: a preview, and a hundred styles of tables."""
    for rels in (document.part.package.rels, document.part.rels):
        for key in [key for key, rel in rels.items() if rel.reltype.endswith(("/thumbnail", "/stylesWithEffects"))]:
            rels.pop(key)
    styles = document.styles.element
    for style in list(styles):
        kind, name = style.get(qn("w:type")), style.get(qn("w:styleId"))
        if kind == "table" and name not in {"TableNormal", "TableGrid"}:
            styles.remove(style)


def _font(styled: Any, size: float, east: str = BODY, *, bold: bool = False) -> None:  # noqa: ANN401
    """Set both fonts: without `w:eastAsia` a word processor draws Chinese in whatever it likes."""
    styled.font.name, styled.font.size, styled.font.bold = LATIN, Pt(size), bold
    styled.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), east)


def _title(document: Any, words: str) -> None:  # noqa: ANN401
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(12)
    paragraph.paragraph_format.line_spacing = Pt(34)
    _font(paragraph.add_run(words), 22, HEADING, bold=True)


def _line(
    document: Any,  # noqa: ANN401
    words: str,
    *,
    size: float = 16,
    bold: bool = False,
    indent: bool = False,
    centred: bool = False,
) -> Any:  # noqa: ANN401
    paragraph = document.add_paragraph()
    _font(paragraph.add_run(words), size, HEADING if bold else BODY, bold=bold)
    if indent or bold:
        paragraph.paragraph_format.first_line_indent = Pt(2 * size)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return paragraph


def _loop(document: Any, words: str) -> None:  # noqa: ANN401
    """Write a tag that takes its paragraph with it."""
    document.add_paragraph(f"{{%p {words} %}}")


def _cell(cell: Any, words: str, *, bold: bool = False) -> None:  # noqa: ANN401
    paragraph = cell.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing = Pt(24)
    _font(paragraph.add_run(words), 12, HEADING if bold else BODY, bold=bold)


def _saved(document: Any, title: str) -> bytes:  # noqa: ANN401
    """Return the file with fixed dates, so that the same template is the same bytes."""
    facts = document.core_properties
    facts.title, facts.author, facts.comments = title, "党群助手", ""
    facts.created = facts.modified = MADE.replace(tzinfo=None)
    first, target = io.BytesIO(), io.BytesIO()
    document.save(first)
    with zipfile.ZipFile(first) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for entry in sorted(source.infolist(), key=lambda one: (one.filename != "[Content_Types].xml", one.filename)):
            info = zipfile.ZipInfo(entry.filename, _ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(info, source.read(entry))
    return target.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
