"""Whatever the bytes: a Contract, or one line of ContractError that begins with the file's name."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from certify.contract import document
from certify.contract.contract import Contract
from certify.contract.document import MAX_BYTES, parse_document
from certify.contract.loader import contract_from
from certify.errors import ContractError
from certify.text import visible

EXAMPLES = Path(__file__).with_name("contracts")
VALID = [path.read_bytes() for path in sorted((EXAMPLES / "valid").glob("*.yaml"))]
COMPLETE: dict[str, Any] = yaml.safe_load((EXAMPLES / "valid" / "every_key.yaml").read_text("utf-8"))
#: The one date of the example, which PyYAML reads as a date and a contract as text.
COMPLETE["waivers"][0]["expires"] = "2026-12-31"

unhurried = settings(deadline=None, max_examples=300)


def load(raw: bytes) -> Contract | None:
    """The contract, or None after a complaint that one may show; any other exception fails the test.

    Read by libyaml last, and by PyYAML's own parser before that.
    """
    with patch.object(document, "_LOADER", yaml.SafeLoader):
        _load(raw)
    return _load(raw)


def _load(raw: bytes) -> Contract | None:
    try:
        return contract_from(parse_document(raw, "contract.yaml"), Path("/nowhere"))
    except ContractError as error:
        line = str(error)
        assert line.splitlines() == [line]
        assert line.startswith("contract.yaml:")
        assert line == visible(line, 500)  # nothing in it moves a terminal, a log or a reader
        return None


#: Pieces of YAML that do something; joined they come near to documents.
_PIECES = st.sampled_from(
    [
        *("contract_version: '1'", "connector: c", "capabilities:", "  source: {}", "waivers:", "- rule: a"),
        *(
            "\n",
            "\n",
            "\n",
            "\n  ",
            "\t",
            "\r\n",
            " ",
            ": ",
            "- ",
            "? ",
            ", ",
            "#",
            "'",
            '"',
            "---\n",
            "...\n",
        ),
        *(
            "{",
            "}",
            "[",
            "]",
            "&a ",
            "*a",
            "<<: ",
            "<<: *a",
            "!!int ",
            "!!bool ",
            "!!float ",
            "!!null ",
            "! ",
        ),
        *("!!str ", "!!map ", "!!binary ", "!!python/object/apply:os.system ", "!x ", "!<y> ", "%YAML 1.1\n"),
        *(
            "=",
            "~",
            "0x",
            "0b",
            "0o7",
            "1_000",
            ".inf",
            "-.nan",
            "1:2:3",
            "2026-02-30",
            "|\n",
            ">-\n",
            "\\x00",
        ),
        *("\x00", "\x85", "\u2028", "\ufeff", "\ud7ff", "\U0010ffff"),
    ]
)


@unhurried
@given(st.binary(max_size=400))
def test_any_bytes_are_a_contract_or_a_complaint(raw: bytes) -> None:
    load(raw)


@unhurried
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
def test_any_text_is_a_contract_or_a_complaint(text: str) -> None:
    load(text.encode("utf-8"))


@unhurried
@given(st.lists(_PIECES, max_size=40).map("".join))
@example("connector: !!bool maybe")
@example("connector: !!int ''")
@example("connector: !!int +")
@example("connector: !!float ''")
@example("connector: =")
@example("contract_version: 0x" + "f" * 5000)
@example("k: &a [" + "[" * 38 + "]" * 38 + "]\nj: [[*a]]")
def test_what_looks_like_yaml_is_a_contract_or_a_complaint(text: str) -> None:
    load(text.encode("utf-8"))


@unhurried
@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 3), st.binary(max_size=3)), max_size=4),
)
def test_a_damaged_contract_is_a_contract_or_a_complaint(
    raw: bytes, damages: list[tuple[int, int, bytes]]
) -> None:
    for at, removed, added in damages:
        raw = raw[:at] + added + raw[at + removed :]
    load(raw)


_TEXTS = st.text(max_size=12) | st.sampled_from(
    ["yes", "x-a", "source", "../up", "/abs", "a\nb", "2026-02-30", "pkg:f", "1" * 200, "\u202e", "{tmp}"]
)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.integers(10**299, 10**305) | _TEXTS
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in a value with each of its keys or positions."""
    keys = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    return [(value, key) for key in keys] + [place for key in keys for place in _places(value[key])]


@st.composite
def mutants(draw: st.DrawFn) -> dict[str, Any]:
    """The complete contract with some of its keys gone, some values replaced, some keys added."""
    mutant = copy.deepcopy(COMPLETE)
    for _ in range(draw(st.integers(1, 4))):
        places = _places(mutant)
        if not places:
            break
        container, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["remove", "replace", "insert"])):
            case "remove":
                del container[key]
            case "replace":
                container[key] = draw(_VALUES)
            case _ if isinstance(container, dict):
                container[draw(_TEXTS)] = draw(_VALUES)
            case _:
                container.insert(key, draw(_VALUES))
    return mutant


@unhurried
@given(mutants())
def test_a_contract_with_other_values_is_a_contract_or_a_complaint(mutant: dict[str, Any]) -> None:
    load(yaml.safe_dump(mutant, allow_unicode=True).encode("utf-8", "surrogatepass"))


_WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4),
)


@unhurried
@given(_JSON, st.booleans(), st.sampled_from([None, 2, "\t"]))
@example({"back\\slash": "\\ud83d\\ude00 \U0001f600"}, True, None)
def test_a_json_manifest_is_read_as_json_reads_it(
    value: Any, escaped: bool, indent: int | str | None
) -> None:
    text = json.dumps(value, ensure_ascii=escaped, indent=indent)
    assert parse_document(text.encode(), "manifest.json").value == value


@unhurried
@given(st.integers(-2, 2))
def test_the_bound_on_the_size_is_exact(more: int) -> None:
    raw = VALID[-1] + b"\n#"
    raw += b" " * (MAX_BYTES + more - len(raw))
    assert (load(raw) is None) == (more > 0)


def test_the_complete_contract_survives_being_written_anew() -> None:
    """Else the mutants would all be refused for one and the same reason."""
    assert load(yaml.safe_dump(COMPLETE).encode()) is not None
    assert load(json.dumps(COMPLETE).encode()) is not None
