"""metadata.yaml: what the registry asks for is asked for, with its line, whatever else the file holds."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify import EvidenceLog, RuleBroken
from certify.repository import Repository
from certify.repository.airbyte.breaking import Announcement
from certify.repository.airbyte.documentation import page_names
from certify.repository.airbyte.metadata import Metadata, metadata_findings, read_metadata
from certify.repository.config.document import ConfigFile, parse_config
from certify.repository.schemas import MAX_FINDINGS
from certify_suites import airbyte

GOOD = """\
metadataSpecVersion: "1.0"
data:
  name: Demo
  definitionId: 0f6b6a3e-90a5-4d4e-8f5c-3a3b0d1f9c11
  connectorType: source
  connectorSubtype: api
  dockerRepository: airbyte/source-demo
  dockerImageTag: 1.2.0-rc.1
  documentationUrl: https://docs.airbyte.com/integrations/sources/demo
  githubIssueLabel: source-demo
  license: ELv2
  releaseStage: alpha
  tags: [language:python]
  somethingNew: {deep: [1, 2]}
"""


def metadata(text: str) -> Metadata:
    return Metadata(ConfigFile("metadata.yaml", parse_config(text.encode(), "metadata.yaml")))


def told(text: str) -> list[str]:
    return [f"{one.location}: {one.message}" for one in metadata_findings(metadata(text))]


def test_what_is_complete_passes_whatever_else_it_holds(tmp_path: Path) -> None:
    (tmp_path / "metadata.yaml").write_text(GOOD, encoding="utf-8")
    read = read_metadata(Repository(tmp_path))
    assert read is not None
    evidence = EvidenceLog()
    airbyte.test_metadata_is_valid(read, evidence)
    assert [one.summary for one in evidence.entries] == ["read metadata.yaml: source-demo 1.2.0-rc.1"]


@pytest.mark.parametrize(
    ("good", "bad", "finding"),
    [
        ("  name: Demo\n", "", "2: data.name: required key is missing; add 'name: …'"),
        ("name: Demo", "name: ''", "3: data.name: expected a text, found ''"),
        ("0f6b6a3e-", "0f6b6a3e", "4: data.definitionId: expected a UUID, as `uuidgen` makes it, found"),
        (
            "connectorType: source",
            "connectorType: sorce",
            "5: data.connectorType: expected one of source, dest",
        ),
        ("Subtype: api", "Subtype: rest", "6: data.connectorSubtype: expected one of api, database"),
        (
            "source-demo\n",
            "source-demo:dev\n",
            "7: data.dockerRepository: expected the name of an image with",
        ),
        ("1.2.0-rc.1", "1.2", "8: data.dockerImageTag: expected text, found 1.2"),
        ("1.2.0-rc.1", "latest", "8: data.dockerImageTag: expected a semantic version X.Y.Z, found 'latest'"),
        ("https://docs", "docs", "9: data.documentationUrl: expected an address, https://…, found"),
        ("alpha", "gamma", "12: data.releaseStage: expected one of alpha, beta, generally_available, custom"),
        (
            "[language:python]",
            "[python, language:python]",
            "13: data.tags[0]: expected a pair KEY:VALUE, found 'python'",
        ),
        ("[language:python]", "[cdk:none]", "13: data.tags: no tag says in which language"),
        ("[language:python]", "language:python", "13: data.tags: expected a list, found 'language:python'"),
        ("[language:python]", "[language:python]\n  releaseDate: 2026-02-30", "is no day of the calendar"),
        (
            "  tags",
            "  releases: {breakingChanges: {2.0.0: {message: …}}}\n  tags",
            "13: data.releases.breakingChanges.2.0.0.upgradeDeadline: required key is missing",
        ),
        (
            "  tags",
            "  releases: {breakingChanges: {two: {message: …, upgradeDeadline: 2026-12-01}}}\n  tags",
            "13: data.releases.breakingChanges: expected versions X.Y.Z, found 'two'",
        ),
        (
            "  tags",
            '  releases: {breakingChanges: {2.0.0: {message: …, upgradeDeadline: "2026-13-01"}}}\n  tags',
            "13: data.releases.breakingChanges.2.0.0.upgradeDeadline: 2026-13-01 is no day of the calendar",
        ),
        (
            "  tags",
            "  allowedHosts: {hosts: api.demo.example}\n  tags",
            "13: data.allowedHosts.hosts: expected a",
        ),
    ],
)
def test_what_the_registry_refuses_is_told_with_its_line(good: str, bad: str, finding: str) -> None:
    assert good in GOOD
    (one,) = told(GOOD.replace(good, bad, 1))
    assert finding in one


def test_each_missing_field_is_told_once() -> None:
    found = told("metadataSpecVersion: '1.0'\ndata: {tags: [language:java]}\n")
    assert len(found) == len(set(found)) == 10


@pytest.mark.parametrize("text", ["[]", "text", "12", "null"])
def test_what_holds_no_keys_is_told_so(text: str) -> None:
    assert told(text) == ["metadata.yaml:1: holds no keys"]


#: A billion laughs, an alias of itself, a tag that would build an object, text without end.
HOSTILE = {
    "entities": "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcd", "bcde", strict=True)
    ),
    "itself": "data: &a {name: *a}\n",
    "object": "data: !!python/object/apply:os.system ['true']\n",
    "deep": "data: " + "[" * 500 + "]" * 500,
    "long": "data: {name: '" + "x" * 300_000 + "'}\n",
    "twice": GOOD + GOOD,
    "no text": "\x00\x01",
    "number": "data: {name: " + "9" * 5000 + "}\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_one_finding_in_a_moment(name: str, tmp_path: Path) -> None:
    (tmp_path / "metadata.yaml").write_text(HOSTILE[name], encoding="utf-8")
    read = read_metadata(Repository(tmp_path))
    assert read is not None
    with pytest.raises(RuleBroken) as raised:
        airbyte.test_metadata_is_valid(read, EvidenceLog())
    (finding,) = raised.value.findings
    assert finding.location
    assert len(finding.message) <= 310
    assert (read.name, read.version, read.breaking_changes, page_names(read)) == ("", "", {}, ())


def test_one_that_nobody_can_read_to_its_end_is_a_finding(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "metadata.yaml")
    read = read_metadata(Repository(tmp_path))
    assert read is not None
    assert [one.message for one in metadata_findings(read)] == ["cannot be read"]


def test_findings_have_a_bound() -> None:
    tags = "".join("\n    - x" for _ in range(10_000))
    assert len(told(GOOD.replace("tags: [language:python]", f"tags:{tags}"))) <= MAX_FINDINGS + 1


_KEYS = [
    *(
        "name",
        "definitionId",
        "connectorType",
        "dockerRepository",
        "dockerImageTag",
        "documentationUrl",
        "tags",
    ),
    *(
        "allowedHosts",
        "hosts",
        "suggestedStreams",
        "releases",
        "breakingChanges",
        "2.0.0",
        "1e9",
        "upgradeDeadline",
    ),
    *(
        "ab_internal",
        "sl",
        "remoteRegistries",
        "pypi",
        "connectorBuildOptions",
        "supportLevel",
        "releaseDate",
    ),
]
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("aé1.:/- ", max_size=8)
    | st.sampled_from(["source", "2.0.0", "2026-12-01", "airbyte/source-demo", "https://a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(_KEYS), _VALUES))
def test_wrong_types_anywhere_are_findings_and_nothing_breaks(data: dict[str, Any]) -> None:
    read = metadata(json.dumps({"metadataSpecVersion": "1.0", "data": data}))
    assert all(one.location and one.expected for one in metadata_findings(read))
    assert read.kind in ("", "source", "destination")
    assert read.has_prescribed_page in (True, False)
    assert all(name.startswith("docs/") for name in page_names(read))
    assert all(one.location for one in Announcement(read, None, None, None).findings())
