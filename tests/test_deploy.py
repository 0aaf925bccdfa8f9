"""deploy/: what it names exists, its settings are known, and the tools that are on this machine accept it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.config import load
from tests.code import ROOT
from tests.plain_yaml import Reader

DEPLOY = ROOT / "deploy"


COMPOSE = DEPLOY / "compose.yaml"


@pytest.fixture
def services() -> dict[str, Any]:
    """What compose starts."""
    found: dict[str, Any] = Reader(COMPOSE.read_text(encoding="utf-8")).read()["services"]
    return found


def test_compose_starts_everything_in_order(services: dict[str, Any]) -> None:
    assert set(services) == {"postgres", "migrate", "dangqun", "nginx"}
    assert services["dangqun"]["deploy"]["replicas"] == 3
    after = {name: service.get("depends_on") for name, service in services.items()}
    assert after == {
        "postgres": None,
        "migrate": {"postgres": {"condition": "service_healthy"}},
        "dangqun": {"migrate": {"condition": "service_completed_successfully"}},
        "nginx": {"dangqun": {"condition": "service_healthy"}},
    }
    assert "healthcheck" in services["postgres"]
    assert "/healthz" in services["dangqun"]["healthcheck"]["test"][-1]
    assert int(services["dangqun"]["stop_grace_period"].removesuffix("s")) > 30, "longer than the program takes to stop"


def test_what_compose_mounts_and_hides_is_there(services: dict[str, Any]) -> None:
    whole = Reader(COMPOSE.read_text(encoding="utf-8")).read()
    for service in services.values():
        assert set(service.get("secrets", [])) <= set(whole["secrets"])
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert (DEPLOY / source).is_file() if source.startswith("./") else source in whole["volumes"], volume
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_every_setting_in_the_compose_file_is_known(services: dict[str, Any], tmp_path: Path) -> None:
    environment = {}
    assert services["dangqun"]["environment"] == services["migrate"]["environment"]
    for name, value in services["dangqun"]["environment"].items():
        if name.endswith("_FILE"):
            secret = tmp_path / name
            secret.write_text("ab" * 32 if "KEY" in name else "postgresql://a:b@postgres/c", encoding="ascii")
            environment[name] = str(secret)
            assert value.removeprefix("/run/secrets/") in services["dangqun"]["secrets"]
        else:
            environment[name] = re.sub(r"\$\{[^:]+:-(.*)\}", r"\1", value)
    settings = load(None, environment)
    assert settings.database.url.get_secret_value().startswith("postgresql://")
    assert settings.security.key.get_secret_value() == "ab" * 32


def test_the_reader_reads_as_others_do() -> None:
    python = shutil.which("python3", path=f"/usr/bin{os.pathsep}/bin")
    ask = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1], encoding='utf-8'))))"
    command = [str(python), "-I", "-c", ask, str(COMPOSE)]
    found = subprocess.run(command, capture_output=True, text=True, check=False) if python else None
    if found is None or "No module named 'yaml'" in found.stderr:
        pytest.skip("no Python with PyYAML on this machine")
    assert json.loads(found.stdout) == Reader(COMPOSE.read_text(encoding="utf-8")).read()


@pytest.mark.parametrize("words", ["a: 1\na: 2", "a:\n\tb: 1", "a: [1, 2", "a: {b: 1} c", "a\nb", "a: |\n  b\n c"])
def test_the_reader_refuses_what_it_does_not_know(words: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        Reader(words).read()


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


def test_the_target_starts_what_nginx_expects() -> None:
    target = (DEPLOY / "dangqun.target").read_text(encoding="utf-8")
    started = re.findall(r"dangqun@(\d+)\.service", target)
    upstream = (DEPLOY / "upstream.systemd.conf").read_text(encoding="utf-8")
    assert started == re.findall(r"server 127\.0\.0\.1:(\d+) ", upstream)
    assert len(started) == 3
    assert {"postgresql.service", "nginx.service"} <= set(re.findall(r"^Wants=(.+)$", target, re.MULTILINE)[0].split())
    unit = (DEPLOY / "dangqun@.service").read_text(encoding="utf-8")
    assert "PartOf=dangqun.target" in unit
    assert "WantedBy=dangqun.target" in unit


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
@pytest.mark.parametrize("unit", ["dangqun@8081.service", "dangqun.target"])
def test_systemd_accepts_the_units(unit: str, tmp_path: Path) -> None:
    words = (DEPLOY / "dangqun@.service").read_text(encoding="utf-8")
    plain = words.replace("/srv/dangqun/.venv/bin/dangqun", "/bin/true")
    for name in ("dangqun@.service", *(f"dangqun@{port}.service" for port in (8081, 8082, 8083))):
        (tmp_path / name).write_text(plain, encoding="utf-8")
    shutil.copy(DEPLOY / "dangqun.target", tmp_path)
    command = ["systemd-analyze", "verify", str(tmp_path / unit)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    ours = [line for line in found.stderr.splitlines() if "dangqun" in line and "Failed to" not in line]
    assert ours == [], found.stderr
