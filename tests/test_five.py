"""One day in a company that has all five messengers at once: one ledger, one request, one announcement for all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain import announcement
from storage import outbox
from tests.running import eventually
from tests.sides import all_five, press, sees
from tests.talk import Company

PEOPLE = {
    ("wecom", "wangfang"): "ada",
    ("telegram", "1001"): "ada",
    ("dingtalk", "zhaoqiang"): "bo",
    ("feishu", "ou_lin"): "lin",
    ("telegram", "1002"): "tang",
    ("dingtalk", "mal"): "ma",
    ("wecom", "huj"): "hu",
    ("feishu", "ou_xu"): "xu",
    ("web", "zhou"): "zhou",
    ("web", "root"): "root",
}


async def test_a_day_on_all_five(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcement, "GRACE", timedelta(seconds=0.3))
    async with all_five(company, PEOPLE) as five:
        ada, bo, lin = (
            five.phone("wecom", "wangfang"),
            five.phone("dingtalk", "zhaoqiang"),
            five.phone("feishu", "ou_lin"),
        )
        tang, ma, zhou = five.phone("telegram", "1002"), five.phone("dingtalk", "mal"), five.phone("web", "zhou")
        # In the morning everybody checks in, wherever they are.
        for phone in (ada, bo, lin, tang, ma, zhou):
            await phone.says("签到")
            await sees(phone, "签到成功")
        # One person on two messengers is one person, with one ledger.
        other = five.phone("telegram", "1001")
        await other.says("签到")
        await sees(other, "今天已签到")
        # A request goes from WeCom to whoever is responsible, on the web, and the answer comes back.
        await ada.says("提诉求 食堂的饭太咸了，请改一改")
        await sees(ada, "请确认你的诉求")
        await press(ada, "提交")
        await sees(ada, "已提交")
        await sees(zhou, "新诉求")
        await press(zhou, "答复")
        await sees(zhou, "请")
        await zhou.says("已经和食堂说了，明天起少放盐")
        # He gets a look at it first; she may choose where pushes go, and had bound Telegram last.
        await eventually(lambda: "少放盐" in zhou.words())
        # The secretary announces on Feishu; each gets it where they are, and says so in their way.
        await lin.says("发公告 周五停电检修，请提前关机")
        await sees(lin, "周五停电检修")
        await press(lin, "发送")
        for phone in (bo, tang, ma):
            await sees(phone, "周五停电检修")
        # A typed number means what is known to have left last: nobody types faster than that is written down.
        await eventually(lambda: not {"ready", "sending"} & {state for _, state in five.run.read(outbox.counts)})
        for phone in (bo, tang, ma):
            await press(phone, "收到")
            await sees(phone, "确认收到")
        await sees(lin, "确认 3/4")
        # What she takes back is gone or redrawn everywhere.
        await press(lin, "撤回")
        await sees(lin, "确定撤回吗")
        await press(lin, "撤回")
        for phone in (bo, tang, ma):
            await sees(phone, "已撤回")
        states = five.run.read(outbox.counts)
        assert not [state for (_, state) in states if state in {"failed", "unknown"}], states
