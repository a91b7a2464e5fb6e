"""A send: its gates, its lines, what it requires, and its payload in the target's order."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence

from router.lang import tree as t
from router.lang.compiled import nodes as n
from router.lang.compiled import runtime
from router.lang.compiled.emitter import Code, NotCompiledError
from router.lang.compiled.expressions import RUN
from router.lang.compiled.fields import LEFT
from router.lang.compiled.groups import Groups
from router.lang.compiled.lines import (
    Branches,
    Leave,
    Line,
    Names,
    Need,
    Put,
    PutEach,
    has_needs,
    leaves,
    puts,
)
from router.lang.compiled.records import MOVING, Held, Record
from router.lang.compiled.shapes import ANY, FINAL_OBJECTS, NONE
from router.lang.compiled.writing import ARRIVAL, HEAD, Operand
from router.lang.values import MAX_LIST


class Payloads(Groups):
    """Writes the function of a send: a finished payload, the number of the gate or requirement that says no,
    or None where the payload needs the long way.
    """

    def send(self, gates: Sequence[t.Requires], lines: Sequence[Line]) -> tuple[Code, tuple[t.Require, ...]]:
        """The function, and its requirements in order; their numbers follow those of the gates."""
        self.count_uses(lines)
        for gate in gates:
            self.count(gate.condition)
        for number, gate in enumerate(gates):
            with self.out.at(gate.span):
                self.out.emit(n.when(n.negated(self.test(gate.condition)), [n.returned(n.plain(number))]))
        record = self._record((), 0, lines, always=True)
        record.may_hold = not (self.program.required[self.source] or has_needs(lines))
        needs: list[tuple[t.Require, str | None]] = []
        self._lines(lines, record, needs)
        self._required(record, needs, len(gates))
        self.out.emit(n.assign(LEFT, n.new_list()))
        payload = self.whole(record)
        closed = n.call(
            self.constant(self.common.finisher.close), *map(n.name, (HEAD, payload, LEFT, ARRIVAL))
        )
        self.out.emit(n.returned(closed))
        return self.finished(*RUN, HEAD), tuple(node for node, _ in needs)

    # -------------------------------------------------------------- lines

    def _record(self, at: Names, level: int, lines: Sequence[Line], *, always: bool) -> Record:
        """Locals for the fields that lines assign; they start as missing where that is not certain."""
        found = list(puts(lines))
        times = Counter(line.names for line in found)
        top = {line.names for line in lines if isinstance(line, Put | PutEach)}
        gone = {path.names for line in leaves(lines) for path in line.node.paths}
        taken = {names for names in times if any(names[: len(each)] == each for each in gone)}
        if any(names != each and each == names[: len(each)] for names in times for each in times):
            raise NotCompiledError("a field inside a field")
        fixed = frozenset(names for names in top if times[names] == 1 and names not in taken)
        moving = self._moving(at, level, times, taken)
        record = Record(at, level, fixed - moving)
        for names in times:
            local = ""
            if names in moving:
                local = MOVING
                if names[:-1] not in record.moving:
                    record.moving[names[:-1]] = self.out.let(n.new_dict(), "u")
            elif names not in fixed:
                local = self.out.none_at_first() if always else self.out.let(n.plain(None), "p")
            record.values[names] = Operand(NONE, local)
            record.shapes[names] = []
        return record

    def _moving(self, at: Names, level: int, times: Counter[Names], taken: set[Names]) -> frozenset[Names]:
        """Fields that the target does not know, where their order is not that of the lines."""
        unknown = [names for names in times if self.place(at, names, level).rank is None]
        still = all(times[names] == 1 and names not in taken for names in unknown)
        if len(unknown) < 2 or still:
            return frozenset()
        if any(len(names) + level != len(unknown[0]) + level or len(names) > 2 for names in unknown):
            raise NotCompiledError("the order of groups that the target does not know")
        return frozenset(unknown)

    def _lines(
        self, lines: Sequence[Line], record: Record, needs: list[tuple[t.Require, str | None]]
    ) -> None:
        for line in lines:
            with self.out.at(line.node.span):
                match line:
                    case Put() if record.may_hold and line.names in record.fixed and self._hold(line, record):
                        pass
                    case Put():
                        value = self.value(line.node.value, loose=line.field.many)
                        self._assign(record, line.names, self.converted(value, line.field))
                    case PutEach():
                        self._assign(record, line.names, self._each(line, record))
                    case Branches():
                        self._branches(line.branches, line.otherwise, record, needs)
                    case Need():
                        needs.append((line.node, self._noted_need()))
                    case Leave():
                        self._leave(line, record)

    def _hold(self, line: Put, record: Record) -> bool:
        """Writes a line that needs one place of the event, to run where its field is put; False for others.

        What the event does not have costs one look then.
        """
        found = self._needed(line.node.value, loose=line.field.many)
        if found is None or (record.level == 0 and line.names[0] in self.common.finisher.lead):
            return False
        ref, loose = found
        with self.where_present(self.program.accesses[ref]) as there:
            there.read(loose=loose)
            operand = self.converted(self.value(line.node.value, loose=line.field.many), line.field)
        record.held[line.names] = Held(there.test, there.body)
        self._assign(record, line.names, operand)
        return True

    def _needed(self, node: t.Expr, *, loose: bool) -> tuple[t.Ref, bool] | None:
        """The reference that is read first of all, without which there is no value."""
        if self.common.constant(node) is not None:
            return None
        match node:
            case t.Ref():
                return (node, loose) if self.is_read_once(node) else None
            case t.Call() if node.args and self.is_strict(node) and not self.has_straight(node):
                return self._needed(node.args[0], loose=self.takes_loosely(node, loose=loose))
            case t.Match():
                return self._needed(node.subject, loose=False)
            case t.Arithmetic():
                return self._needed(node.left, loose=False)
            case _:
                return None

    def _assign(self, record: Record, names: Names, operand: Operand) -> None:
        """A later line replaces an earlier one, but not with something missing."""
        if names in record.fixed:
            record.values[names] = operand
            record.shapes[names].append(operand.shape)
            return
        if operand.is_known and operand.known is None:
            return
        record.shapes[names].append(operand.shape.or_missing())
        owner = record.moves(names)
        if owner is not None:
            put = n.put(n.name(owner), self.constant(names[-1]), self.load(operand))
        else:
            put = n.assign(record.values[names].local, self.load(operand))
        self.out.emit(n.when(self.is_present(operand), [put]) if operand.shape.optional else put)

    def _branches(
        self,
        branches: Sequence[tuple[t.Expr, tuple[Line, ...]]],
        otherwise: Sequence[Line],
        record: Record,
        needs: list[tuple[t.Require, str | None]],
    ) -> None:
        if not branches:
            self._lines(otherwise, record, needs)
            return
        (condition, lines), *others = branches
        if not (lines or others or otherwise):
            with self.out.at(condition.span):
                self.touch(condition)
            return
        with self.out.at(condition.span):
            test = self.test(condition)
        with self.branch() as body:
            self._lines(lines, record, needs)
        with self.branch() as rest:
            self._branches(others, otherwise, record, needs)
        if body or rest:
            self.emit_if(test, body, rest)

    def _noted_need(self) -> str | None:
        """A requirement inside a branch counts when the branch was taken."""
        if self.depth == 0:
            return None
        flag = self.out.none_at_first("q")
        self.out.emit(n.assign(flag, n.plain(True)))
        return flag

    def _leave(self, line: Leave, record: Record) -> None:
        for path in line.node.paths:
            for names in record.under(path.names):
                owner = record.moves(names)
                if owner is None:
                    self.out.emit(n.assign(record.values[names].local, n.plain(None)))
                else:
                    gone = n.method(n.name(owner), "pop", self.constant(names[-1]), n.plain(None))
                    self.out.emit(n.run(gone))

    # -------------------------------------------------------------- what is required

    def _required(self, record: Record, needs: list[tuple[t.Require, str | None]], first: int) -> None:
        for number, (node, flag) in enumerate(needs):
            with self.out.at(node.span):
                missing = [
                    self._absent(record, names) for path in node.paths for names in record.under(path.names)
                ]
                tests = [n.name(flag)] if flag else []
                test = n.both(*tests, *missing) if tests or missing else n.plain(True)
                self.out.emit(n.when(test, [n.returned(n.plain(first + number))]))
        for number, names in enumerate(self.program.required[self.source]):
            absent = self._absent(record, names) if names in record.values else n.plain(True)
            refused = n.returned(n.plain(first + len(needs) + number))
            self.out.emit(n.when(absent, [refused]))

    def _absent(self, record: Record, names: Names) -> ast.expr:
        operand, owner = record.values[names], record.moves(names)
        if owner is not None:
            return n.compare(self.constant(names[-1]), "not in", n.name(owner))
        return n.plain(operand.known is None) if operand.is_known else n.is_none(n.name(operand.local))

    # -------------------------------------------------------------- each

    def _each(self, line: PutEach, outer: Record) -> Operand:
        """A list with an object for every element; None when all are empty."""
        items = self.value(line.node.items)
        if items.is_known and items.known is None:
            return items
        result = self.out.let(n.plain(None), "e")
        with self.branch() as body:
            final = self._elements(line, outer, items, result)
        self.emit_if(self.is_present(items), body)
        return Operand(FINAL_OBJECTS if final else ANY, result)

    def _elements(self, line: PutEach, outer: Record, items: Operand, result: str) -> bool:
        values = self._short(items)
        made = self.out.let(n.new_list(), "e")
        item = self.out.fresh("i")
        with self.branch() as body:
            element = items.shape.of if items.shape.base == "list" and items.shape.of else ANY
            self.at_hand["item", line.node.item.text] = Operand(element, item)
            final = self._where(line, outer, made)
        self.out.emit(n.loop(item, n.name(values), body))
        self.out.emit(n.assign(result, n.either(n.name(made), n.plain(None))))
        return final

    def _short(self, items: Operand) -> str:
        value = self.load(items)
        if items.shape.base != "list":
            return self.out.let(n.call(self.constant(runtime.shortened), value))
        long = n.compare(n.call(self.constant(len), value), ">", self.constant(MAX_LIST))
        return self.out.let(n.choose(long, n.call(self.constant(runtime.shortened), value), value))

    def _where(self, line: PutEach, outer: Record, made: str) -> bool:
        if line.node.where is None:
            return self._element(line, outer, made)
        test = self.test(line.node.where)
        with self.branch() as body:
            final = self._element(line, outer, made)
        self.emit_if(test, body)
        return final

    def _element(self, line: PutEach, outer: Record, made: str) -> bool:
        """One object; whether it is sent as it is."""
        level = outer.level + len(line.names) + 1
        record = self._record(outer.at + line.names, level, line.body, always=False)
        record.may_hold = True
        self._lines(line.body, record, [])
        self.settle(record)
        final = not record.moving and all(
            self._is_final(operand, record, names) for names, operand in record.values.items()
        )
        whole = self.group((), record, final=final, start=())
        append = n.run(n.method(n.name(made), "append", n.name(whole)))
        self.out.emit(n.when(n.name(whole), [append]))
        return final

    def _is_final(self, operand: Operand, record: Record, names: Names) -> bool:
        receiving = self.place(record.at, names, record.level)
        if operand.is_known:
            left: list[tuple[str, str]] = []
            return operand.known is None or (
                receiving.clean(operand.known, left) == operand.known and not left
            )
        return self.is_final(operand.shape, receiving)
