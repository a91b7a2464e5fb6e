"""`tagwright run`: the daemon."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import click

from router.cli.files import RULE_FILE, default_config
from router.cli.reporting import show
from router.daemon import (
    Candidate,
    Deployment,
    NotReady,
    Plan,
    Service,
    keep_memory_private,
    prepare,
    run_loop,
    run_service,
)
from router.delivery.spool import SpoolBroken, SpoolUnusable
from router.logs import configure_logs
from router.settings import (
    DatabaseUrl,
    EnvironmentVariables,
    Settings,
    is_loopback,
    listen_problem,
    load_settings,
)
from router.tracing import tracing_problem


@click.command()
@click.option(
    "--rules", "files", multiple=True, required=True, type=RULE_FILE, help="Rule files, or shipped names."
)
@click.option("--tests", multiple=True, type=RULE_FILE, help="Files with more tests of the rules.")
@click.option("--no-tests", is_flag=True, help="Run no tests before rules come into force.")
@click.option(
    "--shadow",
    multiple=True,
    type=RULE_FILE,
    help="Rules that send nothing; what they would do otherwise is counted.",
)
@click.option("--dry-run", is_flag=True, help="Do everything but the send; needs no token.")
@click.option(
    "--listen", metavar="HOST:PORT", help="Where events are taken. Default 127.0.0.1:8080; port 0 is any."
)
@click.option("--admin", metavar="HOST:PORT", help="Health, metrics and status. Default 127.0.0.1:9090.")
@click.option(
    "--workers", type=click.IntRange(1, 64), metavar="N", help="Processes that take events. Default 1."
)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Directory of the spool.")
@click.option("--spool", metavar="URL", help="A database for the spool instead, which several routers share.")
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="Settings; default ./tagwright.toml."
)
@click.pass_context
def run(
    context: click.Context, files: tuple[Path, ...], tests: tuple[Path, ...], no_tests: bool,
    shadow: tuple[Path, ...], dry_run: bool, listen: str | None, admin: str | None, data: Path | None,
    spool: str | None, workers: int | None, config: Path | None,
) -> None:  # fmt: skip
    """Take events over HTTP and deliver them to TikTok.

    Events are posted to /v1/events (standard format), or to where other trackers post them, and answered once
    they are on disk. Rules come into force when their tests pass, at the start and when their files or token
    files change (or on SIGHUP), all or nothing. SIGTERM finishes what is in flight and ends; a second one
    ends at once.

    With --spool postgresql://USER@HOST/DATABASE, or the setting spool, any number of routers share one spool
    in a database; keys and what else is one router's own stay in its data directory. A password is better
    kept in ~/.pgpass or PGPASSWORD, where other users of the machine do not see it.

    With --workers N, or the setting workers, N processes take events on one port, and one more stores and
    sends them; dedup stays exact, and a worker that dies is started again.

    A dry run judges events instead of posting them, and keeps its data apart, in the folder dry-run of the
    data directory.

    Exit status: 0 stopped as asked, 1 stopped because the disk failed, 2 could not start.
    """
    if tests and no_tests:
        raise click.UsageError("--tests and --no-tests exclude each other")
    variables = EnvironmentVariables(os.environ)
    settings = _settings(
        context, config, variables, listen=listen, admin=admin, data=data, spool=spool, workers=workers
    )
    redaction = configure_logs(style=settings.logs.style, level=settings.logs.level)
    runs_tests = bool(tests) or (settings.reload.tests and not no_tests)
    plan = Plan(files, tests, shadow, run_tests=runs_tests, dry_run=dry_run)
    first = prepare(plan, settings, variables)
    redaction.register(variables.secrets())
    redaction.register(_password_of(settings))
    remarks = _remarks(context, first)
    for remark in (*remarks, *_notes(settings, variables), *_shown_to_all(spool)):
        click.echo(f"note: {remark}", err=True)
    service = Service(settings, plan, first, _environment(settings), redaction)
    keep_memory_private()
    try:
        status = run_loop(run_service(service, _announce))
    except SpoolUnusable as problem:
        _could_not(context, str(problem))
    except SpoolBroken as problem:
        click.echo(f"error: {problem}", err=True)
        context.exit(1)
    except OSError as problem:
        _could_not(context, f"cannot listen on {problem.filename}: {problem.strerror}{_fix(problem)}")
    context.exit(status)


def _settings(
    context: click.Context, config: Path | None, variables: EnvironmentVariables, **overrides: Any
) -> Settings:
    settings, problems = load_settings(config or default_config(), variables, **overrides)
    found = [each for each in (*problems, listen_problem(settings), tracing_problem(settings)) if each]
    if found:
        _could_not(context, *map(str, found))
    return settings


def _password_of(settings: Settings) -> list[str]:
    password = settings.spool and settings.spool.password
    return [password] if password else []


def _environment(settings: Settings) -> Callable[[], EnvironmentVariables]:
    return lambda: EnvironmentVariables(os.environ, takes_open_files=settings.takes_open_files)


def _remarks(context: click.Context, first: Candidate) -> list[str]:
    """What to know of the rules, once they and those in the shadow can run."""
    for found, which in (
        (first.live, "the rules have errors"),
        (first.shadow, "the shadow rules have errors"),
    ):
        if isinstance(found, NotReady):
            show(found.diagnostics, err=True)
            _could_not(context, *(found.problems or (which,)))
    return list(first.live.remarks) if isinstance(first.live, Deployment) else []


def _notes(settings: Settings, variables: EnvironmentVariables) -> Iterator[str]:
    """What is allowed and probably not meant. Comes after everything that reads variables."""
    for name in variables.unread("TAGWRIGHT_"):
        yield f"{name} is set, and no setting or rule reads it"
    if not is_loopback(settings.admin.host):
        yield f"whoever reaches {settings.admin} reads metrics and status: the admin address asks for no key"


def _shown_to_all(spool: str | None) -> Iterator[str]:
    if spool and DatabaseUrl(spool).password:
        yield (
            "every user of this machine can read the password in --spool; "
            "keep it in ~/.pgpass or in PGPASSWORD, or set TAGWRIGHT_SPOOL"
        )


def _fix(problem: OSError) -> str:
    if problem.errno != errno.EADDRINUSE:
        return ""
    return "\n  fix: stop what listens there, or choose other addresses with --listen and --admin"


def _could_not(context: click.Context, *problems: str) -> NoReturn:
    for problem in problems:
        click.echo(f"error: {problem}", err=True)
    context.exit(2)


def _announce(service: Service) -> None:
    """The addresses, once events are taken: what scripts that start the daemon wait for."""
    active = ", ".join(service.deployment.active)
    click.echo(f"listening on {service.address}")
    click.echo(f"admin on {service.admin_address}")
    what = (
        f"dry run: nothing is sent, judging for {active}" if service.plan.dry_run else f"sending to {active}"
    )
    click.echo(f"rules {service.deployment.program.version}, {what}")
    sys.stdout.flush()
