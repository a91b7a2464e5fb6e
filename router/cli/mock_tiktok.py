"""`tagwright mock-tiktok`: a stand-in for TikTok on this machine."""

from __future__ import annotations

import click

from router.tiktok.mock import MockApp, address, listen, serve


@click.command("mock-tiktok")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free port."
)
@click.option(
    "--token",
    "tokens",
    multiple=True,
    metavar="TOKEN[=ID,…]",
    help="A token to accept, for all event source ids or only these; without --token any token will do.",
)
def mock_tiktok(host: str, port: int, tokens: tuple[str, ...]) -> None:
    """Behave as TikTok's Events API does, until Ctrl-C or SIGTERM.

    It refuses what `tagwright judge` calls an error, whole batches for one bad event, and counts repeats as
    TikTok documents it. Look inside with GET /_mock/counted, /_mock/requests and /_mock/stats. Steer it with
    POST /_mock/script, for example {"code": 40100, "times": 3}, {"status": 502}, {"delay": 2},
    {"hang": true}, {"garbage": true} or {"redirect": "http://…"}, each with "process": true if the events
    count all the same; with POST /_mock/revoke {"token": "…"} and POST /_mock/reset.
    """
    try:
        listening = listen(host, port)
    except OSError as problem:
        raise click.UsageError(f"cannot listen on {host}:{port}: {problem.strerror or problem}") from problem
    click.echo(f"TikTok mock on {address(listening)}")
    serve(MockApp(_rights(tokens)), listening)


def _rights(tokens: tuple[str, ...]) -> dict[str, frozenset[str] | None] | None:
    if not tokens:
        return None
    pairs = (each.partition("=") for each in tokens)
    return {token: frozenset(ids.split(",")) if ids else None for token, _, ids in pairs}
