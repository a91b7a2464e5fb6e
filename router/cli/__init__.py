"""The command line: one file a command, read only when it is called."""

from __future__ import annotations

import gc
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType

import click

from router import __version__

COMMANDS = {
    "init": "init:init",
    "check": "check:check",
    "lint": "lint:lint",
    "help": "help_code:help_code",
    "fmt": "fmt:fmt",
    "test": "test_rules:test",
    "explain": "explain:explain",
    "try": "try_rules:try_",
    "lsp": "lsp:lsp",
    "diff": "diff:diff",
    "docs": "docs:docs",
    "schema": "schema:schema",
    "run": "run:run",
    "send": "send:send",
    "status": "status:status",
    "why": "why:why",
    "dead": "dead:dead",
    "keys": "keys:keys",
    "erase": "erase:erase",
    "spool": "spool:spool",
    "demo": "demo:demo",
    "login": "login:login",
    "logout": "logout:logout",
    "doctor": "doctor:doctor",
    "coverage": "coverage:coverage",
    "judge": "judge:judge",
    "mock-tiktok": "mock_tiktok:mock_tiktok",
}
"""Command names in the order of `--help`, with where each is defined."""


class _Commands(click.Group):
    """Imports a command's file when it is asked for, so that each starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, name = place.split(":")
        command = getattr(_read(f"router.cli.{module}"), name)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            meant = f", did you mean `{near[0]}`?" if near else ""
            ctx.fail(f"there is no command `{args[0]}`{meant}")
        return super().resolve_command(ctx, args)


def _read(module: str) -> ModuleType:
    """All that is made here stays: to look for garbage meanwhile took a sixth of the time of a start."""
    looked = gc.isenabled()
    gc.disable()
    try:
        return import_module(module)
    finally:
        if looked:
            gc.enable()


@click.command(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="tagwright")
def main() -> None:
    """Route vendor-neutral events to the TikTok Events API 2.0 by declarative rules.

    Start with `tagwright demo` to see it work, or `tagwright init` for a rule file of your own.

    Exit status of every command: 0 clean, 1 findings, 2 could not run.
    """
