"""Links within a repository: followed to files, folders and headings, and no further."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from certify.repository import Repository
from certify.repository.docs.links import dead_links, left_out
from certify.repository.docs.pages import Pages


def pages_of(root: Path, files: dict[str, str]) -> Pages:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Pages(Repository(root))


def dead(pages: Pages) -> list[str]:
    return [f"{one.location}: {one.message} → {one.fix}" for page in pages for one in dead_links(page, pages)]


@pytest.mark.parametrize(
    "target",
    [
        "docs/guide.md",
        "./docs/guide.md#rate-limits",
        "docs/",
        "docs",
        "docs/../README.md",
        "docs/guide.md?raw=true",
        "docs/a%20b.md",
        "<docs/a b.md>",
        "#title",
        "#user-content-title",
        "#top",
        "#",
        "src/code.py#L3-L5",
        "src/code.py#anything",
        "https://example.org/x.md#y",
        "mailto:a@example.org",
        "//example.org/x",
        "/guide/from-the-root-of-a-site",
        "{{ url }}/x.md",
        "../../issues",
        "../../releases/latest",
        ".",
    ],
)
def test_what_is_there_or_elsewhere_is_fine(tmp_path: Path, target: str) -> None:
    files = {
        "README.md": f"# Title\n\n[text]({target})\n",
        "docs/guide.md": "# G\n\n## Rate limits\n",
        "docs/a b.md": "# A\n",
        "src/code.py": "",
    }
    assert dead(pages_of(tmp_path, files)) == []


@pytest.mark.parametrize(
    ("target", "message", "fix"),
    [
        ("docs/gone.md", "which is not in the repository", "correct the target"),
        ("docs/giude.md", "which is not in the repository", "write 'docs/guide.md'"),
        ("guide.md", "which is not in the repository", "write 'docs/guide.md'"),
        ("Docs/Guide.md", "is spelled 'docs/guide.md'", "write 'docs/guide.md'"),
        (
            "docs/guide.md#rate-limit",
            "docs/guide.md has none of that name",
            "write 'docs/guide.md#rate-limits'",
        ),
        ("docs/guide.md#Rate-limits", "docs/guide.md has none of that name", "#rate-limits"),
        ("#rate-limits", "this page has none of that name", "correct the target"),
        ("www.example.org", "it has no https://", "write 'https://www.example.org'"),
        ("../neighbour/README.md", "leads out of the repository", "correct the target"),
        ("%2e%2e/%2e%2e/etc/passwd", "leads out of the repository", "correct the target"),
        ("outside.md", "which is not in the repository", "correct the target"),
    ],
)
def test_what_leads_nowhere_is_found_on_its_line(tmp_path: Path, target: str, message: str, fix: str) -> None:
    files = {"README.md": f"# Title\n\nWith\n[text]({target})\n", "docs/guide.md": "# G\n\n## Rate limits\n"}
    pages = pages_of(tmp_path / "repo", files)
    (tmp_path / "secret.md").write_text("# Secret\n")
    (tmp_path / "repo" / "outside.md").symlink_to(tmp_path / "secret.md")
    (found,) = dead(pages)
    assert found.startswith("README.md:4: ")
    assert message in found
    assert fix in found


def test_images_html_and_references_are_followed_too(tmp_path: Path) -> None:
    text = (
        '![a](a.png)\n\n<img src="b.png"><a href="c.md">c</a>\n\n[d][ref] [e]\n\n[ref]: d.md\n[e]: e.md "E"\n'
    )
    found = dead(pages_of(tmp_path, {"README.md": text}))
    assert [one.split(" ")[0] for one in found] == [
        "README.md:1:",
        "README.md:3:",
        "README.md:3:",
        "README.md:7:",
        "README.md:8:",
    ]


def test_a_page_below_docs_links_from_where_it_is(tmp_path: Path) -> None:
    files = {"docs/a/one.md": "[x](../two.md) [y](two.md)\n", "docs/two.md": "# Two\n"}
    assert [one.split("'")[1] for one in dead(pages_of(tmp_path, files))] == ["two.md"]


def test_what_a_site_makes_of_a_page_leads_to_it(tmp_path: Path) -> None:
    text = "[a](other) [b](other.html) [c](../other/) [d](#made-by-the-site_1) [e](package.Class.method)\n\n"
    files = {"docs/guide.md": text + "# Made by the site\n", "docs/other.md": "# O\n"}
    without = dead(pages_of(tmp_path, files))
    assert [one.split("'")[1] for one in without] == [
        "../other/",
        "#made-by-the-site_1",
        "package.Class.method",
    ]
    assert dead(pages_of(tmp_path, {"mkdocs.yml": "site_name: x\n"})) == []


def test_a_link_to_a_picture_is_no_cross_reference_of_a_site(tmp_path: Path) -> None:
    files = {"docs/guide.md": "![a](gone.png)\n", "docs/conf.py": ""}
    assert len(dead(pages_of(tmp_path, files))) == 1


def test_old_entries_of_a_changelog_may_name_files_that_are_gone(tmp_path: Path) -> None:
    files = {"CHANGELOG.md": "# Changes\n\n[gone](gone.py) [no heading](#nowhere)\n"}
    assert [one.split("'")[1] for one in dead(pages_of(tmp_path, files))] == ["#nowhere"]


def test_a_source_distribution_lacks_files_that_its_repository_has(tmp_path: Path) -> None:
    files = {
        "README.md": "# T\n\n[a](CONTRIBUTING.md) [b](#nowhere) [c](readme.md)\n",
        "PKG-INFO": "Name: x\n",
    }
    pages = pages_of(tmp_path, files)
    assert [one.split("'")[1] for one in dead(pages)] == ["#nowhere", "readme.md"]
    assert [*left_out(next(iter(pages)), pages)] == ["CONTRIBUTING.md"]


def test_a_connector_in_a_larger_repository_may_link_to_its_neighbours(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    files = {"README.md": "[up](../docs/x.md) [too far](../../x.md)\n"}
    assert [one.split("'")[1] for one in dead(pages_of(tmp_path / "connector", files))] == ["../../x.md"]


def test_a_file_that_git_ignores_is_there_all_the_same(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    files = {"README.md": "[r](out/report.md)\n", ".gitignore": "out/\n", "out/report.md": "x"}
    assert dead(pages_of(tmp_path, files)) == []


def test_one_page_has_fifty_findings_at_most(tmp_path: Path) -> None:
    text = "".join(f"[x](gone{number}.md)\n\n" for number in range(200))
    assert len(dead(pages_of(tmp_path, {"README.md": text}))) == 50


def test_the_same_link_on_the_same_line_is_told_once(tmp_path: Path) -> None:
    assert len(dead(pages_of(tmp_path, {"README.md": "[x](gone.md) [y](gone.md)\n\n[z](gone.md)\n"}))) == 2
