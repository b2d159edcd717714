"""Say what was made, what in it is made up, and what to run next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from certify.cli.starter.offers import SINK, SOURCE
from certify.cli.starter.project import Project, summary_of
from certify.cli.terminal import console_for_output
from certify.cli.workflow_draft import PLACE as WORKFLOW
from certify.text import one_line


def show(project: Project, folder: Path, files: Sequence[str]) -> None:
    """Print on standard output; `files` are paths from the new folder."""
    console = console_for_output()
    shown = one_line(str(folder), 300)

    def say(text: str = "") -> None:
        console.print(Text(text), soft_wrap=True)

    say(f"Made {shown}: {_uncapitalized(summary_of(project))}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("what", no_wrap=True)
    table.add_column("where", overflow="fold")
    for what, where in _made(project, files):
        table.add_row(what, where)
    console.print(table)
    say()
    say("Made up, and yours to replace:")
    for line in _made_up(project):
        say(f"  {line}")
    say()
    if WORKFLOW not in files:
        say("A git repository is around it: the last line adds the workflow, to the top of that.")
    say("Next:")
    for line in _next(shown, files):
        say(f"  {line}")


def _uncapitalized(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _made(project: Project, files: Sequence[str]) -> Iterator[tuple[str, str]]:
    package = f"src/{project.names.package}"
    modules = [one for one in files if Path(one).match(f"{package}/*.py")]
    yield "package", f"{package}/, {len(modules)} modules"
    places = {
        "tests": "tests/",
        "contract": "certification/certification.yaml",
        "recordings": "certification/cassettes/",
        "examples": "examples/",
        "guide": "docs/",
        "workflow": WORKFLOW,
    }
    for what, where in places.items():
        if any(one.startswith(where) for one in files):
            yield what, where
    yield "README", "README.md, CHANGELOG.md, LICENSE, pyproject.toml"


def _made_up(project: Project) -> Iterator[str]:
    package = f"src/{project.names.package}"
    if SOURCE in project.capabilities:
        yield f"the API at {project.names.host}: {package}/client.py, events.py, and its recordings"
    if SINK in project.capabilities:
        yield "the rows that are loaded: certification/rows.json, and the key in the contract"
    yield "the licence: LICENSE and pyproject.toml say Apache-2.0"


def _next(folder: str, files: Sequence[str]) -> Iterator[str]:
    yield f"cd {shlex.quote(folder)}"
    yield "certify --artifact-dir out"
    yield "pip install -e '.[dev]' && pytest"
    if WORKFLOW not in files:
        yield "certify init --ci"
