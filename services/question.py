"""Question banks: taking in what is shipped, and what an organisation imports."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from content import banks as files
from domain.arrival import clean
from domain.permission import Action
from domain.question import Bank, Question, digest, plain
from domain.refusal import Refusal
from services import permission
from services.work import Work
from storage import audit, shipped
from storage import question as table
from storage.question import Row

_STAMP = "questions"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class Counts:
    """What taking questions in did."""

    new: int
    same: int
    changed: int


def named(bank: Bank | str) -> Bank | str:
    """Return a bank as it was named; raises the refusal of a name that no bank can have."""
    name = bank if isinstance(bank, str) else bank.name
    if not _NAME.fullmatch(name):
        raise Refusal("question.bank_name", bank=name[:32])
    return bank


def titled(title: str) -> Bank:
    """Return the bank with this title: a bank's name where it is one, else a name that follows from it."""
    said = " ".join(clean(title).split())
    if not said:
        raise Refusal("question.bank_needed")
    if len(said) > LONGEST_TITLE:
        raise Refusal("question.bank_long", most=LONGEST_TITLE)
    return Bank(said if _NAME.fullmatch(said) else f"b-{digest(plain(said) or said)[:8]}", said, said)


def put(
    work: Work, bank: Bank | str, rows: Iterable[Question], *, actor_id: int | None = None, file: str = ""
) -> Counts:
    """Take questions into a bank of the organisation; doing it again changes nothing.

    A question with a known `ref` gets its new text and keeps its history; what is not named stays. A bank that
    came with the program is refused.
    """
    known = table.bank_of(work.connection, bank if isinstance(bank, str) else bank.name)
    one = known[0] if known else Bank(bank, bank, bank) if isinstance(bank, str) else bank
    if _is_ours(work, one.name):
        raise Refusal("quiz.bank_shipped", bank=one.name)
    counts = _put(work, one, rows, is_shipped=False)
    if counts.new or counts.changed:
        facts = {"bank": one.name, "new": counts.new, "changed": counts.changed, "file": file}
        audit.note(work.connection, work.now, actor_id, "questions.import", None, **facts)
    return counts


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
    if any(list(one.wordings) == ["zh"] for _, one in changed):
        untranslated = {row.id: _in_chinese(row) for row in table.listed(work.connection, name) if row.active}
        same += [one for number, one in changed if untranslated.get(number) == one]
        changed = [(number, one) for number, one in changed if untranslated.get(number) != one]
    return new, same, changed


def _in_chinese(row: Row) -> Question:
    """Return a question without its translation: a file in one language does not change what it does not hold."""
    one = row.question
    return replace(one, source_en="", wordings={key: value for key, value in one.wordings.items() if key == "zh"})


def _put(work: Work, bank: Bank, rows: Iterable[Question], *, is_shipped: bool) -> Counts:
    table.put_bank(work.connection, bank, shipped=is_shipped)
    new, same, changed = _sorted(work, bank.name, rows)
    table.add(work.connection, bank.name, new)
    for number, one in changed:
        table.change(work.connection, number, one)
    return Counts(len(new), len(same), len(changed))


def own(work: Work) -> list[tuple[Bank, int]]:
    """Return the banks that the organisation made and has open, with how many questions."""
    shipped_names = set(table.shipped_banks(work.connection))
    return [(bank, count) for bank, count in table.banks(work.connection) if bank.name not in shipped_names]


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


def demand(work: Work, actor_id: int) -> None:
    """Refuse whoever keeps no questions."""
    permission.demand_everywhere(work, actor_id, Action.IMPORT_QUESTIONS)


def bank_of(work: Work, actor_id: int, name: str) -> tuple[Bank, bool, bool]:
    """Return (bank, shipped, closed) for somebody who keeps questions."""
    demand(work, actor_id)
    found = table.bank_of(work.connection, clean(name)[:64])
    if found is None:
        raise Refusal("question.no_bank")
    return found


def one_of(work: Work, actor_id: int, number: int) -> Row:
    """Return a question for somebody who keeps questions."""
    demand(work, actor_id)
    found = table.get(work.connection, number)
    if found is None:
        raise Refusal("question.no_question")
    return found


def close(work: Work, actor_id: int, name: str, *, closed: bool) -> bool:
    """Ask nothing of a bank any more, or again; also of one that is shipped. False when it is so already."""
    _, _, is_closed = bank_of(work, actor_id, name)
    if is_closed == closed:
        return False
    table.close(work.connection, name, closed=closed)
    audit.note(
        work.connection,
        work.now,
        actor_id,
        "questions.close_bank" if closed else "questions.open_bank",
        None,
        bank=name,
    )
    return True


def own_of(work: Work, actor_id: int, number: int) -> Row:
    """Return a question of the organisation's own; what is shipped is read only."""
    found = one_of(work, actor_id, number)
    if _is_ours(work, found.bank):
        raise Refusal("question.read_only")
    return found


def retire(work: Work, actor_id: int, number: int, *, retired: bool) -> bool:
    """Draw an own question no more, or again; what was answered stays. False when it is so already."""
    found = own_of(work, actor_id, number)
    if found.active != retired:
        return False
    if retired:
        table.retire(work.connection, [number])
    else:
        table.bring_back(work.connection, number)
    facts = {"bank": found.bank, "ref": found.question.ref}
    audit.note(
        work.connection, work.now, actor_id, "questions.retire" if retired else "questions.bring_back", None, **facts
    )
    return True


def change(work: Work, actor_id: int, number: int, version: str, one: Question) -> bool:
    """Give an own question its new text; what was answered stays. False when it is the same.

    `version`: what its editor had before her eyes; raises when somebody else has changed it since.
    """
    found = own_of(work, actor_id, number)
    before = digest(found.question.to_json())
    if version != before:
        raise Refusal("question.changed_since")
    if digest(one.to_json()) == before:
        return False
    _refuse_twice(work, found.bank, one, but=number)
    table.change(work.connection, number, one)
    if not found.active:
        table.retire(work.connection, [number])
    facts = {"bank": found.bank, "ref": one.ref, "before": before, "after": digest(one.to_json())}
    audit.note(work.connection, work.now, actor_id, "questions.change", None, **facts)
    return True


def add(work: Work, actor_id: int, name: str, one: Question) -> int:
    """Add a question to an own bank; returns its number."""
    bank, is_shipped, _ = bank_of(work, actor_id, name)
    if is_shipped:
        raise Refusal("question.read_only")
    _refuse_twice(work, bank.name, one)
    table.add(work.connection, bank.name, [one])
    facts = {"bank": bank.name, "ref": one.ref}
    audit.note(work.connection, work.now, actor_id, "questions.add", None, **facts)
    return table.stored(work.connection, bank.name)[one.ref].id


def _refuse_twice(work: Work, name: str, one: Question, but: int = 0) -> None:
    """Refuse a question whose words another one of the bank has."""
    said = plain(one.wording("zh").text)
    known = table.stored(work.connection, name).get(one.ref)
    alike = table.listed(work.connection, name, one.wording("zh").text)
    if (known is not None and known.id != but) or any(
        row.id != but and plain(row.question.wording("zh").text) == said for row in alike
    ):
        raise Refusal("question.twice_here")
