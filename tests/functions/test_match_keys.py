"""Identifiers to match keys: TikTok's vectors, spellings of one person, junk, laws."""

import re
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from router.functions.examples import EXAMPLE_CONTEXT
from router.functions.identity import normal_gaid, normal_idfa
from router.functions.phone import e164

from .calls import call

ONE_ARGUMENT = ["hash_email", "hash_phone", "hash_id", "hash_name", "hash_zip", "hash_idfa", "hash_gaid"]
HASH = sha256(b"anything").hexdigest()


def sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


# Published by TikTok, or recomputed from its published samples (DOC-REF, H; names and postal codes M).
@pytest.mark.parametrize(
    ("function", "raw", "expected"),
    [
        (
            "hash_email",
            " ALICE_abc@gmail.com ",
            "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f",
        ),
        (
            "hash_phone",
            "(+1)2133734253",
            "9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd",
        ),
        ("hash_id", "user_123", "80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b"),
        ("hash_name", "Jane", "81f8f6dde88365f3928796ec7aa53f72820b06db8664f5fe76a7eb13e24546a2"),
        ("hash_zip", "95110", "383f7fffd99f3b1c3066086bcf991eae7ad543589d12bd792ecb6dc8b5acebc1"),
        ("hash_zip", "M5V 3L9", "5c850751d57c5d887fe7807d3da801efe7e8faa1f105ea36cdcd913dd32a41c7"),
        (
            "hash_idfa",
            "EA7583CD-A667-48BC-B806-42ECB2B48606",
            "70574fa9c8f498a7b2e5c8712b1126de7b1406fd02fdc591821c5bd33092fd1c",
        ),
        (
            "hash_gaid",
            "aaaaaa-2222-1111-8787-809e92233ba0",
            "0ebad966881e1eebffe69b3abf624631cf83ec9bf8cb3ce134c7c75c6d8ee7fc",
        ),
    ],
)
def test_published_vectors(function: str, raw: str, expected: str) -> None:
    assert call(function, raw) == expected


@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        ("+12133734253", None, "+12133734253"),
        ("+1 (213) 373-4253", None, "+12133734253"),
        ("001 213 373 4253", None, "+12133734253"),
        ("+1.213.373.4253", None, "+12133734253"),
        ("(213) 373-4253", "US", "+12133734253"),
        ("213.373.4253", "us ", "+12133734253"),
        ("12133734253", "US", "+12133734253"),
        ("+1 213 373 4253 ext. 5", None, "+12133734253"),
        ("+49 (0) 170 1234567", None, "+491701234567"),
        ("0049 (0)170 1234567", None, "+491701234567"),
        ("0170 1234567", "DE", "+491701234567"),
        ("0170/1234567", "DE", "+491701234567"),
        ("+49 170 1234567", "US", "+491701234567"),
        ("+39 06 6982", None, "+39066982"),
        ("06 698 1234", "IT", "+39066981234"),
        ("+86 138 0013 8000", None, "+8613800138000"),
        ("+123456789012345", None, "+123456789012345"),
        ("＋４９ １７０ １２３４５６７", None, "+491701234567"),
        ("+49\u00a0170\u00a01234567", None, "+491701234567"),
        ("0170 1234567", None, None),
        ("2133734253", None, None),
        ("2133734253", "Atlantis", None),
        ("+1234567890123456", None, None),
        ("+0123456789", None, None),
        ("+0", None, None),
        ("000000000", None, None),
        ("123", "US", None),
        ("call me", "US", None),
        ("undefined", "US", None),
        ("+49 170 12345\ud800", None, None),
    ],
)
def test_phone_numbers(written: str, country: str | None, expected: str | None) -> None:
    assert e164(written, country) == expected
    assert call("hash_phone", written, country) == (expected and sha(expected))


def test_the_second_argument_wins_over_the_setting() -> None:
    german = replace(EXAMPLE_CONTEXT, settings={"phone_country": "DE"})
    assert call("hash_phone", "0170 1234567", context=german) == sha("+491701234567")
    assert call("hash_phone", "0611 123456", "AT", context=german) == sha("+43611123456")
    assert call("hash_phone", "0170 1234567", context=replace(german, settings={"phone_country": 49})) is None


@given(st.text(), st.none() | st.sampled_from(["DE", "US", "IT", "", "Q"]))
@example("+49 (0) 1\ud800", None)
def test_any_text_is_e164_or_no_phone(written: str, country: str | None) -> None:
    number = e164(written, country)
    assert number is None or re.fullmatch(r"\+[1-9][0-9]{6,14}", number)


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_e164_stays(number: str) -> None:
    assert e164(number, None) == number


@pytest.mark.parametrize(
    ("function", "one", "other"),
    [
        ("hash_email", "Ada@Example.com", "\tada@example.COM\n"),
        ("hash_id", "User-42", "  User-42 "),
        ("hash_name", "O'Brien", " obrien"),
        ("hash_name", "Jean-Luc", "JEAN LUC"),
        ("hash_name", "José", "Jose\u0301"),
        ("hash_name", "李 小龙", "李小龙"),
        ("hash_zip", "95110-1234", "95110"),
        ("hash_zip", "SW1A 1AA", "sw1a1aa"),
        ("hash_zip", "12345-678", "12345678"),
        ("hash_idfa", "ea7583cd-a667-48bc-b806-42ecb2b48606", " EA7583CD-A667-48BC-B806-42ECB2B48606"),
        ("hash_gaid", "AAAAAA-2222-1111-8787-809E92233BA0", "aaaaaa-2222-1111-8787-809e92233ba0 "),
    ],
)
def test_spellings_of_one_value_have_one_hash(function: str, one: str, other: str) -> None:
    assert call(function, one) == call(function, other) is not None


@pytest.mark.parametrize(
    ("function", "one", "other"),
    [
        ("hash_id", "User-42", "user-42"),
        ("hash_email", "ada.l+x@gmail.com", "adal@gmail.com"),
        ("hash_name", "José", "Jose"),
        ("hash_zip", "95110", "95111"),
    ],
)
def test_different_values_stay_different(function: str, one: str, other: str) -> None:
    assert call(function, one) != call(function, other)


def test_us_codes_are_cut_where_they_are_us_codes() -> None:
    assert call("hash_zip", "951101234", "US") == call("hash_zip", "95110")
    assert call("hash_zip", "95110-1234", "us") == call("hash_zip", "95110")
    assert call("hash_zip", "951101234") == sha("951101234")
    assert call("hash_zip", "95110-1234", "SA") == sha("951101234")


@pytest.mark.parametrize(
    "junk", ["", "  ", "null", "undefined", "None", "NaN", "(not set)", "0", "-", "[object Object]"]
)
@pytest.mark.parametrize("function", ONE_ARGUMENT)
def test_what_stands_for_nothing_is_missing(function: str, junk: str) -> None:
    assert call(function, junk) is None


@pytest.mark.parametrize(
    "address", ["ada", "ada@", "@example.com", "ada @example.com", "ada@exa\u00a0mple.com", "@"]
)
def test_no_address_no_hash(address: str) -> None:
    assert call("hash_email", address) is None


@pytest.mark.parametrize("function", ["hash_idfa", "hash_gaid"])
def test_switched_off_advertising_ids_are_missing(function: str) -> None:
    assert call(function, "00000000-0000-0000-0000-000000000000") is None


@given(st.text(alphabet="aA1@ .+-ÄΣ\ud800"))
@pytest.mark.parametrize("function", ONE_ARGUMENT)
def test_hashing_twice_is_hashing_once(function: str, raw: str) -> None:
    once = call(function, raw)
    assert once is None or call(function, once) == once


@pytest.mark.parametrize("function", [*ONE_ARGUMENT, "hashed"])
def test_an_existing_hash_passes_in_lower_case(function: str) -> None:
    assert call(function, f" {HASH.upper()} ") == HASH


@pytest.mark.parametrize("raw", ["ada@example.com", HASH[:-1], HASH + "0", HASH[:-1] + "g", HASH[:32]])
def test_hashed_takes_nothing_else(raw: str) -> None:
    assert call("hashed", raw) is None


@pytest.mark.parametrize("function", ONE_ARGUMENT)
def test_half_a_surrogate_pair_is_missing_not_another_person(function: str) -> None:
    assert call(function, "ada\ud800@example.com") is None


def test_a_list_gives_a_list_without_what_is_missing() -> None:
    assert call("hash_email", ["a@b.c", "nobody", "d@e.f"]) == [sha("a@b.c"), sha("d@e.f")]


@given(st.text())
def test_normal_forms_are_stable(raw: str) -> None:
    for normal in (normal_idfa, normal_gaid):
        once = normal(raw)
        assert once is None or normal(once) == once
