"""Read acceptance-test-config.yml in both of its dialects: what a team has said of its tests already.

The present one has `acceptance_tests: {SECTION: {tests: […], bypass_reason: …}}`, the older one
`tests: {SECTION: […]}`. Streams may stand in it as names, or as objects with a reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from certify.contract.document import KeyPath
from certify.model import Finding, Location
from certify.repository.config.document import ConfigFile, read_config
from certify.repository.schemas import MAX_FINDINGS, schema_findings
from certify.repository.tree import Repository

ACCEPTANCE_CONFIGS = ("acceptance-test-config.yml", "acceptance-test-config.yaml")
_SCHEMA = "acceptance.schema.json"
_EXPECTED = "a key of acceptance-test-config.yml as Airbyte's acceptance tests read it"
#: Sections without which, or a reason, Airbyte's tests at high strictness did not begin.
_MANDATORY = ("spec", "connection", "discovery", "basic_read", "full_refresh", "incremental")
#: Keys whose values are paths of files, by the key that they stand in, if any.
_FILES: tuple[KeyPath, ...] = (
    ("spec_path",),
    ("config_path",),
    ("configured_catalog_path",),
    ("future_state_path",),
    ("expect_records", "path"),
    ("future_state", "future_state_path"),
    ("client_container_config", "client_container_dockerfile_path"),
)
#: What a team keeps out of its repository, and CI fetches.
_SECRETS = "secrets/"


@dataclass(frozen=True)
class Test:
    """One entry of a section: what it says, and where."""

    section: str
    path: KeyPath
    value: dict[str, Any]


@dataclass(frozen=True)
class AcceptanceConfig:
    """An acceptance-test-config.yml, understood or not; what is of the wrong type counts as absent."""

    config: ConfigFile

    @property
    def is_strict(self) -> bool:
        """Whether it asks for the high strictness."""
        return self._root.get("test_strictness_level") == "high"

    @property
    def is_older(self) -> bool:
        """Whether it is written in the older dialect."""
        return "acceptance_tests" not in self._root and "tests" in self._root

    @property
    def sections(self) -> dict[str, Any]:
        """The sections by their names, as they are written."""
        found = self._root.get("tests" if self.is_older else "acceptance_tests")
        return found if isinstance(found, dict) else {}

    @property
    def tests(self) -> tuple[Test, ...]:
        """Every test of every section."""
        return tuple(self._tests())

    def _tests(self) -> Iterator[Test]:
        for name, section in self.sections.items():
            listed = section if self.is_older else _get(section, "tests")
            inside: KeyPath = ("tests", name) if self.is_older else ("acceptance_tests", name, "tests")
            for index, value in enumerate(listed if isinstance(listed, list) else ()):
                if isinstance(value, dict):
                    yield Test(name, (*inside, index), value)

    @property
    def _root(self) -> dict[str, Any]:
        return self.config.value if isinstance(self.config.value, dict) else {}

    @property
    def bypassed(self) -> dict[str, str]:
        """The reasons for which sections are left out."""
        reasons = {name: _get(section, "bypass_reason") for name, section in self.sections.items()}
        return {name: said for name, said in reasons.items() if isinstance(said, str) and said.strip()}

    def at(self, path: KeyPath = ()) -> Location:
        """Where something stands."""
        return self.config.at(path)

    def at_section(self, name: str) -> Location:
        """Where a section stands, or would."""
        return self.at(("tests" if self.is_older else "acceptance_tests", name))


def read_acceptance_config(repository: Repository) -> AcceptanceConfig | None:
    """The configuration at the top of a repository; None where there is none."""
    name = next((one for one in ACCEPTANCE_CONFIGS if repository.exists(one)), None)
    return AcceptanceConfig(read_config(repository, name)) if name else None


def acceptance_findings(acceptance: AcceptanceConfig, repository: Repository) -> Iterator[Finding]:
    """Keys that are not understood, files that are not there, streams and sections without a reason."""
    config = acceptance.config
    if config.fault is not None:
        yield config.fault
        return
    document = config.document
    if document is None or not isinstance(document.value, dict):
        yield Finding("holds no keys", Location(config.file, 1), "connector_image and acceptance_tests")
        return
    yield from schema_findings(__package__, _SCHEMA, document, _EXPECTED)
    if not acceptance.sections:
        yield Finding("names no test", acceptance.at(), "acceptance_tests with a section such as spec")
    yield from islice(_absent_files(acceptance, repository), MAX_FINDINGS)
    yield from islice(_without_reason(acceptance), MAX_FINDINGS)
    yield from _left_out(acceptance)


def _absent_files(acceptance: AcceptanceConfig, repository: Repository) -> Iterator[Finding]:
    for test in acceptance.tests:
        for keys in _FILES:
            name = _get(test.value, *keys)
            if isinstance(name, str) and not _is_there(name, repository):
                dotted = ".".join((test.section, *map(str, keys)))
                yield Finding(
                    f"{dotted}: there is no {name!r}",
                    acceptance.at((*test.path, *keys)),
                    f"a file of the connector's folder, or one under {_SECRETS} that CI puts there",
                    "add it, or correct the path: it is relative to the connector's folder",
                )


def _is_there(name: str, repository: Repository) -> bool:
    plain = name.removeprefix("./")
    return plain.startswith(_SECRETS) or repository.exists(plain)


def _without_reason(acceptance: AcceptanceConfig) -> Iterator[Finding]:
    """Streams that are said to be empty, for nothing that a reader could check."""
    for test in acceptance.tests:
        streams = _get(test.value, "empty_streams")
        for index, stream in enumerate(streams if isinstance(streams, list) else ()):
            reason = _get(stream, "bypass_reason")
            if not (isinstance(reason, str) and reason.strip()):
                name = stream if isinstance(stream, str) else _get(stream, "name")
                yield Finding(
                    f"{test.section}.empty_streams: no reason is given why {name!r} is empty",
                    acceptance.at((*test.path, "empty_streams", index)),
                    "a reason: a stream that nobody has seen a record of is not tested",
                    f'write `{{name: {name}, bypass_reason: "…"}}`, or give the test account a record',
                )


def _left_out(acceptance: AcceptanceConfig) -> Iterator[Finding]:
    tested = {test.section for test in acceptance.tests}
    for name in _MANDATORY if acceptance.is_strict else ():
        if name not in tested and name not in acceptance.bypassed:
            yield Finding(
                f"{name} has neither tests nor a bypass_reason, and the strictness is high",
                acceptance.at(("acceptance_tests", name)),
                f"every one of {', '.join(_MANDATORY)}, or the reason why not",
                f"add `{name}: {{tests: […]}}`, or `{name}: {{bypass_reason: …}}`",
            )


def _get(value: Any, *keys: str | int) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
