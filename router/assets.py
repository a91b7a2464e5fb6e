"""Where the shipped grammar and rule files lie."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def asset(relative: str) -> Path:
    """The path of a shipped file such as `grammar/rules.lark`: in the wheel, else in the checkout."""
    packed = _PACKAGE / "_assets" / relative
    return packed if packed.exists() else _PACKAGE.parent / relative
