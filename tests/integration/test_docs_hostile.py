"""Documentation that does its worst: read within bounds, told clearly, and never passed unread."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from certify.model import Status

if TYPE_CHECKING:
    from tests.integration.conftest import Connectors, Judge, Judged


@pytest.fixture
def judged(judge: Judge) -> Callable[[Path], Judged]:
    """The docs area, run on a connector."""
    return lambda root: judge(root, "docs")


COSTLY = {
    "quotes and lists in one another": (">" * 500 + " a\n") * 50 + ("- " * 500 + "a\n") * 50,
    "links": " ".join(f"[a](b{number}.md)" for number in range(100_000)),
    "table": "|a|b|\n|-|-|\n" + "|a|b|\n" * 25_000,
}


@pytest.mark.parametrize("kind", COSTLY)
def test_a_page_without_end_is_read_to_a_point_and_not_passed(
    kind: str, connector: Connectors, judged: Callable[[Path], Judged]
) -> None:
    seen = judged(connector(files={"docs/page.md": COSTLY[kind]}))
    for rule in ("links_resolve", "code_blocks_parse"):
        status, said = seen.said(rule)
        assert status in (Status.FAILED, Status.UNVERIFIED)
        assert "docs/page.md" in said or "'b0.md'" in said


def test_files_that_are_too_large_or_no_text_or_no_icon_are_told(
    connector: Connectors, judged: Callable[[Path], Judged]
) -> None:
    root = connector(files={"docs/nul.md": "# N\0\n\n[a](\0)\n", "docs/deep/icon.svg": SVG + "<g>" * 200_000})
    (root / "docs/large.md").write_bytes(b"# Large\n" * (20 * 2**20 // 8))
    (root / "docs/bytes.md").write_bytes(b"# B\n\n\xff\xfe\n")
    for name, icon in ICONS.items():
        (root / "docs" / name).mkdir()
        (root / "docs" / name / "icon.svg").write_text(icon)
    with (root / "icon.svg").open("wb") as zeros:
        zeros.truncate(200 * 2**20)
    seen = judged(root)
    status, said = seen.said("docs_exist")
    assert status is Status.FAILED
    assert "docs/large.md cannot be read" in said
    assert "docs/bytes.md is not UTF-8" in said
    assert seen.said("code_blocks_parse")[0] is Status.UNVERIFIED
    status, said = seen.said("icon_is_square_svg")
    places = {
        finding.location.file for finding in seen.rules["icon_is_square_svg"].findings if finding.location
    }
    assert status is Status.FAILED
    assert places == {"icon.svg", "docs/deep/icon.svg", *(f"docs/{name}/icon.svg" for name in ICONS)}
    assert "root:" not in said  # of /etc/passwd


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">'
_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
ICONS = {
    "bomb": f'<!DOCTYPE svg [<!ENTITY l0 "ha">{_LAUGHS}]>{SVG}&l11;</svg>',
    "entity": f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>{SVG}&x;</svg>',
    "include": f'{SVG}<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/passwd"/></svg>',
    "type": f'<!DOCTYPE svg SYSTEM "file:///etc/passwd">{SVG}</svg>',
}


def test_what_is_no_file_of_the_repository_is_no_page(
    connector: Connectors, judged: Callable[[Path], Judged]
) -> None:
    root = connector(files={"docs/page.md": "# Page\n"})
    (root / "README.md").unlink()
    (root / "README.md").mkdir()
    os.mkfifo(root / "docs/fifo.md")
    (root / "docs/outside.md").symlink_to("/etc/passwd")
    (root / "docs/loop.md").symlink_to("loop.md")
    (root / "docs/folder").symlink_to("..")
    seen = judged(root)
    assert seen.said("docs_exist") == (
        Status.FAILED,
        "certification/certification.yaml:2: README.md is no regular file of the repository\n"
        "README.md is no regular file of the repository",
    )
    assert seen.said("readme_commands_exist")[0] is Status.BLOCKED
    assert "root:" not in str(seen.rules)
