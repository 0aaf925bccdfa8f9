"""What stands instead of a reply that a messenger may not carry: a link that opens our own page, signed in, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.config import Settings
from content import voice
from domain.call import call
from domain.ceiling import Ceiling
from domain.reply import Button, Choices, Reply
from domain.sign_in import ticket
from messengers import NAMES
from messengers.base import Messenger
from storage.claim import Claimed


class Veil:
    """Replaces what is too personal for a messenger, or for a group."""

    def __init__(self, settings: Settings, key: bytes, links: Mapping[str, Callable[[str], str]]) -> None:
        """`links`: messenger -> (payload -> link to the private chat); filled while messengers are opened."""
        self._ceilings: Mapping[str, Ceiling] = {name: settings.ceiling_of(name) for name in NAMES}
        self._language = settings.organisation.language
        self._page = settings.web.base_url.rstrip("/") if settings.web.enabled else ""
        """Where browsers reach us; empty: nobody has said, and a link would lead nowhere."""
        self._key = key
        self._links = links

    def __call__(self, reply: Reply, messenger: Messenger, letter: Claimed) -> Reply:
        """Return the reply, or what stands for it. The same letter always gets the same bytes."""
        group = letter.chat != letter.recipient
        if self._ceilings[messenger.name].carries(reply.personal, group=group):
            return reply
        speech = voice(letter.language or self._language)
        if group:
            private = self._links[messenger.name]("") if messenger.name in self._links else ""
            if not private:
                return Reply((speech.say("help.group_plain"),), edits=reply.edits)
            button = Button(speech.label("help.private"), url=private)
            return Reply((speech.say("help.group"), Choices(((button,),))), edits=reply.edits)
        about = [speech.say(f"help.about_{letter.kind}")] if f"help.about_{letter.kind}" in speech.sentences else []
        if not self._page or messenger.name == "web":
            return Reply((*about, speech.say("help.too_personal_nowhere")), edits=reply.edits)
        way = f"{self._page}/chat/in/{ticket(self._key, letter.id, messenger.name, letter.recipient)}"
        if speech.language != "zh":
            way += f"?language={speech.language}"
        rows = (
            (Button(speech.label("help.self_hosted"), url=way),),
            (Button(speech.label("help.new_link"), call("help.link", letter.id)),),
        )
        return Reply((*about, speech.say("help.too_personal"), Choices(rows)), edits=reply.edits)
