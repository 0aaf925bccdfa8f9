"""What waits for a visitor today: an open request, and whatever else the day prepared. Run at every start."""

from __future__ import annotations

from datetime import timedelta

from bot.demo import notices
from bot.demo.cast import Enterprise, theme_choice
from bot.demo.history import author_of, described
from domain.demand_draft import Draft
from services import demand
from services.work import Work
from storage import theme_day as theme_days


def prepare(work: Work, enterprise: Enterprise) -> None:
    """Prepare the day; at a second start of the same day nothing changes."""
    _open_request(work, enterprise)
    _theme_day(work, enterprise)
    notices.announce_today(work, enterprise, described()["unread"]["text"])


def _theme_day(work: Work, enterprise: Enterprise) -> None:
    """Let every branch have its theme day near."""
    secretary, choice = enterprise.visitor("secretary"), theme_choice(work.today)
    for branch in theme_days.branches(work.connection):
        theme_days.choose(work.connection, branch.id, choice, secretary, work.now)


def _open_request(work: Work, enterprise: Enterprise) -> None:
    """Keep one request waiting: a new one when all that were opened are settled."""
    for one in described()["open"]:
        author = author_of(enterprise, one["author"])
        if any(case.text == one["text"] for case in demand.mine(work, author, 0).cases):
            continue
        earlier = Work(work.connection, work.organisation, work.now - timedelta(hours=20))
        draft = Draft(token=f"demo-open-{work.today}", text=one["text"], category=one["category"])
        demand.file(earlier, author, draft)
