"""Tell which properties of a schema carry a secret, and which are marked as such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from certify.contract.document import KeyPath
from certify.repository.config.parts import ways
from certify.repository.config.secret_names import names_a_secret

#: Keys and values that mark a secret, with who reads them so.
Marks = Mapping[tuple[str, Any], str]

#: What marks a property as a secret, and who reads it so. One is enough.
MARKS: Marks = {
    ("airbyte_secret", True): "Airbyte",
    ("format", "password"): "OpenAPI, and the forms that are made from JSON Schema",
    ("secret", True): "Singer's SDK",
    ("sensitive", True): "Meltano",
    ("writeOnly", True): "JSON Schema: given, and never shown again",
    ("x-secret", True): "an extension of JSON Schema",
    ("x-sensitive", True): "an extension of JSON Schema",
}


#: Systems that know one mark alone, and show in clear what has only another.
_MARKS_OF = {"airbyte": ("airbyte_secret", True)}


def marks_of(system: str) -> Marks:
    """The marks that a connector system reads."""
    only = _MARKS_OF.get(system)
    return MARKS if only is None else {only: MARKS[only]}


def is_marked(schema: Any, marks: Marks | None = None) -> bool:
    """Whether a schema says itself that its values are secret, by any mark or by one of these."""
    if not isinstance(schema, dict):
        return False
    # By identity where it is true: 1 equals True in Python, and a mark is no number.
    return any(
        schema.get(key) is True if wanted is True else schema.get(key) == wanted
        for key, wanted in marks or MARKS
    )


def carries_secret(path: KeyPath) -> bool:
    """Whether the property at a place, or one around it, is named as a secret is."""
    return any(way[0] == "properties" and names_a_secret(str(way[-1])) for way in ways(path))
