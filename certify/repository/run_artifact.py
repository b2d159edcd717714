"""Read the artifact that a run wrote of itself: what it must say, and what in it contradicts the rest."""

from __future__ import annotations

import datetime
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from certify.contract.document import KeyPath
from certify.model import Finding, Location
from certify.repository.config.document import ConfigFile
from certify.text import one_line

#: Names under which platforms write the same thing.
_IDS = ("run_id", "runId", "id")
_DIGEST_NAMES = re.compile(r"(?:.*_)?(?:digest|sha256|checksum)", re.IGNORECASE)
_DIGEST = re.compile(r"(?:sha(?:256|384|512):)?(?:[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})", re.IGNORECASE)
_GONE_WRONG = frozenset(
    {"failed", "failure", "error", "errored", "blocked", "aborted", "cancelled", "crashed"}
)
_STATUSES = frozenset({"status", "state", "outcome", "result", "verdict"})
_TROUBLES = frozenset(
    {"error", "errors", "failures", "failed", "failed_checks", "violations", "blockers", "exception"}
)
_READ = ("rows_read", "rows_extracted", "extracted_rows", "source_rows", "records_read")
_LOADED = ("rows_loaded", "rows_written", "loaded_rows", "target_rows", "records_loaded")
_REFUSED = ("rows_rejected", "rows_skipped", "rejected_rows", "rows_quarantined")
_BEGINS, _ENDS = ("started_at", "start_time", "started"), ("finished_at", "ended_at", "end_time", "finished")


@dataclass(frozen=True)
class RunArtifact:
    """One artifact, as a file of JSON that can be read."""

    file: ConfigFile

    @property
    def run_id(self) -> str:
        """The id of the run; empty where it says none."""
        return next((value for name in _IDS if isinstance(value := self._top.get(name), str) and value), "")

    @property
    def _top(self) -> dict[str, Any]:
        return self.file.value if isinstance(self.file.value, dict) else {}

    def findings(self) -> Iterator[Finding]:
        """What it does not say, and what contradicts itself."""
        if not isinstance(self.file.value, dict):
            yield self._finding((), "is no object", "an object of JSON")
            return
        yield from self._identity()
        yield from self._passed()
        yield from self._contradictions()

    def _identity(self) -> Iterator[Finding]:
        if not self.run_id:
            yield self._finding((), "names no run", "`run_id`, a text")
        folder = PurePosixPath(self.file.file).parent
        if self.run_id and folder.parent.name == "runs" and folder.name != _as_file_name(self.run_id):
            named = next(name for name in _IDS if self._top.get(name) == self.run_id)
            said = f"says {named} {one_line(self.run_id, 60)!r}, and lies in the folder of {folder.name!r}"
            yield self._finding((named,), said, "the artifact of the run that its folder is named after")
        digests = [(path, value) for path, value in self._values() if _names_digest(path)]
        if not digests:
            yield self._finding((), "has no digest", "`digest`, such as sha256:… of what was loaded")
        for path, value in digests:
            if not isinstance(value, str) or not _DIGEST.fullmatch(value):
                yield self._finding(
                    path, f"{_shown(path)} is {_short(value)}", "a digest in hexadecimal digits"
                )

    def _passed(self) -> Iterator[Finding]:
        if "passed" not in self._top:
            yield self._finding((), "does not say whether the run passed", "`passed: true`, literally")
        elif self._top["passed"] is not True:
            said = f"says passed: {_short(self._top['passed'])}"
            yield self._finding(("passed",), said, "`passed: true`, literally, of a run that passed")

    def _contradictions(self) -> Iterator[Finding]:
        """What speaks against `passed`, a mere warning left out."""
        expected = "nothing that speaks against `passed: true`"
        for path, value in self._values():
            name = str(path[-1]).lower() if path else ""
            if len(path) < 2 and name == "passed":
                continue
            if self._is_warning(path):
                continue
            if (
                (name == "passed" and value is False)
                or (name in _STATUSES and isinstance(value, str) and value.lower() in _GONE_WRONG)
                or (name in _TROUBLES and value not in (None, False, 0, "", [], {}))
            ):
                yield self._finding(path, f"says {_shown(path)}: {_short(value)}", expected)
        for path, value in ((), self._top), *self._objects():
            yield from self._counts(path, value)
            yield from self._times(path, value)

    def _counts(self, path: KeyPath, value: dict[str, Any]) -> Iterator[Finding]:
        read, loaded = _first(value, _READ), _first(value, _LOADED)
        if read is not None and loaded is not None:
            refused = [count for name in _REFUSED if (count := _count(value.get(name))) is not None]
            if loaded[1] + sum(refused) != read[1]:
                said = f"says {read[0]}: {read[1]} and {loaded[0]}: {loaded[1]}"
                yield self._finding((*path, loaded[0]), said, "as many rows loaded as read, or refused")
        parts = [_count(value.get(name)) for name in ("passed", "failed")]
        total = _count(value.get("total"))
        others = [_count(value.get(name)) or 0 for name in ("skipped", "warning", "warnings")]
        if total is not None and None not in parts and sum(filter(None, [*parts, *others])) != total:
            said = f"says total: {total}, passed: {parts[0]} and failed: {parts[1]}"
            yield self._finding((*path, "total"), said, "counts that add up")

    def _times(self, path: KeyPath, value: dict[str, Any]) -> Iterator[Finding]:
        begun = next((moment for name in _BEGINS if (moment := _moment(value.get(name)))), None)
        ended = next(((name, moment) for name in _ENDS if (moment := _moment(value.get(name)))), None)
        if begun and ended and (begun.tzinfo is None) is (ended[1].tzinfo is None) and ended[1] < begun:
            said = f"ends before it begins: {_short(value[ended[0]])}"
            yield self._finding((*path, ended[0]), said, "an end after the beginning")

    def _is_warning(self, path: KeyPath) -> bool:
        """Whether it stands in a check whose failure is no more than a warning."""
        holder: Any = self.file.value
        for key in path[:-1]:
            holder = holder[key]
        severity = holder.get("severity") if isinstance(holder, dict) else None
        return isinstance(severity, str) and severity.lower() in ("warning", "warn", "info")

    def _values(self) -> Iterator[tuple[KeyPath, Any]]:
        """Every value but the top, each with its path."""
        waiting: deque[tuple[KeyPath, Any]] = deque([((), self.file.value)])
        while waiting:
            path, value = waiting.popleft()
            keys: Iterable[Any] = value if isinstance(value, dict) else range(len(value))
            for key in keys:
                yield (*path, key), value[key]
                if isinstance(value[key], dict | list):
                    waiting.append(((*path, key), value[key]))

    def _objects(self) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
        return ((path, value) for path, value in self._values() if isinstance(value, dict))

    def _finding(self, path: KeyPath, said: str, expected: str) -> Finding:
        place: Location = self.file.at(path)
        return Finding(f"{PurePosixPath(self.file.file).name} {said}", place, expected)


def _names_digest(path: KeyPath) -> bool:
    return isinstance(path[-1], str) and bool(_DIGEST_NAMES.fullmatch(path[-1]))


def _as_file_name(run_id: str) -> str:
    """As dpone writes an id into a path."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in run_id)


def _first(value: dict[str, Any], names: tuple[str, ...]) -> tuple[str, int] | None:
    return next(((name, count) for name in names if (count := _count(value.get(name))) is not None), None)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(value: Any) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _shown(path: KeyPath) -> str:
    return one_line(".".join(map(str, path)), 80)


def _short(value: Any) -> str:
    """A value as it may be shown: a text in an artifact may be anything, and long."""
    if isinstance(value, dict | list):
        return f"{len(value)} entries" if len(value) != 1 else "1 entry"
    return one_line(repr(value), 60)
