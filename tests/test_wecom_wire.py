"""WeCom alone against its far side: file names, forgotten uploads, who can't be reached, what is an administrator's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from domain.reply import Document, Reply
from messengers.base import Outgoing, Sent, StoredFile, Surroundings
from messengers.wecom import Section
from messengers.wecom.client import WecomMessenger
from tests.feishu_doors import Lent
from tests.wecom_api import AES_KEY, AGENT, CORP, SECRET, TOKEN, WecomApi, wecom_side


@dataclass
class Talk:
    """Both sides."""

    api: WecomApi
    doors: Lent
    wecom: WecomMessenger

    def letter(self, *blocks: Any, key: int = 1, to: str = "wangfang", **given: Any) -> Outgoing:  # noqa: ANN401
        """Return a letter."""
        return Outgoing(key, to, to, Reply(blocks), **given)

    async def say(self, *blocks: Any, **given: Any) -> Sent:  # noqa: ANN401 - a letter's
        """Send a letter."""
        return await self.wecom.send(self.letter(*blocks, **given))


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    """WeCom opened against a far side of our own."""
    doors = Lent()
    async with wecom_side() as (api, far):
        given = {"corp_id": CORP, "agent_id": AGENT, "secret": SECRET, "token": TOKEN, "aes_key": AES_KEY}
        section = Section(enabled=True, api_base=far, **given)  # type: ignore[arg-type]
        wecom = WecomMessenger(section, Surroundings(doors, b"k" * 32, "https://chat.example"))
        yield Talk(api, doors, wecom)
        await wecom.close()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("三季度党课通知.pdf", "三季度党课通知.pdf"),
        ("通知\r\nX-Evil: 1\n.pdf", "通知 X-Evil: 1 .pdf"),
        ('"引号".pdf', "＂引号＂.pdf"),
        ("..\\..\\a/b.pdf", "..＼..＼a／b.pdf"),
        ("\u2028\ud83d", "?"),
        ("\n", "file"),
    ],
)
async def test_a_file_has_its_own_name_on_the_phone(talk: Talk, name: str, shown: str) -> None:
    talk.doors.files[7] = StoredFile("kept.pdf", "application/pdf", b"%PDF-1.7")
    await talk.say(Document(7, name))
    assert talk.api.names == [shown]
    assert talk.api.words("wangfang") == "[file]"
