"""What a rule may ask for by name. Each is made once a run, and says why when it cannot be made."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from certify.contract import Contract
from certify.errors import SandboxError
from certify.plugin.ahead import Ahead
from certify.plugin.engine import ENGINE, evidence_of
from certify.plugin.sandboxes import sandbox
from certify.repository import Repository
from certify.repository.config.document import ConfigFile
from certify.repository.docs.pages import Pages
from certify.repository.project.distribution import Distribution
from certify.repository.project.public_api import PublicApi
from certify.repository.project.pyproject import Project
from certify.repository.project.releases import Releases
from certify.repository.project.requirements import Requirements
from certify.repository.project.stated import ImportPackage
from certify.repository.secrets import Cassettes, find_cassettes
from certify.repository.source.modules import PythonSources, read_package
from certify.rules import Blocked, EvidenceLog, HarnessFault, NotApplicable, Undecided, Unverified
from certify.sandbox.build import WheelBuilder
from certify.sandbox.build_requirements import installed_versions
from certify.sandbox.import_probe import ImportProbe
from certify.sandbox.installed import find_installed
from certify.sandbox.observed_import import ImportObservation, ImportPlan
from certify.sandbox.own_tests import OwnTests, run_own_tests
from certify.sandbox.zygote import Zygote
from certify.subject import Subject
from certify.systems import subject_of


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> EvidenceLog:
    """Where a rule notes what it saw."""
    return evidence_of(request.node)


@pytest.fixture(scope="session")
def contract(pytestconfig: pytest.Config) -> Contract:
    """The contract."""
    return pytestconfig.stash[ENGINE].contract


@pytest.fixture(scope="session")
def subject(request: pytest.FixtureRequest, contract: Contract) -> Subject:
    """The connector, as its system sees it; what is not in its repository may be installed."""
    return subject_of(contract, lambda name: find_installed(request.getfixturevalue("zygote"), name))


@pytest.fixture(scope="session")
def repository(contract: Contract) -> Repository:
    """The files of the connector's repository."""
    return Repository(contract.root)


@pytest.fixture(scope="session")
def pages(repository: Repository) -> Pages:
    """The pages that document the connector, each parsed once."""
    return Pages(repository)


@pytest.fixture(scope="session")
def zygote(pytestconfig: pytest.Config) -> Iterator[Zygote]:
    """The sandbox in the connector's interpreter; it starts with what is first run in it."""
    with sandbox(pytestconfig, pytestconfig.stash[ENGINE].order.interpreter) as opened:
        yield opened


@pytest.fixture(scope="session")
def import_probe(zygote: Zygote, subject: Subject) -> ImportProbe:
    """Observes the connector's package being imported."""
    package = subject.package()
    try:
        names = tuple(subject.public_names())
    except NotApplicable:
        names = ()
    plan = ImportPlan(
        package=package.name,
        path=Path(package.path) if package.path else None,
        folders=(Path(package.folder),),
        modules=package.modules,
        root=subject.contract.root,
        names=names,
    )
    return ImportProbe(zygote, plan, subject.requirements(), subject.optional_distributions())


@pytest.fixture(scope="session")
def import_observation(zygote: Zygote, subject: Subject, import_probe: ImportProbe) -> ImportObservation:
    """The import of everything, clean or not; harness fault when the interpreter is not one for it."""
    _check_python(zygote, subject)
    seen = import_probe.observation
    missing = sorted({failure.missing for failure in seen.failures if failure.missing})
    not_installed = [failure for failure in seen.failures if failure.distribution_missing]
    absent = import_probe.absent_requirements() if missing else ()
    if absent:
        raise HarnessFault(
            f"the connector requires {', '.join(absent)}, and {seen.interpreter} has it not: "
            f"whether {', '.join(missing)} would be found with it cannot be told",
            f"{seen.interpreter} -m pip install {seen.plan.root}",
        )
    if not_installed:
        raise HarnessFault(
            f"{not_installed[0].module} reads its own metadata and is not installed in {seen.interpreter}",
            f"{seen.interpreter} -m pip install {seen.plan.root}",
        )
    return seen


def _check_python(zygote: Zygote, subject: Subject) -> None:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    here = zygote.start()["python"]
    try:
        fits = SpecifierSet(subject.requires_python).contains(here, prereleases=True)
    except InvalidSpecifier:
        return  # the packaging rules say so
    if not fits:
        executable = zygote.ready["executable"]
        raise HarnessFault(
            f"the connector requires Python {subject.requires_python}, and {executable} is {here}",
            "certify --python INTERPRETER",
        )


@pytest.fixture(scope="session")
def imported(request: pytest.FixtureRequest, ahead: Ahead) -> ImportObservation:
    """The import, if every module was imported; else what stands on it is blocked."""
    try:
        seen: ImportObservation = request.getfixturevalue("import_observation")
    except (HarnessFault, SandboxError) as error:
        raise Blocked("the import could not be observed; see imports_cleanly") from error
    if not seen.complete:
        reached = f"{len(seen.imported)} of {len(seen.plan.modules)} modules"
        raise Blocked(f"the package does not import ({reached}); see imports_cleanly")
    wanted = any("own_tests" in getattr(item, "fixturenames", ()) for item in request.session.items)
    if wanted and not hasattr(request.config, "workerinput") and not _what_holds_up(seen):
        ahead.begin()
    return seen


@pytest.fixture(scope="session")
def import_as_seen(request: pytest.FixtureRequest) -> None:
    """Blocked where the import is observed in this run, and failed; else whoever imports it finds out."""
    if "import_observation" in request.config.stash[ENGINE].asked_for:
        with contextlib.suppress(
            Unverified, NotApplicable
        ):  # of what package: a command is run without that being known
            request.getfixturevalue("imported")


#: What a test run would wait for, or end of.
_HOLDS_UP = ("sleep", "exit", "signal", "process", "thread")


def _what_holds_up(seen: ImportObservation) -> str:
    """An effect of the import that would stop the connector's own tests, too."""
    effects = [effect.detail for effect in seen.effects if effect.kind in _HOLDS_UP]
    return effects[0] if effects else ""


@pytest.fixture(scope="session")
def ahead(pytestconfig: pytest.Config, repository: Repository, subject: Subject) -> Iterator[Ahead]:
    """The connector's own tests take longest: they run beside the rules, in a sandbox of their own."""
    with sandbox(pytestconfig, pytestconfig.stash[ENGINE].order.interpreter) as beside:
        yield from Ahead.until_done(
            lambda: run_own_tests(beside, repository, subject.package().path), beside.kill
        )


_NO_GATE = """\
quality_gates:
  unit_tests: false
"""


@pytest.fixture(scope="session")
def own_tests(request: pytest.FixtureRequest, contract: Contract, ahead: Ahead) -> OwnTests:
    """A run of the connector's own tests, in a copy of its tree; blocked where its import stops it.

    Unverified where the contract asks for them and they are not a Python package's.
    """
    try:
        imported: ImportObservation = request.getfixturevalue("imported")
    except NotApplicable as error:
        if contract.quality_gates.get("unit_tests"):
            raise Unverified(f"unit_tests are asked for, and none can be run: {error}", _NO_GATE) from error
        raise
    if _what_holds_up(imported):
        raise Blocked(f"importing the package {_what_holds_up(imported)}; see imports_cleanly")
    return ahead.result()


@pytest.fixture(scope="session")
def project(repository: Repository) -> Project:
    """What pyproject.toml or setup.cfg say."""
    return Project(repository)


@pytest.fixture(scope="session")
def import_package(subject: Subject, repository: Repository) -> ImportPackage:
    """The import package as it lies in the tree; unverified when it is only installed."""
    package = subject.package()
    folder = Path(package.folder).resolve()
    if not folder.is_relative_to(repository.root):
        raise Unverified(f"the sources of {package.name} are not in the connector's folder")
    return ImportPackage(package.name, folder.relative_to(repository.root).as_posix())


@pytest.fixture(scope="session")
def releases(repository: Repository, project: Project, contract: Contract) -> Releases:
    """The versions that git's tags name."""
    own = project.name
    return Releases(repository, (contract.connector, *([own.text] if own else [])))


@pytest.fixture(scope="session")
def wheel_builder(
    pytestconfig: pytest.Config, zygote: Zygote, project: Project, releases: Releases
) -> Iterator[WheelBuilder]:
    """Builds the wheel when it is asked for; in certify's own interpreter where the connector's cannot."""
    with sandbox(pytestconfig, None) as own:
        yield WheelBuilder((zygote, own), project, releases)


@pytest.fixture(scope="session")
def distribution(
    request: pytest.FixtureRequest,
    project: Project,
    subject: Subject,
    contract: Contract,
    pages: Pages,
    wheel_builder: WheelBuilder,
) -> Distribution:
    """What the connector's distribution says of itself."""
    try:
        package = request.getfixturevalue("import_package").folder
    except Undecided:
        package = None
    return Distribution(
        project,
        contract.system,
        package,
        lambda: wheel_builder.metadata,
        lambda: subject.latest_change(pages),
        None if project.exists else subject.installed,
        subject.own_versions,
    )


@pytest.fixture(scope="session")
def requirements(distribution: Distribution, zygote: Zygote, subject: Subject) -> Requirements:
    """What the connector requires, and what of it its interpreter has."""
    own = distribution.project.name
    return Requirements(
        distribution.requirements,
        lambda names: installed_versions(zygote, names),
        own.text if own else None,
        subject.sdk_versions,
    )


@pytest.fixture(scope="session")
def public_api(repository: Repository, import_package: ImportPackage, contract: Contract) -> PublicApi:
    """The names that users of the package have."""
    plan = contract.subject
    return PublicApi(repository, import_package, (plan.source, plan.sink, plan.state))


@pytest.fixture(scope="session")
def config_schema(subject: Subject) -> ConfigFile:
    """The schema of the configuration, if it can be read; else what stands on it is blocked."""
    schema = subject.config_schema()
    if schema.fault is not None or not isinstance(schema.value, dict):
        raise Blocked("the configuration schema cannot be read; see config_schema_is_valid")
    return schema


@pytest.fixture(scope="session")
def python_sources(repository: Repository, subject: Subject) -> PythonSources:
    """The modules of the connector's package, each parsed once; unverified when none can be read."""
    package = subject.package()
    sources = read_package(repository, package.name, Path(package.folder))
    if not sources.modules:
        raise Unverified(f"no Python source of {package.name} can be read")
    return sources


@pytest.fixture(scope="session")
def cassettes(repository: Repository, contract: Contract) -> Cassettes:
    """The recorded traffic in the repository."""
    return find_cassettes(repository, contract.replay.cassettes)
