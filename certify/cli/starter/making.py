"""Make the repository of a new connector: files from templates, the contract as `certify init` drafts it."""

from __future__ import annotations

import datetime
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click

from certify.cli.contract_draft import contract_text
from certify.cli.interruption import INTERRUPTED
from certify.cli.starter.display import show
from certify.cli.starter.folder import new_folder, refuse_taken
from certify.cli.starter.names import names_of
from certify.cli.starter.offers import CAPABILITIES, OFFERS, SINK, SOURCE, STATE
from certify.cli.starter.project import SINK_STRATEGIES, SOURCE_STRATEGIES, Project, texts_of
from certify.cli.starter.sample import BATCH_ROWS
from certify.cli.workflow_draft import PLACE as WORKFLOW
from certify.cli.workflow_draft import is_in_repository, workflow_text
from certify.cli.writing import write_new
from certify.contract.document import parse_document
from certify.contract.loader import USUAL_PLACES, contract_from
from certify.errors import CertifyError
from certify.systems.finding import Fact, find


@dataclass(frozen=True)
class NewWish:
    """What was asked on the command line."""

    name: str
    folder: Path
    system: str
    capabilities: tuple[str, ...]


def make(wish: NewWish) -> int:
    """Make what is wished, and tell what to do next; returns the exit code. Raises CertifyError."""
    project = _project(wish)
    if not os.path.isdir(wish.folder):  # noqa: PTH112  Path.is_dir raises where a parent may not be searched
        raise CertifyError(f"{wish.folder}: not a folder; -C names the one to make {wish.name} in")
    folder = wish.folder / wish.name
    refuse_taken(folder, str(folder))
    texts = texts_of(project)
    if not is_in_repository(wish.folder):
        texts[WORKFLOW] = workflow_text(".")
    try:
        with new_folder(folder) as building:
            write_new({building / path: text for path, text in texts.items()})
            write_new({building / USUAL_PLACES[0]: _contract(project, building)})
    except KeyboardInterrupt:
        click.echo("certify: interrupted; nothing was written", err=True)
        return INTERRUPTED
    show(project, folder, [*texts, USUAL_PLACES[0]])
    return 0


def _project(wish: NewWish) -> Project:
    offer = OFFERS[wish.system]
    capabilities = tuple(one for one in CAPABILITIES if one in (wish.capabilities or (SOURCE,)))
    for one in capabilities:
        if one not in offer.parts:
            raise CertifyError(
                f"--capability {one}: not for {wish.system}: {offer.lacks[one]}; it can be "
                + " or ".join(offer.parts)
            )
    prefixes = [offer.parts[one].prefix for one in capabilities if offer.parts[one].prefix]
    if len(prefixes) > 1:
        raise CertifyError(
            f"--capability {' and '.join(capabilities)}: not in one {wish.system} connector; make two"
        )
    _refuse_other_kind(wish, capabilities)
    names = names_of(wish.name, offer.prefix, "".join(prefixes))
    if prefixes and not names.distribution.startswith(prefixes[0]):
        raise CertifyError(
            f"{wish.name!r}: a {capabilities[0]} for {wish.system} is called {prefixes[0]}…; "
            f"say certify new {prefixes[0]}{names.distribution} --system {wish.system}"
        )
    return Project(names, wish.system, capabilities, datetime.date.today(), uuid.uuid4())


def _refuse_other_kind(wish: NewWish, capabilities: tuple[str, ...]) -> None:
    """A target is no source, though nobody said what it is."""
    for one, part in OFFERS[wish.system].parts.items():
        if part.prefix and wish.name.startswith(part.prefix) and one not in capabilities:
            raise CertifyError(
                f"{wish.name!r}: called as a {part.called}, which is a {one}; "
                f"say certify new {wish.name} --system {wish.system} --capability {one}"
            )


def _contract(project: Project, root: Path) -> str:
    """What `certify init` finds, and what only whoever made it knows; certify itself has read the text."""
    found = find(root)
    known = {fact.key: fact for fact in _known(project)}
    text = contract_text(replace(found, facts={**found.facts, **known}), "new")
    contract_from(parse_document(text.encode("utf-8"), USUAL_PLACES[0]), root)
    return text


def _known(project: Project) -> Iterator[Fact]:
    names, told = project.names, "certify new"
    yield Fact(("connector",), names.connector, told)
    kind = "api" if SOURCE in project.capabilities else "database"
    yield Fact(("connector_type",), kind, told)
    yield Fact(("system",), project.system, told)
    for one, strategies in _claims(project):
        yield Fact(("capabilities", one, "strategies"), list(strategies), told)
    if SOURCE in project.capabilities or SINK in project.capabilities:
        yield Fact(("subject", "primary_keys", "events"), ["id"], told)
    if SOURCE in project.capabilities:
        yield Fact(("subject", "cursor_fields", "events"), "id", told)
    if SINK in project.capabilities or STATE in project.capabilities:
        yield Fact(("target", "url"), "sqlite:///{tmp}/target.db", told)
        yield Fact(("target", "table"), "events", told)
    if SINK in project.capabilities:
        yield Fact(("target", "rows"), "certification/rows.json", told)
    if SINK in project.capabilities and project.system != "planasonix":
        yield Fact(("capabilities", SINK, "schema_evolution"), "new_columns_are_added", told)
    if SINK in project.capabilities and project.system in ("dpone", "python"):
        yield Fact(("target", "batch_rows"), BATCH_ROWS, told)
        yield Fact(("target", "quality"), "certification/quality.yaml", told)
    yield Fact(("policy", "dependency_allowlist"), "certification/allowlist.txt", told)


def _claims(project: Project) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What the contract says that it can do, in the words of its system."""
    is_planasonix = project.system == "planasonix"
    if SOURCE in project.capabilities and is_planasonix:
        yield "batch_extract", ("full_refresh",)
        yield "streaming", ("incremental_append",)
    elif SOURCE in project.capabilities:
        yield "source", SOURCE_STRATEGIES
    if SINK in project.capabilities:
        yield ("load" if is_planasonix else "sink"), SINK_STRATEGIES
    if STATE in project.capabilities:
        yield "state", ("read", "write", "commit", "rollback")
