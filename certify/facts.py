"""The facts of a report: what was certified, by which rules, with which recordings, when and how.

No I/O and no pytest in here: values, that go to JSON and back unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Artifact:
    """A file that was built from the tree to be released, by name and SHA-256 (`sha256:…`)."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Connector:
    """What was certified. `tree_digest` covers every file of its folder that is not generated.

    `folder` is where that lies in its git repository, from the top: empty at the top, or without git.
    """

    name: str
    version: str | None
    system: str
    claimed_status: str | None
    tree_digest: str
    commit: str | None = None
    dirty: bool | None = None
    artifacts: tuple[Artifact, ...] = ()
    folder: str = ""


@dataclass(frozen=True)
class SuiteFacts:
    """An installed package of rules, by name and version; `digest` is over all its files."""

    name: str
    version: str
    digest: str
    package: str = ""


@dataclass(frozen=True)
class CassetteFacts:
    """A recording that could be replayed: its path in the tree, and its SHA-256 (`sha256:…`)."""

    path: str
    sha256: str


@dataclass(frozen=True)
class RunFacts:
    """How, when and with what it was run. Times are ISO 8601 in UTC; `seconds` is wall time.

    `remarks` are sentences on what the run lacked, and what that costs.
    """

    started: str
    finished: str
    seconds: float
    certify_version: str
    suites: tuple[SuiteFacts, ...]
    contract: str
    contract_digest: str
    python: str
    platform: str
    isolation: str
    command: str
    interrupted: bool = False
    cassettes: tuple[CassetteFacts, ...] = ()
    remarks: tuple[str, ...] = ()
