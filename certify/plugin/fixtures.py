"""What a rule may ask for by name. Each is made once a run, and says why when it cannot be made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from certify.contract import Contract
from certify.plugin.engine import ENGINE, GRANTED_ISOLATION, evidence_of
from certify.repository import Repository
from certify.rules import Blocked, EvidenceLog, HarnessFault, NotApplicable
from certify.sandbox.import_probe import ImportProbe
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
def subject(contract: Contract) -> Subject:
    """The connector, as its system sees it."""
    return subject_of(contract)


@pytest.fixture(scope="session")
def repository(contract: Contract) -> Repository:
    """The files of the connector's repository."""
    return Repository(contract.root)


@pytest.fixture(scope="session")
def zygote(pytestconfig: pytest.Config) -> Iterator[Zygote]:
    """The sandbox in the connector's interpreter."""
    interpreter = pytestconfig.stash[ENGINE].order.interpreter
    with Zygote(Path(interpreter) if interpreter else None) as started:
        pytestconfig.stash[GRANTED_ISOLATION] = started.start()["isolation"]
        yield started


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
def import_observation(import_probe: ImportProbe) -> ImportObservation:
    """The import of everything, clean or not; harness fault when the interpreter lacks what it requires."""
    seen = import_probe.observation
    missing = sorted({failure.missing for failure in seen.failures if failure.missing})
    not_installed = [failure for failure in seen.failures if failure.distribution_missing]
    absent = import_probe.absent_requirements() if missing else ()
    if absent:
        raise HarnessFault(
            f"{', '.join(absent)} is required by the connector and not installed in {seen.interpreter}, "
            f"so {', '.join(missing)} could not be imported",
            f"{seen.interpreter} -m pip install {seen.plan.root}",
        )
    if not_installed:
        raise HarnessFault(
            f"{not_installed[0].module} reads its own metadata and is not installed in {seen.interpreter}",
            f"{seen.interpreter} -m pip install {seen.plan.root}",
        )
    return seen


@pytest.fixture(scope="session")
def imported(import_observation: ImportObservation) -> ImportObservation:
    """The import, if every module was imported; else what stands on it is blocked."""
    seen = import_observation
    if not seen.complete:
        reached = f"{len(seen.imported)} of {len(seen.plan.modules)} modules"
        raise Blocked(f"the package does not import ({reached}); see imports_cleanly")
    return seen


@pytest.fixture(scope="session")
def own_tests(
    zygote: Zygote, repository: Repository, subject: Subject, imported: ImportObservation
) -> OwnTests:
    """A run of the connector's own tests, in a copy of its tree; blocked where its import stops it."""
    harmful = [effect.detail for effect in imported.effects if effect.kind in ("sleep", "exit", "signal")]
    if harmful:
        raise Blocked(f"importing the package {harmful[0]}; see imports_cleanly")
    return run_own_tests(zygote, repository, subject.package().path)
