"""DingTalk 钉钉, an app of the company with a robot, by Stream or by HTTP callback."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from messengers.base import Ask
from messengers.section import MessengerSection

if TYPE_CHECKING:
    from messengers.base import Messenger, Surroundings

AES_KEY = r"[A-Za-z0-9]{43}"


class Section(MessengerSection):
    """DingTalk."""

    enabled: bool = Field(default=False, description="Serve people on DingTalk.")
    client_id: str = Field("", description="The app's Client ID (AppKey).")
    client_secret: SecretStr = Field(SecretStr(""), description="The app's Client Secret; better from the environment.")
    robot_code: str = Field("", description="The robot's RobotCode; empty: the Client ID.")
    mode: Literal["stream", "callback"] = Field("stream", description="stream needs no public address.")
    api_base: str = Field("https://api.dingtalk.com", description="Where the new API is.")
    oapi_base: str = Field("https://oapi.dingtalk.com", description="Where the old API is.")
    aes_key: SecretStr = Field(SecretStr(""), description="callback: AES key of event callbacks, 43 characters.")
    token: SecretStr = Field(SecretStr(""), description="callback: Token of event callbacks.")
    path: str = Field("/hooks/dingtalk", description="callback: the path; change it to one that nobody guesses.")
    card_template: str = Field("", description="The id of the card template with buttons; empty: numbered words.")
    calls_a_month: int = Field(
        10_000, ge=0, description="Metered calls a month of the whole organisation; 0 where they are not limited."
    )
    busy_minutes: list[Annotated[int, Field(ge=0, le=59)]] = Field(
        [0, 30], description="Minutes of each hour in which no announcement goes out: everybody else's bots speak then."
    )
    bind_by_directory: bool = Field(
        default=False, description="Bind a person without a code when the userid is the employee number."
    )

    @property
    def robot(self) -> str:
        """The robot's code."""
        return self.robot_code or self.client_id

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.path.startswith("/") or not self.path.strip("/"):
            raise ValueError("path 要以 / 开头，后面有内容 · path begins with / and goes on")
        for base in (self.api_base, self.oapi_base):
            if not base.startswith(("https://", "http://127.0.0.1", "http://localhost")):
                raise ValueError("接口的地址要以 https:// 开头 · the API's address is an https one")
        if not self.enabled:
            return self
        given = {"client_id": self.client_id, "client_secret": self.client_secret.get_secret_value()}
        missing = "、".join(name for name, value in given.items() if not value)
        if missing:
            raise ValueError(f"启用了，还缺 {missing}；运行 dangqun connect dingtalk · enabled without {missing}")
        aes_key, token = self.aes_key.get_secret_value(), self.token.get_secret_value()
        if aes_key and not re.fullmatch(AES_KEY, aes_key):
            raise ValueError("aes_key 是 43 位字母和数字 · aes_key has 43 letters and digits")
        if bool(aes_key) != bool(token):
            raise ValueError("aes_key 和 token 要么都填，要么都不填 · aes_key and token go together")
        return self


CONNECT: tuple[Ask, ...] = (
    Ask("client_id", pattern=r"[A-Za-z0-9_-]{8,}", example="dingabc123…"),
    Ask("client_secret", secret=True, pattern=r"\S{20,}", example="20 位以上"),
    Ask("robot_code", pattern=r"[A-Za-z0-9_-]*"),
    Ask("mode", pattern=r"stream|callback", default="stream", example="stream"),
    Ask(
        "path",
        pattern=r"/\S+",
        makes=lambda: f"/hooks/dingtalk-{secrets.token_urlsafe(16)}",
        example="/hooks/dingtalk-…",
        only=("mode", "callback"),
    ),
    Ask("token", secret=True, pattern=r"[A-Za-z0-9]{0,64}", only=("mode", "callback")),
    Ask("aes_key", secret=True, pattern=rf"({AES_KEY})?", example="43 位字母和数字", only=("mode", "callback")),
    Ask("card_template", pattern=r"\S*"),
    Ask("calls_a_month", pattern=r"[0-9]{1,9}", default="10000", example="10000"),
)


async def open_messenger(section: Section, surroundings: Surroundings) -> Messenger:
    """Open DingTalk."""
    from messengers.dingtalk.client import DingtalkMessenger  # noqa: PLC0415 - only when it is used

    return DingtalkMessenger(section, surroundings)
