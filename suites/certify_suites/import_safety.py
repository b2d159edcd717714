"""Import safety: loading a connector does nothing but load it."""

from __future__ import annotations

from certify import (
    Effort,
    EvidenceLog,
    Finding,
    HarnessFault,
    ImportObservation,
    ImportProbe,
    NotApplicable,
    Subject,
    Tier,
    Unverified,
    no_findings,
    rule,
)
from certify.text import counted

#: Processor seconds. A scheduler imports every connector it has, often, and most runs use one.
OWN_SECONDS = 0.5
TOTAL_SECONDS = 5.0


@rule("imports_cleanly", tier=Tier.BRONZE, effort=Effort.LOW, waivable=False)
def test_imports_cleanly(import_observation: ImportObservation, evidence: EvidenceLog) -> None:
    """Every submodule imports, and importing has no side effects.

    Why: a platform imports a connector to list it, to validate a manifest, to parse a schedule: on a
    scheduler, a laptop, a build machine, without credentials or network. Whatever runs on import runs
    there too, and what fails there takes every other connector with it.

    Fix: move the work into the method that needs it. Pass clients in; start threads when the connector
    starts; leave logging, signals, warnings and the environment to the program.
    """
    seen = import_observation
    evidence.saw(
        "import", f"imported {len(seen.imported)} of {len(seen.plan.modules)} modules of {seen.plan.package}"
    )
    for effect in seen.effects:
        if not effect.counts:
            evidence.saw("note", f"{effect.package}: {effect.detail} (a dependency's doing, not judged)")
    no_findings(
        [
            *(failure.finding() for failure in seen.failures),
            *(effect.finding() for effect in seen.effects if effect.counts),
        ]
    )


@rule("optional_dependencies_are_optional", tier=Tier.BRONZE, effort=Effort.LOW)
def test_optional_dependencies_are_optional(
    imported: ImportObservation, import_probe: ImportProbe, subject: Subject, evidence: EvidenceLog
) -> None:
    """The package imports without its optional dependencies.

    Why: an extra that must be installed is not optional; whoever installs the connector without it gets
    an import error at start-up instead of a clear message from the feature that needs it.

    Fix: import the optional package inside the method that uses it, or make it a required dependency.
    """
    hidden = import_probe.optional_modules()
    if not hidden:
        if subject.extras_elsewhere:
            raise Unverified(
                f"{subject.extras_elsewhere} may declare extras; they are read from pyproject.toml alone",
                '[project.optional-dependencies]\nfast = ["orjson"]',
            )
        raise NotApplicable("no extra names a package that is not required anyway")
    seen = import_probe.without(hidden)
    evidence.saw(
        "import", f"imported {counted(len(seen.imported), 'module')} with {', '.join(hidden)} hidden"
    )
    no_findings(
        Finding(
            message=f"importing {failure.module} needs {failure.missing or 'an optional dependency'}, "
            "which only an extra installs",
            location=failure.location,
            expected=f"{failure.module} imports without {', '.join(hidden)}",
        )
        for failure in seen.failures
    )


@rule("clients_are_injected", tier=Tier.BRONZE, effort=Effort.MEDIUM)
def test_clients_are_injected(
    imported: ImportObservation, import_probe: ImportProbe, evidence: EvidenceLog
) -> None:
    """No network client is built at import or held as a module global.

    Why: a global client shares connections, cookies and credentials between all pipelines of a process,
    cannot be replaced by a fake in a test, and breaks when the process forks.

    Fix: take the client as a constructor argument, and build it in a factory that the connector calls.
    """
    evidence.saw("import", f"looked through the globals of {len(imported.imported)} modules")
    no_findings(
        Finding(
            message=f"{client.module}.{client.path} holds a {client.type} from import on",
            location=import_probe.line_of(client.module, client.path),
            expected="network clients are passed in or built when the connector starts",
        )
        for client in imported.clients
    )


@rule("import_is_quick", tier=Tier.BRONZE, effort=Effort.MEDIUM)
def test_import_is_quick(
    imported: ImportObservation, import_probe: ImportProbe, evidence: EvidenceLog
) -> None:
    """Importing the package takes little time of its own.

    Why: schedulers import connectors to parse every pipeline, every few seconds; command lines do it to
    print their help. Seconds here are paid thousands of times a day.

    Fix: see the modules named as heaviest: import the heavy ones inside the methods that use them, and
    compute tables on first use.
    """
    cost = imported.cost
    if cost is not None and (cost.connector_seconds > OWN_SECONDS or cost.total_seconds > TOTAL_SECONDS):
        cost = import_probe.cheapest_of(3)  # a busy machine makes one measurement dear, not three
    if cost is None:
        raise HarnessFault("the import could not be measured")
    heaviest = ", ".join(f"{one.name} {one.own_seconds * 1000:.0f} ms" for one in cost.heaviest[:5])
    evidence.saw(
        "time",
        f"{cost.connector_seconds * 1000:.0f} ms own, {cost.third_party_seconds * 1000:.0f} ms third party, "
        f"{cost.python_seconds * 1000:.0f} ms Python (processor time, {cost.modules} modules); "
        f"heaviest: {heaviest}",
    )
    own = [one for one in cost.heaviest if one.owner == "connector"]
    if cost.connector_seconds > OWN_SECONDS:
        no_findings(
            Finding(
                message=f"the package's own code takes {cost.connector_seconds:.2f} s to import, "
                f"{one.name} {one.own_seconds:.2f} s of it",
                location=import_probe.line_of(one.name),
                expected=f"at most {OWN_SECONDS} s of processor time",
            )
            for one in own[:1]
        )
    if cost.total_seconds > TOTAL_SECONDS:
        no_findings(
            [
                Finding(
                    message=f"importing takes {cost.total_seconds:.1f} s in all; heaviest: {heaviest}",
                    location=import_probe.line_of(imported.plan.package),
                    expected=f"at most {TOTAL_SECONDS:g} s of processor time",
                )
            ]
        )


@rule("public_names_match_contract", tier=Tier.BRONZE, effort=Effort.LOW, systems=("dpone",), waivable=False)
def test_public_names_match_contract(
    imported: ImportObservation, subject: Subject, import_probe: ImportProbe, evidence: EvidenceLog
) -> None:
    """CONNECTOR_NAME and CAPABILITIES say what the contract says.

    Why: the platform registers a connector under the name and the capabilities that its package states.
    Where they differ from the contract, something else was certified than what will run.

    Fix: set CONNECTOR_NAME and CAPABILITIES in the package's `__init__.py` to the contract's `connector`
    and the keys of its `capabilities`, or correct the contract.
    """
    findings = []
    for name, expected in subject.public_names().items():
        found = imported.names[name]
        said = frozenset(found.texts) if found.texts is not None else found.text
        words = _listed(expected)
        if said == expected:
            evidence.saw("name", f"{name} is {words}")
            continue
        value = f"a {found.type}" if said is None else _listed(said)
        message = f"{name} is {value}, the contract says {words}"
        if not found.present:
            message = f"{imported.plan.package} has no {name}"
        where = import_probe.line_of(imported.plan.package, name)
        findings.append(Finding(message=message, location=where, expected=f"{name} is {words}"))
    no_findings(findings)


def _listed(value: str | frozenset[str]) -> str:
    return repr(value) if isinstance(value, str) else ", ".join(sorted(value)) or "nothing"
