"""What the rules on credentials that come out have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from certify import EvidenceLog, NotApplicable, Observed, Unverified
from certify.repository.secrets import names_a_secret
from certify.target.placeholders import has_placeholder


def has_no_secret(config: Mapping[str, Any]) -> NoReturn:
    """Unverified where a name says that there is one, and not only in the place of certify's own target."""
    secrets = [
        name for name, value in config.items() if names_a_secret(str(name)) and not has_placeholder(value)
    ]
    if secrets:
        raise Unverified(
            f"no secret is named, though the configuration has {secrets[0]}",
            f"subject:\n  secrets: [{', '.join(secrets)}]",
        )
    raise NotApplicable("the configuration has no secret")


def show_besides(runs: dict[str, Observed], evidence: EvidenceLog) -> None:
    """Note the runs, by their scenario, that were made for another rule or have no fault."""
    shown = {entry.timeline.scenario for entry in evidence.entries if entry.timeline}
    for scenario, seen in runs.items():
        if scenario not in shown:
            evidence.saw("request", str(seen), seen.timeline)
