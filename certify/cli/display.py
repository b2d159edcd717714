"""Show a run while it happens, and its verdict: for people, for programs, for GitHub."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Protocol

import click
from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from certify.cli.artifacts import find_format, render
from certify.cli.panel import STYLES, SYMBOLS, finding_lines, panel, summary_table, where
from certify.cli.terminal import console_for_output, is_watched
from certify.cli.workspace import from_workspace
from certify.contract import Contract
from certify.errors import CertifyError, ReportError
from certify.model import WORST_FIRST, Outcome, Report, Status, to_json
from certify.plan import Plan
from certify.text import one_line


class Display(Protocol):
    """What is told while connectors are certified."""

    def begin(self, contract: Contract) -> None:
        """A connector is about to be run."""

    def planned(self, plan: Plan) -> None:
        """Its rules are known."""

    def running(self, nodeid: str) -> None:
        """An item begins."""

    def outcome(self, outcome: Outcome) -> None:
        """An item has ended."""

    def end_of_run(self) -> None:
        """No more outcomes come."""

    def finish(self, report: Report, folder: Path | None) -> None:
        """The report is made, and written to `folder` if there is one."""

    def refused(self, folder: Path, error: CertifyError) -> None:
        """One of several connectors could not be run at all."""

    def problem(self, said: str) -> None:
        """Something of ours went wrong, though the report is made."""

    def tick(self) -> None:
        """A moment has passed, while several connectors run together."""

    def all_done(self) -> None:
        """The last of several connectors is done."""


def display_for(shape: str, *, moves_by_itself: bool = True) -> Display:
    """The display of a `--format`; it moves by itself, which takes a thread, or when it is told of a tick."""
    if shape == "json":
        return JsonDisplay()
    return GithubDisplay() if shape == "github" else TextDisplay(moves_by_itself=moves_by_itself)


class SilentDisplay:
    """Says nothing; the base of those that speak only at the end."""

    def begin(self, contract: Contract) -> None:
        """Nothing."""

    def planned(self, plan: Plan) -> None:
        """Nothing."""

    def running(self, nodeid: str) -> None:
        """Nothing."""

    def outcome(self, outcome: Outcome) -> None:
        """Nothing."""

    def end_of_run(self) -> None:
        """Nothing."""

    def finish(self, report: Report, folder: Path | None) -> None:
        """Nothing."""

    def refused(self, folder: Path, error: CertifyError) -> None:
        """The error, on standard error."""
        _complain(str(error))

    def problem(self, said: str) -> None:
        """The same."""
        _complain(said)

    def tick(self) -> None:
        """Nothing."""

    def all_done(self) -> None:
        """Nothing."""


def _complain(said: str) -> None:
    click.echo(f"certify: {one_line(said, 2000)}", err=True)


class JsonDisplay(SilentDisplay):
    """Prints each report as JSON, and nothing else."""

    def finish(self, report: Report, folder: Path | None) -> None:
        """The record itself."""
        click.echo(to_json(report), nl=False)


#: GitHub cuts a step summary at one mebibyte; what is longer is refused whole.
_SUMMARY_BYTES = 1024 * 1024 - 1024


class GithubDisplay(SilentDisplay):
    """Prints annotations, and appends the Markdown to the step summary."""

    def __init__(self) -> None:
        self._root = Path()

    def begin(self, contract: Contract) -> None:
        """Note where the connector lies."""
        self._root = contract.root

    def finish(self, report: Report, folder: Path | None) -> None:
        """Annotations on standard output, the report in the summary."""
        annotations = self._made("github", report).decode("utf-8")
        click.echo(from_workspace(annotations, self._root), nl=False)
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if summary:
            self._append(Path(summary), self._made("markdown", report))

    def _made(self, name: str, report: Report) -> bytes:
        """What a renderer makes of it; one that fails is told, and changes no verdict."""
        try:
            return render(find_format(name), report)
        except ReportError as error:
            _complain(str(error))
            return b""

    def _append(self, summary: Path, text: bytes) -> None:
        """A summary that cannot be written is told, and changes no verdict."""
        try:
            with summary.open("ab") as file:
                file.write(text[:_SUMMARY_BYTES].decode("utf-8", "ignore").encode("utf-8") + b"\n")
        except OSError as error:
            _complain(f"{summary}: the step summary cannot be written: {error.strerror}")


class _Area:
    """What an area's rules have said so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.total = 0
        self.seen: dict[str, Status] = {}
        self.began = self.seconds = 0.0
        self.closed = False

    def begin(self) -> None:
        """Its first item starts."""
        self.began = self.began or time.monotonic()

    def add(self, outcome: Outcome) -> None:
        """A rule of several items has the status of its worst."""
        before = self.seen.get(outcome.rule, Status.NOT_APPLICABLE)
        self.seen[outcome.rule] = min(before, outcome.status, key=WORST_FIRST.index)
        self.seconds += outcome.seconds

    def line(self) -> Text:
        """The area in one line: how many rules ended how, and in how long."""
        statuses = list(self.seen.values())
        worst = min(statuses, key=WORST_FIRST.index)
        counts = ", ".join(
            f"{statuses.count(one)} {one.value.replace('_', ' ')}" for one in WORST_FIRST if one in statuses
        )
        return Text.assemble(
            (SYMBOLS[worst], STYLES[worst]), f" {self.name}  ", (f"{counts}  {self.seconds:.2f} s", "dim")
        )


class TextDisplay:
    """Quiet by default: one live line for the area that runs, failures as they come, a panel at the end."""

    def __init__(self, console: Console | None = None, *, moves_by_itself: bool = True) -> None:
        # The stream of now: while pytest runs, sys.stdout is where its own words go.
        self.console = console or console_for_output()
        self._moves_by_itself = moves_by_itself
        self._reports: list[Report] = []
        self._refused: list[Path] = []
        self._live: Live | None = None
        self._spinner = Spinner("dots")
        self._areas: dict[str, _Area] = {}
        self._area_of: dict[str, str] = {}
        self._running: _Area | None = None

    def begin(self, contract: Contract) -> None:
        """One line: what is certified."""
        name = Text.assemble(
            ("certify ", "bold"), one_line(contract.connector), (f"  {contract.system}", "dim")
        )
        self.console.print(name)
        if is_watched(self.console):
            self._live = Live(
                console=self.console,
                get_renderable=self._live_line,
                transient=True,
                refresh_per_second=10,
                auto_refresh=self._moves_by_itself,
            )
            self._live.start()

    def planned(self, plan: Plan) -> None:
        """How many rules each area has."""
        self._area_of = {rule.id: rule.area for rule in plan.rules}
        self._areas = {}
        for area in self._area_of.values():
            self._areas.setdefault(area, _Area(area)).total += 1

    def running(self, nodeid: str) -> None:
        """Move the live line to the area of the item; workers (-n) may be in several at once."""
        area = self._areas.get(nodeid.partition("::")[2].partition("::")[0])
        if area is None or area is self._running:
            return
        self._running = area
        area.begin()
        for other in self._areas.values():
            if other is area or len(other.seen) < other.total:
                break  # in their order, though some rules may run beside the others
            self._close(other)

    def outcome(self, outcome: Outcome) -> None:
        """Count it; a failure is shown at once."""
        if outcome.rule in self._area_of:
            self._areas[self._area_of[outcome.rule]].add(outcome)
        if outcome.status in (Status.FAILED, Status.ERRORED):
            for line in finding_lines(outcome):
                self.console.print(line)

    def _live_line(self) -> RenderableType:
        """The area that runs: rules done, and the time it has taken until now."""
        area = self._running
        if area is None:
            return Text("")
        words = f" {area.name}  {len(area.seen)}/{area.total}  {time.monotonic() - area.began:.1f} s"
        self._spinner.update(text=Text(words, style="dim"))
        return self._spinner

    def _close(self, area: _Area) -> None:
        """An area is done: one line that stays."""
        if area.seen and not area.closed:
            area.closed = True
            self.console.print(area.line())

    def end_of_run(self) -> None:
        """Take the live line away."""
        for area in self._areas.values():
            self._close(area)
        self._running = None
        if self._live is not None:
            self._live.stop()
            self._live = None

    def finish(self, report: Report, folder: Path | None) -> None:
        """The verdict."""
        self._reports.append(report)
        self.console.print(panel(report))
        for remark in report.run.remarks:
            self.console.print(Text.assemble(("Note: ", "dim"), one_line(remark, 1000)), soft_wrap=True)
        if folder is not None:
            # Not in the panel, which would break the path where nobody could open or copy it.
            self.console.print(Text.assemble(("Report: ", "dim"), where(report, folder)), soft_wrap=True)

    def refused(self, folder: Path, error: CertifyError) -> None:
        """One of several could not be run: say why, and go on."""
        self._refused.append(folder)
        _complain(str(error))

    def problem(self, said: str) -> None:
        """A line on standard error."""
        _complain(said)

    def tick(self) -> None:
        """Move the live line."""
        if self._live is not None:
            self._live.refresh()

    def all_done(self) -> None:
        """All connectors in one table."""
        self.console.print(summary_table(self._reports, self._refused))
