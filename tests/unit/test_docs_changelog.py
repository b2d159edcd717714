"""Lists of changes in the forms that authors give them."""

from __future__ import annotations

import time

import pytest

from certify.repository.docs.changelog import Changelog, changelog_in, changelog_of
from certify.repository.docs.markdown import read_page


def changelog(text: str, name: str = "CHANGELOG.md") -> Changelog:
    if not name.endswith(".md"):
        return changelog_in(name, text, ("acme",))
    found = changelog_of(read_page(name, text), ("acme",), whole=True)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text",
    [
        "# Changelog\n\n## [1.2.0] - 2026-10-05\n",
        "## v1.2.0 (2026-10-05)\n",
        "## Version 1.2\n",
        "# acme 1.2.0\n",
        "## 🎉 Release 1.2.0: everything\n",
        "## [1.2.0](https://x/compare) (2026-10-05)\n",
        "| Version | Date |\n|---|---|\n| 1.2.0 | 2026-10-05 |\n",
        "- 1.2.0: more\n- 1.1.0: less\n",
        "**1.2.0**\n\nmore\n",
    ],
)
def test_a_version_is_a_heading_or_a_row(text: str) -> None:
    assert changelog(text).has("1.2.0")


@pytest.mark.parametrize(
    "text",
    [
        "## [Unreleased]\n\n- 1.2.0 of a dependency\n\n## 1.1.0\n",
        "## 11.2.0\n",
        "## 1.2.0.1\n",
        "## 1.2.0rc1\n",
        "## Support for acme-core 1.2.0\n",
        "## 2026-10-05\n",
        "Nothing about 1.2.0 here.\n",
        "",
    ],
)
def test_a_mention_is_no_entry(text: str) -> None:
    assert not changelog(text).has("1.2.0")


@pytest.mark.parametrize("name", ["CHANGES.rst", "HISTORY.txt", "CHANGELOG"])
@pytest.mark.parametrize(
    "text",
    ["Changes\n=======\n\n1.2.0 (2026-10-05)\n------------------\n\n* x\n", "1.2.0 - 2026-10-05\n  * x\n"],
)
def test_text_that_is_no_markdown_has_versions_too(name: str, text: str) -> None:
    assert changelog(text, name).has("1.2.0")


def test_versions_are_compared_as_versions() -> None:
    assert changelog("## 1.2.0-beta.1\n").has("1.2.0b1")
    assert changelog("## 1.2.0\n").has("1.2.0+local")
    assert changelog("## build seven\n").has("build seven") is False


def test_while_a_version_is_developed_unreleased_will_do() -> None:
    assert changelog("## Unreleased\n").has("1.2.0.dev3")
    assert changelog("## 1.2.0\n").has("1.2.0.dev3")
    assert not changelog("## 1.1.0\n").has("1.2.0.dev3")


@pytest.mark.parametrize(
    "text",
    [
        "## 1.10.0\n## 1.9.0\n## 1.9.0rc1\n",
        "## 1.9.1 (2026-03-02)\n## 2.0.0 (2026-03-01)\n",
        "## 2.0\n\n### Python 3.12 is supported\n\n## 1.0\n",
    ],
)
def test_newest_first_by_number_is_in_order(text: str) -> None:
    assert list(changelog(text).disorder()) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("## 1.9.0\n\n## 1.10.0\n", 3),
        ("## 1.9.1 (2026-03-01)\n\n## 2.0.0 (2026-03-02)\n", 3),
        ("## 1.0\n## 2.0\n## 3.0\n", 2),
    ],
)
def test_an_older_version_above_a_newer_is_told_once(text: str, line: int) -> None:
    (finding,) = changelog(text).disorder()
    assert finding.location is not None
    assert finding.location.line == line
    assert "stands below" in finding.message


@pytest.mark.parametrize(
    "heading",
    ["## 1.2.0 - 2026-13-05", "## 1.2.0 (2026-02-30)", "## 1.2.0 (2026-2-3)", "## 1.2.0 / 05/10/2026"],
)
def test_a_day_that_no_calendar_has_is_told(heading: str) -> None:
    (finding,) = changelog(heading + "\n\n## 1.1.0 - 2026-06-22\n").wrong_dates("1.2.0")
    assert "is no ISO date" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "## 1.2.0\n",
        "## 1.2.0 - 2028-02-29\n",
        "## 1.2.0 - March 2026\n",
        "## 1.2.0\n\n## 1.1.0 - 05/10/2021\n",
        "## 2026.10.05\n",
    ],
)
def test_other_dates_are_left_alone(text: str) -> None:
    assert list(changelog(text).wrong_dates("1.2.0")) == []


def test_a_section_of_a_page_is_a_changelog() -> None:
    page = read_page("docs/guide.md", "# G\n\n## Changelog\n\n### 1.2.0\n\n## Python 9.9\n\n### 9.9\n")
    found = changelog_of(page, whole=False)
    assert found is not None
    assert (found.line, found.has("1.2.0"), found.has("9.9")) == (3, True, False)


def test_a_section_on_a_history_of_something_else_is_none() -> None:
    assert changelog_of(read_page("docs/guide.md", "## Order history\n\n## 1.2.0\n"), whole=False) is None


def test_a_page_that_only_points_elsewhere_says_so() -> None:
    assert changelog("# Changes\n\nSee https://example.org/releases\n").points_elsewhere
    assert changelog("See https://example.org/releases\n", "CHANGES.txt").points_elsewhere
    assert not changelog("# Changes\n\n## 1.2.0\n\nhttps://example.org\n").points_elsewhere
    assert not changelog("# Changes\n\nNone yet.\n").points_elsewhere


@pytest.mark.parametrize("text", ["## 1." + "1." * 100_000, "1.1\n" * 60_000, "## 1.0\n" * 30_000])
def test_hostile_changelogs_are_read_in_seconds(text: str) -> None:
    began = time.process_time()
    for name in ("CHANGELOG.md", "CHANGES.txt"):
        found = changelog(text, name)
        list(found.disorder())
        list(found.wrong_dates("1.0"))
    assert time.process_time() - began < 20  # measured: 2 s
