"""Sending in the console: what waits, what failed, trying again, giving up, stopping by hand, unreadable updates."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select, update

from bot import app, gate
from console.drawing import environment
from content import LANGUAGES, voice
from domain.push import KINDS
from domain.reply import Reply, text
from services import post, sending
from services.work import Work
from storage import audit, calendar, halt, inbox, outbox, pause, setting
from tests.company import ORGANISATION
from tests.running import bind_web, eventually, new_token, page, running
from tests.surfing import Browser, link_of, signed_in, surfing
from tests.talk import Company

pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)
SECRET_WORDS = "这是信里的话"


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program look around more often than it does."""
    monkeypatch.setattr(gate, "LOOK", 0.2)
    monkeypatch.setattr(app, "RESCUE", 0.2)


def work_of(connection: Connection) -> Work:
    return Work(connection, ORGANISATION, datetime.now(UTC))


def letter(company: Company, kind: str, state: str, note: str = "", person: str = "ada", **values: object) -> int:
    """Let a letter stand in a state, written to somebody who is bound to no messenger that runs; returns its number."""

    def write(connection: Connection) -> int:
        work = work_of(connection)
        number = post.answer(work, "telegram", "10001234", "10001234", Reply((text(SECRET_WORDS),)))
        facts = {"kind": kind, "state": state, "note": note, "member_id": company.roll.people[person], **values}
        connection.execute(update(outbox.letter).where(outbox.letter.c.id == number).values(lane=1, **facts))
        return number

    return company.write(write)


def state_of(company: Company, number: int) -> str:
    return str(company.read(lambda c: c.scalar(select(outbox.letter.c.state).where(outbox.letter.c.id == number))))


def deeds(company: Company) -> list[str]:
    return list(company.read(lambda c: c.scalars(select(audit.audit.c.deed).order_by(audit.audit.c.id))))


async def test_what_failed_is_listed_and_tried_again_without_a_word_of_it(company: Company) -> None:
    number = letter(company, "announcement", outbox.FAILED, "Forbidden: bot was blocked by the user")
    async with signed_in(company, "root") as browser:
        seen = await browser.gets("/console/sending")
        assert "对方屏蔽或删除了机器人" in seen.plain
        assert SECRET_WORDS not in seen.words
        one = await browser.gets(f"/console/sending/{number}")
        assert "王芳" in one.plain
        assert "Forbidden: bot was blocked" in one.plain
        assert SECRET_WORDS not in one.words
        await browser.gets(f"/console/sending/{number}/retry")
        assert "已放回待发的队里" in (await browser.posts(f"/console/sending/{number}/retry")).plain
        assert state_of(company, number) == outbox.READY
        assert (await browser.posts(f"/console/sending/{number}/retry")).status == 409
        await browser.gets(f"/console/sending/{number}/drop")
        assert "不再发" in (await browser.posts(f"/console/sending/{number}/drop")).plain
        assert "有人在管理台决定不再发" in (await browser.gets(f"/console/sending/{number}")).plain
    assert state_of(company, number) == outbox.FAILED
    assert deeds(company)[-2:] == ["machine.retry", "machine.give_up"]


async def test_all_that_failed_on_a_messenger_leave_again_at_one_press_and_not_twice(company: Company) -> None:
    ago = datetime.now(UTC) - timedelta(hours=1)
    again = [letter(company, "announcement", outbox.FAILED, "HTTP 500", next_at=ago) for _ in range(3)]
    alone = [
        letter(company, "announcement", outbox.FAILED, "HTTP 500", next_at=ago, unknowns=1),
        letter(company, "learning", outbox.FAILED, "too late", next_at=ago, too_late_at=ago),
        letter(company, "announcement", outbox.FAILED, sending.GIVEN_UP, next_at=ago),
        letter(company, "announcement", outbox.FAILED, "HTTP 500", next_at=datetime.now(UTC) + timedelta(hours=1)),
    ]
    async with signed_in(company, "root") as browser:
        for path in ("/console/sending?state=failed&messenger=telegram", "/console/sending?state=sent"):
            assert "/console/sending/again?messenger=telegram" in (await browser.gets(path)).words
        asked = await browser.gets("/console/sending/again?messenger=telegram")
        assert "会再发 3 封。 另有 2 封" in asked.plain
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', asked.words))
        assert "回到待发的队里" in (await browser.posts("/console/sending/again", None, **fields)).plain
        anew = letter(company, "announcement", outbox.FAILED, "HTTP 500", next_at=datetime.now(UTC))
        assert "没有重复" in (await browser.posts("/console/sending/again", None, **fields)).plain
        assert state_of(company, anew) == outbox.FAILED, "it failed after the page had counted"
        later = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
        assert "回到待发" in (await browser.posts("/console/sending/again", None, **{**fields, "until": later})).plain
        for wrong in ("", "?messenger=pigeon", "?campaign=99999", "?campaign=x"):
            assert (await browser.gets(f"/console/sending/again{wrong}")).status == 403, wrong
        for until in ("", "yesterday", "2026-01-01", "9" * 400):
            assert (await browser.posts("/console/sending/again", None, **{**fields, "until": until})).status == 409
    assert [state_of(company, one) for one in (*again, anew)] == [outbox.READY] * 4
    assert [state_of(company, one) for one in alone] == [outbox.FAILED] * 4
    assert deeds(company).count("machine.retry_all") == 2


async def test_what_may_have_arrived_warns_before_it_comes_twice(company: Company) -> None:
    number = letter(company, "announcement", outbox.UNKNOWN, "sendMessage: TimeoutError", unknowns=1)
    async with signed_in(company, "root") as browser:
        assert "可能收到两遍" in (await browser.gets(f"/console/sending/{number}/retry")).plain
        refused = await browser.posts(f"/console/sending/{number}/retry")
        assert refused.status == 409
        assert "没有再发" in refused.plain
        assert state_of(company, number) == outbox.UNKNOWN
        await browser.gets(f"/console/sending/{number}/retry")
        await browser.posts(f"/console/sending/{number}/retry", sure="yes")
        assert state_of(company, number) == outbox.READY


async def test_whom_a_personal_letter_is_for_is_not_told(company: Company) -> None:
    demand = letter(company, "demand", outbox.FAILED)
    late = letter(company, "learning", outbox.FAILED, "too late", too_late_at=datetime.now(UTC) - timedelta(hours=1))
    async with signed_in(company, "root") as browser:
        seen = await browser.gets(f"/console/sending/{demand}")
        assert "王芳" not in seen.plain
        assert "10001234" not in seen.words
        assert "只关系到本人" in seen.plain
        await browser.gets(f"/console/sending/{late}/retry")
        assert "过了还有用的时间" in (await browser.posts(f"/console/sending/{late}/retry")).plain
        for number in (999_999, 0):
            assert (await browser.gets(f"/console/sending/{number}")).status in {403, 404}


async def test_the_list_is_narrowed_and_turned(company: Company) -> None:
    numbers = [letter(company, "digest", outbox.FAILED) for _ in range(60)]
    other = letter(company, "points", outbox.CAPPED)
    async with signed_in(company, "root") as browser:
        found: set[str] = set()
        path = "/console/sending?kind=digest"
        for _ in range(2):
            seen = await browser.gets(path)
            found.update(re.findall(r'href="/console/sending/(\d+)"', seen.words))
            following = re.search(r'rel="next" href="([^"]+)"', seen.words)
            path = following[1].replace("&amp;", "&") if following else ""
        assert found == {str(one) for one in numbers}
        assert path == ""
        assert f"/console/sending/{other}" in (await browser.gets("/console/sending?state=capped")).words
        today = ORGANISATION.local(datetime.now(UTC)).date().isoformat()
        assert "每周摘要" in (await browser.gets(f"/console/sending?day={today}&messenger=telegram")).plain
        assert "没有这样的信件" in (await browser.gets("/console/sending?day=2020-01-01")).plain
        for wrong in ("state=x", "before=1-x", f"before={'9' * 40}-1", "before=9999999999999999-5", "kind='", "day=9"):
            assert (await browser.gets(f"/console/sending?{wrong}")).status == 200, wrong


async def test_the_list_is_saved_as_a_file_without_words(company: Company) -> None:
    letter(company, "announcement", outbox.FAILED, "=1+1")
    async with signed_in(company, "root") as browser:
        got = await browser.gets("/console/sending/export?state=trouble&format=csv")
        assert "公告" in got.words
        assert SECRET_WORDS not in got.words
        assert not re.search(r'(^|,)"=', got.words)
        assert (await browser.session.get(f"{browser.run.url}/console/sending/export")).status == 200


async def test_sending_is_stopped_by_hand_and_answers_go_on(company: Company) -> None:
    token = new_token()
    bind_web(company, token, "ada")
    async with running(company, telegram=False) as run, surfing(run) as browser:
        await browser.posts(link_of(run, company, "root"))
        await browser.gets("/console/sending/stop?messenger=*")
        refused = await browser.posts("/console/sending/stop", messenger="*", reason=" ")
        assert "至少两个字" in refused.plain
        await browser.gets("/console/sending/stop?messenger=*")
        assert "已停发" in (await browser.posts("/console/sending/stop", messenger="*", reason="公告写错了")).plain
        assert "公告写错了" in (await browser.gets("/console/")).plain
        await eventually(lambda: run.app.gate.halted("web"))
        company.write(lambda c: push(c, company))
        run.app.nudge()
        async with page(run, token) as chat:
            await chat.say("积分")
            await eventually(lambda: "我的积分" in chat.words)
            assert company.read(waiting) == 1
            await browser.gets("/console/sending")
            assert "已恢复发送" in (await browser.posts("/console/sending/resume", messenger="*")).plain
            await eventually(lambda: company.read(waiting) == 0)
        assert (await browser.posts("/console/sending/resume", messenger="*")).status == 409
        assert (await browser.posts("/console/sending/stop", messenger="fax", reason="不要了")).status == 409
    assert [one for one in deeds(company) if one.startswith("machine")] == ["machine.stop", "machine.resume"]


def waiting(connection: Connection) -> int:
    """Return how many pushes have not left."""
    ready = (outbox.letter.c.kind == "activity_urgent", outbox.letter.c.state == outbox.READY)
    return connection.scalar(select(func.count()).where(*ready)) or 0


def push(connection: Connection, company: Company) -> None:
    """Write a push to 王芳."""
    post.push(
        work_of(connection), [company.roll.people["ada"]], "activity_urgent", lambda _: Reply((text("停发时的提醒"),))
    )


async def test_an_unreadable_update_is_shown_once_asked_for_and_a_readable_one_never(company: Company) -> None:
    def broken(connection: Connection) -> tuple[int, int]:
        now = datetime.now(UTC)
        events = [("k1", '{"odd": "<script>alert(1)</script>"}'), ("k2", '{"text": "我想反映食堂"}')]
        dead, failed = (row for row, _ in inbox.keep(connection, "telegram", events, now))
        inbox.settle(connection, dead, inbox.DEAD, note="no such field")
        inbox.settle(connection, failed, inbox.FAILED, note="A1B2C3 ValueError: 我想反映食堂")
        return dead, failed

    dead, failed = company.write(broken)
    async with signed_in(company, "root") as browser:
        listed = await browser.gets("/console/sending/dead")
        assert "读不懂" in listed.plain
        one = await browser.gets(f"/console/sending/dead/{dead}")
        assert "odd" not in one.words
        assert "built-in" not in one.plain
        raw = await browser.posts(f"/console/sending/dead/{dead}/raw")
        assert '{"odd": "<script>alert(1)</script>"}' in raw.plain or "&lt;script&gt;" in raw.words
        assert "<script>alert" not in raw.words
        assert deeds(company)[-1] == "machine.raw"
        other = await browser.gets(f"/console/sending/dead/{failed}")
        assert "食堂" not in other.words
        assert "A1B2C3 ValueError" in other.plain
        refused = await browser.posts(f"/console/sending/dead/{failed}/raw")
        assert refused.status == 409
        assert "食堂" not in refused.words
        await browser.gets(f"/console/sending/dead/{failed}")
        assert "再处理一次" in (await browser.posts(f"/console/sending/dead/{failed}/again")).plain
        assert company.read(lambda c: inbox.broken_one(c, failed)) is None
        assert (await browser.posts(f"/console/sending/dead/{failed}/again")).status == 409


async def test_an_update_that_failed_is_had_again_once_the_program_is_mended(company: Company) -> None:
    token = new_token()
    bind_web(company, token, "ada")
    async with running(company, telegram=False) as run, surfing(run) as browser, page(run, token) as chat:
        await chat.say("签到")
        await eventually(lambda: "签到成功" in chat.words)
        number = int(run.read(lambda c: c.scalar(select(inbox.inbox.c.id))) or 0)
        company.write(lambda c: c.execute(update(inbox.inbox).values(state=inbox.FAILED)))
        assert "failed" in run.states()
        await browser.posts(link_of(run, company, "root"))
        await browser.gets(f"/console/sending/dead/{number}")
        await browser.posts(f"/console/sending/dead/{number}/again")
        await eventually(
            lambda: run.read(lambda c: inbox.broken_one(c, number)) is None and not run.states().get("new")
        )
        await eventually(lambda: len(chat.shown) == 2)


async def tries_everything(browser: Browser, numbers: tuple[int, int]) -> None:
    """Open every page and send every form of these nouns."""
    letters, updates = numbers
    for path in (
        "sending", f"sending/{letters}", f"sending/{letters}/retry", f"sending/{letters}/drop", "sending/dead",
        f"sending/dead/{updates}", "sending/stop", "sending/copy", "settings",
        "settings/value?name=schedule.learning_at", "settings/health", "settings/retention",
        "settings/backup", "settings/audit", "settings/audit/export", "settings/calendar",
    ):  # fmt: skip
        assert (await browser.gets(f"/console/{path}")).status == 403, path
    await browser.gets("/console/")
    for path in (
        f"sending/{letters}/retry", f"sending/{letters}/drop", f"sending/dead/{updates}/raw",
        f"sending/dead/{updates}/again", "sending/stop", "sending/resume", "sending/copy", "settings/value",
        "settings/value/back", "settings/backup", "settings/calendar/day", "settings/calendar/declare",
        "settings/calendar/withdraw",
    ):  # fmt: skip
        assert (
            await browser.posts(f"/console/{path}", messenger="*", reason="我来", name="x", key=key_of(browser))
        ).status == 409


def key_of(browser: Browser) -> str:
    """Return the form key, kept from the first page."""
    browser.__dict__.setdefault("kept", browser.form_key)
    return str(browser.__dict__["kept"])


@pytest.mark.parametrize("nickname", ["lin", "zhou"])
async def test_a_secretary_tries_every_page_and_changes_nothing(company: Company, nickname: str) -> None:
    number = letter(company, "announcement", outbox.FAILED)
    tables = (outbox.letter, inbox.inbox, audit.audit, halt.halt, setting.setting, calendar.override, pause.pause)
    dump = lambda c: [c.execute(select(table)).all() for table in tables]  # noqa: E731 - the leases live on
    async with signed_in(company, nickname) as browser:
        await browser.gets("/console/")
        before = browser.run.read(dump)
        await tries_everything(browser, (number, 1))
        assert browser.run.read(dump) == before


async def test_a_form_without_its_key_changes_nothing(company: Company) -> None:
    number = letter(company, "announcement", outbox.FAILED)
    async with signed_in(company, "root") as browser:
        for path in (f"sending/{number}/retry", "sending/stop", "settings/value", "settings/backup"):
            assert (await browser.posts(f"/console/{path}", key="", messenger="*", reason="我来")).status == 403
    assert state_of(company, number) == outbox.FAILED


async def test_a_restored_copy_tells_its_administrator_why_it_is_paused_and_starts_when_told(company: Company) -> None:
    company.write(lambda c: pause.begin(c, pause.RESTORED, datetime.now(UTC)))
    async with running(company, telegram=False) as run, surfing(run) as browser:
        closed = await browser.gets("/console/")
        assert closed.status == 503
        assert "login-link" in closed.plain
        assert (await browser.posts(link_of(run, company, "root"))).status == 200
        seen = await browser.gets("/console/")
        assert "从备份恢复" in seen.plain
        assert (await browser.gets("/console/people")).status == 503
        assert (await browser.gets("/console/settings/health")).status == 200
        assert "原来的那份" in (await browser.gets("/console/sending/copy")).plain
        assert (await browser.posts("/console/sending/copy")).status == 409
        assert run.read(pause.reasons) == [pause.RESTORED]
        await browser.gets("/console/sending/copy")
        await browser.posts("/console/sending/copy", sure="yes")
        await eventually(lambda: not run.app.gate.shut)
        assert (await browser.gets("/console/people")).status == 200


async def test_nobody_else_is_served_by_a_paused_copy_and_an_unverified_one_never_starts(company: Company) -> None:
    company.write(lambda c: pause.begin(c, pause.UNVERIFIED, datetime.now(UTC)))
    async with running(company, telegram=False) as run, surfing(run) as browser, surfing(run) as other:
        await other.posts(link_of(run, company, "lin"))
        assert (await other.gets("/console/")).status == 503
        await browser.posts(link_of(run, company, "root"))
        assert "核对" in (await browser.gets("/console/")).plain
        assert (await browser.gets("/console/sending/copy")).status == 403
        assert (await browser.posts("/console/sending/copy", sure="yes")).status == 409
        assert run.app.gate.shut


async def test_in_english(company: Company) -> None:
    number = letter(company, "announcement", outbox.FAILED, "sendMessage: TimeoutError")
    company.phone("root").says("/language en")
    async with signed_in(company, "root") as browser:
        for path in ("", "sending", f"sending/{number}", f"sending/{number}/retry", "sending/dead", "sending/stop"):
            seen = await browser.gets(f"/console/{path}")
            assert seen.status == 200
        assert "The network is down" in (await browser.gets(f"/console/sending/{number}")).plain


def test_every_kind_of_letter_has_its_words(company: Company) -> None:
    del company
    for language in LANGUAGES:
        words = voice(language).page["sending"]
        assert {f"kind_{kind}" for kind in (*KINDS, outbox.ANSWER_KIND, outbox.LIVE)} <= set(words)


def test_a_word_is_never_taken_for_a_method_of_its_dictionary(company: Company) -> None:
    del company
    template = environment().from_string("{{ words.clear }} {{ words.update }} {{ words.get('clear') }}")
    assert template.render(words={"clear": "a", "update": "b"}) == "a b a"
