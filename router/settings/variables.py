"""The environment as rules and settings see it; its values never show in a repr."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class EnvironmentVariables:
    """Where `env(NAME)` and `secret(NAME)` look: the environment, and files that `NAME_FILE` names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)
        self._secrets: set[str] = set()
        self._asked: set[str] = set()

    def __repr__(self) -> str:
        return f"EnvironmentVariables({len(self._environ)} variables)"

    def env(self, name: str) -> str | None:
        """The variable, or None when it is not set or empty."""
        self._asked.add(name)
        return self._environ.get(name) or None

    def secret(self, name: str) -> str | None:
        """The variable, else the stripped content of the file that `NAME_FILE` names; None without either."""
        path = self.env(f"{name}_FILE")
        return self._remember(self.env(name)) or (self.secret_file(path) if path else None)

    def secret_file(self, path: str) -> str | None:
        """The stripped content of a file; None when it cannot be read or is empty."""
        try:
            return self._remember(Path(path).read_text("utf-8").strip())
        except (OSError, UnicodeDecodeError):
            return None

    def secrets(self) -> frozenset[str]:
        """Every secret given out so far, for the redaction of logs."""
        return frozenset(self._secrets)

    def unread(self, prefix: str) -> list[str]:
        """Names of variables that are set, begin like that, and that nobody asked for: typing errors."""
        return sorted(
            name
            for name, value in self._environ.items()
            if value and name.startswith(prefix) and name not in self._asked
        )

    def _remember(self, value: str | None) -> str | None:
        if value:
            self._secrets.add(value)
        return value or None
