"""Stretches: who changes messengers on the way is reached once all the same; what is urgent or stands in a queue."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from domain.push import KINDS, Audience
from domain.reply import Reply, text
from services import claim, parcel, post
from services.claim import Taken
from services.work import Work
from storage import address, campaign, outbox, preference, stretch
from storage import claim as claims
from tests.company import MONDAY_MORNING
from tests.talk import Company

BO = "1002"
"""赵强's Telegram account."""


@pytest.fixture(params=["listed", "described"])
def large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make two people a crowd, and its audience a list or a description."""
    monkeypatch.setattr(post, "ROWS_AT_ONCE", 2)
    if request.param == "described":
        monkeypatch.setattr(post, "LISTED", 2)


def bind_telegram(company: Company) -> None:
    """Bind Bo to Telegram too, where he wants to be written to."""

    def bind(connection: Connection) -> None:
        address.meet(connection, "telegram", BO, BO, "zh", MONDAY_MORNING)
        caller = address.caller(connection, "telegram", BO)
        assert caller is not None
        address.bind(connection, caller.address_id, company.roll.people["bo"], MONDAY_MORNING + timedelta(minutes=1))

    company.write(bind)


def push(company: Company, kind: str = "announcement", words: str = "周五停电检修", path: str = "/") -> int:
    """Push to everybody; returns the campaign."""

    def write(connection: Connection) -> int:
        work = Work(connection, company.organisation, company.now)
        return post.push(work, Audience(path), kind, lambda _voice: Reply((text(words),))).campaign or 0

    return company.write(write)


def leave(company: Company, messenger: str) -> list[str]:
    """Let everything that is due on one messenger leave; returns to whom, in order."""
    reached = []
    while letters := company.write(lambda c: claim.take(company.work(c), messenger, 100, 100).letters):
        for one in letters:
            reached.append(one.recipient)
            settled = claims.Settlement(one.id, outbox.SENT, one.claim, f"m{one.id}")
            company.write(lambda c, settled=settled: claims.settle(c, settled, company.now))  # type: ignore[misc]
    return reached


def with_letter(company: Company, number: int) -> list[int]:
    """Return whom a campaign has a letter for."""
    query = select(outbox.letter.c.member_id).where(outbox.letter.c.campaign_id == number)
    return company.read(lambda c: [one for one in c.scalars(query) if one is not None])


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("order", [("web", "telegram"), ("telegram", "web")])
def test_who_changes_messengers_on_the_way_is_reached_once(company: Company, order: tuple[str, str]) -> None:
    bind_telegram(company)
    number = push(company)
    reached = leave(company, order[0])
    if order[0] == "web":
        assert "bo" not in reached
        company.write(lambda c: address.close(c, "telegram", BO, "blocked"))
    else:
        assert reached == [BO]
    reached += leave(company, order[1]) + leave(company, order[0])
    assert len([one for one in reached if one in {"bo", BO}]) == 1
    assert company.read(lambda c: stretch.left(c, number)) == 0
    assert sorted(with_letter(company, number)) == sorted(company.roll.people.values())
    assert company.read(lambda c: campaign.missed(c, number, "/", (), 10, 0)) == []


@pytest.mark.usefixtures("large")
def test_who_was_passed_before_a_roster_changed_things_is_found_too(company: Company) -> None:
    bind_telegram(company)
    number = push(company)
    first = company.write(lambda c: claim.take(company.work(c), "web", 0, 5).letters)
    assert first
    assert "bo" not in {one.recipient for one in first}
    company.write(lambda c: address.close(c, "telegram", BO, "blocked"))
    company.write(stretch.fix)
    for messenger in ("telegram", "web", "telegram", "web"):
        leave(company, messenger)
    assert company.read(lambda c: stretch.left(c, number)) == 0
    assert sorted(with_letter(company, number)) == sorted(company.roll.people.values())


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("company", ["postgresql"], indirect=True)
def test_two_stretches_that_end_at_once_leave_one_to_glean(company: Company) -> None:
    bind_telegram(company)
    number = push(company)
    parcels = {}
    for messenger in ("web", "telegram"):
        company.write(lambda c, messenger=messenger: claim.tidy(company.work(c), messenger, Taken()))  # type: ignore[misc]
    parcels["web"] = company.read(lambda c: claim.next_parcel(company.work(c), "web", 100, Taken()))
    company.write(lambda c: address.close(c, "telegram", BO, "blocked"))
    parcels["telegram"] = company.read(lambda c: claim.next_parcel(company.work(c), "telegram", 100, Taken()))
    together = threading.Barrier(2)

    def end(messenger: str) -> None:
        found = parcels[messenger]
        assert found is not None
        together.wait(5)
        company.write(lambda c: parcel.write(company.work(c), next(parcel.bites(found, 100))))

    threads = [threading.Thread(target=end, args=(messenger,)) for messenger in parcels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    for messenger in ("web", "telegram"):
        leave(company, messenger)
    assert company.roll.people["bo"] in with_letter(company, number)
    assert company.read(lambda c: stretch.left(c, number)) == 0


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("company", ["postgresql"], indirect=True)
@pytest.mark.parametrize("to", [outbox.RECALLED, outbox.HELD])
def test_what_is_stopped_during_an_import_stays_stopped(company: Company, to: str) -> None:
    number = push(company)
    importing = company.database.engine.connect()
    transaction = importing.begin()
    stretch.fix(importing)
    stopping = threading.Thread(
        target=lambda: company.write(lambda c: campaign.turn(c, number, to, company.now, company.now))
    )
    stopping.start()
    stopping.join(0.3)
    transaction.commit()
    importing.close()
    stopping.join(10)
    assert leave(company, "web") == []


@pytest.mark.usefixtures("large")
def test_who_muted_it_is_counted_although_it_stopped_in_between(company: Company) -> None:
    bo = company.roll.people["bo"]
    company.write(lambda c: preference.choose(c, bo, "points", wanted=False))
    number = push(company, kind="points")
    company.write(lambda c: claim.tidy(company.work(c), "web", Taken()))
    found = company.read(lambda c: claim.next_parcel(company.work(c), "web", 100, Taken()))
    assert found is not None
    assert company.write(lambda c: parcel.write(company.work(c), next(parcel.bites(found, 4))))
    leave(company, "web")
    assert company.read(lambda c: campaign.get(c, number))["muted"] == 1


@pytest.mark.usefixtures("large")
def test_a_messenger_that_is_switched_off_holds_nothing_open(company: Company) -> None:
    bind_telegram(company)
    company.organisation = replace(company.organisation, messengers=("web",))
    number = push(company)
    leave(company, "web")
    company.write(lambda c: address.close(c, "telegram", BO, "gone"))
    assert company.read(lambda c: stretch.left(c, number)) == 0


@pytest.mark.usefixtures("large")
def test_a_parcel_that_was_looked_up_before_a_recall_is_not_written(company: Company) -> None:
    number = push(company)
    found = company.read(lambda c: claim.next_parcel(company.work(c), "web", 5, Taken()))
    assert found is None, "that it is under way is noted first"
    company.write(lambda c: claim.tidy(company.work(c), "web", Taken()))
    found = company.read(lambda c: claim.next_parcel(company.work(c), "web", 5, Taken()))
    assert found is not None
    first, second, last = parcel.bites(found, 2)
    assert len(company.write(lambda c: parcel.write(company.work(c), first)) or []) == 2
    assert company.write(lambda c: parcel.write(company.work(c), first)) is None, "it was written already"
    company.write(lambda c: campaign.turn(c, number, outbox.RECALLED, company.now, company.now))
    assert company.write(lambda c: parcel.write(company.work(c), second)) is None
    assert company.write(lambda c: parcel.write(company.work(c), last)) is None
    assert len(with_letter(company, number)) == 2


@pytest.mark.usefixtures("large")
def test_what_is_urgent_passes_what_was_announced_before_it(company: Company) -> None:
    push(company, words="例行公告")
    urgent = push(company, kind="announcement_urgent", words="台风停工")
    first = company.write(lambda c: claim.take(company.work(c), "web", 0, 5).letters)
    assert {one.campaign_id for one in first} == {urgent}


@pytest.mark.usefixtures("large")
def test_what_stands_in_a_long_queue_is_not_late(company: Company) -> None:
    number = push(company)
    company.now += timedelta(hours=3)
    moving = company.now - timedelta(minutes=1)
    taken = company.write(lambda c: claim.take(company.work(c), "web", 0, 5, alive=moving))
    assert taken.late == []
    assert {one.campaign_id for one in taken.letters} == {number}


@pytest.mark.usefixtures("large")
def test_what_nothing_left_of_for_hours_asks_its_author(company: Company) -> None:
    number = push(company)
    company.now += timedelta(hours=3)
    taken = company.write(lambda c: claim.take(company.work(c), "web", 0, 5, alive=MONDAY_MORNING))
    assert taken.late == [number]
    assert taken.letters == []


def test_ones_own_matters_leave_the_budget_to_others(company: Company) -> None:
    bo = company.roll.people["bo"]

    def pushed(kind: str) -> int:
        def write(connection: Connection) -> int:
            work = Work(connection, company.organisation, company.now)
            return post.push(work, [bo], kind, lambda _voice: Reply((text(kind),))).letters

        return company.write(write)

    assert company.organisation.pushes_a_day == 3
    assert [pushed("demand") for _ in range(4)] == [1] * 4
    assert [pushed("points") for _ in range(4)] == [1, 1, 1, 0]
    company.deliver()
    company.now = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    assert [pushed(kind) for kind in ("announcement", "theme_day", "announcement_urgent")] == [1] * 3
    assert pushed("points") == 0
    assert KINDS["demand"].budgeted is False
