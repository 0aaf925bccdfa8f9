"""`dangqun rules show|diff|check`: the rules of organisational life, and what a pack would change from when."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.commands.say import fail, out
from bot.commands.surroundings import ConfigOption, open_database, settings_of
from bot.config import Settings

if TYPE_CHECKING:
    from domain.rule import Book, Rule, Vote
    from domain.rule_change import Change

rules = typer.Typer(help="组织生活的规则包 · Rule packs of organisational life.", no_args_is_help=True)
DayOption = typer.Option(None, "--day", help="哪一天有效的规则（YYYY-MM-DD），默认今天 · In force on this day.")
FilesArgument = typer.Argument(None, help="规则包文件，从低到高；不写就看配置里的 · Packs; else the configured ones.")
CYCLES = {
    "month": ("每月", "a month"),
    "quarter": ("每季度", "a quarter"),
    "half": ("每半年", "half a year"),
    "year": ("每年", "a year"),
    "term": ("每届", "a term"),
}


def _today(settings: Settings) -> date:
    return settings.as_organisation().today(datetime.now(UTC))


def _book(settings: Settings, files: list[Path] | None) -> Book:
    """Return the national rules with these packs over them, or end with every mistake in them."""
    from content import rule_pack  # noqa: PLC0415 - start-up cost
    from domain.rule_reading import RuleError  # noqa: PLC0415

    if not files:
        return rule_pack.book(settings.as_organisation().rules)
    try:
        return rule_pack.book(rule_pack.load_local(files))
    except RuleError as error:
        fail(f"规则包有误：\n{error}", "The pack is wrong; the lines above name each mistake.", 1)


def _before(settings: Settings) -> Book | None:
    """Return what was in force last in this installation."""
    from services import rule  # noqa: PLC0415 - start-up cost
    from services.work import Work  # noqa: PLC0415

    database = open_database(settings)
    work = settings.as_organisation(), datetime.now(UTC)
    found = database.read_now(lambda c: rule.before(Work(c, *work)))
    database.close()
    return found


def _how_often(rule: Rule) -> tuple[str, str]:
    zh, en = CYCLES[rule.cycle.value]
    if rule.years:
        return f"{rule.years} 年一届", f"a term of {rule.years} years"
    return (f"{zh} {rule.count} 次", f"{rule.count} × {en}")


@rules.command()
def show(day: str = DayOption, config: Path | None = ConfigOption) -> None:
    """列出有效的规则，带出处和可信程度 · List the rules in force, with article and trust."""
    settings = settings_of(config)
    try:
        on = date.fromisoformat(day) if day else _today(settings)
    except ValueError:
        fail("日期要写成 YYYY-MM-DD。", "Dates are written YYYY-MM-DD.")
    book = _book(settings, None)
    out.print(f"{book.version} · {on}", markup=False)
    for number in book.ids:
        rule = book.in_force(number, on)
        if rule is not None:
            zh, en = _how_often(rule)
            hard = "" if rule.hard else " · 只作提醒 advice"
            parts = "、".join(part.value for part in rule.met) or "登记 declared"
            out.print(f"{number} [{rule.trust.value}] {rule.name.zh} · {rule.name.en}{hard}", markup=False)
            out.print(f"    {zh} · {en}；{parts}", markup=False)
            _source(rule)
    for number in book.vote_ids:
        vote = book.vote(number, on)
        if vote is not None:
            out.print(f"{number} [{vote.trust.value}] {vote.name.zh} · {vote.name.en}", markup=False)
            _source(vote)


def _source(one: Rule | Vote) -> None:
    decided = f"；{one.decided_by} 决定 · decided by {one.decided_by}" if one.decided_by else ""
    out.print(f"    {one.source}{one.article}；从 {one.applies_from} 起计算 · applied from then{decided}", markup=False)
    out.print(f"    {one.text.zh}", markup=False)
    out.print(f"    {one.text.en}", markup=False, style="dim")


def _said(change: Change) -> str:
    name = f"表决 vote {change.rule_id}" if change.of_vote else change.rule_id
    if change.before is None:
        return f"{name}：{change.first} 起新增 · new from then"
    if change.after is None:
        return f"{name}：{change.first} 起没有了 · gone from then"
    keys = "、".join(change.keys)
    (old, _), (new, new_en) = _in_short(change.before), _in_short(change.after)
    more = f"（{old} → {new} · {new_en}）" if old != new else ""
    return f"{name}：{change.first} 起不同：{keys}{more} · differs from then"


def _in_short(one: Rule | Vote) -> tuple[str, str]:
    from domain.rule import Rule  # noqa: PLC0415 - start-up cost

    if isinstance(one, Rule):
        return _how_often(one)
    quorum = f"{'>' if one.quorum_over else '≥'} {one.quorum} {one.quorum_of.value}"
    yes = f"{'>' if one.majority_over else '≥'} {one.majority} {one.majority_of.value}" if one.majority else "—"
    secret = ("，无记名", ", secret") if one.secret else ("", "")
    return f"到会 {quorum}，赞成 {yes}{secret[0]}", f"quorum {quorum}, yes {yes}{secret[1]}"


@rules.command()
def diff(files: list[Path] = FilesArgument, config: Path | None = ConfigOption) -> None:
    """和这里上一次生效的规则比，从哪天起有什么不同 · What differs from the rules last in force here."""
    from domain.rule_change import difference  # noqa: PLC0415 - start-up cost

    settings = settings_of(config)
    new, old = _book(settings, files), _before(settings)
    if old is None:
        out.print("这里还没有生效过规则包（第一次启动时记下）· no pack has been in force here yet", markup=False)
        return
    changes = difference(old, new)
    for change in changes:
        out.print(_said(change), markup=False)
    if not changes:
        out.print("没有不同 · no difference", markup=False)


@rules.command()
def check(files: list[Path] = FilesArgument, config: Path | None = ConfigOption) -> None:
    """检查规则包：写法、只严不松、不改过去 · Check packs: form, never looser, never changing the past."""
    from domain.rule_change import difference, rewrites_past  # noqa: PLC0415 - start-up cost

    settings = settings_of(config)
    new, old = _book(settings, files), _before(settings)
    past = rewrites_past(difference(old, new), _today(settings)) if old else []
    if past:
        lines = "\n".join(_said(change) for change in past)
        fail(
            f"改动了已经开始的时期：\n{lines}\n请保留原来那一条，另写一条新的，applies_from 写今天以后的日子。",
            "It changes periods that have begun. Keep the old rule and add a version that applies from a later day.",
            1,
        )
    out.print(f"✓ {new.version}：{len(new.ids)} 条规则，没有问题 · {len(new.ids)} rules, nothing wrong", markup=False)
