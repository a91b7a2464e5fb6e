"""The files of a new project: a rule file with tests, every setting with its default, the environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from router.assets import asset
from router.settings import Setting, describe_settings

RULES = "shop.rules"
CONFIG = "tagwright.toml"
ENVIRONMENT = ".env.example"
_EXAMPLES: Final = {
    "write_keys": '[{ name = "shop", env = "SHOP_WRITE_KEY" }]',
    "spool": '"postgresql://tagwright@127.0.0.1/tagwright"',
    "store.seal_key": '"seal.keys"',
    "traces.endpoint": '"http://127.0.0.1:4318"',
}


def starter_files() -> dict[str, str]:
    """File names with their texts."""
    return {
        RULES: asset("rules/starter/shop.rules").read_text("utf-8"),
        CONFIG: "\n".join(_config()) + "\n",
        ENVIRONMENT: asset("rules/starter/env.example").read_text("utf-8"),
    }


def write_starter(folder: Path) -> tuple[list[Path], list[Path]]:
    """Write the files that are not there yet: those written, and those left as they were."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    kept: list[Path] = []
    for name, text in starter_files().items():
        path = folder / name
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
            written.append(path)
        except FileExistsError:
            kept.append(path)
    return written, kept


def _config() -> Iterator[str]:
    """Every setting as a comment with its default, so that the file is complete and changes nothing."""
    yield "# Settings of the daemon. Every line is a default, or an example where there is none;"
    yield "# remove the # to change it."
    yield "# Environment variables TAGWRIGHT_… and options of `tagwright run` are stronger than this file."
    section = ""
    for setting in describe_settings():
        here, _, key = setting.name.rpartition(".")
        if here != section:
            section = here
            yield from ("", f"[{section}]")
        yield from ("", f"# {setting.summary}", f"#{key} = {_toml(setting)}")


def _toml(setting: Setting) -> str:
    if setting.name in _EXAMPLES:
        return _EXAMPLES[setting.name]
    match setting.default:
        case bool() as value:
            return str(value).lower()
        case int() | float() as value:
            return str(value)
        case ():
            return "{}" if not setting.shape.from_text else "[]"
        case tuple() as values:
            return "[" + ", ".join(f'"{each}"' for each in values) + "]"
        case value:
            return f'"{value}"'
