"""Question banks: taking in what is shipped, and what an organisation imports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from content import banks as files
from domain.question import Bank, Question, digest
from domain.refusal import Refusal
from services.work import Work
from storage import question as table
from storage import shipped

_STAMP = "questions"


@dataclass(frozen=True, slots=True)
class Counts:
    """What taking questions in did."""

    new: int
    same: int
    changed: int


def put(work: Work, bank: Bank | str, rows: Iterable[Question]) -> Counts:
    """Take questions into a bank of the organisation; doing it again changes nothing.

    A question with a known `ref` gets its new text and keeps its history; what is not named stays. A bank that
    came with the program is refused.
    """
    one = Bank(bank, bank, bank) if isinstance(bank, str) else bank
    if _is_ours(work, one.name):
        raise Refusal("quiz.bank_shipped", bank=one.name)
    return _put(work, one, rows, is_shipped=False)


def plan(work: Work, bank: Bank | str, rows: Iterable[Question]) -> Counts:
    """Return what `put` would do, and do nothing."""
    name = bank if isinstance(bank, str) else bank.name
    if _is_ours(work, name):
        raise Refusal("quiz.bank_shipped", bank=name)
    new, same, changed = _sorted(work, name, rows)
    return Counts(len(new), len(same), len(changed))


def _is_ours(work: Work, name: str) -> bool:
    """Answer whether a bank comes with the program, also before the first start has taken it in."""
    return bool(table.is_shipped(work.connection, name)) or (files.QUESTIONS / f"{name}.toml").exists()


def _sorted(
    work: Work, name: str, rows: Iterable[Question]
) -> tuple[list[Question], list[Question], list[tuple[int, Question]]]:
    """Part questions into new, same and (id, changed)."""
    known = table.stored(work.connection, name)
    new: list[Question] = []
    same: list[Question] = []
    changed: list[tuple[int, Question]] = []
    for one in {row.ref: row for row in rows}.values():
        before = known.get(one.ref)
        if before is None:
            new.append(one)
        elif before.active and before.version == digest(one.to_json()):
            same.append(one)
        else:
            changed.append((before.id, one))
    return new, same, changed


def _put(work: Work, bank: Bank, rows: Iterable[Question], *, is_shipped: bool) -> Counts:
    table.put_bank(work.connection, bank, shipped=is_shipped)
    new, same, changed = _sorted(work, bank.name, rows)
    table.add(work.connection, bank.name, new)
    for number, one in changed:
        table.change(work.connection, number, one)
    return Counts(len(new), len(same), len(changed))


def own(work: Work) -> list[tuple[str, int]]:
    """Return (name, questions) of the banks that the organisation made."""
    shipped_names = set(table.shipped_banks(work.connection))
    return [(bank.name, count) for bank, count in table.banks(work.connection) if bank.name not in shipped_names]


def sync(work: Work) -> None:
    """Take in the shipped banks. What is shipped no longer is retired; what was answered stays."""
    stamp = files.stamp(files.QUESTIONS)
    if shipped.version(work.connection, _STAMP) == stamp:
        return
    take_in(work, files.banks())
    shipped.settle(work.connection, _STAMP, stamp)


def take_in(work: Work, banks: Iterable[tuple[Bank, Iterable[Question]]]) -> None:
    """Make the shipped banks exactly these."""
    named = {bank.name: (bank, tuple(questions)) for bank, questions in banks}
    for bank, questions in named.values():
        _put(work, bank, questions, is_shipped=True)
    for name in {*named, *table.shipped_banks(work.connection)}:
        refs = {one.ref for one in named[name][1]} if name in named else set()
        known = table.stored(work.connection, name)
        gone = sorted(row.id for ref, row in known.items() if row.active and ref not in refs)
        if gone:
            table.retire(work.connection, gone)


def banks(work: Work) -> list[tuple[Bank, int]]:
    """Return the banks that have questions in use, with how many."""
    return table.banks(work.connection)
