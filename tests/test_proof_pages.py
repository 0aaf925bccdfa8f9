"""Every kind of page in a real browser: hostile words stay words, nothing is out of anybody's reach, nothing overflows.

Chromium opens one address of each kind that the links of a secretary, an administrator, the union's officer and the
committee lead to, with everything in it that could be typed into the forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page

from bot.browser import chromium, open_browser
from tests import hostile
from tests.crawling import Visitor, Walk, route_of, walk
from tests.faults.figures import LONG
from tests.planted import Program

pytestmark = [
    pytest.mark.xdist_group("pages"),
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine: apt-get install chromium"),
]

PHONE, DESK = {"width": 375, "height": 700}, {"width": 1280, "height": 800}
WAYS = (
    [(size, scheme, False) for size in (DESK, PHONE) for scheme in ("light", "dark")]
    if LONG
    else [(DESK, "light", False), (PHONE, "dark", True)]
)
"""(size, colours, whether only what hangs on the colours is looked at); a short run takes the corners."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS = {"serious", "critical"}
UNSEEN = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
  .filter((one) => one.checkVisibility() && one.type !== 'hidden' && !one.disabled)
  .filter((one) => {
    one.focus();
    if (document.activeElement !== one) return one.tabIndex >= 0;
    const look = getComputedStyle(one);
    return (look.outlineStyle === 'none' || look.outlineWidth === '0px') && look.boxShadow === 'none';
  })
  .map((one) => one.outerHTML.slice(0, 90))"""
WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room + 1) return [];
  const wide = [...document.querySelectorAll('body *')]
    .filter((one) => one.getBoundingClientRect().right > room + 1)
    .filter((one) => !one.closest('.table') || one.matches('.table'))
    .slice(-3).map((one) => `${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 40)}`);
  return [document.documentElement.scrollWidth, ...wide];
}"""


def write_everywhere(visitor: Visitor, found: Walk) -> int:
    """Type hostile words wherever words can be typed; returns how many forms were sent."""
    sent = 0
    for form in found.forms():
        if "/out" in form.action or any("danger" in look for *_, look in form.buttons):
            continue
        for place, (name, value, _) in enumerate(form.ways()):
            for words in ("党费" + "".join(hostile.WORDS), hostile.WORDS[(sent + place) % len(hostile.WORDS)]):
                answer = visitor.posts(form.action, form.filled(words) | ({name: value} if name else {}))
                assert answer.status < 500, (form.action, answer.status)
                sent += 1
    return sent


@pytest.fixture(scope="module")
def opened(program: Program) -> list[tuple[str, str]]:
    """(who, path): one address of each kind, after the hostile words were written."""
    found: dict[tuple[str, ...], tuple[str, str]] = {}
    for who in ("lin", "root", "zhou", "chen"):
        visitor = program.visitor(who)
        if who == "lin":
            assert write_everywhere(visitor, walk(visitor, brief=True)) > 20
        for path, answer in walk(visitor, brief=True).pages:
            assert not any(word in answer.words for word in ("<svg onload", "<script>alert", "<iframe", "<style>")), (
                path
            )
            named = route_of(path)
            if named:
                found.setdefault((named[0].path,), (who, path))
    return list(found.values())


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A browser's page that remembers what went wrong in it."""
    with open_browser(str(chromium())) as browser:
        context = browser.new_context(viewport=DESK)  # type: ignore[arg-type]
        one = context.new_page()
        one.set_default_timeout(20_000)
        yield one
        context.close()


def test_every_kind_of_page_in_a_browser(program: Program, opened: list[tuple[str, str]], page: Page) -> None:
    """ASVS 1.3.1, 3.2.2, 3.6.1; WCAG by axe-core."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - a second

    wrong: list[object] = []

    def shown(dialog: Dialog) -> None:
        wrong.append(("dialog", page.url, dialog.message))
        dialog.dismiss()

    page.on("dialog", shown)
    page.on("pageerror", lambda error: wrong.append(("error", page.url, str(error))))
    page.on("console", lambda said: wrong.append((page.url, said.text)) if "Content Security" in said.text else None)
    page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith(program.run.url) else None)
    page.context.add_init_script(Axe().axe_script)
    now = ""
    for who, path in opened:
        if who != now:
            name, _, value = program.visitor(who).cookie.partition("=")
            page.context.add_cookies([{"name": name, "value": value, "url": program.run.url}])
            now = who
        page.set_viewport_size(DESK)  # type: ignore[arg-type]
        page.goto(program.run.url + path, wait_until="load")
        for size, scheme, colours in WAYS:
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            wrong += [(who, path, size["width"], scheme, *one) for one in _found(page, colours=colours)]
            wrong += [("wide", who, path, size["width"], *one) for one in [page.evaluate(WIDE)] if one]
        page.keyboard.press("Tab")
        wrong += [("focus", who, path, one) for one in page.evaluate(UNSEEN)]
    assert wrong == [], "\n".join(map(str, wrong))
    assert len(opened) > 20


def _found(page: Page, *, colours: bool) -> list[tuple[Any, ...]]:
    """Return what axe finds serious."""
    how: dict[str, Any] = {"resultTypes": ["violations"], "runOnly": RULES}
    if colours:
        how["runOnly"] = {"type": "rule", "values": ["color-contrast"]}
    found = page.evaluate("(how) => axe.run(document, how)", how)
    return [
        (one["id"], one["nodes"][0]["html"][:160], one["nodes"][0].get("failureSummary", "")[:200])
        for one in found["violations"]
        if one["impact"] in SERIOUS
    ]
