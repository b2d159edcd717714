"""Configuration files are read with their lines, within bounds, and what is wrong with one has a place."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.contract.document import KeyPath
from certify.errors import ContractError
from certify.repository import Repository
from certify.repository.config.document import parse_config, read_config

JSON = """\
{
\t"title": "\\ud83d\\ude00",
\t"properties": {
\t\t"a": {"maximum": 1e5,
\t\t\t"enum": [1,
\t\t\t\t2]}
\t}
}
"""


def test_json_is_read_with_tabs_exponents_and_pairs_of_escapes() -> None:
    value = parse_config(JSON.encode(), "s.json").value
    assert value["title"] == "\N{GRINNING FACE}"
    assert value["properties"]["a"]["maximum"] == 100_000


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("title",), 2),
        (("properties", "a"), 4),
        (("properties", "a", "maximum"), 4),
        (("properties", "a", "enum"), 5),
        (("properties", "a", "enum", 1), 6),
        (("properties", "a", "no such key"), 4),
    ],
)
def test_every_value_of_json_has_its_line(path: KeyPath, line: int) -> None:
    assert parse_config(JSON.encode(), "s.json").line(path) == line


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON_VALUES)
@settings(deadline=None)
def test_json_means_what_it_means_to_python_and_each_of_its_values_has_a_line(value: object) -> None:
    document = parse_config(json.dumps(value, indent=1).encode(), "s.json")
    assert document.value == value
    waiting: list[tuple[KeyPath, object]] = [((), value)]
    while waiting:
        path, one = waiting.pop()
        assert path in document.lines
        if isinstance(one, dict):
            waiting.extend(((*path, key), inner) for key, inner in one.items())
        elif isinstance(one, list):
            waiting.extend(((*path, index), inner) for index, inner in enumerate(one))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,\n"a": 2}', "s.json:2: duplicate key 'a'; it already stands in line 1"),
        (
            '{"a": {"b": 1},\n"c": {"b": 1, \n"b": 2}}',
            "s.json:3: duplicate key 'b'; it already stands in line 2",
        ),
        ('{\n"default": NaN}', "s.json:2: NaN is no number that JSON has"),
        ('{\n"default": 1E400}', "s.json:2: 1E400 is no number that JSON has"),
        ('{"default": ' + "1" * 301 + "}", "s.json:1: a number of more than 300 digits"),
        ('{"default": ' + "1" * 5000 + "}", "s.json:1: a whole number of thousands of digits"),
        ('{"a": "\\ud800"}', "s.json:1: an escape that stands for no character"),
        ('{"a": 1,\n}', "s.json:2: not JSON: "),
        ("", "s.json:1: not JSON: Expecting value"),
        ("[" * 65 + "]" * 65, "s.json:1: nested deeper than 64 levels"),
        ("[" * 10_000 + "]" * 10_000, "s.json:1: nested deeper than 64 levels"),
        ("[" + "1," * 20_000 + "1]", "s.json:1: more than 20,000 values"),
        (json.dumps("x" * 300_000), "s.json:1: 300,002 bytes; more than 256 KiB are not read"),
    ],
)
def test_what_python_lets_pass_or_stumbles_over_is_refused(text: str, message: str) -> None:
    with pytest.raises(ContractError) as raised:
        parse_config(text.encode(), "s.json")
    assert str(raised.value).startswith(message)


def test_sixty_four_levels_are_read() -> None:
    assert parse_config(b"[" * 64 + b"]" * 64, "s.json").value


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan"])
def test_yaml_has_no_numbers_either_that_json_has_not(number: str) -> None:
    with pytest.raises(ContractError, match=r"^s\.yaml:2: -?(inf|nan) is no number that JSON has"):
        parse_config(f"a: 1\nb: {number}\n".encode(), "s.yaml")


def read(tmp_path: Path, name: str, content: bytes) -> tuple[int | None, str]:
    (tmp_path / name).write_bytes(content)
    fault = read_config(Repository(tmp_path), name).fault
    assert fault is not None
    assert fault.location is not None
    return fault.location.line, fault.message


def test_a_fault_has_place_and_words_of_its_own(tmp_path: Path) -> None:
    assert read(tmp_path, "s.json", b'{"a": 1,\n"a": 1E2}') == (
        2,
        "duplicate key 'a'; it already stands in line 1",
    )
    assert read(tmp_path, "s.json", b"\n\xff") == (2, "not UTF-8 text")
    assert read(tmp_path, "s.yaml", b"a: 1\na: 2") == (2, "duplicate key 'a'; it already stands in line 1")
    assert read(tmp_path, "s.yaml", b"") == (1, "empty")


def test_a_yaml_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    _, message = read(tmp_path, "s.yaml", "\n".join(lines).encode())
    assert message == "more than 20,000 values, aliases counted"


@pytest.mark.parametrize("kind", ["folder", "fifo", "link out", "large"])
def test_what_is_no_plain_file_inside_cannot_be_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "inside" / "s.json"
    path.parent.mkdir()
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "link out":
        (tmp_path / "s.json").write_text("{}")
        path.symlink_to(tmp_path / "s.json")
    else:
        path.write_bytes(b" " * (2 * 1024 * 1024 + 1))
    fault = read_config(Repository(path.parent), "s.json").fault
    assert fault is not None
    assert fault.message == "cannot be read"
