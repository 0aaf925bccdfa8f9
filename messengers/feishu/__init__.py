"""Feishu 飞书, a self-built app with a bot, by long connection or by HTTP callback."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from messengers.base import Ask
from messengers.section import MessengerSection

if TYPE_CHECKING:
    from messengers.base import Messenger, Surroundings

APP_ID = r"cli_[0-9A-Za-z]{4,40}"


class Section(MessengerSection):
    """Feishu."""

    enabled: bool = Field(default=False, description="Serve people on Feishu.")
    app_id: str = Field("", description="The app's App ID.")
    app_secret: SecretStr = Field(SecretStr(""), description="The app's App Secret; better from the environment.")
    verification_token: SecretStr = Field(SecretStr(""), description="callback: Verification Token.")
    encrypt_key: SecretStr = Field(SecretStr(""), description="callback: Encrypt Key.")
    mode: Literal["long", "callback"] = Field("long", description="long needs no public address.")
    api_base: str = Field("https://open.feishu.cn", description="Where the API is; Lark has another.")
    path: str = Field("/hooks/feishu", description="callback: the path; change it to one that nobody guesses.")
    busy_minutes: list[Annotated[int, Field(ge=0, le=59)]] = Field(
        [0, 30], description="Minutes of each hour in which no announcement goes out: everybody else's bots speak then."
    )
    bind_by_directory: bool = Field(
        default=False, description="Bind a person without a code when the directory's user_id is the employee number."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.path.startswith("/") or not self.path.strip("/"):
            raise ValueError("path 要以 / 开头，后面有内容 · path begins with / and goes on")
        if not self.enabled:
            return self
        given = {"app_id": self.app_id, "app_secret": self.app_secret.get_secret_value()}
        if self.mode == "callback":
            # Feishu sends without an Encrypt Key too; then the token inside is all that proves it (`doctor` warns).
            given["verification_token"] = self.verification_token.get_secret_value()
        missing = "、".join(name for name, value in given.items() if not value)
        if missing:
            raise ValueError(f"启用了，还缺 {missing}；运行 dangqun connect feishu · enabled, but {missing} is missing")
        if not re.fullmatch(APP_ID, self.app_id):
            raise ValueError("app_id 以 cli_ 开头 · app_id begins with cli_")
        if not self.api_base.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ValueError("api_base 要以 https:// 开头 · api_base is an https address")
        return self


CONNECT: tuple[Ask, ...] = (
    Ask("app_id", pattern=APP_ID, example="cli_a1b2c3d4e5f60718"),
    Ask("app_secret", secret=True, pattern=r"[\w-]{16,}", example="16 位以上"),
    Ask("mode", pattern="long|callback", default="long", example="long"),
    Ask("verification_token", secret=True, pattern=r"[\w-]+", example="管理后台给的", only=("mode", "callback")),
    Ask("encrypt_key", secret=True, pattern=r"\S+", makes=lambda: secrets.token_hex(16), only=("mode", "callback")),
    Ask(
        "path",
        pattern=r"/\S+",
        makes=lambda: f"/hooks/feishu-{secrets.token_urlsafe(16)}",
        example="/hooks/feishu-…",
        only=("mode", "callback"),
    ),
)


async def open_messenger(section: Section, surroundings: Surroundings) -> Messenger:
    """Open Feishu."""
    from messengers.feishu.client import FeishuMessenger  # noqa: PLC0415 - only when it is used

    return FeishuMessenger(section, surroundings)
