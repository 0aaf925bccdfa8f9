"""Mistakes in a configuration, a file or a database's address as sentences: Chinese first, English beside it."""

from __future__ import annotations

import difflib
import errno
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args
from urllib.parse import unquote

from pydantic import BaseModel, SecretStr

from bot.logs import MASK, masked

LONGEST_GIVEN = 60
Words = tuple[str, str]
"""Chinese and English."""

_KINDS: Mapping[str, Words] = {
    "missing": ("缺少这一项", "is missing"),
    "int": ("要写整数", "must be a whole number"),
    "float": ("要写数字", "must be a number"),
    "bool": ("要写 true 或 false", "must be true or false"),
    "string_type": ("要写成文字，加引号", "must be text in quotes"),
    "string_too_short": ("至少 {min_length} 个字", "must not be shorter than {min_length}"),
    "string_too_long": ("至多 {max_length} 个字", "must not be longer than {max_length}"),
    "time": ('要写成时刻，如 "09:10"', 'must be a time such as "09:10"'),
    "greater_than_equal": ("不能小于 {ge}", "must be at least {ge}"),
    "greater_than": ("要大于 {gt}", "must be more than {gt}"),
    "less_than_equal": ("不能大于 {le}", "must be at most {le}"),
    "less_than": ("要小于 {lt}", "must be less than {lt}"),
    "list": ('要写成列表，如 ["甲", "乙"]', "must be a list"),
    "model": ("这里是一节，下面才是各项", "is a section, with keys beneath it"),
    "finite_number": ("要写数字", "must be a number"),
}
"""What pydantic calls a mistake, or how that begins -> what it says."""

_TOML = (
    ("Expected newline", "一行只能写一项，后面多出了东西"),
    ("Expected '='", "键后面缺少等号；键里有汉字的要加引号"),
    ("Invalid value", "值写得不对：文字要加引号"),
    ("Invalid statement", "这一行读不懂"),
    ("Invalid initial character for a key", "键写得不对"),
    ("Cannot overwrite a value", "同一个键写了两次"),
    ("Cannot declare", "同一节写了两次"),
    ("Cannot mutate immutable", "同一节写了两次"),
    ("Expected ']'", "节名后面缺少 ]"),
    ("Unclosed array", "列表没有写完，缺少 ]"),
    ("Unterminated string", "引号没有配对"),
    ('Expected "', "引号没有配对"),
    ("Illegal character", "有不允许的字符，或者引号没有配对"),
    ("Invalid escape", "引号里的反斜杠要写成两个，或改用单引号"),
    ("Unescaped", "引号里的反斜杠要写成两个，或改用单引号"),
)
_FILES = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.ENOTDIR: "路径里有一段不是文件夹",
    errno.ENOSPC: "磁盘满了",
    errno.EROFS: "这个磁盘只能读",
    errno.ENAMETOOLONG: "名字太长",
}
_DATABASES = (
    (r"refused", "服务器没有运行，或端口不对"),
    (r"resolve|translate host|name or service|nodename", "找不到这台主机，检查主机名"),
    (r"password authentication|no password supplied|authentication failed", "用户名或密码不对"),
    (r'database "[^"]*" does not exist', "服务器上没有这个库，先建好它"),
    (r'role "[^"]*" does not exist', "服务器上没有这个用户"),
    (r"timeout|timed out|unreachable", "主机没有回答，检查网络和防火墙"),
    (r"too many (?:clients|connections)|connection slots", "服务器的连接用完了"),
    (r"unable to open database file", "打不开文件：检查路径和权限"),
    (r"not a database|malformed", "这个文件不是 SQLite 数据库，或者损坏了"),
    (r"readonly|read-only", "这个文件只能读，检查权限"),
    (r"locked", "正被别的程序占用"),
)


def of_file(error: OSError) -> Words:
    """Say why a file can't be read or written."""
    english = error.strerror or str(error)
    return _FILES.get(error.errno or 0, english), english


def of_toml(error: ValueError, words: str = "") -> Words:
    """Say where a file stops being TOML, and how; what stands there may be a secret. `words`: the file's."""
    if isinstance(error, UnicodeDecodeError):
        return "不是 UTF-8 编码的文本，请另存为 UTF-8", "is not text in UTF-8"
    english = str(error)
    how = next((zh for start, zh in _TOML if english.startswith(start)), "格式不对")
    at = re.search(r"\(at line (\d+), column (\d+)\)", english)
    last = words.rstrip("\n").count("\n") + 1
    where = f"第 {at[1]} 行第 {at[2]} 列" if at else f"第 {last} 行（文件末尾）"
    return f"{where}：{how}", english


def of_database(error: Exception, url: str) -> Words:
    """Say why a database can't be opened; neither its password nor its address is in it."""
    from sqlalchemy.exc import ArgumentError, DBAPIError  # noqa: PLC0415 - start-up cost

    if isinstance(error, DBAPIError):
        said = str(error.orig).strip() or type(error.orig).__name__
        how = next((zh for words, zh in _DATABASES if re.search(words, said, re.IGNORECASE)), "")
        english = _without_password(said.splitlines()[0], url)
        return f"数据库连接不上：{how or english}", f"The database can't be reached: {english}"
    if isinstance(error, ImportError | ArgumentError | ValueError):
        return (
            "[database] url 不是可用的地址：要写成 sqlite:///路径，或 postgresql://用户:密码@主机/库",
            "[database] url must be sqlite:///path or postgresql://user:password@host/name.",
        )
    if isinstance(error, OSError):
        zh, en = of_file(error)
        return f"打不开 [database] url 里的文件：{zh}", f"The file of [database] url can't be opened: {en}"
    return f"数据库打不开（{type(error).__name__}）", f"The database can't be opened ({type(error).__name__})."


def _without_password(words: str, url: str) -> str:
    secret = re.search(r"://[^/@:]*:(.+)@", url)
    for one in {secret[1], unquote(secret[1])} if secret else ():
        words = words.replace(one, MASK)
    return masked(words)


def of_setting(problem: Any, settings: type[BaseModel]) -> str:  # noqa: ANN401 - pydantic's error dict
    """Return one mistake of a configuration as a line: the key, what is wrong, and what was given unless secret."""
    location: Sequence[Any] = problem["loc"]
    where = ".".join(str(part) for part in location) or "config"
    zh, en = _of_kind(problem, settings)
    given = _given(problem, settings)
    return f"{where}：{zh}{f'（写的是 {given}）' if given else ''} · {en}"


def _of_kind(problem: Any, settings: type[BaseModel]) -> Words:  # noqa: ANN401
    kind, facts = problem["type"], problem.get("ctx", {})
    if kind == "extra_forbidden":
        name, model = str(problem["loc"][-1]), _beneath(problem["loc"][:-1], settings)
        return nearest(name, list(getattr(model, "model_fields", ())))
    if kind == "literal_error":
        allowed = str(facts["expected"])
        return f"只能是 {allowed.replace(' or ', ' 或 ')}", f"must be {allowed}"
    if kind == "value_error":
        zh, _, en = str(facts["error"]).partition(" · ")
        return zh, en or zh
    known = _KINDS.get(kind) or next((words for start, words in _KINDS.items() if kind.startswith(f"{start}_")), None)
    if known is None:
        return "写得不对", str(problem["msg"])
    return known[0].format(**facts), known[1].format(**facts)


def nearest(name: str, known: Iterable[str]) -> Words:
    """Say that a key is unknown and which is the nearest; else which there are."""
    known = list(known)
    near = difflib.get_close_matches(name, known, 1, 0.4)
    if near:
        return f"不认识的键，是不是 {near[0]}？", f"unknown key; did you mean {near[0]}?"
    return f"不认识的键，这里有：{'、'.join(known)}", f"unknown key; known here: {', '.join(known)}"


def _beneath(location: Sequence[Any], settings: type[BaseModel]) -> Any:  # noqa: ANN401 - a model or an annotation
    """Return what is declared at a place: a section's model, a key's annotation, None when nothing is."""
    found: Any = settings
    for part in location:
        if not (isinstance(found, type) and issubclass(found, BaseModel)):
            break
        if part not in found.model_fields:
            return None
        annotation = found.model_fields[part].annotation
        inner = (c for c in (annotation, *get_args(annotation)) if isinstance(c, type) and issubclass(c, BaseModel))
        found = next(inner, annotation)
    return found


def _given(problem: Any, settings: type[BaseModel]) -> str:  # noqa: ANN401
    """Return what stands at a known key that holds no secret; a key mistyped may be that of a token."""
    declared, value = _beneath(problem["loc"], settings), problem.get("input")
    if declared is None or SecretStr in (declared, *get_args(declared)) or problem["type"] == "missing":
        return ""
    if not isinstance(value, str | int | float) or (isinstance(declared, type) and issubclass(declared, BaseModel)):
        return ""
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return (shown if len(shown) <= LONGEST_GIVEN else shown[:LONGEST_GIVEN] + "…") or '""'
