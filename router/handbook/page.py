"""A document as one HTML page that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import assert_never

from router.handbook.blocks import Block, Document, Heading, Paragraph, Piece, Table, Text

_STYLE = """
:root { color-scheme: light dark; --line: #d6d9de; --soft: #f4f5f7; --quiet: #667085; --ink: #1d2330;
  --paper: #fff; --code: #0b5c8a; }
@media (prefers-color-scheme: dark) {
  :root { --line: #343a46; --soft: #20242c; --quiet: #98a1b0; --ink: #e4e7ec;
    --paper: #16191f; --code: #7cc4ef; }
}
body { margin: 0 auto; max-width: 96rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.7rem; } h2 { margin-top: 2.2rem; border-bottom: 1px solid var(--line); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1rem; }
th, td { border: 1px solid var(--line); padding: .35rem .55rem; text-align: left; vertical-align: top; }
th { background: var(--soft); position: sticky; top: 0; }
code { font: .92em ui-monospace, monospace; color: var(--code); overflow-wrap: anywhere; }
.quiet { color: var(--quiet); font-size: .86em; }
nav { margin: .8rem 0; } nav a { margin-right: 1rem; color: var(--code); }
input { width: 100%; max-width: 28rem; padding: .45rem .6rem; border: 1px solid var(--line);
  border-radius: .3rem; background: var(--soft); color: inherit; font: inherit; }
@media print { input, nav { display: none; } }
"""
_SCRIPT = """
const box = document.getElementById("filter");
box.hidden = false;
box.addEventListener("input", () => {
  const wanted = box.value.toLowerCase();
  for (const row of document.querySelectorAll("tbody tr"))
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
});
"""


def page(document: Document) -> str:
    """The whole page, with its style and a box that filters the rows of all tables."""
    return "\n".join(_page(document)) + "\n"


def _page(document: Document) -> Iterator[str]:
    title = escape(document.title)
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>"
    yield _contents(document)
    yield '<input id="filter" type="search" placeholder="filter the tables" aria-label="filter" hidden>'
    yield from map(_block, document.blocks)
    yield f"<script>{_SCRIPT}</script>\n</body>\n</html>"


def _contents(document: Document) -> str:
    heads = [each for each in document.blocks if isinstance(each, Heading) and each.level == 2]
    links = "".join(f'<a href="#{_anchor(each.text)}">{escape(each.text)}</a>' for each in heads)
    return f"<nav>{links}</nav>"


def _anchor(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _block(block: Block) -> str:
    match block:
        case Heading():
            level = min(block.level, 6)
            return f'<h{level} id="{_anchor(block.text)}">{escape(block.text)}</h{level}>'
        case Paragraph():
            return f"<p>{_text(block.text)}</p>"
        case Table():
            return _table(block)
        case _:
            assert_never(block)


def _table(block: Table) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in block.head)
    rows = "\n".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in block.rows)
    body = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>"
    return f'<div class="wide"><table>\n{body}\n</table></div>'


def _text(text: Text) -> str:
    return "".join(map(_piece, text))


def _piece(piece: Piece) -> str:
    text = escape(piece.text)
    match piece.style:
        case "code":
            return f"<code>{text}</code>"
        case "strong":
            return f"<strong>{text}</strong>"
        case "quiet":
            return f'<span class="quiet">{text}</span>'
        case "break":
            return "<br>"
        case "plain":
            return text
