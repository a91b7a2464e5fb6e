"""The tutorial, followed step by step: its commands run in order, and what they print is what it shows."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
FENCE = re.compile(r"^```(\w*)[ ]?([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PORTS = ("8080", "9090", "8090")
PATIENCE = 30.0
DONE = "-- done --"
VOLATILE = (
    (re.compile(r"\b1[789]\d{8}(?:\.\d+)?\b"), "TIME"),
    (re.compile(r"\brules [0-9a-f]{12}\b"), "rules VERSION"),
    (re.compile(r"\.rules:\d+"), ".rules:LINE"),
    (re.compile(r"\bup \d+ s\b"), "up N s"),
    (re.compile(r"\boldest \d+ s\b"), "oldest N s"),
    (re.compile(r"[ \t]+"), " "),
)


@dataclass(frozen=True)
class Step:
    """A command of a terminal with the lines it shows.

    One that stays goes on running; one with `until` looks at something that takes a moment, and is repeated.
    """

    terminal: str
    command: str
    shown: tuple[str, ...]
    stays: bool
    until: bool


def steps(text: str) -> Iterator[Step | tuple[str, str]]:
    """The marked blocks in their order: commands, and files to write (name and text)."""
    for language, attributes, body in FENCE.findall(text):
        options = dict(part.partition("=")[::2] for part in attributes.split())
        if "file" in options:
            yield options["file"], body
        elif language == "console" and "test" in options:
            yield from commands(body, options)


def commands(body: str, options: Mapping[str, str]) -> Iterator[Step]:
    parts = re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]
    for number, part in enumerate(parts, 1):
        lines = part.splitlines()
        more = next((i for i, line in enumerate(lines) if i and not line.startswith("> ")), len(lines))
        command = "\n".join([lines[0], *(line.removeprefix("> ") for line in lines[1:more])])
        stays = "stays" in options and number == len(parts)
        terminal = options.get("terminal", "main")
        yield Step(terminal, command, tuple(lines[more:]), stays, "until" in options)


def normal(line: str) -> str:
    for pattern, word in VOLATILE:
        line = pattern.sub(word, line)
    return line.rstrip()


def pattern(shown: tuple[str, ...]) -> re.Pattern[str]:
    """A line of `…` stands for any lines."""
    lines = [r"(?:.*\n)*?" if line == "…" else re.escape(normal(line)) + r"\n" for line in shown]
    return re.compile("".join(lines))


class Terminal:
    """A shell of its own, in a session of its own, so that all it started can be ended with it."""

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.log = folder / f".{name}.log"
        with self.log.open("wb") as log:
            self.shell = subprocess.Popen(
                ["bash"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=dict(environment),
                text=True,
                start_new_session=True,
            )
        self.read = 0

    def type(self, line: str) -> None:
        assert self.shell.stdin is not None
        self.shell.stdin.write(line + "\n")
        self.shell.stdin.flush()

    def new(self) -> str:
        return self.log.read_text("utf-8")[self.read :]

    def seen(self) -> None:
        self.read = len(self.log.read_text("utf-8"))

    def close(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.shell.pid, number)
                time.sleep(0.1)
            except ProcessLookupError:
                break
        assert self.shell.stdin is not None
        self.shell.stdin.close()
        self.shell.wait()


class Desk:
    """The reader with terminals, free ports in the place of the usual ones, and a home of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self.terminals: dict[str, Terminal] = {}
        self.here = folder

    def environment(self) -> dict[str, str]:
        ours = Path(sys.executable).parent
        return {
            "PATH": f"{tools(self.folder)}:{ours}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "COLUMNS": "200",
            "TAGWRIGHT_LISTEN": f"127.0.0.1:{self.ports['8080']}",
            "TAGWRIGHT_ADMIN": f"127.0.0.1:{self.ports['9090']}",
        }

    def terminal(self, name: str) -> Terminal:
        if name not in self.terminals:
            self.terminals[name] = Terminal(name, self.here, self.environment())
        return self.terminals[name]

    def follow(self, step: Step) -> str | None:
        """What is wrong with the output, if anything."""
        end = time.monotonic() + PATIENCE
        while (problem := self.attempt(step)) and step.until and time.monotonic() < end:
            time.sleep(0.05)
        return problem

    def attempt(self, step: Step) -> str | None:
        terminal = self.terminal(step.terminal)
        terminal.seen()
        terminal.type(self.substituted(step.command))
        if not step.stays:
            terminal.type(f"status=$?; printf '%s\\n' '{DONE}'; (exit $status)")
        found = self.outcome(terminal, step)
        if step.command.startswith("cd "):
            self.here /= step.command.removeprefix("cd ")
        return found

    def outcome(self, terminal: Terminal, step: Step) -> str | None:
        """A command that ends must have printed just this; one that stays must come to print it."""
        wanted = pattern(step.shown)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            text = self.plain(terminal.new())
            if step.stays and wanted.match(text):
                return None
            if not step.stays and text.endswith(f"{DONE}\n"):
                break
            time.sleep(0.02)
        printed = text.removesuffix(f"{DONE}\n")
        if printed and not printed.endswith("\n"):
            printed += "\n"
        if not step.stays and wanted.fullmatch(printed):
            return None
        shown = "\n".join(map(normal, step.shown))
        return f"$ {step.command}\n--- shown\n{shown}\n--- printed\n{printed}"

    def substituted(self, command: str) -> str:
        for usual, free in self.ports.items():
            command = command.replace(usual, free)
        return command

    def plain(self, text: str) -> str:
        for usual, free in self.ports.items():
            text = re.sub(rf"\b{free}\b", usual, text)
        return "".join(normal(line) + "\n" for line in text.splitlines())


def free_ports(count: int) -> list[str]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(each.getsockname()[1]) for each in held]
    for each in held:
        each.close()
    return ports


CURL = """\
import sys, urllib.request
arguments, headers, data, address = iter(sys.argv[1:]), {}, None, ""
for each in arguments:
    if each == "-H":
        name, _, value = next(arguments).partition(": ")
        headers[name] = value
    elif each == "--data-binary":
        given = next(arguments)
        data = open(given[1:], "rb").read() if given.startswith("@") else given.encode()
    elif each != "-s":
        address = each
with urllib.request.urlopen(urllib.request.Request(address, data, headers), timeout=10) as answer:
    sys.stdout.write(answer.read().decode())
"""


def tools(folder: Path) -> Path:
    """Stands in for curl where the machine has none."""
    place = folder / ".tools"
    place.mkdir(exist_ok=True)
    if shutil.which("curl") is None:
        (place / "curl.py").write_text(CURL)
        script = place / "curl"
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {place}/curl.py "$@"\n')
        script.chmod(0o755)
    return place


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Everything that was started is ended."""
    found = Desk(tmp_path)
    try:
        yield found
    finally:
        for terminal in found.terminals.values():
            terminal.close()


def test_following_the_tutorial_gives_what_it_shows(desk: Desk) -> None:
    followed = 0
    for step in steps(TUTORIAL.read_text("utf-8")):
        if isinstance(step, tuple):
            name, text = step
            (desk.here / name).write_text(text, encoding="utf-8")
        else:
            assert (problem := desk.follow(step)) is None, problem
            followed += 1
    assert followed > 20
