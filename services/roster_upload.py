"""A roster file that somebody has sent to the console and not yet decided about: one a person, for some hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.job import LARGE_FILE
from domain.permission import Action
from domain.refusal import Refusal
from domain.roster import Fate
from services import attachment, permission, roster, sheet
from services.job import Deed, Facts, Kind, Part, Step
from services.roster import Plan
from services.sheet import Sheet
from services.work import Work
from storage import attachment as files
from storage import conversation, sound
from storage import job as jobs
from storage import unit as units

WAITS = timedelta(hours=4)
LONGEST_NUMBER = 18
TRIAL = "trial"
"""What the job is called that tries a long file; what it made holds the file's rows, so it goes with the file."""
_PLACE = "console"
_STEP = "roster_upload"


@dataclass(frozen=True, slots=True)
class Upload:
    """The file that waits."""

    attachment: int
    name: str
    size: int

    @property
    def long(self) -> bool:
        """Whether reading it takes longer than a page may: then it is tried and imported as a job."""
        return self.size > LARGE_FILE


def demand(work: Work, actor_id: int) -> None:
    """Refuse whoever does not import for the whole organisation: a file may change everybody."""
    if not allowed(work, actor_id):
        raise Refusal("permission.nowhere")


def allowed(work: Work, actor_id: int) -> bool:
    """Answer whether this person may import a roster here."""
    root = units.by_code(work.connection, "root")
    return root is not None and permission.may(work, actor_id, Action.IMPORT_ROSTER, root)


def keep(work: Work, actor_id: int, name: str, body: bytes) -> None:
    """Keep a file until it is decided about; it takes the place of an earlier one. Nothing is read yet."""
    demand(work, actor_id)
    if not body:
        raise Refusal("people.no_file")
    drop(work, actor_id)
    number = attachment.keep(work, name, "application/octet-stream", body)
    conversation.save(
        work.connection,
        _PLACE,
        str(actor_id),
        step=_STEP,
        facts={"attachment": number},
        version=number,
        expires_at=work.now + WAITS,
    )


def waiting(work: Work, actor_id: int) -> Upload | None:
    """Return this person's file, without its bytes; nobody who may not import has one."""
    if not allowed(work, actor_id):
        return None
    facts = conversation.facts_of(work.connection, _PLACE, str(actor_id), _STEP, work.now)
    number = None if facts is None else int(facts["attachment"])
    found = None if number is None else files.describe(work.connection, number)
    return None if number is None or found is None or not found[2] else Upload(number, found[0], found[2])


def tables(work: Work, upload: Upload) -> list[Sheet]:
    """Read the file."""
    found = attachment.load(work, upload.attachment)
    return sheet.read(upload.name, found[2] if found else b"")


def plan(work: Work, actor_id: int, number: int) -> Plan:
    """Say what importing this person's file would do; raises when it is another file than the one meant."""
    upload = meant(work, actor_id, number)
    return roster.plan_of(work, tables(work, upload))


def meant(work: Work, actor_id: int, number: int) -> Upload:
    """Return this person's file; raises when it is another one than the one meant, or decided about."""
    demand(work, actor_id)
    upload = waiting(work, actor_id)
    if upload is None or upload.attachment != number:
        raise Refusal("people.file_gone")
    return upload


def apply(work: Work, actor_id: int, number: int, *, skip_errors: bool) -> Plan:
    """Import this person's file, and let it go. A second press finds it gone."""
    upload = meant(work, actor_id, number)
    made = roster.apply_of(work, tables(work, upload), actor_id, skip_errors=skip_errors)
    drop(work, actor_id)
    return made


def drop(work: Work, actor_id: int) -> None:
    """Let this person's file go: its bytes are not kept."""
    facts = conversation.facts_of(work.connection, _PLACE, str(actor_id), _STEP, None)
    if facts is not None:
        attachment.forget(work, int(facts["attachment"]))
        conversation.drop(work.connection, _PLACE, str(actor_id))
        jobs.empty(work.connection, actor_id, TRIAL)


def forget(work: Work) -> None:
    """Let the files go about which nobody decided in time: they may hold columns that are kept nowhere."""
    for sender in conversation.over(work.connection, _PLACE, _STEP, work.now):
        drop(work, int(sender))


def count(work: Work, actor_id: int, facts: Facts) -> int:
    """Refuse what may not be imported; how many rows there are nobody knows before the file is read."""
    meant(work, actor_id, number_of(facts))
    return 0


def number_of(facts: Facts) -> int:
    """Return which file a job is about."""
    words = facts.get("number", "")
    return int(words) if words.isascii() and words.isdigit() and len(words) < LONGEST_NUMBER else 0


def _steps(work: Work, actor_id: int, facts: Facts) -> Iterator[Part]:
    """Read the file and look at it beside everybody's work; what takes the writer is only the import itself."""
    number, skip = number_of(facts), facts.get("skip", "") == "yes"
    upload = meant(work, actor_id, number)
    yield Step(0, 0)
    sheets = tables(work, upload)
    total = sum(len(one.rows) for one in sheets)
    yield Step(0, total)
    made = roster.plan_of(work, sheets)
    if made.counts[Fate.ERROR] and not skip:
        raise Refusal("roster.has_errors", count=made.counts[Fate.ERROR])
    for done, (_, person) in enumerate(made.reading.people.values(), 1):
        sound.of(person.name)
        if done % sheet.A_PART == 0:
            yield Step(done, total)
    yield Deed(lambda commit: _import(commit, actor_id, number, sheets, made, skip_errors=skip))


def _import(
    work: Work, actor_id: int, number: int, sheets: Sequence[Sheet], planned: Plan, *, skip_errors: bool
) -> Mapping[str, object]:
    """Import it all or nothing, when it is still the file meant and still allowed."""
    meant(work, actor_id, number)
    made = roster.carry_out(work, sheets, planned, actor_id, skip_errors=skip_errors)
    drop(work, actor_id)
    return roster.in_figures(made)


KIND = Kind(count, _steps)
