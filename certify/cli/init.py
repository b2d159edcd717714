"""Draft a contract for a connector that has none, from what its repository says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from certify.cli.contract_draft import config_text, contract_text
from certify.cli.init_display import show
from certify.cli.workflow_draft import PLACE as WORKFLOW
from certify.cli.workflow_draft import top_of, workflow_text
from certify.cli.writing import refuse_existing, write_new
from certify.contract import find_contract
from certify.contract.detection import detect_system
from certify.contract.document import parse_document
from certify.contract.loader import USUAL_PLACES, contract_from
from certify.errors import CertifyError
from certify.systems.finding import Found, find

_CONFIG = "certification/config.json"


@dataclass(frozen=True)
class InitWish:
    """What was asked on the command line."""

    folder: Path
    ci: bool
    prints: bool


@dataclass(frozen=True)
class Draft:
    """The texts to be written, by their paths, and what they were made from."""

    found: Found | None
    texts: Mapping[Path, str]
    root: Path

    def shown(self, path: Path) -> str:
        """A path as people read it."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)


def init(wish: InitWish) -> int:
    """Write what is wished; returns the exit code. Raises CertifyError."""
    root = Path(os.path.realpath(wish.folder))
    if not os.path.isdir(root):  # noqa: PTH112  Path.is_dir raises where a parent may not be searched
        raise CertifyError(f"{root}: not a folder; -C names the connector's folder")
    if wish.prints:
        click.echo(workflow_text(top_of(root)[1]) if wish.ci else _contract(find(root), root), nl=False)
        return 0
    workflow = _workflow(root) if wish.ci else {}
    refuse_existing({path: str(path) if not path.is_relative_to(root) else WORKFLOW for path in workflow})
    there = find_contract(root)
    if there is not None and not wish.ci:
        raise CertifyError(_is_there(there.relative_to(root).as_posix(), root))
    draft = Draft(None, workflow, root) if there else _drafted(root, workflow)
    write_new(draft.texts)
    show(draft.found, [draft.shown(path) for path in draft.texts], wish.folder, kept=there is not None)
    return 0


def _drafted(root: Path, workflow: Mapping[Path, str]) -> Draft:
    found = find(root)
    texts = {root / USUAL_PLACES[0]: _contract(found, root)}
    if found.sample is not None:
        texts[root / _CONFIG] = config_text(found.sample.config)
    refuse_existing({path: path.relative_to(root).as_posix() for path in texts})
    for path in texts:
        if not Path(os.path.realpath(path.parent)).is_relative_to(root):
            raise CertifyError(f"{path.parent}: a link leads out of the connector's folder; remove it")
    return Draft(found, {**texts, **workflow}, root)


def _contract(found: Found, root: Path) -> str:
    """The text, which certify itself has read."""
    text = contract_text(found)
    contract_from(parse_document(text.encode("utf-8"), USUAL_PLACES[0]), root)
    return text


def _workflow(root: Path) -> dict[Path, str]:
    top, way = top_of(root)
    return {top / WORKFLOW: workflow_text(way)}


def _is_there(shown: str, root: Path) -> str:
    whose = (
        ", as dpone's scaffold writes it: certify takes it unchanged"
        if detect_system(root) == "dpone"
        else ""
    )
    return (
        f"{shown}: is there already{whose}; nothing was written "
        "(--ci adds the workflow alone, --print shows what would be drafted)"
    )
