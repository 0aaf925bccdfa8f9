"""Calendar files (.ics): one event each, with the same UID for ever and a SEQUENCE that grows with each change.

Published for download (METHOD:PUBLISH); a cancelled event is METHOD:CANCEL with STATUS:CANCELLED. RFC 5545.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.work import Work

ALARMS = (timedelta(days=1), timedelta(minutes=30))
"""How long before the start a calendar rings."""
MIME = "text/calendar"


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a calendar shows. `starts_at` is UTC; `minutes`: how long it takes."""

    uid: str
    sequence: int
    title: str
    place: str
    starts_at: datetime
    minutes: int
    words: str = ""
    cancelled: bool = False


def write(work: Work, occasion: Occasion) -> bytes:
    """Return the file: times in the organisation's zone, with the zone's own rules in the file."""
    from icalendar import Alarm, Calendar, Event  # noqa: PLC0415 - a start need not pay for it

    zone = work.organisation.zone
    event = Event()
    event.add("uid", occasion.uid)
    event.add("sequence", occasion.sequence)
    event.add("dtstamp", work.now)
    event.add("summary", occasion.title)
    event.add("dtstart", occasion.starts_at.astimezone(zone))
    event.add("dtend", (occasion.starts_at + timedelta(minutes=occasion.minutes)).astimezone(zone))
    event.add("status", "CANCELLED" if occasion.cancelled else "CONFIRMED")
    if occasion.place:
        event.add("location", occasion.place)
    if occasion.words:
        event.add("description", occasion.words)
    for before in () if occasion.cancelled else ALARMS:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", occasion.title)
        alarm.add("trigger", -before)
        event.add_component(alarm)
    file = Calendar()
    file.add("prodid", "-//Dangqun Assistant//zh//")
    file.add("version", "2.0")
    file.add("method", "CANCEL" if occasion.cancelled else "PUBLISH")
    file.add_component(event)
    file.add_missing_timezones()
    body: bytes = file.to_ical()
    return body
