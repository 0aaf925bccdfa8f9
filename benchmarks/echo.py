"""The reference of `benchmarks.loopback`: python-telegram-bot's echo with its default settings, as a process.

No database, nothing stored. `--queue` is the library's documented way for a web server of one's own (customwebhookbot):
the update goes into `update_queue`, and the application serves one after another. Without it the webhook's task serves
the update itself, so that many are in hand at once. Its own web server needs tornado, which was measured slower.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from typing import Any

from aiohttp import web
from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from benchmarks.far import HEADER, PATH, SECRET

TOKEN = "1:benchmark"  # noqa: S105 - nobody's


async def _echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if update.message is not None and update.message.text is not None:
        await update.message.reply_text(update.message.text)


async def serve(api: str, *, queue: bool) -> None:
    """Serve until SIGTERM."""
    bot: Any = Application.builder().token(TOKEN).base_url(f"{api}/bot").updater(None).build()
    bot.add_handler(MessageHandler(filters.TEXT, _echo))

    async def take(request: web.Request) -> web.Response:
        if request.headers.get(HEADER) != SECRET:
            return web.Response(status=403)
        update = Update.de_json(await request.json(), bot.bot)
        await (bot.update_queue.put(update) if queue else bot.process_update(update))
        return web.Response()

    site = web.Application()
    site.add_routes([web.post(PATH, take)])
    runner = web.AppRunner(site, access_log=None)
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with bot:
        await bot.start()
        await runner.setup()
        listening = web.TCPSite(runner, "127.0.0.1", 0)
        await listening.start()
        print(f"ready {runner.addresses[0][1]}", flush=True)
        await stopping.wait()
        await runner.cleanup()
        await bot.stop()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--api", required=True)
    parser.add_argument("--queue", action="store_true")
    given = parser.parse_args()
    logging.disable(logging.INFO)
    asyncio.run(serve(given.api, queue=given.queue))


if __name__ == "__main__":
    main()
