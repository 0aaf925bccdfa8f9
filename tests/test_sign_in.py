"""Links that open our own page, signed in: once, soon, for whom they were sent; and what stands where one isn't."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from playwright.async_api import async_playwright
from sqlalchemy import Connection

from bot.browser import PATIENCE, chromium
from bot.calls import Calls
from bot.config import load
from bot.veil import Veil
from domain.codec import encode_reply
from domain.reply import Personal, Reply, text
from domain.sign_in import Outcome, letter_of, ticket
from messengers.base import Messenger
from messengers.web import security
from services import invite, sign_in
from storage import address
from storage import sign_in as table
from storage.claim import Claimed
from tests.running import KEY, Running, eventually, new_token, page, running
from tests.talk import Company, Phone

STRICT = {
    "DANGQUN_PRIVACY__PROFILE": "strict",
    "DANGQUN_TELEGRAM__ENABLED": "true",
    "DANGQUN_TELEGRAM__TOKEN": "1:a",
    "DANGQUN_WEB__BASE_URL": "https://page.example",
}


def _bound(company: Company, nickname: str, messenger: str, account: str) -> Phone:
    """Give somebody another messenger."""

    def bind(connection: Connection) -> None:
        address.meet(connection, messenger, account, account, "zh", company.now)
        found = address.caller(connection, messenger, account)
        assert found is not None
        address.bind(connection, found.address_id, company.roll.people[nickname], company.now)

    company.write(bind)
    return company.phone(account, messenger)


def _newest(company: Company, phone: Phone) -> int:
    return company.read(lambda c: table.newest_answer(c, phone.messenger, phone.account))


def _ticket(company: Company, phone: Phone) -> str:
    return ticket(KEY, _newest(company, phone), phone.messenger, phone.account)


def _enters(company: Company, words: str, browser: str) -> Outcome:
    return company.write(lambda c: sign_in.enter(company.work(c), KEY, words, "web", browser))


def test_the_same_letter_has_the_same_ticket_and_nobody_else_makes_it() -> None:
    words = ticket(KEY, 7, "telegram", "ada")
    assert words == ticket(KEY, 7, "telegram", "ada")
    assert letter_of(words) == 7
    others = {ticket(b"x" * 32, 7, "telegram", "ada"), ticket(KEY, 8, "telegram", "ada")}
    others |= {ticket(KEY, 7, "wecom", "ada"), ticket(KEY, 7, "telegram", "bo")}
    assert words not in others
    assert len(others) == 4
    for odd in ("", "7", "7-", "0-" + "a" * 40, f"{words}0", f" {words}", f"{'9' * 30}-{'a' * 40}", "7-" + "é" * 40):
        assert letter_of(odd) is None


def test_a_link_opens_once_and_what_was_withheld_goes_on_there(company: Company) -> None:
    phone = _bound(company, "ada", "telegram", "77")
    phone.says("我想反映家里困难想申请补助")
    words = _ticket(company, phone)
    assert _enters(company, words, "browser") is Outcome.OK
    browser = company.phone("browser")
    assert "请确认你的诉求" in browser.sees()
    assert "SQ-" in browser.presses("提交")
    assert "困难" in company.zhou.sees()
    assert _enters(company, words, "another") is Outcome.USED
    assert "绑定" in company.phone("another").says("我的积分")
    # What was open here is open there now.
    assert "没有正在办的事" in phone.says("取消")


def test_a_card_of_before_leaves_the_open_question_where_it_is(company: Company) -> None:
    phone = _bound(company, "ada", "telegram", "77")
    phone.says("我的积分")
    words = _ticket(company, phone)
    phone.says("我想反映食堂太贵了")
    assert _enters(company, words, "browser") is Outcome.OK
    assert "本月" in company.phone("browser").sees() or company.phone("browser").last
    assert "SQ-" in phone.presses("提交")


def test_ten_minutes_and_then_a_new_link(company: Company) -> None:
    phone = _bound(company, "ada", "telegram", "77")
    phone.says("/me")
    first, words = _newest(company, phone), _ticket(company, phone)
    company.travel(minutes=10)
    assert company.read(lambda c: table.used(c, first)) is False
    company.travel(minutes=1)
    assert _enters(company, words, "browser") is Outcome.LATE
    assert "王芳" in phone.calls(f"help.link:{first}")
    assert _newest(company, phone) != first
    assert _enters(company, _ticket(company, phone), "browser") is Outcome.OK
    assert "王芳" in company.phone("browser").sees()


def test_a_new_link_is_for_the_letters_own_reader(company: Company) -> None:
    company.ada.says("/me")
    number = _newest(company, company.ada)
    assert "过期" in company.bo.calls(f"help.link:{number}")
    assert "过期" in company.ada.calls("help.link:999999")
    assert "王芳" in company.ada.calls(f"help.link:{number}")


def test_a_link_is_worth_nothing_to_whoever_has_the_account_now(company: Company) -> None:
    phone = _bound(company, "ada", "telegram", "77")
    phone.says("/me")
    number, words = _newest(company, phone), _ticket(company, phone)
    company.travel(minutes=1)
    _bound(company, "bo", "telegram", "77")
    assert _enters(company, words, "browser") is Outcome.UNKNOWN
    assert "王芳" not in phone.calls(f"help.link:{number}")


@pytest.mark.parametrize("odd", ["", "1-" + "0" * 40, "x", "99999999-" + "0" * 40])
def test_what_is_no_ticket_opens_nothing(company: Company, odd: str) -> None:
    company.ada.says("/me")
    assert _enters(company, odd, "browser") is Outcome.UNKNOWN


def test_a_browser_that_is_somebody_already_is_not_taken_over(company: Company) -> None:
    phone = _bound(company, "ada", "telegram", "77")
    phone.says("/me")
    assert _enters(company, _ticket(company, phone), "bo") is Outcome.UNKNOWN
    assert "赵强" in company.bo.says("/me")
    assert _enters(company, _ticket(company, phone), "browser") is Outcome.OK


def test_a_visit_is_no_messenger_and_ends_after_twelve_hours(company: Company) -> None:
    phone = _bound(company, "ada", "telegram", "77")
    ada = company.roll.people["ada"]
    phone.says("/me")
    _enters(company, _ticket(company, phone), "browser")
    browser = company.phone("browser")
    assert "王芳" in browser.sees()
    assert browser.says("/me").count("网页") == 1
    assert len(company.read(lambda c: address.choices_of(c, ada))) == 2
    assert company.read(lambda c: address.reachable(c, [ada]))[ada].account == "77"
    assert "browser" not in {row[2] for row in company.read(lambda c: address.accounts_of(c, ada))}
    company.travel(hours=11)
    assert "王芳" in browser.says("/me")
    company.travel(hours=2)
    assert "登录已经结束" in browser.says("/me")
    assert "王芳" in phone.says("/me")


def test_unbinding_ends_the_visits_too(company: Company) -> None:
    phone = _bound(company, "ada", "telegram", "77")
    phone.says("/me")
    _enters(company, _ticket(company, phone), "browser")
    phone.says("解绑")
    phone.presses("解绑")
    assert "登录已经结束" in company.phone("browser").says("/me")
    assert "王芳" in company.ada.says("/me")


def test_a_code_makes_an_account_of_a_visit_that_is_over(company: Company) -> None:
    phone = _bound(company, "ada", "telegram", "77")
    phone.says("/me")
    _enters(company, _ticket(company, phone), "browser")
    company.travel(hours=13)
    browser = company.phone("browser")
    browser.says("你好")
    code = company.write(lambda c: invite.issue(company.work(c), "A002")).code
    browser.says(code)
    company.travel(hours=24)
    assert "赵强" in browser.says("/me")
    assert company.read(lambda c: address.caller(c, "web", "browser")).until is None  # type: ignore[union-attr]


# what stands instead


class _Face:
    """A messenger, as far as a veil looks at it."""

    def __init__(self, name: str) -> None:
        self.name = name


def _letter(chat: str = "77") -> Claimed:
    return Claimed(7, "77", chat, "answer", True, 1, 0, None, "", None, 0, None, "")  # noqa: FBT003 - a row


def _veiled(reply: Reply, letter: Claimed, name: str = "telegram", **environment: str) -> Reply:
    settings = load(None, {**STRICT, **environment})
    face: Messenger = _Face(name)  # type: ignore[assignment]
    return Veil(settings, KEY, {"telegram": lambda payload: f"https://t.me/bot?start={payload}"})(reply, face, letter)


def _says(personal: Personal, *, edits: bool = False) -> Reply:
    return Reply((text("王芳的诉求"),), edits=edits, personal=personal)


@pytest.mark.parametrize("personal", Personal)
def test_what_a_messenger_carries_is_what_the_tables_say(personal: Personal) -> None:
    for profile, carried in (("strict", {0, 1, 4}), ("standard", {0, 1, 2, 3, 4})):
        shown = _veiled(_says(personal), _letter(), DANGQUN_PRIVACY__PROFILE=profile)
        assert ("王芳" in shown.plain) == (int(personal) in carried), profile
    assert ("王芳" in _veiled(_says(personal), _letter(), "web").plain) == (personal is not Personal.SECRET)
    assert ("王芳" in _veiled(_says(personal), _letter(chat="-9")).plain) == (personal is Personal.PUBLIC)


def test_above_it_stands_a_link_and_a_way_to_a_new_one() -> None:
    veiled = _veiled(_says(Personal.HARDSHIP, edits=True), _letter())
    link, new = veiled.buttons
    assert link.url == f"https://page.example/chat/in/{ticket(KEY, 7, 'telegram', '77')}"
    assert new.call == "help.link:7"
    assert veiled.edits
    assert veiled.personal is Personal.PUBLIC
    assert _veiled(_says(Personal.HARDSHIP, edits=True), _letter()) == veiled


def test_it_says_what_it_is_about_and_the_page_speaks_the_reader_s_language() -> None:
    english = _letter()._replace(kind="demand", language="en")
    veiled = _veiled(_says(Personal.HARDSHIP), english)
    assert "news of a request" in veiled.plain
    assert "王芳" not in veiled.plain
    assert veiled.buttons[0].url.endswith("?language=en")


def test_in_a_group_there_is_no_link_but_the_way_to_the_private_chat() -> None:
    veiled = _veiled(_says(Personal.OWN), _letter(chat="-9"))
    assert [button.url for button in veiled.buttons] == ["https://t.me/bot?start="]
    assert "/chat/in/" not in str(veiled)
    assert not _veiled(_says(Personal.OWN), _letter(chat="-9"), "web").buttons


def test_without_a_page_that_browsers_reach_there_is_no_dead_link() -> None:
    for nowhere in ({"DANGQUN_WEB__BASE_URL": ""}, {"DANGQUN_WEB__ENABLED": "false"}):
        veiled = _veiled(_says(Personal.HARDSHIP), _letter(), **nowhere)
        assert not veiled.buttons
        assert "管理员" in veiled.plain


def test_a_companys_own_ceiling_goes_before_the_profile() -> None:
    own = {"DANGQUN_TELEGRAM__CEILING__PRIVATE": '["public", "membership"]'}
    assert "王芳" in _veiled(_says(Personal.MEMBERSHIP), _letter(), **own).plain
    assert "王芳" not in _veiled(_says(Personal.OWN), _letter(), **own).plain


# over the wire


async def _knock(run: Running, words: str, token: str, method: str = "POST", **headers: str) -> tuple[int, str]:
    headers.setdefault("Authorization", f"Bearer {token}")
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{run.url}/chat/in/{words}", headers=headers) as answer,
    ):
        if answer.content_type == "application/json":
            return answer.status, str((await answer.json()).get("outcome"))
        return answer.status, await answer.text()


async def test_from_telegram_to_the_page(company: Company) -> None:
    async with running(company, users={77: "ada"}, WEB__BASE_URL="{url}", PRIVACY__PROFILE="strict") as run:
        run.api.says(77, "/me")
        [message] = await eventually(lambda: run.api.seen)
        assert "王芳" not in str(message)
        [found] = re.findall(r"/chat/in/([0-9a-f-]+)", message.data["reply_markup"])
        token = new_token()
        status, words = await _knock(run, found, token, "GET")
        assert (status, "in.js" in words) == (200, True)
        assert (await _knock(run, found, token, "HEAD"))[0] == 200
        assert (await _knock(run, found, "short"))[0] == 403
        assert (await _knock(run, found, token, Origin="https://elsewhere.example"))[0] == 403
        assert await _knock(run, found, token) == (200, "ok")
        assert await _knock(run, found, new_token()) == (200, "used")
        assert await _knock(run, found[:-1], new_token()) == (200, "unknown")
        async with page(run, token) as opened:
            await eventually(lambda: "王芳" in opened.words)
            await opened.say("我的积分")
            await eventually(lambda: len(opened.shown) > 1)
        account = str(security.account_of(token))
        assert run.read(lambda c: address.caller(c, "web", account, datetime.now(UTC))).person is not None  # type: ignore[union-attr]


PATH = chromium()


@pytest.mark.skipif(PATH is None, reason="no Chromium on this machine: apt-get install chromium")
async def test_in_a_browser_the_link_is_a_page_with_one_button(company: Company) -> None:
    async with (
        running(company, users={77: "ada"}, WEB__BASE_URL="{url}", PRIVACY__PROFILE="strict") as run,
        async_playwright() as playwright,
    ):
        run.api.says(77, "/me")
        [message] = await eventually(lambda: run.api.seen)
        [way] = re.findall(r"http[^\"]*/chat/in/[0-9a-f-]+", message.data["reply_markup"])
        browser = await playwright.chromium.launch(executable_path=PATH, args=["--no-sandbox", "--disable-gpu"])
        opened, errors = await browser.new_page(), list[str]()
        opened.on("pageerror", lambda error: errors.append(str(error)))
        await opened.goto(way)
        await opened.wait_for_selector("#says >> text=只能打开一次")
        await opened.click("#enter")
        await opened.wait_for_selector("#log >> text=王芳", timeout=PATIENCE)
        assert opened.url == f"{run.url}/chat/"
        assert await opened.evaluate("localStorage.getItem('token')") is None
        await opened.reload()
        await opened.wait_for_selector("#log >> text=王芳", timeout=PATIENCE)
        await opened.fill("#words", "我的积分")
        await opened.press("#words", "Enter")
        await opened.wait_for_selector("#log button >> text=明细与原因", timeout=PATIENCE)
        another = await browser.new_page()
        await another.goto(way)
        await another.click("#enter")
        await another.wait_for_selector("#says >> text=已经打开过了")
        assert not await another.is_visible("#enter")
        assert errors == []
        await browser.close()


async def test_links_of_several_people_never_leave_by_one_call() -> None:
    """A call that reaches many carries one person's words: with a link in them it would let everybody in."""

    def veil(_reply: Reply, _messenger: Messenger, letter: Claimed) -> Reply:
        return Reply((text(f"/chat/in/{letter.recipient}"),))

    nobody: Any = None
    calls = Calls(nobody, veil, nobody, nobody, nobody)
    words = encode_reply(_says(Personal.HARDSHIP))
    letters = [_letter()._replace(payload=words), _letter()._replace(payload=words, recipient="78")]
    assert await calls.send_many(letters) is False
