"""Answers of the features as the protocol's own types."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types

from router.assets import asset
from router.editor.actions import QuickFix
from router.editor.completion import Shape, Suggestion
from router.editor.diagnostics import wording
from router.editor.lenses import Lens
from router.editor.positions import Encoding, to_offset, to_position
from router.editor.signatures import Signature
from router.editor.symbols import Shape as SymbolShape
from router.editor.symbols import Symbol
from router.lang.diagnostics import Diagnostic
from router.lang.source import Source, Span

_ITEMS: dict[Shape, types.CompletionItemKind] = {
    "field": types.CompletionItemKind.Field,
    "payload": types.CompletionItemKind.Property,
    "target": types.CompletionItemKind.EnumMember,
    "function": types.CompletionItemKind.Function,
    "value": types.CompletionItemKind.Variable,
    "mapping": types.CompletionItemKind.Module,
    "destination": types.CompletionItemKind.Class,
    "source": types.CompletionItemKind.Enum,
    "name": types.CompletionItemKind.Event,
    "keyword": types.CompletionItemKind.Keyword,
    "file": types.CompletionItemKind.File,
    "type": types.CompletionItemKind.TypeParameter,
}
_ORDER: tuple[Shape, ...] = (
    "field", "payload", "target", "value", "mapping", "destination", "source", "name", "type", "function",
    "file", "keyword",
)  # fmt: skip
_SYMBOLS: dict[SymbolShape, types.SymbolKind] = {
    "file": types.SymbolKind.File,
    "schema": types.SymbolKind.Struct,
    "field": types.SymbolKind.Field,
    "value": types.SymbolKind.Variable,
    "destination": types.SymbolKind.Class,
    "mapping": types.SymbolKind.Module,
    "table": types.SymbolKind.Array,
    "event": types.SymbolKind.Event,
    "rule": types.SymbolKind.Function,
    "test": types.SymbolKind.Method,
}


@dataclass(frozen=True, slots=True)
class Converter:
    """Knows how the editor counts columns, and by which address it knows a source."""

    encoding: Encoding
    address: Callable[[Source], str]

    # -------------------------------------------------------------- places

    def position(self, source: Source, offset: int) -> types.Position:
        return types.Position(*to_position(source, offset, self.encoding))

    def offset(self, source: Source, position: types.Position) -> int:
        return to_offset(source, position.line, position.character, self.encoding)

    def range(self, span: Span) -> types.Range:
        return types.Range(self.position(span.source, span.start), self.position(span.source, span.end))

    def location(self, span: Span) -> types.Location:
        return types.Location(self.address(span.source), self.range(span))

    # -------------------------------------------------------------- answers

    def diagnostic(self, problem: Diagnostic) -> types.Diagnostic:
        error = problem.severity == "error"
        severity = types.DiagnosticSeverity.Error if error else types.DiagnosticSeverity.Warning
        page = _page()
        return types.Diagnostic(
            range=self.range(problem.mark.span),
            message=wording(problem),
            severity=severity,
            code=problem.code,
            code_description=types.CodeDescription(page) if page else None,
            source="tagwright",
            related_information=[
                types.DiagnosticRelatedInformation(self.location(mark.span), mark.label or "see here")
                for mark in problem.others
            ],
        )

    def suggestions(
        self, source: Source, offset: int, found: Iterable[Suggestion]
    ) -> list[types.CompletionItem]:
        return [self._suggestion(source, offset, index, each) for index, each in enumerate(found)]

    def _suggestion(self, source: Source, offset: int, index: int, each: Suggestion) -> types.CompletionItem:
        return types.CompletionItem(
            label=each.text,
            kind=_ITEMS[each.shape],
            detail=each.detail or None,
            documentation=markdown(each.documentation) if each.documentation else None,
            sort_text=f"{_ORDER.index(each.shape):02}{index:05}",
            filter_text=each.text,
            text_edit=types.TextEdit(self.range(Span(source, each.start, offset)), each.text),
        )

    def symbol(self, each: Symbol) -> types.DocumentSymbol:
        return types.DocumentSymbol(
            name=each.name,
            kind=_SYMBOLS[each.shape],
            range=self.range(each.whole),
            selection_range=self.range(each.name_at),
            children=[self.symbol(inner) for inner in each.inside],
        )

    def found_symbol(self, each: Symbol) -> types.WorkspaceSymbol:
        return types.WorkspaceSymbol(self.location(each.name_at), each.name, _SYMBOLS[each.shape])

    def edits(self, places: Iterable[Span], text: str) -> types.WorkspaceEdit:
        """The same text at every place."""
        changes: dict[str, list[types.TextEdit]] = {}
        for span in places:
            changes.setdefault(self.address(span.source), []).append(types.TextEdit(self.range(span), text))
        return types.WorkspaceEdit(changes=changes)

    def action(self, each: QuickFix) -> types.CodeAction:
        return types.CodeAction(
            title=each.title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[self.diagnostic(each.problem)],
            is_preferred=each.fix.sure,
            edit=self.edits([each.fix.span], each.fix.replacement),
        )

    def lens(self, each: Lens) -> types.CodeLens:
        address = self.address(each.at.source)
        command = types.Command(each.title, f"tagwright.{each.command}", arguments=[address, each.name])
        return types.CodeLens(self.range(Span(each.at.source, each.at.start, each.at.start)), command)


def markdown(text: str) -> types.MarkupContent:
    return types.MarkupContent(types.MarkupKind.Markdown, text)


def signature_help(found: Signature) -> types.SignatureHelp:
    """The signature with its parameters, and the one that is being written."""
    function = found.function
    shown = function.signature[function.signature.index("(") + 1 : function.signature.rindex(") ->")]
    information = types.SignatureInformation(
        label=function.signature,
        documentation=markdown("\n\n".join(each for each in (function.summary, function.detail) if each)),
        parameters=[types.ParameterInformation(each) for each in shown.split(", ") if each],
        active_parameter=found.parameter,
    )
    return types.SignatureHelp([information], 0, found.parameter)


def _page() -> str | None:
    """The reference of diagnostics, where the documentation lies beside the program."""
    page: Path = asset("docs/reference/diagnostics.md")
    return page.as_uri() if page.is_file() else None
