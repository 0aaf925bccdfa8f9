"""The demo page in a real browser: two people side by side, a request and a broadcast from both ends, a broken line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, WebSocketRoute, expect

from bot.browser import PATIENCE, chromium, demo, open_browser, pane, say, tap
from storage import pause
from storage.engine import Database

PATH = chromium()
pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(PATH is None, reason="no Chromium on this machine: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo enterprise has its data."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """The demo enterprise, running."""
    with demo(folder) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with open_browser(str(PATH)) as opened:
        yield opened


def test_one_person_plays_both_ends_of_a_request(address: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{address}/")
    employee, officer = pane(page, 0), pane(page, 3)
    say(employee, "我想反映食堂太贵了", "提交")
    tap(employee, "提交", "SQ-")
    officer.wait_for_selector("#log >> text=食堂太贵", timeout=PATIENCE)
    tap(officer, "答复", "请")
    officer.fill("#words", "已经在谈新的供应商")
    officer.press("#words", "Enter")
    officer.wait_for_timeout(500)
    if officer.locator("#log button", has_text="发送").count():
        officer.locator("#log button", has_text="发送").last.click()
    employee.wait_for_selector("#log >> text=新的供应商", timeout=PATIENCE)
    assert errors == []
    page.close()


def test_a_broadcast_from_both_ends(address: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{address}/")
    page.locator("#people button", has_text="赵强").click()
    page.locator("#people button", has_text="林雪").click()
    member, secretary = pane(page, 1), pane(page, 2)
    say(secretary, "/announce 明天下午大扫除", "预览")
    tap(secretary, "发送", "秒后开始发送")
    member.wait_for_selector("#log >> text=明天下午大扫除", timeout=PATIENCE)
    tap(member, "收到", "确认收到")
    secretary.wait_for_selector("#log >> text=/确认 1/", timeout=PATIENCE)
    page.close()


BELOW = (
    "() => { const log = document.getElementById('log'); return log.scrollHeight - log.scrollTop - log.clientHeight; }"
)


def test_a_request_arrives_in_sight_of_whoever_is_at_the_end(address: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/")
    employee, officer = pane(page, 0), pane(page, 3)
    officer.wait_for_selector("#log button", timeout=PATIENCE)
    for name in ("赵强", "林雪"):
        page.locator("#people button", has_text=name).click()
    pane(page, 2).wait_for_selector("#log button", timeout=PATIENCE)
    officer.wait_for_function(f"() => ({BELOW})() < 2", timeout=PATIENCE)
    say(employee, "我想反映班车太少了", "提交")
    tap(employee, "提交", "SQ-")
    officer.wait_for_selector("#log >> text=班车太少了", timeout=PATIENCE)
    officer.wait_for_function(f"() => ({BELOW})() < 2", timeout=PATIENCE)
    assert not officer.is_visible("#unseen")
    page.close()


def test_a_page_opens_at_its_newest_message_though_a_tall_card_stands_in_the_middle(
    address: str, browser: Browser
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 430})
    page.goto(f"{address}/")
    employee = pane(page, 0)
    say(employee, "帮助", "签到")
    say(employee, "我的积分", "积分")
    page.goto(f"{address}/")
    employee = pane(page, 0)
    employee.wait_for_selector("#log button", timeout=PATIENCE)
    bubbles = "[...document.querySelectorAll('#log .bubble')]"
    assert employee.evaluate(f"() => {bubbles}.slice(0, -1).some((one) => one.offsetHeight > log.clientHeight)")
    top = f"{bubbles}.at(-1).getBoundingClientRect().top - log.getBoundingClientRect().top"
    employee.wait_for_function(f"() => {top} > -2 && {top} < log.clientHeight - 20", timeout=PATIENCE)
    page.close()


def test_whoever_reads_further_up_is_told_of_what_arrived(address: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 600})
    page.goto(f"{address}/")
    employee, officer = pane(page, 0), pane(page, 3)
    officer.wait_for_selector("#log button", timeout=PATIENCE)
    officer.evaluate("() => document.getElementById('log').scrollTo(0, 0)")
    say(employee, "我想反映更衣室太冷了", "提交")
    tap(employee, "提交", "SQ-")
    officer.wait_for_selector("#unseen", timeout=PATIENCE)
    assert officer.evaluate("() => document.getElementById('log').scrollTop") == 0
    officer.click("#unseen")
    officer.wait_for_selector("#unseen", state="hidden", timeout=PATIENCE)
    assert officer.locator("#log >> text=更衣室太冷了").last.is_visible()
    assert officer.evaluate(BELOW) < 160
    page.close()


def test_a_wall_that_is_narrowed_shows_one_person_and_keeps_the_others(address: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{address}/")
    pane(page, 0).fill("#words", "还没有写完")
    page.set_viewport_size({"width": 375, "height": 800})
    page.wait_for_selector("#pane-0", state="hidden", timeout=PATIENCE)
    assert pane(page, 3).locator("#words").evaluate("box => box.clientWidth") > 150
    page.locator("#people button", has_text="王芳").click()
    assert pane(page, 0).input_value("#words") == "还没有写完"
    page.set_viewport_size({"width": 1280, "height": 800})
    page.wait_for_selector("#pane-3", timeout=PATIENCE)
    assert page.is_visible("#pane-0")
    page.close()


def test_phrases_that_do_not_fit_fade_at_their_edge(address: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 800})
    page.goto(f"{address}/chat/?as=0")
    page.wait_for_selector("#quick.more-after", timeout=PATIENCE)
    page.hover("#quick")
    page.mouse.wheel(0, 2000)
    page.wait_for_selector("#quick.more-before:not(.more-after)", timeout=PATIENCE)
    page.close()


def test_a_line_that_breaks_loses_and_doubles_nothing(address: str, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{address}/")
    chat = pane(page, 0)
    say(chat, "签到", "签到")
    context.set_offline(True)
    chat.evaluate("() => { for (const s of [window]) s.dispatchEvent(new Event('offline')); }")
    chat.fill("#words", "我的积分")
    chat.press("#words", "Enter")
    chat.wait_for_timeout(400)
    context.set_offline(False)
    chat.evaluate("() => window.dispatchEvent(new Event('online'))")
    chat.wait_for_selector("#log >> text=本月", timeout=PATIENCE)
    assert chat.locator("#log .own", has_text="我的积分").count() <= 1
    context.close()


def test_a_server_that_can_not_store_says_so_in_red_till_it_can(address: str, browser: Browser) -> None:
    page = browser.new_page()
    refused: list[str] = []

    def between(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def said(frame: str | bytes) -> None:
            words = json.loads(frame)
            if words.get("text") == "签到" and len(refused) < 2:
                refused.append(words["id"])
                socket.send(json.dumps({"nack": words["id"], "why": "not_stored", "again": True}))
            else:
                server.send(frame)

        socket.on_message(said)

    page.route_web_socket("**/chat/socket", between)
    page.goto(f"{address}/chat/?as=0")
    page.wait_for_selector("#log button", timeout=PATIENCE)
    page.fill("#words", "签到")
    page.press("#words", "Enter")
    page.wait_for_selector("#connection.alarm >> text=存不下", timeout=PATIENCE)
    page.wait_for_selector("#log >> text=/签到成功|已签到/", timeout=PATIENCE)
    page.wait_for_selector("#connection", state="hidden", timeout=PATIENCE)
    assert len(set(refused)) == 1
    page.close()


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_sticks_out_and_a_keyboard_is_enough(address: str, browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(f"{address}/chat/?as=0")
    page.wait_for_selector("#words", timeout=PATIENCE)
    page.wait_for_selector("#log button", timeout=PATIENCE)
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    page.focus("#words")
    page.keyboard.type("签到")
    page.keyboard.press("Enter")
    page.wait_for_selector("#log >> text=签到", timeout=PATIENCE)
    log = page.locator("#log")
    assert log.get_attribute("role") == "log"
    assert log.get_attribute("aria-live") == "polite"
    assert page.evaluate("() => [...document.querySelectorAll('button')].every(b => b.textContent.trim())")
    page.close()


def test_the_page_says_that_this_copy_is_paused_and_keeps_what_was_typed(
    address: str, browser: Browser, folder: Path
) -> None:
    with closing(Database(f"sqlite:///{folder / 'var' / 'demo.db'}")) as database:
        chat = browser.new_page()
        chat.goto(f"{address}/chat/?as=4")
        chat.wait_for_selector("#log button", timeout=PATIENCE)
        database.write_now(lambda c: pause.begin(c, pause.RESTORED, datetime.now(UTC)))
        try:
            chat.wait_for_selector("#connection.alarm >> text=暂停", timeout=PATIENCE)
            chat.fill("#words", "我的积分")
            chat.press("#words", "Enter")
            expect(chat.locator("#connection.alarm")).to_contain_text("恢复后自动发出")
            assert chat.locator("#log >> text=本月").count() == 0
        finally:
            database.write_now(pause.end)
        chat.wait_for_selector("#log >> text=本月", timeout=PATIENCE)
        chat.wait_for_selector("#connection", state="hidden", timeout=PATIENCE)
        assert chat.locator("#log .mine", has_text="我的积分").count() == 1
        chat.close()


def test_it_asks_nobody_else(address: str, browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/")
    pane(page, 0)
    assert asked
    assert all(url.startswith((address, "data:", "blob:")) for url in asked)
    page.close()


def test_english(address: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{address}/")
    page.click("#language")
    page.wait_for_selector("text=Demo", timeout=PATIENCE)
    chat = pane(page, 0)
    say(chat, "/language en", "English from now on")
    say(chat, "home", "What would you like" if chat.locator("text=What would").count() else "Today")
    page.close()


def test_the_folder_may_have_any_name(tmp_path: Path) -> None:
    odd = tmp_path / "我的 文件夹"
    odd.mkdir()
    with demo(odd) as found:
        assert found.startswith("http://127.0.0.1:")
    assert (odd / "var" / "demo.db").exists()
