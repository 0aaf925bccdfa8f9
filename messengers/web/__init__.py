"""The embedded chat: a page over WebSocket, for trying the program and for an intranet to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from messengers.section import MessengerSection

if TYPE_CHECKING:
    from messengers.base import Messenger, Surroundings


class Section(MessengerSection):
    """The embedded chat and the web server that it shares with webhooks and console."""

    enabled: bool = Field(default=True, description="Serve the chat page.")
    host: str = Field("127.0.0.1", description="The address to listen on; behind a proxy leave it as it is.")
    port: int = Field(8080, ge=0, le=65535, description="The port to listen on.")
    base_url: str = Field(
        "", description="Where people's browsers reach this program, e.g. https://dangqun.example.com"
    )
    embed_origins: list[str] = Field([], description="Origins of intranet pages that may embed the chat in a frame.")


async def open_messenger(section: Section, surroundings: Surroundings) -> Messenger:
    """Open the embedded chat."""
    from messengers.web.client import WebMessenger  # noqa: PLC0415 - only when it is used

    return WebMessenger(section, surroundings)
