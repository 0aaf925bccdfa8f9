"""The machine's own pages: health of messengers and disk, alarms to come, what goes of old rows, and copies."""

from __future__ import annotations

from typing import Any

from console.grammar import Go, Page, Pages, Result, Visit
from console.machine import Check
from console.settings_frame import framed
from domain.permission import Action
from domain.reply import Personal
from domain.retention import BEGINS
from services import allowance, retention, sending, setting, timetable

pages = Pages("settings")
MACHINE = Action.RUN_MACHINE
ALARMS = 20
GIGA, MEGA = 1 << 30, 1 << 20


@pages.get("settings/health", needs=MACHINE, when_paused=True)
def health(visit: Visit) -> Result:
    """Show how it stands with each messenger and the disk, what the doctor finds, and what is due next."""
    work, machine, words = visit.work, visit.machine, visit.words("settings")
    setting.demand(work, visit.person.id)
    faces = [
        {
            "face": face,
            "name": sending.messenger_name(visit.voice, face.name),
            "down": sending.is_down(work, face),
            "last": sending.last_sent(work, face.name),
        }
        for face in machine.faces()
    ]
    spent = [
        (sending.messenger_name(visit.voice, name), words[f"span_{one.span}"], one.used, one.cap)
        for name, per_day, per_month in machine.sold()
        for one in allowance.spent(work, name, per_day, per_month)
    ]
    disk = machine.disk()
    alarms = [
        (
            words.get(f"tick_{tick.replace('.', '_')}", words["tick_other"]),
            words["alarm_number"].format(number=subject) if subject.isdecimal() else "",
            due,
        )
        for tick, subject, due in timetable.alarms(work, ALARMS)
    ]
    facts = {
        "faces": faces,
        "spent": spent,
        "free": f"{disk.free / GIGA:.1f}",
        "total": f"{disk.total / GIGA:.1f}",
        "little": disk.little,
        "checks": [(one.level, *_said(visit, one)) for one in machine.checks()],
        "alarms": alarms,
    }
    return framed(visit, "settings_health.html", "health", facts)


def _said(visit: Visit, one: Check) -> tuple[str, str]:
    """Return what a check found and what to do about it, in the reader's words."""
    words = visit.words("settings")
    if f"check_{one.code}" not in words:
        return one.what, one.remedy
    facts = dict(one.facts)
    if name := str(facts.get("messenger", "")):
        facts |= {"messenger": sending.messenger_name(visit.voice, name), "name": name}
    for place in ("private", "group"):
        if place in facts:
            carried = [words[f"class_{sort.name.lower()}"] for sort in Personal if sort in facts[place]]  # type: ignore[operator]
            facts[place] = words["and"].join(carried)
    return words[f"check_{one.code}"].format(**facts), words.get(f"check_{one.code}_do", "").format(**facts)


@pages.get("settings/retention", needs=MACHINE, when_paused=True)
def kept(visit: Visit) -> Result:
    """Show what is kept for how long, and how much goes in the coming night."""
    setting.demand(visit.work, visit.person.id)
    facts = {"sorts": retention.next_to_go(visit.work), "most": retention.MOST, "begins": BEGINS}
    return framed(visit, "settings_retention.html", "retention", facts)


def _copies(visit: Visit) -> dict[str, Any]:
    setting.demand(visit.work, visit.person.id)
    copies = visit.machine.copies()
    listed = [(one.name, f"{one.size / MEGA:.1f}", one.made_at) for one in copies.newest]
    return {"copies": copies, "listed": listed, "old": copies.too_old(visit.work.now)}


@pages.get("settings/backup", needs=MACHINE, when_paused=True)
def backup(visit: Visit) -> Result:
    """Show the copies there are."""
    return framed(visit, "settings_backup.html", "backup", _copies(visit))


@pages.live("settings/backup/live", needs=MACHINE)
def backup_live(visit: Visit) -> Result:
    """Show the copies as they come."""
    return Page("settings_copies.html", _copies(visit))


@pages.post("settings/backup", needs=MACHINE)
def backup_now(visit: Visit) -> Result:
    """Begin to make a copy; what becomes of it stands on the page."""
    setting.demand(visit.work, visit.person.id)
    setting.note_copy(visit.work, visit.person.id)
    visit.then.append(visit.machine.copy_now)
    return Go("settings/backup", "copying")
