"""The picture as a file: SVG by ourselves, PNG by an extra."""

from __future__ import annotations

from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any, Final, assert_never

from router.account.matching.drawing import Box, Picture, Words

EXTRA: Final = "pip install 'tagwright[plots]'"
KINDS: Final = (".svg", ".png")
_DOTS: Final = 144
_FONT: Final = "DejaVu Sans, Verdana, Arial, sans-serif"


class PlotFailed(Exception):  # noqa: N818 - it is a state of the machine
    """The file could not be written; the message says why."""


def write_plot(picture: Picture, path: Path) -> None:
    """Write the picture, as what the name's ending says. Raises `PlotFailed`."""
    content = svg(picture).encode() if path.suffix.lower() == ".svg" else png(picture)
    try:
        path.write_bytes(content)
    except OSError as problem:
        raise PlotFailed(f"{path} cannot be written: {problem.strerror}") from None


def svg(picture: Picture) -> str:
    """The picture as SVG 1.1, which reads nothing from elsewhere."""
    size = f'width="{picture.width}" height="{picture.height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {picture.width} {picture.height}" '
        f'font-family="{_FONT}" role="img">',
        f'<rect {size} fill="#ffffff"/>',
        *map(_svg_part, picture.parts),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _svg_part(part: Box | Words) -> str:
    match part:
        case Box():
            place = f'x="{part.x:g}" y="{part.y:g}" width="{part.width:.2f}" height="{part.height:g}"'
            return f'<rect {place} rx="2" fill="{part.colour}"/>'
        case Words():
            look = f'font-size="{part.size:g}" fill="{part.colour}" text-anchor="{part.anchor}"'
            weight = ' font-weight="bold"' if part.bold else ""
            return f'<text x="{part.x:.2f}" y="{part.y:g}" {look}{weight}>{escape(part.text)}</text>'
        case _:
            assert_never(part)


def png(picture: Picture) -> bytes:
    """The picture as PNG, drawn by matplotlib. Raises `PlotFailed` without it."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # an extra
        from matplotlib.figure import Figure
    except ImportError:
        raise PlotFailed(f"a PNG needs a library\n  fix: {EXTRA}, or name a file .svg") from None
    figure = Figure(figsize=(picture.width / 100, picture.height / 100), dpi=_DOTS, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, picture.width)
    axes.set_ylim(picture.height, 0)
    for part in picture.parts:
        _png_part(axes, part)
    content = BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def _png_part(axes: Any, part: Box | Words) -> None:
    from matplotlib.patches import Rectangle

    match part:
        case Box():
            axes.add_patch(
                Rectangle((part.x, part.y), part.width, part.height, color=part.colour, linewidth=0)
            )
        case Words():
            axes.text(
                part.x, part.y, part.text, fontsize=part.size * 0.72, color=part.colour, parse_math=False,
                ha="left" if part.anchor == "start" else "center", weight="bold" if part.bold else "normal",
            )  # fmt: skip
        case _:
            assert_never(part)
