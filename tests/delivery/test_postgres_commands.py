"""`tagwright spool status`, `migrate` and `copy`."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from delivery_samples import entries
from postgres_server import fresh_url
from spool_kinds import QUIET, offer, put_to_death

from router.cli import main
from router.delivery.postgres.address import address_of
from router.delivery.postgres.spool import PostgresSpool


def told(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["spool", *arguments], prog_name="tagwright", env=environment)


def fill(url: str) -> None:
    async def run() -> None:
        spool = await PostgresSpool.open(address_of(url), pulse_seconds=QUIET)
        await put_to_death(spool, entries(2))
        await offer(spool, entries(5))
        await spool.close()

    asyncio.run(run())


def test_an_empty_database_is_made_a_spool_once() -> None:
    url = fresh_url()
    assert told("status", url).stdout.startswith("there is no spool here yet")
    assert told("migrate", url).stdout == "schema 1, made\n"
    assert told("migrate", TAGWRIGHT_SPOOL=url).stdout == "schema 1, from 1\n"


def test_the_status_shows_what_waits_and_what_is_at_risk() -> None:
    url = fresh_url()
    fill(url)
    result = told("status", url)
    assert result.exit_code == 1, "the server of the tests may forget"
    lines = result.stdout.splitlines()
    assert lines[:2] == ["schema 1", "waiting 3, being sent 0, dead letters 2"]
    assert any(line.startswith("delivery ") for line in lines)
    assert "risk: full_page_writes is off: a power cut can leave pages half written" in lines


def test_a_spool_is_copied_and_the_source_says_where_it_went(tmp_path: Path) -> None:
    url, data = fresh_url(), str(tmp_path / "data")
    fill(url)
    result = told("copy", url, data)
    assert result.stdout == f"copied to {data}: 3 waiting, 2 dead letters, 5 claims, 0 records\n"
    assert f"copied to {data}, and not used any more" in told("status", url).stdout
    again = told("copy", data, url)
    assert (again.exit_code, again.stdout) == (2, "")
    assert f"was copied to {data}" in again.stderr


@pytest.mark.parametrize("command", [("status",), ("migrate",), ("copy", "nowhere")])
def test_a_password_is_never_shown(command: tuple[str, ...]) -> None:
    result = told(*command, "postgresql://router:s3cr3t@127.0.0.1:1/postgres")
    assert result.exit_code == 2
    assert "s3cr3t" not in result.output + result.stderr
    assert "error: " in result.stderr
