"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

_PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


def picture_type(body: bytes) -> str | None:
    """Return the type of a raster picture by its first bytes, whatever its name says; None for anything else."""
    for magic, mime in _PICTURES:
        if body.startswith(magic):
            return mime
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    return None


def file_type(body: bytes) -> str:
    """Return the type of any file by its first bytes."""
    if body.startswith(b"%PDF-"):
        return "application/pdf"
    return picture_type(body) or "application/octet-stream"
