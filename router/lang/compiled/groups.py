"""Objects of a payload put together: every field in its group, in the target's order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from router.lang.compiled import nodes as n
from router.lang.compiled.fields import LEFT, Fields
from router.lang.compiled.lines import Names
from router.lang.compiled.records import Record
from router.lang.compiled.seam import Receiving
from router.lang.compiled.shapes import NONE, joined
from router.lang.compiled.writing import Operand

DEEPEST: Final = 32


class Groups(Fields):
    """Writes what makes the objects of a payload from the fields of a record."""

    def settle(self, record: Record) -> None:
        """Every local with the shape that all its lines leave it."""
        for names, operand in record.values.items():
            if names not in record.fixed and record.moves(names) is None:
                record.values[names] = Operand(
                    joined([NONE, *record.shapes[names]]).or_missing(), operand.local
                )

    def whole(self, record: Record) -> str:
        """A local with the payload."""
        self.settle(record)
        lead = self.common.finisher.lead
        start = [(name, record.values.pop((name,), Operand(NONE))) for name in lead]
        return self.group((), record, final=False, start=start)

    def group(
        self, group: Names, record: Record, *, final: bool, start: Sequence[tuple[str, Operand]]
    ) -> str:
        """A local with the object at a path: its fields and groups in the target's order."""
        below = list(
            dict.fromkeys(names[: len(group) + 1] for names in record.values if names[: len(group)] == group)
        )
        inner = {
            names: self.group(names, record, final=final, start=())
            for names in below
            if names not in record.values
        }
        pairs = [(self.constant(name), self.load(operand)) for name, operand in start]
        owner = self.out.let(n.new_dict(*pairs), "g")
        for names in sorted(below, key=lambda names: self._rank(record, names)):
            if names in inner:
                put = n.put(n.name(owner), self.constant(names[-1]), n.name(inner[names]))
                self.out.emit(n.when(n.name(inner[names]), [put]))
            elif record.moves(names) is None:
                self._put(owner, names, record, final=final)
        if group in record.moving:
            self._put_moving(owner, group, record)
        return owner

    def _put_moving(self, owner: str, group: Names, record: Record) -> None:
        """Fields in the order in which they were assigned, finished unless the whole list will be."""
        key, moving = self.out.fresh("i"), n.name(record.moving[group])
        value = n.item(moving, n.name(key))
        with self.out.block() as body:
            if record.level == 0:
                cleaners = {
                    names[-1]: self.place(record.at, names, record.level).clean
                    for names in record.values
                    if names[:-1] == group
                }
                found = self.out.fresh("w")
                clean = n.item(self.constant(cleaners), n.name(key))
                self.out.emit(n.assign(found, n.call(clean, value, n.name(LEFT))))
                put = n.put(n.name(owner), n.name(key), n.name(found))
                self.out.emit(n.when(n.not_none(n.name(found)), [put]))
            else:
                self.out.emit(n.put(n.name(owner), n.name(key), value))
        self.out.emit(n.loop(key, moving, body))

    def _put(self, owner: str, names: Names, record: Record, *, final: bool) -> None:
        held = record.held.get(names)
        if held is None:
            self._put_value(owner, names, record, final=final)
            return
        with self.out.block() as put:
            self._put_value(owner, names, record, final=final)
        self.out.emit(n.when(held.test, held.body + put))

    def _put_value(self, owner: str, names: Names, record: Record, *, final: bool) -> None:
        receiving = self.place(record.at, names, record.level)
        operand = record.values[names]
        if record.level == 0 or final:
            self.put_finished(owner, names[-1], operand, receiving)
        elif not (operand.is_known and operand.known is None):
            put = n.put(n.name(owner), self.constant(names[-1]), self.load(operand))
            self._emit_present(operand, [put])

    def _rank(self, record: Record, names: Names) -> float:
        rank = self.place(record.at, names, record.level).rank
        return float("inf") if rank is None else rank

    def place(self, at: Names, names: Names, level: int) -> Receiving:
        return self.common.finisher.receiving(at + names, DEEPEST - level - len(names))
