"""Say in one line what is wrong with a document by its schema, and what its author most likely meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema import ValidationError

from certify.contract.document import Document, KeyPath
from certify.text import one_line

_WORDS = {
    "object": "keys and values",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}

#: Where the schema asks for a number of things, it asks for one.
_AT_LEAST_ONE = {"minProperties": "key", "minItems": "entry"}


@dataclass(frozen=True)
class Explanation:
    """One error: where it stands, the key it is about, and what is wrong there."""

    file: str
    line: int
    key: str
    message: str
    #: A missing key often is a misspelt one, which is the error to show first.
    is_missing_key: bool

    @property
    def text(self) -> str:
        """The whole line to print."""
        return f"{self.file}:{self.line}: {self.key}: {self.message}"


def explain(error: ValidationError, document: Document) -> Explanation:
    """Turn a schema error into place, thing, expectation and remedy; of several keys the first is told."""
    return next(explain_each(error, document))


def explain_each(error: ValidationError, document: Document) -> Iterator[Explanation]:
    """The same for each key that an error is about. Several errors may name the same missing keys."""
    path: KeyPath = tuple(error.absolute_path)
    schema: Any = error.schema
    found: Any = error.instance
    asked: Any = error.validator_value
    is_missing = error.validator == "required"
    told: list[tuple[KeyPath, str]] = [(path, "")]
    if error.validator == "additionalProperties" and asked is False:
        unknown = [key for key in found if not _known(key, schema)]
        told = [((*path, key), _unknown_key(key, path, schema)) for key in unknown]
    elif is_missing:
        missing = [key for key in asked if key not in found]
        told = [((*path, key), f"required key is missing; add '{key}: …'") for key in missing]
    for place, message in told:
        line, key = document.line(place), _dotted(place)
        yield Explanation(document.file, line, key, message or _expectation(error), is_missing)


def nearest(word: str, known: list[str]) -> str:
    """`; did you mean 'x'?` where something known is close, else nothing."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def _known(key: str, schema: dict[str, Any]) -> bool:
    patterns = schema.get("patternProperties", {})
    return key in schema.get("properties", {}) or any(re.search(pattern, key) for pattern in patterns)


def _unknown_key(key: str, path: KeyPath, schema: dict[str, Any]) -> str:
    kind = "capability" if path == ("capabilities",) else "key"
    known = list(schema.get("properties", {}))
    return f"unknown {kind}" + (nearest(key, known) or f"; known are {', '.join(known)}")


def _expectation(error: ValidationError) -> str:
    found = _shown(error.instance)
    allowed: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "type":
        hint = (
            "; YAML reads an unquoted yes, no, on or off so: quote it"
            if isinstance(error.instance, bool)
            else ""
        )
        kinds = [allowed] if isinstance(allowed, str) else [one for one in allowed if one != "null"]
        return f"expected {' or '.join(_WORDS.get(one, one) for one in kinds)}, found {found}{hint}"
    if error.validator == "enum":
        words = [str(one) for one in allowed if isinstance(one, str)]
        return f"expected one of {', '.join(words)}, found {found}{nearest(str(error.instance), words)}"
    if error.validator in _AT_LEAST_ONE:
        return f"expected at least one {_AT_LEAST_ONE[error.validator]}, found none"
    if error.validator in ("pattern", "not") and "description" in schema:
        wanted = schema["description"].rstrip(".")
        return f"expected {wanted[0].lower()}{wanted[1:]}, found {found}"
    return f"{found} is not allowed ({error.validator} {allowed!r})"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _dotted(path: KeyPath) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    return one_line(text, 120) or "contract"
