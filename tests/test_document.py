"""会议材料: Word files in which everything is literal, the year's ledger and evidence pack, own templates."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from types import SimpleNamespace
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook
from sqlalchemy import select

from bot import office, templates
from content import FOLDER
from domain.meeting import MeetingState
from domain.refusal import Refusal
from services import document_pack, document_template
from storage import attachment, audit, meeting_view, unit
from storage import document as kept
from tests.meetings import end, hold
from tests.talk import Company, Screen

NASTY = "{{7*7}} {% for x in y %} {_{x}_} <w:p/> & \"引号\" 'a' =1+1"


def words_of(body: bytes) -> str:
    """All words of a DOCX, tables too."""
    opened = Document(io.BytesIO(body))
    cells = [cell.text for table in opened.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in opened.paragraphs), *cells])


def body_of(company: Company, screen: Screen) -> bytes:
    """The bytes of the file on a screen."""
    [shown] = screen.documents
    found = company.read(lambda c: attachment.load(c, shown.attachment))
    assert found
    return found[2]


def closed(company: Company, **facts: Any) -> int:  # noqa: ANN401 - as `hold`
    """A meeting whose minutes are closed."""
    number = hold(company, **facts)
    company.lin.calls(f"minutes.items:{number}")
    company.lin.says("第一条要点")
    company.lin.says("赞成 2 反对 0 弃权 0")
    end(company, number)
    company.lin.calls(f"minutes.circulate:{number}")
    company.travel(days=3, minutes=5)
    return number


def test_closed_minutes_are_printed_as_they_were_closed(company: Company) -> None:
    number = closed(company)
    company.lin.calls(f"correction.add:{number}")
    company.lin.says("补记一句")
    words = words_of(body_of(company, company.lin.calls(f"document.minutes:{number}")))
    text = company.read(lambda c: meeting_view.closed_text(c, number))
    assert all(line in words for line in text.splitlines())
    assert hashlib.sha256(text.encode()).hexdigest() in words
    assert "补记一句" in words
    assert "草稿" not in words
    assert "第一条要点" in words_of(body_of(company, company.bo.calls(f"document.minutes:{number}")))


def test_a_draft_says_so_and_is_for_those_who_write_it(company: Company) -> None:
    number = hold(company)
    assert "（草稿，尚未定稿）" in words_of(body_of(company, company.lin.calls(f"document.minutes:{number}")))
    for stranger in (company.bo, company.hu, company.ada, company.root):
        for kind in ("minutes", "sign_in", "notice"):
            assert "没有做任何改动" in stranger.calls(f"document.{kind}:{number}")


def test_the_sign_in_sheet_and_the_notice(company: Company) -> None:
    number = hold(company, leave=("tang",), guests=("ada",), items=("通过计划", "传达学习"))
    sheet = words_of(body_of(company, company.lin.calls(f"document.sign_in:{number}")))
    for word in ("王芳", "列席", "唐杰", "请假", "09:30", "应到 4 人，实到 3 人"):
        assert word in sheet
    notice = words_of(body_of(company, company.lin.calls(f"document.notice:{number}")))
    assert "关于召开支部党员大会的通知" in notice
    assert "2. 传达学习" in notice
    assert "2026年11月23日 周一 09:30" in notice


def sheets_in(body: bytes) -> str:
    """All words of the sign-in sheets of a pack."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return "\n".join(words_of(archive.read(name)) for name in archive.namelist() if name.startswith("sign-in/"))


def test_who_was_on_leave_is_not_told_above_the_branch(company: Company) -> None:
    number = hold(company, leave=("tang",), present=("lin", "ma"), state=MeetingState.HELD)
    ours = words_of(body_of(company, company.lin.calls(f"document.sign_in:{number}"))).splitlines()
    above = words_of(body_of(company, company.chen.calls(f"document.sign_in:{number}"))).splitlines()
    assert (ours.count("请假"), ours.count("未到")) == (1, 1)
    assert (above.count("请假"), above.count("未到")) == (0, 2)
    pack = _year(company).replace("year", "pack")
    ours = sheets_in(body_of(company, company.lin.calls(pack))).splitlines()
    above = sheets_in(body_of(company, company.chen.calls(pack))).splitlines()
    assert (ours.count("请假"), ours.count("未到")) == (1, 1)
    assert (above.count("请假"), above.count("未到")) == (0, 2)


def test_what_people_wrote_comes_out_literally(company: Company) -> None:
    number = hold(company, title=NASTY[:70], items=(NASTY,))
    company.write(lambda c: _rename(company, c))
    company.lin.calls(f"minutes.items:{number}")
    company.lin.says(NASTY)
    for kind in ("minutes", "sign_in", "notice"):
        screen = company.lin.calls(f"document.{kind}:{number}")
        words = words_of(body_of(company, screen))
        assert NASTY[:70] in words, kind
        assert "49" not in words.replace(":49", ""), kind
        assert not set(screen.documents[0].name) & set('<>:"/\\|?*{}')
    assert NASTY in words_of(body_of(company, company.lin.calls(f"document.minutes:{number}")))
    assert "{{ name }} <b>&" in words_of(body_of(company, company.lin.calls(f"document.sign_in:{number}")))


def _rename(company: Company, connection: Any) -> None:  # noqa: ANN401 - sqlalchemy's
    from storage import member  # noqa: PLC0415 - beside its use

    member.change(connection, company.roll.people["bo"], name="{{ name }} <b>&")


def test_chinese_fonts_are_set_everywhere(company: Company) -> None:
    number = hold(company)
    for kind in document_template.KINDS:
        body = body_of(company, company.lin.calls(f"document.{kind}:{number}"))
        opened = Document(io.BytesIO(body))
        fonts = [one.get(qn("w:eastAsia")) for one in opened.element.body.iter(qn("w:rFonts"))]
        assert fonts
        assert set(fonts) <= {"仿宋", "宋体"}


def test_the_year_is_one_zip_whose_manifest_is_right(company: Company) -> None:
    number = closed(company)
    hold(company, title="主题党日", state=MeetingState.HELD)
    hold(
        company,
        title="第二支部会",
        unit="branch2",
        people={"hu": True},
        present=(),
        by="hu",
        chair="hu",
        state=MeetingState.HELD,
    )
    assert "第一党支部 · 2026 年：开过 2 次会" in company.lin.calls(_year(company))
    company.lin.presses("佐证材料")
    body = body_of(company, company.lin.last)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        listed = {one["name"]: one for one in manifest["files"]}
        assert set(archive.namelist()) == {"manifest.json", *listed}
        for name, one in listed.items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == one["sha256"]
        [text] = [name for name, one in listed.items() if one["kind"] == "closed_text"]
        [meeting] = [one for one in manifest["meetings"] if one["id"] == number]
        assert hashlib.sha256(archive.read(text)).hexdigest() == meeting["digest"]
        assert not [name for name in listed if "第二支部" in name]
        assert [one["kind"] for one in manifest["files"]].count("sign_in") == 2


def _year(company: Company, nickname: str = "branch1", year: int = 2026) -> str:
    return f"document.year:{company.roll.units[nickname].id}:{year}"


def test_the_ledger_has_a_row_a_meeting_and_no_formula(company: Company) -> None:
    closed(company, title="=1+1 大会", items=('=HYPERLINK("http://x")',))
    company.lin.calls(_year(company))
    body = body_of(company, company.lin.presses("年度台账"))
    page = load_workbook(io.BytesIO(body)).active
    assert page is not None
    header, row = page.iter_rows(values_only=True)
    found = dict(zip(header, row, strict=True))
    assert found["名称"] == "=1+1 大会"
    assert found["议程"] == '1. =HYPERLINK("http://x")'
    assert (found["应到"], found["实到"], found["缺席"], found["有表决权的实到"]) == (4, 3, 1, 2)
    assert "赞成 2" in str(found["表决"])
    assert found["记录"] == "已定稿"
    assert all(cell.data_type != "f" for line in page.iter_rows() for cell in line)
    query = select(audit.audit.c.facts).where(audit.audit.c.deed == "export.save")
    assert company.read(lambda c: list(c.scalars(query))) == ['{"rows": 1, "what": "ledger"}']


def test_nobody_takes_another_units_year(company: Company) -> None:
    hold(company, state=MeetingState.HELD)
    here = company.roll.units["branch1"].id
    for stranger in (company.hu, company.ada, company.bo, company.root):
        for call in ("year", "ledger", "pack"):
            assert "你的职责范围不包括" in stranger.calls(f"document.{call}:{here}:2026")
        assert "你的职责范围不包括" in stranger.calls(f"document.templates:{here}")
        assert "你的职责范围不包括" in stranger.calls(f"document.template:{here}:minutes")
        assert "你的职责范围不包括" in stranger.calls(f"document.restore:{here}:minutes")
    assert "年份不对" in company.lin.calls(f"document.ledger:{here}:99999")
    assert "开过 1 次会" in company.chen.calls(_year(company, "party"))


def test_a_pack_too_large_for_a_chat_says_where_it_is_made(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(company, state=MeetingState.HELD)
    monkeypatch.setattr(document_pack, "MOST_AT_ONCE", 0)
    assert "dangqun export documents --unit branch1" in company.lin.calls(_year(company).replace("year", "pack"))
    assert "dangqun export documents --unit branch1" in company.lin.calls(_year(company).replace("year", "ledger"))


def test_what_is_cut_in_the_ledger_says_so(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_pack, "LONGEST_CELL", 64)
    closed(company, items=["很长的议题" * 10] * 3)
    company.lin.calls(_year(company))
    page = load_workbook(io.BytesIO(body_of(company, company.lin.presses("年度台账")))).active
    assert page is not None
    header, row = page.iter_rows(values_only=True)
    agenda = str(dict(zip(header, row, strict=True))["议程"])
    assert agenda.endswith("（略，见会议记录）")
    assert len(agenda) == document_pack.LONGEST_CELL


def test_a_template_that_grows_without_measure_is_refused() -> None:
    one = SimpleNamespace(place=1, name="x", duty="x", came="x")
    sample: dict[str, Any] = {
        **dict.fromkeys(("organisation", "unit", "title", "when", "place", "chair"), "x"),
        "counts": "x",
    }
    sample |= {"recorder": "x", "today": "x", "people": [one]}
    document_template.check(document_template.shipped("sign_in"), sample)
    for words, code in (
        ("{% for a in people %}{% for b in people %}x{% endfor %}{% endfor %}", "document.not_allowed"),
        ("{% for a in people %}" + "x" * 8000 + "{% endfor %}", "document.too_large"),
    ):
        with pytest.raises(Refusal) as refused:
            document_template.check(changed("sign_in", "{{ counts }}", words), sample)
        assert refused.value.code == code


def changed(kind: str, old: str, new: str) -> bytes:
    """A shipped template with other words in it."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(document_template.shipped(kind))) as source,
        zipfile.ZipFile(target, "w") as out,
    ):
        for entry in source.infolist():
            body = source.read(entry)
            if entry.filename == "word/document.xml":
                assert old.encode() in body
                body = body.replace(old.encode(), new.encode())
            out.writestr(entry, body)
    return target.getvalue()


def test_a_branch_uses_its_own_template_and_goes_back(company: Company) -> None:
    number = hold(company)
    company.lin.says("会议材料")
    company.lin.presses("第一党支部")
    company.lin.presses("文书模板")
    assert "{{ counts }}" in company.lin.presses("签到表")
    assert "已换上" in company.lin.sends("x.docx", changed("sign_in", "签名", "本人签字"))
    assert "本人签字" in words_of(body_of(company, company.lin.calls(f"document.sign_in:{number}")))
    beneath = hold(company, unit="group11", by="tang", chair="tang", title="小组会")
    assert "本人签字" in words_of(body_of(company, company.tang.calls(f"document.sign_in:{beneath}")))
    company.lin.presses("返回")
    company.lin.calls(f"document.template:{company.roll.units['branch1'].id}:sign_in")
    company.lin.presses("恢复自带的")
    assert "本人签字" not in words_of(body_of(company, company.lin.calls(f"document.sign_in:{number}")))


BROKEN = [
    ("{{ counts }}", "{{ no_such_name }}", "用了没有的名称"),
    ("{{ counts }}", "{{ counts", "标记写得不对"),
    ("{{ counts }}", "{{ counts.__class__.__mro__ }}", "只能用|用了没有"),
    ("{{ counts }}", "{{ 7*7 }}", "只能用"),
    ("{{ counts }}", "{{ counts.upper() }}", "只能用"),
    ("{{ counts }}", "{{ counts|upper }}", "只能用"),
    ("{{ counts }}", "{% set x = 1 %}", "只能用"),
    ("{{ counts }}", "{% for a in range(9) %}{% endfor %}", "只能用"),
    ("{{ counts }}", "{% include 'x' %}", "只能用"),
    ("{%tr endfor %}", "{%tr endif %}", "标记写得不对"),
]


@pytest.mark.parametrize(("old", "new", "words"), BROKEN)
def test_a_template_that_is_a_program_is_refused(old: str, new: str, words: str) -> None:
    sample = {"unit": "x", "title": "x", "when": "x", "place": "x", "counts": "x", "people": []}
    with pytest.raises(Refusal) as refused:
        document_template.check(changed("sign_in", old, new), sample)
    assert refused.value.code in {"document.unknown_name", "document.unread", "document.not_allowed"}
    expected = {"用了没有的名称": "document.unknown_name", "标记写得不对": "document.unread"}
    assert words not in expected or refused.value.code == expected[words]


def test_a_file_that_is_no_template_is_refused_and_nothing_changes(company: Company) -> None:
    here = company.roll.units["branch1"].id
    company.lin.calls(f"document.template:{here}:minutes")
    assert "直接发送改好的" in company.lin.says("好的")
    assert "不是 .docx 文件" in company.lin.sends("x.docx", b"hello")
    assert "不是 .docx 文件" in company.lin.sends("x.docx", _zip({"a.txt": b"x"}))
    assert "读不出来" in company.lin.sends("x.docx", _zip({"word/document.xml": b"<x/>"}))
    assert "文件太大" in company.lin.sends("x.docx", _zip({"word/document.xml": b"{" * 20000}))
    assert "宏" in company.lin.sends("x.docx", _zip({"word/document.xml": b"", "word/vbaProject.bin": b""}))
    outside = b'<Relationship TargetMode="External" Target="http://x"/>'
    assert "宏" in company.lin.sends(
        "x.docx", _zip({"word/document.xml": b"", "word/_rels/document.xml.rels": outside})
    )
    assert not company.read(lambda c: kept.kinds_of(c, here))


def _zip(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return target.getvalue()


def test_the_shipped_templates_are_what_the_script_makes() -> None:
    for name, body in templates.made().items():
        assert (FOLDER / "template" / name).read_bytes() == body, name


@pytest.mark.skipif(not office.found(), reason="no LibreOffice on this machine")
def test_libreoffice_opens_the_documents(company: Company) -> None:
    number = hold(company)
    made = [body_of(company, company.lin.calls(f"document.{kind}:{number}")) for kind in document_template.KINDS]
    pages = office.to_pdf({f"{place}.docx": body for place, body in enumerate(made)})
    assert all(body.startswith(b"%PDF") for body in pages.values())
    assert len(pages) == 3


def test_a_pack_with_pdfs(company: Company) -> None:
    hold(company, state=MeetingState.HELD)
    place = company.read(lambda c: unit.by_code(c, "branch1"))
    assert place
    made = company.read(
        lambda c: document_pack.pack(
            company.work(c), place, 2026, lambda files: {f"{name}.pdf": b"%PDF" for name in files}
        )
    )
    assert sum(name.endswith(".pdf") for name in zipfile.ZipFile(io.BytesIO(made.body)).namelist()) == 2
