"""The reference: what a target must hold after a load, worked out in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from certify.target.contents import Row
from certify.target.sample import Sample

Rows = Sequence[Row]


def full_refresh(sample: Sample, before: Rows, load: Rows) -> list[Row]:
    """The load, and nothing else."""
    return list(load)


def incremental_append(sample: Sample, before: Rows, load: Rows) -> list[Row]:
    """All that was there, and what of the load was not: so a repeated load adds nothing."""
    there = {repr(sorted(row.items())) for row in before}
    return [*before, *(row for row in load if repr(sorted(row.items())) not in there)]


def incremental_merge(sample: Sample, before: Rows, load: Rows) -> list[Row]:
    """The load, and what has none of its keys."""
    keys = {_key(sample, row) for row in load}
    return [*(row for row in before if _key(sample, row) not in keys), *load]


def replace(sample: Sample, before: Rows, load: Rows) -> list[Row]:
    """The load, and what is of none of its slices."""
    slices = {repr(row[sample.replace_by]) for row in load} if sample.replace_by else set()
    return [*(row for row in before if repr(row[sample.replace_by or ""]) not in slices), *load]


def _key(sample: Sample, row: Row) -> str:
    return repr([row.get(name) for name in sample.key])


#: By the names that dpone gives the strategies.
MODELS: dict[str, Callable[[Sample, Rows, Rows], list[Row]]] = {
    "full_refresh": full_refresh,
    "incremental_append": incremental_append,
    "incremental_merge": incremental_merge,
    "replace": replace,
}
