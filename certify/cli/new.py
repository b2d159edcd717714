"""The command that makes a connector's repository, and the texts it is asked with.

Only click is imported here, as in the command line itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from certify.cli.starter.offers import CAPABILITIES, NOT_OFFERED, OFFERS


class _Systems(click.Choice[str]):
    """Says of a system that certify knows, and makes nothing for, why not."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take one that is offered."""
        if value in NOT_OFFERED:
            self.fail(f"{value!r} is not offered: {NOT_OFFERED[value]}.", param, ctx)
        return super().convert(value, param, ctx)


@click.command()
@click.argument("name")
@click.option(
    "-C",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    default=".",
    help="The folder to make it in (default: here).",
)
@click.option(
    "--system",
    type=_Systems(tuple(OFFERS)),
    default="dpone",
    show_default=True,
    help="The system that the connector is for; python: a package for none in particular.",
)
@click.option(
    "--capability",
    "capabilities",
    type=click.Choice(CAPABILITIES),
    multiple=True,
    help="What it can do (default: source). May be repeated.",
)
@click.pass_context
def new(ctx: click.Context, /, **options: Any) -> None:
    """Make the repository of a new connector, NAME, which is certified as it is.

    It has a package with a small source (a REST API), sink (staged loads into SQLite) or state back end,
    tests, documentation, examples, a cassette, the contract and a workflow for GitHub. What it says of the
    API and of the warehouse is made up: put your own in its place, and see that it stays certified.

    \b
    dpone, python   source, sink and state, also together
    planasonix      source and sink, also together
    singer          source (NAME: tap-…) or sink (target-…)
    airbyte         source (NAME: source-…)

    Plakar and APPSeCONNECT are not offered: their connectors are programs in Go and assemblies for .NET.
    Nothing is overwritten: the folder NAME is new, and comes whole or not at all.

    Exit codes: 0 made, 2 nothing was written, 130 interrupted.

    \b
    certify new orders-api
    certify new orders-api --system python --capability source --capability sink
    certify new tap-orders --system singer
    """  # noqa: D301  click's mark: these lines stay as they are
    from certify.cli.starter.making import NewWish, make

    ctx.exit(make(NewWish(**options)))
