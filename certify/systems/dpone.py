"""dpone: connectors scaffolded by `dpone connectors scaffold`, and the ids that their contracts name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NoReturn

from certify.contract.document import Document, read_document
from certify.errors import ContractError
from certify.model import Finding, Location
from certify.repository.docs import Page, heading_defects
from certify.rules import PlatformId, Unverified
from certify.subject import Example
from certify.systems.python import PythonConnector

MANIFEST = "dpone_connector_manifest.json"


class DponeConnector(PythonConnector):
    """Reads `dpone_connector_manifest.json` and manifests of the form source → sink."""

    @cached_property
    def manifest(self) -> Document | None:
        """Its connector manifest; None when there is none. JSON is YAML, and so has lines."""
        path = self.root / MANIFEST
        return read_document(path, MANIFEST) if path.exists() else None

    def import_name(self) -> str | None:
        """`import_package` of the connector manifest, unless the contract names another."""
        named = self.contract.subject.package
        if named is not None:
            return named
        try:
            value = self.manifest.value if self.manifest else None
        except ContractError:
            return None
        name = value.get("import_package") if isinstance(value, dict) else None
        return name if isinstance(name, str) else None

    def public_names(self) -> dict[str, str | frozenset[str]]:
        """`CONNECTOR_NAME` and `CAPABILITIES`."""
        return {
            "CONNECTOR_NAME": self.contract.connector,
            "CAPABILITIES": frozenset(self.contract.capabilities),
        }

    def without_examples(self) -> NoReturn:
        """Users of dpone start from an example: without one there is nothing to judge or copy."""
        name = self.contract.connector
        raise Unverified("there is no manifest example", f"# a file such as examples/{name}_to_postgres.yaml")

    def missing_fields(self, example: Example) -> tuple[str, ...]:
        """Dpone refuses a manifest without `name`, `source` or `sink`."""
        return tuple(key for key in ("name", "source", "sink") if not example.value.get(key))

    def sides(self, example: Example) -> dict[str, str | None]:
        """`source`, `sink` or `state` where its `type` is this connector; the mode stands at the sink."""
        mode = _inside(example.value, "sink", "strategy", "mode")
        return {
            side: mode if isinstance(mode, str) and side != "state" else None
            for side in ("source", "sink", "state")
            if _inside(example.value, side, "type") == self.contract.connector
        }

    def page_defects(self, page: Page) -> Iterator[Finding]:
        """One title, and headings that skip no level."""
        return heading_defects(page)

    def declared(self) -> dict[str, tuple[Location, Any]]:
        """Name, type and capabilities in the connector manifest."""
        manifest = self.manifest
        if manifest is None:
            return {}
        if not isinstance(manifest.value, dict):
            raise ContractError(f"{MANIFEST}:1: expected an object with the key 'connector'")
        keys = ("connector", "connector_type", "capabilities")
        return {
            key: (Location(MANIFEST, manifest.line((key,))), manifest.value[key])
            for key in keys
            if key in manifest.value
        }


def _inside(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


_DRIVE_SOURCE = """\
subject:
  source: "your_package.source:make_source"
replay:
  cassettes: certification/cassettes
"""
_DRIVE_SINK = """\
subject:
  sink: "your_package.sink:make_sink"
target:
  url: sqlite:///{tmp}/target.db
  table: your_table
"""
_DRIVE_STATE = """\
subject:
  state: "your_package.state:make_state"
target:
  url: sqlite:///{tmp}/target.db
"""
_DRIVE_PIPELINE = """\
subject:
  sink: "your_package.sink:make_sink"
  state: "your_package.state:make_state"
target:
  url: sqlite:///{tmp}/target.db
  table: your_table
"""
_CHECK_QUALITY = f"""\
{_DRIVE_SINK}  quality: certification/quality.yaml
"""

#: What each of dpone's names means when it is executed: a set of rules, and the lines they need.
PLATFORM_IDS = {
    one.id: one
    for one in (
        PlatformId(
            "import_safety",
            (
                "imports_cleanly",
                "optional_dependencies_are_optional",
                "clients_are_injected",
                "public_names_match_contract",
            ),
        ),
        PlatformId(
            "manifest_validation", ("examples_parse", "examples_name_connector", "one_example_per_strategy")
        ),
        PlatformId(
            "schema_inference",
            ("schema_is_stable", "rows_match_schema", "wide_and_odd_values"),
            _DRIVE_SOURCE,
        ),
        PlatformId(
            "full_refresh_extract",
            ("full_read_is_complete", "full_read_repeats", "primary_keys_are_unique"),
            _DRIVE_SOURCE,
        ),
        PlatformId(
            "incremental_append_extract",
            ("incremental_reads_past_cursor", "second_read_is_empty", "resume_from_every_checkpoint"),
            _DRIVE_SOURCE,
        ),
        PlatformId(
            "staging_first_load",
            ("partial_load_is_never_visible", "killed_load_leaves_target_unchanged", "no_leftovers"),
            _DRIVE_SINK,
        ),
        PlatformId(
            "full_refresh_load", ("full_refresh_equals_model", "repeated_load_is_idempotent"), _DRIVE_SINK
        ),
        PlatformId(
            "incremental_append_load", ("append_only_appends", "repeated_load_is_idempotent"), _DRIVE_SINK
        ),
        PlatformId(
            "incremental_merge_load",
            ("merge_is_idempotent", "merge_refuses_bad_keys", "repeated_load_is_idempotent"),
            _DRIVE_SINK,
        ),
        PlatformId("replace_load", ("replace_keeps_the_rest", "repeated_load_is_idempotent"), _DRIVE_SINK),
        PlatformId(
            "schema_evolution_contracts",
            ("nullable_column_is_carried", "breaking_change_is_refused"),
            _DRIVE_SINK,
        ),
        PlatformId("quality_contracts", ("violations_are_rejected_before_finalization",), _CHECK_QUALITY),
        PlatformId(
            "run_artifact_evidence",
            ("run_artifact_is_sound",),
            "evidence:\n  run_artifact: .dpone/runs/RUN_ID/run.json\n",
        ),
        PlatformId("state_read_write_round_trip", ("state_round_trips",), _DRIVE_STATE),
        PlatformId("state_commit_after_success", ("state_follows_commit",), _DRIVE_PIPELINE),
        PlatformId("state_no_advance_after_failure", ("failure_keeps_state",), _DRIVE_PIPELINE),
        # The gates and the benchmark are ids too.
        PlatformId("unit_tests", ("own_tests_pass",)),
        PlatformId("manifest_examples_parse", ("examples_parse",)),
        PlatformId("docs_present", ("docs_exist", "docs_structure", "runbooks_cover")),
        PlatformId(
            "run_artifacts_present",
            ("run_artifact_is_sound",),
            "evidence:\n  run_artifact: .dpone/runs/RUN_ID/run.json\n",
        ),
        PlatformId(
            "secret_redaction",
            ("no_canary_in_output", "no_canary_in_loads", "no_secret_in_cassettes"),
            _DRIVE_SOURCE,
        ),
        PlatformId("benchmark_required", ("throughput", "memory_is_flat"), _DRIVE_SOURCE),
        # What a native transfer claims, by its role. That an export can be checked against a checksum, and
        # cleans up after itself, only tests of the connector's own can show: certify drives none.
        PlatformId("export.bounded", ("memory_is_flat",), _DRIVE_SOURCE),
        PlatformId("export.supports_checksum", ()),
        PlatformId("export.supports_cleanup", ()),
        PlatformId(
            "staging_load.staging_safe",
            ("partial_load_is_never_visible", "killed_load_leaves_target_unchanged"),
            _DRIVE_SINK,
        ),
        PlatformId("staging_load.supports_abort", ("killed_load_leaves_target_unchanged",), _DRIVE_SINK),
        PlatformId("staging_load.supports_cleanup", ("no_leftovers",), _DRIVE_SINK),
        PlatformId("staging_load.supports_idempotency_key", ("repeated_load_is_idempotent",), _DRIVE_SINK),
    )
}
