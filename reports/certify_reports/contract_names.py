"""The names of a contract as a report shows them: each once, and what to add so that more can be verified."""

from __future__ import annotations

from certify.model import IdKind, IdResult, Report, Status

ASKED_BY = {
    IdKind.REQUIRED_TEST: "required tests",
    IdKind.GATE: "quality gate",
    IdKind.BENCHMARK: "benchmark",
    IdKind.NATIVE: "native transfer",
}


def grouped(ids: tuple[IdResult, ...]) -> list[list[IdResult]]:
    """A name that several capabilities ask for is one group, as long as it ended the same for all."""
    groups: dict[tuple[object, ...], list[IdResult]] = {}
    for name in ids:
        groups.setdefault((name.id, name.kind, name.status, name.message, name.rules), []).append(name)
    return list(groups.values())


def needed(report: Report) -> dict[str, list[str]]:
    """Lines to add to the contract → the names that need them."""
    pieces: dict[str, dict[str, None]] = {}
    for name in report.ids:
        if name.needs.strip() and name.status in (Status.UNVERIFIED, Status.BLOCKED, Status.ERRORED):
            pieces.setdefault(name.needs, {})[name.id] = None
    return {needs: list(names) for needs, names in pieces.items()}
