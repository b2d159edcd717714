"""Contracts on disk: each valid one loads, each invalid one is refused with the line beside it.

A new example is a file: `contracts/valid/NAME.yaml`, or `contracts/invalid/NAME.yaml` with the exact error in
`NAME.errors.txt`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from certify.contract import document
from certify.contract.contract import Contract
from certify.contract.loader import contract_from
from certify.errors import ContractError

EXAMPLES = Path(__file__).with_name("contracts")
VALID = sorted((EXAMPLES / "valid").glob("*.yaml"))
INVALID = sorted((EXAMPLES / "invalid").glob("*.yaml"))

#: What is wrong here libyaml and PyYAML's own parser say in different words; the place is the same.
WORDED_BY_THE_PARSER = {"bad_indentation", "bracket_left_open", "directive_of_another_yaml"}


def load(path: Path) -> Contract:
    """An example as a contract; the connector's folder is not needed for that."""
    return contract_from(document.read_document(path, path.name), Path("/nowhere"))


def complaint(path: Path) -> str:
    with pytest.raises(ContractError) as caught:
        load(path)
    return str(caught.value)


def expected(path: Path) -> str:
    return path.with_suffix(".errors.txt").read_text("utf-8").rstrip("\n")


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both parsers of PyYAML: libyaml, and its own where libyaml is not there."""
    name: str = request.param
    if not hasattr(yaml, name):
        pytest.skip("this PyYAML was built without libyaml")
    monkeypatch.setattr(document, "_LOADER", getattr(yaml, name))
    return name


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_contract_is_loaded(path: Path, parser: str) -> None:
    assert load(path).connector == "demo_api"


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_contract_is_refused_in_the_line_beside_it(path: Path, parser: str) -> None:
    found, wanted = complaint(path), expected(path)
    if path.stem in WORDED_BY_THE_PARSER and parser == "SafeLoader":
        found, wanted = (line.partition("not YAML")[0] for line in (found, wanted))
    assert found == wanted


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_the_line_is_one_and_begins_with_the_file(path: Path) -> None:
    line = complaint(path)
    assert line.splitlines() == [line]
    assert line.startswith(path.name + ":")


def test_no_expectation_stands_without_its_contract() -> None:
    expectations = {path.name.removesuffix(".errors.txt") for path in EXAMPLES.glob("invalid/*.errors.txt")}
    assert expectations == {path.stem for path in INVALID}
    assert len(VALID) >= 10
    assert len(INVALID) >= 100


def test_merge_keys_give_way_to_the_keys_beside_them() -> None:
    claimed = load(EXAMPLES / "valid" / "merge_keys.yaml").capabilities
    assert claimed["source"].required_tests == ("import_safety",)
    assert claimed["sink"].required_tests == ("staging_first_load",)
    assert claimed["sink"].staging_first


def test_of_two_merged_mappings_the_first_wins() -> None:
    claimed = load(EXAMPLES / "valid" / "merge_keys.yaml").capabilities
    assert claimed["sink"].strategies == ("replace",)
    assert claimed["source"].strategies == ("full_refresh",)


def test_an_alias_stands_for_what_it_repeats() -> None:
    contract = load(EXAMPLES / "valid" / "aliases.yaml")
    assert contract.connector_type == "demo_api"
    assert contract.capabilities["sink"].required_tests == contract.capabilities["source"].required_tests


def test_every_key_reaches_its_place() -> None:
    contract = load(EXAMPLES / "valid" / "every_key.yaml")
    assert (contract.status, contract.connector_type, contract.system) == ("community", "api", "dpone")
    assert contract.strategies["sink"] == ("replace",)
    assert contract.capabilities["source"].schema_evolution == "emits_extract_schema"
    assert contract.quality_gates["run_artifacts_present"] is False
    assert contract.performance.wide_columns == 120
    assert contract.evidence.run_artifact == ".dpone/runs/1/run.json"
    assert contract.native_transfer["file_export"] == {"bounded": True, "formats": ["csv", "parquet"]}
    assert contract.subject.command == ("source-demo", "read")
    assert contract.subject.primary_keys == {"events": ("id",)}
    assert contract.subject.executable == {"importer": "dist/x"}
    assert (contract.replay.max_attempts, contract.replay.max_wait_seconds) == (6, 0.5)
    assert contract.target.table == "demo_api_events"
    assert (contract.target.rows, contract.target.replace_by) == ("certification/rows.json", "day")
    assert contract.target.batch_rows == 500
    assert contract.target.config == {"full_refresh": {"load_method": "overwrite"}}
    assert contract.policy.tier == "gold"
    assert contract.policy.sdk is not None
    assert contract.policy.sdk.major == 0


def test_what_is_private_stays_out_of_the_contract() -> None:
    contract = load(EXAMPLES / "valid" / "every_key.yaml")
    assert not [name for name in (*contract.capabilities, *contract.quality_gates) if name.startswith("x-")]


def test_a_date_without_quotes_is_a_day() -> None:
    (unquoted,) = load(EXAMPLES / "valid" / "every_key.yaml").waivers
    (quoted,) = load(EXAMPLES / "valid" / "waiver_with_quoted_date.yaml").waivers
    assert unquoted.expires == quoted.expires
    assert unquoted.expires.isoformat() == "2026-12-31"


def test_every_key_knows_its_line() -> None:
    contract = load(EXAMPLES / "valid" / "every_key.yaml")
    lines = (EXAMPLES / "valid" / "every_key.yaml").read_text("utf-8").splitlines()
    assert contract.at("replay", "max_attempts").line == lines.index("  max_attempts: 6") + 1
    assert contract.at("waivers", 0, "rule").line == lines.index("waivers:") + 2
    assert contract.at("target", "no such key").line == lines.index("target:") + 1
    assert str(contract.at("connector")) == "every_key.yaml:2"


def test_the_digest_is_of_the_bytes() -> None:
    one = load(EXAMPLES / "valid" / "smallest.yaml").digest
    other = load(EXAMPLES / "valid" / "document_markers_and_comments.yaml").digest
    assert one.startswith("sha256:")
    assert one != other
