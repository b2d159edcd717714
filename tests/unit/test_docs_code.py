"""Whether a block of code is what its fence claims; each excerpt is one that authors really write."""

from __future__ import annotations

import time

import pytest

from certify.repository.docs.code import CodeBlocks, manifests_in
from certify.repository.docs.markdown import read_page
from certify.repository.docs.page import CodeBlock, Page


def defect(language: str, text: str) -> str | None:
    broken = CodeBlocks().defect_of(CodeBlock(language, text, 10))
    return None if broken is None else f"{broken.line}: {broken.message}"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "x = 1\nawait client.read()\n"),
        ("python", "return 1\n"),
        ("python", ">>> for x in y:\n...     print(x)\n...\nan output, (unclosed\n>>> z\n"),
        ("pycon", ">>> await x\n'…'\n"),
        ("py", "    indented = True\n    more = True\n"),
        ("python", 'client = Client(token=<your token>, url="https://…")\n'),
        ("python", "%pip install x\n!ls\nimport x\n"),
        ("python", "read(stream, ..., limit=1)\nread(limit=1, ...)\n"),
        ("python", "def read(self, ...):\n    ...\n"),
        ("python", "class Source:\n    # …\n\n\nclass Other:\n    name = 'x'\n"),
        ("python", "if bad:\n\n# good\nif better:\n    go()\n"),
        ("python", "read(url: str, *, limit: int = 1) -> list[str]\n"),
        ("python", "def read(url: str) -> None\n"),
        ("python", "@rule('x')\n"),
        ("python", "'a': lambda x: x,\n'b': 1,\n"),
        ("python", "name='x',\nlimit=1,\n"),
        ("python", "self.connection...\n"),
        ("python", r"pattern = '\d'" + "\n"),
        ("python", "{% if x %}\nx = {{ value }}\n{% endif %}\n"),
        ("json", '{"a": 1}\n{"a": 2}\n'),
        ("jsonl", '{"a": 1}\n\n{"a": 2}\n'),
        ("json", '"a": 1,\n"b": 2\n'),
        ("json", '{"a": 1},\n{"b": 2}\n'),
        ("json", '{\n  // the token\n  "url": "https://x", // here\n  "b": [1, ...],\n  ...\n}\n'),
        ("json", '{"token": <your token>, "b": "<b>", "c": ${C}}\n'),
        ("yaml", "a: 1\n---\nb: !custom [x]\nc: *unknown\n"),
        ("yaml", "  ...\n  tables:\n    - a\n"),
        ("yaml", "{% if x %}\na: {{ x }}\n{% endif %}\n"),
        ("yml", "source:\n  type: <name>\n"),
        ("toml", 'a = 1\n...\n[b]\nc = "<x>"\n'),
        ("toml", "token = <your token>\n"),
        ("text", "(((\n"),
        ("", "{{{\n"),
        ("sql", "SELECT (\n"),
        ("python", "   \n"),
    ],
)
def test_what_parses_and_what_is_an_excerpt_on_purpose_is_fine(language: str, text: str) -> None:
    assert defect(language, text) is None


@pytest.mark.parametrize(
    ("language", "text", "where"),
    [
        ("python", "x = 1\ny = (1,\n", "11: '(' was never closed"),
        ("python", "\ntry\n    pass\nfinally:\n    pass\n", "11: expected ':'"),
        ("python", 'path = "/dummy\nx = 1\n', "10: unterminated string literal"),
        ("python", "print 'x'\n", "10: Missing parentheses"),
        ("python", ">>> f(\n", "10: '(' was never closed"),
        ("json", '{\n  "a": 1,\n}\n', "12: a comma before the closing bracket"),
        ("json", "{'a': 1}\n", "10: expecting property name"),
        ("json", '{"a": 1\n', "10: expecting ',' delimiter"),
        ("yaml", "a: 1\nb: c: d\n", "11: mapping values are not allowed"),
        ("yaml", "a:\n\tb: 1\n", "11: found character"),
        ("toml", "a = 1\nb = \n", "11: Invalid value"),
        ("toml", "a = yes\n", "10: Invalid value"),
    ],
)
def test_what_does_not_parse_is_told_with_its_line_in_the_page(language: str, text: str, where: str) -> None:
    assert (defect(language, text) or "").startswith(where)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("json", "[" * 30_000),
        ("yaml", "[" * 30_000),
        ("toml", "a = " + "[" * 30_000),
        ("python", "(" * 30_000),
        ("python", "-" * 60_000 + "1"),
        ("yaml", "a: &a [x, x]\nb: &b [*a, *a]\n" + "c: [*b, *b]\n" * 2000),
        ("python", "x = 1\0\n"),
        ("json", "1 " * 30_000),
        ("python", "x = [\n" + "<a" * 20_000),
        ("json", "{" + "... " * 15_000),
        ("json", "{" + "\n" * 60_000),
        ("json", "{" + "{{ " * 20_000),
        ("python", "(" + " \n" * 30_000),
        ("toml", "= " * 30_000),
        ("toml", "a." * 30_000 + "a = 1"),
    ],
)
def test_hostile_blocks_take_a_second_at_most(language: str, text: str) -> None:
    page = Page("p.md", "", (), (), (CodeBlock(language, text, 1),), (), frozenset())
    began = time.process_time()
    list(CodeBlocks().defects(page))
    assert time.process_time() - began < 5  # measured: 0.1 s


@pytest.mark.parametrize("text", ["{" + " " * 70_000, "[" * 30_000])
def test_a_block_longer_or_deeper_than_any_example_is_not_judged_and_said(text: str) -> None:
    blocks = CodeBlocks()
    page = Page("p.md", "", (), (), (CodeBlock("json", text, 7),), (), frozenset())
    assert list(blocks.defects(page)) == []
    assert [str(one) for one in blocks.unjudged] == ["p.md:7"]


def test_excerpts_without_end_are_not_judged() -> None:
    blocks = CodeBlocks()
    excerpt = CodeBlock("json", '"a": 1,\n' * 1000, 1)
    page = Page("p.md", "", (), (), (excerpt,) * 20, (), frozenset())
    assert list(blocks.defects(page)) == []
    assert blocks.unjudged


def test_the_finding_says_what_was_claimed_and_how_to_mend_it() -> None:
    page = read_page("docs/guide.md", "# Guide\n\n```json\n{\n```\n")
    (finding,) = CodeBlocks().defects(page)
    assert str(finding.location) == "docs/guide.md:4"
    assert "marked as JSON" in finding.message
    assert "```text" in (finding.fix or "")


MANIFEST = "```yaml\nsource:\n  type: a\nsink:\n  type: b\n```\n"


def test_a_manifest_has_a_source_and_a_sink_and_the_lines_of_the_page() -> None:
    (document,) = manifests_in(read_page("p.md", "# P\n\n" + MANIFEST))
    assert (document.file, document.line(("sink", "type"))) == ("p.md", 7)


@pytest.mark.parametrize(
    "excerpt",
    [
        "```yaml\nsink:\n  type: b\n```\n",
        "```yaml\nsource:\n  type: a\nsink:\n  type: b\n# …\n```\n",
        "```yaml\nsource: a\nsink: b\n```\n",
        "```yaml\n- source: {}\n  sink: {}\n```\n",
        "```yaml\nsource: {}\nsource: {}\nsink: {}\n```\n",
        '```json\n{"source": {}, "sink": {}}\n```\n',
    ],
)
def test_an_excerpt_is_no_manifest(excerpt: str) -> None:
    assert list(manifests_in(read_page("p.md", excerpt))) == []
