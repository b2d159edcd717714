"""Lines of a TOML file: each value below is the number of the line where its key, or the item, stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.contract.document import KeyPath
from certify.repository.project.toml import NotToml, parse_toml

#: `@` is the number of its own line.
PATTERN = """\
first = @
"quoted # key" = @   # a comment with = and [brackets]
dotted."a.b".c = @
text = "] \\" # no comment"
raw = 'C:\\'
several = \"\"\"
[not.a.table]
key = "\\"\"\" no key"
ends with two quotes\"\"\"\"\"
after = @
literal = '''
x = [''''
items = [
    @,  # [not a table]

    @, [@,
         @],
    { inside = @, more = [@, @] }, ]
day = 1979-05-27 07:32:00
[table]
key = @
  [ table . "sub.table" ]
  key = @
[[array]]
key = @
[array.sub]
key = @
[[array]]
key = @
[[array.inner]]
key = @
empty = []
"""
HARD = "".join(
    line.replace("@", str(number)) for number, line in enumerate(PATTERN.splitlines(keepends=True), 1)
)


def leaves(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if children is None:
        yield path, value
        return
    for key, child in children:
        yield from leaves(child, (*path, key))


def test_each_key_and_item_is_found_in_its_line() -> None:
    document = parse_toml(HARD, "pyproject.toml")
    numbers = [(path, value) for path, value in leaves(document.value) if isinstance(value, int)]
    assert len(numbers) == PATTERN.count("@")
    assert [(path, document.lines[path]) for path, _ in numbers] == numbers


@pytest.mark.parametrize(
    ("path", "begins"),
    [
        (("table",), "[table]"),
        (("table", "sub.table"), "  [ table"),
        (("array",), "[[array]]"),
        (("array", 0, "sub"), "[array.sub]"),
        (("array", 1, "inner", 0), "[[array.inner]]"),
        (("array", 1, "inner", 0, "empty"), "empty"),
        (("several",), "several"),
        (("literal",), "literal"),
        (("day",), "day"),
        (("dotted", "a.b"), "dotted"),
        (("table", "absent", "deeper"), "[table]"),
        (("absent",), "first"),
    ],
)
def test_tables_and_texts_have_lines_too_and_what_is_absent_that_of_its_table(
    path: KeyPath, begins: str
) -> None:
    line = parse_toml(HARD, "pyproject.toml").line(path)
    assert HARD.splitlines()[line - 1].startswith(begins)


@pytest.mark.parametrize(
    ("text", "line"), [("a = 1\nb = \n", 2), ("a = 1\na = 2\n", 2), ("x = [1,\n2", 2), ("\n\n[a", 3)]
)
def test_what_is_no_toml_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(NotToml) as caught:
        parse_toml(text, "pyproject.toml")
    assert caught.value.line == line
    assert "at line" not in caught.value.reason


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(NotToml):
        parse_toml("x = " + "[" * 5000 + "]" * 5000, "pyproject.toml")


#: Values whose rendering needs several lines, or holds what looks like syntax.
scalars = st.one_of(
    st.integers(0, 9).map(str),
    st.sampled_from(['"a # b"', "'[c]'", '"""x\n[y]\n"""', "'''\n'''", "true", '"\\\\"', '""']),
)
values = st.recursive(
    scalars,
    lambda inner: st.tuples(st.lists(inner, max_size=3), st.sampled_from([", ", ",\n", " ,\n # ]\n"])).map(
        lambda pair: f"[{pair[1].join(pair[0])}{pair[1] if pair[0] else ''}]"
    ),
    max_leaves=6,
)
keys = st.sampled_from(["a", "b-c", '"d e"', "f.g", "'h'.i"])
statements = st.lists(st.tuples(st.sampled_from(["", "[{}]\n", "[[t.{}]]\n"]), keys, values), max_size=5)


@given(statements)
def test_every_path_of_any_document_has_a_line_on_which_its_key_stands(
    parts: list[tuple[str, str, str]],
) -> None:
    text = "".join(
        f"{head.format(f't{n}')}k{n}.{key} = {value}\n" for n, (head, key, value) in enumerate(parts)
    )
    document = parse_toml(text, "pyproject.toml")
    lines = text.splitlines()
    for path, _ in leaves(tomllib.loads(text)):
        for length in range(1, len(path) + 1):
            name = path[length - 1]
            line = lines[document.lines[path[:length]] - 1]
            assert isinstance(name, int) or str(name) in line
