"""Where the built parser is kept between runs: a folder that nobody else can write to."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_SHARED = stat.S_IWGRP | stat.S_IWOTH


def parser_cache() -> Path | None:
    """The file for the built parser; None where no private folder can be had, and it is built each time.

    What is kept is read back with pickle, so the folder must be ours alone: never the temporary directory,
    where another user could put a file of that name first.
    """
    folder = _home() / "tagwright"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.stat()
    except OSError:
        return None
    private = facts.st_uid == os.getuid() and not facts.st_mode & _SHARED
    return folder / "parser.cache" if private and os.access(folder, os.W_OK) else None


def _home() -> Path:
    chosen = os.environ.get("XDG_CACHE_HOME")
    return Path(chosen) if chosen and Path(chosen).is_absolute() else Path.home() / ".cache"
