"""By the keyboard alone: a file of another house is sent, corrected and imported; a reading is written."""

from __future__ import annotations

import pytest

from domain.question_layout import FIELDS
from tests.browsing import browsing, tab_to
from tests.question_layouts import ALL, book, padded
from tests.talk import Company

pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)


async def test_a_file_of_another_house_is_corrected_and_imported_by_keyboard(company: Company) -> None:
    rows = [["考核点", "甲", "乙", "丙", "丁", "应选"], *([o.text, *padded(o), o.answer] for o in ALL[:4])]
    async with browsing(company, "root", scripts=True) as (page, run):
        await page.goto(f"{run.url}/console/questions/import")
        await tab_to(page, "#title_new")
        await page.keyboard.type("外单位题库")
        await page.set_input_files("#file", {"name": "外.xlsx", "mimeType": "x", "buffer": book(("题", rows))})
        await page.focus("#file")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#again")
        await page.focus("#header_0")
        await page.keyboard.press("ArrowDown")
        await page.focus("#again")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**notice=read_again")
        await page.focus("select[name=column_0_0]")
        for field in ("text", "A", "B", "C", "D", "answer"):
            for _ in range(FIELDS.index(field) + 1):
                await page.keyboard.press("ArrowDown")
            await page.keyboard.press("Tab")
        await page.focus("#again")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#apply")
        assert await page.locator(".chat").count() == 4
        await tab_to(page, "#apply")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=已记住")


async def test_a_reading_is_written_without_scripts(company: Company) -> None:
    async with browsing(company, "root", scripts=False) as (page, run):
        await page.goto(f"{run.url}/console/learning/new")
        await tab_to(page, "#topic_new")
        await page.keyboard.type("车间规矩")
        for words in ("下班前四件事", "断电、关窗、清场、锁门。", "车间办法"):
            await page.keyboard.press("Tab")
            await page.keyboard.type(words)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**notice=added")
        assert "断电、关窗" in await page.locator(".chat").inner_text()
