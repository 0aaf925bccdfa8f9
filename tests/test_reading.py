"""Who has read: asked thrice, counts alone, never of few people, and never when calls are scarce."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from bot.reading import Reading
from handlers.grammar import Registry
from messengers.base import Reads, SendFailedError
from services import allowance
from storage import outbox, reads, spending
from storage.engine import Database
from tests.postal import Postal, postal
from tests.running import eventually
from tests.talk import Company
from tests.test_delivery import ORGANISATION, announce, delivering, reached, settled

__all__ = ["settled"]


class Telling(Postal):
    """A messenger that tells how many have read."""

    asked: list[int]
    fails = False

    async def reads(self, letters: Sequence[tuple[str, str]]) -> Reads:
        """Say that two thirds have."""
        self.asked = [*getattr(self, "asked", []), len(letters)]
        if self.fails:
            raise SendFailedError("not now")
        return Reads(len(letters), len(letters) * 2 // 3)


async def test_it_is_asked_thrice_and_only_counts_are_kept(settled: Database, registry: Registry) -> None:
    async with postal(per_month=1000) as (messenger, _far):
        telling = Telling(messenger._url, messenger.limits, 5.0)
        number = announce(settled, people=60)
        async with delivering(settled, telling, registry):
            await eventually(reached(settled, number, sent=60))
        reading = Reading(settled, ORGANISATION, {"postal": telling})  # type: ignore[dict-item]
        now = datetime.now(UTC)
        for later in (1, 11, 12, 121, 130, 24 * 60 + 1, 47 * 60, 72 * 60):
            await reading.ask("postal", now + timedelta(minutes=later))
        assert telling.asked == [60, 60, 60]
        [counted] = settled.read_now(lambda c: reads.of(c, number))
        assert (counted.asked, counted.read) == (60, 40)
        kept = settled.read_now(lambda c: c.execute(select(reads.reads)).all())
        assert len(kept) == 1
        await telling.close()


async def test_nobody_is_asked_when_calls_are_scarce_and_a_failure_is_no_harm(
    settled: Database, registry: Registry
) -> None:
    async with postal(per_month=1000) as (messenger, _far):
        telling = Telling(messenger._url, messenger.limits, 5.0)
        number = announce(settled, people=60)
        async with delivering(settled, telling, registry):
            await eventually(reached(settled, number, sent=60))
        reading = Reading(settled, ORGANISATION, {"postal": telling})  # type: ignore[dict-item]
        later = datetime.now(UTC) + timedelta(minutes=11)
        telling.fails = True
        await reading.ask("postal", later)
        assert telling.asked == [60]
        assert settled.read_now(lambda c: reads.of(c, number))[0].asked == 0
        today = ORGANISATION.today(later)
        settled.write_now(lambda c: spending.add(c, "postal", today, int(1000 * allowance.TOLD[0])))
        await reading.ask("postal", later + timedelta(hours=2))
        assert telling.asked == [60]
        await telling.close()


def test_messengers_that_tell_nothing_are_left_alone(settled: Database) -> None:
    class Silent:
        """A messenger without counts."""

        name = "web"

    assert not Reading(settled, ORGANISATION, {"web": Silent()}).needed  # type: ignore[dict-item]


def test_the_author_sees_how_many_and_of_few_nothing(company: Company) -> None:
    company.ada.opens()
    company.lin.says("发公告 周五停电检修")
    company.lin.presses("发送")
    company.travel(minutes=1)
    number = company.read(lambda c: c.scalar(select(outbox.campaign.c.id).order_by(outbox.campaign.c.id.desc())))

    def tell(connection: Connection, asked: int) -> None:
        reads.put(connection, int(number or 0), "feishu", asked, asked - 1, company.now)

    company.write(lambda c: tell(c, 4))
    assert "已读" not in company.lin.presses("刷新")
    company.write(lambda c: tell(c, 6))
    shown = company.lin.presses("刷新")
    assert "已读 5/6（飞书，" in shown
