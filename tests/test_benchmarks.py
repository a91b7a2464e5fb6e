"""The benchmarks still run: those that need nothing but this project, as small as they can be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parent / "bench"
CASES = {path.stem for path in (BENCH / "cases").glob("[a-z]*.py")}


def run(script: str, *arguments: str, home: Path | None = None) -> str:
    """What a script of the benchmarks prints, with nothing installed for it in `home`."""
    environment = {**os.environ, "PYTHONPATH": str(BENCH.parents[1])}
    if home is not None:
        environment["XDG_CACHE_HOME"] = str(home)
    command = [sys.executable, str(BENCH / script), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the cases find; the last line, after what `peers` shows."""
    home = tmp_path_factory.mktemp("nothing-installed")
    last = run("smallest.py", "mapping", "scaling", "loading", "peers", "dedup", home=home).splitlines()[-1]
    result: dict[str, Any] = json.loads(last)
    return result


def test_the_runner_lists_every_case() -> None:
    text = run("run.py", "--help")
    assert "of " + ", ".join(sorted(CASES)) in " ".join(text.split())
    assert {"mapping", "scaling", "loading", "peers", "dedup"} <= CASES


def test_an_unknown_case_is_told() -> None:
    command = [sys.executable, str(BENCH / "run.py"), "mappnig"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no case mappnig; there are" in done.stderr


@pytest.mark.parametrize("kind", ["purchase", "page_view"])
def test_mapping_is_told_in_times_of_the_floor(found: dict[str, Any], kind: str) -> None:
    times = found["mapping"][kind]
    assert set(times) >= {"us", "x_floor", "floor", "walker"}
    assert times["floor"]["x_floor"] == 1


def test_rules_that_do_not_match_are_told_by_rule(found: dict[str, Any]) -> None:
    assert set(found["scaling"]["each_further_rule_x_floor"]) == {
        "row", "drop_for_other_names", "drop_with_a_condition",
    }  # fmt: skip
    assert {"standard", "rows_20000", "mappings_200"} <= set(found["loading"])


def test_peers_that_are_not_installed_are_left_out_with_the_command_that_installs_them(
    found: dict[str, Any],
) -> None:
    peers = found["peers"]
    assert peers["purchase"] == peers["page_view"] == {}
    assert "python tests/bench/installing.py" in peers["not_installed"]["Segment"]
    assert "Python of 3.12" in peers["not_installed"]["vector-vrl"]


def test_dedup_is_told_for_the_spool_and_what_is_beside_it(found: dict[str, Any]) -> None:
    for kind in ("spool", "set", "ttlcache"):
        (level,) = found["dedup"][kind]["levels"]
        assert level["ids"] == 1_000
        assert set(level["ns_an_id"]) == {"1", "100", "1000"}
        assert set(level["ns_an_id"]["100"]) == {"fresh", "duplicate", "seen_just_now"}
        assert set(level["longest_collection_ms"]) == {"wall", "cpu"}
    assert found["dedup"]["spool"]["file_bytes_an_id"]
