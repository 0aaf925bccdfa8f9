"""WeCom 企业微信, a self-built app: callbacks in, `message/send` out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, SecretStr

from messengers.section import MessengerSection

if TYPE_CHECKING:
    from messengers.base import Messenger, Surroundings


class Section(MessengerSection):
    """WeCom."""

    enabled: bool = Field(default=False, description="Serve people on WeCom.")
    corp_id: str = Field("", description="The company's id (CorpID).")
    agent_id: int = Field(0, ge=0, description="The app's AgentId.")
    secret: SecretStr = Field(SecretStr(""), description="The app's Secret; better from the environment.")
    token: SecretStr = Field(SecretStr(""), description="Token of 接收消息.")
    aes_key: SecretStr = Field(SecretStr(""), description="EncodingAESKey of 接收消息, 43 characters.")
    api_base: str = Field("https://qyapi.weixin.qq.com", description="Where the API is.")
    path: str = Field("/hooks/wecom", description="The path of the callback; change it to one that nobody guesses.")
    accounts: int = Field(0, ge=0, description="How many members may use the app: 200 messages a day for each of them.")
    bind_by_directory: bool = Field(
        default=False, description="Bind a person without a code when the account is the employee number."
    )


async def open_messenger(section: Section, surroundings: Surroundings) -> Messenger:
    """Open WeCom."""
    raise NotImplementedError
