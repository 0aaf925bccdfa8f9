"""DingTalk 钉钉, an app of the company with a robot, by Stream or by HTTP callback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, SecretStr

from messengers.section import MessengerSection

if TYPE_CHECKING:
    from messengers.base import Messenger, Surroundings


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
    bind_by_directory: bool = Field(
        default=False, description="Bind a person without a code when the userid is the employee number."
    )


async def open_messenger(section: Section, surroundings: Surroundings) -> Messenger:
    """Open DingTalk."""
    raise NotImplementedError
