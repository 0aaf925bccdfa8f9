"""What became of an announcement as files: who confirmed by unit, who did not, whom it missed, messenger by messenger.

Of a large audience a page shows figures alone; a job has the time to write the names.
"""

from __future__ import annotations

from console.announcements_frame import WRITES
from console.announcements_sent import why
from console.asked import whole
from console.grammar import Look, Pages
from console.lists import Line, Rows, later, saves, sliced
from domain import job as rules
from domain.announcement import Announcement
from services import announcement, announcement_list, announcements
from services.announcement_list import EVERYBODY

pages = Pages("announcements")
HERE = "announcements/{number}"


def _own(look: Look) -> Announcement:
    return announcement.own(look.work, look.person.id, look.numbers["number"])


def _nearly(look: Look, one: Announcement, *, reached: bool) -> int:
    """Return about how many it has reached, or missed: enough to know whether a job is worth while."""
    made = announcements.progress(look.work, one)
    return made.sent - made.confirmed if reached else made.audience - made.sent


@saves(pages, "announcements/{number}/silent.*", "announcement_silent", back=HERE, needs=WRITES)
def silent(look: Look) -> Rows:
    """Return who was sent it and has not confirmed, perhaps of one unit."""
    words, one, unit = look.words("announcements"), _own(look), whole(look.query.get("unit", "")) or None

    def found() -> list[tuple[int, str, str]]:
        return announcement_list.all_silent(look.work, look.person.id, one.id, unit)

    count = _nearly(look, one, reached=True)
    if unit and count > rules.SMALL:
        count = len(found())
    rows = later(found, lambda row: row[1:])
    return Rows([words["name"], words["code"]], count, rows, announcement.title(one))


@saves(pages, "announcements/{number}/missed.*", "announcement_missed", back=HERE, needs=WRITES)
def missed(look: Look) -> Rows:
    """Return whom it has not reached, why, and what can be done."""
    words, one = look.words("announcements"), _own(look)
    rows = later(
        lambda: announcements.missed(look.work, look.person.id, one.id, 0, EVERYBODY), lambda who: why(look, who)
    )
    header = [words[name] for name in ("name", "code", "why", "todo")]
    return Rows(header, _nearly(look, one, reached=False), rows, announcement.title(one))


@saves(pages, "announcements/{number}/units.*", "announcement_units", back=HERE + "/units", needs=WRITES)
def units(look: Look) -> Rows:
    """Return how many confirmed in each unit, in the order of the tree."""
    words, one = look.words("announcements"), _own(look)
    count, rows = sliced(
        lambda limit, offset: announcement_list.some_units(look.work, look.person.id, one.id, limit, offset),
        lambda row: [row.unit, row.reached, row.confirmed],
    )
    header = [words[name] for name in ("unit_name", "done", "confirmed")]
    return Rows(header, count, rows, announcement.title(one))


@saves(pages, "announcements/{number}/messengers.*", "by_messenger", back=HERE, needs=WRITES)
def messengers(look: Look) -> Rows:
    """Return what became of it on each messenger; how many letters are looked at says whether a job does it."""
    words, one = look.words("announcements"), _own(look)
    names = ("messenger", "done", "waiting_to_leave", "failed", "unknown", "confirmed")

    def line(made: announcements.Messenger) -> Line:
        counts = (made.sent, made.waiting, made.failed, made.unknown, made.confirmed)
        return [look.voice.label(f"member.on_{made.name}"), *counts]

    rows = later(lambda: announcements.by_messenger(look.work, one, waits=False), line)
    count = one.audience if one.audience >= announcement.COUNTED else 0
    return Rows([words[name] for name in names], count, rows, announcement.title(one))
