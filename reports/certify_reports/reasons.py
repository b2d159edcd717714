"""Why a connector is not certified, told once for each cause, and failures before mere gaps."""

from __future__ import annotations

from certify.model import WORST_FIRST, Reason, Status

#: How many reasons that are mere gaps stand open: beside failures, and on their own.
_OPEN_BESIDE, _OPEN_ALONE = 3, 5

Group = list[Reason]


def grouped(reasons: tuple[Reason, ...]) -> tuple[list[Group], list[Group]]:
    """The groups that stand open, and those that may be folded away; both worst first.

    Failures keep the first screen; a few gaps may stand beside them, or the first of many alone.
    """
    groups = _by_cause(reasons)
    known = [group for group in groups if group[0].status is not Status.UNVERIFIED]
    gaps = [group for group in groups if group[0].status is Status.UNVERIFIED]
    most = (len(gaps) if len(gaps) <= _OPEN_BESIDE else 0) if known else _OPEN_ALONE
    return known + gaps[:most], gaps[most:]


def fix_of(group: Group) -> str:
    """How to mend it; nothing where what is mended differs."""
    return group[0].fix if len({reason.fix for reason in group}) == 1 else ""


def _by_cause(reasons: tuple[Reason, ...]) -> list[Group]:
    """Names that lack the same for the same cause; what was not seen has no mistake of its own to mend."""
    groups: dict[tuple[object, ...], Group] = {}
    for reason in sorted(reasons, key=lambda reason: WORST_FIRST.index(reason.status)):
        fix = "" if reason.status is Status.UNVERIFIED else reason.fix
        groups.setdefault((reason.status, reason.message, fix, reason.location), []).append(reason)
    return list(groups.values())
