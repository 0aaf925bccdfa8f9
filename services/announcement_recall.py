"""Taking back what has arrived: every message of a recalled announcement is redrawn, however many there are.

Some at once, the rest in further steps; and a while later once more, for what was in the air at the recall.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from content import voice
from domain.announcement import Announcement, State
from domain.reply import Reply
from domain.schedule import Rule
from services import post
from services.work import Work
from storage import announcement as table
from storage import campaign as campaigns
from storage import schedule as schedules

TICK = "announcements.recalled"
KINDS = ("announcement", "announcement_urgent", "announcement_reminder")
"""The campaigns of one announcement: its own, and the reminder's."""
AT_ONCE = 2000
SOON, LANDED = timedelta(seconds=5), timedelta(seconds=120)
"""Until the next step; until what was in the air has arrived or never will."""


def redraw(work: Work, one: Announcement) -> None:
    """Redraw the first of those who have it, and see to the others."""
    _step(work, one, 0, None)


def go_on(work: Work, subject: str) -> None:
    """Take the next step: `number:letter:moment`, letters above this one or settled from that moment on."""
    number, after, moment = (int(part) for part in subject.split(":"))
    one = table.get(work.connection, number)
    if one is not None and one.state is State.RECALLED:
        _step(work, one, after, datetime.fromtimestamp(moment, UTC) if moment else None)


def _step(work: Work, one: Announcement, after: int, since: datetime | None) -> None:
    ours = campaigns.about(work.connection, KINDS, str(one.id))
    rows = campaigns.arrived(work.connection, ours, after, since, AT_ONCE)
    for row in rows:
        speech = voice(row["language"])
        drawing = Reply((speech.say("announcement.recalled", unit=one.unit_name),), edits=True)
        post.redraw(work, row["messenger"], row["recipient"], row["chat"], row["message"], drawing)
    last = max((row["id"] for row in rows), default=after)
    if len(rows) == AT_ONCE:
        _later(work, f"{one.id}:{last}:0", SOON)
    elif since is None:
        # Nobody can be asked to hold what is being sent just now: it is looked for when it has arrived.
        _later(work, f"{one.id}:{last}:{int(work.now.timestamp()) - 1}", LANDED)


def _later(work: Work, subject: str, pause: timedelta) -> None:
    at = work.now + pause
    local = work.organisation.local(at)
    rule = Rule("once", at=f"{local:%H:%M}", on=local.date().isoformat())
    schedules.put(work.connection, TICK, subject, rule.to_json(), at)
