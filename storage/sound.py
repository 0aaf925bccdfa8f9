"""How a name sounds, by a dictionary that is opened when the first name is read."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Column, ColumnElement, Connection, func

from domain.sound import keys

_READINGS = 3
"""So many readings of a character are kept: the rest is what old books have."""


@lru_cache(maxsize=8192)
def readings(character: str) -> tuple[str, ...]:
    """Return the readings of a character without tones, the usual one first."""
    from pypinyin import Style, pinyin  # noqa: PLC0415 - 300 ms and 20 MB that a start need not pay

    found = pinyin(character, style=Style.NORMAL, heteronym=True)[0]
    plain = [one for one in found if one.isascii() and one.isalpha()]
    return tuple(dict.fromkeys(plain))[:_READINGS]


@lru_cache(maxsize=65_536)
def of(name: str) -> str:
    """Return the keys of a name; a roster's are made before its transaction, and then only looked up in it."""
    return keys(name, lambda character: readings(character) or ("",))


def in_order(connection: Connection, sounds: Column[str], name: Column[str]) -> tuple[ColumnElement[str], ...]:
    """Return what a list of names is ordered by: pinyin, and the name itself among those that sound alike."""
    # A bar comes after every letter, a blank before: 王伟 stands before 王伟国.
    plain: ColumnElement[str] = func.replace(func.coalesce(sounds, ""), "|", " ")
    return (plain, name) if connection.dialect.name == "sqlite" else (plain.collate("C"), name.collate("C"))
