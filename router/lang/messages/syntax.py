"""E1xx: what does not read as a rule file. E5xx: what is larger than the language allows."""

from __future__ import annotations

from router.lang.diagnostics import Diagnostic, Fix, Help, Mark, Note, code
from router.lang.source import Span


def _at_line_end(span: Span, text: str, *, sure: bool = False) -> Fix:
    """Insert before the line's comment and trailing blanks."""
    line = span.source.line_span(span.line)
    end = line.start + len(_without_comment(line.text).rstrip())
    return Fix(Span(span.source, end, end), text, sure)


def _without_comment(line: str) -> str:
    quoted = False
    for index, char in enumerate(line):
        if char == '"' and (index == 0 or line[index - 1] != "\\"):
            quoted = not quoted
        elif char == "#" and not quoted:
            return line[:index]
    return line


@code("E100", "a line that does not read as a statement")
def not_understood(span: Span, expected: str, where: str) -> Diagnostic:
    return Diagnostic(
        f"this does not belong {where}",
        Mark(span, "not expected here"),
        remarks=(Help(f"expected here: {expected}"),) if expected else (),
    )


@code("E101", "a bracket that is never closed")
def unclosed_bracket(span: Span, closing: str) -> Diagnostic:
    fix = _at_line_end(span, closing, sure=True)
    return Diagnostic(
        "this bracket is never closed",
        Mark(span, "opened here"),
        remarks=(Help(f"add `{closing}` at the end of the line", fix),),
    )


@code("E102", "a single `=` in a condition")
def single_equals(span: Span) -> Diagnostic:
    return Diagnostic(
        "`=` sets a field, it does not compare",
        Mark(span, "a condition compares with `==`"),
        remarks=(Help("write `==`", Fix(span, "==", sure=True)),),
    )


@code("E103", "typographic quotes")
def typographic_quotes(span: Span, text: Span, straight: str) -> Diagnostic:
    return Diagnostic(
        "typographic quotes do not mark text",
        Mark(span, "text needs straight double quotes"),
        remarks=(Help('word processors change quotes; use the " key', Fix(text, straight, sure=True)),),
    )


@code("E104", "single quotes around text")
def single_quotes(span: Span, text: Span, straight: str | None) -> Diagnostic:
    fix = Fix(text, straight, sure=True) if straight else None
    return Diagnostic(
        "single quotes do not mark text",
        Mark(span, "text needs straight double quotes"),
        remarks=(Help('use the " key', fix),),
    )


@code("E105", "a character that has no meaning in rules")
def stray_character(span: Span) -> Diagnostic:
    shown = f"`{span.text}`" if span.text.isprintable() else f"U+{ord(span.text):04X}"
    return Diagnostic(
        f"the character {shown} has no meaning here",
        Mark(span, "not part of the language"),
        remarks=(Help("remove it, or put the text it belongs to in double quotes"),),
    )


@code("E106", "a text that is never closed")
def unclosed_text(span: Span) -> Diagnostic:
    return Diagnostic(
        "this text is never closed",
        Mark(span, "opened here"),
        remarks=(Help('add `"` where the text ends; a text stays on one line'),),
    )


@code("E107", "an escape that JSON does not know")
def bad_escape(span: Span) -> Diagnostic:
    return Diagnostic(
        "a backslash in this text stands for nothing",
        Mark(span, "escapes are those of JSON"),
        remarks=(Help(r"write `\\` for a backslash, `\"` for a quote"),),
    )


@code("E108", "an event named like a joining word")
def joining_word(span: Span) -> Diagnostic:
    return Diagnostic(
        f"a line that begins with `{span.text}` continues the line before",
        Mark(span, "read as part of the previous line"),
        remarks=(Help("an event of this name needs quotes", Fix(span, f'"{span.text}"')),),
    )


@code("E109", "a line that ends in an operator")
def trailing_operator(span: Span) -> Diagnostic:
    return Diagnostic(
        f"nothing follows `{span.text}` on this line",
        Mark(span, "a statement ends where its line ends"),
        remarks=(
            Help(f"begin the next line with `{span.text}` instead")
            if span.text in ("??", "and", "or", "then", "else")
            else Help("put the rest on the same line, or the whole in brackets"),
        ),
    )


@code("E110", "a row with too few or too many cells")
def row_cells(row: Span, header: Span, columns: list[str], cells: int, fix: Fix | None) -> Diagnostic:
    names = " and ".join(f"`{name}`" for name in columns)
    label = f"no cell for {_some(columns[cells:])}" if cells < len(columns) else "more cells than columns"
    help_text = "write `-` for a source the event is not sent for"
    if cells > len(columns):
        help_text = "name every column in the table's first line"
    return Diagnostic(
        f"this row has {_count(cells, 'cell')}, the table has {_count(len(columns), 'column')}",
        Mark(row, label),
        others=(Mark(header, f"the columns are {names}" if len(columns) > 1 else f"the column is {names}"),),
        remarks=(Help(help_text, fix),),
    )


def _some(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@code("E111", "an option of a row or send on a line of its own")
def option_alone(span: Span) -> Diagnostic:
    return Diagnostic(
        f"`{span.text}` belongs at the end of the line before",
        Mark(span, "a line cannot begin with it"),
        remarks=(Help("join the two lines"),),
    )


@code("E112", "a block that is never closed")
def unclosed_block(span: Span) -> Diagnostic:
    return Diagnostic(
        "this block is never closed",
        Mark(span, "opened here"),
        remarks=(Help("add a line with `}` where it ends"),),
    )


@code("E113", "an edition of the language that this version does not know")
def unknown_edition(span: Span, edition: int) -> Diagnostic:
    return Diagnostic(
        f"edition {edition} of the language is not known here",
        Mark(span, "this version reads edition 1"),
        remarks=(Help("install a newer version, or write the rules in edition 1"),),
    )


@code("E114", "a percentage outside 0 to 100")
def bad_percent(span: Span) -> Diagnostic:
    return Diagnostic(
        "a sample is a percentage from 0% to 100%, with at most two decimals",
        Mark(span, "not such a percentage"),
        remarks=(Help("write for example `sample 10%` or `sample 0.25%`"),),
    )


@code("E115", "a closing bracket without its opening one")
def unopened_bracket(span: Span) -> Diagnostic:
    return Diagnostic(
        f"nothing is open that `{span.text}` could close",
        Mark(span, "closes nothing"),
        remarks=(Help("remove it", Fix(span, "")),),
    )


@code("E501", "nesting beyond the limit")
def nested_too_deep(span: Span, limit: int) -> Diagnostic:
    return Diagnostic(
        f"this is nested more than {limit} levels deep",
        Mark(span, "the limit is passed here"),
        remarks=(Help("name a part of it with `let` and use the name"),),
    )


@code("E502", "a text beyond the limit")
def text_too_long(span: Span, limit: int) -> Diagnostic:
    return Diagnostic(
        f"this text is longer than {limit} characters",
        Mark(Span(span.source, span.start, span.start + 1), "begins here"),
        remarks=(Help("move long data into a fixture file"),),
    )


@code("E503", "a rule file beyond the limit")
def file_too_large(span: Span, limit: str) -> Diagnostic:
    return Diagnostic(
        f"this file is larger than {limit}",
        Mark(span, "not read"),
        remarks=(Help("split it into several files joined by `use`"),),
    )


@code("E504", "a file that is not text")
def not_text(span: Span) -> Diagnostic:
    return Diagnostic(
        "this file is not UTF-8 text",
        Mark(span, "not read"),
        remarks=(Help("save it as UTF-8"),),
    )


@code("E505", "more mistakes than are worth listing")
def too_many_mistakes(span: Span, limit: int) -> Diagnostic:
    return Diagnostic(
        f"more than {limit} lines of this file do not read",
        Mark(span, "reading stops here"),
        remarks=(Note("mend the first ones and run again"),),
    )


@code("E506", "a number that would not stay as it is written")
def number_not_kept(span: Span) -> Diagnostic:
    return Diagnostic(
        "this number would not stay as it is written",
        Mark(span, "leading zeros, or more than about 16 digits"),
        remarks=(Help("put ids and codes in double quotes", Fix(span, f'"{span.text}"')),),
    )


@code("E116", "an operator of another language")
def foreign_operator(span: Span, ours: str) -> Diagnostic:
    return Diagnostic(
        f"`{span.text}` is written `{ours}` here",
        Mark(span, "not part of the language"),
        remarks=(Help(f"write `{ours}`", Fix(span, ours, sure=True)),),
    )
