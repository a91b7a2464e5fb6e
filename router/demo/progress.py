"""How far the hour is: a bar on a terminal, a few lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from router.demo.posts import Post
from router.demo.visit import HOUR

Advance = Callable[[Post], None]
_LINES: Final = 4


@contextmanager
def progress(console: Console, events: int) -> Iterator[Advance]:
    """Gives what is to be told of each request that goes out."""
    if not console.is_terminal:
        yield _plain(console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("events"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(_minute(0), total=events)
        yield lambda post: bar.update(task, advance=post.events, description=_minute(post.at))


def _plain(console: Console) -> Advance:
    told = events = 0

    def advance(post: Post) -> None:
        nonlocal told, events
        events += post.events
        if post.at * _LINES >= HOUR * (told + 1):
            told += 1
            say(console, f"{_minute(post.at)}: {events} events posted")

    return advance


def say(console: Console, text: str, style: str | None = None) -> None:
    """A line as it is: long ones are left to the terminal, and brackets mean nothing."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _minute(at: float) -> str:
    return f"minute {min(60, int(at // 60)):>2} of the hour"
