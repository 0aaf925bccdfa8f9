"""`dangqun doctor`: looks at everything that an installation needs, and says what to do about it."""

from __future__ import annotations

import asyncio
import importlib
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import typer

from bot.commands.say import out
from bot.commands.surroundings import DEFAULT_CONFIG, ConfigOption, missing_file
from bot.config import ConfigError, Settings, load
from domain.reply import Personal
from messengers import NAMES
from messengers.base import Check, Limits, Surroundings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from storage.engine import Database

MARKS = {"ok": "[green]✓ ok     [/]", "warning": "[yellow]! warning[/]", "error": "[red]✗ error  [/]"}
MAINLAND = frozenset(
    {"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Chungking", "Asia/Harbin", "Asia/Kashgar", "PRC"}
)
"""Zones of companies to which the law of mainland China applies."""
LITTLE_SPACE = 1 << 30
SLOW = 1.0
LATELY, MANY = timedelta(days=7), 5


def doctor(config: Path | None = ConfigOption) -> None:
    """体检：配置、数据库、时钟、通讯工具、字体 · Check configuration, database, clock, messengers, fonts."""
    worst = "ok"
    for check in _checks(config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)):
        show(check)
        worst = max(worst, check.level, key=("ok", "warning", "error").index)
    if worst == "error":
        raise typer.Exit(1)


def show(check: Check) -> None:
    """Print one line, and what to do."""
    out.print(f"{MARKS[check.level]} ", end="")
    out.print(check.what, markup=False)
    if check.remedy:
        out.print(f"            → {check.remedy}", markup=False, style="dim")


def _checks(config: Path | None) -> Iterator[Check]:
    try:
        settings = load(config)
    except ConfigError as error:
        yield Check("error", f"配置 configuration: {error}", "按上面每一行修改 · mend each line above")
        return
    yield from _configuration(settings, config)
    yield from _database(settings)
    yield from _clock(settings)
    yield from _privacy(settings)
    yield from _messengers(settings)
    yield from _fonts()


def cheap(settings: Settings) -> Iterator[Check]:
    """Look at what asks neither the database nor anybody outside; the console shows it."""
    yield from _clock(settings)
    yield from _privacy(settings)
    for name in NAMES:
        section = getattr(settings, name)
        if section.enabled:
            yield from _guessable(name, section)


def _configuration(settings: Settings, config: Path | None) -> Iterator[Check]:
    if config is None:
        yield Check("warning", "没有配置文件，用的是默认值 no configuration file", "dangqun init")
    else:
        yield Check("ok", f"配置 configuration: {config}")
        if config.stat().st_mode & 0o077:
            yield Check("error", f"{config} 可被其他用户读取 readable by others", f"chmod 600 {config}")
    if settings.security.key.get_secret_value():
        yield Check("ok", "密钥 signing key")
    else:
        yield Check("error", "缺少 [security] key", "dangqun init，或 openssl rand -hex 32")
    if not settings.web.base_url:
        yield Check(
            "warning",
            "[web] base_url 为空，链接只在本机有效，超过上限的个人信息没有链接可看",
            "填员工浏览器访问本程序的地址",
        )


def _database(settings: Settings) -> Iterator[Check]:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - start-up cost

    from bot import mistakes  # noqa: PLC0415
    from bot.gate import way_on  # noqa: PLC0415
    from storage import migrate, pause  # noqa: PLC0415
    from storage.engine import Database  # noqa: PLC0415

    if missing := missing_file(settings.database.url.get_secret_value()):
        what = f"打不开 [database] url 里的文件：没有这个文件或文件夹（{missing}） no database file"
        yield Check("error", what, "先核对 [database] url；新装的运行 dangqun migrate 建库")
        return
    try:
        database = Database(settings.database.url.get_secret_value())
        begun = time.monotonic()
        standing = migrate.current(database.engine)
        took = time.monotonic() - begun
    except (SQLAlchemyError, OSError, ImportError, ValueError) as error:
        zh, en = mistakes.of_database(error, settings.database.url.get_secret_value())
        yield Check("error", f"{zh} · {en}", "检查 [database] url 与数据库是否在运行 · check [database] url")
        return
    what = f"数据库 database: {database.engine.dialect.name}, {took * 1000:.0f} ms"
    if standing is None:
        yield Check("error", f"{what}，还没有建表 empty", "dangqun migrate")
    elif standing != migrate.head():
        yield Check("error", f"{what}，结构是 {standing}，需要 {migrate.head()}", "dangqun migrate")
    elif took > SLOW:
        yield Check("warning", f"{what}，很慢 slow", "检查网络与磁盘")
    else:
        yield Check("ok", what)
    if standing == migrate.head() and (reasons := database.read_now(pause.reasons)):
        yield Check("error", f"暂停：不收不发 paused: {', '.join(reasons)}", way_on(reasons)[0])
    if standing == migrate.head():
        yield from _stops(database)
        yield from _traffic(database)
        yield from _spent(database, settings)
        yield from _schedules(database)
    path = database.engine.url.database
    if database.sqlite and path:
        free = shutil.disk_usage(Path(path).parent).free
        level = "ok" if free > LITTLE_SPACE else "warning"
        yield Check(level, f"磁盘 disk: 剩余 {free / (1 << 30):.1f} GiB", "" if level == "ok" else "清理磁盘")
    database.close()


def _stops(database: Database) -> Iterator[Check]:
    """Name what somebody has stopped in the console."""
    from storage import halt  # noqa: PLC0415 - start-up cost

    for one in database.read_now(halt.everything):
        what = f"停发 stopped: {one.messenger}，{one.since:%Y-%m-%d %H:%M} UTC 起，{one.reason}"
        yield Check("warning", what, "在管理台的“发送”里恢复 · resume it in the console")


def _traffic(database: Database) -> Iterator[Check]:
    """Count what waits, what nobody knows of, and what could not be read."""
    from storage import inbox, outbox  # noqa: PLC0415 - start-up cost

    letters: Counter[str] = Counter()
    for (_, state), count in database.read_now(outbox.counts).items():
        letters[state] += count
    waiting = letters[outbox.READY] + letters[outbox.SENDING] + letters[outbox.HELD]
    what = f"信件 letters: 待发 {waiting}，不确定 {letters[outbox.UNKNOWN]}，失败 {letters[outbox.FAILED]}"
    what += f"；发出后没有回音 without an answer: 共 {database.read_now(outbox.unanswered)} 次"
    yield Check("ok", what)
    updates: Counter[str] = Counter()
    for (_, state), count in database.read_now(inbox.counts).items():
        updates[state] += count
    broken = updates[inbox.DEAD] + updates[inbox.FAILED]
    level = "warning" if broken else "ok"
    remedy = "日志里有每一条的原因；原文都还在" if broken else ""
    yield Check(level, f"消息 updates: 读不懂 {updates[inbox.DEAD]}，出错 {updates[inbox.FAILED]}", remedy)


def _spent(database: Database, settings: Settings) -> Iterator[Check]:
    """Say how many of the calls that messengers sell are left."""
    from services import allowance  # noqa: PLC0415 - start-up cost
    from services.work import Work  # noqa: PLC0415

    def look(connection: Connection, name: str, limits: Limits) -> list[allowance.Spent]:
        work = Work(connection, settings.as_organisation(), datetime.now(UTC))
        return allowance.spent(work, name, limits.per_day, limits.per_month)

    for name, limits in _sold(settings):
        for one in database.read_now(partial(look, name=name, limits=limits)):
            share = one.used / one.cap
            level = "ok" if share < allowance.TOLD[0] else "warning" if share < allowance.TOLD[1] else "error"
            span = {"day": "今天 today", "month": "本月 this month"}[one.span]
            what = f"{name}: {span} 用了 {one.used} / {one.cap} 次调用，还剩 {max(0, one.cap - one.used)} calls left"
            yield Check(level, what, "" if level == "ok" else "用到九成时通知会停下，留给回答；少发、合并着发，或升级")


def _sold(settings: Settings) -> Iterator[tuple[str, Limits]]:
    """Yield the enabled messengers that count calls, with their limits."""
    for name in NAMES:
        section = getattr(settings, name)
        if section.enabled and name not in {"web", "telegram"}:
            limits = asyncio.run(_limits_of(name, section))
            if limits.per_day or limits.per_month:
                yield name, limits


async def _limits_of(name: str, section: object) -> Limits:
    package = importlib.import_module(f"messengers.{name}")
    surroundings = Surroundings(doors=None, secret=b"\0" * 32, base_url="")  # type: ignore[arg-type]
    messenger = await package.open_messenger(section, surroundings)
    limits: Limits = messenger.limits
    await messenger.close()
    return limits


def _schedules(database: Database) -> Iterator[Check]:
    """Name what fell due in the last days and failed."""
    from storage import schedule  # noqa: PLC0415 - start-up cost

    failed = database.read_now(lambda c: schedule.failed_since(c, datetime.now(UTC) - LATELY))
    for tick, subject, due, goes_on, why in failed[:MANY]:
        remedy = "下一次照常；日志里有经过" if goes_on else "规则读不懂，这个日程已停；程序自带的重新启动后恢复"
        yield Check("warning", f"日程 schedule: {tick} {subject} {due:%Y-%m-%d %H:%M} UTC {why}", remedy)
    if not failed:
        yield Check("ok", "日程 schedules")


def _clock(settings: Settings) -> Iterator[Check]:
    zone = ZoneInfo(settings.organisation.timezone)
    now = datetime.now(UTC).astimezone(zone)
    facts = {"now": f"{now:%Y-%m-%d %H:%M}", "zone": settings.organisation.timezone}
    if now.year < 2026:  # noqa: PLR2004 - the year in which this was written
        what = f"时钟 clock: {now:%Y-%m-%d %H:%M} 明显不对"
        yield Check("error", what, "校准系统时间（chrony 或 ntp）", "clock_wrong", facts)
    else:
        yield Check("ok", f"时钟 clock: {facts['now']}，{facts['zone']}", "", "clock", facts)
    from services.calendar import has_lunar, has_notice  # noqa: PLC0415 - start-up cost

    for year in (now.year, now.year + 1) if now.month == 12 else (now.year,):  # noqa: PLR2004 - December
        if has_notice(year):
            yield Check("ok", f"节假日 holidays: {year}", "", "holidays", {"year": year})
        else:
            yield Check(
                "warning",
                f"{year} 年的调休安排还没有收录",
                "升级 holidays 包，或由管理员在聊天里发 /holidays 录入放假通知",
                "holidays_missing",
                {"year": year},
            )
    if not has_lunar(now.year):
        what = "农历节日读不到，日历里暂时没有 no lunar festivals"
        yield Check("warning", what, "装回 requirements.lock 里的 holidays 版本", "lunar_missing")


def _privacy(settings: Settings) -> Iterator[Check]:
    """Say what each messenger carries, and when a company in mainland China should let Telegram carry less."""
    profile = settings.privacy.profile
    yield Check("ok", f"个人信息 personal data: [privacy] profile = {profile}", "", f"profile_{profile}")
    for name in NAMES:
        if getattr(settings, name).enabled:
            ceiling = settings.ceiling_of(name)
            private, group = (
                ", ".join(one.name.lower() for one in sorted(carried)) for carried in (ceiling.private, ceiling.group)
            )
            facts = {"messenger": name, "private": ceiling.private, "group": ceiling.group}
            what = f"{name}: 私聊里可以有 in private {private}；群里 in groups {group}"
            yield Check("ok", what, "", "carries", facts)
    abroad = settings.ceiling_of("telegram").private & {Personal.MEMBERSHIP, Personal.REQUEST}
    if settings.telegram.enabled and abroad and settings.organisation.timezone in MAINLAND:
        yield Check(
            "warning",
            "telegram 会发送组织身份与诉求内容，它的数据存放在境外（《个人信息保护法》第 38、39 条） "
            "membership and requests go abroad by telegram",
            '设 [privacy] profile = "strict"，这些换成单位自己页面的链接；见 docs/privacy.md',
            "abroad",
        )
    if not settings.web.enabled:
        yield Check(
            "warning",
            "[web] 未启用，超过上限的内容没有链接可看 what is above a ceiling can't be seen",
            "启用 [web]，并填 [web] base_url",
            "no_web",
        )


def _messengers(settings: Settings) -> Iterator[Check]:
    for name in NAMES:
        section = getattr(settings, name)
        if section.enabled:
            yield from _guessable(name, section)
            yield from asyncio.run(ask_messenger(name, section, settings))
        else:
            yield Check("ok", f"{name}: 未启用 not enabled")


def _guessable(name: str, section: object) -> Iterator[Check]:
    """Say when the callback's path is the one that everybody knows."""
    by_callback = getattr(section, "mode", "callback") == "callback"
    if by_callback and getattr(section, "path", "") == f"/hooks/{name}":
        remedy = f"改成别人猜不到的：dangqun connect {name} --set path=/hooks/{name}-…"
        what = f"{name}: 回调的路径还是默认的 the callback's path can be guessed"
        yield Check("warning", what, remedy, "guessable", {"messenger": name})


async def ask_messenger(name: str, section: object, settings: Settings) -> list[Check]:
    """Return what a messenger says of its own credentials and reachability."""
    package = importlib.import_module(f"messengers.{name}")
    surroundings = Surroundings(doors=None, secret=b"\0" * 32, base_url=settings.web.base_url)  # type: ignore[arg-type]
    messenger = await package.open_messenger(section, surroundings)
    try:
        found: list[Check] = await messenger.check()
    finally:
        await messenger.close()
    return found


def _fonts() -> Iterator[Check]:
    folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts"]
    wanted = ("cjk", "wqy", "sourcehan", "notosanssc", "simsun", "msyh")
    for folder in folders:
        if folder.exists() and any(w in f.name.lower().replace("-", "") for f in folder.rglob("*.tt*") for w in wanted):
            yield Check("ok", "中文字体 Chinese font")
            return
    yield Check("warning", "没有找到中文字体，截图里的汉字会是方框", "apt install fonts-noto-cjk（只影响本机截图）")
