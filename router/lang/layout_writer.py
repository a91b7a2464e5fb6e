"""Writes the words of a rule file in their places."""

from __future__ import annotations

from router.lang.draw import columns
from router.lang.layout_shape import Shape
from router.lang.layout_tokens import END, Comment, Piece

_STEP = 2
_BEFORE_COMMENT = "  "


def write(pieces: tuple[Piece, ...], shape: Shape, pads: dict[int, int], limit: int) -> str:
    """The formatted text. One that grows beyond `limit` characters is given up there.

    Indentation and columns grow with the square of a text that means harm.
    """
    writer = _Writer(pieces, shape, pads)
    for index in range(len(pieces)):
        writer.put(index)
        if writer.size > limit:
            break
    return writer.text()


class _Writer:
    def __init__(self, pieces: tuple[Piece, ...], shape: Shape, pads: dict[int, int]) -> None:
        self.pieces = pieces
        self.shape = shape
        self.pads = pads
        self.size = 0
        self._out: list[str] = []
        self._column = 0
        self._line_start = 0
        self._places: list[tuple[int, int]] = []
        """The column of each word written, and the column where its line starts."""
        self._bases: dict[int | None, int] = {None: -_STEP}
        """From where the content of each expanded bracket is one step in, and where it is closed."""

    def text(self) -> str:
        return "".join([*self._out, "\n"]) if self._out else ""

    def put(self, index: int) -> None:
        piece = self.pieces[index]
        begins = index == 0 or index in self.shape.breaks or bool(piece.comments)
        column = self._indent(index) if begins else 0
        above = self._comments(index, column)
        if piece.kind == END:
            return
        if begins:
            documented = bool(above) and above[-1].text.startswith("##")
            attached = documented or self.shape.brackets.closes_expanded(index)
            self._begin(column, blank=not attached and self._blank(index, piece.after_blank, first=not above))
        else:
            self._add(" " * self.pads.get(index, int(self.shape.spaced[index])))
        self._places.append((self._column, self._line_start))
        self._open(index)
        self._add(piece.text)

    def _comments(self, index: int, column: int) -> list[Comment]:
        """Write the comments before a word; those that have a line of their own are returned."""
        comments = list(self.pieces[index].comments)
        if comments and comments[0].trailing:
            self._add(_BEFORE_COMMENT + comments.pop(0).text)
        # before a closing bracket a comment still belongs inside
        inside = column + _STEP if self.shape.brackets.closes_expanded(index) else column
        for number, comment in enumerate(comments):
            self._begin(inside, blank=self._blank(index, comment.after_blank, first=number == 0))
            self._add(comment.text)
        return comments

    # -------------------------------------------------------------- where a line begins

    def _indent(self, index: int) -> int:
        if index in self.shape.hangs:
            return self._hanging(index)
        if self.shape.brackets.closes_expanded(index):
            return self._bases[self.shape.brackets.closed_by(index)]
        # a line that only a comment in the middle of a statement broke is one step further in
        further = _STEP * self._inside_statement(index)
        return self._bases[self.shape.brackets.homes[index]] + _STEP + further

    def _open(self, index: int) -> None:
        """A block goes by its statement; a list or a `match` goes by its line, which may be a hanging one."""
        found = self.shape.brackets
        if index in found.expanded:
            statement = self._bases[found.homes[index]] + _STEP
            self._bases[index] = self._line_start if index in found.values else statement

    def _hanging(self, index: int) -> int:
        """`??` and its like stand so that what follows is under the first word of the chain."""
        hang = self.shape.hangs[index]
        column, line_start = self._places[hang.head]
        if hang.under:
            return column
        if column == line_start:
            return column + _STEP
        if not self.shape.spaced[hang.head]:
            return column
        return max(column - columns(self.pieces[index].text) - 1, line_start + 1)

    def _inside_statement(self, index: int) -> bool:
        kind = self.pieces[index].kind
        return index > 0 and index not in self.shape.breaks and kind not in (END, "OTHERWISE")

    def _blank(self, index: int, wanted: bool, *, first: bool) -> bool:
        """An empty line stands where the author had one, but not inside a statement nor at a block's edge.

        `first`: whether nothing else stands between the word before and this line.
        """
        if first and index == 2 and self.pieces[0].kind == "LANGUAGE":
            return True
        edge = first and (index == 0 or index - 1 in self.shape.brackets.expanded)
        continued = index in self.shape.hangs or self.pieces[index].kind == "OTHERWISE"
        return wanted and not (edge or continued or self._inside_statement(index))

    # -------------------------------------------------------------- text

    def _begin(self, column: int, *, blank: bool) -> None:
        ends = ("\n\n" if blank else "\n") if self._out else ""
        self._put(ends + " " * column)
        self._column = self._line_start = column

    def _add(self, text: str) -> None:
        self._put(text)
        last_line = text.rpartition("\n")[2]
        self._column = columns(last_line) + (self._column if last_line == text else 0)

    def _put(self, text: str) -> None:
        self._out.append(text)
        self.size += len(text)
