"""Find the values in a configuration that are secret: by the contract, by the schema, by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from certify.repository.config.document import ConfigFile
from certify.repository.config.parts import SchemaTree
from certify.repository.config.secret_marks import is_marked
from certify.repository.config.secret_names import names_a_secret
from certify.repository.config.settings import settings

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def secret_values(
    config: Any, named: Sequence[str], schema: ConfigFile | None, *, by_name: bool = True
) -> dict[str, str]:
    """The secret values of a configuration by their paths: `auth.client_secret`, `keys.0.secret`.

    `named` are the contract's `subject.secrets`; the schema's marks count too, and so do, unless `by_name`
    is false, the names of settings.
    """
    secret = {_setting(name) for name in named} | marked_settings(schema)
    return {
        path: value
        for path, value in _leaves(config)
        if _is_below(_setting(path), secret) or (by_name and names_a_secret(path.rpartition(".")[2]))
    }


def references(config: Any) -> dict[str, str]:
    """The variables of the environment that a configuration refers to as `${NAME}`, each with a path."""
    return {name: path for path, value in _leaves(config) for name in _REFERENCE.findall(value)}


def resolved(config: Any, environment: Mapping[str, str]) -> Any:
    """The configuration with the values of those variables in the place of its references."""
    if isinstance(config, dict):
        return {key: resolved(one, environment) for key, one in config.items()}
    if isinstance(config, list):
        return [resolved(one, environment) for one in config]
    if isinstance(config, str):
        return _REFERENCE.sub(lambda found: environment.get(found[1], found[0]), config)
    return config


def marked_settings(schema: ConfigFile | None) -> set[str]:
    """The settings that a schema marks as secret, by their dotted names."""
    if schema is None or not isinstance(schema.value, dict):
        return set()
    tree = SchemaTree(schema.value)
    return {
        name for name, places in settings(tree).items() if any(is_marked(tree.get(place)) for place in places)
    }


def _setting(path: str) -> str:
    """The name of a setting, without what stands for the entries of a list."""
    words = path.replace("[]", "").replace("[*]", "").split(".")
    return ".".join(word for word in words if not word.isdecimal())


def _is_below(setting: str, secret: set[str]) -> bool:
    return any(setting == one or setting.startswith(f"{one}.") for one in secret)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in inner:
            yield from _leaves(one, f"{path}.{key}" if path else str(key))
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield path, str(value)
