"""Rules, contracts and runs in one line each, for tests that decide without running anything."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path

from certify.contract import Contract, Waiver
from certify.contract.contract import Capability, Performance, Policy
from certify.judgement import judge
from certify.model import Connector, Effort, Evidence, Finding, Outcome, Report, RunFacts, Status, Tier
from certify.plan import Plan, make_plan
from certify.registry import Registry
from certify.rules import PlatformId, Rule

TODAY = datetime.date(2026, 3, 2)
CONNECTOR = Connector("demo_api", "1.0", "dpone", "community", "sha256:" + "0" * 64)


def a_rule(
    name: str,
    tier: Tier = Tier.BRONZE,
    *,
    area: str = "area",
    effort: Effort = Effort.LOW,
    capabilities: Iterable[str] = (),
    systems: Iterable[str] = (),
    waivable: bool = True,
) -> Rule:
    return Rule(
        id=name,
        area=area,
        tier=tier,
        effort=effort,
        title=f"{name} holds",
        why="else it breaks",
        fix=f"mend {name}",
        capabilities=frozenset(capabilities),
        systems=frozenset(systems),
        waivable=waivable,
        module=f"suite.{area}",
        function=f"test_{name}",
    )


def a_registry(*rules: Rule) -> Registry:
    return Registry({rule.id: rule for rule in rules}, tuple(dict.fromkeys(one.module for one in rules)), ())


def an_id(name: str, *rules: str, needs: str = "") -> PlatformId:
    return PlatformId(name, rules, needs)


def a_waiver(rule: str, expires: datetime.date = TODAY) -> Waiver:
    return Waiver(rule, "the vendor owes it", "data-platform", expires)


def a_contract(
    *required: str,
    gates: Mapping[str, bool] | None = None,
    benchmark: bool = False,
    tier: Tier = Tier.BRONZE,
    system: str = "dpone",
    claims: Mapping[str, tuple[str, ...]] | None = None,
    waivers: tuple[Waiver, ...] = (),
) -> Contract:
    """A contract that names these ids under `source`, or under each capability as `claims` says."""
    named = claims if claims is not None else {"source": required}
    return Contract(
        root=Path("/connector"),
        file="certification.yaml",
        digest="sha256:" + "1" * 64,
        connector="demo_api",
        system=system,
        capabilities={name: Capability(required_tests=tests) for name, tests in named.items()},
        quality_gates=gates or {},
        performance=Performance(benchmark_required=benchmark),
        policy=Policy(tier=tier),
        waivers=waivers,
        lines={("waivers", index, "rule"): 10 + index for index in range(len(waivers))},
    )


def a_plan(contract: Contract, rules: Iterable[Rule], *ids: PlatformId, only: tuple[str, ...] = ()) -> Plan:
    return make_plan(contract, a_registry(*rules), {one.id: one for one in ids}, only)


def an_outcome(rule: str, status: Status = Status.PASSED, message: str = "", *findings: Finding) -> Outcome:
    evidence = (Evidence("file", f"read what {rule} speaks of"),) if status is Status.PASSED else ()
    return Outcome(rule, f"c::area::test_{rule}", status, 0.25, message, findings=findings, evidence=evidence)


def a_run(day: datetime.date = TODAY, *, interrupted: bool = False) -> RunFacts:
    return RunFacts(
        started=f"{day}T10:00:00+00:00",
        finished=f"{day}T10:00:02+00:00",
        seconds=2.0,
        certify_version="0",
        suites=(),
        contract="certification.yaml",
        contract_digest="sha256:" + "1" * 64,
        python="CPython 3.12",
        platform="Linux",
        isolation="namespace",
        command="certify",
        interrupted=interrupted,
    )


def a_report(contract: Contract, plan: Plan, *outcomes: Outcome, run: RunFacts | None = None) -> Report:
    return judge(contract, plan, outcomes, CONNECTOR, run or a_run())


def judged(
    statuses: Mapping[str, Status],
    contract: Contract | None = None,
    *ids: PlatformId,
    only: tuple[str, ...] = (),
) -> Report:
    """The report on bronze rules of these names that end so."""
    contract = contract or a_contract()
    plan = a_plan(contract, [a_rule(name) for name in statuses], *ids, only=only)
    return a_report(contract, plan, *(an_outcome(name, status) for name, status in statuses.items()))
