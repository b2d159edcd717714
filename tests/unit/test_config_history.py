"""The last release's schema, from git's tags or the author's snapshot, and the version decide together."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from certify.repository import Repository
from certify.repository.config.document import ConfigFile, read_config
from certify.repository.config.history import SNAPSHOT, examine_compatibility
from certify.repository.project.releases import Releases
from certify.rules import NotApplicable, Unverified

FILE = "src/demo/config.schema.json"


def a_schema(maximum: int) -> dict[str, Any]:
    return {"properties": {"size": {"type": "integer", "maximum": maximum}}}


class Connector:
    """A repository whose schema changes from release to release."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet")

    def git(self, *arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(self.root), *who, *arguments], check=True, capture_output=True)

    def write(self, file: str, value: Any) -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value, indent=1))

    def release(self, tag: str, value: Any, file: str = FILE) -> None:
        self.write(file, value)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", tag)
        self.git("tag", tag)

    def examined(self, version: str | None, file: str = FILE, folder: str = ".") -> tuple[str, list[str]]:
        """What was compared, and the findings."""
        repository = Repository(self.root / folder)
        schema = read_config(repository, file)
        examined = examine_compatibility(schema, Releases(repository, ("demo",)), version)
        return examined.seen[0], [f"{one.location}: {one.message}" for one in examined.findings]


@pytest.fixture
def connector(tmp_path: Path) -> Connector:
    return Connector(tmp_path)


REFUSED = f"{FILE}:5: a configuration that sets `size: 9` is refused now: at most 5 (not so in 1.1.0)"


@pytest.mark.parametrize("tags", [("v1.0.0", "v1.1.0"), ("1.0.0", "1.1.0"), ("demo-1.0.0", "demo-1.1.0")])
def test_the_highest_tag_below_the_version_is_what_counts(
    tags: tuple[str, str], connector: Connector
) -> None:
    connector.release(tags[0], a_schema(99))
    connector.release(tags[1], a_schema(9))
    connector.write(FILE, a_schema(5))
    seen, told = connector.examined("1.2.0")
    assert seen.startswith(f"compared {FILE} with tag {tags[1]} (1.1.0)")
    assert told == [REFUSED]


def test_the_release_itself_is_compared_with_the_one_before(connector: Connector) -> None:
    connector.release("v1.1.0", a_schema(9))
    connector.release("v1.2.0", a_schema(5))
    assert connector.examined("1.2.0")[1] == [REFUSED]
    assert connector.examined("1.3.0")[1] == []


@pytest.mark.parametrize(
    ("before", "now", "may_break"),
    [
        ("1.1.0", "1.1.1", False),
        ("1.1.0", "1.2.0", False),
        ("1.1.0", "2.0.0", True),
        ("1.1.0", "2.0.0rc1", True),
        ("0.1.0", "0.1.1", False),
        ("0.1.0", "0.2.0", True),
        ("0.9.0", "1.0.0", True),
    ],
)
def test_a_major_version_may_break_and_before_the_first_a_minor_one(
    before: str, now: str, may_break: bool, connector: Connector
) -> None:
    connector.release(f"v{before}", a_schema(9))
    connector.write(FILE, a_schema(5))
    seen, told = connector.examined(now)
    assert (told == []) is may_break
    assert ("1 breaking change" in seen) is may_break


def test_what_is_taken_as_before_is_fine(connector: Connector) -> None:
    connector.release("v1.1.0", a_schema(9))
    connector.write(FILE, a_schema(10))
    assert connector.examined("1.1.1") == (
        f"compared {FILE} with tag v1.1.0 (1.1.0): what it took is taken",
        [],
    )


def test_without_a_version_the_tag_at_head_is_the_version(connector: Connector) -> None:
    connector.release("v1.1.0", a_schema(9))
    connector.release("v1.2.0", a_schema(5))
    assert connector.examined(None)[1] == [REFUSED]


def test_without_any_version_a_breaking_change_cannot_be_judged(connector: Connector) -> None:
    connector.release("v1.1.0", a_schema(9))
    connector.release("other", a_schema(9))
    assert connector.examined(None)[1] == []
    connector.write(FILE, a_schema(5))
    with pytest.raises(Unverified, match="no version is stated"):
        connector.examined(None)


def test_without_an_earlier_release_there_is_nothing_to_break(connector: Connector) -> None:
    connector.write(FILE, a_schema(5))
    with pytest.raises(NotApplicable, match="no earlier release"):
        connector.examined("1.2.0")
    connector.release("v1.2.0", a_schema(5))
    with pytest.raises(NotApplicable, match="no earlier release"):
        connector.examined("1.2.0")


@pytest.mark.parametrize("content", ["not json", "[]", '{"a": 1, "a": 2}'])
def test_an_earlier_schema_that_cannot_be_read_breaks_nothing(content: str, connector: Connector) -> None:
    connector.release("v1.1.0", content)
    connector.write(FILE, a_schema(5))
    with pytest.raises(NotApplicable, match=r"v1\.1\.0"):
        connector.examined("1.2.0")


def test_a_release_without_a_schema_promised_nothing(connector: Connector) -> None:
    connector.release("v1.1.0", "x", file="README.md")
    connector.write(FILE, a_schema(5))
    with pytest.raises(NotApplicable, match=rf"v1\.1\.0 has no {FILE}"):
        connector.examined("1.2.0")


def test_a_schema_inside_a_file_is_compared_with_the_same_part(connector: Connector) -> None:
    connector.release("v1.1.0", {"connectionSpecification": a_schema(9)}, file="spec.json")
    connector.write("spec.json", {"connectionSpecification": a_schema(5)})
    repository = Repository(connector.root)
    read = read_config(repository, "spec.json")
    schema = ConfigFile(read.file, read.document, ("connectionSpecification",))
    (finding,) = examine_compatibility(schema, Releases(repository, ()), "1.2.0").findings
    assert str(finding.location) == "spec.json:6"


def test_in_a_repository_of_several_only_tags_with_the_connectors_name_count(connector: Connector) -> None:
    connector.release("v1.1.0", a_schema(9), file=f"demo/{FILE}")
    connector.write(f"demo/{FILE}", a_schema(5))
    with pytest.raises(NotApplicable):
        connector.examined("1.2.0", folder="demo")
    connector.git("tag", "demo-v1.1.0")
    assert connector.examined("1.2.0", folder="demo")[1] == [REFUSED]


def test_a_snapshot_stands_for_tags_that_are_not_there(tmp_path: Path) -> None:
    connector = Connector(tmp_path)
    connector.write(SNAPSHOT, a_schema(9) | {"x-version": "1.1.0"})
    connector.write(FILE, a_schema(5))
    seen, told = connector.examined("1.2.0")
    assert seen == f"compared {FILE} with {SNAPSHOT} (1.1.0)"
    assert told == [REFUSED]


def test_the_later_of_snapshot_and_tag_counts(connector: Connector) -> None:
    connector.release("v1.1.0", a_schema(9))
    connector.write(SNAPSHOT, a_schema(5) | {"x-version": "1.2.0"})
    connector.write(FILE, a_schema(5))
    assert connector.examined("1.2.0")[1] == []
    connector.write(SNAPSHOT, a_schema(5) | {"x-version": "1.0.0"})
    assert connector.examined("1.2.0")[1] == [REFUSED]


@pytest.mark.parametrize(
    ("snapshot", "reason"),
    [
        (a_schema(9), "does not say of which release it is"),
        (a_schema(9) | {"x-version": "latest"}, "does not say of which release it is"),
        (a_schema(9) | {"x-version": "1.3.0"}, r"is of 1\.3\.0, which comes after 1\.2\.0"),
        ("not json", "cannot be read"),
        ([], "does not say of which release it is"),
    ],
)
def test_a_snapshot_that_cannot_be_used_decides_nothing(
    snapshot: Any, reason: str, connector: Connector
) -> None:
    connector.release("v1.1.0", a_schema(9))
    connector.write(SNAPSHOT, snapshot)
    with pytest.raises(Unverified, match=reason):
        connector.examined("1.2.0")


def test_a_schema_too_large_to_compare_is_not_judged(connector: Connector) -> None:
    steps = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
    bomb = {"$ref": "#/$defs/d0", "$defs": steps | {"d40": {"type": "integer"}}}
    connector.release("v1.1.0", bomb)
    connector.write(FILE, bomb | {"title": "x"})
    with pytest.raises(Unverified, match="is not compared with"):
        connector.examined("1.2.0")
