"""Plan, before anything runs, what a contract requires of the installed rules: so what did not run is missed.

Pure: values in, values out.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from certify.contract import Contract
from certify.errors import CertifyError, ContractError
from certify.model import IdKind
from certify.registry import Registry
from certify.rules import PlatformId, Rule

#: Marks a test of the connector's own that speaks for an id which no rule knows.
CERTIFIES = "@pytest.mark.certifies"


@dataclass(frozen=True)
class PlannedId:
    """One of the contract's own names, and the rules that stand for it (installed or not)."""

    id: str
    kind: IdKind
    capability: str | None
    rules: tuple[str, ...]
    needs: str


@dataclass(frozen=True)
class Plan:
    """What is to run: rules in order of their modules, the ids, and which rules decide the verdict.

    `inapplicable` are installed rules that speak of another system or of capabilities not claimed.
    """

    rules: tuple[Rule, ...]
    ids: tuple[PlannedId, ...]
    required: frozenset[str]
    selection: bool
    inapplicable: frozenset[str] = frozenset()


def make_plan(
    contract: Contract,
    registry: Registry,
    platform_ids: Mapping[str, PlatformId],
    only: Sequence[str] = (),
) -> Plan:
    """What the contract asks of the installed rules.

    `only` names rules, ids or areas; raises CertifyError when one is unknown, ContractError when a waiver
    names a rule that is unknown or may not be waived.
    """
    _check_waivers(contract, registry)
    ids = tuple(_planned_ids(contract, registry, platform_ids))
    applicable = {
        rule.id: rule
        for rule in registry.rules.values()
        if rule.applies_to(contract.system, contract.capabilities)
    }
    named = {name for one in ids for name in one.rules}
    required = {
        rule.id for rule in applicable.values() if rule.id in named or rule.tier <= contract.policy.tier
    }
    chosen = _chosen(applicable, registry, platform_ids, only) if only else set(applicable)
    rules = tuple(rule for rule in applicable.values() if rule.id in chosen)
    inapplicable = frozenset(registry.rules.keys() - applicable.keys())
    return Plan(rules, ids, frozenset(required), bool(only), inapplicable)


def _planned_ids(
    contract: Contract, registry: Registry, platform_ids: Mapping[str, PlatformId]
) -> Iterable[PlannedId]:
    named: list[tuple[str, IdKind, str | None]] = [
        (name, IdKind.REQUIRED_TEST, capability)
        for capability, claim in contract.capabilities.items()
        for name in claim.required_tests
    ]
    named += [(gate, IdKind.GATE, None) for gate, asked in contract.quality_gates.items() if asked]
    if contract.performance.benchmark_required:
        named.append(("benchmark_required", IdKind.BENCHMARK, None))
    for name, kind, capability in dict.fromkeys(named):
        known = platform_ids.get(name)
        rules = known.rules if known else ((name,) if name in registry.rules else ())
        yield PlannedId(name, kind, capability, rules, known.needs if known else "")
    for transfer, claims in contract.native_transfer.items():
        for flag in (name for name, claimed in claims.items() if claimed is True):
            yield _native_id(transfer, flag, platform_ids)


def _native_id(transfer: str, flag: str, platform_ids: Mapping[str, PlatformId]) -> PlannedId:
    """One claim of a native transfer; it means the same for every transfer of its role."""
    role = transfer.partition("_")[2]
    name, known = f"{transfer}.{flag}", platform_ids.get(f"{role}.{flag}")
    rules = known.rules if known else ()
    own = f'{CERTIFIES}("{name}")  # on a test of the connector\'s own that exercises it\n'
    return PlannedId(name, IdKind.NATIVE, None, rules, known.needs if known and rules else own)


def _chosen(
    applicable: Mapping[str, Rule],
    registry: Registry,
    platform_ids: Mapping[str, PlatformId],
    only: Sequence[str],
) -> set[str]:
    chosen: set[str] = set()
    for word in only:
        of_area = {rule.id for rule in registry.rules.values() if rule.area == word}
        of_id = set(platform_ids[word].rules) if word in platform_ids else set()
        of_rule = {word} if word in registry.rules else set()
        if not (of_area or of_id or of_rule):
            known = sorted({*registry.rules, *registry.areas, *platform_ids})
            raise CertifyError(f"--only {word}: no such rule, id or area{_nearest(word, known)}")
        meant = (of_area | of_id | of_rule) & applicable.keys()
        if not meant:
            raise CertifyError(f"--only {word}: none of its rules is installed and applies to this connector")
        chosen |= meant
    return chosen


def _nearest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else "; `certify rules` lists them"


def _check_waivers(contract: Contract, registry: Registry) -> None:
    waived: set[str] = set()
    for index, waiver in enumerate(contract.waivers):
        rule = registry.rules.get(waiver.rule)
        where = contract.at("waivers", index, "rule")
        if rule is None:
            hint = _nearest(waiver.rule, sorted(registry.rules))
            raise ContractError(f"{where}: waivers[{index}].rule: no rule {waiver.rule!r}{hint}")
        if not rule.waivable:
            raise ContractError(f"{where}: waivers[{index}].rule: {waiver.rule} may not be waived; remove it")
        if not rule.applies_to(contract.system, contract.capabilities):
            raise ContractError(
                f"{where}: waivers[{index}].rule: {waiver.rule} is not for this system, or for a "
                "capability that is not claimed; remove the waiver"
            )
        if waiver.rule in waived:
            raise ContractError(f"{where}: waivers[{index}].rule: {waiver.rule} is waived twice; remove one")
        waived.add(waiver.rule)
