"""Airbyte's pages: where they lie, their headings, their tables of changes, and their migration guides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from certify import Blocked, EvidenceLog, Finding, NotApplicable, RuleBroken, Subject, Unverified
from certify.contract import Contract
from certify.contract.contract import Capability, SubjectPlan
from certify.plugin.airbyte_fixtures import announcement
from certify.repository import Repository
from certify.repository.airbyte.metadata import read_metadata
from certify.repository.docs import Pages
from certify.systems import subject_of
from certify_suites import airbyte, docs
from tests.unit.test_airbyte_metadata import GOOD as BARE

PAGE = """\
# Demo

It reads the orders of a shop.

## Prerequisites

- The **Shop name**, and an API token

## Setup guide

## Step 1: Set up Demo

Make a token.

### Step 1.1: Choose its scopes

## Step 2: Set up the Demo connector in Airbyte

### For Airbyte Cloud:

### For Airbyte Open Source:

## Supported sync modes

## Supported streams

## What we are proud of

### Performance considerations

## Limitations & Troubleshooting

## Changelog

<details>
  <summary>Expand to review</summary>

| Version | Date | Pull Request | Subject |
|:--------|:-----|:-------------|:--------|
| 10.0.0 | 2026-10-05 | [31](https://github.com/airbytehq/airbyte/pull/31) | Merge 9.0.0 and 8.0.0 |
| 9.1.0-rc.1 | 2026-09-05 | [30](https://github.com/airbytehq/airbyte/pull/30) | Try it |
| 9.0.0 | 2026-08-05 | [29](https://github.com/airbytehq/airbyte/pull/29) | Begin |

</details>
"""
GUIDE = "# Demo Migration Guide\n\n## Upgrading to 10.0.0\n\nRefresh.\n\n## Upgrading to 9.0.0\n\nRefresh.\n"
METADATA = (
    BARE.replace("1.2.0-rc.1", "10.0.0")
    + """\
  ab_internal: {sl: 300, ql: 400}
  releases:
    breakingChanges:
      9.0.0: {message: Refresh., upgradeDeadline: "2026-08-12"}
      10.0.0: {message: Refresh., upgradeDeadline: "2026-10-12"}
"""
)
SPEC = """\
connectionSpecification:
  type: object
  required: [shop, api_token, access_token, untitled]
  properties:
    shop: {type: string, title: Shop name}
    api_token: {type: string, title: API token, airbyte_secret: true}
    access_token: {type: string, title: Access token, airbyte_secret: true}
    untitled: {type: string}
"""
FILES = {
    "README.md": "# source-demo\n\nFor developers.\n",
    "metadata.yaml": METADATA,
    "spec.yaml": SPEC,
    "docs/integrations/sources/demo.md": PAGE,
    "docs/integrations/sources/demo-migrations.md": GUIDE,
}
DEMO = "docs/integrations/sources/demo.md"
MIGRATIONS = "docs/integrations/sources/demo-migrations.md"


class World:
    """A connector's folder, and the rules called on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.log = EvidenceLog()

    def write(self, files: Mapping[str, str | None]) -> World:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_text(text, encoding="utf-8")
        return self

    def change(self, name: str, old: str, new: str) -> World:
        text = (self.root / name).read_text("utf-8")
        assert old in text
        return self.write({name: text.replace(old, new)})

    @property
    def subject(self) -> Subject:
        claims = {"source": Capability()}
        plan = SubjectPlan()
        return subject_of(
            Contract(self.root, "certification.yaml", "", "demo", "airbyte", claims, subject=plan)
        )

    @property
    def pages(self) -> Pages:
        return Pages(Repository(self.root))

    def told(self, rule: Callable[..., None]) -> list[str]:
        """What a rule finds; it always notes what it saw, and gives a place and an expectation."""
        found: tuple[Finding, ...] = ()
        try:
            rule(self.subject, self.pages, self.log)
        except RuleBroken as broken:
            found = broken.findings
        assert self.log.entries
        assert all(one.location and one.expected for one in found)
        return [f"{one.location}: {one.message}" for one in found]

    def announced(self) -> list[str]:
        metadata = read_metadata(Repository(self.root))
        make = announcement.__wrapped__  # type: ignore[attr-defined]  # the function behind the fixture
        return self.told(
            lambda subject, pages, log: airbyte.test_breaking_changes_are_announced(
                make(metadata, subject, pages), log
            )
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path).write(FILES)


@pytest.fixture
def in_monorepo(tmp_path: Path) -> World:
    outside = {name: text for name, text in FILES.items() if name.startswith("docs/")}
    World(tmp_path).write(outside)
    inside = {name: text for name, text in FILES.items() if name not in outside}
    return World(tmp_path / "airbyte-integrations" / "connectors" / "source-demo").write(inside)


RULES = [docs.test_docs_exist, docs.test_docs_structure, docs.test_changelog_has_version]


def test_a_page_as_it_should_be_passes(world: World) -> None:
    assert [world.told(rule) for rule in RULES] == [[], [], []]
    assert world.announced() == []


def test_in_the_monorepo_the_page_is_read_where_it_lies(in_monorepo: World) -> None:
    assert [in_monorepo.told(rule) for rule in RULES] == [[], [], []]
    assert in_monorepo.announced() == []
    seen = " ".join(one.summary for one in in_monorepo.log.entries)
    assert f"read ../../../{DEMO}, the page for users" in seen
    assert f"read ../../../{MIGRATIONS}" in seen


@pytest.mark.parametrize("place", ["docs/demo.md", "docs/source-demo.md", "docs/guide/the_demo.md"])
def test_the_page_may_lie_beside_the_connector(place: str, world: World) -> None:
    world.write({DEMO: None, MIGRATIONS: None, place: PAGE})
    assert world.subject.documentation(world.pages).file == place


def test_a_readme_is_the_page_where_it_has_its_headings(world: World) -> None:
    world.write({DEMO: None, MIGRATIONS: None})
    with pytest.raises(Unverified, match="neither beside the connector, nor in a monorepo") as raised:
        world.subject.documentation(world.pages)
    assert raised.value.needs == "# a copy of it: docs/source-demo.md"
    world.write({"README.md": PAGE})
    assert world.subject.documentation(world.pages).file == "README.md"


def test_where_the_page_is_not_here_nothing_is_blamed(world: World) -> None:
    world.write({DEMO: None, MIGRATIONS: None})
    for rule in RULES:
        with pytest.raises(Unverified, match="is not here"):
            world.told(rule)
    with pytest.raises(Unverified, match="nor the migration guide"):
        world.announced()


def test_a_changelog_of_its_own_stands_for_a_page_elsewhere(world: World) -> None:
    world.write({DEMO: None, "CHANGELOG.md": "# Changelog\n\n## 10.0.0 - 2026-10-05\n"})
    assert world.told(docs.test_changelog_has_version) == []


@pytest.mark.parametrize(
    "url", ["https://docs.airbyte.com/integrations/sources/../../secrets", "https://a", "x"]
)
def test_an_address_leads_nowhere_but_to_pages(url: str, in_monorepo: World) -> None:
    (in_monorepo.root.parents[2] / "secrets.md").write_text("# Secrets\n")
    in_monorepo.change("metadata.yaml", "https://docs.airbyte.com/integrations/sources/demo", url)
    assert in_monorepo.subject.documentation(in_monorepo.pages).file == f"../../../{DEMO}"


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (
            "# Demo\n",
            "# The demo\n",
            f"{DEMO}:1: the title is 'The demo', data.name of metadata.yaml is 'Demo'",
        ),
        ("## Setup guide\n", "", f"{DEMO}:1: there is no section 'Setup guide'"),
        ("Step 1: Set up Demo", "Step 1: Set up the demo", "there is no section 'Set up Demo'"),
        ("## Changelog\n", "## Changes to come\n", f"{DEMO}:1: there is no section 'Changelog'"),
        ("**Shop name**", "shop", f"{DEMO}:5: 'Prerequisites' does not name 'Shop name', which the"),
        (
            "## Supported sync modes\n\n## Supported streams\n",
            "## Supported streams\n\n## Supported sync modes\n",
            f"{DEMO}:25: 'Supported sync modes' stands below 'Supported streams'",
        ),
    ],
)
def test_headings_are_held_against_those_prescribed(old: str, new: str, finding: str, world: World) -> None:
    (told,) = world.change(DEMO, old, new).told(docs.test_docs_structure)
    assert finding in told


@pytest.mark.parametrize(
    ("old", "new"), [("sl: 300", "sl: 200"), ("sl: 300", "sl: high"), ("Type: source", "Type: destination")]
)
def test_no_order_is_asked_where_airbyte_asks_for_none(old: str, new: str, world: World) -> None:
    world.change("metadata.yaml", old, new).change(DEMO, "## Setup guide\n", "").change(DEMO, "# Demo", "# D")
    assert world.told(docs.test_docs_structure) == []


def test_the_table_is_sorted_by_number(world: World) -> None:
    first, *others = [line for line in PAGE.splitlines(keepends=True) if line.startswith(("| 10", "| 9"))]
    text = PAGE.replace(first, "").replace(others[-1], others[-1] + first)
    (found,) = world.write({DEMO: text}).told(docs.test_changelog_has_version)
    assert "10.0.0 stands below 9.0.0, which is older" in found


def test_a_version_without_a_row_is_missed_and_the_row_to_add_is_told(world: World) -> None:
    world.change("metadata.yaml", "10.0.0\n", "10.0.1\n")
    with pytest.raises(RuleBroken) as raised:
        docs.test_changelog_has_version(world.subject, world.pages, world.log)
    (finding,) = raised.value.findings
    assert finding.message == f"{DEMO} has no entry for 10.0.1; its first is 10.0.0"
    assert "`| 10.0.1 | YYYY-MM-DD | …`" in str(finding.fix)


def test_an_icon_is_asked_for_and_none_of_a_source_distribution(world: World) -> None:
    (told,) = world.told(docs.test_icon_is_square_svg)
    assert told == "certification.yaml:1: there is no icon.svg"
    with pytest.raises(NotApplicable):
        world.write({"PKG-INFO": ""}).told(docs.test_icon_is_square_svg)


@pytest.mark.parametrize(
    ("file", "old", "new", "finding"),
    [
        (
            "metadata.yaml",
            "      10.0.0: {",
            "      8.0.0: {",
            "does not announce 10.0.0, a new major version",
        ),
        (
            "metadata.yaml",
            "2026-10-12",
            "2026-10-11",
            "upgradeDeadline of 10.0.0 is 2026-10-11, 6 days after its",
        ),
        (MIGRATIONS, "## Upgrading to 9.0.0", "## Older", f"{MIGRATIONS} has no section on 9.0.0"),
        (
            MIGRATIONS,
            "to 9.0.0\n",
            "to 9.0.0\n\n## Upgrading to 8.0.0\n",
            f"{MIGRATIONS}:9: 'Upgrading to 8.0.0' is of",
        ),
        (
            MIGRATIONS,
            GUIDE[24:],
            "## Upgrading to 9.0.0\n\n## Upgrading to 10.0.0\n",
            f"{MIGRATIONS}:5: 'Upgrading to 10.0.0' stands below 9.0.0, which is older",
        ),
    ],
)
def test_what_is_not_announced_is_told(file: str, old: str, new: str, finding: str, world: World) -> None:
    assert any(finding in one for one in world.change(file, old, new).announced())


def test_a_deadline_that_cannot_be_compared_is_told(world: World) -> None:
    world.change(DEMO, "| 2026-10-05 |", "| soon |")
    assert world.announced() == []
    seen = [one.summary for one in world.log.entries]
    assert "the deadline 2026-10-12 is not compared: no changelog has the day of the release" in seen


def test_without_a_guide_where_the_page_is_its_absence_is_told(world: World) -> None:
    (told,) = world.write({MIGRATIONS: None}).announced()
    assert f"there is no {MIGRATIONS}" in told


def test_the_deadline_of_an_older_release_and_today_fail_nothing(world: World) -> None:
    world.change("metadata.yaml", 'upgradeDeadline: "2026-08-12"', 'upgradeDeadline: "2020-01-01"')
    assert world.announced() == []


@pytest.mark.parametrize("version", ["1.0.0", "10.1.0", "10.0.1", "11.0.0-rc.1", "0.1.0", "next"])
def test_only_a_new_major_version_needs_an_announcement(version: str, world: World) -> None:
    text = METADATA[: METADATA.index("  releases")].replace("10.0.0", version)
    with pytest.raises(NotApplicable, match="is no new major one"):
        world.write({"metadata.yaml": text}).announced()


def test_a_first_stable_version_after_others_needs_one(world: World) -> None:
    text = METADATA[: METADATA.index("  releases")].replace("10.0.0", "1.0.0")
    world.write({"metadata.yaml": text, DEMO: PAGE.replace("| 9.0.0 |", "| 0.9.0 |")})
    assert any("does not announce 1.0.0" in one for one in world.announced())


def test_what_cannot_be_read_blocks(world: World) -> None:
    with pytest.raises(Blocked):
        world.write({"metadata.yaml": "a: *b"}).announced()
