"""`dangqun connect`: walks an administrator through a messenger's console, and writes its section of the config."""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
import typer
from pydantic import ValidationError

from bot import mistakes
from bot.commands.doctor import ask_messenger, show
from bot.commands.say import fail, out, program
from bot.commands.surroundings import DEFAULT_CONFIG, ConfigOption
from bot.config import PREFIX, Settings
from content import voice
from messengers import NAMES
from messengers.base import Ask

SET_HELP = (
    "键=值，不再询问；可写多次。密钥别写在这里，命令行的历史会留下它，不写就会问 · "
    "key=value, may be repeated; leave secrets to be asked for: a shell remembers what was typed."
)
TRIES = 5
"""So often an answer that does not fit is asked for again."""


def connect(
    messenger: str = typer.Argument(..., help="wecom、dingtalk、feishu 或 telegram"),
    given: list[str] = typer.Option([], "--set", help=SET_HELP),  # noqa: B008
    yes: bool = typer.Option(False, "--yes", "-y", help="什么都不问，没给的用已有的或默认的 · Ask nothing."),  # noqa: FBT001, FBT003
    check: bool = typer.Option(True, help="写好后检查一遍 · Check it afterwards."),  # noqa: FBT001, FBT003
    config: Path | None = ConfigOption,
) -> None:
    """接入一个通讯工具：一步步问，写进配置，再检查 · Connect a messenger step by step."""
    messenger = _named(messenger)
    asks = _asks(messenger)
    path = (config or DEFAULT_CONFIG).resolve()
    document = _read(path)
    if not isinstance(document.get(messenger, {}), Mapping):
        fail(
            f"{path} 里的 {messenger} 不是一节，应写成 [{messenger}]。没有改动它。", f"{messenger} is no section there."
        )
    known = {str(key): value for key, value in dict(document.get(messenger, {})).items()}
    answers, made = _given(given, asks), dict[str, str]()
    _say(messenger, "connect_before")
    try:
        for ask in asks:
            if ask.key not in answers and (ask.only is None or answers.get(ask.only[0]) == ask.only[1]):
                answers[ask.key] = _answer(messenger, ask, known.get(ask.key), made, quiet=yes)
    except (typer.Abort, KeyboardInterrupt):
        out.print()
        fail("停下了。什么都没有改动。", "Stopped. Nothing was changed.", 130)
    settings = _write(path, document, messenger, answers)
    out.print("[green]✓[/] ", end="")
    out.print(f"{path} 的 [{messenger}] 已写好 · is written", markup=False)
    for key, value in made.items():
        # They have to be entered into the messenger's console, so they are shown although some are secret.
        out.print(f"  {key} = {value}", markup=False)
    _warn_of_environment(messenger)
    if check:
        found = asyncio.run(ask_messenger(messenger, getattr(settings, messenger), settings))
        for one in found:
            show(one)
        if any(one.level == "error" for one in found):
            words = f"配置已经保存；修好以后运行 {program()} doctor 再看 · saved all the same; mend it and look again"
            out.print(f"! {words}", markup=False, style="yellow")
    url = (settings.web.base_url.rstrip("/") or "https://…") + str(getattr(getattr(settings, messenger), "path", ""))
    _say(messenger, "connect_after", url=url)
    out.print(f"  {program()} run", markup=False)


def _named(words: str) -> str:
    """Return a messenger's name as it is written here, whoever writes 飞书 or WeCom."""
    called = {voice(language).label(f"member.on_{name}").lower(): name for name in NAMES for language in ("zh", "en")}
    return called.get(words.lower(), words.lower())


def _asks(messenger: str) -> Sequence[Ask]:
    if messenger not in NAMES:
        fail(f"没有“{messenger}”。可写：{'、'.join(_connectable())}", f"No such messenger: {messenger}.")
    asks: Sequence[Ask] = getattr(importlib.import_module(f"messengers.{messenger}"), "CONNECT", ())
    if not asks:
        fail("网页对话不用接入，启动就有。", "The web chat needs no connecting.")
    return asks


def _connectable() -> list[str]:
    return [name for name in NAMES if hasattr(importlib.import_module(f"messengers.{name}"), "CONNECT")]


def _read(path: Path) -> tomlkit.TOMLDocument:
    """Read the configuration as it is written, comments and all."""
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        fail(f"没有 {path}。先运行 {program()} init", f"There is no {path}. Run `dangqun init` first.")
    except (OSError, UnicodeDecodeError, tomlkit.exceptions.TOMLKitError) as error:
        zh, en = mistakes.of_file(error) if isinstance(error, OSError) else ("读不懂", str(error))
        fail(f"{path}：{zh}。没有改动它。", f"{path} can't be read: {en}. It was left alone.")


def _given(pairs: Sequence[str], asks: Sequence[Ask]) -> dict[str, str]:
    """Return the answers of the command line."""
    answers = {}
    by_key = {ask.key: ask for ask in asks}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or key not in by_key:
            fail(f"--set 要写成 键=值，键是 {'、'.join(by_key)} 之一", f"--set takes key=value: {', '.join(by_key)}")
        if not re.fullmatch(by_key[key].pattern, value):
            fail(f"{key} 写得不对。什么都没有改动。", f"{key} does not look right. Nothing was changed.")
        answers[key] = value
    return answers


def _answer(messenger: str, ask: Ask, known: object, made: dict[str, str], *, quiet: bool) -> str:
    """Ask one question; what is there already, a made value or the default stands for an empty answer."""
    fresh = ask.makes() if ask.makes and not known else ""
    usual = str(known) if known else fresh or ask.default
    if not quiet:
        _say(messenger, f"connect_{ask.key}")
    for _ in range(TRIES):
        answer = usual if quiet else _prompted(ask, usual, known=bool(known)) or usual
        if quiet or re.fullmatch(ask.pattern, answer):
            if fresh and answer == fresh:
                made[ask.key] = answer
            return answer
        like = f"；应该像这样：{ask.example}" if ask.example else ""
        out.print(f"  ✗ 看起来不对{like} · that does not look right, please look again", markup=False)
    return fail(f"{ask.key} 一直不对。什么都没有改动。", f"{ask.key} never looked right. Nothing was changed.")


def _prompted(ask: Ask, usual: str, *, known: bool) -> str:
    shown = ("已有的 kept" if known else "") if ask.secret else usual
    question = f"  {ask.key} [{shown}]" if shown else f"  {ask.key}"
    words: str = typer.prompt(question, "", show_default=False, hide_input=ask.secret)
    return words.strip()


def _write(path: Path, document: tomlkit.TOMLDocument, messenger: str, answers: Mapping[str, str]) -> Settings:
    """Write the section, if the whole configuration is right with it; else nothing changes."""
    section = document.get(messenger)
    if section is None:
        section = tomlkit.table()
        document[messenger] = section
    fields = type(getattr(Settings(), messenger)).model_fields
    section["enabled"] = True
    for key, value in answers.items():
        if value or key in section:
            section[key] = int(value) if fields[key].annotation is int and value.isdigit() else value
    words = tomlkit.dumps(document)
    try:
        settings = Settings.model_validate(_with_environment(tomllib.loads(words)))
    except ValidationError as error:
        lines = "\n".join(mistakes.of_setting(one, Settings) for one in error.errors())
        fail(f"这样写不行，什么都没有改动：\n{lines}", "It would not be right like this; nothing was changed.")
    beside = path.with_name(f".{path.name}.new")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(words)
        beside.replace(path)
    except OSError as error:
        zh, en = mistakes.of_file(error)
        fail(f"写不了 {path}：{zh}", f"The file can't be written: {en}")
    return settings


def _with_environment(data: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration as the program will see it."""
    from bot.config import merge_environment  # noqa: PLC0415 - beside its use

    merge_environment(data, os.environ)
    return data


def _warn_of_environment(messenger: str) -> None:
    """Say which keys of the file are not looked at, because the environment has them."""
    start = f"{PREFIX}{messenger.upper()}__"
    for name in sorted(name for name in os.environ if name.startswith(start)):
        out.print(f"! 环境变量 {name} 优先于配置文件 · goes before the file", markup=False, style="yellow")


def _say(messenger: str, name: str, **facts: str) -> None:
    for language, style in (("zh", ""), ("en", "dim")):
        words = voice(language).page.get(messenger, {}).get(name, "")
        if words:
            out.print(words.format(**facts) if facts else words, markup=False, style=style)
