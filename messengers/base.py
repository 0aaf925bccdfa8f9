"""What the program asks of every messenger, and what it lends to each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from domain.arrival import Arrival, Ignored, Uploaded
from domain.preview import Bubble
from domain.reply import Reply
from messengers.ability import Ability


@dataclass(frozen=True, slots=True)
class Limits:
    """A messenger's limits, as data. `None` means: no limit that we know of."""

    text_chars: int
    caption_chars: int
    button_chars: int
    buttons_per_row: int
    button_rows: int
    file_in_bytes: int
    file_out_bytes: int
    per_second: float | None
    per_chat_per_second: float | None
    per_group_per_minute: int | None
    text_bytes: int | None = None
    """Bytes of UTF-8 in one message, where a messenger counts those; longer words become several messages."""
    per_chat_windows: tuple[tuple[int, int], ...] = ()
    """(messages, seconds): what one person gets beyond it is dropped, often without an error."""
    per_minute: float | None = None
    """Calls a minute, all chats together."""
    per_day: int | None = None
    per_month: int | None = None
    """Calls that are sold; they are counted, told of from 70 % on, and the last tenth is kept for answers."""
    by_person: bool = False
    """What is counted by day and month is not calls but people: one call to a thousand is a thousand."""
    busy_minutes: tuple[int, ...] = ()
    """Minutes of each hour in which no broadcast goes out: everybody else's bots speak then."""
    recipients_a_call: int = 1
    """How many people get the same words by one call; above 1 the messenger is a `BatchMessenger`."""
    keyed: bool = False
    """A letter sent twice under its key is shown once: what may have arrived can be sent again."""
    keyed_batches: bool = True
    """The same for a call that reaches many, when `keyed`. False: only single letters have a key."""
    whole_calls: bool = False
    """A call to many is shown once when it is repeated to the last byte: it goes again with everybody in it."""
    numbered: bool = False
    """Buttons may be drawn as numbered words, counted from 1 in reading order; a typed number is a press then."""
    per_process: bool = False
    """People hang on one process (an open page), so each process sends; otherwise one process at a time does."""

    @property
    def calls_per_second(self) -> float | None:
        """The tightest of the limits that hold for all chats together."""
        known = [limit for limit in (self.per_second, self.per_minute and self.per_minute / 60) if limit]
        return min(known, default=None)


@dataclass(frozen=True, slots=True)
class Ask:
    """A question of `dangqun connect`: the key of the config section, and what an answer looks like.

    Its words are in `content/<language>/<messenger>.toml`, table `page`, as `connect_<key>`; `connect_before` and
    `connect_after` say what is to be done in the messenger's console before and after.
    """

    key: str
    secret: bool = False
    pattern: str = ".+"
    """A regular expression that the whole answer fits."""
    default: str = ""
    makes: Callable[[], str] | None = None
    """Makes a value that nobody guesses, when the administrator gives none."""
    example: str = ""
    """What an answer looks like: shown when one does not fit."""
    only: tuple[str, str] | None = None
    """(key, answer): asked only after this answer to an earlier question."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a messenger wants to know again later: an address for replies, a ticket. Kept encrypted."""

    name: str
    value: str
    seconds: float
    """How long it is worth anything."""


@dataclass(frozen=True, slots=True)
class Raw:
    """One update as it came, before anyone looked inside. `key` is unique within the messenger for ever."""

    key: str
    body: str
    """JSON text."""
    note: Note | None = None
    """Committed together with it."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A kept file with its bytes."""

    name: str
    mime: str
    body: bytes


Pause = Callable[[], Awaitable[None]]


async def go_on() -> None:
    """Need no pause."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One letter on its way. `key` is the letter's id: the idempotency key where a messenger takes one."""

    key: int
    user: str
    chat: str
    reply: Reply
    edits: str | None = None
    """The messenger's id of the message to redraw; None: a new message."""
    parts_done: int = 0
    """How many of the rendered parts an earlier try has already sent."""
    recalls: bool = False
    """The message `edits` is taken back: where it can't be redrawn it is withdrawn, and these words stand instead."""
    live: bool = False
    """A newer drawing that nobody asked for: where the message `edits` can't be redrawn nothing is sent."""
    pause: Pause = field(default=go_on, compare=False)
    """Awaited between two parts of this letter: one more is out, and the next has its own turn and is counted.

    What it raises goes through.
    """
    turn: Pause = field(default=go_on, compare=False)
    """Awaited before a further call that brings no part: a redrawing, a withdrawal."""


@dataclass(frozen=True, slots=True)
class Sent:
    """It is out. `message` is the messenger's id of the part that carries the buttons (else of the last part).

    At most 512 characters. It comes back as `Outgoing.edits`.
    """

    message: str
    calls: int | None = None
    """Calls that the messenger counts, where that is not one for each part: a reply may be free, an upload cost one."""


class SendFailedError(Exception):
    """A letter did not go out, or nobody knows whether it did (`unknown`).

    `permanent`: this address will never take it (closed, blocked) when `closes_address`, else this letter is wrong.
    `retry_after`: seconds for which the whole messenger must be left alone.
    `reached`: the far side answered, and what it said concerns this letter or chat alone: it alone is tried later.
    """

    def __init__(
        self,
        why: str,
        *,
        permanent: bool = False,
        closes_address: bool = False,
        retry_after: float | None = None,
        unknown: bool = False,
        reached: bool = False,
        parts_done: int = 0,
    ) -> None:
        """Say what is known about the failure."""
        super().__init__(why)
        self.why = why
        self.permanent = permanent
        self.closes_address = closes_address
        self.retry_after = retry_after
        self.unknown = unknown
        self.reached = reached
        self.parts_done = parts_done

    def at(self, parts_done: int) -> SendFailedError:
        """Return the same failure of a letter of which so many parts are out."""
        return SendFailedError(
            self.why,
            permanent=self.permanent,
            closes_address=self.closes_address,
            retry_after=self.retry_after,
            unknown=self.unknown,
            reached=self.reached,
            parts_done=parts_done,
        )


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `dangqun doctor`: `level` is ok, warning or error; `remedy` says what to do."""

    level: str
    what: str
    remedy: str = ""
    code: str = ""
    """What the console says it as, in its reader's language; what has none is said as it stands."""
    facts: Mapping[str, object] = field(default_factory=dict)


class PausedError(Exception):
    """Nothing was taken: this copy of the installation is paused, until somebody resumes it."""


Fetch = Callable[[], Awaitable[tuple[str, float]]]
"""Asks the messenger for a token: (token, seconds for which it is valid)."""


class Doors(Protocol):
    """What the program lends to a messenger. Every method is safe to call from several tasks at once."""

    def paused(self) -> bool:
        """Answer whether this copy is paused: then nothing is taken, and nothing that was kept is shown to anybody."""

    async def accept(
        self, messenger: str, events: Sequence[Raw], cursor: str | None = None, *, within: float | None = None
    ) -> None:
        """Commit raw updates, and the poller's new cursor with them, in one transaction; known keys are no work.

        Only after it has returned may the messenger be told that the updates are taken. `within`: for messengers that
        don't wait. After so many seconds of a busy database, or at once when it is away, the updates are written to a
        file of our own that outlives a power cut, this returns, and they go into the database when it can be reached.
        Raises an exception when nothing was stored (the disk is full, the database is down, `PausedError`): then don't
        acknowledge.
        """

    async def cursor(self, messenger: str) -> str | None:
        """Return the cursor committed last."""

    async def token(
        self,
        messenger: str,
        name: str,
        fetch: Fetch,
        *,
        refused: str = "",
        early: float = 300.0,
        lasts: float | None = None,
    ) -> str:
        """Return a token from the database, or fetch it: once, however many processes ask at the same time.

        Renewed `early` seconds before its end. `refused`: the token that the messenger would not take; unless another
        has taken its place meanwhile it is dropped, and fetched anew. `lasts`: seconds that fetching may take, where
        that is not a token's usual time. What `fetch` raises goes through.
        """

    async def note(self, messenger: str, name: str) -> str | None:
        """Return what was noted under this name (`Raw.note`); None when it is worth nothing any more."""

    async def keep_file(self, stored: StoredFile) -> int:
        """Keep bytes; returns the attachment id."""

    async def open_file(self, attachment: int) -> StoredFile | None:
        """Return a kept file."""

    async def mailbox(self, messenger: str, user: str, after: int, limit: int) -> list[MailboxItem]:
        """Return what this user said and was sent, oldest first: the `limit` newest with a letter id above `after`.

        For a messenger that keeps no history of its own (the embedded chat).
        """

    async def may_send_files(self, messenger: str, user: str) -> bool:
        """Answer whether a file of this user is kept at all: only those who are bound and have agreed send any."""

    async def sign_in(self, ticket: str, account: str) -> str:
        """Bind this account of the embedded chat, which nobody has used, for some hours by the ticket of a link.

        Returns "ok", "used", "late" or "unknown".
        """

    async def news(self, messenger: str, users: Sequence[str], seconds: float) -> list[tuple[str, Outgoing]]:
        """Return (sent at, letter) of what left for these users in the last seconds, whichever process sent it."""


@dataclass(frozen=True, slots=True)
class MailboxItem:
    """A line of the history: a letter (then `letter`), or a raw update of the user's own (then `raw`)."""

    at: str
    """UTC, ISO 8601."""
    letter: Outgoing | None = None
    raw: Raw | None = None


@dataclass(slots=True)
class Surroundings:
    """What a messenger is opened with, beside its own config section."""

    doors: Doors
    secret: bytes
    """The program's signing key, for links that the messenger hands out itself."""
    base_url: str
    """Where people's browsers reach this program, without a slash at the end."""
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Language -> key -> sentence: what a messenger's own page says (content/zh/<messenger>.toml, section `page`)."""
    demo_people: Sequence[Mapping[str, str]] = ()
    """Demo only: who a visitor may be; each with `token`, `name`, `role`, `language`."""
    commands: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    """Language -> (command, description), for messengers that register them."""
    several: bool = False
    """Whether other processes may serve the same people."""


class Messenger(Protocol):
    """One messenger, opened."""

    name: str
    limits: Limits
    abilities: Mapping[str, Ability]
    """For each of `ABILITIES`."""

    def receive(self, body: str) -> Arrival | Ignored:
        """Read one raw update. Pure. Raises `MalformedUpdateError`."""

    def render(self, reply: Reply) -> list[dict[str, Any]]:
        """Return the messages that a reply becomes, in order; pure, never empty; limits obeyed, no word lost.

        The same reply makes the same bytes, at any time and in any process.
        """

    def preview(self, reply: Reply) -> list[Bubble]:
        """Return what the readers of a broadcast see of this reply, a bubble a message, made of what is rendered."""

    async def send(self, letter: Outgoing) -> Sent:
        """Send or redraw. Raises `SendFailedError` and nothing else that is expected."""

    async def fetch(self, uploaded: Uploaded) -> StoredFile:
        """Fetch the bytes behind an upload. Raises `SendFailedError` (permanent: it is gone or too large)."""

    async def acknowledge(self, body: str) -> None:
        """Tell the person at once that a press or a text was seen (spinner, typing). Best effort, raises nothing."""

    async def run(self) -> None:
        """Take updates in until cancelled (polling, sockets). Returns at once when updates come by `routes`."""

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the HTTP routes that this messenger needs."""

    def link(self, payload: str) -> str:
        """Return a link that opens the private chat with this payload; empty when the messenger has none."""

    async def check(self) -> list[Check]:
        """Look at credentials, permissions, reachability and the clock for `doctor`. Nothing of `Doors` is there."""

    async def close(self) -> None:
        """Let go of sockets and sessions."""


class BatchMessenger(Messenger, Protocol):
    """A messenger with a call that reaches many."""

    async def send_many(self, letters: Sequence[Outgoing]) -> Sequence[Sent | SendFailedError]:
        """Send the same reply to all of them by one call; what became of each, in their order.

        `calls` of the first that is out is for all of them. Raises `SendFailedError` when nothing of it went out.
        """


@dataclass(frozen=True, slots=True)
class Reads:
    """How many of those to whom a message went have read it, as far as the messenger says."""

    asked: int
    read: int


class ReadingMessenger(Messenger, Protocol):
    """A messenger that tells how many have read what was sent."""

    async def reads(self, letters: Sequence[tuple[str, str]]) -> Reads:
        """Count readers of letters, each (account, `Sent.message`). Never who. Raises `SendFailedError`."""


Open = Callable[[Any, Surroundings], Awaitable[Messenger]]
"""Every messenger's package has `async def open_messenger(config, surroundings) -> Messenger`."""
