"""Say what was found, where, what was not, and what to run next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from certify.cli.contract_draft import asked_for, flow
from certify.cli.terminal import console_for_output
from certify.systems.finding import Fact, Found
from certify.text import counted, one_line

_WIDTH = 60
#: What is shown, in this order, by the keys of the contract.
_SHOWN: dict[tuple[str, ...], str] = {
    ("connector",): "connector",
    ("system",): "system",
    ("subject", "package"): "package",
    ("subject", "command"): "command",
    ("subject", "source"): "make_source",
    ("subject", "sink"): "make_sink",
    ("subject", "state"): "make_state",
    ("subject", "assembly"): "assembly",
    ("subject", "config"): "configuration",
    ("subject", "secrets"): "secrets",
    ("policy", "egress_hosts"): "hosts",
    ("policy", "sdk"): "SDK",
    ("quality_gates", "unit_tests"): "tests",
    ("replay", "cassettes"): "recordings",
}
_ASKED = {
    "package": "the import package",
    "command": "the console script",
    "source": "a factory make_source",
    "sink": "a factory make_sink",
    "state": "a factory make_state",
    "assembly": "the compiled adapter",
    "config": "a configuration schema or sample",
}


def show(found: Found | None, written: Sequence[str], folder: Path, *, kept: bool) -> None:
    """Print on standard output. `kept`: the contract was there before, and only the workflow is new."""
    console = console_for_output()

    def say(text: str) -> None:
        console.print(Text(text), soft_wrap=True)

    if found is not None:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("found", "", "in"):
            table.add_column(heading, overflow="fold")
        for name, value, origin in _rows(found):
            table.add_row(name, Text(one_line(value, _WIDTH)), Text(one_line(origin, _WIDTH)), style=None)
        console.print(table)
        say("")
        for line in _missing(found):
            say(line)
    if kept:
        say("The contract is there already, and stays as it is.")
    say(f"Written: {', '.join(one_line(one, 200) for one in written)}")
    for line in _next(found, folder):
        say(line)


def _rows(found: Found) -> Iterator[tuple[str, str, str]]:
    for key, name in _SHOWN.items():
        if key in found.facts:
            fact = found.facts[key]
            drafted = ", drafted" if name == "configuration" and found.sample is not None else ""
            yield name, _shown(fact) + drafted, fact.origin
        if key == ("system",):
            for capability in found.capabilities:
                fact = found.facts["capabilities", capability, "strategies"]
                strategies = ", ".join(fact.value)
                yield "capability", f"{capability}: {strategies}" if strategies else capability, fact.origin
    for name, below in (("primary keys", "primary_keys"), ("cursors", "cursor_fields")):
        facts = found.below("subject", below)
        if facts:
            yield name, ", ".join(facts), _origins(list(facts.values()))


def _shown(fact: Fact) -> str:
    """A value as people say it."""
    if fact.value is True:
        return "yes"
    if isinstance(fact.value, list):
        return ", ".join(map(str, fact.value))
    return fact.value if isinstance(fact.value, str) else flow(fact.value)


def _origins(facts: Sequence[Fact]) -> str:
    files = list(dict.fromkeys(fact.origin for fact in facts))
    return files[0] if len(files) == 1 else f"{files[0]} and {counted(len(files) - 1, 'more place')}"


def _missing(found: Found) -> Iterator[str]:
    """What could not be found, one line each, with what helps."""
    lines = list(_not_found(found))
    if lines:
        comments = "a comment" if len(lines) == 1 else "comments"
        yield f"Not found, and left for you as {comments} in the contract:"
        yield from (f"  {line}" for line in lines)
        yield ""
    if found.sample is not None and found.sample.invented:
        names = one_line(", ".join(found.sample.invented), 300)
        yield f"Put your own values into {found.get('subject', 'config')} for: {names}"
        yield ""


def _not_found(found: Found) -> Iterator[str]:
    capabilities = found.capabilities
    yield from (f"{_ASKED[key]} (subject.{key})" for key in asked_for(found))
    if "source" in capabilities and not found.below("subject", "primary_keys"):
        yield "primary keys (subject.primary_keys)"
    if "source" in capabilities and found.get("replay", "cassettes") is None:
        there = f"; {counted(len(found.recordings), 'cassette')} of other runs" if found.recordings else ""
        yield f"a recording of a full read (replay.cassettes){there}"
    if found.get("policy", "egress_hosts") is None:
        yield "the hosts that it speaks to (policy.egress_hosts)"


def _next(found: Found | None, folder: Path) -> Iterator[str]:
    place = "" if folder == Path() else f" -C {shlex.quote(one_line(str(folder), 300))}"
    yield "Next:"
    yield f"  certify{place} --artifact-dir out"
    if found is not None and "source" in found.capabilities and found.get("replay", "cassettes") is None:
        variables = found.sample.variables if found.sample else ()
        yield f"  {''.join(f'{name}=… ' for name in variables)}certify record{place}"
