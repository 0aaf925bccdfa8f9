"""A question file that somebody sent to the console and has not decided about: kept for her alone, for some hours."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from content import Voice
from domain.arrival import clean
from domain.question import Bank
from domain.question_layout import KINDS, Layout
from domain.refusal import Refusal
from services import question as banks
from services import question_import, sheet
from services.question_import import Choice, Plan, Understood
from services.work import Work
from storage import question as table
from storage import upload

WAITS = timedelta(hours=4)
PURPOSE, LEFT = "questions", "questions_left"
_LONGEST_CHOICE = 200_000


@dataclass(frozen=True, slots=True)
class Upload:
    """The file that waits, with what its owner chose so far. `corrected`: she changed how it is read."""

    id: int
    name: str
    body: bytes
    bank: str
    """The title of the bank that it is meant for."""
    choice: Choice | None

    @property
    def corrected(self) -> bool:
        """Whether its owner changed how it is read."""
        return self.choice is not None


def keep(work: Work, actor_id: int, name: str, body: bytes, bank: str) -> None:
    """Keep a file in place of an earlier one. Nothing is read yet."""
    banks.demand(work, actor_id)
    if not body:
        raise Refusal("question.no_file")
    if len(body) > sheet.LARGEST_FILE:
        raise Refusal("sheet.too_large", megabytes=sheet.LARGEST_FILE >> 20)
    upload.keep(work.connection, actor_id, PURPOSE, name, body, work.now + WAITS, work.now)
    _write(work, actor_id, bank, None)


def _write(work: Work, actor_id: int, bank: str, choice: Choice | None) -> None:
    chosen = None if choice is None else [[one.to_json() for one in choice.layouts], choice.text_kind]
    line = json.dumps([clean(bank)[:200], chosen], ensure_ascii=False)
    if len(line) > _LONGEST_CHOICE:
        raise Refusal("question.too_many_tables")
    upload.choose(work.connection, actor_id, PURPOSE, line)


def waiting(work: Work, actor_id: int) -> Upload | None:
    """Return this person's file."""
    banks.demand(work, actor_id)
    found = upload.find(work.connection, actor_id, PURPOSE, work.now)
    if found is None:
        return None
    bank, chosen = json.loads(found.choice)
    choice = None
    if chosen is not None:
        kind = chosen[1] if chosen[1] in KINDS else ""
        choice = Choice(tuple(Layout.from_json(one) for one in chosen[0]), kind)
    return Upload(found.id, found.name, found.body, bank, choice)


def meant(work: Work, actor_id: int, number: int) -> Upload:
    """Return this person's file; raises when it is another than the one that she saw."""
    found = waiting(work, actor_id)
    if found is None or found.id != number:
        raise Refusal("question.file_gone")
    return found


def understand(work: Work, one: Upload) -> Understood:
    """Read the file as its owner chose."""
    return question_import.understand(work, one.name, one.body, one.choice)


def choose(work: Work, actor_id: int, number: int, bank: str, choice: Choice | None) -> None:
    """Write down how a file is to be read, and where it is to go; no choice: as it looks."""
    meant(work, actor_id, number)
    _write(work, actor_id, bank, choice)


def bank_meant(work: Work, words: str) -> Bank:
    """Return the bank that is meant: a known one by its name, else a new one with this title."""
    known = table.bank_of(work.connection, words[:64])
    return known[0] if known else banks.titled(words)


def check_bank(work: Work, words: str) -> None:
    """Raise the refusal of what no file can be imported into: no bank, too long a title, one that is shipped."""
    banks.plan(work, bank_meant(work, words), ())


def plan(work: Work, one: Upload, made: Understood) -> Plan:
    """Say what importing it would do."""
    return question_import.plan_of(work, bank_meant(work, one.bank), made)


def apply(work: Work, voice: Voice, actor_id: int, number: int) -> tuple[Bank, Plan, int]:
    """Import the file, remember how it was read where its owner corrected that, and let it go.

    Returns the bank, what was done, and how many layouts are remembered. What was wrong waits as a file in the
    owner's language. A second press finds the file gone.
    """
    one = meant(work, actor_id, number)
    made = understand(work, one)
    bank = bank_meant(work, one.bank)
    done = question_import.apply_of(work, bank, one.name, made, actor_id)
    kept = question_import.remember(work, made) if one.corrected else 0
    upload.drop(work.connection, actor_id, PURPOSE)
    upload.drop(work.connection, actor_id, LEFT)
    if done.failed:
        body = question_import.wrong_rows(voice, made)
        upload.keep(work.connection, actor_id, LEFT, "questions-to-mend.xlsx", body, work.now + WAITS, work.now)
    return bank, done, kept


def left(work: Work, actor_id: int) -> bytes | None:
    """Return what this person's last import left out, while it waits."""
    banks.demand(work, actor_id)
    found = upload.find(work.connection, actor_id, LEFT, work.now)
    return None if found is None else found.body


def forget(work: Work, actor_id: int, number: int) -> int:
    """Forget what is remembered for the headers of this file, and read it as it looks; returns how many."""
    one = meant(work, actor_id, number)
    count = question_import.forget(work, understand(work, one))
    _write(work, actor_id, one.bank, None)
    return count


def drop(work: Work, actor_id: int) -> None:
    """Let this person's file go."""
    banks.demand(work, actor_id)
    upload.drop(work.connection, actor_id, PURPOSE)
