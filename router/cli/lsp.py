"""`tagwright lsp`: the language server for editors."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--stdio", is_flag=True, help="Standard input and output, as always; editors add it of themselves."
)
def lsp(stdio: bool) -> None:
    """Serve editors that rule files are open in.

    Speaks the Language Server Protocol over standard input and output:
    mistakes while typing, hover, completion, navigation, rename, formatting, quick fixes, and tests to run
    from the text. docs/editors/README.md has the set-up for VS Code, Neovim and Helix. Needs the `lsp` extra:
    pip install "tagwright[lsp]".

    Exit status: 0 the editor left, 2 the extra is not installed.
    """
    try:
        from router.editor.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise click.UsageError('this needs the `lsp` extra: pip install "tagwright[lsp]"') from error
    serve()
