"""Print what changed between two reports: as tables, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import click
import msgspec
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from certify.cli.panel import STYLES, SYMBOLS
from certify.cli.terminal import console_for_output
from certify.cli.verification import read_whole_report
from certify.drift import Cause, Change, Drift, Entry, Figure, Side, compare
from certify.errors import ReportError
from certify.model import Status, Verdict
from certify.text import counted, one_line

GROUP = "certify.drifts"

_TITLES = {
    Change.NEWLY_FAILING: ("Newly failing", "bold red"),
    Change.UNVERIFIED_NOW: ("Not decided any more", "yellow"),
    Change.NEWLY_WAIVED: ("Newly waived", "cyan"),
    Change.FIXED: ("Fixed", "green"),
    Change.GONE: ("Not asked any more", "dim"),
}
_CAUSES = {
    Cause.CONNECTOR: "connector changed",
    Cause.RULE: "rule changed",
    Cause.BOTH: "connector and rule changed",
    Cause.NEITHER: "neither connector nor rule changed",
}


def print_difference(old: Path, new: Path, shape: str) -> int:
    """Print it; returns the exit code. Raises ReportError for a report that is not whole."""
    drift = compare(read_whole_report(old), read_whole_report(new))
    if shape == "text":
        _print_tables(drift, console_for_output())
    else:
        click.echo(_as_json(drift) if shape == "json" else _renderer(shape)(drift), nl=False)
    return drift.exit_code


def _as_json(drift: Drift) -> str:
    return json.dumps(msgspec.to_builtins(drift), indent=2, ensure_ascii=False) + "\n"


def _renderer(name: str) -> Callable[[Drift], str]:
    points = metadata.entry_points(group=GROUP, name=name)
    if not points:
        raise ReportError(f"no installed package shows a difference as {name}")
    render: Callable[[Drift], str] = next(iter(points)).load()
    return render


def _print_tables(drift: Drift, console: Console) -> None:
    console.print(_head(drift))
    for change, (title, style) in _TITLES.items():
        entries = [one for one in drift.entries if one.change is change]
        if entries:
            console.print()
            console.print(Text(f"{title}: {counted(len(entries), 'rule')}", style=style))
            console.print(_entries(entries))
    if not drift.entries:
        console.print("No rule ended otherwise.")
    if drift.figures:
        console.print()
        console.print(_figures(drift))


def _head(drift: Drift) -> RenderableType:
    """The two reports, and what differs in what went into them."""
    changed = ", ".join(drift.connector_changes) or "nothing"
    rules = ", ".join(drift.suite_changes) or "none"
    return Group(
        Text.assemble(("certify diff ", "bold"), one_line(drift.new.connector)),
        Text.assemble(("  old  ", "dim"), one_line(_side(drift.old))),
        Text.assemble(("  new  ", "dim"), one_line(_side(drift.new))),
        Text.assemble("  ", one_line(f"connector changed: {changed}; rules changed: {rules}"), style="dim"),
    )


def _side(side: Side) -> str:
    verdict = "no verdict" if side.verdict is Verdict.NONE else side.verdict.value.replace("_", " ")
    words = [side.version or "no version", verdict, side.tier or "no tier"]
    return ", ".join([*words, side.finished])


def _entries(entries: list[Entry]) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for one in entries:
        name = Text.assemble(_mark(one.new), " ", one_line(one.id), "" if one.required else " (not required)")
        table.add_row(name, Text(f"{_word(one.old)} → {_word(one.new)}", style="dim"), _why(one))
    return Padding(table, (0, 0, 0, 2))


def _mark(status: Status | None) -> tuple[str, str]:
    return (SYMBOLS[status], STYLES[status]) if status else ("–", "dim")


def _word(status: Status | None) -> str:
    return status.value.replace("_", " ") if status else "not asked"


def _why(entry: Entry) -> RenderableType:
    """The cause, then what was said, and until when it is waived."""
    about = f" ({', '.join(entry.rule_changes)})" if entry.rule_changes else ""
    lines = [Text(f"{_CAUSES[entry.cause]}{about}")]
    if entry.message and entry.change is not Change.FIXED:
        lines.append(Text(one_line(entry.message), style="dim"))
    if entry.waiver is not None:
        until = f"until {entry.waiver.expires}, {entry.waiver.owner}: {entry.waiver.reason}"
        lines.append(Text(one_line(until), style="dim"))
    return Group(*lines)


def _figures(drift: Drift) -> RenderableType:
    title = "Performance" if drift.same_machine else "Performance, on two machines: not comparable"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="dim")
    for heading in ("figure", "old", "new", "change"):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    for one in drift.figures:
        table.add_row(*_figure(one))
    return table


def _figure(one: Figure) -> tuple[str, str, str, str]:
    change = "–" if one.percent is None else f"{one.percent:+.0f} %"
    return f"{one.name} ({one.unit})", f"{one.old:,.1f}", f"{one.new:,.1f}", change
