"""`make docs ARGS=--pictures`: pictures of the running demo, taken by a browser here, and the page of them."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot import morning
from bot.browser import chromium, demo, open_browser, pane, say, tap
from console.grammar import all_routes
from content import voice
from domain.permission import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = "pictures"
DESK, PHONE, WALL = (1280, 800), (375, 720), (1920, 1080)
SUFFIXES = {PHONE: "-phone", WALL: "-wide"}
PROJECTOR = "projector"
"""What is shown on a wall while people sign in; a page of gatherings without a place in the menu."""
WIDE = {"today", PROJECTOR}
"""Taken as a large screen shows them, too."""
WHO = (Role.BRANCH_SECRETARY, Role.UNION_OFFICER, Role.COMMITTEE, Role.ADMINISTRATOR)
"""Whose console is pictured: each noun as the one of them sees it who is shown most."""
LARGEST = 120 << 10


def draw(folder: Path) -> None:
    """Write docs/chat.png and a picture of each page of the console's menu; says why when there is no browser."""
    path = chromium()
    if path is None:
        sys.stderr.write("no Chromium on this machine: pictures are left as they are (apt-get install chromium)\n")
        return
    with tempfile.TemporaryDirectory() as data, demo(Path(data)) as address, open_browser(path) as browser:
        _chat(browser, address, folder / "chat.png")
        (folder / FOLDER).mkdir(exist_ok=True)
        morning.live(browser, address, folder / FOLDER)
        taken = [*_console(browser, address, Path(data), folder / FOLDER), PROJECTOR]
        _projector(browser, address, Path(data), folder / FOLDER)
    lived = {f"{morning.NAME}-{step}" for step, *_ in morning.STEPS}
    for left in (folder / FOLDER).glob("*.png"):
        if left.stem.removesuffix("-phone").removesuffix("-wide") not in taken and left.stem not in lived:
            left.unlink()
    sys.stdout.write(f"docs/chat.png and pictures of {', '.join(taken)} written\n")


def _chat(browser: Browser, address: str, target: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=1)
    page.goto(f"{address}/")
    employee, officer = pane(page, 0), pane(page, 3)
    say(employee, "我想反映食堂太贵了", "提交")
    tap(employee, "提交", "SQ-")
    officer.wait_for_selector("#log >> text=食堂太贵", timeout=20_000)
    page.wait_for_timeout(800)
    page.screenshot(path=str(target))
    page.close()


def _console(browser: Browser, address: str, data: Path, folder: Path) -> list[str]:
    """Take each page of everybody's menu, as whoever has most on it; returns the nouns."""
    nouns = {f"/console/{route.path}": route.noun for route in all_routes() if route.method == "GET"}
    taken: dict[str, int] = {}
    for link in _links(data):
        page = _enter(browser, address + link)
        menu = page.eval_on_selector_all("nav ul a[href]", "(links) => links.map((one) => one.pathname)")
        for way in menu:
            noun = nouns.get(way, "")
            page.goto(address + way, wait_until="load")
            length = len(page.inner_text("main"))
            if noun and length > taken.get(noun, 0):
                taken[noun] = length
                _take(page, address + way, folder / noun)
        page.context.close()
    return list(taken)


def _enter(browser: Browser, link: str) -> Page:
    page = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]}).new_page()
    page.goto(link)
    page.click("main button")
    page.wait_for_url("**/console/")
    return page


def _projector(browser: Browser, address: str, data: Path, folder: Path) -> None:
    """Open a sign-in as the first of them, and take what is shown while it runs."""
    page = _enter(browser, address + next(_links(data)))
    page.goto(f"{address}/console/gatherings/new")
    page.fill("#title", "安全生产案例讨论")
    page.click("main form[method=post] button")
    page.click("main form:has(input[value=screen]) button")
    page.wait_for_url("**/screen")
    _take(page, page.url, folder / PROJECTOR)
    page.context.close()


def _links(data: Path) -> Iterator[str]:
    """Yield a link into the console for one person of each kind."""
    from bot.config import load  # noqa: PLC0415 - for pictures alone
    from services import permission, session  # noqa: PLC0415
    from services.work import Work  # noqa: PLC0415
    from storage.engine import Database  # noqa: PLC0415

    database = Database(f"sqlite:///{data / 'var' / 'demo.db'}")
    organisation = load(None, {}).as_organisation()
    for role in WHO:

        def make(work: Work, role: Role = role) -> str | None:
            held = permission.everyone(work, role)
            return session.link(work, held[0]) if held else None

        secret = database.write_now(lambda c, make=make: make(Work(c, organisation, datetime.now(UTC))))  # type: ignore[misc]
        if secret:
            yield f"/console/in/{secret}"
    database.close()


def _take(page: Page, address: str, target: Path) -> None:
    for size in (DESK, PHONE, *([WALL] if target.name in WIDE else [])):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(address, wait_until="load")
        path = target.with_name(f"{target.name}{SUFFIXES.get(size, '')}.png")
        page.screenshot(path=str(path))
        if path.stat().st_size > LARGEST:
            sys.stderr.write(f"{path.name} is larger than {LARGEST >> 10} KiB\n")


def _shown(folder: Path, stem: str, name: str) -> Iterator[str]:
    there = [suffix for suffix in ("", *SUFFIXES.values()) if (folder / FOLDER / f"{stem}{suffix}.png").exists()]
    if there:
        yield from ("", f"## {name}")
    for suffix in there:
        yield from ("", f"![{name}]({FOLDER}/{stem}{suffix}.png)")


def page_of(folder: Path, made: str) -> str:
    """Return docs/pictures.md: the menu of the console with the pictures that there are, in both languages."""
    zh, en = voice("zh").page["console"], voice("en").page["console"]
    lines = [
        made,
        "# 图片 · Pictures",
        "",
        "演示企业的真实页面，由 `make docs ARGS=--pictures` 在本机拍下，每页一张电脑、一张手机；",
        "“今天”和签到的投影页另有一张大屏。",
        "",
        "Pages of the demo enterprise as they are, taken by `make docs ARGS=--pictures`: on a desk and on a phone;",
        "Today and the sign-in's projector page on a large screen, too.",
        "",
        "## 对话 · Chat",
        "",
        "![对话 · Chat](chat.png)",
    ]
    for noun in dict.fromkeys(route.noun for route in all_routes()):
        if (folder / FOLDER / f"{noun}.png").exists():
            lines += _shown(folder, noun, f"{zh[f'menu_{noun}']} · {en[f'menu_{noun}']}")
        if noun == "gatherings":
            lines += _shown(folder, PROJECTOR, "签到的投影页 · The sign-in on a wall")
    return "\n".join(lines) + "\n"
