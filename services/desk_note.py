"""Notes about a demand among those who handle it: whoever has it on the desk reads and writes them, nobody else."""

from __future__ import annotations

from dataclasses import dataclass

from domain.demand_draft import LONGEST, SHORTEST, clean_text
from domain.refusal import Refusal
from services import desk
from services.work import Work
from storage import audit
from storage import desk_note as table
from storage.desk_note import Note

SHOWN = 30
MOST = 200


@dataclass(frozen=True, slots=True)
class Notes:
    """The newest notes, newest first, and how many there are."""

    notes: list[Note]
    count: int


def notes(work: Work, officer_id: int, number: int) -> Notes:
    """Return the notes about a demand on this officer's desk, those of officers before too."""
    case = desk.of(work, officer_id, number)
    found = table.of(work.connection, case.id, SHOWN)
    return Notes(found, len(found) if len(found) < SHOWN else table.count(work.connection, case.id))


def add(work: Work, officer_id: int, number: int, words: str, token: str) -> None:
    """Keep a note, once a token. It goes to nobody: not into the history, not into a push, not into an export."""
    case = desk.of(work, officer_id, number)
    text = clean_text(words)
    if not SHORTEST <= len(text) <= LONGEST:
        raise Refusal("desk.note_length", least=SHORTEST, most=LONGEST)
    if table.count(work.connection, case.id) >= MOST:
        raise Refusal("desk.note_many", most=MOST)
    if table.add(work.connection, case.id, officer_id, work.now, text, token):
        audit.note(work.connection, work.now, officer_id, "request.note", None, number=case.number)
