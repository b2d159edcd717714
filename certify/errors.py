"""What may go wrong, and who is told.

```
CertifyError              one line for the user, exit code 2, never a traceback
├── ContractError         certification.yaml is not what it should be
├── SuiteError            an installed suite of rules is broken or clashes with another
├── ReportError           a report cannot be read, or is not what it claims to be
├── SandboxError          the harness could not run the connector: the rule is *errored*
└── TargetError           the database that a sink would load into is not to be had: *unverified*
```

A connector that breaks a rule is none of these: that is an assertion (see `certify.rules`).
"""

from __future__ import annotations


class CertifyError(Exception):
    """An input that cannot be used, told in one line."""


class ContractError(CertifyError):
    """A contract that cannot be used; the message begins with `file:line: key`."""


class SuiteError(CertifyError):
    """A suite that cannot be loaded; the message names its package."""


class ReportError(CertifyError):
    """A report that cannot be read or does not hold."""


class SandboxError(CertifyError):
    """The harness failed, not the connector."""


class TargetError(CertifyError):
    """A target that nothing can be loaded into; `needs` are the lines that would help."""

    def __init__(self, reason: str, needs: str = "") -> None:
        super().__init__(reason)
        self.needs = needs
