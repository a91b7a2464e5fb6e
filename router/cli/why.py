"""`tagwright why`: what became of an event."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from router.cli.reaching import place_of, show_json, with_place


@click.command()
@click.argument("event_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_place
def why(event_id: str, as_json: bool, data: Path | None, config: Path | None) -> None:
    """Say what became of an event, and why.

    EVENT_ID is the id it was posted with, or the one it was sent with. Known are events of the last
    store.outcome_days; an event that was rejected was answered so, and is only counted.

    Exit status: 0 something is known, 1 nothing is, 2 could not run.
    """
    place = place_of(data, config)
    answer = place.ask("why", event_id=event_id)
    known = bool(answer["entries"] or answer["decisions"])
    if as_json:
        show_json(answer)
    elif known:
        for line in _lines(answer):
            click.echo(line)
    else:
        days = place.settings.store.outcome_days
        click.echo(
            f"nothing is known of {event_id}: it did not come in the last {days:g} days, or was rejected"
        )
        click.echo(
            "  ids are told apart by every letter; `tagwright status` counts rejected events", err=True
        )
    raise SystemExit(0 if known else 1)


def _lines(answer: dict[str, Any]) -> Iterator[str]:
    yield answer["event_id"]
    for entry in answer["entries"]:
        way = f"{entry['destination'] or '(unknown destination)'}, {entry['source']} {entry['source_id']}"
        yield f"  {entry['event'] or 'event'} to {way}: {_fate(entry)}"
        if entry["state"] in ("pending", "sending") and entry["destination"] in answer["troubles"]:
            yield f"    {answer['troubles'][entry['destination']]}"
        yield f"    {_circumstances(entry)}"
    for decision in answer["decisions"]:
        yield f"  {decision['event']}{_where(decision)}: {_decision(decision)}"
        yield f"    came {_at(decision['at'])}, rules {decision['rules']}"


def _fate(entry: dict[str, Any]) -> str:
    said = f"{entry['reason']} {entry['code']}".strip()
    words = f": {entry['message']}" if entry["message"] else ""
    match entry["state"]:
        case "sent":
            request = f" in TikTok's request {entry['request_id']}" if entry["request_id"] else ""
            return f"sent {_at(entry['settled_at'])}{request}"
        case "dead":
            return f"a dead letter since {_at(entry['settled_at'])}, {said}{words}"
        case "gone":
            return f"removed; it was not delivered ({said})"
        case "sending":
            return "is being sent"
        case _:
            last = f", the last attempt came to {entry['why']}" if entry["why"] else ""
            return f"waits, next attempt {_at(entry['due'])}{last}"


def _circumstances(entry: dict[str, Any]) -> str:
    parts = [
        f"accepted {_at(entry['accepted_at'])}",
        f"{entry['attempts']} attempt{'' if entry['attempts'] == 1 else 's'}",
        f"rules {entry['rules'] or '-'}",
    ]
    if entry["state"] == "sent" and entry["repeats_until"]:
        parts.append(f"repeats are recognised until {_at(entry['repeats_until'])}")
    if entry["first_ambiguous_at"]:
        parts.append(f"may have arrived {_at(entry['first_ambiguous_at'])}")
    return ", ".join(parts)


def _where(decision: dict[str, Any]) -> str:
    return f" to {decision['destination']}" if decision["destination"] else ""


def _decision(decision: dict[str, Any]) -> str:
    outcome = {"skip": "skipped", "drop": "dropped"}.get(
        decision["outcome"],
        "no rule speaks of it" if decision["outcome"] == "unhandled" else decision["outcome"],
    )
    reason = f", {decision['reason']}" if decision["reason"] else ""
    place = f" ({decision['place']})" if decision["place"] else ""
    return f"{outcome}{reason}{place}"


def _at(seconds: float | None) -> str:
    return "-" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
