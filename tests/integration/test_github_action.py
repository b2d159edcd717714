"""The action and the workflows are valid, least privileged, and do in bash what they promise."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from certify.model import Artifact, from_json, sealed, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / ".github/actions/certify/action.yml"
ACTIONS = sorted((ROOT / ".github/actions").glob("*/action.yml"))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
TOOLS = Path(sys.executable).parent

PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def by_name(path: Path) -> str:
    return path.relative_to(ROOT / ".github").as_posix()


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def finish(command: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **how)


def steps_of(path: Path) -> list[dict[str, Any]]:
    content = load(path)
    jobs = content["jobs"].values() if "jobs" in content else [content["runs"]]
    return [step for job in jobs for step in job["steps"]]


# --- what the files say ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        *(("vendor.github-actions", path) for path in ACTIONS),
        *(("vendor.github-workflows", path) for path in WORKFLOWS),
        *(("custom.github-workflows-require-timeout", path) for path in WORKFLOWS),
        ("vendor.dependabot", ROOT / ".github/dependabot.yml"),
    ],
    ids=lambda value: by_name(value) if isinstance(value, Path) else value,
)
def test_it_is_valid_by_its_schema(schema: str, path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    checked = finish(command)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_zizmor_finds_nothing() -> None:
    command = [str(TOOLS / "zizmor"), "--offline", "--no-progress", "--persona=regular", ".github"]
    audit = finish(command, cwd=ROOT)
    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert by_name(ACTION) in audit.stderr, "zizmor did not look at the action"


def used_actions() -> list[tuple[str, str]]:
    """The file and what it says after `uses:`, with the comment, which YAML would drop."""
    uses = re.compile(r"^\s*(?:- )?uses: *(.+)$", re.MULTILINE)
    return [
        (by_name(path), used) for path in [*ACTIONS, *WORKFLOWS] for used in uses.findall(path.read_text())
    ]


def test_every_action_of_others_is_pinned_by_commit_and_says_its_version() -> None:
    others = [(name, used) for name, used in used_actions() if not used.startswith("$/")]
    assert others
    assert [(name, used) for name, used in others if not PINNED.fullmatch(used)] == []


def test_an_action_is_pinned_to_one_commit_everywhere() -> None:
    commits: dict[str, set[str]] = {}
    for _, used in used_actions():
        commits.setdefault(used.split("@")[0], set()).add(used)
    assert {action: found for action, found in commits.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", [*ACTIONS, *WORKFLOWS], ids=by_name)
def test_no_expression_is_pasted_into_a_script(path: Path) -> None:
    scripts = [step["run"] for step in steps_of(path) if "run" in step]
    assert scripts
    assert [script for script in scripts if EXPRESSION.search(script)] == []


@pytest.mark.parametrize("path", [*ACTIONS, *WORKFLOWS], ids=by_name)
def test_a_script_of_several_lines_stops_at_the_first_error(path: Path) -> None:
    scripts = [step["run"] for step in steps_of(path) if "\n" in step.get("run", "")]
    assert [script for script in scripts if not script.startswith("set -euo pipefail\n")] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_name)
def test_a_workflow_may_only_read_unless_a_job_says_otherwise(path: Path) -> None:
    assert load(path)["permissions"] == {"contents": "read"}


RELEASING = load(ROOT / ".github/workflows/certify.yml")["jobs"]
#: What each job may use, besides shell steps of its own; none but the first comes near the connector.
USED = {
    "certify": ["actions/checkout", "actions/download-artifact", "$/.github/actions/certify"],
    "verify": [
        *("actions/download-artifact", "actions/download-artifact"),
        *("$/.github/actions/verify", "actions/upload-artifact"),
    ],
    "attest": ["actions/download-artifact", "actions/attest", "actions/upload-artifact"],
    "attach": ["actions/download-artifact", "actions/download-artifact"],
}
PERMISSIONS = {
    "certify": {"contents": "read"},
    "verify": {},
    "attest": {"id-token": "write", "attestations": "write"},
    "attach": {"contents": "write"},
}


def test_each_job_may_do_only_what_it_is_for() -> None:
    assert {name: job["permissions"] for name, job in RELEASING.items()} == PERMISSIONS


def test_only_the_job_that_may_merely_read_checks_out_or_runs_the_connector() -> None:
    used = {
        name: [step["uses"].split("@")[0] for step in job["steps"] if "uses" in step]
        for name, job in RELEASING.items()
    }
    assert used == USED


def test_each_job_works_on_what_the_one_before_it_let_pass() -> None:
    assert {name: job.get("needs") for name, job in RELEASING.items()} == {
        "certify": None,
        "verify": "certify",
        "attest": "verify",
        "attach": ["verify", "attest"],
    }
    for name in ("attest", "attach"):
        fetched = RELEASING[name]["steps"][0]["with"]["name"]
        assert fetched == "${{ inputs.upload-name }}-verified"


def test_only_a_release_is_attested_and_written_to() -> None:
    assert RELEASING["attest"]["if"] == "github.event_name == 'release' && inputs.attest"
    assert RELEASING["attach"]["if"] == (
        "!cancelled() && github.event_name == 'release' && needs.verify.result == 'success' && "
        "(needs.attest.result == 'success' || !inputs.attest)"
    )


def test_what_was_built_is_fetched_anew_by_the_job_that_verifies() -> None:
    fetched = [step for step in RELEASING["verify"]["steps"] if step["name"] == "Fetch what was built"]
    assert [step["with"] for step in fetched] == [{"name": "${{ inputs.dist }}", "path": "dist"}]


def test_what_is_attested_is_what_was_verified() -> None:
    (step,) = [one for one in RELEASING["attest"]["steps"] if one.get("id") == "attest"]
    assert step["with"] == {
        "subject-checksums": "verified/attest/${{ matrix.name }}/subjects.txt",
        "predicate-type": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate-path": "verified/attest/${{ matrix.name }}/predicate.json",
    }


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_name)
def test_a_checkout_leaves_no_credentials_behind(path: Path) -> None:
    checkouts = [step for step in steps_of(path) if "actions/checkout@" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_the_reusable_workflow_hands_every_input_on_under_its_own_name() -> None:
    workflow = load(ROOT / ".github/workflows/certify.yml")
    inputs = workflow[True]["workflow_call"]["inputs"]  # YAML 1.1 reads the key `on` as true
    certify = next(step for step in workflow["jobs"]["certify"]["steps"] if step.get("id") == "certify")
    given = {name: f"${{{{ inputs.{name} }}}}" for name in inputs if name not in ("ref", "attest")}
    # Of the artifact with this name the action gets the folder into which it was fetched.
    given["dist"] = "${{ inputs.dist != '' && format('{0}/dist', runner.temp) || '' }}"
    assert certify["with"] == given
    defaults = {name: given["default"] for name, given in load(ACTION)["inputs"].items()}
    assert {name: inputs[name]["default"] for name in certify["with"]} == {
        name: defaults[name] for name in certify["with"]
    }


# --- what the steps do ----------------------------------------------------------------------------------

#: The outputs of a run that left no report.
NOTHING = {"verdict": "", "tier": "", "report-path": "", "json-path": ""}


@dataclass
class Runner:
    """As much of a runner as the action needs: shell steps in order, `always()`, and `env` from expressions.

    Steps that use another action are noted with their inputs, not run.
    """

    workspace: Path
    scratch: Path
    inputs: dict[str, str]
    path: str
    known: dict[str, str] = field(default_factory=dict)
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    ran: dict[str, str] = field(default_factory=dict)
    log: str = ""

    def run(self, action: Path) -> None:
        content = load(action)
        given = {name: self.inputs.pop(name, about["default"]) for name, about in content["inputs"].items()}
        assert not self.inputs, "no such inputs"
        self.known |= {f"inputs.{name}": value for name, value in given.items()}
        for number, step in enumerate(content["runs"]["steps"]):
            self.step(step, step.get("id", f"step{number}"), action.parent)
        self.known |= {
            f"outputs.{name}": self.resolve(output["value"]) for name, output in content["outputs"].items()
        }

    def step(self, step: dict[str, Any], name: str, action: Path) -> None:
        assert step.get("if", "always()") == "always()", "this runner knows no other condition"
        if "if" not in step and "failure" in self.ran.values():
            outcome = "skipped"
        elif "uses" in step:
            self.used.append((step["uses"].split("@")[0], self.resolve_all(step["with"])))
            outcome = "success"
        else:
            outcome = "success" if self.shell(step, name, action) == 0 else "failure"
        self.ran[step["name"]] = outcome
        self.known[f"steps.{name}.outcome"] = outcome

    def shell(self, step: dict[str, Any], name: str, action: Path) -> int:
        assert step["shell"] == "bash"
        script = self.scratch / f"{name}.sh"
        script.write_text(step["run"])
        files = {f"GITHUB_{file}": self.scratch / f"{name}.{file}" for file in ("OUTPUT", "PATH")}
        for file in files.values():
            file.touch()
        environment = {
            "GITHUB_ACTION_PATH": str(action),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_WORKSPACE": str(self.workspace),
            "HOME": str(self.scratch),
            "PATH": self.path,
            **{variable: str(file) for variable, file in files.items()},
            **self.resolve_all(step.get("env", {})),
        }
        # The command line that the runner gives to `shell: bash`.
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        done = finish(command, cwd=self.workspace, env=environment)
        self.log += done.stdout + done.stderr
        outputs = read_outputs(files["GITHUB_OUTPUT"])
        self.known |= {f"steps.{name}.outputs.{key}": value for key, value in outputs.items()}
        return done.returncode

    @property
    def summary(self) -> Path:
        return self.scratch / "summary.md"

    def resolve_all(self, values: dict[str, Any]) -> dict[str, str]:
        return {name: self.resolve(str(value)) for name, value in values.items()}

    def resolve(self, text: str) -> str:
        return EXPRESSION.sub(lambda found: self.lookup(found[1]), text)

    def lookup(self, name: str) -> str:
        """An output that was never set is empty, as on the real runner; any other name must be known."""
        return self.known.get(name, "") if ".outputs." in name else self.known[name]

    def outputs(self) -> dict[str, str]:
        return {name: self.known[f"outputs.{name}"] for name in NOTHING}

    def uploaded(self) -> dict[str, str]:
        return next(given for action, given in self.used if action == "actions/upload-artifact")


def read_outputs(file: Path) -> dict[str, str]:
    """Both forms of the output file: `name=value`, and `name<<DELIMITER` with lines up to the delimiter."""
    outputs, lines = {}, iter(file.read_text(encoding="utf-8").splitlines())
    for line in lines:
        name, heredoc, delimiter = line.partition("<<")
        if heredoc:
            outputs[name] = "\n".join(iter(lambda: next(lines), delimiter))
        else:
            name, _, outputs[name] = line.partition("=")
    return outputs


#: Writes what it is told to, where certify would, and exits with the code that certify would.
STAND_IN = """\
#!{python}
import argparse, json, pathlib, sys
parser = argparse.ArgumentParser()
parser.add_argument("-C", action="append", type=pathlib.Path)
parser.add_argument("--artifact-dir", type=pathlib.Path)
parser.add_argument("--format", choices=["github"], required=True)
options, _ = parser.parse_known_args()
verdicts, codes = json.loads({verdicts!r}), []
pathlib.Path({arguments!r}).write_text(json.dumps(sys.argv[1:]))
for connector in options.C:
    verdict, tier = verdicts.get(connector.name, ("unreadable", None))
    codes.append(["certified", "not_certified", "unreadable", "incomplete"].index(verdict))
    if verdict != "unreadable":
        folder = options.artifact_dir / connector.name if len(options.C) > 1 else options.artifact_dir
        folder.mkdir(parents=True, exist_ok=True)
        report = dict(schema_version="1.0", verdict=verdict, exit_code=codes[-1], tier=tier)
        (folder / "certification_report.json").write_text(json.dumps(report))
        (folder / "certification_report.md").write_text("# " + verdict)
        (folder / "badge.json").write_text(json.dumps(dict(schemaVersion=1, message=verdict)))
sys.exit(max(codes))
"""

#: Notes what pip is asked for and, unless told to fail, is content; runs all else.
PYTHON = """\
#!/usr/bin/env bash
if [[ " $* " == *" -m pip "* ]]; then
    printf '%s\\n' "${{*: -1}}" >>{asked}
    exit {code}
fi
exec {python} "$@"
"""


@dataclass
class Desk:
    """A workspace with connectors in it, and a PATH on which `certify` and pip are stand-ins."""

    folder: Path

    def __post_init__(self) -> None:
        for name in ("workspace", "scratch", "bin"):
            (self.folder / name).mkdir()
        self.pip()

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def connector(self, name: str, *files: str) -> None:
        (self.workspace / name).mkdir(parents=True)
        for file in files:
            (self.workspace / name / file).touch()

    def certify_says(self, verdicts: Mapping[str, tuple[str, str | None]]) -> None:
        arguments = str(self.folder / "arguments.json")
        self.command("certify", STAND_IN, verdicts=json.dumps(verdicts), arguments=arguments)

    def pip(self, code: int = 0) -> None:
        self.command("python", PYTHON, asked=self.folder / "asked", code=code)

    def command(self, name: str, template: str, **values: object) -> None:
        file = self.folder / "bin" / name
        file.write_text(template.format(python=sys.executable, **values))
        file.chmod(0o755)

    def run(self, **inputs: str) -> Runner:
        # Not the PATH of these tests, on which the real certify may be.
        path = f"{self.folder / 'bin'}{os.pathsep}{os.defpath}"
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        runner = Runner(self.workspace, self.folder / "scratch", given, path)
        runner.run(ACTION)
        return runner

    def certify_got(self) -> list[str]:
        arguments: list[str] = json.loads((self.folder / "arguments.json").read_text())
        return arguments

    def pip_got(self) -> list[str]:
        asked = self.folder / "asked"
        return asked.read_text().splitlines() if asked.exists() else []


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("verdict", "tier", "outcome"),
    [
        ("certified", "gold", "success"),
        ("not_certified", None, "failure"),
        ("incomplete", None, "failure"),
    ],
)
def test_the_step_ends_as_certify_did_and_the_outputs_are_set_either_way(
    desk: Desk, verdict: str, tier: str | None, outcome: str
) -> None:
    desk.certify_says({"demo": (verdict, tier)})
    runner = desk.run(connector="demo")
    assert runner.ran["Certify"] == outcome
    assert runner.outputs() == {
        "verdict": verdict,
        "tier": tier or "",
        "report-path": "certification-artifacts/certification_report.md",
        "json-path": "certification-artifacts/certification_report.json",
    }


@pytest.mark.parametrize("verdict", ["certified", "not_certified", "unreadable"])
def test_the_report_is_uploaded_whatever_it_says(desk: Desk, verdict: str) -> None:
    desk.certify_says({"demo": (verdict, None)})
    uploaded = desk.run(connector="demo", artifact_dir="out", upload_name="mine").uploaded()
    assert (uploaded["name"], uploaded["path"]) == ("mine", "out")


def test_without_a_report_the_outputs_are_empty(desk: Desk) -> None:
    desk.certify_says({})
    runner = desk.run(connector="demo")
    assert runner.ran["Certify"] == "failure"
    assert runner.ran["Read the report"] == "success"
    assert runner.outputs() == NOTHING


def test_without_certify_the_outputs_are_empty(desk: Desk) -> None:
    runner = desk.run(connector="demo", certify_spec="")
    assert "certify: command not found" in runner.log
    assert runner.ran["Certify"] == "failure"
    assert runner.outputs() == NOTHING


def test_of_several_connectors_the_worst_verdict_and_the_lowest_tier_count(desk: Desk) -> None:
    verdicts = {"a": ("certified", "gold"), "b": ("incomplete", "bronze"), "c": ("not_certified", "silver")}
    desk.certify_says(verdicts)
    outputs = desk.run(connector="x/a x/b\nx/c\n", artifact_dir="out").outputs()
    assert (outputs["verdict"], outputs["tier"]) == ("not_certified", "bronze")
    assert outputs["json-path"].splitlines() == [f"out/{name}/certification_report.json" for name in "abc"]
    assert outputs["report-path"].splitlines() == [f"out/{name}/certification_report.md" for name in "abc"]


def test_one_connector_without_a_tier_leaves_all_without(desk: Desk) -> None:
    desk.certify_says({"a": ("certified", "gold"), "b": ("certified", None)})
    outputs = desk.run(connector="a b").outputs()
    assert (outputs["verdict"], outputs["tier"]) == ("certified", "")


def test_a_connector_that_certify_could_not_read_leaves_the_others_incomplete(desk: Desk) -> None:
    desk.certify_says({"a": ("certified", "gold")})
    assert desk.run(connector="a b").outputs()["verdict"] == "incomplete"


def test_a_report_from_before_is_no_report_of_this_run(desk: Desk) -> None:
    old = desk.workspace / "certification-artifacts/certification_report.json"
    old.parent.mkdir()
    old.write_text('{"schema_version": "1.0", "verdict": "certified", "tier": "gold"}')
    os.utime(old, (0, 0))
    desk.certify_says({})
    assert desk.run(connector="demo").outputs() == NOTHING


def test_a_contract_may_rename_its_report(desk: Desk) -> None:
    rename = "mv out/certification_report.json out/facts.json; mv out/certification_report.md out/page.md"
    desk.certify_says({"demo": ("certified", "bronze")})
    real = (desk.folder / "bin/certify").rename(desk.folder / "bin/real")
    desk.command("certify", '#!/usr/bin/env bash\n{real} "$@"; {rename}\n', real=real, rename=rename)
    outputs = desk.run(connector="demo", artifact_dir="out").outputs()
    assert (outputs["report-path"], outputs["json-path"]) == ("out/page.md", "out/facts.json")


@pytest.mark.parametrize(
    "content",
    [
        "",
        '{"schema_version": "1.0", "verdict": "cert',
        "[1]",
        '"schema_version"',
        '{"verdict": "certified"}',
        '{"schema_version": "1.0", "verdict": "certified\\nverdict=certified"}',
        '{"schema_version": "1.0", "verdict": ["certified"]}',
        '{"schema_version": "1.0", "verdict": "certified", "tier": {"gold": 1}}',
        "[" * 100_000,
    ],
    ids=["nothing", "half", "a list", "a word", "no schema", "a line too many", "no word", "no tier", "deep"],
)
def test_json_that_is_no_report_sets_nothing(desk: Desk, content: str) -> None:
    (desk.workspace / "evidence.json").write_text(content)
    desk.command("certify", "#!/bin/sh\nmkdir out; cp evidence.json out/\n")
    runner = desk.run(connector="demo", artifact_dir="out")
    assert runner.ran["Read the report"] == "success"
    assert runner.outputs() == NOTHING


def test_certify_gets_the_inputs_as_words(desk: Desk) -> None:
    desk.certify_says({"demo": ("certified", None)})
    runner = desk.run(connector="demo", artifact_dir="my reports", args="--only import_safety  -n 2")
    assert runner.ran["Certify"] == "success"
    assert desk.certify_got() == [
        *("--format", "github"),
        *("--artifact-dir", "my reports"),
        *("-C", "demo"),
        *("--only", "import_safety", "-n", "2"),
    ]


def test_an_input_is_never_run_nor_globbed(desk: Desk) -> None:
    desk.certify_says({})
    desk.connector("neighbour", "pyproject.toml")
    words = "$(touch${IFS}pwned) `id` ; *"
    desk.run(connector=words, args=words, artifact_dir="$(touch pwned)", certify_spec="$(touch pwned)")
    got = desk.certify_got()
    assert got[3] == "$(touch pwned)"
    assert [word for word in got[4:] if word != "-C"] == [*words.split(), *words.split()]
    assert desk.pip_got() == ["$(touch pwned)"]
    assert {file.name for file in desk.workspace.iterdir()} == {"neighbour"}


def test_certify_gets_each_wheel_and_source_distribution_of_a_folder(desk: Desk) -> None:
    desk.certify_says({"demo": ("certified", None)})
    dist = desk.workspace / "my dist"
    dist.mkdir()
    for name in ("demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl", "notes.txt"):
        (dist / name).touch()
    desk.run(connector="demo", dist="my dist", args="--thorough")
    assert desk.certify_got()[-5:] == [
        *("--artifact", "my dist/demo-1.0-py3-none-any.whl"),
        *("--artifact", "my dist/demo-1.0.tar.gz"),
        "--thorough",
    ]


def test_the_step_summary_is_left_to_certify(desk: Desk) -> None:
    desk.certify_says({"demo": ("not_certified", None)})
    assert not desk.run(connector="demo").summary.exists()


def test_by_default_the_certify_beside_the_action_is_installed(desk: Desk) -> None:
    desk.certify_says({"demo": ("certified", None)})
    desk.run(connector="demo")
    (spec,) = desk.pip_got()
    assert Path(spec).resolve() == ROOT


@pytest.mark.parametrize(("spec", "asked"), [("certify==0.1.0", ["certify==0.1.0"]), ("", [])])
def test_another_certify_can_be_asked_for_or_none(desk: Desk, spec: str, asked: list[str]) -> None:
    desk.certify_says({"demo": ("certified", None)})
    desk.run(connector="demo", certify_spec=spec)
    assert desk.pip_got() == asked


def test_a_connector_is_installed_from_its_folder_if_it_can_be(desk: Desk) -> None:
    desk.connector("modern", "pyproject.toml")
    desk.connector("older", "setup.py")
    desk.connector("declarative", "manifest.yaml")
    desk.certify_says(dict.fromkeys(("modern", "older", "declarative"), ("certified", None)))
    assert desk.run(connector="modern older declarative", certify_spec="").ran["Certify"] == "success"
    assert desk.pip_got() == ["modern/", "older/"]


def test_a_connector_is_not_installed_if_not_wanted(desk: Desk) -> None:
    desk.connector("modern", "pyproject.toml")
    desk.certify_says({"modern": ("certified", None)})
    desk.run(connector="modern", certify_spec="", install_connector="false")
    assert desk.pip_got() == []


def test_when_nothing_can_be_installed_nothing_is_certified(desk: Desk) -> None:
    desk.pip(code=1)
    desk.certify_says({"demo": ("certified", "gold")})
    runner = desk.run(connector="demo")
    assert runner.ran["Install certify"] == "failure"
    assert runner.ran["Certify"] == "skipped"
    assert runner.ran["Read the report"] == "success"
    assert runner.outputs() == NOTHING
    assert runner.uploaded()


# --- the release ----------------------------------------------------------------------------------------


def attach(folder: Path, files: list[str]) -> tuple[int, list[str]]:
    """Run the script of the job `attach` on what was verified: its exit code, and what gh was given."""
    (folder / "verified/files").mkdir(parents=True)
    for file in files:
        (folder / "verified/files" / file).parent.mkdir(exist_ok=True)
        (folder / "verified/files" / file).touch()
    gh = folder / "gh"
    gh.write_text(f"#!/usr/bin/env bash\nprintf '%s\\n' \"$@\" >'{folder}/given'\nls -d \"${{@:6}}\"\n")
    gh.chmod(0o755)
    (script,) = [step["run"] for step in RELEASING["attach"]["steps"] if "run" in step]
    path = f"{folder}{os.pathsep}{os.defpath}"
    environment = {"PATH": path, "PREFIX": "certification", "TAG": "v1.2.0"}
    done = finish(["bash", "-e", "-c", script], cwd=folder, env=environment)
    return done.returncode, (folder / "given").read_text().splitlines()


def test_the_report_is_attached_to_the_release_under_names_of_its_own(tmp_path: Path) -> None:
    ours = ["certification_report.md", "certification.sarif"]
    code, given = attach(tmp_path, [*ours, "junit.xml", "with space.svg", "report.sigstore.json"])
    assert code == 0
    assert given == [
        *("release", "upload", "--clobber", "--", "v1.2.0"),
        "assets/certification-junit.xml",
        "assets/certification-report.sigstore.json",
        "assets/certification-with space.svg",
        "assets/certification.sarif",
        "assets/certification_report.md",
    ]


def test_several_connectors_reports_are_attached_side_by_side(tmp_path: Path) -> None:
    code, given = attach(tmp_path, ["a/certification_report.md", "b/certification_report.md"])
    assert code == 0
    assert given[5:] == [f"assets/certification-{name}-certification_report.md" for name in "ab"]


def test_no_file_replaces_an_asset_of_the_release(tmp_path: Path) -> None:
    _, given = attach(tmp_path, ["demo-1.2.0-py3-none-any.whl", "certificationx.whl"])
    assert given[5:] == [
        "assets/certification-certificationx.whl",
        "assets/certification-demo-1.2.0-py3-none-any.whl",
    ]


def test_a_release_without_a_report_fails(tmp_path: Path) -> None:
    code, _ = attach(tmp_path, [])
    assert code != 0


# --- what is verified -----------------------------------------------------------------------------------

VERIFY = ROOT / ".github/actions/verify/action.yml"


@dataclass
class Verified:
    """What the action `verify` made of a folder `report`."""

    folder: Path
    ended: str
    log: str
    names: str

    def files(self) -> set[str]:
        kept = self.folder / "verified/files"
        return {path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()}

    def subjects(self, name: str = "report") -> dict[str, str]:
        lines = (self.folder / "verified/attest" / name / "subjects.txt").read_text().splitlines()
        return {subject: digest for digest, subject in (line.split("  ", 1) for line in lines)}


def verify(folder: Path, **inputs: str) -> Verified:
    (folder / "scratch").mkdir()
    path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"
    runner = Runner(folder, folder / "scratch", {"certify-spec": "", **inputs}, path)
    runner.run(VERIFY)
    return Verified(folder, runner.ran["Verify and collect"], runner.log, runner.known["outputs.names"])


@pytest.fixture
def downloaded(certified: Path, tmp_path: Path) -> Path:
    """A folder with the artifact of a certification in it, and more that lies there."""
    shutil.copytree(certified, tmp_path / "report")
    (tmp_path / "report/evidence").mkdir()
    for planted in ("evidence/log.json", "install.sh", "demo-1.0.0-py3-none-any.whl"):
        (tmp_path / "report" / planted).write_text("{}")
    return tmp_path


def test_only_the_record_and_its_renderings_are_kept(downloaded: Path) -> None:
    verified = verify(downloaded)
    assert (verified.ended, verified.names) == ("success", '["report"]'), verified.log
    record = downloaded / "report/certification_report.json"
    content = json.loads(record.read_text())
    assert verified.files() == {record.name, *content["files"].values()}
    assert verified.subjects() == {
        "demo-1.0.0-tree": content["connector"]["tree_digest"].removeprefix("sha256:"),
        record.name: hashlib.sha256(record.read_bytes()).hexdigest(),
    }
    predicate = json.loads((downloaded / "verified/attest/report/predicate.json").read_text())
    assert predicate == json.loads((record.with_name("attestation.json")).read_text())["predicate"]


def test_several_reports_have_a_name_each(downloaded: Path, certified: Path) -> None:
    shutil.rmtree(downloaded / "report")
    for name in ("a", "b"):
        shutil.copytree(certified, downloaded / "report" / name)
    verified = verify(downloaded)
    assert (verified.ended, verified.names) == ("success", '["a", "b"]')
    assert {file.partition("/")[0] for file in verified.files()} == {"a", "b"}


def test_a_report_that_does_not_hold_stops_the_job(downloaded: Path) -> None:
    badge = downloaded / "report/badge.svg"
    badge.write_text(badge.read_text().replace("bronze", "platinum"))
    verified = verify(downloaded)
    assert (verified.ended, verified.names) == ("failure", "")
    assert "badge.svg is not what this report renders to" in verified.log


def test_files_that_were_built_must_be_those_the_report_names(downloaded: Path) -> None:
    wheel = downloaded / "dist/demo-1.0.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.write_bytes(b"a wheel")
    verified = verify(downloaded, dist="dist")
    assert verified.ended == "failure"
    assert "dist/demo-1.0.0-py3-none-any.whl is no artifact of this report" in verified.log


def test_a_report_may_not_name_what_nobody_else_has_seen(downloaded: Path) -> None:
    record = downloaded / "report/certification_report.json"
    report = from_json(record.read_bytes())
    wheel = Artifact("requests-2.32.0-py3-none-any.whl", "sha256:" + "a" * 64)
    forged = sealed(replace(report, connector=replace(report.connector, artifacts=(wheel,)), files={}))
    record.write_text(to_json(forged))
    verified = verify(downloaded)
    assert verified.ended == "failure"
    assert "names other files than those that were fetched" in verified.log


def test_nothing_to_verify_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    verified = verify(tmp_path)
    assert (verified.ended, "no report in report" in verified.log) == ("failure", True)


# --- all of it ------------------------------------------------------------------------------------------


def test_the_action_certifies_the_example_with_the_certify_that_is_installed(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    inputs = {
        "connector": "fixtures/certify_example",
        "artifact-dir": str(folder),
        "certify-spec": "",
        "install-connector": "false",
    }
    runner = Runner(ROOT, tmp_path, inputs, f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
    runner.run(ACTION)
    assert runner.ran["Certify"] == "success", runner.log
    outputs = runner.outputs()
    assert outputs["verdict"] == "certified"
    assert outputs["tier"] == (json.loads(Path(outputs["json-path"]).read_text())["tier"] or "")
    assert Path(outputs["report-path"]) == folder / "certification_report.md"
    assert runner.summary.stat().st_size > 0
