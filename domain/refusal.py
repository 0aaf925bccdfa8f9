"""An expected "no" is a value with a sentence, not a crash."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - it is the house's word, and it is not an error
    """Someone may not, or can't, do this now. `code` is the key of its sentence in `content/`, `facts` fill it in.

    Raising it undoes everything that the turn had written.
    """

    def __init__(self, code: str, **facts: object) -> None:
        """Keep the code and the facts of the sentence."""
        super().__init__(code)
        self.code = code
        self.facts = facts
        self.forget = False
        """Whether what was said must not even be kept as it came (a secret)."""
