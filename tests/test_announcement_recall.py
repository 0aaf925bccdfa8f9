"""撤回: what has arrived is redrawn, all of it, and what was in the air as well."""

from __future__ import annotations

from functools import partial

import pytest

from services import announcement_recall, claim
from storage import claim as claims
from storage import outbox
from tests.talk import Company

BRANCH = ("bo", "lin", "ma", "tang")


def announce(company: Company) -> None:
    company.lin.says("/announce 周五停电检修")
    company.lin.presses("发送")


def recall(company: Company) -> None:
    company.lin.calls("announcements.recall_sure:1")


def test_everybody_s_message_is_redrawn_in_however_many_steps(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcement_recall, "AT_ONCE", 1)
    announce(company)
    company.travel(seconds=11)
    assert all("停电检修" in getattr(company, one).everything for one in BRANCH)
    recall(company)
    company.travel(minutes=5)
    assert [("已撤回" in getattr(company, one).everything) for one in BRANCH] == [True] * 4
    assert not any("停电检修" in getattr(company, one).last for one in ("bo", "ma", "tang"))


def test_what_was_in_the_air_at_the_recall_is_redrawn_when_it_has_arrived(company: Company) -> None:
    announce(company)
    company.now += announcement_recall.SOON * 3
    flying = company.write(lambda c: claim.take(company.work(c), "web", 0, 100).letters)
    assert {one.recipient for one in flying} == set(BRANCH)
    recall(company)
    for one in flying:
        bubble = company.phone(one.recipient).show(one)
        arrived = claims.Settlement(one.id, outbox.SENT, one.claim, bubble)
        company.write(partial(claims.settle, one=arrived, now=company.now))
    assert "已撤回" not in company.bo.everything
    company.travel(minutes=3)
    assert [("已撤回" in getattr(company, one).everything) for one in BRANCH] == [True] * 4
