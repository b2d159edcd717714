"""The rules on manifest examples, where there are examples and none can be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from certify import Blocked, EvidenceLog, Example, RuleBroken, Subject
from certify_suites import manifest


@dataclass(frozen=True)
class Unreadable:
    """A connector whose only example is no YAML."""

    found: tuple[Example, ...] = field(default=(Example("examples/a.yaml", None, "is no YAML"),))

    def examples(self) -> tuple[Example, ...]:
        return self.found


def test_what_cannot_be_read_is_told_once_and_blocks_what_asks_further() -> None:
    subject, evidence = cast("Subject", Unreadable()), EvidenceLog()
    with pytest.raises(RuleBroken, match=r"examples/a\.yaml:1: is no YAML"):
        manifest.test_examples_parse(subject, evidence)
    with pytest.raises(Blocked, match="no example can be read; see examples_parse"):
        manifest.test_examples_name_connector(subject, EvidenceLog())
