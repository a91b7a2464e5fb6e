"""Columns against the schema of the rules, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence

from router.lang.program import Program
from router.sending.rows import SourceUnusable

_NAMED = 5


def remarks_on(columns: Sequence[str] | None, program: Program) -> list[str]:
    """What is probably not meant. Raises `SourceUnusable` when no column is a field of the schema.

    Names are told only beside a column that is known: a file without a header has data in their place.
    """
    known = program.schema.fields
    if columns is None or known is None:
        return []
    named = [name for name in columns if name]
    unread = [name for name in named if name not in known]
    if len(unread) == len(named):
        fields = ", ".join(list(known)[:_NAMED])
        raise SourceUnusable(
            f"no column is a field of the rules' schema, which begins with {fields}\n"
            "  fix: name the columns like the fields; the first row of CSV must be a header"
        )
    remarks = [f"no field of the schema is named like {_few(unread)}"] if unread else []
    if program.event_name[0] not in columns:
        remarks.append(f"there is no column {program.event_name[0]}, which names the event")
    return remarks


def _few(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} other columns" if more > 0 else "")
