"""A folder from which rows are sent, with the command that sends them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from router.cli import main
from router.tiktok.mock import MockTikTok

HERE = Path(__file__).parent
TOKEN = "token-5d41402abc4b2a76b9719d911017c592"
ROOM = {
    "TAGWRIGHT_STORE_BALLAST_BYTES": "0",
    "TAGWRIGHT_STORE_FREE_BYTES": "0",
    "TAGWRIGHT_STORE_FREE_PERCENT": "0",
}


@dataclass
class Warehouse:
    """A folder from which rows are sent."""

    folder: Path
    tiktok: MockTikTok
    environment: dict[str, str] = field(default_factory=dict)

    def file(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def send(self, *arguments: str, given: str | bytes | None = None) -> Result:
        """Run the command; it may not show a value of any row."""
        rules = () if "--rules" in arguments else ("--rules", "warehouse.rules")
        result = CliRunner().invoke(
            main, ["send", *rules, *arguments], input=given, prog_name="tagwright", env=self.environment,
            catch_exceptions=False, terminal_width=100,
        )  # fmt: skip
        assert "shop.example" not in result.output + result.stderr
        assert TOKEN not in result.output + result.stderr
        return result

    def report(self, *arguments: str, given: str | bytes | None = None) -> dict[str, Any]:
        """The summary of a run."""
        result = self.send(*arguments, "--json", given=given)
        assert result.exit_code < 2, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        assert (result.exit_code == 0) == found["clean"]
        return found

    def counted(self) -> list[str]:
        """The ids of the events that TikTok counted, in order of the ids."""
        return sorted(each["event_id"] for each in self.tiktok.counted())
