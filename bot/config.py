"""TOML plus environment -> checked settings, looked at once, at start; an unknown key names the nearest one.

`DANGQUN_TELEGRAM__TOKEN=…` sets `[telegram] token`; `DANGQUN_TELEGRAM__TOKEN_FILE=/run/secrets/token` reads a file.
"""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from bot import mistakes
from domain.ceiling import Ceiling, usual
from domain.organisation import Organisation, PointRule, QuietHours, Timetable
from domain.retention import SHORTEST, Retention
from domain.rule import Pack
from messengers import NAMES
from messengers.dingtalk import Section as DingtalkSection
from messengers.feishu import Section as FeishuSection
from messengers.section import MessengerSection
from messengers.telegram import Section as TelegramSection
from messengers.web import Section as WebSection
from messengers.wecom import Section as WecomSection

PREFIX = "DANGQUN_"


class ConfigError(Exception):
    """The configuration is wrong; each line of the message is one mistake with its remedy."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OrganisationSection(_Section):
    """Who we are."""

    name: str = Field("我的单位", min_length=1, max_length=60, description="The name that people see.")
    timezone: str = Field("Asia/Shanghai", description="The organisation's zone: its days and hours are counted in it.")
    language: Literal["zh", "en"] = Field("zh", description="The language for people who have not chosen one.")

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in available_timezones():
            near = difflib.get_close_matches(value, available_timezones(), 1)
            zh, en = (f"，是不是 {near[0]}？", f"; did you mean {near[0]}?") if near else ("，如 Asia/Shanghai", "")
            raise ValueError(f"没有这个时区{zh} · no such time zone{en}")
        return value


class DatabaseSection(_Section):
    """Where everything is kept."""

    url: SecretStr = Field(
        SecretStr("sqlite:///var/dangqun.db"),
        description="sqlite:///path, or postgresql://user:password@host/name.",
    )
    journal: str = Field(
        "",
        description="Folder on this machine for what comes while the database is away; empty: beside it, or in var.",
    )


class SecuritySection(_Section):
    """The program's own secret."""

    key: SecretStr = Field(
        SecretStr(""),
        description="32 random bytes in hex: signs links to files. `dangqun init` makes one.",
    )

    @field_validator("key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and (len(text) != 64 or any(c not in "0123456789abcdef" for c in text.lower())):  # noqa: PLR2004
            raise ValueError(
                "要写 64 位十六进制，用 openssl rand -hex 32 生成 · "
                "must be 64 hexadecimal characters; `openssl rand -hex 32` makes them"
            )
        return value


class ScheduleSection(_Section):
    """When the assistant speaks by itself, on the organisation's clock."""

    learning_at: time = Field(time(9, 10), description="The day's reading, on working days.")
    quiz_reminder_at: time = Field(time(16, 40), description="The unfinished quiz, for those who asked for it.")
    theme_day: int = Field(5, ge=1, le=28, description="Day of the month of the theme day, where a branch chose none.")
    theme_day_at: time = Field(time(15, 0), description="When the theme day begins.")
    theme_day_reminder_at: time = Field(time(9, 20), description="When it is reminded, the day before and on the day.")
    digest_weekday: int = Field(0, ge=0, le=6, description="The weekly digest's weekday; 0 is Monday.")
    digest_at: time = Field(time(8, 40), description="The weekly digest to secretaries and officers.")


class QuietHoursSection(_Section):
    """When nobody is disturbed."""

    start: time = Field(time(21, 0), description="Nothing is pushed from here,")
    end: time = Field(time(8, 0), description="until here.")
    days_off: bool = Field(default=True, description="Nothing is pushed on days off either.")
    pushes_a_day: int = Field(3, ge=1, le=20, description="At most so many pushes a person and day.")


class BackupSection(_Section):
    """Daily copies of the embedded database; for PostgreSQL use your own."""

    daily: bool = Field(default=True, description="Make a copy every day (SQLite alone).")
    folder: str = Field("var/backup", description="Where the copies go.")
    keep: int = Field(7, ge=1, le=400, description="So many of the newest are kept.")


class RetentionSection(_Section):
    """How long rows are kept; what is not settled stays however old it is."""

    updates_days: int = Field(
        30, ge=0, le=36500, description="Days that what people said is kept and known again; at least 8, 0 is for ever."
    )
    letters_days: int = Field(
        180, ge=0, le=36500, description="Days that answers and personal pushes are kept; at least 8, 0 is for ever."
    )
    campaigns_days: int = Field(
        730, ge=0, le=36500, description="Days that it is kept who got what went to many; at least 8, 0 is for ever."
    )

    @field_validator("updates_days", "letters_days", "campaigns_days")
    @classmethod
    def _long_enough(cls, value: int) -> int:
        if 0 < value < SHORTEST:
            raise ValueError(
                f"至少 {SHORTEST} 天，或写 0 一直保留：这么晚还可能再送来同一条消息 · "
                f"at least {SHORTEST} days, or 0 to keep it for ever: updates may be brought again that late"
            )
        return value


class PrivacySection(_Section):
    """What messengers may carry."""

    profile: Literal["standard", "strict"] = Field(
        "standard",
        description="strict: membership and requests never on Telegram; `ceiling` of a messenger goes before it.",
    )


class PointRuleSection(_Section):
    """What a kind of deed is worth."""

    points: int = Field(..., ge=0, le=100, description="Points for one deed; 0 switches the rule off.")
    daily_cap: int = Field(..., ge=0, le=1000, description="Points that count in a day.")


class PointsSection(_Section):
    """Points are voluntary and one's own."""

    checkin: PointRuleSection = Field(PointRuleSection(points=1, daily_cap=1), description="The day's check-in.")
    gathering: PointRuleSection = Field(PointRuleSection(points=5, daily_cap=10), description="Being at a gathering.")
    quiz: PointRuleSection = Field(PointRuleSection(points=1, daily_cap=5), description="Each right answer.")
    learning: PointRuleSection = Field(PointRuleSection(points=1, daily_cap=3), description="Each reading read.")
    smallest_group: int = Field(5, ge=5, le=100, description="No average is shown of fewer people; never below 5.")


class RulesSection(_Section):
    """The organisation's own rules."""

    packs: list[str] = Field(
        [],
        max_length=20,
        description="Files of rules that add to or tighten the national ones, lowest first; see `dangqun rules check`.",
    )

    @field_validator("packs")
    @classmethod
    def _readable(cls, value: list[str]) -> list[str]:
        local_packs(value)
        return value


def local_packs(paths: list[str]) -> tuple[Pack, ...]:
    """Return the organisation's rule packs, checked. Raises ValueError, which says every mistake."""
    if not paths:
        return ()
    from content.rule_pack import load_local  # noqa: PLC0415 - a start without packs need not read any

    return load_local([Path(path) for path in paths])


class Settings(_Section):
    """The whole configuration."""

    organisation: OrganisationSection = Field(OrganisationSection(), description="Who we are.")
    database: DatabaseSection = Field(DatabaseSection(), description="Where everything is kept.")
    security: SecuritySection = Field(SecuritySection(), description="The program's own secret.")
    web: WebSection = Field(WebSection(), description="The embedded chat and its server.")
    telegram: TelegramSection = Field(TelegramSection(), description="Telegram.")
    wecom: WecomSection = Field(WecomSection(), description="WeCom 企业微信, a self-built app.")
    dingtalk: DingtalkSection = Field(
        DingtalkSection(), description="DingTalk 钉钉, an app of the company with a robot."
    )
    feishu: FeishuSection = Field(FeishuSection(), description="Feishu 飞书, a self-built app with a bot.")
    privacy: PrivacySection = Field(PrivacySection(), description="What messengers may carry.")
    schedule: ScheduleSection = Field(ScheduleSection(), description="When the assistant speaks.")
    quiet_hours: QuietHoursSection = Field(QuietHoursSection(), description="When nobody is disturbed.")
    backup: BackupSection = Field(BackupSection(), description="Daily copies of the embedded database.")
    retention: RetentionSection = Field(RetentionSection(), description="How long rows are kept.")
    points: PointsSection = Field(PointsSection(), description="Points are voluntary and one's own.")
    rules: RulesSection = Field(RulesSection(), description="The organisation's own rules of organisational life.")

    def journal(self) -> Path:
        """Return the folder for updates that come while the database is busy or away."""
        if self.database.journal:
            return Path(self.database.journal)
        kind, _, path = self.database.url.get_secret_value().partition(":///")
        return Path(path).parent / "journal" if kind.startswith("sqlite") and path else Path("var/journal")

    def ceiling_of(self, messenger: str) -> Ceiling:
        """Return the classes of personal data that a messenger carries."""
        section: MessengerSection = getattr(self, messenger)
        return section.ceiling.over(usual(self.privacy.profile, messenger))

    def as_organisation(self) -> Organisation:
        """Return what rules need, without the rest."""
        schedule, quiet = self.schedule, self.quiet_hours
        rules = ("checkin", "gathering", "quiz", "learning")
        return Organisation(
            name=self.organisation.name,
            zone=ZoneInfo(self.organisation.timezone),
            language=self.organisation.language,
            points={
                rule: PointRule(getattr(self.points, rule).points, getattr(self.points, rule).daily_cap)
                for rule in rules
            },
            quiet=QuietHours(quiet.start, quiet.end, quiet.days_off),
            pushes_a_day=quiet.pushes_a_day,
            timetable=Timetable(**schedule.model_dump()),
            retention=Retention(**self.retention.model_dump()),
            messengers=tuple(name for name in NAMES if getattr(self, name).enabled),
            by_directory=tuple(
                name
                for name in NAMES
                if getattr(self, name).enabled and getattr(getattr(self, name), "bind_by_directory", False)
            ),
            page=self.web.base_url.rstrip("/") if self.web.enabled else "",
            rules=local_packs(self.rules.packs),
            smallest_group=self.points.smallest_group,
        )


def load(path: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the configuration. `path` None: environment and defaults alone. Raises `ConfigError`."""
    data: dict[str, Any] = {}
    if path is not None:
        words = ""
        try:
            words = path.read_text(encoding="utf-8")
            data = tomllib.loads(words)
        except FileNotFoundError as error:
            raise ConfigError(
                f"{path}：没有这个文件，dangqun init 可以生成 · no such file; `dangqun init` makes one"
            ) from error
        except OSError as error:
            zh, en = mistakes.of_file(error)
            raise ConfigError(f"{path}：读不了，{zh} · can't be read: {en}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            zh, en = mistakes.of_toml(error, words)
            raise ConfigError(f"{path} {zh} · {en}") from error
    merge_environment(data, os.environ if environment is None else environment)
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        raise ConfigError("\n".join(mistakes.of_setting(one, Settings) for one in error.errors())) from error


def merge_environment(data: dict[str, Any], environment: Mapping[str, str]) -> None:
    """Put what the environment says in the place of what the file says. Raises `ConfigError`."""
    for name, value in sorted(environment.items()):
        if not name.startswith(PREFIX):
            continue
        if "__" not in name:
            near = difflib.get_close_matches(name, _environment_names(), 1, 0.85)
            if near:
                raise ConfigError(
                    f"{name}：不认识，是不是 {near[0]}？节和键之间是两条下划线 · "
                    f"unknown; did you mean {near[0]}? Section and key are parted by two underscores"
                )
            continue
        *sections, key = name.removeprefix(PREFIX).lower().split("__")
        if key.endswith("_file"):
            key = key.removesuffix("_file")
            try:
                value = Path(value).read_text(encoding="utf-8").strip()  # noqa: PLW2901
            except (OSError, UnicodeDecodeError) as error:
                zh, en = mistakes.of_file(error) if isinstance(error, OSError) else mistakes.of_toml(error)
                raise ConfigError(f"{name}：它指的文件读不了，{zh} · the file can't be read: {en}") from error
        table = data
        for section in sections:
            table = table.setdefault(section, {})
            if not isinstance(table, dict):
                raise ConfigError(f"{name}：[{section}] 不是一节 · [{section}] is not a section")
        try:
            table[key] = json.loads(value) if value.startswith("[") and value.endswith("]") else value
        except ValueError as error:
            raise ConfigError(f'{name}：列表要写成 ["甲", "乙"] · a list is written ["a", "b"]') from error


def _environment_names() -> list[str]:
    """Return the name in the environment of every key of the first two levels."""
    names = []
    for section, field in Settings.model_fields.items():
        inner = next((one for one in (field.annotation, *get_args(field.annotation)) if isinstance(one, type)), None)
        if inner is not None and issubclass(inner, BaseModel):
            names += [f"{PREFIX}{section}__{key}".upper() for key in inner.model_fields]
    return names
