"""DingTalk's cards: presses by HTTP, what is not delivered, and what stands in their place."""

from __future__ import annotations

from domain.reply import Block, Button, Choices, Picture, Reply, text
from messengers.base import Outgoing, Sent, StoredFile
from tests.dingtalk_api import SECRET, calls_back, presses_back
from tests.running import Running, eventually
from tests.talk import Company
from tests.test_dingtalk import NOW, on_dingtalk

BY_HTTP = {
    "DINGTALK__MODE": "callback",
    "DINGTALK__CARD_TEMPLATE": "tpl.schema",
    "WEB__BASE_URL": "https://dq.example",
}


async def test_a_press_by_http_comes_to_an_address_that_dingtalk_was_told(company: Company) -> None:
    async with on_dingtalk(company, **BY_HTTP) as (api, run):
        await eventually(lambda: api.routes)
        assert api.routes == {"dangqun": ("https://dq.example/hooks/dingtalk-4f1c/cards", SECRET)}
        robot, cards = f"{run.url}/hooks/dingtalk-4f1c", f"{run.url}/hooks/dingtalk-4f1c/cards"
        assert await calls_back(robot, api.message("manager1", msgtype="text", text={"content": "首页"})) == 200
        await eventually(lambda: any(shown.card for shown in api.phones["manager1"]))
        shown = next(one for one in api.phones["manager1"] if one.card)
        before, press = dict(shown.card), api.press("manager1", shown.card["label_1"])
        assert await calls_back(cards, press) == 403
        assert await presses_back(cards, press, secret="other") == 403
        assert await presses_back(cards, press, stamp=NOW) == 403
        assert await presses_back(cards, ["x"]) == 400
        assert await calls_back(robot, press) == 400
        assert shown.card == before
        assert await presses_back(cards, press) == 200
        await eventually(lambda: shown.card != before or len(api.phones["manager1"]) > 1)


async def sent(run: Running, one: Outgoing) -> Sent:
    """Send a letter."""
    return await run.app.messengers["dingtalk"].send(one)


def letter(
    number: int, *blocks: Block, edits: str | None = None, recalls: bool = False, live: bool = False
) -> Outgoing:
    """Return a letter to one person."""
    return Outgoing(number, "u1", "u1", Reply(blocks), edits, recalls=recalls, live=live)


ASKED = (text("收到没有？"), Choices(((Button("收到", "x.y"), Button("细则", url="https://dq.example/1")),)))


async def test_a_card_that_is_not_shown_comes_as_numbered_words(company: Company) -> None:
    async with on_dingtalk(company, DINGTALK__CARD_TEMPLATE="tpl.schema") as (api, run):
        api.hides_cards = True
        told = await sent(run, letter(1, *ASKED))
        assert api.words("u1") == "收到没有？\n1. 收到\n2. 细则 https://dq.example/1"
        assert (told.message[:2], told.calls) == ("q:", 2)
        api.hides_cards = False
        assert (await sent(run, letter(2, *ASKED))).message == "c:dq-2-0"


async def test_a_picture_in_a_cards_place_is_sent_and_the_card_is_done(company: Company) -> None:
    async with on_dingtalk(company, DINGTALK__CARD_TEMPLATE="tpl.schema") as (api, run):
        card = (await sent(run, letter(1, *ASKED))).message
        doors = run.app.messengers["dingtalk"]._surroundings.doors  # type: ignore[attr-defined]
        kept = await doors.keep_file(StoredFile("map.png", "image/png", b"\x89PNG" + b"x" * 50))
        still = await sent(run, letter(2, Picture(kept, ""), edits=card, live=True))
        assert (still, api.words("u1")) == (Sent(card, 0), "收到没有？")
        await sent(run, letter(3, Picture(kept, ""), edits=card))
        assert api.words("u1") == "✓\n[sampleImageMsg]"
        assert api.cards["dq-1-0"].card["label_1"] == ""


async def test_a_card_that_is_taken_back_keeps_nothing_of_what_it_said(company: Company) -> None:
    async with on_dingtalk(company, DINGTALK__CARD_TEMPLATE="tpl.schema") as (api, run):
        card = (await sent(run, letter(1, *ASKED))).message
        long = "已撤回，原因很长。" * 800
        await sent(run, letter(2, text(long), edits=card, recalls=True))
        assert api.words("u1").startswith("✓\n已撤回")
        assert "收到" not in api.words("u1")
        card = (await sent(run, letter(3, *ASKED))).message
        assert await sent(run, letter(4, text("已撤回"), edits=card, recalls=True)) == Sent(card, 1)
        assert api.cards["dq-3-0"].card == {**dict.fromkeys(api.cards["dq-3-0"].card, ""), "text": "已撤回"}


async def test_without_the_right_to_cards_an_older_card_shows_its_new_buttons_as_numbers(company: Company) -> None:
    async with on_dingtalk(company, DINGTALK__CARD_TEMPLATE="tpl.schema") as (api, run):
        card = (await sent(run, letter(1, *ASKED))).message
        run.app.messengers["dingtalk"]._cards = False  # type: ignore[attr-defined]
        await sent(run, letter(2, *ASKED, edits=card))
        assert api.words("u1") == "收到没有？\n1. 收到\n2. 细则 https://dq.example/1"
