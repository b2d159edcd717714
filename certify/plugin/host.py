"""In a connector's own pytest run: one item for each rule and id, answered by an isolated run.

The host's settings (its `python_functions`, autouse fixtures, warning filters) touch items that only look
up what another process decided, and so change no verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from certify.contract import Contract, find_contract, load_contract
from certify.errors import CertifyError
from certify.model import Finding, IdResult, Report, RuleResult, Status, Verdict
from certify.plan import PlannedId
from certify.plugin.order import Order
from certify.plugin.planning import Planned, plan_order
from certify.plugin.remote import RemoteRun

_HOST = pytest.StashKey["Host"]()

#: What xdist hands to its workers: where the one isolated run leaves its report.
_WORKER_KEY = "certify_report"


def register_host(config: pytest.Config) -> None:
    """Read the contract and plan. A contract error is pytest's own usage error."""
    named = [Path(argument.partition("::")[0]) for argument in config.args]
    contracts = [path for path in named if path.name == "certification.yaml"]
    try:
        planned = _plan(config, contracts)
    except CertifyError as error:
        raise pytest.UsageError(f"certify: {error}") from error
    if config.getoption("certify") and not contracts:
        config.args.append(str(planned.contract.path))
    config.stash[_HOST] = Host(config, planned)
    config.pluginmanager.register(config.stash[_HOST], "certify-host")


def _plan(config: pytest.Config, contracts: list[Path]) -> Planned:
    if contracts:
        path = (config.invocation_params.dir / contracts[0]).resolve()
        folder = path.parent.parent if path.parent.name == "certification" else path.parent
        contract = load_contract(folder, path)
    else:
        here = config.invocation_params.dir
        root = here if find_contract(here) else config.rootpath
        contract = load_contract(root)
    return plan_order(Order(root=str(contract.root), contract=str(contract.path)), contract)


class Host:
    """Collects the items, runs certify once, and lets the verdict reach pytest's exit code."""

    def __init__(self, config: pytest.Config, planned: Planned) -> None:
        self.planned = planned
        self.selected: list[str] = []
        worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
        self.is_worker = worker_input is not None
        report_file = Path(worker_input[_WORKER_KEY]) if worker_input else None
        self.run = RemoteRun(planned.contract, report_file)

    @property
    def contract(self) -> Contract:
        """The contract that is run."""
        return self.planned.contract

    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """The contract's folder is no package: to set one up is to import its `__init__.py`."""
        if path == self.contract.root or path != self.contract.path.parent:
            return None
        directory: pytest.Collector = pytest.Dir.from_parent(parent, path=path)
        return directory

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """The contract is a test file."""
        if file_path.resolve() != self.contract.path.resolve():
            return None
        file: pytest.Collector = HostContract.from_parent(parent, path=file_path)
        return file

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Know which rules are left after `-k` and its like: only those are run."""
        rules = [item.rule_id for item in session.items if isinstance(item, RuleItem)]
        ids = [item for item in session.items if isinstance(item, IdItem)]
        everything = len(rules) == len(self.planned.plan.rules) and len(ids) == len(_unruled(self.planned))
        self.run.only = () if everything or self.is_worker else tuple(rules)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Under xdist the controller runs certify once, whole, and its workers wait for the report."""
        if not node.config.getoption("collectonly"):
            self.run.start()
        node.workerinput[_WORKER_KEY] = str(self.run.report_file)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """What is not certified is not a success, even where every item was skipped."""
        report = self.run.finished_report()
        if report and report.verdict not in (Verdict.CERTIFIED, Verdict.NONE) and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The verdict, after pytest's own words."""
        report = self.run.finished_report()
        if report is None:
            return
        terminalreporter.section("certification")
        terminalreporter.write_line(_verdict_line(report))
        if report.files:
            folder = self.contract.root / self.contract.evidence.artifacts_dir
            terminalreporter.write_line(f"report: {folder / report.files['markdown']}")

    def pytest_unconfigure(self) -> None:
        """End the isolated run if it is still there, and take its report file away."""
        if not self.is_worker:
            self.run.close()


def _verdict_line(report: Report) -> str:
    if report.verdict is Verdict.NONE:
        return f"{report.connector.name}: a selection was run; no verdict"
    counts = ", ".join(f"{count} {status}" for status, count in report.required.items())
    words = report.verdict.value.replace("_", " ")
    return f"{report.connector.name}: {words}; {sum(report.required.values())} required: {counts}"


def _unruled(planned: Planned) -> list[PlannedId]:
    """The contract's ids that no installed rule stands for, each once."""
    known = {rule.id for rule in planned.plan.rules}
    unruled = {one.id: one for one in planned.plan.ids if not known.intersection(one.rules)}
    return list(unruled.values())


class HostContract(pytest.File):
    """`certification.yaml`: areas of rules, and `contract` for ids without one."""

    def collect(self) -> Iterable[pytest.Collector]:
        """One collector an area."""
        planned = self.config.stash[_HOST].planned
        for area in dict.fromkeys(rule.area for rule in planned.plan.rules):
            yield Area.from_parent(self, name=area)
        if _unruled(planned):
            yield Area.from_parent(self, name="contract")


class Area(pytest.Collector):
    """One area; its children are its rules."""

    def collect(self) -> Iterable[pytest.Item]:
        """One item a rule, or an id."""
        planned = self.config.stash[_HOST].planned
        for rule in planned.plan.rules:
            if rule.area == self.name:
                yield RuleItem.from_parent(self, name=rule.id, rule_id=rule.id)
        if self.name == "contract":
            for one in _unruled(planned):
                yield IdItem.from_parent(self, name=one.id)


class _Answered(pytest.Item):
    """An item whose outcome another process decides."""

    def report(self) -> Report:
        """The whole report, once it is there."""
        return self.config.stash[_HOST].run.report()

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The contract, for want of a test file."""
        return self.path, 0, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """The words themselves; the traceback would show our code."""
        return str(excinfo.value)


class RuleItem(_Answered):
    """One rule."""

    def __init__(self, *, rule_id: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.rule_id = rule_id

    def runtest(self) -> None:
        """Answer as the isolated run did."""
        result = next((rule for rule in self.report().rules if rule.id == self.rule_id), None)
        if result is None:
            raise CertifyError(f"the isolated run left no outcome for {self.rule_id}")
        self.user_properties += [
            ("rule", result.id),
            ("status", result.status.value),
            ("tier", result.tier.value),
            ("fix", result.fix),
        ]
        # As with the command: the verdict is about what is required, a selection about what it names.
        counts = result.required or self.report().verdict is Verdict.NONE
        if not counts and result.status in (Status.FAILED, Status.ERRORED):
            raise pytest.xfail.Exception(f"{result.status}, not required ({result.tier}): {result.message}")
        _answer(result.status, result.message, _explained(result))


class IdItem(_Answered):
    """One of the contract's ids that no installed rule stands for."""

    def runtest(self) -> None:
        """Unverified, with the lines to add."""
        result: IdResult | None = next((one for one in self.report().ids if one.id == self.name), None)
        if result is None:
            pytest.skip("unverified: not part of this selection")
        self.user_properties += [("rule", result.id), ("status", result.status.value)]
        _answer(result.status, result.message, result.message)


def _answer(status: Status, message: str, explained: str) -> None:
    if status is Status.FAILED:
        pytest.fail(explained, pytrace=False)
    if status is Status.ERRORED:
        pytest.fail(
            f"certify could not decide (this does not blame the connector): {explained}", pytrace=False
        )
    if status is not Status.PASSED:
        pytest.skip(f"{status.value.replace('_', ' ')}: {message}")


def _explained(result: RuleResult) -> str:
    lines = [f"{result.id}: {result.title}"]
    lines += [line for finding in result.findings for line in _finding_lines(finding)] or [result.message]
    return "\n".join([*lines, f"why: {result.why}", f"more: certify explain {result.id}"])


def _finding_lines(finding: Finding) -> list[str]:
    where = f"{finding.location}: " if finding.location else ""
    lines = [f"  {where}{finding.message}"]
    return [*lines, f"    fix: {finding.fix}"] if finding.fix else lines
