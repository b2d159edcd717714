"""The commands on recorded reports: verify one, compare two, print one in another format.

Only click is imported here, as in the command line itself.
"""

from __future__ import annotations

from pathlib import Path

import click

_PATH = click.Path(path_type=Path)


@click.command(short_help="Check that a report is whole and holds.")
@click.argument("report", type=_PATH)
@click.option(
    "--artifact",
    "artifacts",
    metavar="FILE",
    type=_PATH,
    multiple=True,
    help="A wheel or source distribution that must be one the report names. May be repeated.",
)
@click.pass_context
def verify(ctx: click.Context, report: Path, artifacts: tuple[Path, ...]) -> None:
    """Check that a report is whole, that its verdict follows from its outcomes, and what lies beside it.

    Exit codes: 0 it holds, 1 it does not, 2 it cannot be read.
    """
    from certify.cli.verification import verify_report

    ctx.exit(verify_report(report, artifacts))


@click.command(short_help="Tell what changed between two reports.")
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
@click.option(
    "--format",
    "shape",
    type=click.Choice(("text", "markdown", "json")),
    default="text",
    show_default=True,
    help="What to print.",
)
@click.pass_context
def diff(ctx: click.Context, old: Path, new: Path, shape: str) -> None:
    """Tell what changed between two reports of a connector, and whether the connector did, or the rules.

    Exit codes: 0 nothing newly fails, 1 something does, 2 a report cannot be read.
    """
    from certify.cli.difference import print_difference

    ctx.exit(print_difference(old, new, shape))


@click.command(short_help="Print a recorded report in another format.")
@click.argument("report", type=_PATH)
@click.option(
    "--format",
    "name",
    metavar="NAME",
    default="markdown",
    show_default=True,
    help="The rendering to print: json, markdown, html, sarif, junit, github, badge …",
)
def report(report: Path, name: str) -> None:
    """Print a recorded report (certification_report.json) in another format."""
    from certify.cli.verification import print_report

    print_report(report, name)
