"""WeCom 企业微信, a self-built app: callbacks in, `message/send` out."""

from __future__ import annotations

import re
import secrets
import string
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, SecretStr, model_validator

from messengers.base import Ask
from messengers.section import MessengerSection

if TYPE_CHECKING:
    from messengers.base import Messenger, Surroundings

AES_KEY = r"[A-Za-z0-9]{43}"
_LETTERS = string.ascii_letters + string.digits


class Section(MessengerSection):
    """WeCom."""

    enabled: bool = Field(default=False, description="Serve people on WeCom.")
    corp_id: str = Field("", description="The company's id (CorpID).")
    agent_id: int = Field(0, ge=0, description="The app's AgentId.")
    secret: SecretStr = Field(SecretStr(""), description="The app's Secret; better from the environment.")
    token: SecretStr = Field(SecretStr(""), description="Token of 接收消息.")
    aes_key: SecretStr = Field(SecretStr(""), description="EncodingAESKey of 接收消息, 43 letters and digits.")
    api_base: str = Field("https://qyapi.weixin.qq.com", description="Where the API is.")
    path: str = Field("/hooks/wecom", description="The path of the callback; change it to one that nobody guesses.")
    accounts: int = Field(0, ge=0, description="How many members may use the app: 200 messages a day for each of them.")
    busy_minutes: list[Annotated[int, Field(ge=0, le=59)]] = Field(
        [0, 30], description="Minutes of each hour in which no announcement goes out: everybody else's bots speak then."
    )
    bind_by_directory: bool = Field(
        default=False, description="Bind a person without a code when the account is the employee number."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.path.startswith("/") or not self.path.strip("/"):
            raise ValueError("path 要以 / 开头，后面有内容 · path begins with / and goes on")
        for base in (self.api_base,):
            if not base.startswith(("https://", "http://127.0.0.1", "http://localhost")):
                raise ValueError("接口的地址要以 https:// 开头 · the API's address is an https one")
        if not self.enabled:
            return self
        given = {
            "corp_id": self.corp_id,
            "agent_id": self.agent_id,
            "secret": self.secret.get_secret_value(),
            "token": self.token.get_secret_value(),
            "aes_key": self.aes_key.get_secret_value(),
        }
        missing = "、".join(name for name, value in given.items() if not value)
        if missing:
            raise ValueError(f"启用了，还缺 {missing}；运行 dangqun connect wecom · enabled, but {missing} is missing")
        if not re.fullmatch(AES_KEY, str(given["aes_key"])):
            raise ValueError("aes_key 是 43 位字母和数字 · aes_key has 43 letters and digits")
        return self


def _new_aes_key() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(43))


CONNECT: tuple[Ask, ...] = (
    Ask("corp_id", pattern=r"ww[0-9A-Za-z]+|wx[0-9A-Za-z]+", example="ww1f2e3d4c5b6a7980"),
    Ask("agent_id", pattern=r"[1-9][0-9]{0,9}", example="1000002"),
    Ask("secret", secret=True, pattern=r"[\w-]{20,}", example="43 位字母、数字、- 或 _"),
    Ask("token", pattern=r"[A-Za-z0-9]{3,32}", makes=lambda: secrets.token_hex(16), example="3 到 32 位字母和数字"),
    Ask("aes_key", pattern=AES_KEY, makes=_new_aes_key, example="43 位字母和数字"),
    Ask("path", pattern=r"/\S+", makes=lambda: f"/hooks/wecom-{secrets.token_urlsafe(16)}"),
    Ask("accounts", pattern=r"[0-9]{1,7}", default="0", example="300"),
)


async def open_messenger(section: Section, surroundings: Surroundings) -> Messenger:
    """Open WeCom."""
    from messengers.wecom.client import WecomMessenger  # noqa: PLC0415 - only when it is used

    return WecomMessenger(section, surroundings)
