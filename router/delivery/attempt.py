"""What kind of answer an attempt got, in a word that can be counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

from router.delivery.verdict import Accepted, Parked, Refused, Retry, Spoiled, Throttled, Verdict

MIXED: Final = "partial"


def class_of(verdicts: Sequence[Verdict]) -> str:
    """The class of a request's answer; `partial` when its entries fared differently.

    The first word of a retry's reason (`not_sent`, `no_answer`, `server`, `garbage`), the reason of a hold
    (`auth`, `permission`, `config`, `envelope`, `unknown_code`), else `ok`, `payload` or `throttle`.
    """
    kinds = {_class(each) for each in verdicts}
    return kinds.pop() if len(kinds) == 1 else MIXED


def _class(verdict: Verdict) -> str:
    match verdict:
        case Accepted():
            return "ok"
        case Refused() | Spoiled():
            return "payload"
        case Throttled():
            return "throttle"
        case Parked(why=why):
            return why
        case Retry(why=why):
            return why.partition(":")[0]
        case _:
            assert_never(verdict)
