"""The four rules on a small connector: what they say of it, and when they have nothing to say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certify.contract import Contract
from certify.contract.contract import SubjectPlan
from certify.repository import Repository
from certify.repository.config.document import ConfigFile
from certify.repository.project.releases import Releases
from certify.rules import EvidenceLog, NotApplicable, RuleBroken, Unverified
from certify.subject import Subject
from certify.systems import subject_of
from certify_suites import manifest

SCHEMA = {
    "type": "object",
    "required": ["api_token"],
    "properties": {
        "api_token": {"type": "string", "writeOnly": True},
        "size": {"type": "integer", "maximum": 9},
    },
}
FORM = """\
- {key: api_token, type: password, required: true, secret: true}
- {key: size, type: integer}
"""
SCHEMA_FILE = "src/demo/config.schema.json"
GOOD = {
    "pyproject.toml": '[project]\nname = "demo"\nversion = "1.1.0"\n',
    "src/demo/__init__.py": "",
    SCHEMA_FILE: json.dumps(SCHEMA),
    "src/demo/form.yaml": FORM,
    "certification/config.json": '{"api_token": "${TOKEN}", "size": 5}',
    "certification/snapshots/config.schema.json": json.dumps(SCHEMA | {"x-version": "1.0.0"}),
}

Rule = Callable[[Subject, EvidenceLog], None]


def valid(subject: Subject, evidence: EvidenceLog) -> None:
    manifest.test_config_schema_is_valid(subject, subject.contract, evidence)


def form_matches(subject: Subject, evidence: EvidenceLog) -> None:
    manifest.test_form_matches_schema(subject.config_schema(), subject, evidence)


def secrets_marked(subject: Subject, evidence: EvidenceLog) -> None:
    manifest.test_secrets_are_marked(subject.config_schema(), subject.contract, evidence)


def compatible(subject: Subject, evidence: EvidenceLog) -> None:
    releases = Releases(Repository(subject.contract.root), ("demo",))
    manifest.test_spec_is_backward_compatible(subject.config_schema(), releases, subject, evidence)


RULES: list[Rule] = [valid, form_matches, secrets_marked, compatible]


@pytest.fixture
def connector(tmp_path: Path) -> Callable[..., Subject]:
    def lay_out(system: str = "python", **changes: str | None) -> Subject:
        for file, content in (GOOD | changes).items():
            if content is not None:
                path = tmp_path / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
        plan = SubjectPlan(package="demo", config="certification/config.json", secrets=("api_token",))
        return subject_of(
            Contract(
                root=tmp_path,
                file="certification.yaml",
                digest="",
                connector="demo",
                system=system,
                capabilities={},
                subject=plan,
            )
        )

    return lay_out


def changed(**properties: Any) -> dict[str, str | None]:
    return {SCHEMA_FILE: json.dumps(SCHEMA | {"properties": SCHEMA["properties"] | properties})}  # type: ignore[operator]  # a dict of dicts


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("system", ["python", "dpone", "planasonix"])
def test_a_rule_passes_on_a_good_connector_and_says_what_it_saw(
    rule: Rule, system: str, connector: Callable[..., Subject]
) -> None:
    evidence = EvidenceLog()
    rule(connector(system), evidence)
    assert any(SCHEMA_FILE in entry.summary for entry in evidence.entries)


@pytest.mark.parametrize(
    ("rule", "changes", "message"),
    [
        (
            valid,
            changed(size={"type": "integer", "maximum": 9, "default": 10}),
            "size: the default does not fit",
        ),
        (valid, {"certification/config.json": "{}"}, "'api_token' is missing"),
        (valid, {"certification/config.json": "{"}, "not JSON"),
        (valid, {SCHEMA_FILE: "{"}, "not JSON"),
        (form_matches, {"src/demo/form.yaml": "[{key: size}]"}, "api_token has no field"),
        (secrets_marked, changed(api_token={"type": "string"}), "api_token carries a secret by its name"),
        (
            compatible,
            changed(size={"type": "integer", "maximum": 8}),
            "a configuration that sets `size: 9` is refused",
        ),
    ],
)
def test_a_rule_is_broken_at_a_place_and_has_seen_something(
    rule: Rule, changes: dict[str, str | None], message: str, connector: Callable[..., Subject]
) -> None:
    evidence = EvidenceLog()
    with pytest.raises(RuleBroken, match=message) as raised:
        rule(connector(**changes), evidence)
    assert evidence.entries
    assert all(finding.location for finding in raised.value.findings)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("system", ["python", "dpone", "singer"])
def test_where_nobody_reads_a_schema_there_need_be_none(
    rule: Rule, system: str, connector: Callable[..., Subject]
) -> None:
    with pytest.raises(NotApplicable, match="there is no configuration schema"):
        rule(connector(system, **{SCHEMA_FILE: None}), EvidenceLog())


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("system", ["airbyte", "planasonix"])
def test_where_a_platform_reads_it_its_absence_decides_nothing(
    rule: Rule, system: str, connector: Callable[..., Subject]
) -> None:
    with pytest.raises(Unverified, match="there is no configuration schema") as raised:
        rule(connector(system, **{SCHEMA_FILE: None}), EvidenceLog())
    assert raised.value.needs


def test_without_a_form_there_is_none_to_match(connector: Callable[..., Subject]) -> None:
    with pytest.raises(NotApplicable, match="there is no form"):
        form_matches(connector(**{"src/demo/form.yaml": None}), EvidenceLog())


def test_without_a_sample_the_schema_is_examined_alone(connector: Callable[..., Subject]) -> None:
    evidence = EvidenceLog()
    valid(connector(**{"certification/config.json": None}), evidence)
    assert not any("certification/config.json" in entry.summary for entry in evidence.entries)


@pytest.mark.parametrize("file", ["config.schema.json", "spec.json"])
def test_a_schema_in_the_root_is_found_where_the_package_has_none(
    file: str, connector: Callable[..., Subject]
) -> None:
    content = json.dumps({"connectionSpecification": SCHEMA} if file == "spec.json" else SCHEMA)
    schema = connector(**{SCHEMA_FILE: None, file: content}).config_schema()
    assert isinstance(schema, ConfigFile)
    assert (schema.file, schema.value) == (file, SCHEMA)


def test_the_packages_schema_comes_before_the_roots(connector: Callable[..., Subject]) -> None:
    assert connector(**{"config.schema.json": "{}"}).config_schema().file == SCHEMA_FILE


def test_a_package_that_cannot_be_told_leaves_the_root(tmp_path: Path) -> None:
    (tmp_path / "config.schema.json").write_text("{}")
    contract = Contract(tmp_path, "certification.yaml", "", "demo", "python", {})
    assert subject_of(contract).config_schema().file == "config.schema.json"
