"""What editors ask the language server for, one short function a request."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from router.editor import navigation
from router.editor.actions import quick_fixes
from router.editor.completion import complete
from router.editor.convert import markdown, signature_help
from router.editor.diagnostics import problems_by_file
from router.editor.hover import hover
from router.editor.layout import laid_out
from router.editor.lenses import explain_sample, lenses, run_test
from router.editor.navigation import Refusal
from router.editor.ruleset import RuleSet
from router.editor.server import Server
from router.editor.signatures import signature
from router.editor.symbols import outline, search
from router.lang.source import Source, Span

_REQUEST_FAILED = -32803
_RULE_FILES = "**/*.rules"


def register(server: Server) -> None:
    """Bind every request and command."""
    for name, handler in _FEATURES.items():
        server.feature(name, _OPTIONS.get(name))(handler)
    for name, command in _COMMANDS.items():
        server.command(name)(command)


_At = types.TextDocumentPositionParams
_Located = tuple[RuleSet, Source, int]


def _located(ls: Server, params: Any) -> _Located | None:
    """The rule set, the text and the offset that a request speaks of."""
    found = ls.file(params.text_document.uri)
    if found is None:
        return None
    rules, source = found
    return rules, source, ls.convert.offset(source, params.position)


# ------------------------------------------------------------------ files


def initialize(ls: Server, params: types.InitializeParams) -> None:
    folders = [each.uri for each in params.workspace_folders or ()]
    ls.start(folders or [each for each in (params.root_uri,) if each])


async def initialized(ls: Server, params: types.InitializedParams) -> None:
    """Ask to be told of rule files that change on disk, where the editor can."""
    workspace = ls.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace else None
    if watching is None or not watching.dynamic_registration:
        return
    options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(_RULE_FILES)])
    name = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    registration = types.Registration("rule-files", name, options)
    await ls.client_register_capability_async(types.RegistrationParams([registration]))


def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    document = params.text_document
    ls.put(document.uri, document.text, document.version)


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    document = params.text_document
    for change in params.content_changes[-1:]:
        ls.put(document.uri, change.text, document.version)


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    ls.close(params.text_document.uri)


def did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    ls.reread()


def watched(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    ls.reread()


# ------------------------------------------------------------------ reading


def on_hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    found = _located(ls, params)
    shown = hover(*found) if found else None
    return types.Hover(markdown(shown[0]), ls.convert.range(shown[1])) if shown else None


def completion(ls: Server, params: types.CompletionParams) -> types.CompletionList:
    found = _located(ls, params)
    if found is None:
        return types.CompletionList(is_incomplete=False, items=[])
    rules, source, offset = found
    files = ls.rules.usable_from(rules.paths[source])
    suggestions = complete(rules, source.text, offset, files)
    return types.CompletionList(False, ls.convert.suggestions(source, offset, suggestions))


def on_signature(ls: Server, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    found = _located(ls, params)
    shown = signature(found[0], found[1].text, found[2]) if found else None
    return signature_help(shown) if shown else None


# ------------------------------------------------------------------ navigation


def definition(ls: Server, params: types.DefinitionParams) -> list[types.Location]:
    found = _located(ls, params)
    return [ls.convert.location(each) for each in navigation.definition(*found)] if found else []


def references(ls: Server, params: types.ReferenceParams) -> list[types.Location]:
    """Over every rule set that the file belongs to, each place once."""
    found = _located(ls, params)
    if found is None:
        return []
    _, source, offset = found
    whole = params.context.include_declaration
    places = {
        (each.source.name, each.start): each
        for rules in ls.rules.rule_sets(ls.path(params.text_document.uri))
        for each in navigation.references(rules, source, offset, declaration=whole)
    }
    return [ls.convert.location(each) for each in places.values()]


def prepare_rename(ls: Server, params: types.PrepareRenameParams) -> types.Range:
    found = _located(ls, params)
    name = navigation.renamable(*found) if found else Refusal("this file does not read as text")
    if isinstance(name, Refusal):
        raise JsonRpcException(name.message, _REQUEST_FAILED)
    return ls.convert.range(name.span)


def rename(ls: Server, params: types.RenameParams) -> types.WorkspaceEdit:
    found = _located(ls, params)
    places: list[Span] | Refusal = Refusal("this file does not read as text")
    if found:
        sets = ls.rules.rule_sets(ls.path(params.text_document.uri))
        places = navigation.rename(sets, found[1], found[2], params.new_name)
    if isinstance(places, Refusal):
        raise JsonRpcException(places.message, _REQUEST_FAILED)
    return ls.convert.edits(places, params.new_name)


def document_symbols(ls: Server, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    rules = ls.rules.rule_set(ls.path(params.text_document.uri))
    file = rules.file(ls.path(params.text_document.uri))
    return [ls.convert.symbol(each) for each in outline(file)] if file else []


def workspace_symbols(ls: Server, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
    files = (ls.rules.rule_set(path).file(path) for path in ls.rules.rule_files())
    return [ls.convert.found_symbol(each) for each in search(filter(None, files), params.query)]


# ------------------------------------------------------------------ changing


def formatting(ls: Server, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    found = ls.file(params.text_document.uri)
    text = laid_out(found[1]) if found else None
    if found is None or text is None or text == found[1].text:
        return []
    return [types.TextEdit(ls.convert.range(Span(found[1], 0, len(found[1].text))), text)]


def code_actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    found = ls.file(params.text_document.uri)
    if found is None:
        return []
    path = ls.path(params.text_document.uri)
    problems = problems_by_file(ls.rules.rule_sets(path)).get(path, [])
    start, end = (ls.convert.offset(found[1], each) for each in (params.range.start, params.range.end))
    return [ls.convert.action(each) for each in quick_fixes(problems, start, end)]


# ------------------------------------------------------------------ running


def code_lens(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    path = ls.path(params.text_document.uri)
    file = ls.rules.rule_set(path).file(path)
    return [ls.convert.lens(each) for each in lenses(file)] if file else []


def run_test_command(ls: Server, address: str, name: str) -> str:
    """Run a test, show how it went, and answer with the same text."""
    text = run_test(ls.rules.rule_set(ls.path(address)), name)
    kind = types.MessageType.Info if text.startswith("pass") else types.MessageType.Error
    ls.window_show_message(types.ShowMessageParams(kind, text))
    return text


def explain_command(ls: Server, address: str, name: str) -> str:
    """Explain a sample event; the whole text goes to the editor's log, its head is shown."""
    path = ls.path(address)
    text = explain_sample(ls.rules.rule_set(path), path.parent, name, int(time.time()))
    ls.window_log_message(types.LogMessageParams(types.MessageType.Info, text))
    ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, _head(text)))
    return text


def _head(text: str) -> str:
    """The event and what became of it; the fields stand in the log."""
    return "\n".join(line for line in text.splitlines() if line and not line.startswith(" "))


_FEATURES: dict[str, Callable[..., Any]] = {
    types.INITIALIZE: initialize,
    types.INITIALIZED: initialized,
    types.TEXT_DOCUMENT_DID_OPEN: did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: did_change,
    types.TEXT_DOCUMENT_DID_CLOSE: did_close,
    types.TEXT_DOCUMENT_DID_SAVE: did_save,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: watched,
    types.TEXT_DOCUMENT_HOVER: on_hover,
    types.TEXT_DOCUMENT_COMPLETION: completion,
    types.TEXT_DOCUMENT_SIGNATURE_HELP: on_signature,
    types.TEXT_DOCUMENT_DEFINITION: definition,
    types.TEXT_DOCUMENT_REFERENCES: references,
    types.TEXT_DOCUMENT_PREPARE_RENAME: prepare_rename,
    types.TEXT_DOCUMENT_RENAME: rename,
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: document_symbols,
    types.WORKSPACE_SYMBOL: workspace_symbols,
    types.TEXT_DOCUMENT_FORMATTING: formatting,
    types.TEXT_DOCUMENT_CODE_ACTION: code_actions,
    types.TEXT_DOCUMENT_CODE_LENS: code_lens,
}
_COMMANDS: dict[str, Callable[..., Any]] = {
    "tagwright.runTest": run_test_command,
    "tagwright.explain": explain_command,
}
_OPTIONS: dict[str, Any] = {
    types.TEXT_DOCUMENT_COMPLETION: types.CompletionOptions(trigger_characters=[".", '"', "|", "="]),
    types.TEXT_DOCUMENT_SIGNATURE_HELP: types.SignatureHelpOptions(trigger_characters=["(", ","]),
    types.TEXT_DOCUMENT_RENAME: types.RenameOptions(prepare_provider=True),
    types.TEXT_DOCUMENT_CODE_ACTION: types.CodeActionOptions([types.CodeActionKind.QuickFix]),
    types.TEXT_DOCUMENT_CODE_LENS: types.CodeLensOptions(),
}
