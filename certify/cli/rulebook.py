"""List the installed rules, and explain one: its docstring is its documentation."""

from __future__ import annotations

import difflib

import click
from rich.table import Table
from rich.text import Text

from certify.cli.terminal import console_for_output
from certify.errors import CertifyError
from certify.plugin.planning import installed_rules
from certify.registry import Registry
from certify.rules import PlatformId, Rule
from certify.systems.dpone import PLATFORM_IDS

#: A pipe has no width of its own; whoever searches in it wants whole lines.
_PIPED_WIDTH = 200


def list_rules(area: str | None) -> None:
    """Print a table of the installed rules."""
    registry = installed_rules()
    if area is not None and area not in registry.areas:
        raise CertifyError(f"no area {area!r}; installed are {', '.join(registry.areas)}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("area", "rule", "tier", "effort", "what holds"):
        table.add_column(heading, no_wrap=heading != "what holds")
    for rule in registry.rules.values():
        if area in (None, rule.area):
            table.add_row(rule.area, rule.id, rule.tier.value, rule.effort.value, rule.title)
    console = console_for_output()
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    console.print(table)
    console.print(f"\n{len(registry.rules)} rules installed. `certify explain RULE` tells more.", style="dim")


def explain_name(name: str) -> None:
    """Explain a rule, a platform's id, or an area; all that the name stands for."""
    registry = installed_rules()
    found = False
    if name in registry.rules:
        _explain_rule(registry.rules[name])
        found = True
    if name in PLATFORM_IDS:
        _explain_id(PLATFORM_IDS[name], registry)
        found = True
    of_area = [rule for rule in registry.rules.values() if rule.area == name]
    if of_area:
        click.echo(f"{name} is an area of {len(of_area)} rules:")
        _echo_rules(of_area)
        found = True
    if not found:
        known = sorted({*registry.rules, *PLATFORM_IDS, *registry.areas})
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"; did you mean {close[0]!r}?" if close else "; `certify rules` lists them"
        raise CertifyError(f"no rule, id or area {name!r}{hint}")


def _explain_rule(rule: Rule) -> None:
    console = console_for_output()
    systems = ", ".join(sorted(rule.systems)) or "every system"
    capabilities = ", ".join(sorted(rule.capabilities)) or "every capability"
    console.print(Text(f"{rule.id} · {rule.title}", style="bold"))
    facts = f"{rule.area} · {rule.tier} · effort {rule.effort} · {systems} · {capabilities}"
    console.print(Text(facts + ("" if rule.waivable else " · may not be waived"), style="dim"))
    console.print()
    console.print(Text(f"Why: {rule.why}"))
    console.print()
    console.print(Text(f"Fix: {rule.fix}"))
    console.print()
    console.print(Text(f"Run it alone: certify --only {rule.id}", style="dim"))


def _explain_id(one: PlatformId, registry: Registry) -> None:
    if not one.rules:
        click.echo(
            f"{one.id} is claimed in dpone's contracts, and no rule exercises it: a test of the connector's"
        )
        click.echo("own speaks for it, marked @pytest.mark.certifies with the id that the report shows.")
        return
    click.echo(f"{one.id} is an id of dpone's contracts: the worst of these rules is its status.")
    _echo_rules([registry.rules[name] for name in one.rules if name in registry.rules])
    for name in one.rules:
        if name not in registry.rules:
            click.echo(f"  {name}: not installed yet, so the id is unverified at best")
    if one.needs:
        click.echo("It can be exercised once the contract says:\n")
        click.echo("".join(f"    {line}\n" for line in one.needs.splitlines()), nl=False)


def _echo_rules(rules: list[Rule]) -> None:
    for rule in rules:
        click.echo(f"  {rule.id}: {rule.title}")
