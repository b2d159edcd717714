"""The forms of credentials against detect-secrets' own expressions, and what draws letters at random."""

from __future__ import annotations

import random
import re
import string
from typing import cast

import pytest
from detect_secrets.plugins.base import RegexBasedDetector
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.repository.secrets import formats
from certify.repository.secrets.candidates import find_candidates, find_forms, lowered
from certify.repository.secrets.formats import FORMATS, Format, has_high_entropy
from certify.repository.secrets.randomness import looks_chosen, looks_drawn
from certify.repository.secrets.work import Work
from tests.unit.secret_samples import TOKEN, VENDORS

ALPHABETS = {
    "base 62": string.ascii_letters + string.digits,
    "hexadecimal": "0123456789abcdef",
    "upper case": string.ascii_uppercase + string.digits,
    "lower case": string.ascii_lowercase + string.digits,
    "URL-safe base 64": string.ascii_letters + string.digits + "-_",
}


def expressions(plugin: str) -> list[re.Pattern[str]]:
    """As services write them: `IGNORECASE` would draw `xoXb-` and `Hooks.Slack.com`, which none issues."""
    known = cast("RegexBasedDetector", formats._plugins()[plugin]).denylist
    return [re.compile(one.pattern, one.flags & ~re.IGNORECASE) for one in known]


CASES = [
    pytest.param(one.plugin, expression, id=f"{one.plugin}-{number}")
    for one in {one.plugin: one for one in FORMATS if one.plugin}.values()
    for number, expression in enumerate(expressions(one.plugin))
]


@pytest.mark.parametrize(("plugin", "expression"), CASES)
def test_no_credential_of_a_plugins_form_is_without_a_trigger(
    plugin: str, expression: re.Pattern[str]
) -> None:
    triggers = [trigger for one in FORMATS if one.plugin == plugin for trigger in one.triggers]

    @settings(max_examples=30, deadline=None, database=None)
    @given(st.from_regex(expression, fullmatch=True, alphabet=st.characters(max_codepoint=126)))
    def holds(text: str) -> None:
        assert any(trigger in text for trigger in triggers), text

    holds()


@pytest.mark.parametrize("words", [words for words in VENDORS if words != "a Twilio key"])
def test_a_form_is_found_wherever_in_a_long_text_it_stands(words: str) -> None:
    value = "".join(VENDORS[words])
    text = "lorem ipsum, " * 1000 + f"'{value}'" + " dolor" * 1000
    work = Work()
    found = [(position, one.value) for position, one in find_forms(text, work)]
    assert any(value.endswith(one) and text[position:].startswith(one) for position, one in found)
    assert 0 < work.left < Work().left


@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=ALPHABETS)
@pytest.mark.parametrize("length", [20, 32, 40, 64])
def test_most_of_what_is_drawn_looks_so(alphabet: str, length: int) -> None:
    machine = random.Random(length)
    drawn = ["".join(machine.choices(alphabet, k=length)) for _ in range(500)]
    assert sum(map(looks_drawn, drawn)) >= 440  # most: an author's words come first, see randomness.py


@pytest.mark.parametrize(
    "text",
    [
        "",
        "short1A",
        "incremental_append_extract",
        "OrdersTransportFactoryBuilder",
        "https-api-shop-dev-v1-orders",
        "test_full_refresh_reads_all_3_pages",
        "2024-01-01T00:00:00.000000+00:00",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "0000000000000000000000000000000000",
        "a1b2c3d4e5f6g7h8i9j0",
        "abababababababababab12",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "application/vnd.api+json",
        "x" * 100_000,
    ],
)
def test_what_a_person_wrote_does_not_look_drawn(text: str) -> None:
    assert not looks_drawn(text)


@pytest.mark.parametrize("text", ["Passw0rd!", "Kx7!mWq2", "tr0ub4dor&3"])
def test_what_a_person_chooses(text: str) -> None:
    assert looks_chosen(text)


@pytest.mark.parametrize("text", ["password", "12345678", "a b c D 1 !", "aaaaaaA1!", "Sh0rt!", "x1!" * 30])
def test_what_nobody_chooses(text: str) -> None:
    assert not looks_chosen(text)


def test_entropy_is_detect_secrets_own() -> None:
    assert has_high_entropy(TOKEN)
    assert not has_high_entropy("a" * 40)


@given(st.text())
def test_lower_case_keeps_every_character_at_its_place(text: str) -> None:
    assert len(lowered(text)) == len(text)


@given(st.text(st.characters(codec="utf-8"), max_size=300))
@settings(deadline=None)
def test_whatever_stands_in_a_file_there_is_an_answer(text: str) -> None:
    for one in find_candidates("a.py", text, Work()):
        assert one.value in text
        assert one.value not in repr(one)
        assert 1 <= one.line <= text.count("\n") + 1


def test_what_stands_twice_in_overlapping_parts_of_a_line_is_told_once() -> None:
    text = f"{'a=1;' * 500}token='{TOKEN}';{'b=2;' * 500}"
    assert [one.value for one in find_candidates("a.js", text, Work())] == [TOKEN]


def test_each_form_has_triggers_and_one_way_to_be_known() -> None:
    for one in FORMATS:
        assert one.triggers
        assert bool(one.plugin) != bool(one.pattern)
    assert [*Format("x", ("never",), "no such plugin").matches("a line without it")] == []
