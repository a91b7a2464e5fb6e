"""`tagwright run`: the daemon."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import click

from router.cli.files import RULE_FILE, default_config
from router.cli.reporting import show
from router.daemon import Deployment, NotReady, Service, deploy, run_service
from router.delivery.spool import SpoolUnusable
from router.logs import configure_logs
from router.settings import EnvironmentVariables, Settings, is_loopback, listen_problem, load_settings


@click.command()
@click.option(
    "--rules", "files", multiple=True, required=True, type=RULE_FILE, help="Rule files, or shipped names."
)
@click.option(
    "--listen", metavar="HOST:PORT", help="Where events are taken. Default 127.0.0.1:8080; port 0 is any."
)
@click.option("--admin", metavar="HOST:PORT", help="Health, metrics and status. Default 127.0.0.1:9090.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Directory of the spool.")
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="Settings; default ./tagwright.toml."
)
@click.pass_context
def run(
    context: click.Context, files: tuple[Path, ...], listen: str | None, admin: str | None, data: Path | None,
    config: Path | None,
) -> None:  # fmt: skip
    """Take events over HTTP and deliver them to TikTok.

    Events are posted to /v1/events (standard format) or /events (Commanders Act) and answered 202 once they
    are on disk. SIGTERM finishes what is in flight and ends; SIGHUP loads the rules again, all or nothing.

    Exit status: 0 stopped as asked, 1 stopped because the disk failed, 2 could not start.
    """
    variables = EnvironmentVariables(os.environ)
    settings = _settings(context, config, variables, listen=listen, admin=admin, data=data)
    redaction = configure_logs(style=settings.logs.style, level=settings.logs.level)
    deployment = _deployment(context, files, settings, variables)
    redaction.register(variables.secrets())
    for remark in (*deployment.remarks, *_notes(settings, variables)):
        click.echo(f"note: {remark}", err=True)
    service = Service(settings, files, deployment, lambda: EnvironmentVariables(os.environ), redaction)
    try:
        status = asyncio.run(run_service(service, _announce))
    except SpoolUnusable as problem:
        _could_not(context, str(problem))
    except OSError as problem:
        _could_not(context, f"cannot listen on {problem.filename}: {problem.strerror}{_fix(problem)}")
    context.exit(status)


def _settings(
    context: click.Context, config: Path | None, variables: EnvironmentVariables, **overrides: Any
) -> Settings:
    settings, problems = load_settings(config or default_config(), variables, **overrides)
    exposed = listen_problem(settings)
    if problems or exposed:
        _could_not(context, *(str(each) for each in (*problems, exposed) if each))
    return settings


def _deployment(
    context: click.Context, files: tuple[Path, ...], settings: Settings, variables: EnvironmentVariables
) -> Deployment:
    deployment = deploy(files, variables, settings.profile)
    if isinstance(deployment, NotReady):
        show(deployment.diagnostics, err=True)
        _could_not(context, *(deployment.problems or ("the rules have errors",)))
    return deployment


def _notes(settings: Settings, variables: EnvironmentVariables) -> Iterator[str]:
    """What is allowed and probably not meant. Comes after everything that reads variables."""
    for name in variables.unread("TAGWRIGHT_"):
        yield f"{name} is set, and no setting or rule reads it"
    if not is_loopback(settings.admin.host):
        yield f"whoever reaches {settings.admin} reads metrics and status: the admin address asks for no key"


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
    click.echo(f"rules {service.deployment.program.version}, sending to {active}")
    sys.stdout.flush()
