"""The questions page: banks, a question as the chat shows it, changing one's own, and files of any layout."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import aiohttp
import pytest
from sqlalchemy import Connection, func, select

from content import LANGUAGES, voice
from domain.permission import Role
from services import sheet
from storage import audit, permission, question, question_layout
from storage.upload import upload
from tests.question_layouts import ALL, book, docx, padded, under_titles, word_with_key
from tests.surfing import Browser, Seen, signed_in
from tests.talk import Company

pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)

MIXED = [
    ["题型", "题干", "选项A", "选项B", "选项C", "选项D", "答案", "解析"],
    *([o.kind, o.text, *padded(o), o.answer, o.why] for o in ALL[:3]),
    ["单选", "答案在外面？", "甲", "乙", "", "", "D", ""],
    ["谜语", "什么？", "甲", "乙", "", "", "A", ""],
]


async def sends(browser: Browser, name: str, body: bytes, **fields: str) -> Seen:
    """Send a question file; returns the page that follows."""
    if not browser.form_key:
        await browser.gets("/console/questions/import")
    form = aiohttp.FormData(quote_fields=False)
    for field, value in {"key": browser.form_key, "title": "车间安全", **fields}.items():
        form.add_field(field, value)
    form.add_field("file", body, filename=name, content_type="application/octet-stream")
    headers = {"Origin": browser.run.url, "Sec-Fetch-Site": "same-origin"}
    async with browser.session.post(
        browser.run.url + "/console/questions/import", data=form, headers=headers
    ) as answer:
        return browser._took(answer, await answer.text())


async def downloads(browser: Browser, path: str) -> bytes:
    async with browser.session.get(browser.run.url + path) as answer:
        assert answer.status == 200, path
        return await answer.read()


def give_committee(company: Company, connection: Connection) -> None:
    """Let Ada keep questions too."""
    root = company.roll.units["root"].id
    permission.give(connection, company.roll.people["ada"], Role.COMMITTEE, root, datetime.now(UTC))


def number(browser: Browser) -> str:
    found = re.search(r'name="number" value="(\d+)"', browser.page.words if browser.page else "")
    assert found
    return found[1]


async def test_banks_and_a_question_as_the_chat_shows_it(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        seen = await browser.gets("/console/questions")
        assert "安全生产" in seen.plain
        assert "随程序提供" in seen.plain
        listed = await browser.gets("/console/questions/bank?bank=safety&kind=multiple")
        assert "只能看，不能改" in listed.plain
        assert "/console/questions/new" not in listed.words
        [first, *_] = re.findall(r'href="/console/questions/(\d+)"', listed.words)
        card = await browser.gets(f"/console/questions/{first}")
        assert "每日一练 1/5 · 多选" in card.plain
        assert "☐ A" in card.plain
        assert "提交" in card.plain
        assert "several answers" in card.plain
        assert "正确答案" in card.plain
        assert (await browser.posts(f"/console/questions/{first}/retire", retired="yes")).status == 409


async def test_a_bank_that_is_off_is_asked_about_by_nobody(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        asked = await browser.gets("/console/questions/bank/close?bank=safety")
        assert "停用题库“安全生产”" in asked.plain
        done = await browser.posts("/console/questions/bank/close", bank="safety", closed="yes")
        assert "已停用" in done.plain
        again = await browser.posts("/console/questions/bank/close", bank="safety", closed="yes")
        assert "本来就是这样" in again.plain
    assert "没有这个专题" in company.ada.calls("quiz.practise:safety")
    assert "安全生产" not in str(company.ada.calls("quiz.topics:0").labels)
    company.write(lambda c: question.close(c, "safety", closed=False))
    assert "安全生产" in company.ada.calls("quiz.practise:safety")


async def test_own_questions_are_added_changed_and_retired(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        await sends(browser, *under_titles())
        await browser.posts("/console/questions/import/apply", number=number(browser))
        bank = re.search(r"/console/questions/bank\?bank=(b-[0-9a-f]{8})", browser.page.words)  # type: ignore[union-attr]
        assert bank
        listed = await browser.gets(f"/console/questions/bank?bank={bank[1]}&q=灭火器")
        assert "共 1 题" in listed.plain
        [one] = re.findall(r'href="/console/questions/(\d+)"', listed.words)
        form = await browser.gets(f"/console/questions/{one}/edit")
        [version] = re.findall(r'name="version" value="(\w+)"', form.words)
        fields = {
            "version": version, "kind": "single", "text_zh": "灭火器指针在哪里正常？", "answer": "C",
            "option_zh_A": "红", "option_zh_B": "绿", "text_en": "Where should the needle be?",
            "option_en_A": "red", "option_en_B": "green",
        }  # fmt: skip
        wrong = await browser.posts(f"/console/questions/{one}/edit", None, **fields)
        assert wrong.status == 409
        assert "答案：答案 C 超出了 2 个选项" in wrong.plain
        assert "灭火器指针在哪里正常？" in wrong.words
        done = await browser.posts(f"/console/questions/{one}/edit", None, **{**fields, "answer": "B"})
        assert "已保存" in done.plain
        assert "Where should the needle be?" in done.plain
        stale = await browser.posts(f"/console/questions/{one}/edit", None, **{**fields, "answer": "A"})
        assert "被别人改过" in stale.plain
        [seen] = re.findall(r'name="seen" value="(\w+)"', form.words)
        told = await browser.posts(
            f"/console/questions/{one}/edit", None, **{**fields, "text_zh": "乙的题干？", "answer": "B", "seen": seen}
        )
        assert told.status == 409
        assert all(words in told.words for words in ("现在保存的是", "灭火器指针在哪里正常？", "乙的题干？"))
        [seen] = re.findall(r'name="seen" value="(\w+)"', told.words)
        mended = await browser.posts(
            f"/console/questions/{one}/edit", None, **{**fields, "text_zh": "乙的题干？", "answer": "B", "seen": seen}
        )
        assert "乙的题干？" in mended.plain
        assert "已停用这道题" in (await browser.posts(f"/console/questions/{one}/retire", retired="yes")).plain
        assert "共 1 题" in (await browser.gets(f"/console/questions/bank?bank={bank[1]}&state=retired")).plain
        await browser.gets(f"/console/questions/{one}")
        assert "已重新启用" in (await browser.posts(f"/console/questions/{one}/retire", retired="")).plain
        await browser.gets(f"/console/questions/new?bank={bank[1]}")
        new = {"bank": bank[1], "kind": "judge", "text_zh": "<b>下班要断电。</b>", "answer": "√"}
        added = await browser.posts("/console/questions/new", None, **new)
        assert "已新增" in added.plain
        assert "&lt;b&gt;下班要断电" in added.words
        assert "题干相同" in (await browser.posts("/console/questions/new", None, **new)).plain
        deeds = browser.run.read(lambda c: list(c.scalars(select(audit.audit.c.deed))))
        for deed in ("import", "change", "retire", "bring_back", "add"):
            assert f"questions.{deed}" in deeds
    assert "江河" not in company.ada.says("练习车间安全")
    assert "车间安全" in company.ada.last


async def test_what_was_exported_comes_back_as_nothing_new(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        await sends(browser, *under_titles())
        await browser.posts("/console/questions/import/apply", number=number(browser))
        name = re.search(r"bank=(b-[0-9a-f]{8})", browser.page.words)[1]  # type: ignore[union-attr,index]
        for form in ("xlsx", "csv"):
            body = await downloads(browser, f"/console/questions/export?bank={name}&format={form}")
            await browser.gets("/console/questions/import")
            seen = await sends(browser, f"again.{form}", body, title="", bank=name)
            assert "没有要新增或变更的题" in seen.plain


async def test_a_file_is_understood_shown_and_imported_once(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        seen = await sends(browser, "题库.xlsx", book(("题", MIXED)))
        assert "这样理解“题库.xlsx”" in seen.plain
        assert "认出 5 道题" in seen.plain
        assert "第 5 行 答案：答案 D 超出了 2 个选项" in seen.plain
        assert "第 6 行 题型：不认识题型“谜语”" in seen.plain
        assert "每日一练 1/5 · 单选" in seen.plain
        assert "车间的安全帽多久检查一次" in seen.plain
        assert browser.run.read(lambda c: c.scalar(select(func.count()).where(question.bank.c.zh == "车间安全"))) == 0
        [table] = sheet.read("x.xlsx", await downloads(browser, "/console/questions/import/wrong"))
        assert [row[-1] for row in table.rows[1:]] == [
            "答案：答案 D 超出了 2 个选项", "题型：不认识题型“谜语”，应当是 单选、多选、判断 或 填空",
        ]  # fmt: skip
        one = number(browser)
        assert (await browser.posts("/console/questions/import/apply", number="99")).status == 409
        await browser.gets("/console/questions/import")
        done = await browser.posts("/console/questions/import/apply", number=one)
        assert "文件里的 5 道题都有了交代" in done.plain
        assert re.findall(r'class="number">(\d+)<', done.words) == ["3", "0", "0", "2"]
        left = await downloads(browser, "/console/questions/import/left")
        assert "不认识题型" in str(sheet.read("x.xlsx", left))
        await browser.gets("/console/questions/import")
        assert (await browser.posts("/console/questions/import/apply", number=one)).status == 409
        await browser.gets("/console/questions/import")
        seen = await sends(browser, "题库.xlsx", book(("题", MIXED)))
        assert re.findall(r'class="number">(\d+)<', seen.words) == ["0", "0", "3", "2"]
        assert browser.run.read(lambda c: c.scalar(select(func.count()).select_from(upload))) == 2


STRANGE = [
    ["考核点", "甲", "乙", "丙", "对的那个", "条目"],
    *([o.text, *padded(o)[:3], o.words[0] if o.words else "", o.why] for o in ALL[:3]),
]


async def test_a_person_corrects_the_columns_and_they_are_remembered(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        seen = await sends(browser, "外单位.xlsx", book(("题", STRANGE)))
        one = number(browser)
        head = await browser.posts(
            "/console/questions/import/layout", number=one, bank="车间安全", header_0="0", used_0="yes"
        )
        assert "还不知道哪一列是题干" in head.plain
        fields = {
            "header_0": "0",
            "used_0": "yes",
            "column_0_0": "text",
            "column_0_4": "answer",
            "column_0_5": "explanation",
        }
        fields |= {"column_0_1": "A", "column_0_2": "B", "column_0_3": "C", "separator_0": "nonsense", "kind_0": "king"}
        seen = await browser.posts("/console/questions/import/layout", None, number=one, bank="车间安全", **fields)
        assert "认出 3 道题" in seen.plain
        assert "第 1 道" not in seen.plain
        assert "制度写明每天检查" in seen.plain
        done = await browser.posts("/console/questions/import/apply", number=one)
        assert "已记住" in done.plain
        other = [["外单位 2026 年题库"], STRANGE[0], ["灯坏了找谁？", "电工", "门卫", "", "电工", ""]]
        await browser.gets("/console/questions/import")
        seen = await sends(browser, "又一份.xlsx", book(("题", other)))
        assert "以前有人改过对应方式" in seen.plain
        assert "灯坏了找谁" in seen.plain
        assert re.findall(r'class="number">(\d+)<', seen.words) == ["1", "0", "0", "0"]
        seen = await browser.posts("/console/questions/import/forget", number=number(browser))
        assert "已恢复自动识别" in seen.plain
        assert "以前有人改过" not in seen.plain
        assert (
            browser.run.read(lambda c: c.scalar(select(func.count()).select_from(question_layout.question_layout))) == 0
        )


async def test_a_word_file_with_a_key_at_the_end(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        seen = await sends(browser, *word_with_key())
        assert "这是 Word 文档" in seen.plain
        assert "认出 12 道题" in seen.plain
        assert re.findall(r'class="number">(\d+)<', seen.words) == ["12", "0", "0", "0"]
        assert seen.plain.count("每日一练 1/5") == 10
        seen = await browser.posts(
            "/console/questions/import/layout", number=number(browser), title="党委", only="bank"
        )
        assert "党委" in seen.words
        assert "没有导入，文件已删除" in (await browser.posts("/console/questions/import/drop")).plain


async def test_what_can_not_be_read_is_a_sentence(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        for name, body, words in (
            ("x.xlsx", b"PK\x03\x04 broken", "读不出来"),
            ("x.pdf", b"%PDF-1.7 ...", "读不出文字"),
            ("x.json", b"{ not json", "不是完整的 JSON"),
            ("x.json", b"[" * 5000, "JSON"),
            ("x.json", b'{"a": 1}', "没有找到题目的列表"),
            ("x.docx", docx(["没有题目的通知"]), "认出 0 道题"),
            ("x.xlsx", book(("题", [])), "认出 0 道题"),
        ):
            await browser.gets("/console/questions/import")
            assert words in (await sends(browser, name, body)).plain, (name, words)
        await browser.gets("/console/questions/import")
        assert "没有收到文件" in (await sends(browser, "", b"")).plain
        for bank, words in (("", "还没有说导入到哪个题库"), ("长" * 61, "最多 60 个字"), ("safety", "随程序提供")):
            await browser.posts("/console/questions/import/drop")
            await browser.gets("/console/questions/import")
            seen = await sends(browser, *under_titles(), title=bank)
            assert seen.status == 409
            assert words in seen.plain
            assert 'name="number"' not in seen.words, "nothing was kept"


async def test_nobody_else_gets_in_or_at_another_persons_file(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        await sends(browser, *under_titles())
        one = number(browser)
    async with signed_in(company, "lin") as other:
        assert "/console/questions" not in (await other.gets("/console/")).words
        for path in (
            "",
            "/bank?bank=safety",
            "/1",
            "/1/edit",
            "/new?bank=safety",
            "/import",
            "/import/wrong",
            "/import/left",
            "/export?bank=safety",
            "/template",
            "/bank/close?bank=safety",
        ):
            assert (await other.gets(f"/console/questions{path}")).status == 403, path
        await other.gets("/console/")
        key = other.form_key
        for path in (
            "/1/edit",
            "/1/retire",
            "/new",
            "/bank/close",
            "/import",
            "/import/layout",
            "/import/apply",
            "/import/drop",
            "/import/forget",
        ):
            form = {"key": key, "number": one, "bank": "safety", "closed": "yes", "retired": "yes"}
            assert (await other.posts(f"/console/questions{path}", None, **form)).status == 409, path
    company.write(lambda c: give_committee(company, c))
    async with signed_in(company, "ada") as third:
        assert "这样理解" not in (await third.gets("/console/questions/import")).plain
        for path in ("layout", "apply", "forget"):
            assert (await third.posts(f"/console/questions/import/{path}", number=one, bank="x")).status == 409
            await third.gets("/console/questions/import")
        assert (await third.posts("/console/questions/import/drop", key="0" * 64)).status == 403
        for path in (
            "/questions/999999",
            "/questions/bank?bank=nothing",
            "/questions/999999/edit",
            "/questions/1/edit",
        ):
            assert (await third.gets(f"/console{path}")).status == 403, path
    assert company.read(lambda c: c.scalar(select(func.count()).select_from(upload))) == 1


async def test_it_speaks_english(company: Company) -> None:
    company.root.says("/language en")
    async with signed_in(company, "root") as browser:
        assert "Safety at work" in (await browser.gets("/console/questions")).plain
        seen = await sends(browser, "题库.xlsx", book(("题", MIXED)))
        assert "5 questions were found" in seen.plain
        assert "Row 5 answer:" in seen.plain


@pytest.mark.parametrize("noun", ["questions", "learning"])
def test_both_languages_have_the_same_words(company: Company, noun: str) -> None:
    del company
    zh, en = (voice(language).page[noun] for language in LANGUAGES)
    assert zh.keys() == en.keys()
    fields = re.compile(r"\{(\w+)\}")
    assert {key: set(fields.findall(zh[key])) for key in zh} == {key: set(fields.findall(en[key])) for key in en}
