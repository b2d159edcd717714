"""What dpone's own generator makes is taken as it is: its contracts load, and the command judges it."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from certify.contract import load_contract
from certify.errors import ContractError
from certify.model import IdKind, IdResult, Report, RuleResult, Status, Verdict, from_json
from tests.integration.published import interpreter_with

pytestmark = pytest.mark.real

#: Its scaffolds are the same from 0.5.0 to 0.88.0.
REQUIREMENT = "dpone>=0.5"

CAPABILITIES = ("source", "sink", "state")
TYPES = ("api", "database", "event", "file")
NATIVE = (
    *("stream_export", "file_export", "object_export"),
    *("stream_staging_load", "file_staging_load", "object_staging_load"),
)

#: Run in dpone's interpreter: its command once for each line of arguments. Starting it takes seconds.
GENERATE = """
import json, sys
from dpone.cli.main import main

for arguments in json.load(sys.stdin):
    try:
        main(["connectors", "scaffold", *arguments])
    except SystemExit as end:
        if end.code:
            raise
"""


@dataclass(frozen=True)
class Scaffold:
    """What is asked of the generator; nothing asked is its own choice: a source for an API."""

    name: str
    capabilities: tuple[str, ...] = ()
    connector_type: str | None = None
    native: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def arguments(self) -> list[str]:
        words = [self.name, *self.options]
        words += [word for one in self.capabilities for word in ("--capability", one)]
        words += ["--connector-type", self.connector_type] if self.connector_type else []
        words += [word for one in self.native for word in ("--native-capability", one)]
        return words


COMPLETE = Scaffold("demo_api", CAPABILITIES)
WITHOUT_CONTRACT = Scaffold("without_contract", options=("--no-certification",))
SCAFFOLDS = (
    COMPLETE,
    Scaffold("as_it_comes"),
    *(
        Scaffold("does_" + "_".join(some), some)
        for count in (1, 2)
        for some in itertools.combinations(CAPABILITIES, count)
    ),
    *(Scaffold(f"of_{one}", connector_type=one) for one in TYPES),
    *(Scaffold(f"native_{one}", native=(one,)) for one in NATIVE),
    Scaffold("everything", CAPABILITIES, "database", NATIVE),
)


# --- dpone, in a place of its own -----------------------------------------------------------------------


@pytest.fixture(scope="session")
def dpone() -> Path:
    """An interpreter that has dpone."""
    return interpreter_with("dpone", [REQUIREMENT])


@pytest.fixture(scope="session")
def generated(dpone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every scaffold, as dpone wrote them."""
    folder = tmp_path_factory.mktemp("scaffolds")
    asked = [*SCAFFOLDS, WITHOUT_CONTRACT]
    subprocess.run(
        [dpone, "-I", "-c", GENERATE],
        input=json.dumps([[*one.arguments, "--root", str(folder)] for one in asked]),
        cwd=folder,
        text=True,
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


def place(generated: Path, scaffold: Scaffold) -> Path:
    return generated / f"dpone-connector-{scaffold.name.replace('_', '-')}"


# --- its contracts load as they are ---------------------------------------------------------------------


@pytest.mark.parametrize("scaffold", SCAFFOLDS, ids=lambda scaffold: scaffold.name)
def test_a_generated_contract_loads_unchanged_and_claims_what_was_asked(
    scaffold: Scaffold, generated: Path
) -> None:
    root = place(generated, scaffold)
    contract = load_contract(root)
    assert contract.system == "dpone"
    assert contract.connector == scaffold.name
    assert contract.connector_type == (scaffold.connector_type or "api")
    assert set(contract.capabilities) == set(scaffold.capabilities or ("source",))
    assert set(contract.native_transfer) == set(scaffold.native)
    raw = (root / "certification" / "certification.yaml").read_bytes()
    assert contract.digest == "sha256:" + hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize("scaffold", SCAFFOLDS, ids=lambda scaffold: scaffold.name)
def test_every_value_of_a_generated_contract_reaches_its_place(scaffold: Scaffold, generated: Path) -> None:
    root = place(generated, scaffold)
    written = yaml.safe_load((root / "certification" / "certification.yaml").read_text("utf-8"))
    contract = load_contract(root)
    assert written.pop("contract_version") == "1"
    assert contract.status == written.pop("status")
    assert contract.connector == written.pop("connector")
    assert contract.connector_type == written.pop("connector_type")
    assert contract.quality_gates == written.pop("quality_gates")
    assert contract.native_transfer == written.pop("native_transfer", {"capabilities": {}})["capabilities"]
    for name, claim in written.pop("capabilities").items():
        read = contract.capabilities[name]
        assert list(read.strategies) == claim.pop("strategies")
        assert list(read.required_tests) == claim.pop("required_tests")
        assert read.schema_evolution == claim.pop("schema_evolution", None)
        assert read.staging_first == claim.pop("staging_first", False)
        assert claim == {}, "nothing else is written under a capability"
    for section in ("performance", "evidence"):
        for key, value in written.pop(section).items():
            assert getattr(getattr(contract, section), key) == value
    assert written == {}, "nothing else is written"


def test_a_scaffold_without_certification_has_no_contract(generated: Path) -> None:
    with pytest.raises(ContractError, match=r"no certification/certification\.yaml in it"):
        load_contract(place(generated, WITHOUT_CONTRACT))


# --- and the command judges them ------------------------------------------------------------------------


@dataclass(frozen=True)
class Judged:
    """What the command did with a connector: exit code, complaints, report, and its tree before and after."""

    code: int
    complaints: str
    report: Report
    before: dict[str, str]
    after: dict[str, str]


def listing(root: Path) -> dict[str, str]:
    """Everything below a folder, files by digest."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in root.rglob("*")
    }


def judge(scaffold: Path, folder: Path, rename: bool = False) -> Judged:
    """Run the real command on a copy of a scaffold; `rename` gives its example the name it lacks."""
    root, out = folder / "connector", folder / "out"
    shutil.copytree(scaffold, root)
    if rename:
        (example,) = (root / "examples").iterdir()
        example.write_text(f"name: {example.stem}\n{example.read_text()}")
    before = listing(root)
    done = subprocess.run(
        [sys.executable, "-m", "certify", "-C", root, "--artifact-dir", out],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    report = from_json((out / "certification_report.json").read_bytes())
    return Judged(done.returncode, done.stderr, report, before, listing(root))


@pytest.fixture(scope="session")
def judged(generated: Path, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Source, sink and state, freshly generated and untouched."""
    return judge(place(generated, COMPLETE), tmp_path_factory.mktemp("judged"))


@pytest.fixture
def report(judged: Judged) -> Report:
    return judged.report


def rule(report: Report, name: str) -> RuleResult:
    return next(one for one in report.rules if one.id == name)


def of_id(report: Report, name: str) -> list[IdResult]:
    """An id, once for each capability that names it."""
    found = [one for one in report.ids if one.id == name]
    assert found, f"{name} is not in the report"
    return found


def test_an_untouched_scaffold_is_not_certified(judged: Judged) -> None:
    assert (judged.code, judged.complaints) == (1, "")
    assert (judged.report.verdict, judged.report.exit_code) == (Verdict.NOT_CERTIFIED, 1)


def test_its_import_is_safe(report: Report) -> None:
    assert [one.status for one in of_id(report, "import_safety")] == [Status.PASSED] * 3
    assert rule(report, "imports_cleanly").evidence


def test_its_example_lacks_a_name_and_is_told_how_to_get_one(report: Report) -> None:
    broken = rule(report, "examples_parse")
    assert broken.status is Status.FAILED
    (finding,) = broken.findings
    assert str(finding.location) == "examples/demo_api_to_postgres.yaml:1"
    assert finding.message == "the manifest has no 'name'"
    assert finding.fix == "add `name: …` at the top level of examples/demo_api_to_postgres.yaml"
    assert {one.status for one in of_id(report, "manifest_validation")} == {Status.FAILED}
    assert {one.status for one in of_id(report, "manifest_examples_parse")} == {Status.FAILED}
    assert "examples_parse" in [reason.id for reason in report.reasons]


def test_given_the_name_its_example_is_accepted(generated: Path, tmp_path: Path) -> None:
    named = judge(place(generated, COMPLETE), tmp_path, rename=True).report
    assert rule(named, "examples_parse").status is Status.PASSED
    assert {one.status for one in of_id(named, "manifest_examples_parse")} == {Status.PASSED}


def test_every_id_of_its_contract_is_in_the_report(report: Report, generated: Path) -> None:
    contract = load_contract(place(generated, COMPLETE))
    expected = [
        *(
            (name, IdKind.REQUIRED_TEST, capability)
            for capability, claim in contract.capabilities.items()
            for name in claim.required_tests
        ),
        *((gate, IdKind.GATE, None) for gate, asked in contract.quality_gates.items() if asked),
        ("benchmark_required", IdKind.BENCHMARK, None),
    ]
    assert len(expected) == 27
    assert [(one.id, one.kind, one.capability) for one in report.ids] == expected


@pytest.mark.parametrize(
    "name",
    [
        *("full_refresh_extract", "incremental_append_extract", "schema_inference", "staging_first_load"),
        *("full_refresh_load", "incremental_append_load", "incremental_merge_load", "replace_load"),
        *("schema_evolution_contracts", "quality_contracts", "state_read_write_round_trip"),
        *("state_commit_after_success", "state_no_advance_after_failure", "benchmark_required"),
    ],
)
def test_what_nothing_can_exercise_is_unverified_with_the_lines_to_add(name: str, report: Report) -> None:
    for one in of_id(report, name):
        assert one.status is Status.UNVERIFIED
        assert one.message
        assert set(yaml.safe_load(one.needs)) <= {"subject", "replay", "target", "evidence"}


def test_nothing_passed_that_did_not_run(report: Report) -> None:
    ran = {one.id: one.status for one in report.rules}
    for one in report.rules:
        assert one.items, f"{one.id} left no item"
        assert one.evidence or one.status is not Status.PASSED, f"{one.id} passed on nothing"
    for named in report.ids:
        if named.status is Status.PASSED:
            assert {ran.get(name) for name in named.rules} <= {Status.PASSED, Status.NOT_APPLICABLE}


def test_its_tree_is_left_as_it_was(judged: Judged) -> None:
    assert judged.after == judged.before
    generated_by_tools = {"__pycache__", ".pytest_cache", ".hypothesis", ".benchmarks", "test_artifacts"}
    assert not [name for name in judged.after if generated_by_tools & set(Path(name).parts)]


# --- certify init ---------------------------------------------------------------------------------------


def drafted(root: Path, folder: Path) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A copy of a scaffold, and how `certify init` ended on it."""
    copy = Path(shutil.copytree(root, folder / "scaffold"))
    command = [sys.executable, "-m", "certify", "init", "-C", str(copy)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return copy, done


def test_no_other_contract_is_drafted_for_a_scaffold(generated: Path, tmp_path: Path) -> None:
    copy, done = drafted(place(generated, COMPLETE), tmp_path)
    assert done.returncode == 2
    assert "is there already, as dpone's scaffold writes it: certify takes it unchanged" in done.stderr
    assert listing(copy) == listing(place(generated, COMPLETE))


def test_a_scaffold_without_a_contract_gets_one_and_a_verdict(generated: Path, tmp_path: Path) -> None:
    copy, done = drafted(place(generated, WITHOUT_CONTRACT), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    contract = load_contract(copy)
    assert (contract.connector, contract.system) == (WITHOUT_CONTRACT.name, "dpone")
    assert contract.subject.package == f"dpone_connector_{WITHOUT_CONTRACT.name}"
    assert list(contract.capabilities) == ["source"]
    judged = judge(copy, tmp_path)
    assert judged.report.verdict is Verdict.NOT_CERTIFIED, "its example has no name"
    assert rule(judged.report, "contract_is_valid").status is Status.PASSED
