"""Configuration: checked whole, unknown keys name the nearest, secrets come from the environment or files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import ConfigError, load


def written(folder: Path, words: str) -> Path:
    path = folder / "config.toml"
    path.write_text(words, encoding="utf-8")
    return path


def test_defaults_are_a_whole_configuration() -> None:
    settings = load(None, {})
    assert settings.organisation.timezone == "Asia/Shanghai"
    assert settings.database.url.get_secret_value() == "sqlite:///var/dangqun.db"
    assert not settings.telegram.enabled
    organisation = settings.as_organisation()
    assert organisation.quiet.start.hour == 21
    assert organisation.points["quiz"].daily_cap == 5


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("[organization]\nname='x'", "organization: unknown key; did you mean organisation?"),
        ("[telegram]\ntokn='x'", "telegram.tokn: unknown key; did you mean token?"),
        ("[points.quiz]\npoint=1\npoints=1\ndaily_cap=1", "points.quiz.point: unknown key; did you mean points?"),
        ("[organisation]\ntimezone='Asia/Shanhai'", "did you mean Asia/Shanghai?"),
        ("[telegram]\nenabled=true", "enabled needs a token"),
        ("[telegram]\nenabled=true\ntoken='1:x'\nmode='webhook'\nwebhook_url='https://x/y'", "webhook_secret"),
        ("[telegram]\nenabled=true\ntoken='1:x'\nmode='webhook'\nwebhook_url='ftp://x'", "https address"),
        ("[telegram]\nmode='pooling'", "telegram.mode"),
        ("[web]\nport=99999", "web.port"),
        ("[quiet_hours]\nstart='25:00'", "quiet_hours.start"),
        ("[schedule]\ntheme_day=31", "schedule.theme_day"),
        ("[retention]\nupdates_days=3", "retention.updates_days: at least 8 days, or 0 to keep it for ever"),
        ("[retention]\nletter_days=90", "retention.letter_days: unknown key; did you mean letters_days?"),
        ("[points]\nsmallest_group=2", "points.smallest_group"),
        ("[security]\nkey='short'", "64 hexadecimal"),
        ("x = ", "config.toml"),
    ],
)
def test_a_mistake_is_a_sentence_that_names_the_key(tmp_path: Path, words: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(written(tmp_path, words), {})
    assert sentence in str(error.value)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load(written(tmp_path, "[web]\nport=-1\nhots='x'\n[organisation]\nlanguage='fr'"), {})
    assert len(str(error.value).splitlines()) == 3


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "[organisation]\nname='甲'\n[web]\nport=1")
    settings = load(path, {"DANGQUN_ORGANISATION__NAME": "乙", "DANGQUN_WEB__PORT": "2", "DANGQUN_DEBUG": "1"})
    assert settings.organisation.name == "乙"
    assert settings.web.port == 2


def test_a_mounted_secret(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("1:abc\n", encoding="utf-8")
    settings = load(None, {"DANGQUN_TELEGRAM__TOKEN_FILE": str(secret), "DANGQUN_TELEGRAM__ENABLED": "true"})
    assert settings.telegram.token.get_secret_value() == "1:abc"
    with pytest.raises(ConfigError, match="can't be read"):
        load(None, {"DANGQUN_TELEGRAM__TOKEN_FILE": str(tmp_path / "nothing")})


def test_no_secret_is_printed(tmp_path: Path) -> None:
    words = "[telegram]\ntoken='1:verysecret'\nenabled=true\n[database]\nurl='postgresql://u:verysecret@h/d'"
    assert "verysecret" not in repr(load(written(tmp_path, words), {}))


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="dangqun init"):
        load(Path("/nowhere/config.toml"), {})
