"""certify: run what a connector's certification contract requires, and report what was seen.

This is the public face, all that a suite of rules or a connector's own test needs to import.
"""

from __future__ import annotations

from certify.errors import CertifyError, ContractError, ReportError, SandboxError, SuiteError
from certify.model import Effort, Evidence, Finding, Location, Outcome, Report, Status, Tier, Verdict
from certify.rules import (
    Blocked,
    EvidenceLog,
    HarnessFault,
    NotApplicable,
    Rule,
    RuleBroken,
    Unverified,
    no_findings,
    rule,
)

__version__ = "0.1.0"

__all__ = [
    "Blocked",
    "CertifyError",
    "ContractError",
    "Effort",
    "Evidence",
    "EvidenceLog",
    "Finding",
    "HarnessFault",
    "Location",
    "NotApplicable",
    "Outcome",
    "Report",
    "ReportError",
    "Rule",
    "RuleBroken",
    "SandboxError",
    "Status",
    "SuiteError",
    "Tier",
    "Unverified",
    "Verdict",
    "__version__",
    "no_findings",
    "rule",
]
