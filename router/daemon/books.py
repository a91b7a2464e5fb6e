"""The books as `/status` shows them: where everything went."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from router.delivery.account import Balance

ROUTER: Final = "(router)"


def conservation(balances: Iterable[Balance]) -> dict[str, dict[str, Any]]:
    """Totals and what became of them, by destination; first what came into the router as a whole."""
    return {each.destination or ROUTER: _balance(each) for each in balances}


def _balance(balance: Balance) -> dict[str, Any]:
    shown: dict[str, Any] = {"offered" if balance.destination else "received": balance.total}
    for what, reasons in balance.parts.items():
        shown[_NAMES.get(what, what)] = sum(reasons.values())
    shown["reasons"] = {
        _NAMES.get(what, what): dict(reasons) for what, reasons in balance.parts.items() if any(reasons)
    }
    if balance.destination:
        shown["pending"] = balance.pending
    shown["unaccounted"] = balance.unaccounted
    return shown


_NAMES: Final = {"skip": "skipped", "drop": "dropped"}
