"""`dangqun run`: serve an installation until stopped."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bot.commands.alone import claim
from bot.commands.say import fail, out
from bot.commands.surroundings import ConfigOption, key_of, open_database, settings_of
from bot.config import Settings
from storage.engine import Database


def run(config: Path | None = ConfigOption) -> None:
    """启动服务（Ctrl-C 停止）· Serve until stopped."""
    begun = time.monotonic()
    settings = settings_of(config)
    key = key_of(settings)
    database = open_database(settings)
    bound, port = bind(settings.web.host, settings.web.port, tries=1)
    holder = claim(database)
    base_url = settings.web.base_url or f"http://{settings.web.host}:{port}"

    def ready(paused: Sequence[str]) -> None:
        if paused:
            say_paused(paused)
        else:
            out.print(f"已就绪 · ready in {time.monotonic() - begun:.2f} s  {base_url}/chat/")

    serve(settings, database, key, [bound], base_url, holder=holder, ready=ready)
    out.print("已停止，没办完的下次启动接着办 · stopped; what is not finished goes on at the next start", style="dim")


def say_paused(reasons: Sequence[str]) -> None:
    """Say instead of "ready" that this copy is paused, why, and what to do."""
    from bot.gate import way_on, why  # noqa: PLC0415 - start-up cost

    zh, en = way_on(reasons)
    out.print(f"! 已暂停（{why(reasons)}）：不收、不办、不发。{zh}。", markup=False, style="yellow")
    out.print(f"  Paused ({', '.join(reasons)}): nothing is taken, served or sent. {en}", markup=False, style="dim")


def bind(host: str, port: int, tries: int = 20) -> tuple[socket.socket, int]:
    """Take the port, or the next free one; ends with a sentence when there is none."""
    for candidate in range(port, port + tries):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        taken = socket.socket(family, socket.SOCK_STREAM)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((host, candidate))
        except OSError:
            taken.close()
            continue
        taken.listen(256)
        taken.setblocking(False)  # noqa: FBT003 - the socket's own signature
        return taken, taken.getsockname()[1]
    return fail(
        f"端口 {port} 被占用（{host}）。换一个 [web] port，或停掉占用它的程序。",
        f"Port {port} is taken. Choose another [web] port, or stop what holds it.",
    )


def serve(
    settings: Settings,
    database: Database,
    key: bytes,
    sockets: Sequence[socket.socket],
    base_url: str,
    *,
    holder: str,
    demo_people: Sequence[Mapping[str, str]] = (),
    ready: Callable[[Sequence[str]], None],
) -> None:
    """Run the program on these sockets until SIGINT or SIGTERM."""
    from bot.app import App, run_until_stopped  # noqa: PLC0415 - after the configuration is known good
    from bot.logs import start_logging  # noqa: PLC0415

    start_logging(alone=database.sqlite)

    async def main() -> None:
        app = App(settings, database, key, base_url, demo_people, holder)
        await run_until_stopped(app, sockets, ready)

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's loops where it is installed: a tenth to a sixth more turns a second; else asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415 - it is not there on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop
