"""`make docs`: documents and pictures made from the running program, so that they stay true.

docs/configuration.md and config.example.toml from the checked settings, docs/commands.md from the command line and the
capabilities. `--check` compares instead of writing. Pictures are made by `bot/pictures.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any, get_args

import typer
from pydantic import BaseModel, SecretStr

from bot import compare, morning, pictures
from bot.__main__ import app
from bot.config import PREFIX, Settings
from content import voice
from handlers.grammar import open_registry

ROOT = Path(__file__).parent.parent
MADE = "<!-- 由 make docs 生成，不要手改 · made by make docs, don't edit -->"


def main(arguments: list[str]) -> int:
    """Write the documents, or with `--check` say which are out of date."""
    if "--pictures" in arguments:
        pictures.draw(ROOT / "docs")
    made = {
        "config.example.toml": example(),
        "docs/configuration.md": configuration(),
        "docs/commands.md": commands(),
        "docs/messengers.md": compare.page(MADE),
        "docs/morning.md": morning.page_of(pictures.FOLDER, MADE),
        "docs/pictures.md": pictures.page_of(ROOT / "docs", MADE),
    }
    stale = [name for name, words in made.items() if _read(ROOT / name) != words]
    if "--check" in arguments:
        for name in stale:
            sys.stderr.write(f"{name} is out of date: run `make docs`\n")
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).parent.mkdir(exist_ok=True)
        (ROOT / name).write_text(made[name], encoding="utf-8")
    sys.stdout.write(f"{len(stale)} document(s) written\n")
    return 0


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def keys(model: type[BaseModel] = Settings, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield (path, field, default) of every key, in order; sections come before what is in them."""
    # In TOML whatever follows a table's header belongs to it: a section's own keys come before its sub-sections.
    fields = sorted(model.model_fields.items(), key=lambda one: _section(one[1].annotation) is not None)
    for name, field in fields:
        path = (*above, name)
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        inner = _section(field.annotation)
        yield path, field, default
        if inner is not None:
            yield from keys(inner, path)


def _section(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - a type
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def default_of(path: tuple[str, ...]) -> object:
    """Return the default of a key as the whole configuration has it."""
    value: object = Settings()
    for part in path:
        value = getattr(value, part)
    return value


def toml_value(value: object) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, time):
        return f'"{value:%H:%M}"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return str(value) if isinstance(value, int | float) else f'"{value}"'


def example() -> str:
    """Return config.example.toml: every key with its default and one sentence."""
    lines = [
        "# 党群助手的全部配置项与默认值；`dangqun init` 会生成一份带密钥的 config.toml。",
        "# Every key with its default. Each may also be set by the environment: [telegram] token is",
        f"# {PREFIX}TELEGRAM__TOKEN, or {PREFIX}TELEGRAM__TOKEN_FILE for a mounted secret.",
    ]
    for path, field, _ in keys():
        if _section(field.annotation) is not None:
            lines += ["", f"[{'.'.join(path)}]", f"# {field.description}"]
        else:
            lines += [f"# {field.description}", f"{path[-1]} = {toml_value(default_of(path))}"]
    return "\n".join(lines) + "\n"


def configuration() -> str:
    """Return docs/configuration.md."""
    lines = [
        MADE,
        "# 配置 · Configuration",
        "",
        "配置写在 `config.toml`，每一项也可以用环境变量给出，`…_FILE` 读取挂载的密钥文件。",
        "未知的键会在启动时报错，并指出最接近的键。",
        "",
        "Settings live in `config.toml`; each may come from the environment, `…_FILE` reads a mounted secret. An",
        "unknown key stops the start and names the nearest one.",
        "",
    ]
    for path, field, _ in keys():
        if _section(field.annotation) is not None:
            lines += [
                "",
                f"## `[{'.'.join(path)}]`",
                "",
                str(field.description),
                "",
                "| 键 key | 默认 default | 说明 meaning | 环境变量 environment |",
                "|---|---|---|---|",
            ]
        else:
            name = PREFIX + "__".join(path).upper()
            shown = toml_value(default_of(path)).replace("|", "\\|")
            lines.append(f"| `{path[-1]}` | `{shown}` | {field.description} | `{name}` |")
    return "\n".join(lines) + "\n"


def commands() -> str:
    """Return docs/commands.md: the command line, and what can be said in the chat."""
    lines = [MADE, "# 命令 · Commands", "", "## 命令行 · Command line", ""]
    group = typer.main.get_command(app)
    for name, command in _walk(group, ("dangqun",)):
        lines += [f"### `{name}`", "", (command.help or "").strip(), ""]
        for parameter in command.params:
            if parameter.name == "help":
                continue
            shown = ", ".join(parameter.opts) if parameter.param_type_name == "option" else parameter.name.upper()
            lines.append(f"- `{shown}`：{getattr(parameter, 'help', None) or ''}")
        lines.append("")
    lines += [
        "## 对话 · In the chat",
        "",
        "| 命令 command | 说法 phrases | 用途 | purpose | 需要 needs |",
        "|---|---|---|---|---|",
    ]
    zh, en = voice("zh"), voice("en")
    for entry in open_registry().entries.values():
        phrases = "、".join(zh.phrases.get(entry.name, ())[:3])
        needs = entry.needs.value if entry.needs else ""
        lines.append(
            f"| `/{entry.name}` | {phrases} | {zh.help.get(entry.name, '')} | {en.help.get(entry.name, '')} | {needs} |"
        )
    return "\n".join(lines) + "\n"


def _walk(command: Any, above: tuple[str, ...]) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - click's own
    for name, inner in sorted(command.commands.items()):
        if hasattr(inner, "commands"):
            yield from _walk(inner, (*above, name))
        else:
            yield " ".join((*above, name)), inner


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
