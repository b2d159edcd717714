"""What a catalog no longer has is told; what is new or wider is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from certify import NotApplicable
from certify.repository import Repository
from certify.repository.project.catalog_snapshot import CATALOG, find_catalog_snapshot
from certify.repository.project.releases import Releases
from certify_suites.catalog_changes import breaking_changes
from tests.unit.packaging_projects import git

PROPERTIES: dict[str, Any] = {
    "id": {"type": "integer"},
    "at": {"type": ["string", "null"], "format": "date-time"},
    "price": {"anyOf": [{"type": "number"}, {"type": "null"}]},
    "buyer": {"type": "object", "properties": {"name": {"type": "string"}}},
    "tags": {"type": "array", "items": {"type": "string"}},
    "note": {},
}


def of_airbyte(properties: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    stream = {
        "name": "orders",
        "json_schema": {"type": "object", "properties": PROPERTIES | (properties or {})},
        "supported_sync_modes": ["full_refresh", "incremental"],
        "source_defined_primary_key": [["id"]],
        "default_cursor_field": ["at"],
    }
    return {"streams": [stream | changed]}


def of_singer(**changed: Any) -> dict[str, Any]:
    said = {"table-key-properties": ["id"], "valid-replication-keys": ["at", "id"]} | changed
    schema = {"type": "object", "properties": PROPERTIES}
    entry = {"breadcrumb": [], "metadata": said}
    return {"streams": [{"tap_stream_id": "orders", "schema": schema, "metadata": [entry]}]}


def told(before: dict[str, Any], now: dict[str, Any], system: str = "airbyte") -> list[str]:
    return [said for said, _ in breaking_changes(before, now, system)]


@pytest.mark.parametrize(
    "now",
    [
        of_airbyte(),
        of_airbyte({"id": {"type": "number"}}),
        of_airbyte({"id": {"type": ["integer", "null"]}, "new": {"type": "string"}}),
        of_airbyte({"id": {}}),
        of_airbyte({"buyer": {"$ref": "#/definitions/buyer"}}),
        {"streams": [*of_airbyte()["streams"], {"name": "refunds"}]},
    ],
)
def test_what_is_new_or_wider_breaks_nothing(now: dict[str, Any]) -> None:
    assert told(of_airbyte(), now) == []


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"streams": []}, "stream orders is gone"),
        (of_airbyte({"id": {"type": "string"}}), "stream orders: id is string"),
        (of_airbyte({"at": {"type": "string", "format": "date-time"}}), "stream orders: at is string"),
        (of_airbyte({"at": {"type": ["string", "null"]}}), "stream orders: the format of at is none"),
        (of_airbyte({"price": {"type": ["integer", "null"]}}), "stream orders: price is integer, null"),
        (of_airbyte({"note": {"type": "string"}}), "stream orders: note is string"),
        (of_airbyte({"buyer": {"type": "object"}}), "stream orders: property buyer.name is gone"),
        (
            of_airbyte({"tags": {"type": "array", "items": {"type": "integer"}}}),
            "stream orders: tags[] is integer",
        ),
        (of_airbyte(source_defined_primary_key=[["id"], ["at"]]), "stream orders: its primary key is at, id"),
        (of_airbyte(source_defined_primary_key=None), "stream orders: its primary key is none"),
        (of_airbyte(default_cursor_field=["id"]), "stream orders: its cursor field is no longer at"),
        (
            of_airbyte(supported_sync_modes=["full_refresh"]),
            "stream orders: its sync mode is no longer incremental",
        ),
    ],
)
def test_what_is_gone_or_narrower_is_told(now: dict[str, Any], said: str) -> None:
    assert told(of_airbyte(), now) == [said]


def test_of_a_property_that_is_gone_its_parts_are_not_told() -> None:
    now = of_airbyte()
    now["streams"][0]["json_schema"] = {"properties": {k: v for k, v in PROPERTIES.items() if k != "buyer"}}
    assert told(of_airbyte(), now) == ["stream orders: property buyer is gone"]


def test_keys_of_a_tap_are_those_of_its_metadata() -> None:
    assert told(of_singer(), of_singer(), "singer") == []
    now = of_singer(**{"table-key-properties": ["at"], "valid-replication-keys": ["id"]})
    assert told(of_singer(), now, "singer") == [
        "stream orders: its primary key is at",
        "stream orders: its cursor field is no longer at",
    ]


def test_without_a_history_the_snapshot_is_the_one_in_the_tree(tmp_path: Path) -> None:
    releases = Releases(Repository(tmp_path), ("demo",))
    with pytest.raises(NotApplicable, match="neither here nor in the last release"):
        find_catalog_snapshot(releases, None)
    (tmp_path / CATALOG).parent.mkdir()
    (tmp_path / CATALOG).write_bytes(b'{"streams": []}')
    found = find_catalog_snapshot(Releases(Repository(tmp_path), ("demo",)), None)
    assert (found.content, found.source, found.release) == (b'{"streams": []}', CATALOG, None)


def test_the_last_release_below_the_version_has_the_snapshot_that_counts(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / CATALOG).parent.mkdir()
    for tag in ("v1.0.0", "v1.1.0"):
        (tmp_path / CATALOG).write_text(tag, encoding="utf-8")
        git(tmp_path, "add", "--all")
        git(tmp_path, "commit", "-q", "-m", tag)
        git(tmp_path, "tag", tag)
    (tmp_path / CATALOG).write_text("of tomorrow", encoding="utf-8")
    found = find_catalog_snapshot(Releases(Repository(tmp_path), ("demo",)), Version("1.1.0"))
    assert (found.content, found.source) == (b"v1.0.0", f"{CATALOG} of v1.0.0")
    assert found.release is not None
    assert found.release.may_be_broken_by(Version("2.0.0"))
