"""`tagwright diff`: what changes for recorded events."""

from __future__ import annotations

import json
from pathlib import Path

from router.compare.values import shown

BOTH = ("diff", "before.rules", "after.rules", "--now", "2026-01-01T10:00:00Z")


def _edited(folder: Path, *edits: tuple[str, str]) -> Path:
    text = Path("before.rules").read_text("utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    file = folder / "edited.rules"
    file.write_text(text, "utf-8")
    return file


def test_report(tagwright, golden):
    result = tagwright(*BOTH, "--events", "events.jsonl", "--each")
    assert result.exit_code == 1
    golden(result.stdout, "diff.txt")
    assert result.stderr == "event 9 is left out: the body is not JSON: column 16\n"


def test_json_has_a_line_for_each_changed_event_and_a_summary(tagwright, golden):
    result = tagwright(*BOTH, "--events", "events.jsonl", "--json")
    *events, last = map(json.loads, result.stdout.splitlines())
    assert [each["event"] for each in events] == [1, 2, 3, 4, 5, 6]
    assert last["summary"]["kinds"]["lost"] == 1
    golden(json.dumps([*events, last], indent=1) + "\n", "diff.json")


def test_the_same_rules_differ_in_nothing(tagwright):
    result = tagwright("diff", "before.rules", "before.rules", "--events", "events.jsonl")
    assert result.exit_code == 0
    assert result.stdout == "8 events compared, 8 unchanged, 0 changed, 1 could not be read\n"


def test_new_event_id_breaks_deduplication(tagwright, tmp_path):
    tagwright("--version")
    new = _edited(tmp_path, ("= event.id\n", "= event.order_id\n"))
    result = tagwright("diff", "before.rules", new, "--events", "events.jsonl", "--now", "1767261600")
    assert result.exit_code == 1
    assert "deduplication breaks: the pixel and earlier retries know the old id" in result.stdout
    assert 'CompletePayment event_id: "p-1" -> "A-1"' in result.stdout


def test_a_rename_that_tiktok_counts_as_the_same_keeps_deduplication(tagwright, tmp_path):
    new = _edited(tmp_path, ("| CompletePayment", "| Purchase"))
    result = tagwright("diff", "before.rules", new, "--events", "events.jsonl", "--now", "1767261600")
    assert "CompletePayment is now Purchase" in result.stdout
    assert "TikTok counts both as one event" in result.stdout
    assert "deduplication breaks" not in result.stdout


def test_a_destination_that_reads_another_variable_is_a_difference(tagwright, tmp_path):
    new = _edited(tmp_path, ('env("SHOP_PIXEL")', 'env("OTHER_PIXEL")'))
    result = tagwright("diff", "before.rules", new, "--events", "events.jsonl", "--now", "1767261600")
    assert result.exit_code == 1
    assert 'shop, id for web: env("SHOP_PIXEL") -> env("OTHER_PIXEL")' in result.stdout


def test_personal_values_are_hashed_or_cut(tagwright, tmp_path):
    new = _edited(
        tmp_path,
        ("  user.ip            = event.context.device.ip\n", ""),
        ("hash_email(event.user.email)", "hash_email(event.user.id)"),
        ("event.context.page.url", "missing"),
    )
    for form in ((), ("--json",), ("--each",)):
        result = tagwright("diff", "before.rules", new, "--events", "events.jsonl", "--now", "0", *form)
        assert "203" in result.stdout
        assert "203.0.113.9" not in result.stdout
        assert "ada@example.com" not in result.stdout


def test_values_as_they_are_shown():
    assert shown("user.user_agent", "Mozilla/5.0 (X11; Linux x86_64)") == "Mozilla/…"
    assert shown("user.email", "a" * 64) == "a" * 64
    assert shown("page.url", "https://shop.example/?a=b") == "https://shop.example/?…"
    assert shown("properties.value", 12.5) == 12.5
    assert shown("user.zip_code", ["b" * 64]) == ["b" * 64]


def test_an_array_and_a_single_object(tagwright, tmp_path):
    lines = Path(__file__).parent.joinpath("samples/events.jsonl").read_text("utf-8").splitlines()[:8]
    whole = tmp_path / "events.json"
    whole.write_text("[\n" + ",\n".join(lines) + "]\n", "utf-8")
    array = tagwright(*BOTH, "--events", whole)
    ndjson = tagwright(*BOTH, "--events", "-", text="\n".join(lines))
    assert array.stdout == ndjson.stdout
    one = tagwright(*BOTH, "--events", "-", text=json.dumps(json.loads(lines[3]), indent=2))
    assert "1 event compared, 0 unchanged, 1 changed" in one.stdout


def test_what_cannot_run_exits_2(tagwright, tmp_path):
    broken = tmp_path / "broken.rules"
    broken.write_text("language 1\nlet = 2\n", "utf-8")
    assert tagwright("diff", "before.rules", broken, "--events", "events.jsonl").exit_code == 2
    assert tagwright(*BOTH, "--events", "-", text="").exit_code == 2
    assert tagwright(*BOTH, "--events", "nowhere.jsonl").exit_code == 2
    assert tagwright(*BOTH, "--events", "events.jsonl", "--now", "soon").exit_code == 2
