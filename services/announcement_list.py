"""An author's announcements in a wide window: the list, composing in one step, exclusions, who confirmed by unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from content import Voice
from domain.announcement import Announcement, Circle, State
from domain.announcement_approval import sign
from domain.member import Unit
from domain.refusal import Refusal
from domain.reply import Reply
from services import attachment, post
from services.announcement import (
    COUNTED,
    EDITABLE,
    address_to,
    audience,
    check_reason,
    check_text,
    demand_right,
    draft,
    letter,
    make_urgent,
    own,
    places,
    rewrite,
)
from services.work import Work
from storage import announcement_list as table
from storage import campaign as campaigns

ON_A_PAGE = 50
EVERYBODY = 10_000_000
AT_ONCE = 500
AGAIN_WITHIN = timedelta(minutes=15)
"""The same words of the same author in this time are the same form, sent twice."""
OVER = (State.SENT, State.PAUSED, State.RECALLED)


@dataclass(frozen=True, slots=True)
class Listed:
    """A part of the list; pages count from 0. `confirmed`: by announcement."""

    found: list[Announcement]
    confirmed: Mapping[int, int]
    page: int
    pages: int
    counts: Mapping[State, int]


@dataclass(frozen=True, slots=True)
class Excluded:
    """How many are addressed and why some of them get nothing; nobody can mute an announcement."""

    people: int
    more: bool
    """There are more than were counted, and the reasons were not counted either."""
    unbound: int = 0
    consent: int = 0
    closed: int = 0
    on: Mapping[str, int] = field(default_factory=dict)
    """How many would get it on which."""

    @property
    def reached(self) -> int:
        """How many would get it."""
        return self.people - self.unbound - self.consent - self.closed


@dataclass(frozen=True, slots=True)
class Form:
    """Everything that one page asks of an author."""

    words: str
    unit_id: int
    circle: str
    urgent: str = ""
    file: tuple[str, str, bytes] | None = None
    """Name, type and bytes of a new file; None keeps what there is."""
    drop_file: bool = False


@dataclass(frozen=True, slots=True)
class Confirmed:
    """How many of a unit were reached, and how many of those confirmed."""

    unit_id: int
    unit: str
    reached: int
    confirmed: int


def listed(work: Work, author_id: int, states: tuple[State, ...], words: str, page: int) -> Listed:
    """Return a page of an author's announcements in these states whose text has these words."""
    wish = table.Wish(author_id, states, words[:100].strip())
    total = sum(table.counted(work.connection, wish).values())
    pages = max(1, -(-total // ON_A_PAGE))
    page = min(max(page, 0), pages - 1)
    found = table.listed(work.connection, wish, ON_A_PAGE, page * ON_A_PAGE)
    confirmed = table.confirmed(work.connection, [one.id for one in found])
    every = table.counted(work.connection, replace(wish, states=tuple(State), words=""))
    return Listed(found, confirmed, page, pages, every)


def part(
    work: Work, author_id: int, states: tuple[State, ...], words: str, limit: int, offset: int
) -> list[tuple[Announcement, int]]:
    """Return (announcement, how many confirmed) of a part of the list, for a file."""
    found = table.listed(work.connection, table.Wish(author_id, states, words[:100].strip()), limit, offset)
    confirmed: dict[int, int] = {}
    for place in range(0, len(found), AT_ONCE):
        confirmed |= table.confirmed(work.connection, [one.id for one in found[place : place + AT_ONCE]])
    return [(one, confirmed.get(one.id, 0)) for one in found]


def excluded(work: Work, one: Announcement) -> Excluded:
    """Count whom it is for and whom nothing reaches, as far as that takes no time."""
    if not one.unit_id:
        return Excluded(0, more=False)
    whom = audience(one)
    found = table.gauge(work.connection, whom.path, whom.standings, COUNTED)
    if found.people > COUNTED:
        return Excluded(COUNTED, more=True)
    why = found.why
    return Excluded(
        found.people, more=False, unbound=why["unbound"], consent=why["consent"], closed=why["closed"],
        on=found.on,
    )  # fmt: skip


def check(work: Work, author_id: int, number: int | None, form: Form) -> Unit:
    """Raise the refusal of what can't be kept, before anything is; returns the unit that it is for."""
    before = editable(work, author_id, number) if number is not None else None
    kept = before is not None and before.attachment is not None and not form.drop_file
    check_text(form.words, form.file[0] if form.file else "", has_file=form.file is not None or kept)
    check_reason(form.urgent)
    unit = next((place for place in places(work, author_id) if place.id == form.unit_id), None)
    if unit is None or form.circle not in {one.value for one in Circle}:
        raise Refusal("permission.nobody")
    return unit


def sketch(work: Work, author_id: int, number: int | None, form: Form) -> Announcement:
    """Return what a form would make, without keeping anything. A new file stands for itself by its name and type."""
    unit = check(work, author_id, number, form)
    before = own(work, author_id, number) if number is not None else None
    file: tuple[int | None, str, str] = (None, "", "")
    if form.file:
        file = (0, form.file[0], form.file[1])
    elif before is not None and not form.drop_file:
        file = (before.attachment, before.file_name, before.file_mime)
    return Announcement(
        number or 0, author_id, unit.id, unit.name, unit.path, Circle(form.circle), form.words.strip(), *file,
        State.DRAFT, work.now, None, None, 0, None, " ".join(form.urgent.split()),
    )  # fmt: skip


def editable(work: Work, author_id: int, number: int) -> Announcement:
    """Return one's own draft."""
    one = own(work, author_id, number)
    if one.state not in EDITABLE:
        raise Refusal("announcement.not_any_more")
    return one


def compose(work: Work, author_id: int, number: int | None, form: Form) -> Announcement:
    """Keep a draft with everything that the page asked; a new one that was kept a moment ago is that one."""
    check(work, author_id, number, form)
    if number is None and (same := _same(work, author_id, form)) is not None:
        return same
    file = attachment.keep(work, *form.file) if form.file else None
    if number is None:
        number = draft(work, author_id, form.words, file).id
    else:
        before = own(work, author_id, number)
        rewrite(work, author_id, number, form.words, file or (None if form.drop_file else before.attachment))
    address_to(work, author_id, number, form.unit_id, Circle(form.circle))
    return make_urgent(work, author_id, number, form.urgent)


def _same(work: Work, author_id: int, form: Form) -> Announcement | None:
    """Return the author's newest announcement when it is what this form asks for, and of just now."""
    newest = table.listed(work.connection, table.Wish(author_id, tuple(State)), 1, 0)
    name = form.file[0] if form.file else ""
    for one in newest:
        wanted = (form.words.strip(), name, form.unit_id, form.circle, " ".join(form.urgent.split()))
        kept = (one.text, one.file_name, one.unit_id, one.circle.value, one.urgent)
        if wanted == kept and work.now - one.created_at <= AGAIN_WITHIN:
            return one
    return None


def demand_seen(work: Work, author_id: int, number: int, signed: str) -> Announcement:
    """Return it when it is what the author has seen. Raises the refusal when it was changed meanwhile."""
    one = own(work, author_id, number)
    if sign(one) != signed:
        raise Refusal("announcement.changed")
    return one


def try_out(work: Work, author_id: int, number: int) -> bool:
    """Send a draft to its author alone, as its readers would get it; False when nothing reaches the author."""
    one = editable(work, author_id, number)

    def seen(speech: Voice) -> Reply:
        return letter(speech, one)

    return post.tell(work, author_id, "announcement_author", seen)


def _names_of(work: Work, author_id: int, number: int) -> Announcement:
    """Return one's own announcement when it may be told who got it: the right is held, names are kept, not too many."""
    one = own(work, author_id, number)
    demand_right(work, one)
    if one.campaign_id is None:
        raise Refusal("announcement.gone")
    if campaigns.gone(work.connection, one.campaign_id):
        raise Refusal("retention.no_names")
    return one


def by_unit(work: Work, author_id: int, number: int, page: int) -> list[Confirmed]:
    """Return a page of how many confirmed in each unit, in the order of the tree."""
    return some_units(work, author_id, number, ON_A_PAGE + 1, max(page, 0) * ON_A_PAGE)


def some_units(work: Work, author_id: int, number: int, limit: int, offset: int) -> list[Confirmed]:
    """Return a part of them."""
    one = _names_of(work, author_id, number)
    return [Confirmed(*row) for row in table.by_unit(work.connection, one, limit, offset)]


def silent(work: Work, author_id: int, number: int, unit_id: int | None, page: int) -> list[tuple[int, str, str]]:
    """Return (id, name, number) of those it reached who have not confirmed, and one more when there are more."""
    one = _names_of(work, author_id, number)
    if one.audience >= COUNTED:
        raise Refusal("announcements.too_many", most=COUNTED)
    return table.silent(work.connection, one, unit_id, ON_A_PAGE + 1, max(page, 0) * ON_A_PAGE)


def all_silent(work: Work, author_id: int, number: int, unit_id: int | None) -> list[tuple[int, str, str]]:
    """Return all of those, however many they are: for a file, which a job has the time to write."""
    return table.silent(work.connection, _names_of(work, author_id, number), unit_id, EVERYBODY, 0)
