"""A TikTok to log in to, and the command in a process of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import router
from router.tiktok.mock import MockTikTok
from tests.faults.processes import Talk, launcher

APP = "7123456789012345678"
SECRET = "app-secret-3f786850e387550fdab836ed7e6dc881de23001b"
_ADDRESS = re.compile(r"^https?://\S+/portal/auth\?\S+$", re.MULTILINE)


@dataclass
class Login:
    """A `tagwright` that runs; what was read of its errors so far."""

    talk: Talk
    said: str = ""

    def address(self) -> str:
        """The address that somebody is asked to open."""
        while not (found := _ADDRESS.search(self.said)):
            line = self.talk.warns.readline()
            assert line, self.said
            self.said += line
        return found[0]

    def waiting_on(self) -> str:
        """Where the browser is waited for."""
        while "Waiting for the browser on " not in self.said:
            line = self.talk.warns.readline()
            assert line, self.said
            self.said += line
        return self.said.rpartition("Waiting for the browser on ")[2].strip()

    def end(self, typed: str | None = None) -> tuple[int, str, str]:
        """Exit status, standard output, all of standard error."""
        status, out, rest = self.talk.end(typed or "")
        return status, out, self.said + rest


class Shell:
    """Runs commands in a folder."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self.folder = folder
        self.running: list[Login] = []
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(router.__file__).parents[1]),
            "TAGWRIGHT_TIKTOK_BASE_URL": base_url,
            "TIKTOK_LOGIN_APP_ID": APP,
            "TIKTOK_LOGIN_APP_SECRET": SECRET,
        }

    def start(self, *arguments: str, env: Mapping[str, str | None] | None = None) -> Login:
        merged = {**self.env, **(env or {})}
        given = {name: value for name, value in merged.items() if value is not None}
        self.running.append(Login(launcher().talk(arguments, given, self.folder)))
        return self.running[-1]

    def run(
        self, *arguments: str, typed: str | None = None, env: Mapping[str, str | None] | None = None
    ) -> tuple[int, str, str]:
        return self.start(*arguments, env=env).end(typed)

    def close(self) -> None:
        for each in self.running:
            each.talk.close()


@pytest.fixture(scope="module")
def tiktok() -> Iterator[MockTikTok]:
    """A TikTok that knows one developer app, and no token yet."""
    with MockTikTok(tokens={}, apps={APP: SECRET}) as running:
        yield running


@pytest.fixture
def shell(tmp_path: Path, tiktok: MockTikTok) -> Iterator[Shell]:
    opened = Shell(tmp_path, tiktok.base_url)
    yield opened
    opened.close()
