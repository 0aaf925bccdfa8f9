"""`dangqun connect`, as an administrator types it: questions, generated secrets, one section written, nothing else."""

from __future__ import annotations

import stat
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.config import load
from storage import spending
from storage.engine import Database
from tests.test_cli import dangqun, home, installed

__all__ = ["home", "installed"]
WECOM = (
    "--set",
    "corp_id=ww1f2e3d4c5b6a7980",
    "--set",
    "agent_id=1000002",
    "--set",
    "secret=s3cret-of-the-app-0123456",
)


def typed(*words: str, says: str) -> tuple[int, str]:
    """Run a command and type into it."""
    result = CliRunner().invoke(app, list(words), input=says, env={"COLUMNS": "200"})
    return result.exit_code, result.output


def written(folder: Path) -> str:
    """Return the configuration as it is written."""
    return (folder / "config.toml").read_text(encoding="utf-8")


def test_init_makes_paths_that_nobody_guesses(installed: Path) -> None:
    settings = load(installed / "config.toml", {})
    paths = [settings.wecom.path, settings.dingtalk.path, settings.feishu.path]
    assert all(len(path) > len("/hooks/dingtalk-") + 15 for path in paths)
    assert len(set(paths)) == 3


def test_wecom_is_connected_by_answering(installed: Path) -> None:
    before = written(installed)
    answers = "bad\nww1f2e3d4c5b6a7980\n1000002\ns3cret-of-the-app-0123456789\n\n\n\n300\n"
    code, said = typed("connect", "wecom", "--no-check", says=answers)
    assert code == 0, said
    assert "看起来不对" in said
    assert "s3cret-of-the-app" not in said
    assert "接收消息" in said
    settings = load(installed / "config.toml", {})
    assert settings.wecom.enabled
    assert (settings.wecom.agent_id, settings.wecom.accounts) == (1000002, 300)
    assert settings.wecom.aes_key.get_secret_value() in said
    for words in before.splitlines():
        assert not words.startswith("#") or words in written(installed)
    assert stat.S_IMODE((installed / "config.toml").stat().st_mode) == 0o600


def test_a_script_connects_without_being_asked_and_again_changes_nothing(installed: Path) -> None:
    assert dangqun("connect", "wecom", *WECOM, "--yes", "--no-check")[0] == 0
    first = written(installed)
    assert dangqun("connect", "wecom", "--yes", "--no-check")[0] == 0
    assert written(installed) == first
    code, said = dangqun("connect", "wecom", "--set", "agent_id=x", "--yes")
    assert code == 2
    assert "什么都没有改动" in said
    assert written(installed) == first


def test_what_is_not_whole_is_not_written(installed: Path) -> None:
    before = written(installed)
    code, said = dangqun("connect", "dingtalk", "--yes", "--no-check")
    assert code == 2
    assert "client_id" in said
    assert written(installed) == before


def test_who_stops_in_the_middle_has_changed_nothing(installed: Path) -> None:
    before = written(installed)
    code, said = typed("connect", "飞书", says="cli_a1b2c3d4e5f60718\n")
    assert code == 130
    assert "什么都没有改动" in said
    assert written(installed) == before


def test_by_long_connection_nothing_is_asked_that_only_a_callback_needs(installed: Path) -> None:
    code, said = typed("connect", "Feishu", "--no-check", says="cli_a1b2c3d4e5f60718\nsecret-secret-secret-1234\n\n")
    assert code == 0, said
    assert "encrypt_key" not in said
    assert load(installed / "config.toml", {}).feishu.mode == "long"


@pytest.mark.parametrize(("name", "words"), [("signal", "没有“signal”"), ("web", "不用接入")])
def test_what_can_not_be_connected_is_said(installed: Path, name: str, words: str) -> None:
    before = written(installed)
    code, said = dangqun("connect", name)
    assert code == 2
    assert words in said
    assert written(installed) == before


def test_without_a_configuration_it_says_how_to_get_one(home: Path) -> None:
    code, said = dangqun("connect", "wecom", "--yes")
    assert code == 2
    assert "init" in said
    assert list(home.iterdir()) == []


def test_the_environment_goes_before_the_file_and_that_is_said(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DANGQUN_WECOM__SECRET", "another-secret-0123456789")
    code, said = dangqun("connect", "wecom", *WECOM, "--yes", "--no-check")
    assert code == 0
    assert "DANGQUN_WECOM__SECRET" in said
    assert tomllib.loads(written(installed))["wecom"]["secret"].startswith("s3cret")


def test_the_doctor_says_how_many_calls_are_left_and_that_a_path_can_be_guessed(installed: Path) -> None:
    ding = ("--set", "client_id=dingapp0key1a2b3c", "--set", "client_secret=S3cr3t-a1b2c3d4e5f60718293a")
    assert dangqun("connect", "dingtalk", *ding, "--yes", "--no-check")[0] == 0
    assert dangqun("connect", "wecom", *WECOM, "--set", "path=/hooks/wecom", "--yes", "--no-check")[0] == 0
    words = written(installed)
    for name in ("dingtalk", "wecom"):
        words = words.replace(f"[{name}]", f'[{name}]\napi_base = "http://127.0.0.1:9"')
    (installed / "config.toml").write_text(words, encoding="utf-8")
    database = Database(f"sqlite:///{installed / 'var' / 'dangqun.db'}")
    database.write_now(lambda c: spending.add(c, "dingtalk", datetime.now(UTC).date(), 7100))
    database.close()
    _, said = dangqun("doctor")
    assert "7100 / 10000" in said
    assert "还是默认的" in said
