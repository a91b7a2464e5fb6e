"""Names that stand for other names: no circles, and bounds on what they come to when written out in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from router.lang import tree as t
from router.lang.check.order import in_order
from router.lang.check.scope import Checking
from router.lang.messages import rules as say
from router.lang.traverse import bodies, children, includes, references, statements

MAX_INCLUDES = 16
MAX_NAME_DEPTH = 96
MAX_BLOCK_DEPTH = 64
MAX_VALUES = 100_000
MAX_LINES = 10_000


def measure(checking: Checking) -> None:
    """Report circles and what grows beyond the limits.

    Lets that cannot be used are set aside as broken, so that the rest can be followed by recursion; a program
    with such a mapping never runs.
    """
    _Lets(checking).check()
    _Mappings(checking).check()


class _Lets:
    def __init__(self, checking: Checking) -> None:
        self.checking = checking
        self.lets = checking.names.lets
        self.used = {name: list(references(let.value)) for name, let in self.lets.items()}
        self.depths: dict[str, int] = {}
        self.sizes: dict[str, int] = {}

    def check(self) -> None:
        order, circles = in_order({name: [ref.name.text for ref in refs] for name, refs in self.used.items()})
        for circle in circles:
            self._circle(circle)
        for name in order:
            self._bounded(name)
        for name in [name for name in self.lets if name not in self.depths]:
            del self.lets[name]
            self.checking.names.broken.add(name)

    def _circle(self, circle: list[str]) -> None:
        """Blame the reference that leads back to the name that was declared first."""
        first = min(circle, key=lambda name: self.lets[name].span.sort_key)
        before = circle[circle.index(first) - 1]
        back = next(ref for ref in self.used[before] if ref.name.text == first)
        self.checking.report(say.let_cycle(back.name.span, first))

    def _bounded(self, name: str) -> None:
        value = self.lets[name].value
        if any(ref.name.text in self.lets and ref.name.text not in self.depths for ref in self.used[name]):
            return
        depth, size = _expression(value, self.depths, self.sizes)
        if depth > MAX_NAME_DEPTH:
            self.checking.report(say.too_deep(value.span, "names that stand for names", MAX_NAME_DEPTH))
        elif size > MAX_VALUES:
            self.checking.report(say.too_much(self.lets[name].name.span, name, "values", MAX_VALUES))
        else:
            self.depths[name], self.sizes[name] = depth, size


def _expression(node: t.Expr, depths: Mapping[str, int], sizes: Mapping[str, int]) -> tuple[int, int]:
    """Depth and number of values of an expression with its names written out."""
    if isinstance(node, t.Ref):
        return 1 + depths.get(node.name.text, 0), 1 + sizes.get(node.name.text, 0)
    inside = [_expression(each, depths, sizes) for each in children(node)]
    return 1 + max((d for d, _ in inside), default=0), 1 + sum(s for _, s in inside)


class _Mappings:
    def __init__(self, checking: Checking) -> None:
        self.checking = checking
        self.mappings = checking.names.mappings
        self.used = {name: list(includes(each.body)) for name, each in self.mappings.items()}
        self.levels: dict[str, int] = {}
        self.depths: dict[str, int] = {}
        self.sizes: dict[str, int] = {}

    def check(self) -> None:
        order, circles = in_order({name: [w.text for w in words] for name, words in self.used.items()})
        for circle in circles:
            self._circle(circle)
        for name in order:
            self._bounded(name)

    def _circle(self, circle: list[str]) -> None:
        following = [*circle[1:], circle[0]]
        steps = [(self._word(a, b), a, b) for a, b in zip(circle, following, strict=True)]
        shown = sorted(((word.span, a, b) for word, a, b in steps), key=lambda step: step[0].sort_key)
        self.checking.report(say.include_cycle(shown[0][1], shown))

    def _word(self, user: str, used: str) -> t.Word:
        return next(word for word in self.used[user] if word.text == used)

    def _bounded(self, name: str) -> None:
        words = [word for word in self.used[name] if word.text in self.mappings]
        if any(word.text not in self.levels for word in words):
            return
        levels = {word: 1 + self.levels[word.text] for word in words}
        deepest = max(words, key=levels.__getitem__, default=None)
        body = self.mappings[name].body
        depth, size = self._depth(body), self._size(body)
        if deepest is not None and levels[deepest] > MAX_INCLUDES:
            self.checking.report(say.too_deep(deepest.span, "includes", MAX_INCLUDES))
        elif deepest is not None and depth > MAX_BLOCK_DEPTH:
            self.checking.report(say.too_deep(deepest.span, "blocks with what they include", MAX_BLOCK_DEPTH))
        elif size > MAX_LINES:
            self.checking.report(say.too_much(self.mappings[name].name.span, name, "lines", MAX_LINES))
        else:
            self.levels[name] = max(levels.values(), default=0)
            self.depths[name], self.sizes[name] = depth, size

    def _depth(self, body: Iterable[t.Statement]) -> int:
        """How deep blocks nest when what they include is written out."""
        return max((self._statement_depth(node) for node in body), default=0)

    def _statement_depth(self, node: t.Statement) -> int:
        if isinstance(node, t.Include):
            return 1 + max((self.depths.get(word.text, 0) for word in node.names), default=0)
        return 1 + max(map(self._depth, bodies(node)), default=0)

    def _size(self, body: Iterable[t.Statement]) -> int:
        """How many lines run at most when what is included is written out."""
        return sum(
            1 + (sum(self.sizes.get(w.text, 0) for w in node.names) if isinstance(node, t.Include) else 0)
            for node in statements(body)
        )
