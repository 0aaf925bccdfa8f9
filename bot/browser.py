"""A headless Chromium over the demo enterprise: for pictures of the documents and for tests of the page."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Frame, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 20_000
"""Milliseconds that a page may take for anything."""


def chromium() -> str | None:
    """Return the path of a browser on this machine."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """Run the demo enterprise, with its data in a folder; yields its address."""
    command = [sys.executable, "-m", "bot", "demo"]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_environment()
    ) as process:
        address = ""
        for line in process.stdout or ():
            found = re.search(r"http://[0-9.]+:\d+", line)
            if found:
                address = found[0]
                break
        try:
            if not address:
                raise RuntimeError("the demo did not start")
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


def _environment() -> dict[str, str]:
    import os  # noqa: PLC0415 - only what runs the program needs it

    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}


@contextmanager
def open_browser(path: str) -> Iterator[Browser]:
    """Start the browser."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a test requirement

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def pane(page: Page, place: int) -> Frame:
    """Return the chat of the visitor at this place on the demo's wall."""
    page.wait_for_selector(f"#pane-{place}", timeout=PATIENCE)
    handle = page.query_selector(f"#pane-{place}")
    frame = handle.content_frame() if handle else None
    if frame is None:
        raise RuntimeError(f"there is no pane {place}")
    frame.wait_for_selector("#words", timeout=PATIENCE)
    return frame


def say(frame: Frame, words: str, expected: str) -> None:
    """Type words and wait until the log shows what is expected."""
    frame.fill("#words", words)
    frame.press("#words", "Enter")
    frame.wait_for_selector(f"#log >> text={expected}", timeout=PATIENCE)


def tap(frame: Frame, label: str, expected: str) -> None:
    """Tap the newest button with this label and wait until the log shows what is expected."""
    frame.locator("#log").get_by_role("button", name=label, exact=True).last.click()
    frame.wait_for_selector(f"#log >> text={expected}", timeout=PATIENCE)
