"""Foreign consent to the purposes of the standard event."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from typing import Final

from router.settings import Consent

UNREAD: Final = "unread"
"""Stands beside the purposes, true, where an event tells of consent and no setting maps any of it."""

SETTING_OF: Final[Mapping[str, str]] = {each.name: each.name for each in fields(Consent)} | {
    "gtag": "ga4",
    "jitsu_classic": "jitsu",
}
"""The setting of `[consent]` that maps a format's words, where it has words of its own."""


def purposes(
    granted: Collection[str], table: Iterable[tuple[str, str]], named: Collection[str] | None = None
) -> dict[str, bool]:
    """The purposes of a setting of `[consent]`, each granted when one of its categories is.

    A category that the table does not have grants nothing. `named` are the categories that the event speaks
    of, granted or not; None where it lists granted ones only.
    """
    consent: dict[str, bool] = {}
    told = named is not None and not named
    for category, purpose in table:
        consent[purpose] = consent.get(purpose, False) or category in granted
        told = told or named is None or category in named
    return consent if told else {**consent, UNREAD: True}
