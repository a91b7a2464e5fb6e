"""Rewriting a file of the author's without ever leaving half of it."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Readers see the old file or the new one; links stay links, and its mode stays. Raises OSError."""
    target = path.resolve(strict=True)
    if not os.access(target, os.W_OK):
        raise PermissionError(0, "it is write-protected", str(target))
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(stat.S_IMODE(target.stat().st_mode))
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
