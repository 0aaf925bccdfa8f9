"""docs/messengers.md: what works on which messenger, from the adapters' own data, so that it stays true."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterable
from typing import Any

from content import voice
from domain.ceiling import PROFILES
from domain.reply import Personal
from messengers import NAMES
from messengers.ability import ABILITIES
from messengers.base import Limits, Messenger, Surroundings

NOWHERE = "http://127.0.0.1:9"
EXAMPLES: dict[str, dict[str, Any]] = {
    "telegram": {"enabled": True, "token": "1:x", "api_base": NOWHERE},
    "wecom": {
        "enabled": True,
        "corp_id": "wwx",
        "agent_id": 1,
        "secret": "x",
        "token": "x",
        "aes_key": "x" * 43,
        "api_base": NOWHERE,
    },
    "dingtalk": {
        "enabled": True,
        "client_id": "x",
        "client_secret": "x",
        "api_base": NOWHERE,
        "oapi_base": NOWHERE,
    },
    "feishu": {"enabled": True, "app_id": "cli_test", "app_secret": "x", "api_base": NOWHERE},
}
"""Sections with which each messenger opens, without anybody at the other end."""
MARKS = {"yes": "✓", "part": "部分 part", "no": "✗"}
_LIMITS: tuple[tuple[str, Callable[[Limits], object]], ...] = (
    ("text", lambda one: f"{one.text_bytes:,} B" if one.text_bytes else f"{one.text_chars:,}"),
    ("buttons", lambda one: one.button_rows * one.buttons_per_row),
    ("file_in", lambda one: f"{one.file_in_bytes >> 20} MB"),
    ("file_out", lambda one: f"{one.file_out_bytes >> 20} MB"),
    ("per_second", lambda one: f"{one.per_second:g}" if one.per_second else None),
    ("per_minute", lambda one: f"{one.per_minute:,g}" if one.per_minute else None),
    ("per_chat", lambda one: f"{one.per_chat_per_second:g}" if one.per_chat_per_second else None),
    ("windows", lambda one: "; ".join(f"{most:,} / {span} s" for most, span in one.per_chat_windows) or None),
    ("per_month", lambda one: f"{one.per_month:,}" if one.per_month else None),
    ("at_once", lambda one: f"{one.recipients_a_call:,}"),
    ("keyed", lambda one: MARKS["yes" if one.keyed else "no"]),
)


def opened(name: str) -> Messenger:
    """Open a messenger without a network."""
    package = importlib.import_module(f"messengers.{name}")
    section = package.Section(**EXAMPLES.get(name, {}))
    surroundings = Surroundings(doors=None, secret=b"x" * 32, base_url="https://chat.example")  # type: ignore[arg-type]

    async def make() -> Messenger:
        made: Messenger = await package.open_messenger(section, surroundings)
        await made.close()
        return made

    return asyncio.run(make())


def page(mark: str) -> str:
    """Return the page. `mark`: the line that says that it is made."""
    made = {name: opened(name) for name in NAMES}
    lines = [mark, "# 通讯工具对照 · Messengers side by side", ""]
    lines += ["由各适配器自己的数据生成。没有在真实租户上试过的，见各自的页面。", ""]
    lines += ["Made from the adapters' own data. What was never tried on a live tenant is said on each page.", ""]
    lines += [*_table("能力 ability", made, _ability_rows(made)), ""]
    lines += ["## 不完全能做的 · What is not wholly there", ""]
    for name, messenger in made.items():
        lines += _shortfalls(name, messenger)
    lines += ["## 限额 · Limits", "", *_table("限额 limit", made, _limit_rows(made)), ""]
    lines += ["## 个人信息的上限 · Ceilings of personal data", "", *_ceilings(), ""]
    return "\n".join(lines)


def _both(name: str, noun: str = "messenger") -> str:
    return f"{voice('zh').page[noun][name]} {voice('en').page[noun][name]}"


def _called(name: str) -> str:
    zh, en = voice("zh").label(f"member.on_{name}"), voice("en").label(f"member.on_{name}")
    return zh if zh == en else f"{zh} {en}"


def _table(head: str, made: dict[str, Messenger], rows: list[list[str]]) -> list[str]:
    names = [_called(name) for name in made]
    lines = [f"| {head} | {' | '.join(names)} |", f"|---{'|---' * len(names)}|"]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def _ability_rows(made: dict[str, Messenger]) -> list[list[str]]:
    return [
        [_both(ability), *(MARKS[messenger.abilities[ability].level] for messenger in made.values())]
        for ability in ABILITIES
    ]


def _shortfalls(name: str, messenger: Messenger) -> list[str]:
    zh, en = voice("zh").page.get(name, {}), voice("en").page.get(name, {})
    lines = [f"### {_called(name)}", ""]
    for ability in ABILITIES:
        if messenger.abilities[ability].level != "yes":
            key = f"ability_{ability}"
            lines.append(f"- **{_both(ability)}**：{zh[key]} {en[key]}")
    return [*lines, ""]


def _limit_rows(made: dict[str, Messenger]) -> list[list[str]]:
    rows = []
    for name, read in _LIMITS:
        values = [read(messenger.limits) for messenger in made.values()]
        rows.append([_both(f"limit_{name}"), *("–" if value is None else str(value) for value in values)])
    return rows


def _ceilings() -> list[str]:
    lines = ["| profile | 通讯工具 messenger | 私聊 private | 群 group |", "|---|---|---|---|"]
    for profile, table in PROFILES.items():
        for name, ceiling in sorted(table.items(), key=lambda pair: pair[0] == ""):
            who = _called(name) if name else "其余 others"
            private, group = _classes(ceiling.private), _classes(ceiling.group)
            lines.append(f"| `{profile}` | {who} | {private} | {group} |")
    return lines


def _classes(carried: Iterable[Personal]) -> str:
    return ", ".join(one.name.lower() for one in sorted(carried))
