"""How a status looks at a terminal: first what is wrong and what to do, then the figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.table import Table

from router.daemon.attention import Concern, Report, reason_of, state_of

_TOTALS: Final = ("received", "offered")
_PARTS: Final = (
    "rejected", "dropped", "unhandled", "routed",
    "sent", "duplicate", "skipped", "dead", "purged", "erased", "pending",
)  # fmt: skip
_MOST_ROWS: Final = 20
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def show(report: Report, concerns: list[Concern], console: Console) -> None:
    """The whole page."""
    _show_head(report, console)
    _show_concerns(concerns, console)
    console.print(_destinations(report))
    _show_backlog(report["spool"], console)
    if report["outcomes"]:
        console.print(_counts("outcomes since the start", report["outcomes"]))
    _show_dead_letters(report["spool"]["dead_letters"], console)
    if books := report.get("conservation"):
        _show_conservation(books, console)
    if judged := report.get("dry_run"):
        console.print(_judged(judged))
    if shadow := report.get("shadow"):
        _show_shadow(shadow, console)


def _show_head(report: Report, console: Console) -> None:
    rules = report["rules"]
    console.print(f"TagWright {report['version']}, {report['state']}, up {_span(report['uptime_seconds'])}")
    console.print(f"rules {rules['version']}: {', '.join(rules['files'])}", markup=False)
    if (store := report.get("store", {})).get("place"):
        console.print(f"spool {store['place']}, of {store['routers']} routers", markup=False)
    for remark in rules["remarks"]:
        console.print(f"  note: {remark}", markup=False)


def _show_concerns(concerns: list[Concern], console: Console) -> None:
    console.print("needs attention:" if concerns else "nothing needs attention")
    for each in concerns:
        console.print(f"  {each.what}: {each.todo}", markup=False)
        for line in each.details:
            console.print(f"    {line}", markup=False)


def _destinations(report: Report) -> Table:
    table = _table("destinations", "destination", "state", "reason", "waiting", "sent")
    for each in report["destinations"]:
        sent = sum(report["sent"].get(each["destination"], {}).values())
        table.add_row(each["destination"], state_of(each), reason_of(each), str(each["pending"]), str(sent))
    return table


def _show_backlog(spool: Report, console: Console) -> None:
    size, oldest = _size(spool["payload_bytes"]), _span(spool["oldest_seconds"])
    console.print(f"waiting {spool['pending']}, in flight {spool['in_flight']}, {size}, oldest {oldest}")
    if spool.get("disk_low_bytes"):
        free, low = _size(spool["disk_free_bytes"]), _size(spool["disk_low_bytes"])
        console.print(f"disk {free} free; below {low} events are answered 503")


def _show_dead_letters(reasons: Mapping[str, int], console: Console) -> None:
    named = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
    total = sum(reasons.values())
    console.print(f"dead letters {total}" + (f" ({named})" if named else ""), markup=False)
    for reason in sorted(reasons):
        console.print(f"  tagwright dead list --reason {reason}", markup=False)


def _counts(title: str, counts: Mapping[str, Mapping[str, int]]) -> Table:
    table = _table(title, "outcome", "reason", "events")
    for outcome, reasons in counts.items():
        for reason, count in reasons.items():
            table.add_row(outcome, reason, str(count))
    return table


def _show_conservation(books: Mapping[str, Mapping[str, int]], console: Console) -> None:
    console.print("where everything went since the spool was made")
    for name, counts in books.items():
        total = next(each for each in _TOTALS if each in counts)
        parts = [f"{each} {counts[each]}" for each in _PARTS if each in counts]
        lost = f", UNACCOUNTED {counts['unaccounted']}" if counts["unaccounted"] else ""
        console.print(f"  {name}: {total} {counts[total]} = {' + '.join(parts) or '0'}{lost}", markup=False)


def _judged(judged: Report) -> Table:
    events = judged["events"]
    title = f"dry run: {events['clean']} events without a fault, {events['refused']} TikTok would refuse"
    table = _table(title, "destination", "severity", "code", "path", "events")
    for each in judged["findings"][:_MOST_ROWS]:
        table.add_row(*map(str, each.values()))
    return table


def _show_shadow(shadow: Report, console: Console) -> None:
    console.print(
        f"shadow {shadow['version']}: {shadow['different']} of {shadow['compared']} events differ, "
        f"{shadow['dropped']} were not compared"
    )
    if shadow["differences"]:
        table = _table("what differs", "event", "destination", "kind", "what", "events")
        for each in shadow["differences"][:_MOST_ROWS]:
            table.add_row(*map(str, each.values()))
        console.print(table)


def _table(title: str, *columns: str) -> Table:
    return Table(*columns, title=title, title_justify="left")


def _span(seconds: int) -> str:
    """Seconds as people say them, in two units at most."""
    for unit, name, below, smaller in ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min")):
        if seconds >= unit:
            return f"{seconds // unit} {name} {seconds % unit // below} {smaller}"
    return f"{seconds // _MINUTE} min" if seconds >= 2 * _MINUTE else f"{seconds} s"


def _size(count: int) -> str:
    size: float = count
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"
