"""Read on from a state beyond the last record, as acceptance-test-config.yml names one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from certify import Finding, HarnessFault, Repository, SourceReads, Unverified
from certify.repository.airbyte.expectations import FutureState
from certify.sandbox.reads import Read
from certify.text import counted
from certify_suites.catalogs import name_of
from certify_suites.expected_records import is_named, rows_by_stream
from certify_suites.readings import rows, shown

_RECORDING = "resume@future"
_FIX = "read on from the state; where a stream has no cursor to go on from, name it in missing_streams"


def read_from(future: FutureState, repository: Repository, reads: SourceReads) -> Read:
    """A read from the state in a file. Unverified where that, or what it asks for, is not at hand."""
    text = repository.text(future.file)
    if text is None:
        raise Unverified(f"{future.place}: {future.file} is not here", "# the file, committed")
    try:
        state = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unverified(f"{future.file} is no JSON: {str(error)[:200]}") from error
    read = reads.resumed_at(state, _RECORDING)
    if isinstance(read, str):
        asked = f"nothing is recorded for a read from {future.file} ({read})"
        folder = reads.contract.replay.cassettes or "certification/cassettes"
        raise Unverified(asked, f"# {folder}/{_RECORDING}.yaml: what a read from that state asks for\n")
    if read.run.how in ("crashed", "lost"):
        raise HarnessFault(f"a read from {future.file}: {reads.ending(read.run)}")
    if read.run.waits_in_real_time:
        raise Unverified(f"a read from {future.file} waits where time is real, and was stopped")
    return read


def rows_from(
    future: FutureState, read: Read, catalog: Mapping[str, Any], reads: SourceReads
) -> tuple[str, list[Finding]]:
    """What was seen of such a read, and what is wrong with it."""
    judged = [name for name in _resumable(catalog) if not any(is_named(name, one) for one in future.missing)]
    seen = f"{rows(len(read.run.rows))} from {future.file}; judged: {', '.join(judged)}"
    if not read.run.succeeded:
        said = f"a read from {future.file} fails: {reads.ending(read.run)}"
        return seen[:500], [Finding(said, reads.at(read.run), "an end without an error, and no record")]
    if not judged:
        raise Unverified(f"no stream is read on from a state, but for those that {future.file} leaves out")
    wrongs = []
    for name, given in rows_by_stream(read).items():
        if name in judged and given.count:
            such = f", such as {shown(given.kept[0])}" if given.kept else ""
            said = f"a read from {future.file} gives {counted(given.count, 'record')} of {name}{such}"
            wrongs.append(Finding(said, future.place, "none: the state lies beyond the last one", _FIX))
    return seen[:500], wrongs


def _resumable(catalog: Mapping[str, Any]) -> list[str]:
    """The streams that can be read on from a state."""
    named = [(name_of(one, "airbyte"), one.get("supported_sync_modes")) for one in catalog["streams"]]
    return [name for name, modes in named if name and isinstance(modes, list) and "incremental" in modes]
