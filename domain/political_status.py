"""What the column 政治面貌 of a roster says of a person, in the ways that companies write it."""

from __future__ import annotations

import re
from functools import lru_cache

from domain.member import Standing

_POLITICS = (
    (re.compile(r"(?:党员)?(?:重点)?发展对象|积极分子|申请人|申请入党人?"), Standing.PARTY_APPLICANT),
    (re.compile(r"预备期?党员"), Standing.PARTY_PROBATIONARY),
    (re.compile(r"党员"), Standing.PARTY_FULL),
    (re.compile(r"团员"), Standing.LEAGUE),
)
"""In the order in which they are taken out of a cell: the longer words hold the shorter ones."""
_AROUND = re.compile(
    r"中国共产党|中国共产主义青年团|共产主义青年团|共产党|中国|中共|共青团?|正式|入党|入团|转正|保留团籍|同志"
    r"|\d+(?:[年月日.\-]\d*)*"
)
"""What stands around such a word and changes nothing of what it says."""
_NOBODY = re.compile(r"(?:普通)?(?:群众|公民|居民)|无党派(?:民主)?(?:人士)?|少先队员|其[他它]|否|无|不详|未知|[-—–]*")
_NOT_OURS = re.compile(r"非(?:中共)?党员|非团员|(?:民革|民盟|民建|民进|农工|致公|九三|台盟|民主)[^,，、;；/]*")
"""What holds 党员 or 团员 and means something else: no Party member, or a member of another party."""


@lru_cache(1000)
def standings_in(politics: str) -> tuple[frozenset[Standing], bool]:
    """Read a cell; False, and nobody's standing, when some of it is not understood.

    What only holds a known word (党员家属, 党员么) makes nobody a Party member.
    """
    found: set[Standing] = set()
    parts = re.split(r"[、,，;；/()（）\s]+", _NOT_OURS.sub("", politics))
    for part in parts:
        rest = part
        for word, standing in _POLITICS:
            rest, times = word.subn("", rest)
            if times:
                found.add(standing)
        if not _NOBODY.fullmatch(_AROUND.sub("", rest)):
            return frozenset(), False
    if not found and not all(_NOBODY.fullmatch(part) for part in parts):
        return frozenset(), False
    if Standing.PARTY_PROBATIONARY in found:
        found.discard(Standing.PARTY_FULL)
    return frozenset(found), True
