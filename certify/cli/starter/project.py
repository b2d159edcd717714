"""Make the texts of a connector's repository, in memory, from the templates beside this module."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from certify.cli.contract_draft import flow
from certify.cli.starter.names import Names
from certify.cli.starter.offers import CAPABILITIES, OFFERS, SINK, SOURCE, STATE
from certify.cli.starter.sample import BATCH_ROWS, config_schema, events, pages, sample_config, stand_in

TEMPLATES = Path(__file__).parent / "templates"
_ENDING = ".jinja"
#: What a source, and a sink, of ours can do.
SOURCE_STRATEGIES = ("full_refresh", "incremental_append")
SINK_STRATEGIES = ("full_refresh", "incremental_append", "incremental_merge")
#: Words of a template's path that stand for names, and what each is in the values.
_PLACES = {"PACKAGE": "package", "CONNECTOR": "connector", "LABEL": "label", "STRATEGY": "strategy"}


@dataclass(frozen=True)
class Project:
    """What is to be made."""

    names: Names
    system: str
    capabilities: tuple[str, ...]
    today: datetime.date
    #: What a registry knows it by.
    identity: uuid.UUID


def texts_of(project: Project) -> dict[str, str]:
    """The text of each file, by its path from the top of the repository."""
    environment, values = _environment(), _values(project)
    made: dict[str, str] = {}
    for layer in _layers(project):
        for file in sorted((TEMPLATES / layer).rglob(f"*{_ENDING}")):
            path = file.relative_to(TEMPLATES).as_posix()
            for more in _each(path):
                template = environment.get_template(path)
                made[_named(path, {**values, **more})] = template.render(values, **more)
    return made


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # nothing of it is HTML
    )
    environment.filters["json"] = partial(json.dumps, ensure_ascii=False, indent=2)
    environment.filters["inline"] = partial(json.dumps, ensure_ascii=False)
    environment.filters["yaml"] = flow  # a connector may be called `no`
    environment.filters["in_code"] = lambda words: ", ".join(f"`{one}`" for one in words)
    environment.filters["literal"] = _literal
    environment.filters["combine"] = lambda one, other: {**one, **other}
    return environment


def _layers(project: Project) -> list[str]:
    """The folders of templates, each once: what comes later may replace a file of what came before."""
    offer = OFFERS[project.system]
    parts = [layer for one in project.capabilities for layer in offer.parts[one].layers]
    return list(dict.fromkeys(("base", *offer.layers, *parts)))


def _literal(values: Mapping[str, Any]) -> str:
    """A dictionary as Python has it, one entry a line."""
    lines = [f"    {json.dumps(name)}: {json.dumps(value)},\n" for name, value in values.items()]
    return f"{{\n{''.join(lines)}}}" if lines else "{}"


def _each(path: str) -> list[dict[str, str]]:
    """One file of a template, or one for each strategy where its path has the word."""
    if "STRATEGY" not in path:
        return [{}]
    strategies = SOURCE_STRATEGIES if "_source/" in path else SINK_STRATEGIES
    return [{"strategy": one} for one in strategies]


def _named(path: str, values: Mapping[str, Any]) -> str:
    for word, name in _PLACES.items():
        path = path.replace(word, str(values.get(name, word)))
    return path.partition("/")[2].removesuffix(_ENDING)


def _values(project: Project) -> dict[str, Any]:
    """What templates may speak of; any other name is an error."""
    names, offer, rows = project.names, OFFERS[project.system], events()
    parts = [offer.parts[one] for one in project.capabilities]
    return {
        "name": names.distribution,
        "package": names.package,
        "connector": names.connector,
        "label": names.label,
        "class_name": names.class_name,
        "title": names.title,
        "host": names.host,
        "variable": names.variable,
        "command": names.distribution if offer.is_command else "",
        "system": project.system,
        "capabilities": project.capabilities,
        "summary": summary_of(project),
        "requirements": sorted({*offer.requires, *(one for part in parts for one in part.requires)}),
        "schema_file": "spec.json" if project.system == "airbyte" else "config.schema.json",
        "config_schema": config_schema(names, project.system, project.capabilities),
        "sample_config": sample_config(names, project.system, project.capabilities),
        "batch_rows": BATCH_ROWS,
        "stand_in": stand_in(names, project.capabilities),
        "source_strategies": SOURCE_STRATEGIES,
        "sink_strategies": SINK_STRATEGIES,
        "identity": str(project.identity),
        "today": project.today.isoformat(),
        "year": project.today.year,
        "events": rows,
        "pages": list(pages(rows)),
    }


def summary_of(project: Project) -> str:
    """One sentence, with a full stop, on what the connector does."""
    names = project.names
    said = {
        SOURCE: f"reads events from the API of {names.title}",
        SINK: "loads rows into a database",
        STATE: "keeps checkpoints",
    }
    *first, last = [said[one] for one in CAPABILITIES if one in project.capabilities]
    does = f"{', '.join(first)} and {last}" if first else last
    offer = OFFERS[project.system]
    called = offer.parts[project.capabilities[0]].called or offer.called
    return f"{'An' if called[0] in 'AEIOU' else 'A'} {called} that {does}."
