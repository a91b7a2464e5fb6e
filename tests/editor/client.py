"""A language client over the server's standard input and output, as small as an editor's could be."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

WAIT = 20


class Client:
    """One server process. Requests wait for their answer; notifications are kept until somebody asks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "router.cli", "lsp", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.incoming: queue.Queue[dict[str, Any]] = queue.Queue()
        self.notifications: list[dict[str, Any]] = []
        self.count = 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        output = self.process.stdout
        assert output is not None
        while header := output.readline():
            length = int(header.split(b":")[1])
            while output.readline().strip():
                pass
            self.incoming.put(json.loads(output.read(length)))

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def notify(self, method: str, params: Any = None) -> None:
        self._send({"method": method, "params": params})

    def request(self, method: str, params: Any = None) -> Any:
        """The result; an error answer comes back as the whole answer."""
        self.count += 1
        self._send({"id": self.count, "method": method, "params": params})
        while True:
            message = self.incoming.get(timeout=WAIT)
            if message.get("id") == self.count and "method" not in message:
                return message.get("result") if "error" not in message else message
            self._keep(message)

    def _keep(self, message: dict[str, Any]) -> None:
        if "id" in message and "method" in message:
            self._send({"id": message["id"], "result": None})
        else:
            self.notifications.append(message)

    def wait_for(self, method: str, **wanted: Any) -> dict[str, Any]:
        """The parameters of the first notification, already here or to come, that has these values."""
        while True:
            for message in self.notifications:
                params = message["params"]
                if message["method"] == method and all(params.get(k) == v for k, v in wanted.items()):
                    self.notifications.remove(message)
                    return dict(params)
            self._keep(self.incoming.get(timeout=WAIT))

    # -------------------------------------------------------------- what an editor does

    def uri(self, name: str) -> str:
        return (self.folder / name).resolve().as_uri()

    def initialize(self, **general: Any) -> dict[str, Any]:
        root = self.folder.resolve().as_uri()
        capabilities = {
            "general": general,
            "textDocument": {"rename": {"prepareSupport": True}},
            "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}},
        }
        folders = [{"uri": root, "name": "rules"}]
        params = {
            "processId": None, "rootUri": root, "capabilities": capabilities, "workspaceFolders": folders,
        }  # fmt: skip
        answer = self.request("initialize", params)
        self.notify("initialized", {})
        return dict(answer)

    def open(self, name: str, text: str) -> None:
        document = {"uri": self.uri(name), "languageId": "tagwright", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, name: str, text: str, version: int) -> None:
        document = {"uri": self.uri(name), "version": version}
        changes = [{"text": text}]
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def diagnostics(self, name: str, version: int) -> list[dict[str, Any]]:
        found = self.wait_for("textDocument/publishDiagnostics", uri=self.uri(name), version=version)
        return list(found["diagnostics"])

    def codes_until(self, name: str, wanted: list[str]) -> None:
        """Wait until a file's diagnostics have these codes, whatever is pushed before."""
        found: list[str] | None = None
        while found != wanted:
            pushed = self.wait_for("textDocument/publishDiagnostics", uri=self.uri(name))
            found = [each["code"] for each in pushed["diagnostics"]]

    def at(self, method: str, name: str, line: int, character: int, **more: Any) -> Any:
        place = {"line": line, "character": character}
        return self.request(
            f"textDocument/{method}", {"textDocument": {"uri": self.uri(name)}, "position": place, **more}
        )

    def about(self, method: str, name: str, **more: Any) -> Any:
        return self.request(f"textDocument/{method}", {"textDocument": {"uri": self.uri(name)}, **more})

    def leave(self) -> int:
        """Shut down as the protocol says; the server's exit status."""
        self.request("shutdown")
        self.notify("exit")
        status = self.process.wait(timeout=WAIT)
        self.close()
        return status

    def close(self) -> None:
        """End the process, if it still lives, and its pipes."""
        self.process.kill()
        self.process.wait()
        self.reader.join(timeout=WAIT)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
