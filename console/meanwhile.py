"""Two change the same thing: whoever saves later is shown what the other wrote, and keeps what was typed.

A form that changes something carries the sign of what it was drawn from; while nobody else may change it, that is held
against how it stands now.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from console.grammar import Page, Visit

OURS = frozenset({"key", "once", "seen"})
"""Fields that each drawing of a form has anew."""
Offered = Mapping[str, Sequence[tuple[str, str]]]
"""Field -> (value, in words) of all that may be chosen."""
NONE: Offered = MappingProxyType({})


def drawn_from(now: Mapping[str, str]) -> str:
    """Return the sign of what a form shows."""
    return hashlib.sha256(json.dumps(sorted(now.items())).encode()).hexdigest()[:32]


def undone(
    visit: Visit, address: str, back: str, now: Mapping[str, str], called: Mapping[str, str], offered: Offered = NONE
) -> Page | None:
    """Return the page that shows both, when somebody else wrote meanwhile what the form would undo; else None.

    `address`: where the form goes, `back`: where it stands. `called`: the fields in words.
    """
    form = visit.form
    if form.get("seen", "") in {"", drawn_from(now)}:
        return None
    differ = [name for name in now if _plain(form.get(name, "")) != _plain(now[name])]
    if not differ:
        return None
    visit.refusals.append("changed meanwhile")
    facts = {
        "address": address,
        "back": back,
        "rows": [
            (
                name,
                called[name],
                now[name],
                form.get(name, ""),
                [(str(one), said) for one, said in offered.get(name, ())],
            )
            for name in differ
        ],
        "rest": [(name, value) for name, value in form.items() if name not in OURS and name not in differ],
        "seen": drawn_from(now),
        "files": any(body for _, body in visit.files.values()),
    }
    return Page("meanwhile.html", facts, 409)


def _plain(words: str) -> str:
    return words.replace("\r\n", "\n").strip()
