"""What was found in a repository, as values: what a contract would say, and where each thing stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from certify.contract.document import KeyPath


@dataclass(frozen=True)
class Fact:
    """What a contract would say at `key`, and what tells it: a place (`src/tap.py:12`), or words."""

    key: KeyPath
    value: Any
    origin: str


@dataclass(frozen=True)
class ConfigSchema:
    """The JSON Schema of the configuration, and where it stands."""

    value: dict[str, Any]
    origin: str


@dataclass(frozen=True)
class Sample:
    """A sample configuration that could be written; `invented` are the settings whose values are stand-ins.

    `variables` are those of the environment that it refers to, in the place of secrets.
    """

    config: dict[str, Any]
    origin: str
    invented: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """All that was found. `sample` is None where the repository has a configuration, or nothing tells one.

    `recordings` are cassettes that lie elsewhere, or under other names, than replays ask for; `marked` is the
    file that marks secrets which the sample has not.
    """

    facts: Mapping[KeyPath, Fact] = field(default_factory=dict)
    sample: Sample | None = None
    recordings: tuple[str, ...] = ()
    marked: str = ""

    def get(self, *key: str) -> Any:
        """The value at a key; None where nothing was found."""
        fact = self.facts.get(key)
        return fact.value if fact else None

    def below(self, *key: str) -> dict[str, Fact]:
        """The facts right below a key, by their last word."""
        return {str(one[-1]): fact for one, fact in self.facts.items() if one[:-1] == key}

    @property
    def capabilities(self) -> list[str]:
        """What the connector can do."""
        return list(dict.fromkeys(str(key[1]) for key in self.facts if key[0] == "capabilities"))
