"""Payloads encrypted on disk: what lies there, what opens it, and what happens when something is altered."""

import asyncio
import base64
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import apsw
import pytest
from delivery_samples import NOW, buried, delivered, entries, entry
from hypothesis import given
from hypothesis import strategies as st
from spool_kinds import KEY, SEAL, claimed, offer, put_to_death, unaccounted

from router.delivery.entry import Entry
from router.delivery.sealed import UNREADABLE, sealed_with
from router.delivery.sealing import Seal, SealProblem, is_sealed, read_seal, seal_of
from router.delivery.spool import Spool, SpoolUnusable
from router.delivery.sqlite import FILE, SqliteSpool

OTHER_KEY = bytes(range(100, 132))
SECRET = b"indigo-5688"
KEPT = b'{"email":"indigo-5688@example.com"}'
Use = Callable[[Spool], Awaitable[None]]


def secret(number: int = 1) -> Entry:
    return entry(number, payload=b'{"user":"indigo-5688","n":%d}' % number, kept=KEPT)


def using(directory: Path, seal: Seal | None, use: Use) -> None:
    """A spool on disk as a daemon opens it."""

    async def run() -> None:
        spool = await SqliteSpool.open(directory)
        try:
            await use(await sealed_with(spool, seal))
        finally:
            await spool.close()

    asyncio.run(run())


def putting(given: Sequence[Entry]) -> Use:
    async def use(spool: Spool) -> None:
        await offer(spool, given)

    return use


def altered(directory: Path, statement: str, *values: object) -> None:
    """What somebody else does to the file while nobody uses it."""
    with contextlib.closing(apsw.Connection(str(directory / FILE))) as connection:
        connection.execute(statement, values)


def key_file(directory: Path, content: bytes, mode: int = 0o600) -> Path:
    path = directory / "keys"
    path.touch(mode)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def line(key: bytes) -> bytes:
    return base64.b64encode(key) + b"\n"


# ------------------------------------------------------------------ what lies on the disk


def test_nothing_is_readable_in_any_file_at_any_time(tmp_path: Path) -> None:
    directory = tmp_path / "data"

    def readable() -> list[str]:
        files = {path.name: path.read_bytes() for path in directory.iterdir()}
        assert {FILE, f"{FILE}-wal", f"{FILE}-shm"} <= files.keys()
        assert b"Purchase" in files[f"{FILE}-wal"], "these are the right files, and what is searched is there"
        return [name for name, content in files.items() if SECRET in content]

    async def use(spool: Spool) -> None:
        await spool.put([secret(number) for number in range(3)])
        assert readable() == []
        await spool.settle([*delivered(*await claimed(spool, 1)), *map(buried, await claimed(spool, 1))], NOW)
        assert readable() == []
        await spool.archive.replay([2], NOW, anew={2: secret(9)})
        assert readable() == []

    using(directory, SEAL, use)
    assert not any(SECRET in path.read_bytes() for path in directory.iterdir())


def test_without_a_key_the_same_search_finds_it(tmp_path: Path) -> None:
    async def use(spool: Spool) -> None:
        await spool.put([secret()])
        assert any(SECRET in path.read_bytes() for path in (tmp_path / "data").iterdir())

    using(tmp_path / "data", None, use)


def test_what_was_erased_is_in_no_file_while_the_spool_is_in_use(tmp_path: Path) -> None:
    async def use(spool: Spool) -> None:
        await spool.put([secret(1), secret(2), entry(3)])
        await spool.settle([buried(row) for row in await claimed(spool, 1)], NOW)
        await spool.archive.erase([1, 2], NOW)
        assert not any(SECRET in path.read_bytes() for path in (tmp_path / "data").iterdir())

    using(tmp_path / "data", None, use)


@given(content=st.binary(), about=st.binary(max_size=16))
def test_what_is_sealed_opens_with_the_same_key_for_the_same_purpose(content: bytes, about: bytes) -> None:
    sealed = SEAL.close(content, about)
    assert is_sealed(sealed)
    assert SEAL.open(sealed, about) == content
    assert sealed != SEAL.close(content, about), "the same content never looks the same"
    with pytest.raises(SealProblem, match="altered"):
        SEAL.open(sealed, about + b"!")
    with pytest.raises(SealProblem, match="does not have"):
        seal_of([OTHER_KEY]).open(sealed, about)


def test_what_was_stored_before_sealing_is_read_as_it_is(tmp_path: Path) -> None:
    using(tmp_path / "data", None, putting([secret(1), secret(2)]))

    async def use(spool: Spool) -> None:
        assert await claimed(spool, 1) == [1]
        await spool.settle([buried(1)], NOW)
        assert await spool.put([secret(2), secret(3)]) == [False, True]
        assert [letter.entry.payload for letter in await spool.archive.dead()] == [secret(1).payload]
        assert [row.entry.payload for row in await spool.archive.waiting()] == [
            secret(2).payload,
            secret(3).payload,
        ]
        assert await spool.archive.kept([1, 2, 3]) == dict.fromkeys([1, 2, 3], KEPT)

    using(tmp_path / "data", SEAL, use)


# ------------------------------------------------------------------ keys


def test_a_new_key_seals_from_now_on_and_the_old_one_still_opens(tmp_path: Path) -> None:
    directory, old, both = tmp_path / "data", SEAL, seal_of([OTHER_KEY, KEY])
    using(directory, old, putting([secret(1), secret(2)]))

    async def rotated(spool: Spool) -> None:
        assert await spool.archive.seals() == {old.first}
        await spool.put([secret(3)])
        assert await spool.archive.seals() == {old.first, both.first}
        rows = (await spool.claim("shop", 9, NOW)).rows
        assert [row.entry.payload for row in rows] == [secret(number).payload for number in (1, 2, 3)]
        await spool.settle(delivered(1, 2), NOW)
        assert await spool.archive.seals() == {both.first}

    using(directory, both, rotated)
    # Nothing is left that the old key sealed, so that it may go.
    using(directory, seal_of([OTHER_KEY]), putting([secret(4)]))
    with pytest.raises(SpoolUnusable, match=both.first.hex()):
        using(directory, old, putting([]))


@pytest.mark.parametrize("seal", [None, seal_of([OTHER_KEY])])
@pytest.mark.parametrize("where", ["waiting", "dead", "kept alone"])
def test_a_spool_whose_key_is_missing_is_refused_with_what_to_do(
    tmp_path: Path, seal: Seal | None, where: str
) -> None:
    async def use(spool: Spool) -> None:
        await spool.put([secret()])
        if where == "dead":
            await claimed(spool)
            await spool.settle([buried(1)], NOW)

    using(tmp_path / "data", SEAL, use)
    if where == "kept alone":
        altered(tmp_path / "data", "UPDATE delivery SET payload = CAST('{}' AS BLOB)")
    with pytest.raises(SpoolUnusable) as refused:
        using(tmp_path / "data", seal, putting([]))
    assert str(refused.value) == (
        f"the spool holds payloads sealed with the key {SEAL.first.hex()}, which the file of keys does not"
        " have\n  fix: put that key back, as a further line of the file that store.seal_key names"
    )
    using(tmp_path / "data", SEAL, putting([secret(2)]))


def test_a_file_of_keys_seals_with_the_first(tmp_path: Path) -> None:
    seal = read_seal(key_file(tmp_path, line(OTHER_KEY) + b"\n" + line(KEY)))
    assert seal.first == seal_of([OTHER_KEY]).first
    assert seal.open(SEAL.close(b"{}", b""), b"") == b"{}"
    assert seal.knows(SEAL.first)
    assert not seal.knows(b"none")


def test_no_key_is_shown() -> None:
    shown = repr(SEAL)
    assert not any(text in shown for text in (KEY.hex(), repr(KEY), base64.b64encode(KEY).decode()))


@pytest.mark.parametrize(
    ("content", "mode", "problem"),
    [
        (line(KEY), 0o640, "keys can be read by others\n  fix: chmod 600 "),
        (line(KEY), 0o604, "can be read by others"),
        (b"", 0o600, "keys holds no key\n  fix: (umask 077; openssl rand -base64 32 > "),
        (b"\n\n", 0o600, "keys holds no key"),
        (line(KEY) + b"not base64, but private\n", 0o600, "keys:2 is not a key: 32 bytes in base64\n  fix: "),
        (line(KEY[:16]), 0o600, "keys:1 is not a key"),
        (line(KEY + b"!"), 0o600, "keys:1 is not a key"),
        (KEY.hex().encode(), 0o600, "keys:1 is not a key"),
        (b"private \xff", 0o600, "keys cannot be read: is not text"),
    ],
)
def test_a_file_that_holds_no_usable_keys_is_refused(
    tmp_path: Path, content: bytes, mode: int, problem: str
) -> None:
    path = key_file(tmp_path, content, mode)
    with pytest.raises(SealProblem) as refused:
        read_seal(path)
    assert problem in str(refused.value)
    assert str(path) in str(refused.value)
    lines = content.decode("ascii", "replace").split("\n")
    assert not any(each in str(refused.value) for each in lines if each), "no line of the file is quoted"


def test_a_file_of_keys_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SealProblem, match=r"(?s)none cannot be read: No such file.*fix: \(umask 077"):
        read_seal(tmp_path / "none")
    (tmp_path / "folder").mkdir(0o700)
    with pytest.raises(SealProblem, match="cannot be read: Is a directory"):
        read_seal(tmp_path / "folder")


# ------------------------------------------------------------------ what was altered


def flipped(sealed: bytes, at: int) -> bytes:
    changed = bytearray(sealed)
    changed[at] ^= 0x20
    return bytes(changed)


DAMAGE: dict[str, Callable[..., bytes]] = {
    "the mark": lambda sealed: flipped(sealed, 0),
    "the nonce": lambda sealed: flipped(sealed, 5),
    "the content": lambda sealed: flipped(sealed, 20),
    "the end": lambda sealed: flipped(sealed, -1),
    "cut off": lambda sealed: sealed[:-1],
    "cut short": lambda sealed: sealed[:7],
    "zeros": lambda sealed: bytes(len(sealed)),
    "empty": lambda _: b"",
    "cut to less than a key's id": lambda sealed: sealed[:3],
}


STATEMENTS = {
    "delivery": "UPDATE delivery SET payload = damaged(payload) WHERE id = ?",
    "dead": "UPDATE dead SET payload = damaged(payload) WHERE id = ?",
    "kept": "UPDATE kept SET event = damaged(event) WHERE id = ?",
}


def damaged(directory: Path, table: str, row: int, damage: Callable[..., bytes]) -> None:
    with contextlib.closing(apsw.Connection(str(directory / FILE))) as connection:
        connection.create_scalar_function("damaged", damage)
        connection.execute(STATEMENTS[table], (row,))


@pytest.mark.parametrize("how", DAMAGE)
def test_an_altered_payload_is_a_dead_letter_and_nothing_else_is_lost(tmp_path: Path, how: str) -> None:
    using(tmp_path / "data", SEAL, putting([secret(number) for number in range(4)]))
    damaged(tmp_path / "data", "delivery", 2, DAMAGE[how])

    async def use(spool: Spool) -> None:
        found = await spool.claim("shop", 9, NOW)
        assert [(row.id, row.entry.payload) for row in found.rows] == [
            (number + 1, secret(number).payload) for number in (0, 2, 3)
        ]
        (letter,) = await spool.archive.dead()
        assert (letter.id, letter.reason, letter.died_at) == (2, UNREADABLE, NOW)
        assert is_sealed(letter.entry.payload), "nobody takes it for a payload"
        await spool.settle(delivered(1, 3, 4), NOW)
        assert ((await spool.stats()).rows, (await spool.stats()).dead) == (0, {UNREADABLE: 1})
        assert await unaccounted(spool) == {0}

    using(tmp_path / "data", SEAL, use)


def test_a_payload_in_the_place_of_another_is_not_sent(tmp_path: Path) -> None:
    using(tmp_path / "data", SEAL, putting([secret(1), secret(2)]))
    altered(
        tmp_path / "data",
        "UPDATE delivery SET payload = (SELECT payload FROM delivery WHERE id = 1) WHERE id = 2",
    )

    async def use(spool: Spool) -> None:
        assert await claimed(spool) == [1]
        assert [letter.id for letter in await spool.archive.dead()] == [2]

    using(tmp_path / "data", SEAL, use)


def test_what_is_behind_altered_payloads_is_not_forgotten(tmp_path: Path) -> None:
    using(tmp_path / "data", SEAL, putting([secret(number) for number in range(5)]))
    for row in (1, 2):
        damaged(tmp_path / "data", "delivery", row, DAMAGE["the end"])

    async def use(spool: Spool) -> None:
        found = await spool.claim("shop", 2, NOW)
        assert (found.rows, found.next_due) == ((), NOW), "there is more, and it is due"
        assert await claimed(spool, 2) == [3, 4]

    using(tmp_path / "data", SEAL, use)


def test_an_altered_dead_letter_hides_no_other_and_can_be_removed(tmp_path: Path) -> None:
    async def die(spool: Spool) -> None:
        await put_to_death(spool, [secret(1), secret(2)])

    using(tmp_path / "data", SEAL, die)
    damaged(tmp_path / "data", "dead", 1, DAMAGE["the content"])

    async def use(spool: Spool) -> None:
        first, second = await spool.archive.dead()
        assert is_sealed(first.entry.payload)
        assert second.entry.payload == secret(2).payload
        assert await spool.archive.discard([1], NOW) == 1

    using(tmp_path / "data", SEAL, use)


@pytest.mark.parametrize("how", DAMAGE)
def test_an_altered_kept_event_is_as_if_it_had_not_been_kept(tmp_path: Path, how: str) -> None:
    using(tmp_path / "data", SEAL, putting([secret(1), secret(2)]))
    damaged(tmp_path / "data", "kept", 1, DAMAGE[how])

    async def use(spool: Spool) -> None:
        assert await spool.archive.kept([1, 2]) == {2: KEPT}
        assert await claimed(spool) == [1, 2], "the entry itself is whole"

    using(tmp_path / "data", SEAL, use)


def test_entries_that_were_sealed_before_a_crash_are_sent_after_it(tmp_path: Path) -> None:
    async def before(spool: Spool) -> None:
        await spool.put(entries(3))
        await claimed(spool, 2)

    async def after(spool: Spool) -> None:
        assert await spool.recover() == 2
        assert [row.entry for row in (await spool.claim("shop", 9, NOW)).rows] == entries(3)

    using(tmp_path / "data", SEAL, before)
    using(tmp_path / "data", SEAL, after)
    assert (tmp_path / "data" / FILE).stat().st_mode & 0o077 == 0
