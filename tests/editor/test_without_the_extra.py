"""`tagwright lsp` where the extra is not installed."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from router.cli import main


@pytest.mark.parametrize("package", ["pygls", "lsprotocol"])
def test_the_missing_extra_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("server", "requests", "convert"):
        monkeypatch.delitem(sys.modules, f"router.editor.{name}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    result = CliRunner().invoke(main, ["lsp"])
    assert result.exit_code == 2
    assert 'pip install "tagwright[lsp]"' in result.output
