"""What is being sent at the moment and what is wrong: figures without names, for those who run the assistant."""

from __future__ import annotations

from collections import Counter

from content import Voice
from services import calendar
from services.work import Work
from storage import outbox


def sending(work: Work) -> list[tuple[str, int, int]]:
    """Return (messenger, letters that wait or are on their way, letters that failed for good)."""
    waiting: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for (messenger, state), count in outbox.counts(work.connection).items():
        if state in {outbox.READY, outbox.SENDING}:
            waiting[messenger] += count
        elif state == outbox.FAILED:
            failed[messenger] += count
    return [(name, waiting[name], failed[name]) for name in sorted(waiting.keys() | failed.keys())]


def banners(work: Work, voice: Voice) -> list[str]:
    """Return what is wrong, in sentences."""
    year = calendar.missing_notice(work)
    return [] if year is None else [voice.page["today"]["no_holidays"].format(year=year)]
