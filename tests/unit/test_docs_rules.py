"""The rules of the docs area, called directly: what is good, what is bad, and where one becomes the other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from certify import (
    Blocked,
    EvidenceLog,
    Example,
    Finding,
    NotApplicable,
    RuleBroken,
    Subject,
    Unverified,
)
from certify.contract import Contract
from certify.contract.contract import Capability, SubjectPlan
from certify.repository import Repository
from certify.repository.docs import Pages
from certify.repository.docs import pages as docs_pages
from certify.repository.docs.changelog import Changelog
from certify.repository.docs.markdown import read_page
from certify.repository.docs.page import Page
from certify.repository.project.installed import Installed
from certify.subject import Package
from certify.systems import subject_of
from certify_suites import docs

GUIDE = """\
# orders

It reads the orders of a shop.

## Credentials

1. Create a token with the scope read.
2. Put it into the connection.

## Configuration

| field | meaning |
|---|---|
| token | the secret token |

## Example

```yaml
name: orders_to_postgres
source: {type: orders}
sink: {type: postgres}
```

## Rate limits

1. Count the pipelines that share the token.
2. Raise the page size.

## Retries

1. Read the status in the message.
2. Start the run again.

## Schema drift

1. Compare the message with the API's changes.
2. Load into a new table.

## Failed quality checks

1. Find the row by its number.
2. Correct it in the source.

## Limitations

Deleted orders are not seen.
"""

GOOD = {
    "README.md": "# orders\n\nIt reads orders: the [guide](docs/orders.md).\n\n```sh\npytest tests\n```\n",
    "docs/orders.md": GUIDE,
    "CHANGELOG.md": "# Changelog\n\n## 1.2.0 - 2026-10-05\n\n## 1.1.0 - 2026-06-22\n",
    "icon.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"/>',
    "pyproject.toml": '[project]\nname = "acme-orders"\n',
    "tests/test_a.py": "",
}


@dataclass
class FakeSubject:
    """A connector that has a contract, a version and manifests with a name."""

    contract: Contract
    version: str | None = "1.2.0"
    named: str | None = "acme_orders"
    installed: Installed | None = None
    required: tuple[str, ...] = field(default=("name", "source", "sink"))

    def package(self) -> Package:
        if self.named is None:
            raise Unverified("the import package cannot be told")
        return Package(self.named, None, "", ())

    def documentation(self, pages: Pages) -> Page:
        return subject_of(self.contract).documentation(pages)

    def page_defects(self, page: Page) -> Iterator[Finding]:
        return subject_of(self.contract).page_defects(page)

    def changelog(self, pages: Pages, names: Iterable[str] = ()) -> Changelog | None:
        return subject_of(self.contract).changelog(pages, names)

    def missing_fields(self, example: Example) -> tuple[str, ...]:
        return tuple(key for key in self.required if not example.value.get(key))


class World:
    """A repository, a subject, and the rules called on them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = EvidenceLog()
        self.contract = Contract(
            root=root,
            file="certification.yaml",
            digest="",
            connector="orders",
            connector_type="api",
            system="dpone",
            capabilities={"source": Capability(), "sink": Capability()},
            lines={("connector",): 3},
        )
        self.fake = FakeSubject(self.contract)

    def write(self, files: Mapping[str, str | bytes | None]) -> World:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_bytes(text.encode() if isinstance(text, str) else text)
        return self

    def claims(self, **changes: object) -> World:
        self.contract = self.fake.contract = Contract(**{**vars(self.contract), **changes})
        return self

    @property
    def pages(self) -> Pages:
        return Pages(Repository(self.root))

    def run(self, rule: Callable[..., None]) -> list[str]:
        """What a rule finds; it always notes what it saw."""
        subject = cast("Subject", self.fake)
        names = rule.__code__.co_varnames[: rule.__code__.co_argcount]
        given = {"subject": subject, "pages": self.pages, "evidence": self.log}
        findings: tuple[Finding, ...] = ()
        try:
            rule(**{name: given[name] for name in names})
        except RuleBroken as broken:
            findings = broken.findings
        self.saw = [one.summary for one in self.log.entries]
        assert self.saw
        assert all(one.location and one.expected and one.fix for one in findings)
        return [f"{one.location}: {one.message}" for one in findings]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path).write(GOOD)


@pytest.mark.parametrize(
    "rule",
    [
        docs.test_docs_exist,
        docs.test_docs_structure,
        docs.test_runbooks_cover,
        docs.test_code_blocks_parse,
        docs.test_links_resolve,
        docs.test_changelog_has_version,
        docs.test_icon_is_square_svg,
        docs.test_readme_commands_exist,
    ],
)
def test_a_documented_connector_passes(world: World, rule: Callable[..., None]) -> None:
    assert world.run(rule) == []


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"README.md": ""}, "README.md:1: README.md is empty"),
        (
            {"docs/orders.md": "# orders\n\ncaf\xe9\n".encode("latin-1")},
            "docs/orders.md:3: docs/orders.md is not UTF-8",
        ),
        ({"README.md": None}, "certification.yaml:3: there is no README"),
        ({"docs/orders.md": None}, "certification.yaml:3: there is no page under docs/"),
        ({"docs/huge.md": b"x" * (2**21 + 1)}, "docs/huge.md:1: docs/huge.md cannot be read"),
    ],
)
def test_docs_exist_says_which_one_is_not_there(
    world: World, files: Mapping[str, str | bytes | None], found: str
) -> None:
    (finding,) = world.write(files).run(docs.test_docs_exist)
    assert finding.startswith(found)


@pytest.mark.parametrize("name", ["README", "README.rst", "readme.txt", "Readme.md"])
def test_a_readme_in_any_form_exists(world: World, name: str) -> None:
    world.write({"README.md": None})
    assert world.write({name: "Orders\n"}).run(docs.test_docs_exist) == []


def test_a_connector_of_no_system_needs_no_guide(world: World) -> None:
    world.write({"docs/orders.md": None}).claims(system="python")
    assert world.run(docs.test_docs_exist) == []


def test_a_readme_that_is_a_fifo_or_leads_out_is_none_and_holds_nobody_up(world: World) -> None:
    (world.root / "README.md").unlink()
    os.mkfifo(world.root / "README.md")
    began = time.monotonic()
    assert world.run(docs.test_docs_exist) == [
        "certification.yaml:3: README.md is no regular file of the repository"
    ]
    with pytest.raises(Blocked, match="docs_exist"):
        world.run(docs.test_readme_commands_exist)
    assert time.monotonic() - began < 10
    (world.root / "README.md").unlink()
    (world.root / "README.md").symlink_to("/etc/hostname")
    assert len(world.run(docs.test_docs_exist)) == 1


def test_the_guide_is_the_page_that_names_the_connector_best(world: World) -> None:
    pages = {"docs/a/orders.md": "# A\n", "docs/orders_api.md": "# B\n", "docs/setup.md": "# Orders\n"}
    world.write(pages)
    assert world.pages.guide("orders") == "docs/orders.md"
    world.write({"docs/orders.md": None})
    assert world.pages.guide("orders") == "docs/a/orders.md"
    world.write({"docs/a/orders.md": None})
    assert world.pages.guide("orders") == "docs/orders_api.md"
    world.write({"docs/orders_api.md": None})
    assert world.pages.guide("orders") == "docs/setup.md"
    world.write({"docs/setup.md": None})
    assert world.pages.guide("orders") == "README.md"


@pytest.mark.parametrize("heading", ["Credentials", "Configuration", "Limitations"])
def test_the_structure_lacks_what_is_taken_out(world: World, heading: str) -> None:
    world.write({"docs/orders.md": GUIDE.replace(f"## {heading}", "## Anything")})
    (finding,) = world.run(docs.test_docs_structure)
    assert finding.startswith("docs/orders.md:1: there is no section on ")


def test_elsewhere_an_overview_and_an_example_will_do(world: World) -> None:
    world.write({"docs/orders.md": None, "README.md": "It reads the orders.\n\n```python\nread()\n```\n"})
    world.claims(system="python")
    assert world.run(docs.test_docs_structure) == []
    world.claims(subject=SubjectPlan(secrets=("token",)))
    assert world.run(docs.test_docs_structure) == ["README.md:1: there is no section on configuration"]
    world.write({"README.md": "[Docs](https://orders.readthedocs.io)\n"})
    assert world.run(docs.test_docs_structure) == ["README.md:1: there is no section on overview"]


def test_a_guide_that_is_not_read_is_not_judged(world: World) -> None:
    world.write({"docs/orders.md": None, "README.md": None, "README.rst": "Orders\n"})
    for rule in (docs.test_docs_structure, docs.test_readme_commands_exist):
        with pytest.raises(Unverified, match=r"README\.rst"):
            world.run(rule)
    world.write({"README.rst": None, "CHANGELOG.md": None})
    with pytest.raises(Blocked):
        world.run(docs.test_docs_structure)
    with pytest.raises(Blocked):
        world.run(docs.test_runbooks_cover)


def without(*headings: str) -> dict[str, str | bytes | None]:
    text = GUIDE
    for heading in headings:
        text = text.replace(f"## {heading}", "## Anything")
    return {"docs/orders.md": text}


TOPICS = ("Credentials", "Rate limits", "Retries", "Schema drift", "Failed quality checks")


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, TOPICS),
        ({"connector_type": "database"}, TOPICS),
        ({"capabilities": {"sink": Capability()}}, TOPICS),
        (
            {"capabilities": {"sink": Capability()}, "connector_type": "database"},
            ("Credentials", "Schema drift", "Failed quality checks"),
        ),
        ({"capabilities": {"state": Capability()}, "connector_type": "database"}, ("Credentials",)),
        ({"capabilities": {"state": Capability()}}, ("Credentials", "Rate limits", "Retries")),
    ],
)
def test_runbooks_are_asked_for_where_they_apply(
    world: World, changes: dict[str, object], asked: tuple[str, ...]
) -> None:
    found = world.write(without(*TOPICS)).claims(**changes).run(docs.test_runbooks_cover)
    assert [one.partition("what to do about ")[2].capitalize() for one in found] == list(asked)


def test_a_source_that_is_no_api_may_say_what_holds_instead(world: World) -> None:
    text = GUIDE.replace("2. Raise the page size.\n", "")
    world.write({"docs/orders.md": text})
    assert len(world.run(docs.test_runbooks_cover)) == 1
    assert world.claims(connector_type="database").run(docs.test_runbooks_cover) == []


def test_a_runbook_may_be_a_page(world: World) -> None:
    world.write(without("Retries"))
    assert len(world.run(docs.test_runbooks_cover)) == 1
    world.write({"docs/retries.md": "# Retries\n\nRead the status first.\n\nStart it again.\n"})
    assert world.run(docs.test_runbooks_cover) == []


def test_a_manifest_in_a_page_has_what_the_platform_requires(world: World) -> None:
    world.write({"docs/orders.md": GUIDE.replace("name: orders_to_postgres\n", "")})
    assert world.run(docs.test_code_blocks_parse) == [
        "docs/orders.md:19: the manifest in this block has no 'name'"
    ]


def test_a_block_is_told_once_and_with_its_page(world: World) -> None:
    world.write({"docs/more.md": '# More\n\n```json\n{"a": 1,}\n```\n\n```sh\nacme-orders run\n```\n'})
    assert world.run(docs.test_code_blocks_parse) == [
        "docs/more.md:4: the block is marked as JSON and does not parse: a comma before the closing bracket",
        "docs/more.md:8: `acme-orders run`: installing the package gives no command 'acme-orders'",
    ]
    assert world.run(docs.test_readme_commands_exist) == []


def test_a_command_in_the_readme_is_the_readme_rules_alone(world: World) -> None:
    world.write({"README.md": "# orders\n\n```sh\nacme-orders run\npytest tests/gone\n```\n"})
    assert world.run(docs.test_code_blocks_parse) == []
    assert world.run(docs.test_readme_commands_exist) == [
        "README.md:4: `acme-orders run`: installing the package gives no command 'acme-orders'",
        "README.md:5: `pytest tests/gone`: there is no tests/gone",
    ]


def test_a_package_that_cannot_be_told_has_its_connectors_name(world: World) -> None:
    world.fake.named = None
    assert world.run(docs.test_readme_commands_exist) == []


def test_links_are_followed_on_every_page(world: World) -> None:
    world.write({"CONTRIBUTING.md": "[a](gone.md)\n", "docs/deep/page.md": "[b](../gone.md)\n"})
    assert [one.partition(":")[0] for one in world.run(docs.test_links_resolve)] == [
        "CONTRIBUTING.md",
        "docs/deep/page.md",
    ]


@pytest.mark.parametrize(
    "name", ["tests/fixtures/x.md", ".github/x.md", "docs/_build/x.md", "src/x/notes.md"]
)
def test_what_is_no_documentation_is_not_judged(world: World, name: str) -> None:
    world.write({name: "[a](gone.md)\n\n```json\n{\n```\n"})
    assert world.run(docs.test_links_resolve) == []
    assert world.run(docs.test_code_blocks_parse) == []


def test_a_source_distribution_cannot_show_files_that_it_leaves_out(world: World) -> None:
    world.write({"PKG-INFO": "", "README.md": "# T\n\n[a](CONTRIBUTING.md)\n\n```sh\nmake test\n```\n"})
    for rule in (docs.test_links_resolve, docs.test_readme_commands_exist):
        with pytest.raises(Unverified, match="source distribution"):
            world.run(rule)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# Changelog\n\n## Unreleased\n", "CHANGELOG.md:1: CHANGELOG.md has no entry for 1.2.0"),
        (
            "# Changelog\n\n## 1.1.0\n",
            "CHANGELOG.md:3: CHANGELOG.md has no entry for 1.2.0; its first is 1.1.0",
        ),
        ("## 1.1.0\n\n## 1.2.0\n", "CHANGELOG.md:3: 1.2.0 stands below 1.1.0, which is older"),
        ("## 1.2.0 - 2026-10-32\n", "CHANGELOG.md:1: '2026-10-32' is no ISO date"),
    ],
)
def test_a_changelog_without_the_version_or_in_disorder_is_told(world: World, text: str, found: str) -> None:
    assert world.write({"CHANGELOG.md": text}).run(docs.test_changelog_has_version) == [found]


def test_a_changelog_may_be_a_section_of_the_guide(world: World) -> None:
    changes = "\n## Changelog\n\n| Version | Date |\n|---|---|\n| 1.2.0 | 2026-10-05 |\n"
    world.write({"CHANGELOG.md": None, "docs/orders.md": GUIDE + changes})
    assert world.run(docs.test_changelog_has_version) == []


def test_no_changelog_is_a_defect_where_the_system_asks_for_one(world: World) -> None:
    world.write({"CHANGELOG.md": None})
    assert world.run(docs.test_changelog_has_version) == ["certification.yaml:3: there is no changelog"]
    with pytest.raises(NotApplicable):
        world.claims(system="python").run(docs.test_changelog_has_version)


def test_of_a_connector_that_is_installed_no_page_is_missed(world: World) -> None:
    world.write(dict.fromkeys(GOOD))
    world.fake.installed = Installed(Path("site-packages/acme_orders"))
    for rule in (docs.test_docs_exist, docs.test_changelog_has_version):
        with pytest.raises(Unverified, match="its repository is not here"):
            world.run(rule)


def test_what_the_changelog_cannot_be_held_against_is_unverified_with_the_lines_to_add(world: World) -> None:
    world.write({"CHANGELOG.md": "See https://example.org/releases\n"})
    with pytest.raises(Unverified, match="elsewhere"):
        world.run(docs.test_changelog_has_version)
    world.fake.version = None
    with pytest.raises(Unverified, match="version is not known") as raised:
        world.run(docs.test_changelog_has_version)
    assert "version = " in raised.value.needs


def test_an_icon_is_looked_for_in_the_root_the_docs_and_the_package(world: World) -> None:
    wide = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 4"/>'
    places = ("icon.svg", "docs/img/icon.svg", "src/acme_orders/icon.svg", "acme_orders/icon.svg")
    world.write(dict.fromkeys((*places, "tests/icon.svg", "src/acme_orders/ui/icon.svg"), wide))
    found = world.run(docs.test_icon_is_square_svg)
    assert sorted(one.partition(":")[0] for one in found) == sorted(places)


def test_without_an_icon_nothing_is_judged(world: World) -> None:
    with pytest.raises(NotApplicable):
        world.write({"icon.svg": None}).run(docs.test_icon_is_square_svg)


def test_a_page_is_parsed_once_however_often_it_is_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []

    def counted(name: str, text: str) -> Page:
        parsed.append(name)
        return read_page(name, text)

    monkeypatch.setattr(docs_pages, "read_page", counted)
    pages = world.pages
    for _ in range(3):
        list(pages)
        pages.page("README.md")
    assert sorted(parsed) == ["CHANGELOG.md", "README.md", "docs/orders.md"]


def test_what_is_past_the_bounds_is_not_read_and_not_passed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docs_pages, "MAX_PAGES", 2)
    world.write({"docs/zz.md": "[a](gone.md)\n"})
    for rule in (docs.test_links_resolve, docs.test_code_blocks_parse):
        with pytest.raises(Unverified, match=r"docs/orders\.md \(and 1 more\) is not read"):
            world.run(rule)


@pytest.mark.parametrize("rule", [docs.test_links_resolve, docs.test_code_blocks_parse])
def test_without_a_page_in_markdown_nothing_is_passed(world: World, rule: Callable[..., None]) -> None:
    world.write({"docs/orders.md": None, "README.md": None, "README.rst": "Orders\n"})
    with pytest.raises(Unverified, match=r"README\.rst is not read"):
        world.run(rule)
    world.write({"README.rst": None, "CHANGELOG.md": None})
    with pytest.raises(Blocked):
        world.run(rule)


@pytest.mark.parametrize("rule", [docs.test_docs_structure, docs.test_runbooks_cover])
def test_what_may_stand_on_a_page_that_is_not_read_is_not_missed(
    world: World, rule: Callable[..., None]
) -> None:
    world.write({**without("Credentials", "Configuration"), "docs/more.rst": "Configuration\n====\n"})
    with pytest.raises(Unverified, match=r"docs/more\.rst"):
        world.run(rule)


def test_a_changelog_is_absent_or_lacks_a_version_only_where_it_was_read(world: World) -> None:
    long = "## 1.1.0\n" + "It is mended.\n" * 40_000
    with pytest.raises(Unverified, match=r"1\.2\.0 is not in the part"):
        world.write({"CHANGELOG.md": long}).run(docs.test_changelog_has_version)
    with pytest.raises(Unverified, match="cannot be read"):
        world.write({"CHANGELOG.md": long * 4}).run(docs.test_changelog_has_version)
    assert world.run(docs.test_links_resolve) == []


def test_more_icons_than_are_looked_at_are_not_passed(world: World) -> None:
    world.write({f"docs/{number}/icon.svg": GOOD["icon.svg"] for number in range(25)})
    with pytest.raises(Unverified, match=r"of 26 files"):
        world.run(docs.test_icon_is_square_svg)


def test_a_changelog_that_nobody_asks_for_needs_no_version(world: World) -> None:
    world.fake.version = None
    with pytest.raises(NotApplicable):
        world.write({"CHANGELOG.md": None}).claims(system="python").run(docs.test_changelog_has_version)


def test_a_readme_of_which_the_end_is_not_read_is_not_passed(world: World) -> None:
    world.write({"README.md": "# orders\n\nIt reads orders.\n\n" + "x\n\n" * 40_000, "docs/orders.md": None})
    for rule in (docs.test_readme_commands_exist, docs.test_docs_structure):
        with pytest.raises(Unverified, match=r"README\.md is not read to the end"):
            world.run(rule)


@pytest.mark.parametrize(
    "named",
    [
        '[project]\nreadme = "about.md"',
        '[project]\nreadme = {file = "./about.md"}',
        '[tool.poetry]\nreadme = ["about.md"]',
    ],
)
def test_the_readme_may_have_the_name_that_the_project_gives_it(named: str, world: World) -> None:
    world.write({"README.md": None, "about.md": GOOD["README.md"], "pyproject.toml": named})
    assert world.run(docs.test_docs_exist) == []
    assert world.pages.readme == "about.md"


@pytest.mark.parametrize("named", ["absent.md", "../README.md", "docs", "5"])
def test_a_readme_that_is_named_and_not_there_is_none(named: str, world: World) -> None:
    world.write({"README.md": None, "pyproject.toml": f'[project]\nreadme = "{named}"'})
    assert world.run(docs.test_docs_exist) == ["certification.yaml:3: there is no README"]
