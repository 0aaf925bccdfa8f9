"""撤回: what has arrived is redrawn, all of it, and what was in the air as well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from domain.reply import Reply, text
from services import announcement_recall, announcements, claim, post
from storage import audit, outbox, schedule
from storage import claim as claims
from storage.claim import Claimed
from tests.talk import Company

BRANCH = ("bo", "lin", "ma", "tang")


def announce(company: Company) -> None:
    company.lin.says("/announce 周五停电检修")
    company.lin.presses("发送")


def recall(company: Company) -> None:
    company.lin.calls("announcements.recall_sure:1")


def arrive(company: Company, flying: Sequence[Claimed]) -> None:
    """Let what is in the air arrive."""
    for one in flying:
        bubble = company.phone(one.recipient).show(one)
        settled = claims.Settlement(one.id, outbox.SENT, one.claim, bubble)
        company.write(partial(claims.settle, one=settled, now=company.now))


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
    deeds = company.read(lambda c: list(c.execute(select(audit.audit.c.deed, audit.audit.c.facts))))
    assert [deed for deed, _ in deeds if deed.startswith("announcement_")] == [
        "announcement_send",
        "announcement_recall",
    ]
    assert not any("停电" in facts for _, facts in deeds)


def test_what_was_in_the_air_at_the_recall_is_redrawn_when_it_has_arrived(company: Company) -> None:
    announce(company)
    company.now += timedelta(seconds=15)
    flying = company.write(lambda c: claim.take(company.work(c), "web", 0, 100).letters)
    assert {one.recipient for one in flying} == set(BRANCH)
    recall(company)
    arrive(company, flying)
    assert "已撤回" not in company.bo.everything
    company.travel(minutes=3)
    assert [("已撤回" in getattr(company, one).everything) for one in BRANCH] == [True] * 4


def test_a_large_recall_stands_behind_everything_else(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcement_recall, "AT_ONCE", 2)
    monkeypatch.setattr(announcement_recall, "WAITING", 2)
    announce(company)
    company.travel(seconds=11)
    company.write(lambda c: announcements.recall(company.work(c), company.roll.people["lin"], 1))
    company.write(lambda c: post.answer(company.work(c), "web", "ada", "ada", Reply((text("好的"),))))
    first = company.write(lambda c: claim.take(company.work(c), "web", 1, 0).letters)
    assert [(one.recipient, one.kind) for one in first] == [("ada", "answer")]
    waiting = company.read(lambda c: outbox.drawings_waiting(c, 100))
    assert waiting == 2
    subject = company.read(
        lambda c: c.scalar(
            select(schedule.schedule.c.subject).where(schedule.schedule.c.tick == announcement_recall.TICK)
        )
    )
    company.write(lambda c: announcement_recall.go_on(company.work(c), str(subject)))
    assert company.read(lambda c: outbox.drawings_waiting(c, 100)) == 2, "nothing more while so many wait"
    company.travel(minutes=5)
    assert [("已撤回" in getattr(company, one).everything) for one in BRANCH] == [True] * 4


def test_what_was_in_the_air_is_found_although_others_arrived_since(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcement_recall, "AT_ONCE", 1)
    announce(company)
    company.now += timedelta(seconds=15)
    late, *others = company.write(lambda c: claim.take(company.work(c), "web", 0, 100).letters)
    arrive(company, others)
    recall(company)
    company.now += timedelta(seconds=1)
    arrive(company, [late])
    company.travel(minutes=5)
    assert [("已撤回" in getattr(company, one).everything) for one in BRANCH] == [True] * 4
