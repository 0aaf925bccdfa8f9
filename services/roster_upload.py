"""A roster file that somebody has sent to the console and not yet decided about: one a person, for some hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from domain.permission import Action
from domain.refusal import Refusal
from services import attachment, permission, roster
from services.roster import Plan
from services.work import Work
from storage import conversation
from storage import unit as units

WAITS = timedelta(hours=4)
_PLACE = "console"
_STEP = "roster_upload"


@dataclass(frozen=True, slots=True)
class Upload:
    """The file that waits."""

    attachment: int
    name: str
    body: bytes


def _demand(work: Work, actor_id: int) -> None:
    """Refuse whoever does not import for the whole organisation: a file may change everybody."""
    if not allowed(work, actor_id):
        raise Refusal("permission.nowhere")


def allowed(work: Work, actor_id: int) -> bool:
    """Answer whether this person may import a roster here."""
    root = units.by_code(work.connection, "root")
    return root is not None and permission.may(work, actor_id, Action.IMPORT_ROSTER, root)


def keep(work: Work, actor_id: int, name: str, body: bytes) -> None:
    """Keep a file until it is decided about; it takes the place of an earlier one. Nothing is read yet."""
    _demand(work, actor_id)
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
    """Return this person's file."""
    _demand(work, actor_id)
    facts = conversation.facts_of(work.connection, _PLACE, str(actor_id), _STEP, work.now)
    number = None if facts is None else int(facts["attachment"])
    found = None if number is None else attachment.load(work, number)
    return None if number is None or found is None or not found[2] else Upload(number, found[0], found[2])


def plan(work: Work, actor_id: int, number: int) -> Plan:
    """Say again what importing this person's file would do; raises when it is another file than the one meant."""
    upload = _meant(work, actor_id, number)
    return roster.plan(work, upload.name, upload.body)


def _meant(work: Work, actor_id: int, number: int) -> Upload:
    upload = waiting(work, actor_id)
    if upload is None or upload.attachment != number:
        raise Refusal("people.file_gone")
    return upload


def apply(work: Work, actor_id: int, number: int, *, skip_errors: bool) -> Plan:
    """Import this person's file, and let it go. A second press finds it gone."""
    upload = _meant(work, actor_id, number)
    made = roster.apply(work, upload.name, upload.body, actor_id, skip_errors=skip_errors)
    drop(work, actor_id)
    return made


def drop(work: Work, actor_id: int) -> None:
    """Let this person's file go: its bytes are not kept."""
    facts = conversation.facts_of(work.connection, _PLACE, str(actor_id), _STEP, None)
    if facts is not None:
        attachment.forget(work, int(facts["attachment"]))
        conversation.drop(work.connection, _PLACE, str(actor_id))
