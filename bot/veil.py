"""What stands instead of a reply that a messenger may not carry: a link that opens our own page, signed in, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.config import Settings
from content import Voice, voice
from domain.call import call
from domain.ceiling import Ceiling
from domain.reply import Button, Choices, Reply, Text
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
        if not self._page or messenger.name == "web":
            return self._nowhere(reply, speech, letter.kind)
        signed = ticket(self._key, letter.id, messenger.name, letter.recipient)
        return self._linked(reply, speech, letter.kind, signed, letter.id)

    def example(self, reply: Reply, messenger: Messenger, language: str, kind: str) -> Reply:
        """Return the reply, or what would stand for it in a private chat, with a link that opens nothing."""
        if self._ceilings[messenger.name].carries(reply.personal, group=False):
            return reply
        speech = voice(language)
        if not self._page or messenger.name == "web":
            return self._nowhere(reply, speech, kind)
        return self._linked(reply, speech, kind, "…", 0)

    def _nowhere(self, reply: Reply, speech: Voice, kind: str) -> Reply:
        return Reply((*_about(speech, kind), speech.say("help.too_personal_nowhere")), edits=reply.edits)

    def _linked(self, reply: Reply, speech: Voice, kind: str, signed: str, number: int) -> Reply:
        way = f"{self._page}/chat/in/{signed}"
        if speech.language != "zh":
            way += f"?language={speech.language}"
        rows = (
            (Button(speech.label("help.self_hosted"), url=way),),
            (Button(speech.label("help.new_link"), call("help.link", number)),),
        )
        return Reply((*_about(speech, kind), speech.say("help.too_personal"), Choices(rows)), edits=reply.edits)


def _about(speech: Voice, kind: str) -> list[Text]:
    return [speech.say(f"help.about_{kind}")] if f"help.about_{kind}" in speech.sentences else []
