"""`tagwright judge` and `tagwright mock-tiktok` as a person or a script uses them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from router.cli import main
from router.tiktok.mock import address, listen

MEMBER: dict[str, Any] = {
    "event": "Purchase",
    "event_time": 1_795_255_200,
    "event_id": "e1",
    "user": {"ip": "8.8.8.8", "ttclid": "E.C.P.abc"},
    "page": {"url": "https://shop.example/"},
}
BODY: dict[str, Any] = {"event_source": "web", "event_source_id": "C4A1B2C3D4E5F6G7H8I9", "data": [MEMBER]}
BAD: dict[str, Any] = BODY | {"data": [MEMBER | {"event_id": 7}]}
SERVE = "from router.cli.mock_tiktok import mock_tiktok; mock_tiktok()"


def run(text: str | bytes, *options: str) -> Result:
    return CliRunner().invoke(main, ["judge", "-", *options], input=text)


def test_a_good_body() -> None:
    result = run(json.dumps(BODY, indent=2))
    assert (result.exit_code, result.output) == (0, "1 body: no errors, no warnings\n")


def test_an_error_is_shown_with_its_place_and_fix() -> None:
    result = run(json.dumps(BAD))
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "error[wrong_type] data[0].event_id: must be a string, this is a number",
        "  = fix: put it in quotes",
        "1 body: 1 error, no warnings",
    ]


def test_warnings_do_not_fail() -> None:
    result = run(json.dumps(BODY | {"data": [MEMBER | {"event": "CompletePayment"}]}))
    assert result.exit_code == 0
    assert result.output.endswith("1 body: no errors, 1 warning\n")


def test_several_bodies_one_a_line() -> None:
    result = run(f"{json.dumps(BODY)}\n\n{json.dumps(BAD)}\n{{oops\n", "--json")
    assert result.exit_code == 1
    found = json.loads(result.output)
    assert [(each["line"], each["code"], each["path"]) for each in found] == [
        (3, "wrong_type", "data[0].event_id"),
        (4, "not_json", ""),
    ]
    assert set(found[0]) == {"line", "severity", "path", "code", "message", "fix"}


def test_json_of_a_good_body_is_an_empty_array() -> None:
    assert json.loads(run(json.dumps(BODY), "--json").output) == []


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        (MEMBER, []),
        (MEMBER | {"event_id": 7}, ["event_id"]),
        ([MEMBER, MEMBER | {"event_id": 7}], ["[1].event_id"]),
        (BAD, ["data[0].event_id"]),
        (7, [""]),
    ],
)
def test_single_events_are_judged_for_a_source(value: Any, paths: list[str]) -> None:
    found = json.loads(run(json.dumps(value), "--source", "web", "--json").output)
    assert [each["path"] for each in found] == paths


def test_age_is_judged_against_a_given_time() -> None:
    assert "event_time_old" in run(json.dumps(BODY), "--now", "1900000000").output


@pytest.mark.parametrize("text", ["", "  \n\n"])
def test_nothing_to_judge(text: str) -> None:
    assert run(text).exit_code == 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["judge", str(tmp_path / "missing.json")])
    assert result.exit_code == 2
    assert "missing.json" in result.output


def test_a_file_that_is_no_json(tmp_path: Path) -> None:
    path = tmp_path / "body.json"
    path.write_bytes(b'{\n  "data": [}\n')
    result = CliRunner().invoke(main, ["judge", str(path)])
    assert result.exit_code == 1
    assert result.output.startswith("error[not_json] the body is not JSON")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_mock_prints_its_address_and_ends_cleanly(end: signal.Signals) -> None:
    command = [sys.executable, "-c", SERVE, "--token", "right", "--token", "narrow=PIXEL1,PIXEL2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base = process.stdout.readline().removeprefix("TikTok mock on ").strip()
        url = f"{base}/open_api/v1.3/event/track/"
        codes = [
            httpx.post(url, json=BODY, headers={"Access-Token": t}).json()["code"]
            for t in ("right", "narrow", "x")
        ]
        process.send_signal(end)
        assert process.wait(timeout=10) == 0
    assert base.startswith("http://127.0.0.1:")
    assert codes == [0, 40001, 40105]


def test_the_mock_says_when_its_port_is_taken() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = address(taken).rpartition(":")[2]
        result = subprocess.run(
            [sys.executable, "-c", SERVE, "--port", port], capture_output=True, text=True, check=False
        )
    assert result.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr
