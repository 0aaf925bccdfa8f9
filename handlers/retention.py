"""保存期限: at night, what is older than the organisation keeps it goes."""

from __future__ import annotations

from datetime import datetime

from handlers.grammar import Routes
from services import retention as service
from services.work import Work

routes = Routes("retention")


@routes.schedule
def prepare(work: Work) -> None:
    """Write the schedule."""
    service.prepare(work)


@routes.tick("nightly")
def nightly(work: Work, _subject: str, _due: datetime) -> None:
    """Let one bite of old rows go."""
    service.nightly(work)
