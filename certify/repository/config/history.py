"""Hold a configuration schema against the last release's: git's tags have it, or the author's snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from certify.contract.document import KeyPath
from certify.errors import ContractError
from certify.model import Finding
from certify.repository.config.alternatives import TooLarge
from certify.repository.config.compatibility import breaking_changes
from certify.repository.config.document import ConfigFile, Examined, parse_config, read_config
from certify.repository.project.releases import Releases
from certify.repository.project.versions import parse_version
from certify.repository.tree import Repository
from certify.rules import NotApplicable, Unverified

if TYPE_CHECKING:
    from packaging.version import Version

MAX_FINDINGS = 40
#: The schema as it was released, with its version under this key at the top.
SNAPSHOT = "certification/snapshots/config.schema.json"
SNAPSHOT_VERSION = "x-version"


@dataclass(frozen=True)
class EarlierSchema:
    """A schema that users have configurations for, and where it was found: a tag, or the snapshot's file."""

    version: Version
    source: str
    value: Any


def examine_compatibility(schema: ConfigFile, releases: Releases, stated: str | None) -> Examined:
    """Compare a schema that can be read with the last release's; `stated` is the connector's version.

    Raises NotApplicable when there was no schema before, and Unverified when that cannot be told.
    """
    version = parse_version(stated or "")
    if version is None:
        version = max((one.version for one in releases.at_head), default=None)
    earlier = earlier_schema(schema, releases, version)
    try:
        changes = breaking_changes(earlier.value, schema.value)
    except TooLarge as error:
        raise Unverified(f"the schema is not compared with {earlier.version}'s: {error}") from error
    compared = f"compared {schema.file} with {earlier.source} ({earlier.version})"
    if not changes:
        return Examined((f"{compared}: what it took is taken",))
    if version is None:
        raise Unverified(
            f"{len(changes)} changes since {earlier.version} break configurations, and no version is stated: "
            f"{changes[0].message}",
            '[project]\nversion = "…"',
        )
    if _may_break(earlier.version, version):
        return Examined(
            (f"{compared}: {len(changes)} breaking changes, and {version} is the number for them",)
        )
    needed = (
        f"{earlier.version.major + 1}.0.0" if earlier.version.major else f"0.{earlier.version.minor + 1}.0"
    )
    return Examined(
        (compared,),
        tuple(
            Finding(
                f"{change.message} (not so in {earlier.version})",
                schema.at(change.path),
                f"every configuration of {earlier.version} is taken, or the version is {needed}",
                f"take it as before, perhaps beside the new form, or release this as {needed}",
            )
            for change in changes[:MAX_FINDINGS]
        ),
    )


def _may_break(before: Version, now: Version) -> bool:
    """A new major version may; before 1.0, a new minor one."""
    if now.major != before.major:
        return now.major > before.major
    return now.major == 0 and now.minor > before.minor


def earlier_schema(schema: ConfigFile, releases: Releases, version: Version | None) -> EarlierSchema:
    """The schema of the highest release below `version`; of the highest there is where that is None."""
    found: list[EarlierSchema] = []
    reason: NotApplicable | Unverified | None = None
    try:
        found.append(_released(releases, schema, version))
    except (NotApplicable, Unverified) as error:
        reason = error
    found += _snapshot(releases.repository, version)
    if found:
        return max(found, key=lambda one: one.version)
    raise reason or NotApplicable("no earlier release")


def _released(releases: Releases, schema: ConfigFile, version: Version | None) -> EarlierSchema:
    from packaging.version import Version

    release = releases.before(version or Version("9999!0"))
    content = releases.files(release, schema.file, (schema.file,)).get(schema.file)
    if content is None:
        raise NotApplicable(f"{release.tag} has no {schema.file}")
    try:
        value = _reach(parse_config(content, schema.file).value, schema.path)
    except ContractError as error:
        raise NotApplicable(f"the schema in {release.tag} cannot be read: {error}") from error
    if value is None:
        raise NotApplicable(f"{schema.file} holds no schema in {release.tag}")
    return EarlierSchema(release.version, f"tag {release.tag}", value)


def _snapshot(repository: Repository, version: Version | None) -> Iterator[EarlierSchema]:
    """The author's snapshot; one of the version that is being made holds what it promises already."""
    if not repository.exists(SNAPSHOT):
        return
    read = read_config(repository, SNAPSHOT)
    if read.fault is not None:
        place = read.fault.location
        raise Unverified(f"the snapshot cannot be read: {place}: {read.fault.message}")
    value = read.value if isinstance(read.value, dict) else {}
    said = parse_version(str(value.get(SNAPSHOT_VERSION, "")))
    if said is None:
        raise Unverified(f"{SNAPSHOT} does not say of which release it is", f'"{SNAPSHOT_VERSION}": "1.0.0"')
    if version is not None and said > version:
        raise Unverified(f"{SNAPSHOT} is of {said}, which comes after {version}")
    yield EarlierSchema(said, SNAPSHOT, {key: one for key, one in value.items() if key != SNAPSHOT_VERSION})


def _reach(value: Any, path: KeyPath) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    # A manifest may have named a file then, and hold the schema itself today.
    return value if isinstance(value, dict) else None
