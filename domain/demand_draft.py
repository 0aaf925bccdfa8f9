"""What a person is writing before it is sent: words, files, choices; as JSON facts, so that nothing typed is lost."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from domain.arrival import Said, Uploaded

SHORTEST = 2
TOO_SHORT = "demand.too_short"
"""A form has other words for it than a conversation, in which more can follow."""
LONGEST = 2000
KEPT = 20_000
"""So much of what was typed is kept while it is too long to be sent."""
MOST_FILES = 9
NAME_CHARS = 80
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\s]+')


def clean_text(words: str) -> str:
    """Return what a person wrote without what no database or screen takes (NUL, controls, lone surrogates)."""
    kept = "".join(c for c in words if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
    return kept.strip()


def clean_name(name: str) -> str:
    """Return a file's name without folders, controls and direction marks, cut to a length, with its ending kept."""
    last = re.split(r"[\\/]", name)[-1]
    plain = "".join(c for c in last if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    plain = _FORBIDDEN.sub(" ", plain).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    if dot and 0 < len(ending) <= 10:  # noqa: PLR2004 - no real ending is longer
        return f"{stem[: NAME_CHARS - len(ending) - 1]}.{ending}"
    return plain[:NAME_CHARS]


@dataclass(frozen=True, slots=True)
class File:
    """A kept file under the name that the other side sees; the name may be empty."""

    attachment: int
    name: str
    picture: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """Words and files on their way to a new demand, or (with `case` and `act`) into an existing one."""

    token: str = ""
    """Names this draft for ever: what was sent under it once is not sent again."""
    text: str = ""
    files: tuple[File, ...] = ()
    category: str = ""
    avoided: int = 0
    officer: int = 0
    """Who was shown on the confirm card; 0: nobody."""
    case: int = 0
    act: str = ""
    to: int = 0

    @staticmethod
    def of(facts: Mapping[str, Any]) -> Draft:
        """Return the draft that `facts` wrote."""
        known = {key: value for key, value in facts.items() if key in Draft.__slots__}
        return Draft(**{**known, "files": tuple(File(**file) for file in known.get("files", ()))})

    @property
    def facts(self) -> dict[str, Any]:
        """The draft as JSON facts of an open question."""
        return asdict(self)

    def saying(self, words: str) -> Draft:
        """Return it with more words, on a line of their own."""
        more = clean_text(words)
        return replace(self, text=f"{self.text}\n{more}".strip()[:KEPT])

    def holding(self, file: Uploaded) -> Draft:
        """Return it with a file more, and the words under the file; the same file counts once."""
        said = self.saying(file.caption)
        if file.attachment is None or any(kept.attachment == file.attachment for kept in self.files):
            return said
        kept = File(file.attachment, clean_name(file.name), file.mime.startswith("image/"))
        return replace(said, files=(*self.files, kept))

    def heard(self, content: Said | Uploaded) -> Draft:
        """Return it with what was just said or sent; words that were too long are replaced, all else is added to."""
        if isinstance(content, Uploaded):
            return self if self.full else self.holding(content)
        return replace(self, text="").saying(content.text) if len(self.text) > LONGEST else self.saying(content.text)

    @property
    def full(self) -> bool:
        """Whether no more files fit."""
        return len(self.files) >= MOST_FILES

    @property
    def clipped(self) -> Draft:
        """It with as many of its words as may be sent."""
        return replace(self, text=self.text[:LONGEST].strip())

    def problem(self, *, files_suffice: bool = False) -> str:
        """Return the code of the sentence that says why this can't be sent yet; empty when it can."""
        if len(self.text) > LONGEST:
            return "demand.too_long"
        if len(self.text) < SHORTEST and not (files_suffice and self.files and not self.text):
            return TOO_SHORT
        return ""
