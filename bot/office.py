"""PDFs by LibreOffice, where it is on the machine: a process of its own, with a profile of its own and a time limit.

Only the command line uses it: a conversion takes seconds, and nobody's turn may wait for that.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

LONGEST = 300
"""Seconds for a whole pack."""
AT_ONCE = 50


class OfficeError(Exception):
    """LibreOffice did not make what it was asked for."""


def found() -> str:
    """Return where LibreOffice is; empty when it is not there."""
    return shutil.which("soffice") or shutil.which("libreoffice") or ""


def to_pdf(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the PDF of each file, by its name. Raises OfficeError when one could not be made."""
    names = list(files)
    made: dict[str, bytes] = {}
    for first in range(0, len(names), AT_ONCE):
        made |= _some({name: files[name] for name in names[first : first + AT_ONCE]})
    return made


def _some(files: Mapping[str, bytes]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="dangqun-office-") as name:
        folder = Path(name)
        for place, body in enumerate(files.values()):
            (folder / f"{place}.docx").write_bytes(body)
        command = [
            found(), "--headless", "--norestore", f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--convert-to", "pdf", "--outdir", str(folder), *(str(one) for one in sorted(folder.glob("*.docx"))),
        ]  # fmt: skip
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=LONGEST, cwd=folder)  # noqa: S603 - our own names
        except (OSError, subprocess.SubprocessError) as error:
            raise OfficeError(type(error).__name__) from error
        made = {}
        for place, asked in enumerate(files):
            written = folder / f"{place}.pdf"
            if not written.exists():
                raise OfficeError(asked)
            made[asked.removesuffix(".docx") + ".pdf"] = written.read_bytes()
        return made
