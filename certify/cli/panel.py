"""Lay out a verdict for a terminal: the author's own ids first, then what to do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from certify.countdown import countdown, ends_soon
from certify.model import WORST_FIRST, Finding, IdResult, Outcome, Report, Status, Verdict
from certify.text import one_line

SYMBOLS = {
    Status.PASSED: "✓",
    Status.FAILED: "✗",
    Status.ERRORED: "!",
    Status.BLOCKED: "⊘",
    Status.UNVERIFIED: "?",
    Status.WAIVED: "~",
    Status.NOT_APPLICABLE: "–",
}
STYLES = {
    Status.PASSED: "green",
    Status.FAILED: "bold red",
    Status.ERRORED: "magenta",
    Status.BLOCKED: "yellow",
    Status.UNVERIFIED: "yellow",
    Status.WAIVED: "cyan",
    Status.NOT_APPLICABLE: "dim",
}
_TITLES = {
    Verdict.CERTIFIED: ("Certified", "green"),
    Verdict.NOT_CERTIFIED: ("Not certified", "red"),
    Verdict.INCOMPLETE: ("Incomplete", "yellow"),
    Verdict.NONE: ("Selection", "blue"),
}

#: Findings shown per rule; the report has them all.
_SHOWN_FINDINGS = 5
_SHOWN_REASONS = 6
_SHOWN_WAIVERS = 6


def finding_lines(outcome: Outcome) -> Iterable[RenderableType]:
    """A failure as it comes: the rule, then each finding with its place and its fix."""
    style = STYLES[outcome.status]
    yield Text.assemble((f"{SYMBOLS[outcome.status]} {outcome.rule}", style))
    for finding in outcome.findings[:_SHOWN_FINDINGS]:
        yield from _finding(finding)
    more = len(outcome.findings) - _SHOWN_FINDINGS
    if more > 0:
        yield _indented(Text(f"… and {more} more, in the report", style="dim"), 4)
    if not outcome.findings:
        yield _indented(Text(one_line(outcome.message)), 4)
        if outcome.detail and outcome.status is Status.ERRORED:
            yield _indented(Text(one_line(outcome.detail.strip().splitlines()[-1]), style="dim"), 4)


def _finding(finding: Finding) -> Iterable[RenderableType]:
    where = f"{finding.location}: " if finding.location else ""
    yield _indented(Text.assemble((where, "bold"), one_line(finding.message)), 4)
    if finding.fix:
        yield _indented(Text.assemble(("fix: ", "dim"), (one_line(finding.fix), "dim")), 6)


def _indented(text: Text, columns: int) -> RenderableType:
    """A paragraph whose further lines keep its indent."""
    return Padding(text, (0, 0, 0, columns), expand=False)


def panel(report: Report) -> RenderableType:
    """The verdict panel."""
    title, style = _TITLES[report.verdict]
    name = " ".join(filter(None, (report.connector.name, report.connector.version)))
    body: list[RenderableType] = []
    if report.run.interrupted:
        body.append(Text("Interrupted: what had not run by then is unverified.", style="yellow"))
    body += _selection(report) if report.verdict is Verdict.NONE else _certification(report)
    return Panel(
        Group(*body), title=Text(f" {title} · {one_line(name)} ", style=f"bold {style}"), border_style=style
    )


def _selection(report: Report) -> list[RenderableType]:
    words = "Selection passed; no verdict" if report.exit_code == 0 else "Selection did not pass; no verdict"
    counts = ", ".join(f"{count} {status}" for status, count in _rule_counts(report).items())
    return [Text(f"{words}: {counts}")]


def _rule_counts(report: Report) -> dict[str, int]:
    statuses = [rule.status for rule in report.rules]
    return {one.value.replace("_", " "): statuses.count(one) for one in WORST_FIRST if one in statuses}


def _required(report: Report) -> str:
    return ", ".join(f"{count} {status.value.replace('_', ' ')}" for status, count in report.required.items())


def _certification(report: Report) -> list[RenderableType]:
    body: list[RenderableType] = [
        Text(f"{sum(report.required.values())} required: {_required(report)}", style="bold"),
        Text(""),
        _ids(report),
    ]
    reasons = [reason for reason in report.reasons if reason.status in (Status.FAILED, Status.ERRORED)]
    if reasons:
        body.append(Text(""))
    for reason in reasons[:_SHOWN_REASONS]:
        where = f"{reason.location}: " if reason.location else ""
        body.append(
            Text.assemble(
                (f"{SYMBOLS[reason.status]} {reason.id}  ", STYLES[reason.status]),
                one_line(_without_place(reason.message, where)),
            )
        )
        if where:
            body.append(Text.assemble("  at ", (where.rstrip(": "), "bold")))
    if len(reasons) > _SHOWN_REASONS:
        body.append(Text(f"… and {len(reasons) - _SHOWN_REASONS} more, in the report", style="dim"))
    body += [Text(""), Text(_tier(report))]
    if report.connector.claimed_status:
        observed = _TITLES[report.verdict][0].lower()
        body.append(
            Text(f"Claimed status: {one_line(report.connector.claimed_status)}; observed: {observed}")
        )
    return [*body, *_waivers(report)]


def _waivers(report: Report) -> list[RenderableType]:
    """What is let pass, by whom, and for how long yet; what ends first comes first."""
    waived = sorted(
        ((rule.id, rule.waiver) for rule in report.rules if rule.waiver), key=lambda pair: pair[1].expires
    )
    lines: list[RenderableType] = []
    for name, waiver in waived[:_SHOWN_WAIVERS]:
        left = countdown(waiver.expires, report.run.finished)
        style = "bold yellow" if ends_soon(waiver.expires, report.run.finished) else STYLES[Status.WAIVED]
        words = f"waived until {waiver.expires} ({left}), {waiver.owner}"
        lines.append(Text.assemble((f"{SYMBOLS[Status.WAIVED]} {name} ", style), " ", one_line(words)))
    if len(waived) > _SHOWN_WAIVERS:
        lines.append(Text(f"… and {len(waived) - _SHOWN_WAIVERS} more waived, in the report", style="dim"))
    return [Text(""), *lines] if lines else []


def _without_place(message: str, where: str) -> str:
    return message.removeprefix(where) if where else message


def _ids(report: Report) -> RenderableType:
    """The contract's own ids, each once; those that nothing can exercise yet share a line."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(no_wrap=True)
    table.add_column()
    by_name: dict[str, list[IdResult]] = {}
    for one in report.ids:
        by_name.setdefault(one.id, []).append(one)
    unverified = []
    for name, these in by_name.items():
        speaker = min(these, key=lambda one: WORST_FIRST.index(one.status))
        if speaker.status is Status.UNVERIFIED:
            unverified.append(name)
            continue
        where = ", ".join(one.capability for one in these if one.capability) or speaker.kind.value
        table.add_row(
            Text(SYMBOLS[speaker.status], style=STYLES[speaker.status]), Text(name), Text(where, style="dim")
        )
    if unverified:
        symbol = Text(SYMBOLS[Status.UNVERIFIED], style=STYLES[Status.UNVERIFIED])
        label = f"{len(unverified)} unverified"
        table.add_row(symbol, Text(label), Text(", ".join(unverified), style="dim"))
    return table


def _tier(report: Report) -> str:
    tier = report.tier.value if report.tier else "none yet"
    if report.next_tier is None:
        return f"Tier: {tier}"
    count = len(report.next_tier.rules)
    first = report.next_tier.rules[0]
    rules = "rule" if count == 1 else "rules"
    return f"Tier: {tier}; {count} {rules} to {report.next_tier.tier.value}, cheapest first: {first.id}"


def summary_table(reports: list[Report], refused: list[Path]) -> RenderableType:
    """Several connectors, a line each."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("connector", "verdict", "tier", "required"):
        table.add_column(heading, overflow="fold")
    for report in reports:
        title, style = _TITLES[report.verdict]
        tier = report.tier.value if report.tier else "–"
        table.add_row(
            Text(one_line(report.connector.name)), Text(title, style=style), tier, _required(report)
        )
    for folder in refused:
        table.add_row(Text(one_line(str(folder))), Text("not run", style="red"), "–", "no report, see above")
    return table


def where(report: Report, folder: Path) -> str:
    """The page that people open by its path, and what lies beside it for a forge."""
    names = [report.files[name] for name in ("html", "markdown") if name in report.files]
    first, *rest = [name for name in names if (folder / name).is_file()] or [report.files["json"]]
    return one_line(" and ".join([str(folder / first), *rest]), 4096)
