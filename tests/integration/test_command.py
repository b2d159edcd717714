"""The command, as its users run it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from certify import __version__
from certify.cli.verification import verify_report
from certify.model import Report, Status, from_json

if TYPE_CHECKING:
    from tests.integration.conftest import Command, Connectors

    ReportIn = Callable[[Path], Report]
    StatusesIn = Callable[[Path], dict[str, Status]]

#: Breaks a rule that is quick to judge.
BROKEN = "print('hello')\n"
#: An import that goes on and on, standing still nowhere, up to the limit of 30 s.
ENDLESS = """
held = open(__file__)
while True:
    try:
        import nothing_of_this_name
    except ImportError:
        pass
"""
RECORD = "certification_report.json"
FILES = [
    *("attestation.json", "badge.json", "badge.svg"),
    *("certification.sarif", "certification_report.html", RECORD, "certification_report.md", "junit.xml"),
]
ESCAPE = "\x1b"
CERTIFY = str(Path(sys.executable).with_name("certify"))


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


# --- help, and what is no command ---------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_what_cannot_be_printed_is_told_in_a_line() -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run([CERTIFY, "rules"], stdout=full, stderr=subprocess.PIPE, check=False, text=True)
        deaf = subprocess.run([CERTIFY, "rules"], stdout=full, stderr=full, check=False)
    assert (ran.returncode, ran.stderr) == (2, "certify: no space is left for what is written\n")
    assert deaf.returncode == 2


def test_without_an_output_the_exit_code_tells() -> None:
    ran = subprocess.run(
        ["sh", "-c", '"$0" rules >&-', CERTIFY], stderr=subprocess.PIPE, check=False, text=True
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("asked", ["--help", "-h", "--version"])
def test_help_imports_neither_pytest_nor_yaml(asked: str, certify: Command) -> None:
    ran = certify(
        asked, program=(sys.executable, "-X", "importtime", Path(sys.executable).with_name("certify"))
    )
    assert ran.code == 0
    assert ("Usage: certify" if "h" in asked else f"certify {__version__}") in ran.out
    imported = {line.rpartition("|")[2].strip() for line in ran.err.splitlines()}
    assert "click" in imported
    assert {"pytest", "_pytest", "yaml", "rich"}.isdisjoint(imported)


def test_the_module_is_the_command(certify: Command) -> None:
    ran = certify("--version", program=(sys.executable, "-m", "certify"))
    assert (ran.code, ran.out) == (0, f"certify {__version__}\n")


def test_a_path_where_a_command_belongs_is_answered_with_what_was_meant(
    certify: Command, connector: Connectors
) -> None:
    root = connector()
    ran = certify(root)
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == f"Error: no command '{root}'; did you mean -C {root}?"
    assert certify("path/to/nothing").err.endswith("did you mean -C path/to/nothing?\n")


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["verfy", "report.json"], "no command 'verfy'; did you mean 'verify'?"),
        (["rule"], "no command 'rule'; did you mean 'rules'?"),
        (["xyzzy"], "no command 'xyzzy'"),
        (["--only", "manifest", "rules"], "'rules' takes its own options, after its name"),
        (["--format", "xml"], "'xml' is not one of 'text', 'json', 'github'."),
        (["-n", "many"], "'many' is not a valid integer range."),
    ],
)
def test_a_word_that_is_none_of_ours_ends_with_code_2(
    arguments: list[str], answer: str, certify: Command
) -> None:
    ran = certify(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith(f"{answer}\n")
    assert "Traceback" not in ran.err


# --- what cannot be certified -------------------------------------------------------------------------------


def test_a_folder_without_a_contract_is_told_in_one_line(certify: Command, tmp_path: Path) -> None:
    ran = certify("-C", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.error_line.startswith(f"certify: {tmp_path}: no certification/certification.yaml in it")


def test_a_folder_that_is_not_there_is_told_in_one_line(certify: Command, tmp_path: Path) -> None:
    ran = certify("-C", tmp_path / "missing")
    assert (ran.code, ran.out) == (2, "")
    assert ran.error_line.startswith(f"certify: {tmp_path}/missing: not a folder")


def a_bomb() -> str:
    levels = [f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 9)}]" for level in range(1, 10)]
    return "\n".join(["l0: &l0 [a, a, a, a, a, a, a, a, a]", *levels])


UNUSABLE: dict[str, tuple[Callable[[str], str | bytes], str]] = {
    "an unknown capability": (
        lambda contract: contract.replace("source:", "sorce:", 1),
        r"certification\.yaml:5: capabilities\.sorce: unknown capability; did you mean 'source'\?",
    ),
    "a duplicate key": (
        lambda contract: contract + "connector: another\n",
        r"certification/certification\.yaml:11: duplicate key 'connector'; it already stands in line 2",
    ),
    "a tab": (
        lambda contract: contract + "evidence:\n\tartifacts_dir: out\n",
        r"certification/certification\.yaml:12: not YAML: a tab character; YAML is indented with spaces",
    ),
    "50 megabytes": (lambda contract: contract + "#" * 50_000_000, r"50,000,\d+ bytes; .* at most 256 KiB"),
    "a bomb": (lambda contract: contract + a_bomb(), r"certification\.yaml:\d+: more than 20,000 values"),
    "a Python tag": (
        lambda contract: contract + "x-run: !!python/object/apply:os.system ['touch executed']\n",
        r"certification\.yaml:11: the tag '[^']*python/object/apply:os\.system' is not allowed",
    ),
    "binary": (lambda contract: bytes(range(256)), r"certification\.yaml:\d+: not UTF-8 text"),
    "nothing": (lambda contract: "", r"certification/certification\.yaml: empty; a contract begins with"),
    "a list": (
        lambda contract: "- contract\n",
        r"certification\.yaml:1: expected keys such as 'connector: NAME'",
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_contract_is_told_in_one_line(
    name: str, certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    root = connector()
    contract = root / "certification/certification.yaml"
    unusable, said = UNUSABLE[name]
    text = unusable(contract.read_text())
    contract.write_bytes(text if isinstance(text, bytes) else text.encode())
    ran = certify("-C", root, "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.out) == (2, "")
    assert re.search(said, ran.error_line), ran.error_line
    assert files_in(tmp_path / "out") == []
    assert not (certify.home / "executed").exists()


# --- one connector ------------------------------------------------------------------------------------------


def test_a_connector_that_keeps_its_promises_is_certified(
    certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> None:
    ran = certify("-C", connector(), "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    assert "Certified · demo" in ran.out
    assert f"Report: {tmp_path}/out/certification_report.html and certification_report.md\n" in ran.out, (
        "the path stands on one line"
    )
    assert files_in(tmp_path / "out") == FILES
    assert report_in(tmp_path / "out").verdict == "certified"


def test_a_connector_that_breaks_one_is_not(
    certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> None:
    ran = certify("-C", connector(BROKEN), "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.err) == (1, "")
    assert "Not certified · demo" in ran.out
    assert "src/demo/__init__.py:3: importing demo prints: prints to stdout: hello" in ran.out
    report = report_in(tmp_path / "out")
    assert (report.verdict, report.exit_code) == ("not_certified", 1)


def test_what_nothing_can_exercise_makes_it_incomplete(
    certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> None:
    root = connector()
    contract = root / "certification/certification.yaml"
    contract.write_text(contract.read_text().replace("import_safety,", "import_safety, vendor_quota,"))
    ran = certify("-C", root, "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.err) == (3, "")
    assert "? 1 unverified" in ran.out
    assert "vendor_quota" in ran.out
    assert report_in(tmp_path / "out").verdict == "incomplete"


def test_without_artifact_dir_the_report_goes_where_the_contract_says(
    certify: Command, connector: Connectors, report_in: ReportIn
) -> None:
    root = connector()
    contract = root / "certification/certification.yaml"
    contract.write_text(
        contract.read_text() + "evidence:\n  artifacts_dir: kept/here\n  markdown_report: answer.md\n"
    )
    ran = certify(cwd=root)
    assert ran.code == 0
    assert files_in(root / "kept/here") == sorted({*FILES, "answer.md"} - {"certification_report.md"})
    assert f"Report: {root}/kept/here/certification_report.html and answer.md\n" in ran.out
    assert report_in(root / "kept/here").files["markdown"] == "answer.md"


#: Runs certify with renderers of which one fails.
_FAILING = """
from certify.cli import main
from certify.cli.artifacts import load_formats
from certify.model import Format

load_formats()["html"] = Format("html", "certification_report.html", lambda report: 1 / 0)
main()
"""


@pytest.mark.parametrize("number", [1, 2])
def test_a_renderer_that_fails_takes_neither_record_nor_other_renderings_with_it(
    number: int, certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> None:
    """Exit code 2, a line, and nothing that would seem to be the page of this report."""
    out = tmp_path / "out"
    folders = [out] if number == 1 else [out / "demo", out / "demo-2"]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "certification_report.html").write_text("of another run")
    roots = [word for folder in folders for word in ("-C", connector(name=f"of_{folder.name}"))]
    ran = certify(*roots, "--artifact-dir", out, program=(sys.executable, "-c", _FAILING))
    assert ran.code == 2
    assert ran.err.splitlines() == [
        f"certify: {folder}/certification_report.json is written, but no certification_report.html: the "
        "renderer 'html' failed, not the connector: ZeroDivisionError: division by zero"
        for folder in folders
    ]
    for folder in folders:
        assert files_in(folder) == sorted({*FILES} - {"certification_report.html"})
        assert report_in(folder).verdict == "certified"
        assert f"Report: {folder}/certification_report.md\n" in ran.out
        assert certify("verify", folder / "certification_report.json").code == 0


def test_artifact_dir_overrides_the_contract(certify: Command, connector: Connectors, tmp_path: Path) -> None:
    root = connector()
    contract = root / "certification/certification.yaml"
    contract.write_text(contract.read_text() + "evidence:\n  artifacts_dir: kept/here\n")
    assert certify("-C", root, "--artifact-dir", "there", cwd=tmp_path).code == 0
    assert files_in(tmp_path / "there") == FILES
    assert not (root / "kept").exists()


def test_a_folder_that_cannot_be_written_is_told_before_the_run(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    ran = certify("-C", connector(), "--artifact-dir", tmp_path / "file" / "out")
    assert (ran.code, ran.out) == (2, "")
    assert ran.error_line == (
        f"certify: {tmp_path}/file: the report cannot be written there; --artifact-dir names another folder"
    )


def test_a_report_that_cannot_be_put_in_its_place_is_told_in_one_line(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    (tmp_path / "out" / RECORD / "in the way").mkdir(parents=True)
    ran = certify("-C", connector(), "--only", "manifest", "--artifact-dir", tmp_path / "out")
    assert ran.code == 2
    assert "the report cannot be written: " in ran.error_line
    assert files_in(tmp_path / "out") == [RECORD], "no temporary file stays behind"


def test_a_link_in_the_tree_leads_no_report_out_of_it(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    root = connector()
    (tmp_path / "precious").mkdir()
    (root / "test_artifacts").symlink_to(tmp_path / "precious")
    ran = certify("-C", root)
    assert (ran.code, ran.out) == (2, "")
    assert "evidence.artifacts_dir: a link leads out of the connector's folder" in ran.error_line
    assert files_in(tmp_path / "precious") == []


def test_two_files_of_one_name_are_refused(certify: Command, connector: Connectors, tmp_path: Path) -> None:
    root = connector()
    contract = root / "certification/certification.yaml"
    contract.write_text(contract.read_text() + "evidence:\n  markdown_report: junit.xml\n")
    ran = certify("-C", root, "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.out) == (2, "")
    assert ran.error_line.startswith("certify: certification/certification.yaml:11: evidence: two files of")
    assert "'junit.xml'" in ran.error_line


def test_a_folder_may_be_named_anything(
    certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> None:
    root = connector(name="[a]::b $HOME\n\udcff")
    ran = certify("-C", root, "--artifact-dir", tmp_path / "out", "--only", "manifest", "-n", "2")
    assert (ran.code, ran.err) == (0, "")
    found = {rule.id: rule.status for rule in report_in(tmp_path / "out").rules}
    assert found["examples_parse"] is Status.PASSED


def test_the_example_is_certified_and_written_only_where_it_is_told(
    certify: Command, tmp_path: Path, report_in: ReportIn
) -> None:
    ran = certify("--example", "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    assert report_in(tmp_path / "out").verdict == "certified"
    without = certify("--example", "--only", "manifest")
    assert (without.code, without.err) == (0, "")
    assert "orders_api" in without.out
    assert "Report:" not in without.out
    assert files_in(certify.home) == []


def test_the_example_and_a_connector_are_not_for_one_run(certify: Command, connector: Connectors) -> None:
    ran = certify("--example", "-C", connector())
    assert (ran.code, ran.out) == (2, "")
    assert ran.error_line == "certify: --example brings its own connector; leave -C out"


# --- several connectors -------------------------------------------------------------------------------------


def test_several_connectors_get_a_folder_each_and_the_worst_code(
    certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> None:
    good, broken = connector(name="good"), connector(BROKEN, name="broken")
    contract = broken / "certification/certification.yaml"
    contract.write_text(contract.read_text().replace("connector: demo", "connector: other"))
    ran = certify("-C", good, "-C", broken, "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.err) == (1, "")
    assert files_in(tmp_path / "out") == ["demo", "other"]
    assert report_in(tmp_path / "out/demo").verdict == "certified"
    assert report_in(tmp_path / "out/other").verdict == "not_certified"
    table = [line.split() for line in ran.out.splitlines()[-3:]]
    assert [row[:2] for row in table] == [["connector", "verdict"], ["demo", "Certified"], ["other", "Not"]]


def test_one_that_is_refused_does_not_stop_the_others(
    certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> None:
    refused = connector(name="refused", contract="connector: [")
    ran = certify("-C", refused, "-C", connector(), "--artifact-dir", tmp_path / "out")
    assert ran.code == 2
    assert ran.error_line.startswith("certify: certification/certification.yaml:")
    assert files_in(tmp_path / "out") == ["demo"]
    assert report_in(tmp_path / "out/demo").verdict == "certified"
    assert re.search(r"refused +not run", ran.out)


def test_two_of_one_name_do_not_replace_each_others_report(
    certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> None:
    folders = ("-C", connector(BROKEN, name="first"), "-C", connector(name="second"))
    ran = certify(*folders, "--only", "imports_cleanly", "--artifact-dir", tmp_path / "out")
    assert ran.code == 1
    assert files_in(tmp_path / "out") == ["demo", "demo-2"]
    assert report_in(tmp_path / "out/demo").exit_code == 1
    assert report_in(tmp_path / "out/demo-2").exit_code == 0


def test_one_contract_is_not_for_several_connectors(certify: Command, connector: Connectors) -> None:
    contract = connector() / "certification/certification.yaml"
    ran = certify("-C", "a", "-C", "b", "--contract", contract)
    assert (ran.code, ran.out) == (2, "")
    assert ran.error_line == "certify: --contract goes with one connector; -C was given several times"


def test_a_contract_may_lie_elsewhere(certify: Command, connector: Connectors, tmp_path: Path) -> None:
    root = connector()
    contract = (root / "certification/certification.yaml").rename(tmp_path / "release.yaml")
    ran = certify("-C", root, "--contract", contract, "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    assert from_json((tmp_path / "out" / RECORD).read_bytes()).run.contract == str(contract)


# --- a selection --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "ran_rules"),
    [
        (["imports_cleanly"], {"imports_cleanly"}),
        (["manifest_validation"], {"examples_parse", "examples_name_connector", "one_example_per_strategy"}),
        (["contract_is_valid", "imports_cleanly"], {"contract_is_valid", "imports_cleanly"}),
    ],
    ids=["a rule", "an id", "two rules"],
)
def test_a_selection_runs_what_it_names_and_gives_no_verdict(
    names: list[str], ran_rules: set[str], certify: Command, connector: Connectors, tmp_path: Path,
    statuses_in: StatusesIn,
) -> None:  # fmt: skip
    chosen = [word for name in names for word in ("--only", name)]
    ran = certify("-C", connector(), "--artifact-dir", tmp_path / "out", *chosen)
    assert (ran.code, ran.err) == (0, "")
    assert "Selection passed; no verdict: " in ran.out
    assert "ertified" not in ran.out
    found = statuses_in(tmp_path / "out")
    assert found.keys() == ran_rules
    assert {Status.PASSED} <= set(found.values()) <= {Status.PASSED, Status.NOT_APPLICABLE}


def test_a_selection_may_be_an_area(
    certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> None:
    ran = certify("-C", connector(), "--artifact-dir", tmp_path / "out", "--only", "manifest")
    assert (ran.code, ran.err) == (0, "")
    rules = report_in(tmp_path / "out").rules
    assert {rule.area for rule in rules} == {"manifest"}
    assert {"contract_is_valid", "examples_parse"} <= {rule.id for rule in rules}


def test_a_selection_that_does_not_pass_ends_with_code_1_and_leaves_nothing(
    certify: Command, connector: Connectors
) -> None:
    root = connector(BROKEN)
    before = sorted(root.rglob("*"))
    ran = certify("-C", root, "--only", "imports_cleanly")
    assert (ran.code, ran.err) == (1, "")
    assert "Selection did not pass; no verdict: 1 failed" in ran.out
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "imports_cleanely",
            "--only imports_cleanely: no such rule, id or area; did you mean 'imports_cleanly'?",
        ),
        ("xyzzy", "--only xyzzy: no such rule, id or area; `certify rules` lists them"),
    ],
)
def test_a_selection_of_nothing_is_refused(
    name: str, said: str, certify: Command, connector: Connectors
) -> None:
    ran = certify("-C", connector(), "--only", name)
    assert ran.code == 2
    assert ran.error_line == f"certify: {said}"


# --- formats ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("init", "code"), [("", 0), (BROKEN, 1)], ids=["certified", "not certified"])
def test_json_is_the_report_alone_and_valid_by_its_schema(
    init: str, code: int, certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    ran = certify("-C", connector(init), "--artifact-dir", tmp_path / "out", "--format", "json")
    assert (ran.code, ran.err) == (code, "")
    schema = (
        resources.files("certify_reports").joinpath("certification_report.schema.json").read_text("utf-8")
    )
    jsonschema.validate(json.loads(ran.out), json.loads(schema), jsonschema.Draft202012Validator)
    assert ran.out == (tmp_path / "out" / RECORD).read_text("utf-8")


def test_github_gets_annotations_and_a_summary_behind_what_is_there(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# Before\n")
    ran = certify(
        *("-C", connector(BROKEN), "--artifact-dir", tmp_path / "out", "--format", "github"),
        env={"GITHUB_STEP_SUMMARY": str(summary)},
    )
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith("::error file=src/demo/__init__.py,line=3,title=imports_cleanly failed::")
    assert all(re.match("::(error|warning|notice) ", line) for line in ran.out.splitlines())
    report = (tmp_path / "out/certification_report.md").read_text("utf-8")
    assert summary.read_text("utf-8") == f"# Before\n{report}\n"


def test_an_annotation_names_a_file_as_it_lies_in_the_workspace(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    root = connector(BROKEN, name=r"connectors/50%, \1")
    chosen = ("-C", root, "--only", "imports_cleanly", "--format", "github")
    inside = certify(*chosen, env={"GITHUB_WORKSPACE": str(tmp_path)}).out
    assert inside.startswith(r"::error file=connectors/50%25%2C \1/src/demo/__init__.py,line=")
    for elsewhere in ("", str(root), str(tmp_path / "other")):
        out = certify(*chosen, env={"GITHUB_WORKSPACE": elsewhere}).out
        assert out.startswith("::error file=src/demo/__init__.py,line=")


def test_a_summary_that_cannot_be_written_changes_no_verdict(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    chosen = ("-C", connector(), "--only", "manifest", "--format", "github")
    ran = certify(*chosen, env={"GITHUB_STEP_SUMMARY": str(tmp_path)})
    assert (ran.code, ran.out) == (0, "")
    assert "the step summary cannot be written" in ran.error_line


# --- terminals ----------------------------------------------------------------------------------------------


def in_terminal(certify: Command, *arguments: object, env: dict[str, str]) -> tuple[int, str]:
    """Run in a pseudo-terminal; the exit code, and all that was written to it."""
    ours, theirs = pty.openpty()
    try:
        process = certify.start(*arguments, env={"TERM": "xterm-256color", **env}, output=theirs)
    finally:
        os.close(theirs)
    said = b""
    with os.fdopen(ours, "rb", buffering=0) as terminal, contextlib.suppress(OSError):
        while data := terminal.read(65536):  # where the last writer is gone, Linux says EIO
            said += data
    return process.wait(), said.decode("utf-8")


def test_a_terminal_shows_a_line_that_lives(certify: Command, connector: Connectors) -> None:
    busy = "import time\nuntil = time.perf_counter() + 0.45\nwhile time.perf_counter() < until: pass\n"
    chosen = ("-C", connector(busy), "--only", "imports_cleanly")
    code, said = in_terminal(certify, *chosen, env={})
    assert code == 0
    shown = re.findall(r"import_safety  0/1  (\d\.\d) s", said)
    assert len(set(shown)) > 1, "the seconds go on while the area runs"
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said)
    assert re.search(r"✓ import_safety  1 passed  \d\.\d\d s", plain)
    assert said.count(f"{ESCAPE}[?25l") == said.count(f"{ESCAPE}[?25h") == 1, "the cursor comes back"


def test_no_color_is_plain_text_even_in_a_terminal(certify: Command, connector: Connectors) -> None:
    chosen = ("-C", connector(BROKEN), "--only", "imports_cleanly")
    code, said = in_terminal(certify, *chosen, env={"NO_COLOR": "1"})
    assert code == 1
    assert "✗ imports_cleanly" in said
    assert ESCAPE not in said


@pytest.mark.parametrize("arguments", [["rules"], ["explain", "imports_cleanly"]])
def test_the_rulebook_is_plain_text_with_no_color_too(arguments: list[str], certify: Command) -> None:
    code, said = in_terminal(certify, *arguments, env={"NO_COLOR": "1"})
    assert code == 0
    assert "imports_cleanly" in said
    assert ESCAPE not in said


def test_a_pipe_gets_plain_text(certify: Command, connector: Connectors) -> None:
    chosen = ("-C", connector(BROKEN), "--only", "imports_cleanly")
    assert ESCAPE not in certify(*chosen).out
    coloured = certify(*chosen, env={"FORCE_COLOR": "1"}).out
    assert f"{ESCAPE}[1;31m✗ imports_cleanly" in coloured
    assert f"{ESCAPE}[?25l" not in coloured, "colours are for a log, a moving cursor is not"


def test_an_output_that_knows_no_such_letters_is_no_reason_to_stop(
    certify: Command, connector: Connectors
) -> None:
    ran = certify("-C", connector(), "--only", "manifest", env={"PYTHONIOENCODING": "ascii"})
    assert (ran.code, ran.err) == (0, "")
    assert "Selection passed" in ran.out


# --- interrupted and killed ---------------------------------------------------------------------------------


def is_being_imported(certify: Command, root: Path) -> bool:
    """Whether a process of the command holds the connector's file open, as `ENDLESS` does."""
    file = str(root / "src/demo/__init__.py")
    for process in certify.processes():
        with contextlib.suppress(OSError):
            if file in [str(one.readlink()) for one in Path(f"/proc/{process}/fd").iterdir()]:
                return True
    return False


@pytest.mark.parametrize("arguments", [(), ("-n", "2"), ("--format", "json")], ids=" ".join)
def test_an_interrupted_run_leaves_an_incomplete_report_and_ends_at_once(
    arguments: tuple[str, ...], certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    root = connector(ENDLESS)
    process = certify.start("-C", root, "--artifact-dir", tmp_path / "out", *arguments)
    certify.until(lambda: is_being_imported(certify, root))
    pressed = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all
    said, errors = process.communicate(timeout=30)
    assert time.monotonic() - pressed < 10, "less than the 30 s that the import would go on"
    assert (process.returncode, errors) == (130, "")
    if "json" not in arguments:
        assert "Interrupted: what had not run by then is unverified." in said
    report = from_json((tmp_path / "out" / RECORD).read_bytes())
    assert (report.verdict, report.exit_code, report.run.interrupted) == ("incomplete", 130, True)
    assert {rule.status for rule in report.rules if rule.id == "imports_cleanly"} == {Status.UNVERIFIED}
    assert verify_report(tmp_path / "out" / RECORD) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_is_an_interruption(
    number: signal.Signals, certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    """That no process and no folder is left, the fixture looks at the end."""
    root = connector(ENDLESS)
    process = certify.start("-C", root, "--only", "imports_cleanly", "--artifact-dir", tmp_path / "out")
    certify.until(lambda: is_being_imported(certify, root))
    process.send_signal(number)
    said, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "")
    assert "Interrupted: what had not run by then is unverified." in said
    assert from_json((tmp_path / "out" / RECORD).read_bytes()).run.interrupted


#: Runs certify, and sends it a signal when it has read the contract.
INTERRUPTED_WHILE = """
import os, signal
from certify.cli import certification, main
load = certification.load_contract

def load_and_send(*arguments):
    os.kill(os.getpid(), signal.SIG{})
    return load(*arguments)

certification.load_contract = load_and_send
main()
"""


def test_a_signal_that_is_ignored_stays_ignored(certify: Command, connector: Connectors) -> None:
    shell = (
        "sh",
        "-c",
        'trap "" HUP; exec "$@"',
        "sh",
        sys.executable,
        "-c",
        INTERRUPTED_WHILE.format("HUP"),
    )
    assert certify("-C", connector(), "--only", "docs_exist", program=shell).code == 0


@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_interrupted_outside_of_the_run_is_told_in_one_line_too(
    name: str, certify: Command, connector: Connectors
) -> None:
    ran = certify("-C", connector(), program=(sys.executable, "-c", INTERRUPTED_WHILE.format(name)))
    assert (ran.code, ran.out, ran.error_line) == (130, "", "certify: interrupted")


#: Runs certify, and interrupts it at its first outcome in a place where no exception leads out.
INTERRUPTED_IN_VAIN = """
import contextlib, os, signal
from certify.cli import listener, main
outcome = listener.Listener.pytest_runtest_logreport

def outcome_and_interrupt(self, report):
    outcome(self, report)
    if len(self.outcomes) == 1:
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)

listener.Listener.pytest_runtest_logreport = outcome_and_interrupt
main()
"""


def test_an_interruption_that_is_lost_holds_at_the_next_rule(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    chosen = ("-C", connector(), "--only", "docs", "--artifact-dir", tmp_path / "out")
    ran = certify(*chosen, program=(sys.executable, "-c", INTERRUPTED_IN_VAIN))
    assert (ran.code, ran.err) == (130, "")
    assert from_json((tmp_path / "out" / RECORD).read_bytes()).run.interrupted


#: Runs certify, and interrupts it when the first file of the report has its content and not its name.
INTERRUPTED_WRITING = """
import os, signal
from certify.cli import artifacts, main
write = artifacts._write

def write_and_interrupt(path, content):
    write(path, content)
    os.kill(os.getpid(), signal.SIGINT)

artifacts._write = write_and_interrupt
main()
"""


def test_interrupted_while_the_report_is_written_no_part_of_it_is_left(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    chosen = ("-C", connector(), "--only", "docs_exist", "--artifact-dir", tmp_path / "out")
    ran = certify(*chosen, program=(sys.executable, "-c", INTERRUPTED_WRITING))
    assert (ran.code, ran.error_line) == (130, "certify: interrupted")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.nightly
def test_killed_at_any_moment_it_leaves_a_report_that_holds_and_no_process(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    arguments = ("-C", connector(BROKEN), "--artifact-dir", tmp_path / "out")
    started = time.monotonic()
    assert certify(*arguments).code == 1
    lasted = time.monotonic() - started
    for moment in range(1, 13):
        started = time.monotonic()
        process = certify.start(*arguments)
        certify.until(lambda: time.monotonic() - started > lasted * moment / 12)  # noqa: B023
        process.kill()
        process.communicate()
        assert certify.wait_for_end() == {}
        assert verify_report(tmp_path / "out" / RECORD) == 0
    clean(certify.temporary)


#: Runs certify, and kills it in front of the nth thing it does to a folder.
KILLED_AT_A_STEP = """
import os, signal, sys

def at_a_step(event, arguments):
    global left
    if event in ("open", "os.rename", "os.remove", "os.mkdir") and str(arguments[0]).startswith(folder):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

left, folder = int(sys.argv.pop(1)), sys.argv.pop(1)
sys.addaudithook(at_a_step)
from certify.cli import main
main()
"""


def test_killed_at_any_step_of_writing_the_record_is_the_old_or_the_new_one(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    root, out = connector(), tmp_path / "out"
    arguments = ("-C", root, "--artifact-dir", out, "--only")
    assert certify(*arguments, "examples_parse").code == 0
    kept = tmp_path / "kept"
    shutil.copytree(out, kept)
    found = []
    for step in range(1, 100):
        shutil.rmtree(out)
        shutil.copytree(kept, out)
        killed = (sys.executable, "-c", KILLED_AT_A_STEP, step, out)
        ran = certify(*arguments, "contract_is_valid", program=killed)
        assert verify_report(out / RECORD) == 0
        found.append(from_json((out / RECORD).read_bytes()).rules[0].id)
        if ran.code == 0:
            break
        assert ran.code == -signal.SIGKILL
    assert found == sorted(found, reverse=True), "the old record, then the new one"
    assert set(found) == {"examples_parse", "contract_is_valid"}
    assert len(found) > 2 * len(FILES)
    clean(certify.temporary)


def clean(folder: Path) -> None:
    """What a killed process leaves in the temporary folder is the system's to remove."""
    for left in folder.iterdir():
        shutil.rmtree(left)


# --- the rulebook -------------------------------------------------------------------------------------------


def test_rules_are_listed_each_on_a_line(certify: Command) -> None:
    ran = certify("rules")
    assert (ran.code, ran.err) == (0, "")
    assert re.search("import_safety +imports_cleanly +bronze +low +Every submodule imports, and", ran.out)
    assert re.search(r"^\d+ rules installed\.", ran.out, re.MULTILINE)


def test_rules_of_one_area_are_listed_alone(certify: Command) -> None:
    ran = certify("rules", "--area", "manifest")
    assert "examples_parse" in ran.out
    assert "imports_cleanly" not in ran.out
    unknown = certify("rules", "--area", "manifests")
    assert unknown.code == 2
    assert unknown.error_line.startswith(
        "certify: no area 'manifests'; installed are import_safety, manifest"
    )


def test_a_rule_is_explained_by_its_own_docstring(certify: Command) -> None:
    ran = certify("explain", "imports_cleanly")
    assert (ran.code, ran.err) == (0, "")
    for part in ("imports_cleanly · Every submodule", "Why: a platform", "Fix: move", "may not be waived"):
        assert part in ran.out
    assert "Run it alone: certify --only imports_cleanly" in ran.out


def test_an_id_is_explained_by_its_rules_and_the_lines_it_needs(certify: Command) -> None:
    ran = certify("explain", "full_refresh_extract")
    assert (ran.code, ran.err) == (0, "")
    assert "the worst of these rules is its status" in ran.out
    assert "full_read_is_complete" in ran.out
    assert '    subject:\n      source: "your_package.source:make_source"\n' in ran.out


def test_a_name_that_is_both_is_explained_as_both(certify: Command) -> None:
    ran = certify("explain", "import_safety")
    assert "import_safety is an id of dpone's contracts" in ran.out
    assert re.search(r"import_safety is an area of \d+ rules:\n  imports_cleanly: ", ran.out)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("import_safty", "no rule, id or area 'import_safty'; did you mean 'import_safety'?"),
        ("xyzzy", "no rule, id or area 'xyzzy'; `certify rules` lists them"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, said: str, certify: Command) -> None:
    ran = certify("explain", name)
    assert (ran.code, ran.out) == (2, "")
    assert ran.error_line == f"certify: {said}"


# --- another interpreter, and workers -----------------------------------------------------------------------


def another_interpreter() -> Path | None:
    """A Python of another version that can be started, wherever this machine keeps one."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    others = [f"3.{minor}" for minor in (13, 12, 11, 14) if f"3.{minor}" != version]
    kept = Path(sys.base_prefix).parent  # pyenv and uv keep them side by side
    places = [place for one in others for place in sorted(kept.glob(f"*{one}*/bin/python{one}"))]
    found = [shutil.which(f"python{one}") for one in others]
    return next((one for one in (*places, *(Path(one) for one in found if one)) if one.is_file()), None)


def test_the_connector_runs_in_the_interpreter_that_is_named(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    interpreter = another_interpreter()
    if interpreter is None:
        pytest.skip("this machine has one Python only")
    root = connector("import sys\nprint(sys.version)\n")
    out = tmp_path / "out"
    ran = certify("-C", root, "--python", interpreter, "--only", "imports_cleanly", "--artifact-dir", out)
    assert ran.code == 1
    said = from_json((out / RECORD).read_bytes()).rules[0].message
    ours = f"{sys.version_info[0]}.{sys.version_info[1]}."
    assert re.search(r"prints to stdout: 3\.\d+\.\d+", said)
    assert f"stdout: {ours}" not in said


def test_an_interpreter_that_is_none_is_not_the_connectors_fault(
    certify: Command, connector: Connectors, tmp_path: Path, statuses_in: StatusesIn
) -> None:
    imposter = tmp_path / "python"
    imposter.write_text("#!/bin/sh\necho this is no Python >&2\n")
    imposter.chmod(0o755)
    ran = certify("-C", connector(), "--python", imposter, "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.err) == (3, "")
    assert "the sandbox did not start in it: this is no Python" in ran.out
    assert "Traceback" not in ran.out
    assert "SandboxError" not in ran.out, "what it is called here says nothing to a user"
    found = statuses_in(tmp_path / "out")
    assert found["imports_cleanly"] is Status.ERRORED
    assert found["examples_parse"] is Status.PASSED
    assert Status.FAILED not in found.values()


def test_an_interpreter_that_is_not_there_is_refused(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    ran = certify("-C", connector(), "--python", tmp_path / "python")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1].endswith(f"File '{tmp_path}/python' does not exist.")


def test_workers_come_to_the_same_statuses(
    certify: Command, connector: Connectors, tmp_path: Path, statuses_in: StatusesIn
) -> None:
    root = connector(BROKEN, {"examples/other.yaml": "- nothing\n"})
    alone = certify("-C", root, "--artifact-dir", tmp_path / "alone")
    shared = certify("-C", root, "--artifact-dir", tmp_path / "shared", "-n", "2")
    assert (alone.code, shared.code) == (1, 1)
    assert statuses_in(tmp_path / "shared") == statuses_in(tmp_path / "alone")
    areas = re.findall(r"^. (\w+)  \d+ ", shared.out, re.MULTILINE)
    assert sorted(areas) == sorted(set(areas)), "each area is told once"
