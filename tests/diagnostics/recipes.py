"""Wrong files that are too large, too many or not text, so that they are made when they are needed."""

from collections.abc import Callable
from pathlib import Path

_USE = 'language 1\nuse "base/shop.rules"\n\n'


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def too_many_files(path: Path) -> None:
    names = [f"part{number}.rules" for number in range(200)]
    _write(path, "language 1\n" + "".join(f'use "{name}"\n' for name in names))
    for name in names:
        _write(path.parent / name, "language 1\n")


def too_many_rows(path: Path) -> None:
    rows = "".join(f"  event_{number} | Search\n" for number in range(10_001))
    _write(path, f"{_USE}events {{\n  event | web\n{rows}}}\n")


def text_too_long(path: Path) -> None:
    _write(path, f'{_USE}let phrase = "{"a" * 4_097}"\n')


def file_too_large(path: Path) -> None:
    _write(path, f"{_USE}# {'-' * 1_000_000}\n")


def not_text(path: Path) -> None:
    path.write_bytes(b'language 1\nlet name = "caf\xe9"\n')


def too_many_mistakes(path: Path) -> None:
    _write(path, _USE + "let limit = = 10\n" * 51)


RECIPES: dict[str, Callable[[Path], None]] = {
    "E237": too_many_files,
    "E430": too_many_rows,
    "E502": text_too_long,
    "E503": file_too_large,
    "E504": not_text,
    "E505": too_many_mistakes,
}
