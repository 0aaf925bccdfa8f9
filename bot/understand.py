"""From words to a handler: button, command, open step, phrase, then words cut by jieba; else "did you mean"."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

from content import voice
from domain.arrival import Arrival, Left, Located, Opened, Pressed, Said, Uploaded
from domain.call import call
from domain.gathering import whole_code
from domain.member import NOTICE_VERSION
from domain.reply import Button, Choices, Reply, Span, Text
from handlers.grammar import Entry, ExpiredCallError, Registry, Step, Turn, reply
from services import gathering, permission, post, words

_COMMAND = re.compile(r"/([a-z_]+)(?:\s+(.*))?", re.DOTALL)
_NO_COMMAND = re.compile(r"/([A-Za-z0-9_]+)(?:\s.*)?", re.DOTALL)
_NUMBER = re.compile(r"[(\[]?([0-9]{1,3})[)\].,、。]?")
"""A number as people type it beside a list: 1, 1. or (1); full-width and circled ones are made plain before."""
_NOISE = re.compile(r"[\s,。,.!！?？、;;:：~～…\"'“”‘’()()]+")
_BEFORE_REST = " \t\n，,。.：:、"
ALWAYS = ("cancel", "home", "help", "person")
"""Words that leave any open question: nobody means them as an answer."""
SIGN_IN = "attend"
"""The entry that six digits are for."""
_TO_OFFICERS = ("demand.", "demands.")
"""Steps whose words go to whoever handles a demand."""
WISHES = ("我想要", "我想", "我要", "请帮我", "帮我", "麻烦", "请", "iwantto", "iwouldliketo", "please", "canyou")
REST = "…"
"""A phrase that ends with it is a beginning: what follows is handed to the entry.

One that begins with it too is a cry for help wherever it stands in what somebody says.
"""
SHORT = 8
"""What so few characters mean is remembered; longer sentences are somebody's own words, and are not."""
SURE = 0.6
"""From this share of understood words on, the guess is offered; below, only the nearest entries are named."""


@dataclass(frozen=True, slots=True)
class Guess:
    """An entry that the words may have meant, and how sure we are (0 to 1)."""

    entry: Entry
    score: float


def plain(sentence: str) -> str:
    """Return a sentence without punctuation, blanks and upper case."""
    return _NOISE.sub("", sentence).lower()


@cache
def _phrases(language: str) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Return (whole phrase -> entry, (beginning, entry) longest first) of one language."""
    whole: dict[str, str] = {}
    beginnings: list[tuple[str, str]] = []
    for name, listed in voice(language).phrases.items():
        for phrase in listed:
            if phrase.startswith(REST):
                continue
            if phrase.endswith(REST):
                beginnings.append((plain(phrase), name))
            else:
                whole[plain(phrase)] = name
    return whole, tuple(sorted(beginnings, key=lambda pair: -len(pair[0])))


@cache
def _cries() -> re.Pattern[str]:
    """Return the words of any language that only somebody in distress says, as `plain` writes them."""
    listed = (phrase for language in ("zh", "en") for said in voice(language).phrases.values() for phrase in said)
    return re.compile("|".join(re.escape(plain(phrase).strip(REST)) for phrase in listed if phrase.startswith(REST)))


def distressed(sentence: str) -> bool:
    """Answer whether somebody in distress says this."""
    return _cries().search(plain(sentence)) is not None


def match(sentence: str) -> tuple[str, str] | None:
    """Return (entry, rest) when the sentence is a known phrase of any language, else None. Needs no dictionary."""
    return _known(sentence) if len(sentence) <= SHORT else _match(sentence)


@lru_cache(maxsize=256)
def _known(sentence: str) -> tuple[str, str] | None:
    return _match(sentence)


def _match(sentence: str) -> tuple[str, str] | None:
    bare = plain(sentence)
    for said in (bare, _without_wish(bare)):
        for language in ("zh", "en"):
            whole, _ = _phrases(language)
            if said in whole:
                return whole[said], ""
    for language in ("zh", "en"):
        _, beginnings = _phrases(language)
        for beginning, name in beginnings:
            if bare.startswith(beginning) and len(bare) > len(beginning):
                return name, _after(sentence, len(beginning))
    return None


def _without_wish(bare: str) -> str:
    """Return words without the politeness before them: 我想签到 is 签到."""
    for wish in WISHES:
        if bare.startswith(wish) and len(bare) > len(wish):
            return _without_wish(bare.removeprefix(wish))
    return bare


def _after(sentence: str, count: int) -> str:
    """Return what follows the first `count` meaningful characters, as the person typed it."""
    for place, character in enumerate(sentence):
        if count == 0:
            return sentence[place:].lstrip(_BEFORE_REST)
        if not _NOISE.fullmatch(character):
            count -= 1
    return ""


@cache
def _vocabulary() -> dict[str, Counter[str]]:
    """Return how often each word stands in the phrases and the help of each entry."""
    found: dict[str, Counter[str]] = {}
    for language in ("zh", "en"):
        for name, listed in voice(language).phrases.items():
            counter = found.setdefault(name, Counter())
            for phrase in listed:
                counter.update(set(words.cut(phrase.lower())))
    return found


def guesses(sentence: str, registry: Registry) -> list[Guess]:
    """Return the entries that the words may have meant, likeliest first. A rare word says more than a common one."""
    said = set(words.cut(sentence.lower()))
    vocabulary = _vocabulary()
    spread = Counter(word for counter in vocabulary.values() for word in counter)
    total = sum(1 / spread.get(word, 1) for word in said) or 1.0
    found = []
    for name, counter in vocabulary.items():
        score = sum(1 / spread[word] for word in said if word in counter) / total
        if score > 0 and name in registry.entries:
            found.append(Guess(registry.entries[name], score))
    return sorted(found, key=lambda guess: (-guess.score, guess.entry.name))


def needs_dictionary(arrival: Arrival) -> bool:
    """Whether understanding this may cut words: the edge then loads the dictionary off the event loop first."""
    return (
        isinstance(arrival.content, Said)
        and not arrival.content.text.startswith("/")
        and match(arrival.content.text) is None
    )


def understand(turn: Turn) -> Callable[[], Reply]:
    """Return what to do with this arrival. Nothing has happened yet."""
    registry, content = turn.registry, turn.arrival.content
    match content:
        case Pressed(words_of_button):
            return lambda: _press(turn, words_of_button)
        case Opened(payload):
            return lambda: registry.entries["start"].run(turn, payload)
        case Uploaded() if turn.caller.person is None or turn.caller.person.consent < NOTICE_VERSION:
            return lambda: registry.entries["start"].run(turn, "")
        case Uploaded():
            return _to_step(turn, content) or (lambda: registry.buttons["help.file"](turn))
        case Said(text):
            return _numbered(turn, text.strip()) or _said(turn, text.strip())
        case Located() as place:
            return _place(turn, place)
        case Left():
            raise TypeError("nobody is there to be answered")


def _press(turn: Turn, words_of_button: str) -> Reply:
    try:
        return turn.registry.press(turn, words_of_button)
    except ExpiredCallError:
        return turn.registry.buttons["help.expired"](turn)


def _said(turn: Turn, text: str) -> Callable[[], Reply]:
    """Tell apart command, cancelling, an answer to the open question, a phrase, and words to be guessed at."""
    command = _COMMAND.fullmatch(text)
    if command is not None:
        entry = turn.registry.entries.get(command[1])
        if entry is not None:
            return _run(turn, entry, (command[2] or "").strip())
    known = match(text)
    if distressed(text):
        return _distress(turn, text, known)
    misspelt = _NO_COMMAND.fullmatch(text)
    if misspelt is not None:
        near = difflib.get_close_matches(misspelt[1].lower(), turn.registry.entries, n=2, cutoff=0.7)
        return lambda: turn.registry.buttons["help.no_command"](turn, ",".join(near))
    if known is not None and known[0] in ALWAYS and not known[1]:
        return _run(turn, turn.registry.entries[known[0]], "")
    step = _coded(turn, text) or _to_step(turn, Said(text), known)
    if step is None and known is not None and known[0] in turn.registry.entries:
        return _run(turn, turn.registry.entries[known[0]], known[1])
    return step or _unknown(turn, text)


def _distress(turn: Turn, text: str, known: tuple[str, str] | None) -> Callable[[], Reply]:
    """Name people first, whatever is open. What is said to the officer of a demand is heard as that too."""
    aside: Callable[[], Reply] | None = None
    if turn.step.startswith(_TO_OFFICERS):
        aside = _to_step(turn, Said(text), known)
    elif known is not None and known[0] == "demand":
        aside = _run(turn, turn.registry.entries["demand"], known[1])

    def answer() -> Reply:
        first = turn.registry.buttons["help.distress"](turn)
        if aside is None:
            return first
        then = aside()
        words = tuple(block for block in first.blocks if not isinstance(block, Choices))
        return Reply((*words, *then.blocks), personal=max(first.personal, then.personal))

    return answer


def _open_step(turn: Turn) -> Step | None:
    """Return what waits for words; None when nothing does any more."""
    late = turn.expires_at is not None and turn.expires_at <= turn.work.now
    return None if late else turn.registry.steps.get(turn.step)


def _to_step(turn: Turn, content: Said | Uploaded, known: tuple[str, str] | None = None) -> Callable[[], Reply] | None:
    step = _open_step(turn)
    if step is None:
        return None
    if step.yields and known is not None and (not known[1] or _signs_in(known)):
        turn.close()
        return None
    return lambda: step.run(turn, content)


def _signs_in(known: tuple[str, str]) -> bool:
    """Answer whether a phrase is 签到 with a code and nothing else: as little a sentence as 签到 alone."""
    return known[0] == SIGN_IN and whole_code(known[1]) is not None


def _coded(turn: Turn, text: str) -> Callable[[], Reply] | None:
    """Take six digits alone as 签到 with them, where a sign-in is open for whoever types them.

    An open question that may mean digits, or that takes any words as they are, comes first.
    """
    code, person, step = whole_code(text), turn.caller.person, _open_step(turn)
    if code is None or person is None or person.consent < NOTICE_VERSION or SIGN_IN not in turn.registry.entries:
        return None
    if step is not None and (step.digits or not step.yields):
        return None
    if not gathering.expects(turn.work, person.id):
        return None
    if step is not None:
        turn.close()
    return _run(turn, turn.registry.entries[SIGN_IN], code)


def _run(turn: Turn, entry: Entry, rest: str) -> Callable[[], Reply]:
    if not entry.guests:
        person = turn.caller.person
        if person is None or person.consent < NOTICE_VERSION:
            return lambda: turn.registry.entries["start"].run(turn, "")
        if entry.needs is not None and not permission.may_anywhere(turn.work, person.id, entry.needs):
            return lambda: turn.registry.buttons["help.not_yours"](turn)
    return lambda: entry.run(turn, rest)


def _buttons(turn: Turn) -> tuple[Button, ...]:
    """Return the buttons under the newest message as its reader sees them: a link may stand in its place."""
    found = post.newest(turn.work, turn.arrival.messenger, turn.arrival.user)
    if found is None:
        return ()
    number, shown = found
    if turn.carries(shown.personal):
        return shown.buttons
    again = call("help.link", number)
    return turn.button("help.self_hosted", again), turn.button("help.new_link", again)


def _numbered(turn: Turn, text: str) -> Callable[[], Reply] | None:
    """Take a number as a press, where buttons are numbered words and no open question asks for one."""
    written = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text)) if turn.numbered else None
    step = _open_step(turn)
    if written is None or (step is not None and step.numbers):
        return None
    buttons = _buttons(turn)
    if not any(button.call for button in buttons) or not 1 <= int(written[1]) <= len(buttons):
        return None
    button = buttons[int(written[1]) - 1]
    if button.url:
        return lambda: reply(Text((Span(button.label, "link", button.url),)))
    return lambda: _press(turn, button.call)


def _place(turn: Turn, place: Located) -> Callable[[], Reply]:
    """Hand a place over in words where one is of use; anywhere else nothing of it is kept."""
    step, person = _open_step(turn), turn.caller.person
    if step is not None and step.places and person is not None and person.consent >= NOTICE_VERSION:
        where = f"{place.latitude:.5f}", f"{place.longitude:.5f}"
        code = "help.place_named" if place.label else "help.place"
        words = turn.voice.line(code, label=place.label, latitude=where[0], longitude=where[1])
        return lambda: step.run(turn, Said(words))
    turn.forgets = True
    return lambda: turn.registry.buttons["help.place"](turn)


def _typed_label(turn: Turn, text: str) -> Callable[[], Reply] | None:
    """Take words that stand on a button of the newest message as a press of it."""
    wanted = plain(text)
    for button in _buttons(turn):
        if button.call and plain(button.label).strip("‹›✓✗—☐☑") == wanted:
            return lambda call=button.call: _press(turn, call)  # type: ignore[misc]
    return None


def _unknown(turn: Turn, text: str) -> Callable[[], Reply]:
    if turn.caller.person is None or turn.caller.person.consent < NOTICE_VERSION:
        return lambda: turn.registry.entries["start"].run(turn, text)
    pressed = _typed_label(turn, text)
    if pressed is not None:
        return pressed
    found = guesses(text, turn.registry)
    if found and found[0].score >= SURE and (len(found) == 1 or found[0].score > found[1].score):
        entry = found[0].entry
        if entry.writes:
            return lambda: turn.registry.buttons["help.confirm"](turn, entry.name)
        return _run(turn, entry, "")
    nearest = ",".join(guess.entry.name for guess in found[:3])
    return lambda: turn.registry.buttons["help.nearest"](turn, nearest)
