"""`make docs ARGS=--pictures`: pictures of the running demo, taken by a browser on this machine."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bot.browser import chromium, demo, open_browser, pane, say, tap


def draw(folder: Path) -> None:
    """Write docs/chat.png; says why when there is no browser."""
    path = chromium()
    if path is None:
        sys.stderr.write("no Chromium on this machine: pictures are left as they are (apt-get install chromium)\n")
        return
    with tempfile.TemporaryDirectory() as data, demo(Path(data)) as address, open_browser(path) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=1)
        page.goto(f"{address}/")
        employee, officer = pane(page, 0), pane(page, 3)
        say(employee, "我想反映食堂太贵了", "提交")
        tap(employee, "提交", "SQ-")
        officer.wait_for_selector("#log >> text=食堂太贵", timeout=20_000)
        page.wait_for_timeout(800)
        page.screenshot(path=str(folder / "chat.png"))
    sys.stdout.write("docs/chat.png written\n")
