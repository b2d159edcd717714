"""Packaging: the connector installs as what its tree says, under versions and terms that can be relied on."""

from __future__ import annotations

from certify import (
    Contract,
    Effort,
    EvidenceLog,
    Finding,
    Location,
    NotApplicable,
    Repository,
    Tier,
    Unverified,
    WheelBuilder,
    no_findings,
    rule,
)
from certify.repository.project import (
    Allowlist,
    Distribution,
    ImportPackage,
    Project,
    PublicApi,
    Releases,
    Requirements,
    WheelContents,
    WheelForm,
)

_NEEDS_SDK = """\
<!-- packages.config -->
<package id="APPSeCONNECT" version="4.1.0" targetFramework="net45" />
"""


@rule("version_is_semver", tier=Tier.BRONZE, effort=Effort.LOW)
def test_version_is_semver(distribution: Distribution, evidence: EvidenceLog) -> None:
    """The version is a semantic version: X.Y.Z; that of an assembly for .NET has four numbers.

    Why: whoever pins the connector reads from its number whether an update may break a pipeline. A number
    of two parts, or of four, leaves them guessing, and sorts differently in each tool.

    Fix: give the version three numbers, and count up the first when something breaks, the second when
    something is added, the third when something is repaired. Pre-releases in either notation are fine:

        version = "1.4.0"
        version = "2.0.0rc1"
    """
    stated = distribution.version()
    evidence.saw("version", f"{stated.place} says {stated.text}")
    if not stated.is_semantic:
        no_findings(
            [
                Finding(
                    f"the version {stated.text!r} is not {'.'.join('XYZW'[: stated.numbers])}",
                    location=stated.location or distribution.project.build_system.location,
                    expected="three numbers, such as 1.4.0, and perhaps a pre-release: 1.4.0rc1, 1.4.0-rc.1"
                    if stated.numbers == 3
                    else "four numbers, such as 1.4.0.0",
                )
            ]
        )


@rule("version_is_consistent", tier=Tier.BRONZE, effort=Effort.LOW)
def test_version_is_consistent(distribution: Distribution, releases: Releases, evidence: EvidenceLog) -> None:
    """Package, manifest, changelog and tag state one version.

    Why: support asks for the version, and the user reads it from wherever it is printed. Where two places
    differ, a defect is looked for in code that is not running, and a release goes out under a number that
    was taken already.

    Fix: state the version in one place and derive the others (`importlib.metadata.version` in the package,
    `dynamic = ["version"]` in pyproject.toml), or correct the place that was left behind.
    """
    stated = distribution.version()
    evidence.saw("version", f"{stated.place} says {stated.text}")
    where = stated.location or distribution.project.build_system.location
    findings = []
    for other in distribution.repeated_versions(stated, releases):
        evidence.saw("version", f"{other.place} says {other.text}")
        if not stated.agrees_with(other):
            findings.append(
                Finding(
                    f"{other.place} says {other.text}, {stated.place} says {stated.text}",
                    location=other.location or where,
                    expected=f"{stated.text} in both",
                    fix=f"correct {other.place} or {stated.place}",
                )
            )
    latest = distribution.changelog_version()
    if latest is not None:
        evidence.saw("version", f"{latest.place} has {latest.text} as its topmost release")
        if stated.is_below(latest):
            findings.append(
                Finding(
                    f"{latest.place} has the release {latest.text}, {stated.place} says {stated.text}",
                    location=latest.location,
                    expected=f"no release above {stated.text} in the changelog",
                    fix=f"raise the version to {latest.text}, or mark the entry as unreleased",
                )
            )
    no_findings(findings)


@rule("dependencies_are_allowlisted", tier=Tier.BRONZE, effort=Effort.MEDIUM)
def test_dependencies_are_allowlisted(
    contract: Contract, repository: Repository, requirements: Requirements, evidence: EvidenceLog
) -> None:
    """Every dependency is on the allowlist, in no version beyond it.

    Why: a platform runs connectors beside one another and answers for what is in them. A dependency that
    nobody looked at, or a range without an upper end, brings in code that was never reviewed the day it is
    published.

    Fix: narrow the declared range to the allowed one (the finding names a version that is let through), or
    have the allowlist extended by whoever keeps it.
    """
    file = contract.policy.dependency_allowlist
    if file is None and contract.system == "planasonix":
        raise Unverified(
            "there is no allowlist", "policy:\n  dependency_allowlist: certification/allowlist.txt\n"
        )
    if file is None:
        raise NotApplicable("the contract names no allowlist")
    text = repository.text(file)
    if text is None:
        raise Unverified(f"the allowlist {file} cannot be read", f"# {file}\nrequests>=2.31,<3\n")
    allowlist = Allowlist(text, file)
    for one in requirements.parsed:
        version = requirements.installed.get(one.name)
        resolved = f"{version} is installed" if version else "not installed here"
        evidence.saw("dependency", f"{one.requirement.name} ({one.range}); {resolved}")
    if not requirements.parsed:
        evidence.saw("dependency", f"nothing is required; {file} was read")
    no_findings(
        [
            *allowlist.malformed,
            *requirements.malformed,
            *allowlist.findings(requirements.parsed, requirements.installed),
        ]
    )
    allowlist.require_installed_allowed(requirements.parsed, requirements.installed)


@rule("sdk_major_is_compatible", tier=Tier.BRONZE, effort=Effort.LOW)
def test_sdk_major_is_compatible(
    contract: Contract, requirements: Requirements, evidence: EvidenceLog
) -> None:
    """The range of the SDK stays within the major version that the platform runs.

    Why: the next major version of an SDK changes what a connector is called with. Without an upper bound
    the connector is installed beside it on the day it comes out, and every pipeline fails at once.

    Fix: bound the range on both sides:

        dependencies = ["dpone>=0.2,<1"]

    An adapter for .NET names its SDK in several files: packages.config, the project, its hint paths. All have
    one major version, and so has the assembly that is compiled.
    """
    sdk = contract.policy.sdk
    if requirements.sdk_versions:
        for place in requirements.sdk_versions:
            evidence.saw("version", f"{place.place} says {place.text}")
        no_findings(requirements.of_other_major(sdk.major if sdk else None))
        return
    if sdk is None and contract.system == "appseconnect":
        raise Unverified("no project file says which SDK the adapter is built against", _NEEDS_SDK)
    if sdk is None:
        raise NotApplicable("the contract names no SDK (policy.sdk)")
    for one in requirements.parsed:
        evidence.saw("dependency", f"{one.requirement.name} ({one.range})")
    no_findings(requirements.leaving_major(sdk.package, sdk.major, contract.at("policy", "sdk")))
    requirements.require_major_installed(sdk.package, sdk.major)


@rule("public_api_is_compatible", tier=Tier.BRONZE, effort=Effort.HIGH)
def test_public_api_is_compatible(
    distribution: Distribution, releases: Releases, public_api: PublicApi, evidence: EvidenceLog
) -> None:
    """What the last release offered still works, or the version says that it does not.

    Why: pipelines call the connector's functions and subclass its classes. A parameter that is gone under
    a new minor version breaks them on an update that was announced as harmless.

    Fix: keep the old name or parameter beside the new one, with a DeprecationWarning, until the next major
    version (before 1.0: the next minor), or release as that version now. Say what is public with `__all__`
    in the package's `__init__.py`; without it, every name counts that does not begin with an underscore.
    """
    version = distribution.version_value()
    release = releases.before(version)
    earlier = public_api.released(releases, release)
    if not earlier:
        raise NotApplicable(f"{release.tag} has no package {public_api.package.name}")
    broken = public_api.broken_since(earlier)
    evidence.saw(
        "release",
        f"compared {len(public_api.present)} modules with {len(earlier)} of {release.tag}: "
        f"{len(broken) or 'no'} public objects break their users",
    )
    number = "minor" if version.major == 0 else "major"
    if not release.may_be_broken_by(version):
        no_findings(
            Finding(
                f"{one.path} {one.what}; {version} announces no such change since {release.tag}",
                location=one.location,
                expected=f"what {release.tag} offered, or a new {number} version",
            )
            for one in broken
        )


@rule("wheel_matches_tree", tier=Tier.BRONZE, effort=Effort.MEDIUM)
def test_wheel_matches_tree(
    distribution: Distribution,
    project: Project,
    import_package: ImportPackage,
    wheel_builder: WheelBuilder,
    evidence: EvidenceLog,
) -> None:
    """The wheel builds offline, and holds the package as it lies in the tree, and nothing else.

    Why: users get the wheel, the author runs the tree. A module or a data file that the build leaves out
    is missed in production first; a `tests` package that slips in collides with everybody else's; a file
    of credentials that slips in is published.

    Fix: see what the finding names, and build to check:

        python -m pip wheel --no-deps --wheel-dir dist .  &&  unzip -l dist/*.whl
    """
    trouble = project.trouble
    if trouble is not None:
        where = Location("pyproject.toml", trouble.line)
        no_findings(
            [Finding(f"pyproject.toml is no TOML: {trouble.reason}", where, expected="a TOML document")]
        )
    distribution.require_project()
    build = wheel_builder.build
    evidence.saw("build", f"built with {build.backend} in {build.interpreter}, {build.seconds:.1f} s")
    for attempt in build.attempts:
        evidence.saw("note", f"while building, it {attempt} (refused)")
    if build.failure is not None:
        no_findings([build.failure])
    assert build.wheel is not None
    contents = WheelContents(build.wheel, project, import_package)
    evidence.saw(
        "wheel",
        f"{build.wheel.file}: {len(build.wheel.entries)} files; the tree has {len(contents.modules)} modules "
        f"and {len(contents.data)} data files in {import_package.folder}",
    )
    no_findings([*contents.findings(), *WheelForm(build.wheel, project).findings()])


@rule("license_declared", tier=Tier.BRONZE, effort=Effort.LOW)
def test_license_declared(distribution: Distribution, evidence: EvidenceLog) -> None:
    """The licence is declared, its text is there, and both are the same licence.

    Why: without a licence nobody but the author may use the connector, whatever was meant. Companies scan
    what they install, by metadata, and refuse what names no licence or two.

    Fix: add the text as LICENSE, and name it in pyproject.toml (PEP 639):

        license = "Apache-2.0"
        license-files = ["LICENSE"]
    """
    licence = distribution.licence()
    for stated in licence.declared:
        evidence.saw("licence", f"{stated.place} says {stated.text}")
    for file in licence.files:
        evidence.saw(
            "licence", f"{file.name} holds {f'the {file.family} licence' if file.family else 'a text'}"
        )
    no_findings(licence.findings())
