"""How personal a reply may be on a messenger: classes of personal data by messenger and kind of chat, as dated data.

The profiles: `standard` lets every capability of today work in private chats of the messenger that a company chose;
`strict` is the table that keeps membership and requests off messengers that store abroad. Neither lets hardship, health
or secrets through, and in groups nothing personal is said at all. Sources and law: `docs/privacy.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.reply import Personal

NAMES = {one.name.lower(): one for one in Personal}


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The classes that a messenger carries in private chats, and in groups."""

    private: frozenset[Personal]
    group: frozenset[Personal] = frozenset({Personal.PUBLIC})

    def carries(self, personal: Personal, *, group: bool) -> bool:
        """Answer whether a reply of this class may be shown there."""
        return personal in (self.group if group else self.private)


_PUBLIC, _OWN, _MEMBERSHIP = Personal.PUBLIC, Personal.OWN, Personal.MEMBERSHIP
_REQUEST, _PULSE, _HARDSHIP = Personal.REQUEST, Personal.PULSE, Personal.HARDSHIP
_TODAY = Ceiling(frozenset({_PUBLIC, _OWN, _MEMBERSHIP, _REQUEST, _PULSE}))
_SELF_HOSTED = Ceiling(frozenset({_PUBLIC, _OWN, _MEMBERSHIP, _REQUEST, _PULSE, _HARDSHIP}))
PROFILES: dict[str, dict[str, Ceiling]] = {
    "standard": {"web": _SELF_HOSTED, "": _TODAY},
    "strict": {"web": _SELF_HOSTED, "telegram": Ceiling(frozenset({_PUBLIC, _OWN, _PULSE})), "": _TODAY},
}
"""Profile -> messenger (empty: any other) -> what it carries."""


def usual(profile: str, messenger: str) -> Ceiling:
    """Return what a messenger carries by a profile."""
    table = PROFILES[profile]
    return table.get(messenger, table[""])
