"""What the config sections of all messengers have in common."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.ceiling import NAMES, Ceiling


class CeilingSection(BaseModel):
    """The classes of personal data that a messenger carries; what is above them becomes a link to our own page."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    private: list[str] = Field(
        [],
        description="In private chats: public, own, membership, request, pulse, hardship. Empty: by profile.",
    )
    group: list[str] = Field([], description="In groups: public, and nothing personal. Empty: by profile.")

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name in (*self.private, *self.group):
            if name not in NAMES or name == "secret":
                raise ValueError(
                    f"没有“{name}”这一级；可写 public、own、membership、request、pulse、hardship，"
                    f"secret 哪里都不发 · no such class: {name}; secrets are sent nowhere"
                )
        if any(name != "public" for name in self.group):
            raise ValueError("群里只能写 public：群里不出现任何个人内容 · groups carry public only")
        return self

    def over(self, usual: Ceiling) -> Ceiling:
        """Return this ceiling, the usual one standing in for what is not written."""
        return Ceiling(
            frozenset(NAMES[name] for name in self.private) or usual.private,
            frozenset(NAMES[name] for name in self.group) or usual.group,
        )


class MessengerSection(BaseModel):
    """The keys that every messenger's section has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ceiling: CeilingSection = Field(CeilingSection(), description="The most personal classes that it carries.")
