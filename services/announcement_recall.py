"""Taking back what has arrived: every message of a recalled announcement is redrawn, however many there are.

Some at once, the rest in further steps behind everything else; and later once more for what was in the air at the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from content import voice
from domain.announcement import Announcement, State
from domain.reply import Reply
from domain.schedule import Rule
from services import post
from services.work import Work
from storage import announcement as table
from storage import campaign as campaigns
from storage import outbox
from storage import schedule as schedules

TICK = "announcements.recalled"
KINDS = ("announcement", "announcement_urgent", "announcement_reminder")
"""The campaigns of one announcement: its own, and the reminder's."""
AT_ONCE, WAITING = 200, 1000
"""People whose message is redrawn in one step; no further one begins while so many have not left."""
SOON, LANDED = timedelta(seconds=2), timedelta(seconds=60)
"""Until the next step; until what is in the air is looked for again."""
LOOKS = 30
"""So often: nothing is in the air for longer."""


def redraw(work: Work, one: Announcement) -> None:
    """Redraw the first of those who have it, and see to the others."""
    flying = campaigns.flying(work.connection, _ours(work, one.id))
    _step(work, one, 0, flying or 0, int(work.now.timestamp()))


def go_on(work: Work, subject: str) -> None:
    """Take the next step: `number:after:flying:moment`.

    Letters above `after`; when they are done (-1, -2 … the looks) those from `flying` on, the first that was in the air
    at the recall, which have been settled since that moment.
    """
    number, after, flying, moment = (int(part) for part in subject.split(":"))
    one = table.get(work.connection, number)
    if one is None or one.state is not State.RECALLED:
        return
    if after < 0:
        _look_again(work, one, -after, flying, moment)
    elif outbox.drawings_waiting(work.connection, WAITING) < WAITING:
        _step(work, one, after, flying, moment)
    else:
        _later(work, subject, SOON)


def _ours(work: Work, number: int) -> list[int]:
    return campaigns.about(work.connection, KINDS, str(number))


def _step(work: Work, one: Announcement, after: int, flying: int, moment: int) -> None:
    """Redraw what arrived, in the order of its writing; then what was in the air is looked for."""
    rows = campaigns.arrived(work.connection, _ours(work, one.id), after, None, AT_ONCE)
    _draw(work, one, rows)
    if len(rows) == AT_ONCE:
        _later(work, f"{one.id}:{max(row['id'] for row in rows)}:{flying}:{moment}", SOON)
    elif flying:
        _later(work, f"{one.id}:-1:{flying}:{moment}", LANDED)


def _look_again(work: Work, one: Announcement, look: int, flying: int, moment: int) -> None:
    """Nobody can hold what is being sent just now: it is looked for until it has arrived or never will."""
    since = datetime.fromtimestamp(moment, UTC)
    _draw(work, one, campaigns.arrived(work.connection, _ours(work, one.id), flying - 1, since, AT_ONCE * 10))
    again = campaigns.flying(work.connection, _ours(work, one.id))
    if again is not None and look < LOOKS:
        _later(work, f"{one.id}:{-look - 1}:{min(again, flying)}:{int(work.now.timestamp())}", LANDED)


def _draw(work: Work, one: Announcement, rows: Sequence[dict[str, Any]]) -> None:
    drawings = {}
    for row in rows:
        language = row["language"]
        if language not in drawings:
            words = voice(language).say("announcement.recalled", unit=one.unit_name)
            drawings[language] = Reply((words,), edits=True)
    post.draw(work, [(row, drawings[row["language"]]) for row in rows])


def _later(work: Work, subject: str, pause: timedelta) -> None:
    at = work.now + pause
    local = work.organisation.local(at)
    rule = Rule("once", at=f"{local:%H:%M}", on=local.date().isoformat())
    schedules.put(work.connection, TICK, subject, rule.to_json(), at)
