"""Updates as no messenger should send them: shaped like real ones and wrong somewhere, or wrong altogether."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from hypothesis import strategies as st

from tests.samples import SAMPLES

BOUND = 1001
"""A Telegram account, and its web twin, that belongs to somebody."""
FILE = "F1"
LONGEST = 20_000
WORDS = [
    "签到",
    "积分",
    "/start",
    "/checkin@dangqun_test_bot",
    "我想反映食堂太贵了",
    "答题",
    "取消",
    "help",
    "\ud83d",
    "a\0b",
]
CALLS = ["quiz.today", "desk.case:1:0", "points.page:0", "demands.show:99999999999:0", "::::", "a.b:" + "9" * 400]
WORDS += [reply.plain for reply in SAMPLES.values()]
CALLS += [button.call for reply in SAMPLES.values() for button in reply.buttons[:3] if button.call]

strings = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(), max_size=8),
    st.sampled_from(WORDS),
    st.builds(lambda piece, times: piece * times, st.text(min_size=1, max_size=3), st.integers(0, LONGEST)),
)
numbers = st.one_of(
    st.integers(-5, 5),
    st.integers(),
    st.sampled_from([2**31, 2**63, -(2**63) - 1, 10**130, 10**4000, 253402300800]),
    st.floats(),
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, strings),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


_RARELY = [False] * 15 + [True]


def perhaps(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return what is mostly right."""
    return st.sampled_from(_RARELY).flatmap(lambda wrong: anything if wrong else right)


def shape(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return an object of which fields may be missing or wrong, and which may be something else."""
    whole = st.fixed_dictionaries({name: perhaps(value) for name, value in fields.items()})
    partly = st.fixed_dictionaries({}, optional=fields)
    return perhaps(st.sampled_from(_RARELY).flatmap(lambda less: partly if less else whole))


accounts = st.sampled_from([BOUND, BOUND, BOUND, 77, 78, -5, 0, 2**52, 10**130])
_sender = shape(
    id=accounts, is_bot=st.just(value=False), first_name=strings, language_code=st.sampled_from(["zh", "en"])
)
_chat = shape(id=accounts, type=st.sampled_from([*["private"] * 9, "supergroup", "group", "channel"]))
_file = shape(
    file_id=st.sampled_from([FILE, FILE, "F2", ""]),
    file_unique_id=strings,
    file_name=strings,
    mime_type=strings,
    file_size=numbers,
)
_words = {"text": st.sampled_from(WORDS) | strings}
_files = {"document": _file, "photo": st.lists(_file, max_size=3), "voice": _file, "caption": strings}


def _message(**content: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = {"message_id": numbers, "date": st.integers(0, 2**33), "chat": _chat, "from": _sender}
    return shape(**fields, **content)


_press = shape(**{"id": strings, "from": _sender, "data": st.sampled_from(CALLS) | strings, "message": _message()})
_kinds = {
    "message": _message(**_words) | _message(**_files),
    "callback_query": _press,
    "edited_message": _message(**_words),
    "channel_post": _message(**_words),
    "my_chat_member": shape(chat=_chat),
}
_shapes = {name: shape(update_id=st.integers(1, 10**9), **{name: content}) for name, content in _kinds.items()}
telegram = perhaps(
    st.sampled_from(["message"] * 8 + ["callback_query"] * 6 + list(_kinds)).flatmap(lambda name: _shapes[name])
)
_common = {
    "user": st.sampled_from(["ada", "bo", "stranger", "", "长" * 200]),
    "at": st.sampled_from(["2026-11-23T01:30:00+00:00"] * 8 + ["2026-11-23T01:30:00", "9999-12-31T23:59:59-23:59"]),
    "language": st.sampled_from(["zh", "en", ""]),
}
web = st.one_of(
    shape(kind=st.just("text"), text=_words["text"], **_common),
    shape(
        kind=st.just("press"),
        call=st.sampled_from(CALLS) | strings,
        message=st.sampled_from(WORDS) | strings,
        **_common,
    ),
    shape(kind=st.just("open"), payload=strings, **_common),
    shape(
        kind=st.just("upload"),
        attachment=st.integers(0, 9),
        name=strings,
        mime=strings,
        size=st.integers(0, 2**40),
        caption=strings,
        **_common,
    ),
)
UPDATES = {"telegram": telegram, "web": web}


def written(value: object, deep: int) -> str:
    """Return it as JSON, perhaps inside very many lists, perhaps cut off."""
    body = json.dumps(value)
    if deep == 1:
        return body[: len(body) // 2]
    return "[" * 50_000 + body + "]" * 50_000 if deep == 2 else body


def real(messenger: str) -> list[dict[str, Any]]:
    """Return updates as this messenger sends them, with the words and calls of every sample."""
    if messenger == "web":
        common = {"user": "ada", "at": "2026-11-23T01:30:00+00:00", "language": "zh"}
        found: list[dict[str, Any]] = [{"kind": "text", "text": words, **common} for words in WORDS]
        found += [{"kind": "press", "call": one, "message": "7", **common} for one in CALLS]
        file = {"attachment": 7, "name": "a.pdf", "mime": "application/pdf", "size": 9, "caption": "见附件"}
        return [*found, {"kind": "open", "payload": "x", **common}, {"kind": "upload", **file, **common}]
    sender = {"id": BOUND, "is_bot": False, "first_name": "芳", "language_code": "zh-hans"}
    head = {"message_id": 5, "date": 1_790_000_000, "chat": {"id": BOUND, "type": "private"}, "from": sender}
    file = {
        "file_id": FILE,
        "file_unique_id": "u",
        "file_name": "a.pdf",
        "mime_type": "application/pdf",
        "file_size": 9,
    }
    messages = [{**head, "text": words} for words in WORDS]
    messages += [
        {**head, "document": file, "caption": "见附件"},
        {**head, "photo": [file, file]},
        {**head, "voice": file},
    ]
    messages.append({**head, "chat": {"id": -500, "type": "supergroup"}, "text": "@dangqun_test_bot 你好"})
    presses = [{"id": "1", "from": sender, "chat_instance": "1", "data": one, "message": head} for one in CALLS]
    updates = [{"update_id": 1, "message": message} for message in messages]
    return [*updates, *({"update_id": 1, "callback_query": press} for press in presses)]


def _places(value: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - any JSON
    """Return (container, key) of everything inside."""
    pairs = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [(value, key) for key, _ in pairs] + [place for _, inner in pairs for place in _places(inner)]


def mutated(update: dict[str, Any], chance: random.Random) -> str:
    """Return an update with something deleted, replaced, doubled, of another type, or with characters flipped."""
    changed = copy.deepcopy(update)
    for _ in range(chance.randint(1, 3)):
        places = _places(changed)
        if not places:
            break
        container, key = chance.choice(places)
        other, place = chance.choice(places)
        match chance.randrange(5):
            case 0:
                del container[key]
            case 1:
                container[key] = copy.deepcopy(other[place])
            case 2:
                container[key] = chance.choice([None, True, -1, 1.5, "", "\ud800", [], {}, 10**130, "长" * LONGEST])
            case 3:
                container[key] = str(container[key]) if chance.random() < 0.5 else [container[key]]
            case _ if isinstance(container, dict):
                container[f"{key}{chance.choice('_0 ')}"] = copy.deepcopy(container[key])
    body = json.dumps(changed, ensure_ascii=chance.random() < 0.5)
    if chance.random() < 0.3:
        at = chance.randrange(len(body))
        body = body[:at] + chance.choice(['"', "{", "\0", "9", "\ud800", ""]) + body[at + 1 :]
    return body


def frames(count: int, chance: random.Random) -> list[str]:
    """Return what a page's script could send down its socket, whole and spoilt."""
    whole: list[dict[str, Any]] = [
        {"id": "1", "kind": "text", "text": "签到"},
        {"id": "2", "kind": "press", "call": "quiz.today", "message": 7},
        {"id": "3", "kind": "open", "payload": "x"},
        {"id": "4", "kind": "upload", "attachment": 1, "name": "a", "mime": "b", "size": 9, "sig": "x", "caption": ""},
    ]
    wrong = [float("inf"), float("nan"), 10**400, "\ud800", "\0", None, [], {}, -1, "长" * 2000]
    found = ["[" * 30_000, "null", "1e999", "", '"x"']
    while len(found) < count:
        frame = {**chance.choice(whole), "language": "zh"}
        frame["id"] = str(len(found))
        for _ in range(chance.randint(0, 2)):
            frame[chance.choice(sorted(frame))] = chance.choice(wrong)
        found.append(json.dumps(frame))
    return found[:count]
