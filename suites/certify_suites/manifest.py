"""Manifest: the contract, the connector's manifest, its examples and its configuration schema agree."""

from __future__ import annotations

from collections.abc import Iterator

from certify import (
    Blocked,
    Contract,
    ContractError,
    Effort,
    EvidenceLog,
    Example,
    Finding,
    NotApplicable,
    Subject,
    Tier,
    no_findings,
    rule,
)
from certify.repository.config import (
    ConfigFile,
    Examined,
    examine_compatibility,
    examine_form,
    examine_schema,
    examine_secrets,
)
from certify.repository.project import Releases


@rule("contract_is_valid", tier=Tier.BRONZE, effort=Effort.LOW, waivable=False)
def test_contract_is_valid(subject: Subject, evidence: EvidenceLog) -> None:
    """What the contract names exists, and the connector's own manifest says the same.

    Why: the contract is what a release is judged by. A path that leads nowhere, or a name or capability
    that differs from what the platform reads, means that something else was judged than what is released.

    Fix: correct the key named in the finding, or the manifest it disagrees with.
    """
    evidence.saw("file", f"read {subject.contract.file}")
    no_findings([*_paths_that_lead_nowhere(subject), *_disagreements(subject, evidence)])


def _paths_that_lead_nowhere(subject: Subject) -> Iterator[Finding]:
    contract = subject.contract
    named = {
        ("subject", "config"): contract.subject.config,
        ("subject", "assembly"): contract.subject.assembly,
        ("replay", "cassettes"): contract.replay.cassettes,
        ("target", "quality"): contract.target.quality,
        ("policy", "dependency_allowlist"): contract.policy.dependency_allowlist,
    }
    for keys, path in named.items():
        if path is not None and not (contract.root / path).exists():
            yield Finding(
                message=f"{'.'.join(keys)}: there is no {path}",
                location=contract.at(*keys),
                expected="a path that exists in the connector's folder",
            )


def _disagreements(subject: Subject, evidence: EvidenceLog) -> Iterator[Finding]:
    contract = subject.contract
    claims = {
        "connector": contract.connector,
        "connector_type": contract.connector_type,
        "capabilities": sorted(contract.capabilities),
    }
    try:
        declared = subject.declared()
    except ContractError as error:
        yield Finding(message=str(error), expected="a connector manifest that can be read")
        return
    for key, (where, value) in declared.items():
        said = sorted(map(str, value)) if isinstance(value, list) else value
        evidence.saw("file", f"{where} says {key} is {said}")
        if said != claims[key]:
            yield Finding(
                message=f"{key} is {said!r} here, {claims[key]!r} in {contract.at(key)}",
                location=where,
                expected=f"{key} is the same in both",
            )


@rule("examples_parse", tier=Tier.BRONZE, effort=Effort.LOW)
def test_examples_parse(subject: Subject, evidence: EvidenceLog) -> None:
    """Every manifest example parses and has the keys that a manifest must have.

    Why: examples are what users copy. One that the platform refuses costs each of them an hour, and the
    connector their trust.

    Fix: give each example the missing keys. dpone refuses a manifest without a top-level `name`:

        name: demo_api_to_postgres
    """
    findings: list[Finding] = []
    for example in subject.examples():
        evidence.saw("file", f"read {example.file}")
        findings.extend(_unusable(subject, example))
    no_findings(findings)


def _unusable(subject: Subject, example: Example) -> Iterator[Finding]:
    if example.document is None:
        yield Finding(message=example.error, location=example.at(), expected="a YAML document")
    elif not example.value:
        yield Finding(message="is no manifest", location=example.at(), expected="a mapping of keys to values")
    else:
        for key in subject.missing_fields(example):
            yield Finding(
                message=f"the manifest has no {key!r}",
                location=example.at(),
                expected=f"a top-level {key!r}, which the platform requires",
                fix=f"add `{key}: …` at the top level of {example.file}",
            )


@rule("examples_name_connector", tier=Tier.BRONZE, effort=Effort.LOW)
def test_examples_name_connector(subject: Subject, evidence: EvidenceLog) -> None:
    """Every manifest example uses this connector.

    Why: an example of something else, or with the name of an earlier draft, sends its readers to another
    connector or to an error that names one they do not know.

    Fix: set the `type` of the side that this connector plays to its name, or move the example elsewhere.
    """
    findings = []
    examples = _readable(subject)
    if not examples:
        raise Blocked("no example can be read; see examples_parse")
    for example in examples:
        sides = subject.sides(example)
        if sides:
            evidence.saw("file", f"{example.file} uses the connector as {' and '.join(sides)}")
        else:
            findings.append(
                Finding(
                    message=f"no source, sink or state is of type {subject.contract.connector!r}",
                    location=example.at("source", "type"),
                    expected=f"source.type, sink.type or state.type is {subject.contract.connector!r}",
                )
            )
    no_findings(findings)


@rule("one_example_per_strategy", tier=Tier.BRONZE, effort=Effort.LOW)
def test_one_example_per_strategy(subject: Subject, evidence: EvidenceLog) -> None:
    """There is a manifest example for each strategy of the source and of the sink.

    Why: strategies differ in keys, cursors and target tables. Without an example users guess, and a
    merge with a guessed key overwrites rows.

    Fix: add an example file for each strategy that the finding names, or drop the strategy from the
    contract.
    """
    contract = subject.contract
    claimed = {
        (side, strategy): contract.at("capabilities", side, "strategies", index)
        for side, capability in contract.capabilities.items()
        if side in ("source", "sink")
        for index, strategy in enumerate(capability.strategies)
    }
    if not claimed:
        raise NotApplicable("neither source nor sink claims a strategy")
    examples = _readable(subject)
    shown = {pair: one.file for one in examples for pair in subject.sides(one).items()}
    for (side, strategy), file in shown.items():
        if strategy is not None:
            evidence.saw("file", f"{file} shows {side} with {strategy}")
    no_findings(
        Finding(
            message=f"no example shows the {side} with {strategy}",
            location=where,
            expected=f"an example with {contract.connector!r} as {side} and strategy {strategy!r}",
            fix=f"add examples/{contract.connector}_{side}_{strategy}.yaml, or drop it from the {side}",
        )
        for (side, strategy), where in claimed.items()
        if (side, strategy) not in shown
    )


def _readable(subject: Subject) -> list[Example]:
    return [example for example in subject.examples() if example.value]


@rule("config_schema_is_valid", tier=Tier.BRONZE, effort=Effort.LOW)
def test_config_schema_is_valid(subject: Subject, contract: Contract, evidence: EvidenceLog) -> None:
    """The configuration schema is a sound JSON Schema, and the sample configuration fits it.

    Why: platforms make the form from the schema, and refuse what it refuses. A required name that is misspelt
    can never be given; a default that breaks its own schema is put into every form, and refused.

    Fix: correct the keyword or value at the line of the finding. Definitions belong under `$defs` of the same
    file. In the sample configuration, `${NAME}` may stand for any text, number or truth value:

        {"base_url": "https://api.example.com", "api_token": "${API_TOKEN}"}
    """
    schema = subject.config_schema()
    _conclude(examine_schema(schema, subject.sample_config(), contract.subject.secrets), evidence)


@rule("form_matches_schema", tier=Tier.BRONZE, effort=Effort.LOW)
def test_form_matches_schema(config_schema: ConfigFile, subject: Subject, evidence: EvidenceLog) -> None:
    """The declared form and the configuration schema have the same keys, types, required and secret flags.

    Why: users fill in the form, and the schema judges what they gave. A setting without a field cannot be
    set; a field without a setting is refused; a secret that only one of the two knows is shown in clear.

    Fix: correct the side that is wrong; the finding names both places. Or drop the form, where the platform
    can make it from the schema.
    """
    _conclude(examine_form(subject.form(), config_schema), evidence)


@rule("secrets_are_marked", tier=Tier.BRONZE, effort=Effort.LOW)
def test_secrets_are_marked(config_schema: ConfigFile, contract: Contract, evidence: EvidenceLog) -> None:
    """Every setting that carries a secret is marked as one, and the schema gives none away.

    Why: a platform stores what is marked encrypted and shows it to nobody. What is not marked lands in
    plain text in its database, its logs, and the screen shot that a user sends to support.

    Fix: mark the property, at whatever depth, and give it neither default nor example that is a value:

        "api_token": {"type": "string", "writeOnly": true}

    Where the contract has `subject.secrets`, name all that the schema marks, or drop the list.
    """
    _conclude(examine_secrets(config_schema, contract), evidence)


@rule("spec_is_backward_compatible", tier=Tier.BRONZE, effort=Effort.MEDIUM)
def test_spec_is_backward_compatible(
    config_schema: ConfigFile, releases: Releases, subject: Subject, evidence: EvidenceLog
) -> None:
    """Every configuration that the last release took is still taken, or the major version rose.

    Why: an update is installed for everybody, and their configurations were written for the release before.
    One that is suddenly refused stops a pipeline at night, on a machine where nobody changed anything.

    Fix: take the old form beside the new one, give what is newly required a default, or release the change
    under a new major version (before 1.0: a new minor one). The last release is the highest version tag below
    the present version; where tags are not at hand, keep its schema in
    certification/snapshots/config.schema.json, with `"x-version": "1.4.0"` at the top.
    """
    _conclude(examine_compatibility(config_schema, releases, subject.version), evidence)


def _conclude(examined: Examined, evidence: EvidenceLog) -> None:
    for sentence in examined.seen:
        evidence.saw("file", sentence)
    no_findings(examined.findings)
