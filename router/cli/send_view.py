"""How `tagwright send` looks: a bar while it runs, a summary at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from router.sending.feeding import Rejected
from router.sending.job import Glimpse
from router.sending.report import Report
from router.sending.rows import Extent

_WIDTH: Final = 11
_FEW: Final = 10
_NEXT_STEP: Final[Mapping[str, str]] = {
    "auth": "TikTok does not take the token; set a valid one",
    "permission": "the token may not send to this event source; give it the right, or use its owner's token",
    "config": "TikTok refuses the set-up; compare the event source id and tiktok.base_url",
    "envelope": "TikTok refuses the event source, its id or the test code; compare them with Events Manager",
    "refused_alike": "TikTok refuses nearly every event alike; see its code, and correct the rules or the id",
}


class Bar:
    """A bar on standard error for the length of a `with` block; `show` brings it up to date."""

    def __init__(self, extent: Extent | None, *, hidden: bool) -> None:
        self._extent = extent
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), disable=hidden, transient=True)
        self._task = self._progress.add_task("reading", total=extent.total if extent else None)

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._progress.stop()

    def show(self, seen: Glimpse) -> None:
        parts = [f"{seen.earlier + seen.rows:,} rows", f"{seen.sent:,} sent", f"{seen.waiting:,} waiting"]
        parts += [f"{seen.dead:,} dead"] if seen.dead else []
        parts += [f"retrying ({seen.trouble})"] if seen.trouble else []
        done = seen.size if self._extent and self._extent.unit == "bytes" else seen.earlier + seen.rows
        self._progress.update(self._task, description=", ".join(parts), completed=done)


def summary(report: Report, data: Path) -> Iterator[str]:
    """What became of the rows, by outcome and reason; and how to go on where there is more to do."""
    dry, decided = report.findings is not None, report.decisions
    earlier = f", after {report.earlier:,} of earlier runs" if report.earlier else ""
    yield _line("rows", f"{report.rows:,}{earlier}")
    yield from _rejected(report.rejected, report.unit)
    yield from _counted("skipped", decided.skipped)
    yield from _counted("dropped", decided.dropped)
    if decided.unhandled:
        yield _line("unhandled", f"{decided.unhandled:,} no rule knows their event name")
    if decided.duplicates:
        yield _line("duplicates", f"{decided.duplicates:,} taken before")
    yield _line("would send" if dry else "sent", f"{report.sent:,}")
    yield from _counted("refused" if dry else "dead", report.dead)
    yield from _counted("waiting", report.waiting)
    yield from _left_out(report)
    yield from _findings(report)
    yield from _ending(report, data)


def _line(name: str, text: str) -> str:
    return f"{name:<{_WIDTH}} {text}"


def _counted(name: str, counts: Mapping[str, int]) -> Iterator[str]:
    for reason, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        yield _line(name, f"{count:,} {reason}".rstrip())


def _rejected(rejected: Mapping[str, Rejected], unit: str) -> Iterator[str]:
    for code, each in rejected.items():
        more = ", …" if each.count > len(each.first) else ""
        where = f"{unit if each.count == 1 else unit + 's'} {', '.join(map(str, each.first))}{more}"
        yield _line("rejected", f"{each.count:,} {code}: {each.reason} ({where})")


def _left_out(report: Report) -> Iterator[str]:
    for (path, reason), count in list(report.left_out.items())[:_FEW]:
        yield _line("left out", f"{count:,} {path}: {reason}")
    if len(report.left_out) > _FEW:
        yield _line("left out", f"{len(report.left_out) - _FEW} other fields; --json has all")


def _findings(report: Report) -> Iterator[str]:
    for each in (report.findings or ())[:_FEW]:
        yield _line(str(each["severity"]), f"{each['count']:,} {each['path']}: {each['code']}")
    if len(report.findings or ()) > _FEW:
        yield _line("", "and other findings; --json has all")


def _ending(report: Report, data: Path) -> Iterator[str]:
    match report.ending:
        case "held":
            reason = report.why.partition(": ")[2].partition(",")[0]
            yield f"Stopped: {report.why}. {_NEXT_STEP.get(reason, 'See what TikTok says of this code')}."
        case "stopped":
            yield "Stopped as asked."
        case "unreadable":
            yield f"The source could not be read to its end: {report.why}."
        case "no_room":
            yield f"Stopped: {report.why}."
        case "done":
            yield from _nothing_new(report)
    if report.findings is None:
        yield from _how_to_go_on(report, data)


def _nothing_new(report: Report) -> Iterator[str]:
    if report.earlier and not report.rows:
        yield "All rows were taken by earlier runs; --from-start reads them again."


def _how_to_go_on(report: Report, data: Path) -> Iterator[str]:
    if report.ending != "done" or report.waiting:
        yield f"Nothing is lost: the same command goes on from here. What waits is in {data}."
    if report.dead:
        yield f"tagwright dead list --data {data} shows the dead ones."
