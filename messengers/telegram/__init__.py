"""Telegram, by long polling or webhook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from messengers.base import Ask
from messengers.section import MessengerSection

if TYPE_CHECKING:
    from messengers.base import Messenger, Surroundings

SHORTEST_SECRET = 32
_SECRET = re.compile(r"[A-Za-z0-9_-]{32,256}")


class Section(MessengerSection):
    """Telegram."""

    enabled: bool = Field(default=False, description="Serve people on Telegram.")
    token: SecretStr = Field(SecretStr(""), description="The bot's token from @BotFather; better from the environment.")
    api_base: str = Field("https://api.telegram.org", description="Where the Bot API is; another for a local server.")
    mode: Literal["polling", "webhook"] = Field("polling", description="polling needs no public address.")
    webhook_url: str = Field("", description="webhook: the public https address, with a path that nobody guesses.")
    webhook_secret: SecretStr = Field(
        SecretStr(""), description="webhook: 32 to 256 of A-Z a-z 0-9 _ -; what comes without it is refused."
    )
    per_second: float = Field(
        30.0, gt=0, le=100_000, description="Messages a second to all chats together; Telegram allows 30, 1000 if paid."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.enabled and not self.token.get_secret_value():
            raise ValueError(
                "启用了却没有令牌：写上 [telegram] token，或环境变量 DANGQUN_TELEGRAM__TOKEN · "
                "enabled needs a token: set [telegram] token or DANGQUN_TELEGRAM__TOKEN"
            )
        if self.enabled and self.mode == "webhook":
            if not self.webhook_url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
                raise ValueError(
                    "webhook 方式要有 webhook_url，以 https:// 开头 · mode webhook needs webhook_url, an https address"
                )
            if not urlsplit(self.webhook_url).path.strip("/"):
                raise ValueError(
                    "webhook_url 要带一段别人猜不到的路径，如 https://域名/hooks/telegram-4f1c · "
                    "webhook_url needs a path that nobody guesses, such as https://host/hooks/telegram-4f1c"
                )
            if not _SECRET.fullmatch(self.webhook_secret.get_secret_value()):
                raise ValueError(
                    f"webhook 方式要有 webhook_secret，至少 {SHORTEST_SECRET} 个字母、数字、_ 或 - · "
                    f"mode webhook needs webhook_secret of at least {SHORTEST_SECRET} of A-Z a-z 0-9 _ -"
                )
        return self


CONNECT: tuple[Ask, ...] = (
    Ask("token", secret=True, pattern=r"[0-9]{5,}:[A-Za-z0-9_-]{30,}", example="123456789:AA…"),
    Ask("mode", pattern=r"polling|webhook", default="polling", example="polling"),
)


async def open_messenger(section: Section, surroundings: Surroundings) -> Messenger:
    """Open Telegram; asks it once who we are."""
    from messengers.telegram.client import open_client  # noqa: PLC0415 - the library costs 200 ms

    return await open_client(section, surroundings)
