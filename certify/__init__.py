"""certify: run what a connector's certification contract requires, and report what was seen.

This is the public face, all that a suite of rules or a connector's own test needs to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from certify.errors import CertifyError, ContractError, ReportError, SandboxError, SuiteError
from certify.model import Effort, Evidence, Finding, Location, Outcome, Report, Status, Tier, Verdict
from certify.rules import (
    Blocked,
    EvidenceLog,
    HarnessFault,
    NotApplicable,
    Rule,
    RuleBroken,
    Undecided,
    Unverified,
    no_findings,
    rule,
)

if TYPE_CHECKING:
    from certify.contract import Contract
    from certify.repository import Repository
    from certify.sandbox.answers import Answer
    from certify.sandbox.build import WheelBuilder
    from certify.sandbox.fault_runs import FaultRuns
    from certify.sandbox.import_probe import ImportProbe
    from certify.sandbox.interview import Interview
    from certify.sandbox.keeping import Keeping
    from certify.sandbox.load_outputs import LoadOutputs
    from certify.sandbox.observed_import import ImportObservation
    from certify.sandbox.observed_run import Observed
    from certify.sandbox.operations import NOTHING, Kept, Make, Operation, Read, Write
    from certify.sandbox.own_tests import OwnTests
    from certify.sandbox.paces import Paces
    from certify.sandbox.pipelines import Pipeline, Pipelines
    from certify.sandbox.reads import SourceReads
    from certify.sandbox.sink_runs import SinkRuns
    from certify.sandbox.target_runs import TargetRuns
    from certify.subject import Example, Subject

__version__ = "0.1.0"

#: What rules name in annotations and fixtures give them: imported on first use, since it needs YAML and
#: sockets, and `certify --help` does not.
_LATE = {
    "Answer": "certify.sandbox.answers",
    "Contract": "certify.contract",
    "Example": "certify.subject",
    "FaultRuns": "certify.sandbox.fault_runs",
    "ImportObservation": "certify.sandbox.observed_import",
    "ImportProbe": "certify.sandbox.import_probe",
    "Interview": "certify.sandbox.interview",
    "Keeping": "certify.sandbox.keeping",
    "Kept": "certify.sandbox.operations",
    "LoadOutputs": "certify.sandbox.load_outputs",
    "Make": "certify.sandbox.operations",
    "NOTHING": "certify.sandbox.operations",
    "Observed": "certify.sandbox.observed_run",
    "Operation": "certify.sandbox.operations",
    "OwnTests": "certify.sandbox.own_tests",
    "Paces": "certify.sandbox.paces",
    "Pipeline": "certify.sandbox.pipelines",
    "Pipelines": "certify.sandbox.pipelines",
    "Read": "certify.sandbox.operations",
    "Repository": "certify.repository",
    "SourceReads": "certify.sandbox.reads",
    "SinkRuns": "certify.sandbox.sink_runs",
    "Subject": "certify.subject",
    "TargetRuns": "certify.sandbox.target_runs",
    "WheelBuilder": "certify.sandbox.build",
    "Write": "certify.sandbox.operations",
}


def __getattr__(name: str) -> Any:
    """Import a late part of the public face."""
    if name in _LATE:
        return getattr(importlib.import_module(_LATE[name]), name)
    raise AttributeError(f"module 'certify' has no attribute {name!r}")


__all__ = [
    "NOTHING",
    "Answer",
    "Blocked",
    "CertifyError",
    "Contract",
    "ContractError",
    "Effort",
    "Evidence",
    "EvidenceLog",
    "Example",
    "FaultRuns",
    "Finding",
    "HarnessFault",
    "ImportObservation",
    "ImportProbe",
    "Interview",
    "Keeping",
    "Kept",
    "LoadOutputs",
    "Location",
    "Make",
    "NotApplicable",
    "Observed",
    "Operation",
    "Outcome",
    "OwnTests",
    "Paces",
    "Pipeline",
    "Pipelines",
    "Read",
    "Report",
    "ReportError",
    "Repository",
    "Rule",
    "RuleBroken",
    "SandboxError",
    "SinkRuns",
    "SourceReads",
    "Status",
    "Subject",
    "SuiteError",
    "TargetRuns",
    "Tier",
    "Undecided",
    "Unverified",
    "Verdict",
    "WheelBuilder",
    "Write",
    "__version__",
    "no_findings",
    "rule",
]
