"""`dangqun demo`: a whole enterprise to try, in a database of its own."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import typer

from bot.commands.alone import claim, refuse
from bot.commands.run import bind, say_paused, serve
from bot.commands.say import fail, out
from bot.config import ConfigError, Settings, load
from storage.engine import Database

FOLDER = Path("var")
FIRST_PORT = 8080


def demo(
    port: int = typer.Option(FIRST_PORT, "--port", help="从这个端口起找空闲的 · The first port to try."),
    host: str = typer.Option("127.0.0.1", "--host", help="监听地址 · The address to listen on."),
    fresh: bool = typer.Option(False, "--fresh", help="丢弃演示库重新生成 · Make the demo data anew."),  # noqa: FBT001, FBT003
) -> None:
    """演示企业：打开浏览器就能聊 · A demo enterprise, chatting in the browser."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / "demo.db"
    _lock(path)
    if fresh:
        for leftover in FOLDER.glob("demo.db*"):
            leftover.unlink()
    settings, key = _settings(path), _key()
    bound, taken = bind(host, port)
    if taken != port:
        out.print(f"[yellow]![/] 端口 {port} 已被占用，改用 {taken} · port {port} is taken, using {taken}")
    database = _database(settings.database.url.get_secret_value(), path)
    holder = claim(database)
    from bot.demo import enterprise  # noqa: PLC0415 - after the database is known good

    people = enterprise.prepare(database, settings.as_organisation(), key, datetime.now(UTC))
    base_url = f"http://{host}:{taken}"

    def ready(paused: Sequence[str]) -> None:
        out.print(f"\n[bold]党群助手 · 演示企业[/]  {base_url}/\n")
        out.print(f"  并排对话，点名字 · chat side by side  {base_url}/")
        out.print(f"  单独的对话页 · the chat page         {base_url}/chat/")
        out.print(f"  管理台（在对话里发“管理台”）· console  {base_url}/console/")
        out.print("  演示身份 · demo accounts")
        for person in people:
            out.print(f"    {person['name']}  {person['role']}")
        out.print(f"\n  数据在 {path}，不碰其他数据；Ctrl-C 停止 · data in {path}; Ctrl-C stops\n")
        if paused:
            say_paused(paused)

    serve(settings, database, key, [bound], base_url, holder=holder, demo_people=people, ready=ready)


def _settings(path: Path) -> Settings:
    """Return the configuration of the demo; nothing of the environment reaches it."""
    try:
        return load(
            None,
            {
                "DANGQUN_ORGANISATION__NAME": "江河实业集团（演示）",
                "DANGQUN_DATABASE__URL": f"sqlite:///{path}",
                # Whoever tries the demo at night or on a Sunday should still see a push arrive.
                "DANGQUN_QUIET_HOURS__START": "00:00",
                "DANGQUN_QUIET_HOURS__END": "00:00",
                "DANGQUN_QUIET_HOURS__DAYS_OFF": "false",
                "DANGQUN_QUIET_HOURS__PUSHES_A_DAY": "20",
                "DANGQUN_BACKUP__DAILY": "false",
            },
        )
    except ConfigError as error:  # pragma: no cover - the keys above are ours
        fail(str(error), "The demo configuration is wrong.")


def _lock(path: Path) -> None:
    """Hold the demo's data while this process lives; ends when another process does, before anything is made anew."""
    handle = os.open(FOLDER / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        number = os.read(handle, 20).decode("ascii", "replace")
        refuse(str(path), int(number) if number.isdigit() else None)
    os.ftruncate(handle, 0)
    os.write(handle, str(os.getpid()).encode("ascii"))


def _key() -> bytes:
    """Return the demo's signing key, kept beside its data so that a reload of the page still knows its people."""
    path = FOLDER / "demo.key"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
    return bytes.fromhex(path.read_text(encoding="ascii"))


def _database(url: str, path: Path) -> Database:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - start-up cost

    from bot import mistakes  # noqa: PLC0415
    from storage import migrate  # noqa: PLC0415

    try:
        database = Database(url)
        if migrate.current(database.engine) != migrate.head():
            migrate.upgrade(database.engine)
    except (SQLAlchemyError, OSError) as error:
        zh, en = mistakes.of_database(error, url)
        fail(
            f"演示库 {path} 打不开（{zh}）。可用 make run ARGS=--fresh 重新生成。",
            f"The demo database can't be opened ({en}). `make run ARGS=--fresh` makes a new one.",
        )
    return database
