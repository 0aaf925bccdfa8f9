"""A form that comes twice, by a double click, a reload or a browser that lost the answer, is done once.

Each page that is drawn has a random sign, which stands in all its forms. The same sign with the same fields is the same
form; with other fields it was mended meanwhile, and is another. Whatever leads nowhere (refused, or a page that asks
for more) may come again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from console.grammar import Go, Result, Route, Visit
from services import form as service


def sign(secret: str, address: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]) -> str:
    """Return what a form is known by, within its session; nothing for one that stood on no page of ours."""
    if not fields.get("once"):
        return ""
    told = hashlib.sha256()
    parts = [secret, address, *(part for pair in sorted(fields.items()) if pair[0] != "key" for part in pair)]
    for name, (called, body) in sorted(files.items()):
        parts += [name, called, hashlib.sha256(body).hexdigest()]
    for part in parts:
        words = part.encode("utf-8", "surrogatepass")
        told.update(b"%d:%b" % (len(words), words))
    return told.hexdigest()


def run(route: Route, visit: Visit, known_by: str) -> Result:
    """Do what a visit asks; of a form that was done, return the page it led to."""
    if not known_by:
        return _alone(route, visit)
    done = service.once(
        visit.work, known_by, lambda: _alone(route, visit), lambda found: found.path if isinstance(found, Go) else None
    )
    return Go(done, "sent_before") if isinstance(done, str) else done


def _alone(route: Route, visit: Visit) -> Result:
    """Do it; of what changes something that was shown, one at a time (see `console/meanwhile.py`)."""
    if visit.form.get("seen"):
        service.hold(visit.work, f"{route.path} {sorted(visit.numbers.items())}")
    return route.run(visit)
