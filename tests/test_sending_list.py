"""Letters and updates as whoever runs the machine lists them, on both databases: no letter twice, none left out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, update

from domain.machine import trouble
from domain.reply import Reply, text
from services import post
from storage import halt, inbox, outbox, retention, sending, setting
from storage.setting import Set
from tests.company import MONDAY_MORNING
from tests.talk import Company


def letters(company: Company, connection: Connection) -> list[int]:
    """Write letters that have failed: three a second, in several lanes and of two kinds."""
    found = []
    for place in range(30):
        number = post.answer(company.work(connection), "telegram", f"u{place}", f"u{place}", Reply((text("x"),)))
        at = MONDAY_MORNING + timedelta(seconds=place // 3)
        values = {"state": outbox.FAILED, "next_at": at, "settled_at": at, "lane": place % 4}
        kind = "digest" if place % 2 else "points"
        connection.execute(update(outbox.letter).where(outbox.letter.c.id == number).values(kind=kind, **values))
        found.append(number)
    return found


def test_a_list_is_turned_without_losing_or_doubling_a_letter(company: Company) -> None:
    def look(connection: Connection) -> None:
        wanted, seen = letters(company, connection), list[int]()
        asked = sending.Asked(["telegram"], [outbox.FAILED])
        while page := sending.listed(connection, asked, 7):
            seen += [one.id for one in page]
            asked = asked._replace(before=(page[-1].at, page[-1].id))
        assert seen == sorted(wanted, reverse=True)
        digest = sending.listed(connection, asked._replace(before=None, kind="digest"), 50)
        assert {one.id for one in digest} == set(wanted[1::2])
        assert sending.counts(connection, (outbox.FAILED,), 20) == {("telegram", outbox.FAILED): 20}
        day = asked._replace(before=None, first=MONDAY_MORNING, last=MONDAY_MORNING + timedelta(seconds=1))
        assert len(sending.listed(connection, day, 50)) == 3
        assert retention.old_letters(connection, retention.PERSONAL, MONDAY_MORNING + timedelta(days=1), 9) == 9

    company.write(look)


def test_what_failed_is_tried_again_all_at_once_and_once(company: Company) -> None:
    def look(connection: Connection) -> None:
        found, now = letters(company, connection), MONDAY_MORNING + timedelta(hours=1)
        one = outbox.letter.c
        doubtful, late, gone = (one.id == found[place] for place in range(3))
        connection.execute(update(outbox.letter).where(doubtful).values(unknowns=1))
        connection.execute(update(outbox.letter).where(late).values(too_late_at=MONDAY_MORNING))
        connection.execute(update(outbox.letter).where(gone).values(note="given up by hand"))
        asked = sending.Failed("telegram", 0, MONDAY_MORNING + timedelta(seconds=7), "given up by hand")
        assert sending.counted(connection, sending.Asked(["telegram"], [outbox.FAILED], "digest")) == 15
        assert sending.count_failed(connection, asked, now, 100) == (21, 2)
        assert sending.all_ready_again(connection, asked, now, 15) == 15
        assert sending.all_ready_again(connection, asked, now, 15) == 6
        assert sending.all_ready_again(connection, asked, now, 15) == 0
        assert sending.counts(connection, (outbox.READY, outbox.FAILED), 99) == {
            ("telegram", outbox.READY): 21,
            ("telegram", outbox.FAILED): 9,
        }
        assert sending.count_failed(connection, asked._replace(messenger="", campaign_id=1), now, 100) == (0, 0)

    company.write(look)


def test_a_letter_is_tried_again_or_given_up_once(company: Company) -> None:
    def look(connection: Connection) -> None:
        number = letters(company, connection)[0]
        assert sending.last_sent(connection, "telegram") is None
        assert sending.ready_again(connection, number, MONDAY_MORNING)
        assert not sending.ready_again(connection, number, MONDAY_MORNING)
        assert sending.longest_due(connection, "telegram") == MONDAY_MORNING
        assert sending.give_up(connection, number, MONDAY_MORNING, "given up by hand")
        assert not sending.give_up(connection, number, MONDAY_MORNING, "given up by hand")
        found = sending.get(connection, number)
        assert found is not None
        assert (found.state, trouble(found.note), found.private) == (outbox.FAILED, "by_hand", True)

    company.write(look)


def test_an_update_that_is_handed_out_again_is_taken_by_whoever_comes_first(company: Company) -> None:
    def look(connection: Connection) -> None:
        kept = inbox.keep(connection, "telegram", [(str(n), "{}") for n in range(5)], MONDAY_MORNING, "an owner")
        for row, _ in kept:
            inbox.settle(connection, row, inbox.DEAD, note="odd")
        assert [one.id for one in inbox.broken(connection, kept[3][0], 2)] == [kept[2][0], kept[1][0]]
        assert inbox.count_broken(connection, 3) == 3
        assert inbox.hear_again(connection, kept[0][0])
        assert not inbox.hear_again(connection, kept[0][0])
        assert inbox.adopt(connection, "me", ["an owner"]) == [(kept[0][0], "telegram", "{}")]
        assert retention.old_updates(connection, MONDAY_MORNING + timedelta(days=1), 50) >= 0

    company.write(look)


def test_a_stop_and_a_setting_are_there_once(company: Company) -> None:
    me = company.roll.people["root"]

    def look(connection: Connection) -> None:
        assert halt.begin(connection, "web", me, "why", MONDAY_MORNING)
        assert not halt.begin(connection, "web", me, "other", MONDAY_MORNING)
        assert [one.reason for one in halt.everything(connection)] == ["why"]
        assert halt.end(connection, "web")
        assert not halt.end(connection, "web")
        for value in ("1", "2"):
            setting.put(connection, Set("a.b", value, MONDAY_MORNING, me, "why"))
        assert setting.values(connection) == {"a.b": "2"}
        assert setting.take_back(connection, "a.b") == "2"
        assert setting.take_back(connection, "a.b") is None

    company.write(look)


def test_raw_notes_have_plain_meanings() -> None:
    for note, code in (
        ("Forbidden: bot was blocked by the user", "blocked"),
        ("message/send: TimeoutError", "unreachable"),
        ("sendMessage: ClientConnectorError", "unreachable"),
        ("the token is refused", "refused"),
        ("flood", "flood"),
        ("send: HTTP 502, no answer", "far_side"),
        ("not in the organisation", "blocked"),
        ("KeyError: 'x'", "ours"),
        ("40008 something new", "other"),
        ("", "none"),
    ):
        assert trouble(note) == code, note
