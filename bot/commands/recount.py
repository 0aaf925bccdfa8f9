"""`dangqun recount`: the whole ledger of points computed once more from the rules of each day, and its sums."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.commands.say import fail, out
from bot.commands.surroundings import ConfigOption, open_database, settings_of

MOST_SHOWN = 20


def recount(config: Path | None = ConfigOption) -> None:
    """按每天有效的规则重算全部积分流水和合计 · Recount the ledger by the rules of each day, and its totals."""
    from services import points_rule  # noqa: PLC0415 - start-up cost
    from services.work import Work  # noqa: PLC0415

    settings = settings_of(config)
    organisation, now = settings.as_organisation(), datetime.now(UTC)
    database = open_database(settings)
    found = database.snapshot(lambda c: points_rule.recounted(Work(c, organisation, now)))
    database.close()
    for line, due in found.differing[:MOST_SHOWN]:
        words = f"第 {line.id} 条 entry {line.id}：{line.day} {line.rule}，记了 has {line.points}，应得 due {due}"
        out.print(words, markup=False)
    if found.differing or found.unbalanced:
        fail(
            f"重算了 {found.lines} 条：{len(found.differing)} 条不一致，{found.unbalanced} 个合计不等于流水之和。"
            "这个版本第一次启动之前改过的配置无从知道，按当时第一次记下的算。什么都没有改。",
            f"{found.lines} entries recounted: {len(found.differing)} differ, {found.unbalanced} totals are no sums. "
            "How the configuration read before this version first started is not known. Nothing was changed.",
            1,
        )
    out.print(f"重算了 {found.lines} 条，全部一致，合计都对 · every entry and every total is right", markup=False)
