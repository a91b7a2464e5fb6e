"""Rule files as commands take them."""

from __future__ import annotations

from pathlib import Path

import click

from router.assets import asset


class RuleFile(click.ParamType[Path]):
    """A path, or the name of a shipped rule file such as `standard.rules`."""

    name = "file"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        if path.is_file():
            return path
        shipped = asset("rules") / path
        if len(path.parts) == 1 and shipped.is_file():
            return shipped
        if path.exists():
            return self.fail(f"{value} is not a file", param, ctx)
        known = ", ".join(sorted(each.name for each in asset("rules").glob("*.rules")))
        return self.fail(f"there is no file {value}; shipped with TagWright: {known}", param, ctx)


RULE_FILE = RuleFile()


def default_config() -> Path | None:
    """The settings of this directory, if there are any."""
    path = Path("tagwright.toml")
    return path if path.is_file() else None
