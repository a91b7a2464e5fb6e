"""What authors bring along from other languages, tables and programs, and how it is written here."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habit:
    """One thing that is written otherwise here.

    `pattern` is looked for in the line and must hold the place where reading stopped; its group `x`, or all
    of it, is what is wrong. `into` says what belongs there instead. `needs` are terminals of the grammar that
    could have stood there: they say which part of the file this is. Without `says` it is an operator.
    """

    pattern: re.Pattern[str]
    help: str
    into: str | None = None
    says: str | None = None
    needs: frozenset[str] = frozenset()
    sure: bool = True


TOP = frozenset({"DESTINATION", "MAPPING"})
_SETS = frozenset({"EQUAL"})
_ENDS = frozenset({"_NL"})
_TYPED = frozenset({"COLON"})
_ROW = frozenset({"VBAR", "COMMA"})
_NOTHING = r"(?:missing|null|none|nil|undefined|empty)\b"


def _is(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_OPERATORS = tuple(
    Habit(_is(pattern), "", into)
    for pattern, into in [
        (r"===", "=="),
        (r"!==", "!="),
        (r"<>", "!="),
        (rf"\bis[ \t]+not[ \t]+{_NOTHING}", "is present"),
        (r"\bis[ \t]+not[ \t]+present\b", "is missing"),
        (rf"\bis[ \t]+(?!missing){_NOTHING}", "is missing"),
        (r"\bexists\b", "is present"),
        (r"(?P<x>\bis[ \t]+not)[ \t]+(?=[\"\w])", "!="),
        (r"(?P<x>\bis)[ \t]+(?=[\"\d])", "=="),
    ]
)

_MARKS = (
    Habit(_is(r"/\*[ \t]*(.*?)[ \t]*\*/(?=[ \t]*$)"), "write `#`", r"# \1", "a comment begins with `#`"),
    Habit(_is(r"//+"), "write `#`", "#", "a comment begins with `#`"),
    Habit(_is(r"/\*"), "write `#` before each of its lines", None, "a comment begins with `#`"),
    Habit(
        _is(r"[\u00a0\u2000-\u200b\u202f\u3000]+"),
        "it came with a copied text; type a space",
        " ",
        "this is not a plain space",
    ),
    Habit(
        _is(r"\$?\{\{[ \t]*([\w.]+)[ \t]*\}\}|\$\{[ \t]*([\w.]+)[ \t]*\}"),
        "write the path alone",
        r"\1\2",
        "a value is written without brackets around it",
    ),
    Habit(_is(r"\$(?=\w)"), "remove it", "", "a name is written without `$`"),
    Habit(
        _is(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
        "put it in double quotes",
        r'"\g<0>"',
        "an e-mail address is a text",
        sure=False,
    ),
    Habit(
        _is(
            r"^[^=]*=[ \t]*(?P<x>(?P<a>[^?]*\S)[ \t]*\?(?!\?)"
            r"[ \t]*(?P<b>[^?:]*\S)[ \t]*:[ \t]*(?P<c>[^:]*\S))"
        ),
        "write: if … then … else …",
        r"if \g<a> then \g<b> else \g<c>",
        "a choice is written with `if`",
        sure=False,
    ),
    Habit(_is(r";[ \t]*(?=#|$)"), "remove it", "", "a line ends without `;`"),
    Habit(_is(r";"), "begin a new line instead", None, "a statement ends with its line, not with `;`"),
)

_WORDS = (
    Habit(
        _is(r"\bnot[ \t]+in\b"),
        'put `not` in front, as in: not event.currency in ["EUR"]',
        None,
        "`not in` is not an operator here",
    ),
    Habit(
        _is(r"\b(?:else[ \t]+if|elif|elsif|elseif)\b"),
        "write `otherwise when`",
        "otherwise when",
        r"`\g<0>` is written `otherwise when` after a block",
    ),
    Habit(
        _is(r"\}[ \t]*(?P<x>else\b)"),
        "write `otherwise`",
        "otherwise",
        "`else` is written `otherwise` after a block",
    ),
    Habit(
        _is(r"^[ \t]*(?P<x>if)\b[ \t]*"),
        "write `when`",
        "when",
        "a block begins with `when`; `if` is for values",
    ),
    Habit(
        _is(r'^[ \t]*(?P<x>import|from|include|require|load)[ \t]*(?=")'),
        "write `use`",
        "use",
        "another file is taken in with `use`",
        TOP,
    ),
    Habit(
        _is(r"^[ \t]*(?P<x>var|const|set|def)[ \t]+(?=\w+[ \t]*=)"),
        "write `let`",
        "let",
        "a name is given with `let`",
        TOP,
    ),
    Habit(
        _is(r"^[ \t]*(?P<x>(?:set|var|const)[ \t]+)(?=[\w.\"]+[ \t]*=)"),
        "begin with the field",
        "",
        "a field is set without a word before it",
        _SETS,
    ),
    Habit(
        _is(r"^[ \t]*(?P<x>send|drop)[ \t]+"),
        "a mapping says what an event carries; an `on` block or a table sends",
        None,
        r"`\g<x>` belongs in an `on` block",
        _SETS,
    ),
    Habit(
        _is(r"^[ \t]*(?P<x>include|require|omit)\b"),
        "is the `{` of its mapping missing, or is there a `}` too many?",
        None,
        r"`\g<x>` belongs in a mapping",
        TOP,
    ),
    Habit(
        _is(r"^[ \t]*(?P<x>send|given|expect|requires)\b"),
        "is a `{` missing further up, or is there a `}` too many?",
        None,
        r"`\g<x>` belongs inside a block",
        TOP,
    ),
    Habit(
        _is(r"^[ \t]*(?P<x>[a-z_]\w*(?:\.\w+)+)[ \t]*="),
        "put it into a `mapping`",
        None,
        "a field is set inside a mapping",
        TOP,
    ),
)

_TABLES = (
    Habit(
        _is(r"^[ \t]*(?P<x>[|:]*[ \t]*:?-{2,}[|:\- \t]*)$"),
        "remove it",
        "",
        "a table has no line under its first one",
    ),
    Habit(
        _is(r"^[ \t]*(?P<x>\|[ \t]*)"),
        "remove the first `|`",
        "",
        "a line of a table begins with its first cell",
    ),
    Habit(
        _is(r"(?P<x>\|)[ \t]*$"),
        "write `-` where the event is not sent, or remove the last `|`",
        None,
        "the last cell of this line is empty",
        frozenset({"NOT_SENT"}),
    ),
    Habit(
        _is(r"(?P<x>\|)[ \t]*(?=\|)"),
        "write `-` where the event is not sent",
        None,
        "a cell of this line is empty",
        frozenset({"NOT_SENT"}),
    ),
    Habit(
        _is(r'^[ \t]*(?P<x>[\w."-]+(?:[ \t]+[\w."-]+)*)[ \t]*(?=\|)'),
        "`by` before the `{` says what its rows look for",
        "event",
        "the first column of every table is headed `event`",
        frozenset({"EVENT"}),
    ),
    Habit(_is(r"->|=>|=|:"), "write `|`", "|", "the cells of a table are separated by `|`", _ROW),
    Habit(
        _is(r'^[ \t]*(?:override[ \t]+)?(?P<x>\w(?:[^|"#,]*[^|"#,\s])?)[ \t]*(?=\|)'),
        "put it in double quotes",
        r'"\g<x>"',
        "an event name with other characters than letters, digits and `_` needs quotes",
        _ROW,
    ),
)

_VALUES = (
    Habit(_is(r"(\d+),(\d+)"), "write a point", r"\1.\2", "decimals are written with a point", sure=False),
    Habit(_is(r",[ \t]*(?=#|$)"), "remove it", "", "a line ends without `,`", _ENDS),
    Habit(_is(r","), "begin a new line instead", None, "a statement ends with its line, not with `,`", _ENDS),
    Habit(_is(r"[ \t]*:=?"), "write `=`", " =", "a value is set with `=`; `:` is for schemas", _SETS),
    Habit(_is(r"[ \t]*="), "write `:`", ":", "the type of a field follows a `:`", _TYPED),
    Habit(
        _is(r"(?P<x>\w+)[ \t]*$"),
        "write its type behind it",
        r"\g<x>: text",
        r"the field `\g<x>` has no type",
        _TYPED,
        sure=False,
    ),
    Habit(
        _is(r"(?P<x>\w+(?:-\w+)+)[ \t]*(?=[:=])"),
        'rename it, or put it one step down in quotes, as in: site."user-type": text',
        None,
        "the name of a field has only letters, digits and `_`",
        _TYPED,
    ),
    Habit(
        _is(r"\bsample[ \t]+(?P<x>\d+(?:\.\d+)?)(?![\d.%])"),
        "write `%`",
        r"\g<x>%",
        "a sample is a percentage",
        frozenset({"PERCENT"}),
    ),
    Habit(
        _is(r"\bsample[ \t]+[\d.]+%"),
        "events of one value are all in or all out, as in: sample 10% by event.id",
        None,
        "a sample says by what it is taken",
        frozenset({"BY"}),
    ),
    Habit(
        _is(r"(?P<x>\bexpect)[ \t]+(?=[\"\w])"),
        "write `expect send`",
        "expect send",
        "a test says what is done with the event: send, skip or drop",
        frozenset({"SEND", "UNHANDLED"}),
    ),
    Habit(
        _is(r'"[^"]*"'),
        "write `reason` before it",
        r"reason \g<0>",
        "a reason begins with `reason`",
        frozenset({"REASON"}),
    ),
    Habit(
        _is(r"(?<=[ \t])(?P<x>[a-z_][\w.]*)(?=[ \t]*=[^=])"),
        "begin a new line here",
        None,
        "a second statement on one line",
        _ENDS,
    ),
)

UNQUOTED = Habit(
    _is(r'(?P<x>[^\s"{#]([^"{#]*[^\s"{#])?)[ \t]*(?=\{|#|$)'),
    "put it in double quotes",
    r'"\g<x>"',
    "a text needs double quotes",
)

HABITS = (*_OPERATORS, *_MARKS, *_WORDS, *_TABLES, *_VALUES)
"""In the order in which they are tried."""
