"""A secretary's working morning, lived in the demo by a browser: pictures and the page that tells it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.browser import PATIENCE, pane, say, tap

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAME = "morning"
WORDS = "下周三下午两点在三楼会议室开支部党员大会，议题是年度总结，请提前看材料。"
STEPS = (
    (
        "chat",
        "在对话里发“管理台”，得到十分钟内有效、只能用一次的链接。",
        "Send 管理台 in the chat: a link, good for ten minutes and once.",
    ),
    (
        "door",
        "点开链接，确认进入；没有密码。",
        "Open it and confirm; there is no password.",
    ),
    (
        "today",
        "今天：等我办的、正在发送的、要留意的，一眼看完，一点就办。",
        "Today: what waits for me, what is being sent, what is wrong.",
    ),
    (
        "write",
        "写公告：边写边看每个通讯工具上的样子。",
        "Write an announcement and see it as each messenger will show it.",
    ),
    (
        "check",
        "发之前：有多少人、谁收不到、为什么。",
        "Before it is sent: how many, who would not get it, and why.",
    ),
    (
        "sent",
        "发出十秒后开始送，进度自己更新；成员在对话里按“收到”，确认数跟着变。",
        "Ten seconds later it leaves; the progress lives, and so do the confirmations.",
    ),
    (
        "units",
        "谁确认了，按组织看，不排名。",
        "Who confirmed, by unit, in the order of the tree.",
    ),
)
"""Name of the picture, and what is told beside it."""


def live(browser: Browser, address: str, folder: Path) -> None:
    """Live through the morning; writes a picture of each step."""
    wall = browser.new_page(viewport={"width": 1280, "height": 800})
    wall.goto(f"{address}/")
    for name in ("赵强", "林雪"):
        wall.locator("#people button", has_text=name).click()
    member, secretary = pane(wall, 1), pane(wall, 2)
    say(secretary, "管理台", "进入管理台")
    _take(wall, folder, "chat")
    link = secretary.locator("#log a[href*='/console/in/']").last.get_attribute("href") or ""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(link)
    _take(page, folder, "door")
    page.click("main button")
    page.wait_for_url("**/console/")
    _take(page, folder, "today")
    page.goto(f"{address}/console/announcements/new")
    page.fill("#text", WORDS)
    page.wait_for_selector("#previews .bubble >> text=三楼会议室")
    _take(page, folder, "write")
    page.click("main form[enctype] button:not([type=button])")
    page.wait_for_selector("form[action$='/send'] button")
    _take(page, folder, "check")
    page.click("form[action$='/send'] button")
    page.wait_for_selector("#standing")
    member.wait_for_selector("#log >> text=年度总结", timeout=PATIENCE * 2)
    tap(member, "收到", "确认收到")
    page.wait_for_timeout(3000)
    page.reload()
    _take(page, folder, "sent")
    page.click("main a[href$='/units']")
    page.wait_for_selector("table")
    _take(page, folder, "units")
    wall.close()
    page.context.close()


def _take(page: Page, folder: Path, step: str) -> None:
    page.wait_for_timeout(500)
    page.screenshot(path=str(folder / f"{NAME}-{step}.png"))


def page_of(pictures: str, made: str) -> str:
    """Return docs/morning.md."""
    lines = [
        made,
        "# 书记的一个上午 · A secretary's morning",
        "",
        "从进管理台到公告有人确认：在演示企业里由 `make docs ARGS=--pictures` 真的走了一遍，图是当时拍的。",
        "",
        "From signing in to the announcement confirmed, lived through in the demo by `make docs ARGS=--pictures`.",
    ]
    for place, (step, zh, en) in enumerate(STEPS, 1):
        lines += ["", f"{place}. {zh}", "", f"   {en}", "", f"   ![{zh}]({pictures}/{NAME}-{step}.png)"]
    return "\n".join(lines) + "\n"
