"""Why a connector is not certified, told once for each cause."""

from __future__ import annotations

from certify.model import WORST_FIRST, Reason


def grouped(reasons: tuple[Reason, ...]) -> list[list[Reason]]:
    """Worst first; names that lack the same thing for the same cause make one reason."""
    groups: dict[tuple[object, ...], list[Reason]] = {}
    for reason in sorted(reasons, key=lambda reason: WORST_FIRST.index(reason.status)):
        cause = (reason.status, reason.message, reason.fix, reason.location)
        groups.setdefault(cause, []).append(reason)
    return list(groups.values())
