"""deploy/: what it names exists, its settings are known, and the tools that are on this machine accept it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.config import load
from tests.code import ROOT

DEPLOY = ROOT / "deploy"


def test_every_setting_in_the_compose_file_is_known(tmp_path: Path) -> None:
    words = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    environment = {}
    for name, value in re.findall(r"^\s+(DANGQUN_[A-Z_]+): (.+)$", words, re.MULTILINE):
        if name.endswith("_FILE"):
            secret = tmp_path / name
            secret.write_text("ab" * 32 if "KEY" in name else "postgresql://a:b@postgres/c", encoding="ascii")
            environment[name] = str(secret)
        else:
            environment[name] = re.sub(r"\$\{[^:]+:-(.*)\}", r"\1", value)
    settings = load(None, environment)
    assert settings.database.url.get_secret_value().startswith("postgresql://")
    assert settings.security.key.get_secret_value() == "ab" * 32
    assert "replicas: 3" in words


def test_the_image_copies_what_is_there() -> None:
    words = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for name in re.findall(r"^COPY (.+) \./$", words, re.MULTILINE)[0].split():
        assert (ROOT / name).exists(), name
    assert "--require-hashes" in words


def test_the_command_of_the_unit_exists() -> None:
    words = (DEPLOY / "dangqun@.service").read_text(encoding="utf-8")
    assert "dangqun run --config" in words
    timeout = re.search(r"TimeoutStopSec=(\d+)", words)
    assert timeout is not None
    assert int(timeout[1]) > 30, "longer than the program takes to stop"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    words = (DEPLOY / "dangqun@.service").read_text(encoding="utf-8")
    (tmp_path / "dangqun@.service").write_text(
        words.replace("/srv/dangqun/.venv/bin/dangqun", "/bin/true"), encoding="utf-8"
    )
    unit = str(tmp_path / "dangqun@8081.service")
    shutil.copy(tmp_path / "dangqun@.service", unit)
    found = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)  # noqa: S607
    assert "Unknown" not in found.stderr
