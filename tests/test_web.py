"""The embedded chat over its real socket: nothing lost at a reconnect, nothing twice, and who may talk to it."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from messengers.web.client import BURST
from tests.running import bind_web, eventually, new_token, page, running
from tests.talk import Company

ORIGIN = {"Origin": "https://evil.example"}


# What is tested here is the socket: one database is enough.
pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)


async def test_words_come_back_as_a_card(company: Company) -> None:
    token = new_token()
    bind_web(company, token, "ada")
    async with running(company, telegram=False) as run, page(run, token) as chat:
        key = await chat.say("签到")
        await eventually(lambda: "签到成功" in chat.words)
        assert chat.acks == [key]


async def test_the_same_id_twice_has_one_effect(company: Company) -> None:
    token = new_token()
    bind_web(company, token, "ada")
    async with running(company, telegram=False) as run, page(run, token) as chat:
        for _ in range(3):
            await chat.say("签到", key="one-and-the-same")
        await eventually(lambda: len(chat.acks) == 3)
        await chat.say("首页")
        await eventually(lambda: "早上好" in chat.words or "好**" in chat.words or "王芳" in chat.words)
        assert chat.words.count("签到成功") == 1
        assert "已签到" not in chat.words


async def test_a_page_that_comes_back_gets_what_it_missed_and_nothing_twice(company: Company) -> None:
    token = new_token()
    bind_web(company, token, "ada")
    async with running(company, telegram=False) as run:
        async with page(run, token) as chat:
            await chat.say("签到")
            await eventually(lambda: "签到成功" in chat.words)
            last = max(chat.shown)
            await chat.say("积分")
        async with page(run, token, last=last) as chat:
            await eventually(lambda: "我的积分" in chat.words)
            assert "签到成功" in chat.words
            assert len(chat.shown) == len(set(chat.shown))
        async with page(run, token) as fresh:
            await eventually(lambda: "我的积分" in fresh.words)
            assert fresh.own == ["签到", "积分"]


async def test_two_pages_of_one_person_show_the_same(company: Company) -> None:
    token = new_token()
    bind_web(company, token, "ada")
    async with running(company, telegram=False) as run, page(run, token) as one, page(run, token) as two:
        await one.say("签到")
        await eventually(lambda: "签到成功" in one.words and "签到成功" in two.words)


async def test_a_stranger_is_nobody(company: Company) -> None:
    async with running(company, telegram=False) as run, page(run, new_token()) as chat:
        await chat.say("积分")
        await eventually(lambda: "绑定码" in chat.words)


async def test_a_weak_secret_is_no_secret(company: Company) -> None:
    async with running(company, telegram=False) as run:
        for token in ("", "short", "x" * 42, "../../etc/passwd" * 4):
            async with page(run, token) as chat:
                await eventually(lambda chat=chat: chat.socket.closed)  # type: ignore[misc]
                assert chat.socket.close_code == 4001


async def test_other_origins_are_refused(company: Company) -> None:
    async with running(company, telegram=False) as run, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with session.ws_connect(f"{run.url}/chat/socket", headers=ORIGIN):
                pass
        assert refused.value.status == 403
        async with session.post(f"{run.url}/chat/upload?name=a", data=b"x", headers=ORIGIN) as answer:
            assert answer.status == 403


async def test_too_fast_is_told_to_slow_down(company: Company) -> None:
    async with running(company, telegram=False) as run, page(run, new_token()) as chat:
        for _ in range(BURST + 5):
            await chat.say("你好")
        await eventually(lambda: len(chat.acks) + len(chat.nacks) == BURST + 5)
        assert {nack["why"] for nack in chat.nacks} == {"slow_down"}
        assert all(nack["again"] for nack in chat.nacks)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"id":"1"}',
        '{"id":"1","kind":"nothing"}',
        '{"id":"1","kind":"press"}',
        '{"id":1,"kind":5}',
        pytest.param("[" * 30_000, id="deep"),
        '{"id":"1","kind":"upload","attachment":1e999,"name":"a","mime":"b","size":1}',
    ],
)
async def test_broken_frames_are_refused_and_the_page_lives_on(company: Company, frame: str) -> None:
    async with running(company, telegram=False) as run, page(run, new_token()) as chat:
        await chat.socket.send_str(frame)
        await eventually(lambda: chat.nacks)
        await chat.say("你好")
        await eventually(lambda: "绑定码" in chat.words)


async def test_a_press_that_names_half_a_character_is_answered(company: Company) -> None:
    token = new_token()
    bind_web(company, token, "ada")
    async with running(company, telegram=False) as run, page(run, token) as chat:
        frame = {"id": "1", "kind": "press", "call": "help.home", "message": "\ud83d"}
        await chat.socket.send_str(json.dumps(frame))
        await eventually(lambda: "王芳" in chat.words)
        assert not run.states().get("failed")


async def test_a_file_goes_up_and_only_its_owner_gets_it_back(company: Company) -> None:
    token = new_token()
    bind_web(company, token, "lin")
    picture = b"\x89PNG\r\n\x1a\n" + b"1" * 50
    async with running(company, telegram=False) as run, page(run, token) as chat, aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {token}"}
        async with session.post(f"{run.url}/chat/upload?name=../../图.png", data=picture, headers=headers) as answer:
            kept = await answer.json()
        assert kept["name"] == "图.png"
        assert kept["mime"] == "image/png"
        await chat.say("发公告")
        await eventually(lambda: "请输入公告内容" in chat.words)
        forged = {**kept, "id": "f1", "kind": "upload", "attachment": kept["attachment"] + 1}
        await chat.socket.send_str(json.dumps(forged))
        await eventually(lambda: chat.nacks)
        await chat.socket.send_str(json.dumps({**kept, "id": "f2", "kind": "upload", "caption": "来看展览"}))
        await eventually(lambda: "预览" in chat.words)
        href = next(b["href"] for m in chat.shown.values() for b in m["blocks"] if "href" in b)
        async with session.get(run.url + href) as answer:
            assert await answer.read() == picture
            assert "sandbox" in answer.headers["Content-Security-Policy"]
        for wrong in (
            href[:-1] + ("0" if href[-1] != "0" else "1"),
            href.replace("user=", "user=x"),
            href.partition("&")[0],
            "/chat/file/abc",
        ):
            async with session.get(run.url + wrong) as answer:
                assert answer.status == 404


async def test_pages_are_served_with_a_strict_policy(company: Company) -> None:
    async with running(company, telegram=False) as run, aiohttp.ClientSession() as session:
        for path in ("/", "/chat/", "/chat/static/chat.js", "/chat/labels?language=en", "/console/"):
            async with session.get(run.url + path) as answer:
                assert answer.status == (401 if "console" in path else 200)
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        for path in ("/chat/static/../../../etc/passwd", "/chat/static/nothing.js", "/nothing"):
            async with session.get(run.url + path) as answer:
                assert answer.status == 404
        async with session.get(f"{run.url}/chat/people") as answer:
            assert await answer.json() == []


async def test_the_consoles_page_speaks_the_language_of_its_link_and_leads_back(company: Company) -> None:
    async with running(company, telegram=False) as run, aiohttp.ClientSession() as session:
        english = {"Accept-Language": "en-GB,en;q=0.9"}
        async with session.get(f"{run.url}/console/", headers=english) as answer:
            page = await answer.text()
        assert 'lang="zh"' in page
        assert 'href="/"' in page
        async with session.get(f"{run.url}/console/?language=en") as answer:
            assert 'lang="en"' in await answer.text()


async def test_a_socket_that_says_nothing_is_let_go(company: Company) -> None:
    async with (
        running(company, telegram=False) as run,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{run.url}/chat/socket") as socket,
    ):
        await socket.send_str("not json")
        message = await asyncio.wait_for(socket.receive(), 5)
        assert message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}
