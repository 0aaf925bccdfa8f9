"""Taking letters that are due, under a lease: whose process dies is taken again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.sql.dml import ReturningUpdate

from domain.member import NOTICE_VERSION
from storage import outbox
from storage.address import address
from storage.base import UtcTime
from storage.member import member
from storage.outbox import (
    ANSWER,
    BROADCAST,
    FAILED,
    HELD,
    MUTED,
    PUSH,
    READY,
    RECALLED,
    SENDING,
    URGENT,
    campaign,
    letter,
)
from storage.preference import preference
from storage.prepared import Prepared
from storage.stretch import stretch


class Due(NamedTuple):
    """A letter that may leave now, for all that its own row says."""

    id: int
    lane: int
    kind: str
    member_id: int | None
    campaign_id: int | None
    next_at: datetime


class Claimed(NamedTuple):
    """A letter that this process may send until its lease ends."""

    id: int
    recipient: str
    chat: str
    kind: str
    must_arrive: bool
    attempts: int
    parts_done: int
    edits: str | None
    payload: str
    too_late_at: datetime | None
    lane: int
    campaign_id: int | None
    language: str
    claim: int = 0
    """Which claim of this letter it is; who was handed a letter as it was written holds claim 0."""
    unknowns: int = 0
    """After how many tries nobody knew whether it had arrived."""
    call: int | None = None
    """The call to many that it was sent in before."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one letter; `again_at` with state ready means: try again then."""

    letter: int
    state: str
    claim: int = 0
    """The claim under which it was tried; under an older one nothing is said any more."""
    message: str = ""
    note: str = ""
    again_at: datetime | None = None
    parts: int = 0
    attempts: int | None = None
    """How many tries count against it from now on, when this one was not its fault."""
    closes: str = ""
    """The account that takes nothing any more."""
    unknown: bool = False
    """Nobody knows whether this try arrived, whatever becomes of the letter."""


_READY_NOW = and_(
    letter.c.messenger == bindparam("messenger"),
    or_(
        and_(letter.c.state == READY, letter.c.next_at <= bindparam("now", type_=UtcTime)),
        and_(letter.c.state == SENDING, letter.c.lease_until < bindparam("now", type_=UtcTime)),
    ),
)
_DUE = (
    select(letter.c.id, letter.c.lane, letter.c.kind, letter.c.member_id, letter.c.campaign_id, letter.c.next_at)
    .where(_READY_NOW, letter.c.lane > ANSWER)
    .order_by(letter.c.lane, letter.c.id)
    .limit(bindparam("most"))
)
_DUE_NOW = Prepared({"sqlite": _DUE, "postgresql": _DUE.with_for_update(skip_locked=True)})


def due(connection: Connection, messenger: str, now: datetime, most: int) -> list[Due]:
    """Return at most so many letters that are due and are no answers, in the order in which they leave."""
    rows = _DUE_NOW.rows(connection, {"messenger": messenger, "now": now, "most": most})
    return [Due(*row) for row in rows]


_FIRST_ANSWERS = (
    select(letter.c.id)
    .where(
        letter.c.messenger == bindparam("messenger"),
        # Both states by name, so that the index finds them and nothing of the past is looked at.
        letter.c.state.in_([literal_column(f"'{state}'", String) for state in (READY, SENDING)]),
        letter.c.lane == ANSWER,
        or_(
            # An answer that was never tried is due whatever the clock says: it may have been set back meanwhile.
            and_(
                letter.c.state == READY,
                or_(letter.c.next_at <= bindparam("now", type_=UtcTime), letter.c.attempts == 0),
            ),
            letter.c.lease_until < bindparam("now", type_=UtcTime),
        ),
    )
    .order_by(letter.c.id)
    .limit(bindparam("most"))
)


def _take_answers(first: Select[tuple[int]]) -> ReturningUpdate[Any]:
    return (
        letter.update()
        .where(letter.c.id.in_(first.scalar_subquery()))
        .values(
            state=SENDING,
            lease_until=bindparam("until", type_=UtcTime),
            attempts=letter.c.attempts + 1,
            claims=letter.c.claims + 1,
        )
        .returning(
            letter.c.id,
            letter.c.recipient,
            letter.c.chat,
            letter.c.kind,
            letter.c.must_arrive,
            letter.c.attempts,
            letter.c.parts_done,
            letter.c.edits,
            letter.c.payload,
            letter.c.too_late_at,
            letter.c.lane,
            letter.c.campaign_id,
            letter.c.language,
            letter.c.claims,
            letter.c.unknowns,
            letter.c.call,
        )
    )


_TAKE_ANSWERS = Prepared(
    {
        "sqlite": _take_answers(_FIRST_ANSWERS),
        "postgresql": _take_answers(_FIRST_ANSWERS.with_for_update(skip_locked=True)),
    }
)


def take_answers(connection: Connection, messenger: str, now: datetime, lease: timedelta, most: int) -> list[Claimed]:
    """Claim answers that are due, in the order in which they leave."""
    values = {"messenger": messenger, "now": now, "until": now + lease, "most": most}
    return sorted((Claimed(*row) for row in _TAKE_ANSWERS.rows(connection, values)), key=lambda one: one.id)


def _theirs() -> Any:  # noqa: ANN401 - an SQL expression
    """Pick a letter whose account is still its member's, who has neither left nor taken consent back."""
    return (
        select(address.c.id)
        .join(member, member.c.id == address.c.member_id)
        .where(
            address.c.messenger == letter.c.messenger,
            address.c.account == letter.c.recipient,
            address.c.member_id == letter.c.member_id,
            member.c.left_at.is_(None),
            member.c.consent >= NOTICE_VERSION,
        )
        .exists()
    )


def _muted() -> Any:  # noqa: ANN401 - an SQL expression
    return (
        select(preference.c.kind)
        .where(
            preference.c.member_id == letter.c.member_id,
            preference.c.kind == letter.c.kind,
            preference.c.wanted.is_(false()),
        )
        .exists()
    )


_CHANGED = (
    select(
        letter.c.id,
        case(
            (campaign.c.state.in_((HELD, RECALLED)), campaign.c.state),
            (and_(letter.c.member_id.is_not(None), ~_theirs()), literal(FAILED)),
            (and_(letter.c.member_id.is_not(None), _muted()), literal(MUTED)),
            else_=literal(""),
        ),
    )
    .select_from(letter.outerjoin(campaign))
    .where(letter.c.id.in_(bindparam("ids", expanding=True)))
)


def changed(connection: Connection, letters: Iterable[int]) -> dict[int, str]:
    """Return the letters that may not leave any more, with the state that is theirs now.

    Their reader left, unbound the account, took consent back or muted the kind; or the campaign was paused or recalled.
    """
    rows = connection.execute(_CHANGED, {"ids": list(letters)})
    return {row[0]: row[1] for row in rows if row[1]}


def set_aside(
    connection: Connection, letters: Sequence[int], state: str, now: datetime, why: str = "no longer wanted"
) -> None:
    """Put letters into a state in which nothing is sent."""
    note = why if state == FAILED else ""
    connection.execute(
        letter.update()
        .where(letter.c.id.in_(letters))
        .values(state=state, note=note, settled_at=None if state == HELD else now, lease_until=None)
    )


def put_off(connection: Connection, letters: Sequence[int], until: datetime) -> None:
    """Let letters leave no earlier than this."""
    connection.execute(
        letter.update().where(letter.c.id.in_(letters)).values(state=READY, next_at=until, lease_until=None)
    )


def take(connection: Connection, letters: Sequence[int], now: datetime, lease: timedelta) -> list[Claimed]:
    """Claim these letters until the lease ends."""
    connection.execute(
        letter.update()
        .where(letter.c.id.in_(letters))
        .values(state=SENDING, lease_until=now + lease, attempts=letter.c.attempts + 1, claims=letter.c.claims + 1)
    )
    return claimed(connection, letters)


_CLAIMED = (
    select(
        letter.c.id,
        letter.c.recipient,
        letter.c.chat,
        letter.c.kind,
        letter.c.must_arrive,
        letter.c.attempts,
        letter.c.parts_done,
        letter.c.edits,
        outbox.payload(),
        letter.c.too_late_at,
        letter.c.lane,
        letter.c.campaign_id,
        letter.c.language,
        letter.c.claims,
        letter.c.unknowns,
        letter.c.call,
    )
    .select_from(letter.outerjoin(campaign))
    .where(letter.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(letter.c.lane, letter.c.id)
)


def join_call(connection: Connection, letters: Sequence[int]) -> None:
    """Write down that these letters go in one call, before it is made: should it be repeated, then with all of them."""
    connection.execute(letter.update().where(letter.c.id.in_(letters)).values(call=min(letters)))


def claimed(connection: Connection, letters: Sequence[int]) -> list[Claimed]:
    """Return claimed letters whole, in the order in which they leave."""
    return [Claimed(*tuple(row)) for row in connection.execute(_CLAIMED, {"ids": list(letters)})]


def renew(connection: Connection, letters: Sequence[int], until: datetime) -> None:
    """Hold these letters for longer: they are still in somebody's hand."""
    connection.execute(
        letter.update().where(letter.c.id.in_(letters), letter.c.state == SENDING).values(lease_until=until)
    )


def free(connection: Connection, messenger: str, now: datetime) -> None:
    """Let go of what a former sender had in hand: whoever asks is the only sender of this messenger."""
    connection.execute(
        letter.update()
        .where(letter.c.messenger == messenger, letter.c.state == SENDING)
        .values(state=READY, next_at=now, lease_until=None)
    )


def _earliest(lane: int) -> Any:  # noqa: ANN401 - an SQL expression
    mine = (letter.c.messenger == bindparam("messenger"), letter.c.state == READY, letter.c.lane == lane)
    return select(func.min(letter.c.next_at)).where(*mine).scalar_subquery().label(f"lane{lane}")


_NEXT = Prepared(
    select(
        *(_earliest(lane) for lane in (ANSWER, PUSH, URGENT, BROADCAST)),
        select(func.min(letter.c.lease_until))
        .where(letter.c.messenger == bindparam("messenger"), letter.c.state == SENDING)
        .scalar_subquery()
        .label("lease"),
        select(func.min(stretch.c.next_at))
        .where(stretch.c.messenger == bindparam("messenger"), stretch.c.state == READY)
        .scalar_subquery()
        .label("stretch"),
    )
)


def next_due(connection: Connection, messenger: str) -> datetime | None:
    """Return when the next letter of this messenger may leave, a lease ends, or a stretch may be cut."""
    [row] = _NEXT.rows(connection, {"messenger": messenger})
    return min((moment for moment in row if moment is not None), default=None)


def _told(**more: Any) -> Prepared:  # noqa: ANN401 - columns
    """Make the statement that says what became of a letter, as long as nobody has claimed it since."""
    return Prepared(
        letter.update()
        .where(
            letter.c.id == bindparam("row"),
            letter.c.claims == bindparam("claim"),
            # Whatever else was thought of it meanwhile (freed, held, no longer wanted): it was in the air.
            letter.c.state.not_in((literal_column("'sent'"), literal_column("'unknown'"))),
        )
        .values(
            state=bindparam("to"),
            message=bindparam("as_message"),
            note=bindparam("why"),
            settled_at=bindparam("at"),
            next_at=bindparam("again_at"),
            parts_done=bindparam("parts"),
            attempts=func.coalesce(bindparam("tries", type_=Integer), letter.c.attempts),
            lease_until=None,
            **more,
        )
    )


_SETTLE, _SETTLE_UNKNOWN = _told(), _told(unknowns=letter.c.unknowns + 1)


def settle(connection: Connection, one: Settlement, now: datetime, under: int | None = None) -> bool:
    """Say what became of a letter; False when somebody else has it by now, or has settled it: then nothing changes.

    `under`: a later claim of the same holder.
    """
    return bool(
        (_SETTLE_UNKNOWN if one.unknown else _SETTLE).touched(
            connection,
            {
                "row": one.letter,
                "claim": one.claim if under is None else under,
                "to": one.state,
                "as_message": one.message,
                "why": one.note[:400],
                "at": now,
                "again_at": one.again_at or now,
                "parts": one.parts,
                "tries": one.attempts,
            },
        )
    )
