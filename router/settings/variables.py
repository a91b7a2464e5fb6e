"""The environment as rules and settings see it; its values never show in a repr."""

from __future__ import annotations

from collections.abc import Mapping

from router.settings.secret_files import SecretFile, read_secret_file
from router.settings.system_keyring import read_keyring


class EnvironmentVariables:
    """Where `env(NAME)` and `secret(NAME)` look: the environment, files and the system's keyring.

    `NAME_FILE` names a file, `NAME_KEYRING` a place in the keyring, as SERVICE/NAME. A file that every user
    can read or write is not taken, unless `takes_open_files` is set.
    """

    def __init__(self, environ: Mapping[str, str], *, takes_open_files: bool = False) -> None:
        self.takes_open_files = takes_open_files
        self._environ = dict(environ)
        self._secrets: set[str] = set()
        self._asked: set[str] = set()
        self._files: dict[str, SecretFile] = {}

    def __repr__(self) -> str:
        return f"EnvironmentVariables({len(self._environ)} variables)"

    def env(self, name: str) -> str | None:
        """The variable, or None when it is not set or empty."""
        self._asked.add(name)
        return self._environ.get(name) or None

    def secret(self, name: str) -> str | None:
        """The variable, else the stripped content of the file that `NAME_FILE` names, else what the keyring
        has at `NAME_KEYRING`; None without any. A file that is named and of no use is not passed over.
        """
        path, place = self.env(f"{name}_FILE"), self.env(f"{name}_KEYRING")
        value = self._remember(self.env(name))
        if value or path:
            return value or self.secret_file(path or "")
        return self._remember(read_keyring(place).value) if place else None

    def secret_file(self, path: str) -> str | None:
        """The stripped content of a file; None when it cannot be read, is empty or is open to others."""
        self._files[path] = found = read_secret_file(path)
        return None if self._too_open(found) else self._remember(found.value)

    def refuses(self, path: str) -> bool:
        """Whether the content of this file was not taken because the file is open to others."""
        return path in self._files and self._too_open(self._files[path])

    def marks(self) -> dict[str, str]:
        """Every file asked for so far, with a mark that changes whenever its content or openness does."""
        return {path: found.mark for path, found in self._files.items()}

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

    def _too_open(self, file: SecretFile) -> bool:
        return file.exposed and not self.takes_open_files

    def _remember(self, value: str | None) -> str | None:
        if value:
            self._secrets.add(value)
        return value or None
