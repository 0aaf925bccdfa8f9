"""Writing letters: answers to whoever spoke, pushes to one or many. A letter is a row; `bot/delivery.py` sends it.

Pushes obey each person's mutes, quiet hours and the day's budget; what must wait gets a later time, what a person muted
is not written at all. `compose` is asked once a language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from content import Voice, voice
from domain.codec import decode_reply, encode_reply
from domain.push import KINDS, Audience, Kind, later
from domain.reply import Reply
from services import calendar
from services.work import Work
from storage import address, outbox, preference, stretch
from storage import campaign as campaigns
from storage import member as members
from storage.address import Reachable
from storage.claim import Claimed

Compose = Callable[[Voice], Reply]


ROWS_AT_ONCE = 1000
"""A campaign to more people than this is laid as stretches; their letters are written as they leave."""
LISTED = 5000
"""So many are listed in their stretches; a larger audience is described, and found again as it is cut."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a push: how many letters were written or laid, and why others were not."""

    campaign: int | None
    letters: int
    left_out: Counter[str] = field(default_factory=Counter)
    """`unbound`, `closed`, `muted`, `capped`; of a campaign laid as stretches only as it is being sent."""


def answer(
    work: Work,
    messenger: str,
    account: str,
    chat: str,
    reply: Reply,
    edits: str | None = None,
    kind: str = outbox.ANSWER_KIND,
    language: str = "",
) -> int:
    """Write the answer to whoever spoke just now; quiet hours don't hold, the person is awake. Returns the letter."""
    handing, must_arrive = work.handing, True
    handed = handing is not None and handing.messenger == messenger
    payload, edited = encode_reply(reply), edits if reply.edits else None
    number = outbox.write(
        work.connection,
        {
            "messenger": messenger,
            "recipient": account,
            "chat": chat,
            "member_id": None,
            "lane": outbox.ANSWER,
            "kind": kind,
            "must_arrive": 1,
            "language": language,
            "payload": payload,
            "edits": edited,
            "state": outbox.SENDING if handed else outbox.READY,
            "created_at": work.now,
            "next_at": work.now,
            "lease_until": handing.until if handing is not None and handed else None,
            "attempts": int(handed),
        },
    )
    if handing is not None and handed:
        fresh = (number, account, chat, kind, must_arrive, 1, 0, edited, payload, None, outbox.ANSWER, None, language)
        handing.letters.append(Claimed(*fresh))
    elif handing is not None:
        handing.more = True
    return number


def tell(work: Work, member_id: int, kind: str, compose: Compose) -> bool:
    """Push to one person, e.g. the other side of a request; False when it was not written (unbound, muted, capped)."""
    return push(work, [member_id], kind, compose).letters == 1


def push(
    work: Work,
    to: Iterable[int] | Audience,
    kind: str,
    compose: Compose,
    *,
    subject: str = "",
    at: datetime | None = None,
) -> Posted:
    """Write one campaign to these people. `kind` is one of `domain.push.KINDS`; `subject` names what it is about.

    `at`: not before this moment (UTC). Its audience is fixed now, however long it takes to send.
    """
    rules, wish = KINDS[kind], at or work.now
    if work.handing is not None:
        work.handing.more = True
    if isinstance(to, Audience):
        few = members.some_of(work.connection, to.path, to.standings, LISTED + 1)
        if len(few) > LISTED:
            number = _open(work, rules, subject, compose)
            campaigns.describe(work.connection, number, to.path, [one.value for one in to.standings])
            stretch.lay(work.connection, number, _lane(rules), _served(work), wish)
            return Posted(number, 0)
        to = few
    wanted = sorted(set(to))
    if len(wanted) > ROWS_AT_ONCE:
        number = _open(work, rules, subject, compose)
        missing = _missing(work, wanted, address.reachable(work.connection, wanted)) if len(wanted) <= LISTED else {}
        campaigns.change(work.connection, number, people=len(wanted), **missing)
        stretch.lay_list(work.connection, number, _lane(rules), _served(work), wish, wanted)
        return Posted(number, len(wanted))
    return _write_letters(work, wanted, rules, subject, compose, wish)


def _served(work: Work) -> list[str]:
    """Return the messengers on which anybody was met and that are switched on."""
    on = work.organisation.messengers
    return [name for name in address.messengers(work.connection) if not on or name in on]


def _write_letters(
    work: Work, wanted: Sequence[int], rules: Kind, subject: str, compose: Compose, wish: datetime
) -> Posted:
    reachable = address.reachable(work.connection, wanted)
    left_out = _missing(work, wanted, reachable)
    willing, moments = sift(work, list(reachable), rules, wish, left_out)
    if not willing:
        return Posted(None, 0, +left_out)
    number = _open(work, rules, subject, compose)
    campaigns.change(work.connection, number, people=len(wanted), **left_out)
    rows = [row(work, reachable[person], number, rules, moments[person]) for person in willing]
    outbox.write_many(work.connection, rows)
    return Posted(number, len(rows), +left_out)


def _missing(work: Work, wanted: Sequence[int], reachable: Container[int]) -> Counter[str]:
    """Count who has no account at all, and whose accounts are all closed."""
    missing = [person for person in wanted if person not in reachable]
    closed = address.shut(work.connection, missing) if missing else 0
    return Counter(closed=closed, unbound=len(missing) - closed)


def _open(work: Work, rules: Kind, subject: str, compose: Compose) -> int:
    values = {
        "kind": rules.name,
        "subject": subject,
        "payload_zh": encode_reply(compose(voice("zh"))),
        "payload_en": encode_reply(compose(voice("en"))),
        "created_at": work.now,
        "state": outbox.READY,
    }
    return campaigns.open_one(work.connection, values)


def sift(
    work: Work, people: Sequence[int], rules: Kind, wish: datetime, left_out: Counter[str]
) -> tuple[list[int], dict[int, datetime]]:
    """Return who of these gets it, and when each may be reached; counts who muted it or has had the day's pushes."""
    willing = willing_of(work, people, rules, left_out)
    moments = moments_of(work, willing, rules, wish)
    return within_budget(work, willing, rules, moments, left_out), moments


def willing_of(work: Work, people: Sequence[int], rules: Kind, left_out: Counter[str]) -> list[int]:
    """Leave out who muted the kind."""
    chosen = preference.chosen(work.connection, people, rules.name) if rules.mutable else {}
    willing = [person for person in people if chosen.get(person, rules.default)]
    left_out["muted"] = len(people) - len(willing)
    return willing


def within_budget(
    work: Work, people: Sequence[int], rules: Kind, moments: dict[int, datetime], left_out: Counter[str]
) -> list[int]:
    """Leave out who would get more than the budget on the day of arrival: what waits for morning counts then."""
    if not rules.budgeted:
        return list(people)
    organisation, within = work.organisation, []
    days = {person: organisation.today(moments[person]) for person in people}
    for day in sorted(set(days.values())):
        ours = [person for person in people if days[person] == day]
        first, last = organisation.start_of(day), organisation.start_of(day + timedelta(days=1))
        had = outbox.pushes_between(work.connection, ours, first, last)
        within += [person for person in ours if had.get(person, 0) < organisation.pushes_a_day]
    left_out["capped"] = len(people) - len(within)
    return sorted(within)


def moments_of(work: Work, people: Sequence[int], rules: Kind, wish: datetime) -> dict[int, datetime]:
    """Return when each may be reached: at once, or when the quiet hours are over."""
    if rules.urgent:
        return dict.fromkeys(people, wish)
    own = preference.quiet_of(work.connection, people)
    usual, off = undisturbed(work, wish)
    return {person: later(wish, work.organisation, off, own[person]) if person in own else usual for person in people}


def undisturbed(work: Work, wish: datetime) -> tuple[datetime, frozenset[date]]:
    """Return when those without quiet hours of their own may be reached, and the days off that were looked at."""
    first = work.organisation.today(wish)
    off = calendar.days_off(work, first, first + timedelta(days=20))
    return later(wish, work.organisation, off, None), off


def _lane(rules: Kind) -> int:
    if rules.personal:
        return outbox.PUSH
    return outbox.URGENT if rules.urgent else outbox.BROADCAST


def row(work: Work, to: Reachable, campaign: int, rules: Kind, moment: datetime) -> dict[str, object]:
    """Return one person's letter of a campaign."""
    return {
        "messenger": to.messenger,
        "recipient": to.account,
        "chat": to.chat,
        "member_id": to.member_id,
        "lane": _lane(rules),
        "kind": rules.name,
        "must_arrive": int(rules.must_arrive),
        "campaign_id": campaign,
        "language": to.language or work.organisation.language,
        "payload": "",
        "state": outbox.READY,
        "created_at": work.now,
        "next_at": moment,
        "too_late_at": moment + rules.late_limit if rules.late_limit else None,
    }


def newest(work: Work, messenger: str, account: str) -> tuple[int, Reply] | None:
    """Return the newest letter that somebody was sent, with what it says."""
    found = outbox.newest(work.connection, messenger, account)
    return None if found is None else (found[0], decode_reply(found[1]))


def redraw(work: Work, messenger: str, account: str, chat: str, message: str, reply: Reply) -> None:
    """Redraw a card that somebody has on the screen; a drawing that has not left yet is replaced by this newer one.

    `message` is the messenger's own name for it, or `@` and the letter that brought it; one not yet delivered is left.
    Where a messenger can't redraw it nothing is sent: nobody asked, and the card has a button that looks again.
    """
    if message.startswith("@"):
        message = outbox.message_of(work.connection, int(message[1:]))
        if not message:
            return
    payload = encode_reply(reply)
    if outbox.replace_drawing(work.connection, messenger, account, message, payload):
        return
    answer(work, messenger, account, chat, reply, edits=message, kind=outbox.LIVE)


def draw(work: Work, drawings: Sequence[tuple[Mapping[str, Any], Reply]]) -> None:
    """Redraw messages that many have (messenger, recipient, chat, message), behind everything else that leaves."""
    rows = [
        {
            "messenger": row["messenger"],
            "recipient": row["recipient"],
            "chat": row["chat"],
            "member_id": None,
            "lane": outbox.BROADCAST,
            "kind": outbox.REDRAWING,
            "must_arrive": 1,
            "language": "",
            "payload": encode_reply(drawing),
            "edits": row["message"],
            "state": outbox.READY,
            "created_at": work.now,
            "next_at": work.now,
            "lease_until": None,
            "attempts": 0,
        }
        for row, drawing in drawings
    ]
    outbox.write_drawings(work.connection, rows)
