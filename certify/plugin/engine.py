"""Inside the isolated run: collect the suites below the contract, and keep an Outcome for each item."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from certify.contract import Contract
from certify.errors import CertifyError
from certify.examples import leave_out_constants
from certify.model import Status
from certify.plugin.order import Order, Share, read_order
from certify.plugin.outcome import PhaseResult, fold, judge_phase
from certify.plugin.planning import Planned, plan_order
from certify.plugin.sandboxes import granted_isolation
from certify.rules import ATTRIBUTE, EvidenceLog, Rule, RuleBroken, Undecided
from certify.text import visible

#: Where the engine stands on `config`, for fixtures and collectors.
ENGINE = pytest.StashKey["Engine"]()
_EVIDENCE = pytest.StashKey[EvidenceLog]()
#: What calls said, and what else went wrong: a fixture's success decides nothing.
_PHASES = pytest.StashKey[list[PhaseResult]]()
_SECONDS = pytest.StashKey[float]()

#: The attribute of a report that carries the outcome, as plain values: it crosses xdist.
OUTCOME = "certify_outcome"
#: And the one that says how the sandbox was isolated: `namespace` or `hook`.
ISOLATION = "certify_isolation"
#: The same for what is to be known of the run besides, in sentences.
REMARKS = "certify_remarks"
RUN_REMARKS = pytest.StashKey[tuple[str, ...]]()


#: The modules of what rules may ask for by name.
_FIXTURES = (
    "fixtures",
    "replay_fixtures",
    "target_fixtures",
    "state_fixtures",
    "quality_fixtures",
    "performance_fixtures",
    "output_fixtures",
    "airbyte_fixtures",
    "appseconnect_fixtures",
    "planasonix_fixtures",
    "plakar_fixtures",
)


def import_fixtures() -> list[ModuleType]:
    """The modules of what rules may ask for by name."""
    return [importlib.import_module(f"certify.plugin.{name}") for name in _FIXTURES]


def register_engine(config: pytest.Config, order_file: Path) -> None:
    """Register the engine and its fixtures."""
    order = read_order(order_file)
    try:
        planned = plan_order(order)
    except CertifyError as error:
        raise pytest.UsageError(str(error)) from error
    _take_chance_out()
    config.stash[ENGINE] = Engine(order, order_file, planned)
    config.pluginmanager.register(config.stash[ENGINE], "certify-engine")
    for module in import_fixtures():
        name = module.__name__.rpartition(".")[2]
        config.pluginmanager.register(module, f"certify-{name.replace('_', '-')}")


def _take_chance_out() -> None:
    """Where a suite uses Hypothesis: the same examples each time, no deadline, and no file of its own."""
    hypothesis = sys.modules.get("hypothesis")
    if hypothesis is not None:
        hypothesis.settings.register_profile("certify", derandomize=True, deadline=None, database=None)
        hypothesis.settings.load_profile("certify")
        leave_out_constants()


#: What a rule asks for that loads into the target, or writes states there.
_TARGET = frozenset({"target_url", "pipelines"})


class Engine:
    """Collects, and turns reports into outcomes."""

    def __init__(self, order: Order, order_file: Path, planned: Planned) -> None:
        self.order = order
        self.order_file = order_file
        self.planned = planned
        self.chosen = {rule.id for rule in planned.plan.rules}
        #: What the rules ask for, those of another process among them.
        self.asked_for: frozenset[str] = frozenset()
        #: The items that another process runs.
        self.left_to_other: list[pytest.Item] = []

    @property
    def contract(self) -> Contract:
        """The contract that is run."""
        return self.planned.contract

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """The order file stands in for the contract, the one test file.

        So nothing of the connector's folder is collected, and no `__init__.py` of it imported.
        """
        if file_path.resolve() != self.order_file.resolve():
            return None
        file: pytest.Collector = ContractFile.from_parent(
            parent, path=file_path, nodeid=visible(self.contract.file)
        )
        return file

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave to another process what is not of this one's share."""
        self.asked_for = frozenset().union(*map(_asked_for, items))
        share = self.order.share
        if share is not Share.ALL:
            mine = [item for item in items if _TARGET.isdisjoint(_asked_for(item)) is (share is Share.OTHERS)]
            self.left_to_other = [item for item in items if item not in mine]
            items[:] = mine

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judge each phase (subtests report theirs as further calls); the last one carries the outcome."""
        with _without_source(item.config, call):
            report = yield
        rule = rule_of(item)
        if rule is None:
            return report
        phases = item.stash.setdefault(_PHASES, [])
        result = judge_phase(call, report, item)
        if call.when == "call" or result.status is not Status.PASSED:
            phases.append(result)
        item.stash[_SECONDS] = item.stash.get(_SECONDS, 0.0) + call.duration
        if result.status not in (Status.PASSED, Status.FAILED, Status.ERRORED):
            report.outcome = "skipped"
            report.longrepr = (str(item.path), 0, f"{result.status}: {result.message}")
        if call.when == "teardown":
            outcome = fold(rule.id, item.nodeid, item.stash[_SECONDS], phases, evidence_of(item))
            setattr(report, OUTCOME, msgspec.to_builtins(outcome))
            setattr(report, ISOLATION, granted_isolation(item.config))
            setattr(report, REMARKS, item.config.stash.get(RUN_REMARKS, None))
        return report


def _asked_for(item: pytest.Item) -> frozenset[str]:
    """The fixtures of an item, and those of them."""
    return frozenset(getattr(item, "fixturenames", ()))


@contextlib.contextmanager
def _without_source(config: pytest.Config, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Have nothing quoted where a rule says in its own words what it found: that parses its whole module."""
    kept = config.option.tbstyle
    if call.excinfo is not None and isinstance(call.excinfo.value, Undecided | RuleBroken):
        call.excinfo.traceback = call.excinfo.traceback[-1:]  # nor is each frame looked up for it
        config.option.tbstyle = "value"
    try:
        yield
    finally:
        config.option.tbstyle = kept


def evidence_of(item: pytest.Item) -> EvidenceLog:
    """The item's evidence, made on first use."""
    return item.stash.setdefault(_EVIDENCE, EvidenceLog())


def rule_of(item: pytest.Item) -> Rule | None:
    """The rule an item belongs to."""
    rule = getattr(getattr(item, "function", None), ATTRIBUTE, None)
    return rule if isinstance(rule, Rule) else None


class ContractFile(pytest.File):
    """`certification.yaml`; its children are the areas."""

    def collect(self) -> Iterable[pytest.Collector]:
        """One collector for each suite module that has a chosen rule."""
        engine = self.config.stash[ENGINE]
        wanted = {rule.module for rule in engine.planned.plan.rules}
        for name in engine.planned.registry.modules:
            if name in wanted:
                module = importlib.import_module(name)
                area = name.rpartition(".")[2]
                yield SuiteModule.from_parent(
                    self,
                    path=Path(str(module.__file__)),
                    name=area,
                    nodeid=f"{self.nodeid}::{area}",
                    suite=module,
                )


class SuiteModule(pytest.Module):
    """A suite module that is imported already, below the contract instead of its own file."""

    def __init__(self, *, suite: ModuleType, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._suite = suite

    def _getobj(self) -> ModuleType:
        """What pytest takes tests from; the one override that keeps it from importing by path."""
        return self._suite

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """The items of chosen rules, and nothing else."""
        chosen = self.config.stash[ENGINE].chosen
        for node in super().collect():
            rule = rule_of(node) if isinstance(node, pytest.Item) else None
            if rule is not None and rule.id in chosen:
                yield node
