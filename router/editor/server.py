"""The language server: open files, mistakes pushed as they are made; `requests` answers what editors ask."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import cast
from urllib.parse import quote

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from router import __version__
from router.editor.convert import Converter
from router.editor.diagnostics import problems_by_file
from router.editor.positions import Encoding
from router.editor.ruleset import RuleSet
from router.editor.workspace import Workspace
from router.lang.diagnostics import Diagnostic
from router.lang.source import Source

PAUSE = 0.03
"""Seconds without a keystroke before a file is read again."""


class Server(LanguageServer):
    """One editor's session. `rules` holds its open files; texts come whole, so that nothing can drift."""

    def __init__(self) -> None:
        super().__init__("tagwright", __version__, types.TextDocumentSyncKind.Full)
        self.rules = Workspace()
        self._addresses: dict[Path, str] = {}
        self._versions: dict[Path, int] = {}
        self._shown: dict[Path, set[Path]] = {}
        self._waiting: dict[Path, asyncio.Task[None]] = {}

    # -------------------------------------------------------------- names of files

    def path(self, address: str) -> Path:
        """A file for an address; a buffer that was never saved gets a name that no file has."""
        found = to_fs_path(address) if address.startswith("file:") else None
        return Path(found or f"/unsaved/{quote(address, safe='')}").resolve()

    def address(self, path: Path) -> str:
        """As the editor spells it, where it has named the file."""
        return self._addresses.get(path) or path.as_uri()

    @property
    def convert(self) -> Converter:
        encoding = cast(Encoding, str(getattr(self._encoding, "value", self._encoding)))
        return Converter(encoding, lambda source: self.address(Path(source.name)))

    @property
    def _encoding(self) -> types.PositionEncodingKind | str:
        return self.workspace.position_encoding or types.PositionEncodingKind.Utf16

    def file(self, address: str) -> tuple[RuleSet, Source] | None:
        """The rule set of a file and its text; None where it does not read as text."""
        path = self.path(address)
        rules = self.rules.rule_set(path)
        file = rules.file(path)
        return (rules, file.span.source) if file else None

    # -------------------------------------------------------------- what the editor does

    def start(self, folders: Iterable[str]) -> None:
        paths = [to_fs_path(each) for each in folders if each.startswith("file:")]
        self.rules = Workspace(Path(each) for each in paths if each)

    def put(self, address: str, text: str, version: int) -> None:
        """A text was opened or changed; its mistakes follow after a pause."""
        path = self.path(address)
        self._addresses[path] = address
        self._versions[path] = version
        self.rules.put(path, text)
        self._later(path)

    def close(self, address: str) -> None:
        path = self.path(address)
        task = self._waiting.pop(path, None)
        if task:
            task.cancel()
        self._versions.pop(path, None)
        self.rules.close(path)
        for each in self._shown.pop(path, set()):
            self._publish(each, self._problems(each))

    def reread(self) -> None:
        """Files changed on disk."""
        self.rules.reread()
        for path in self._versions:
            self._later(path)

    # -------------------------------------------------------------- diagnostics

    def _later(self, path: Path) -> None:
        task = self._waiting.get(path)
        if task:
            task.cancel()
        self._waiting[path] = asyncio.ensure_future(self._after_pause(path))

    async def _after_pause(self, path: Path) -> None:
        await asyncio.sleep(PAUSE)
        self._waiting.pop(path, None)
        self.push(path)

    def push(self, path: Path) -> None:
        """Show the mistakes of a file and of all that are checked with it; clear those that are mended."""
        found = problems_by_file(self.rules.rule_sets(path))
        wanted = {each for each, problems in found.items() if problems or each in self._versions}
        for each in wanted | self._shown.get(path, set()):
            self._publish(each, found.get(each, []))
        self._shown[path] = wanted

    def _problems(self, path: Path) -> list[Diagnostic]:
        """What other open files still say of a file."""
        sets = [rules for each in self._versions for rules in self.rules.rule_sets(each)]
        return problems_by_file(sets).get(path, [])

    def _publish(self, path: Path, problems: Iterable[Diagnostic]) -> None:
        shown = [self.convert.diagnostic(each) for each in problems]
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(self.address(path), shown, self._versions.get(path))
        )


def serve() -> None:
    """Speak with an editor over standard input and output until it leaves."""
    from router.editor.requests import register

    server = Server()
    register(server)
    server.start_io()
