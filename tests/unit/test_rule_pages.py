"""The pages under docs/rules are what the installed rules say today."""

from __future__ import annotations

from pathlib import Path

from certify.cli.rule_pages import rule_pages
from certify.registry import load_registry

PAGES = Path(__file__).parents[2] / "docs" / "rules"


def test_the_committed_pages_are_current() -> None:
    expected = rule_pages(load_registry())
    committed = {path.name: path.read_text("utf-8") for path in PAGES.glob("*.md")}
    assert committed == expected, "run: python -m certify.cli.rule_pages docs/rules"


def test_every_rule_has_its_section_and_its_broken_connector() -> None:
    registry = load_registry()
    pages = rule_pages(registry)
    for rule in registry.rules.values():
        assert f"## {rule.id}\n" in pages[f"{rule.area}.md"]
        assert (PAGES / f"../../fixtures/connectors/broken/{rule.id}/why.md").resolve().is_file()
