"""Print the JSON Schema of the record: `python -m certify_reports.schema`."""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

import msgspec

from certify.model import SCHEMA_VERSION, Report

FILE_NAME = "certification_report.schema.json"


def render() -> str:
    """JSON Schema 2020-12 of `Report`, as indented JSON."""
    generated = msgspec.json.schema(Report)
    for definition in generated["$defs"].values():
        _dedent(definition)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://certify.example/schemas/certification_report-{SCHEMA_VERSION}.json",
        "title": "Certification report",
        **generated,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _dedent(definition: dict[str, Any]) -> None:
    """Python 3.13 dedents docstrings itself and 3.11 does not; the schema must not tell them apart."""
    if "description" in definition:
        definition["description"] = inspect.cleandoc(definition["description"])


if __name__ == "__main__":
    sys.stdout.write(render())
