"""Feishu 飞书, a self-built app with a bot, by long connection or by HTTP callback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, SecretStr

from messengers.section import MessengerSection

if TYPE_CHECKING:
    from messengers.base import Messenger, Surroundings


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
    bind_by_directory: bool = Field(
        default=False, description="Bind a person without a code when the directory's user_id is the employee number."
    )


async def open_messenger(section: Section, surroundings: Surroundings) -> Messenger:
    """Open Feishu."""
    raise NotImplementedError
