"""The rules on manifest examples: where none can be read, and whom one names."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from certify import Blocked, EvidenceLog, Example, RuleBroken, Subject
from certify.contract import Contract
from certify.systems import subject_of
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


@pytest.mark.parametrize("side", ["source", "sink", "state"])
def test_an_example_names_the_connector_on_any_side_that_it_plays(tmp_path: Path, side: str) -> None:
    sides = {"source": "postgres", "sink": "postgres", side: "orders"}
    lines = [f"{name}: {{type: {kind}}}" for name, kind in sides.items()]
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "a.yaml").write_text("\n".join(["name: a", *lines]))

    def connector(name: str) -> Subject:
        return subject_of(
            Contract(
                root=tmp_path,
                file="certification.yaml",
                digest="",
                connector=name,
                system="dpone",
                capabilities={},
            )
        )

    evidence = EvidenceLog()
    manifest.test_examples_name_connector(connector("orders"), evidence)
    with pytest.raises(RuleBroken, match="no source, sink or state is of type 'other'"):
        manifest.test_examples_name_connector(connector("other"), EvidenceLog())
