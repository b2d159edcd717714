"""Hold a document against a JSON Schema of ours; each error becomes a finding with its line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator

from certify.contract.document import Document
from certify.contract.explanation import explain_each
from certify.model import Finding, Location

#: A report shows no more, and a hostile list has thousands.
MAX_FINDINGS = 50


def schema_findings(package: str, name: str, document: Document, expected: str) -> Iterator[Finding]:
    """What the schema in a file of a package finds wrong with a document, line by line."""
    errors = _validator(package, name).iter_errors(document.value)
    told = (one for error in errors for one in explain_each(error, document))
    # Each of several missing keys is an error, and each such error names them all.
    once = dict.fromkeys(islice(told, 20 * MAX_FINDINGS))
    for one in sorted(once, key=lambda one: (one.line, one.key))[:MAX_FINDINGS]:
        yield Finding(f"{one.key}: {one.message}", Location(one.file, one.line), expected)


@cache
def _validator(package: str, name: str) -> Any:
    text = resources.files(package).joinpath(name).read_text("utf-8")
    return Draft202012Validator(json.loads(text))
