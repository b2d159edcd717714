"""The README's table of systems and areas is what the installed rules say today."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from certify.cli.rule_table import BEGIN, END, rule_table, with_table
from certify.registry import load_registry
from certify.systems import CAPABILITIES

README = Path(__file__).parents[2] / "README.md"


def test_the_committed_table_is_current() -> None:
    page = README.read_text("utf-8")
    assert BEGIN in page
    assert END in page
    assert page == with_table(page, load_registry()), "run: python -m certify.cli.rule_table README.md"


def test_each_area_has_a_row_and_each_system_a_column() -> None:
    registry = load_registry()
    head, _, *rows = rule_table(registry).splitlines()
    text = resources.files("certify.contract").joinpath("certification.schema.json").read_text("utf-8")
    properties = json.loads(text)["properties"]
    assert set(CAPABILITIES) == set(properties["system"]["enum"])
    assert all(f" {system} " in head for system in CAPABILITIES)
    assert len(rows) == len(registry.areas)
    known = properties["capabilities"]["properties"]
    assert {one for claimed in CAPABILITIES.values() for one in claimed} == set(known)
