"""Tell which properties of a schema carry a secret, and which are marked as such."""

from __future__ import annotations

from typing import Any

from certify.contract.document import KeyPath
from certify.repository.config.parts import ways
from certify.repository.config.secret_names import names_a_secret

#: What marks a property as a secret, and who reads it so. One is enough.
MARKS: dict[tuple[str, Any], str] = {
    ("airbyte_secret", True): "Airbyte",
    ("format", "password"): "OpenAPI, and the forms that are made from JSON Schema",
    ("secret", True): "Singer's SDK",
    ("sensitive", True): "Meltano",
    ("writeOnly", True): "JSON Schema: given, and never shown again",
    ("x-secret", True): "an extension of JSON Schema",
    ("x-sensitive", True): "an extension of JSON Schema",
}


def is_marked(schema: Any) -> bool:
    """Whether a schema says itself that its values are secret."""
    if not isinstance(schema, dict):
        return False
    # By identity where it is true: 1 equals True in Python, and a mark is no number.
    return any(
        schema.get(key) is True if wanted is True else schema.get(key) == wanted for key, wanted in MARKS
    )


def carries_secret(path: KeyPath) -> bool:
    """Whether the property at a place, or one around it, is named as a secret is."""
    return any(way[0] == "properties" and names_a_secret(str(way[-1])) for way in ways(path))
