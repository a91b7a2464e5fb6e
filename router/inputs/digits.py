"""Integers in a JSON text that 64 bits may not hold, found before it is parsed."""

from __future__ import annotations

from typing import Final

_ALIKE: Final = bytes(ord("0") if chr(byte) in "0123456789" else ord(" ") for byte in range(256))
# 2**63 has 19 digits.
_DIGITS: Final = 19
_LONG: Final = b"0" * _DIGITS
_BEFORE_A_NUMBER: Final = (b"", b":", b",", b"[", b" ", b"\t", b"\r", b"\n")
_MOST_RUNS: Final = 1000


def may_have_long_integers(text: bytes) -> bool:
    """Whether an integer of the text may have 19 digits or more. Ids in strings are mostly told from it."""
    plain = text.translate(_ALIKE)
    at = plain.find(_LONG)
    for _ in range(_MOST_RUNS):
        if at < 0:
            return False
        if _is_number(text, at):
            return True
        rest = plain.find(b" ", at + _DIGITS)
        at = plain.find(_LONG, rest) if rest >= 0 else -1
    return True


def _is_number(text: bytes, at: int) -> bool:
    """Whether the digits that begin there may be a number's first."""
    first = at - 1 if text[at - 1 : at] == b"-" else at
    return text[max(0, first - 1) : first] in _BEFORE_A_NUMBER
