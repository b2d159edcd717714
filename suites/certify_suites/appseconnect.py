"""APPSeCONNECT: adapters for .NET, read without being run."""

from __future__ import annotations

from certify import Effort, EvidenceLog, NotApplicable, Tier, no_findings, rule
from certify.repository.appseconnect.adapter import Adapter
from certify.repository.appseconnect.environment import environment_calls, hard_coded_urls
from certify.repository.appseconnect.examination import (
    interface_findings,
    layout_findings,
    model_findings,
    views,
)
from certify.text import counted

_SYSTEMS = ("appseconnect",)


@rule("adapter_implements_interface", tier=Tier.SILVER, effort=Effort.MEDIUM, systems=_SYSTEMS)
def test_adapter_implements_interface(adapter: Adapter, evidence: EvidenceLog) -> None:
    """A class implements IAdapter, another IAppResource, and their methods do something.

    Why: the agent finds the adapter by its interface. Without one it is uploaded, and never called; one whose
    Execute returns a constant reports every run as a success.

    Execute reads with GET and writes with POST; ValidateProcess says whether a process can run. A class for
    credentials implements ICredential: Validate and PartialValidate.

    Fix: implement the interface, and each of its methods:

        public class Adapter : IAdapter
    """
    for interface in ("IAdapter", "IAppResource", "ICredential", "IPageView"):
        for name, at in adapter.implementing(interface):
            evidence.saw("file", f"{at}: {name} implements {interface}")
    _note(adapter, evidence)
    no_findings(interface_findings(adapter))


@rule("credential_model_is_bound", tier=Tier.SILVER, effort=Effort.LOW, systems=_SYSTEMS)
def test_credential_model_is_bound(adapter: Adapter, evidence: EvidenceLog) -> None:
    """What the windows are bound to exists, and the platform can make the models.

    Why: a binding that is misspelt shows an empty field and says nothing: what the user types is lost. A
    model whose constructor takes arguments cannot be made by the platform, and the window stays closed.

    Fix: give CredentialModel and DataModel a constructor without parameters and a property for each field,
    and bind to its name:

        <TextBox Text="{Binding ServerAddress}" />
    """
    models = [adapter.classes[name] for name in ("CredentialModel", "DataModel") if name in adapter.classes]
    windows = views(adapter)
    for model in models:
        evidence.saw(
            "file", f"{model.location}: {model.name} has {', '.join(model.properties) or 'no property'}"
        )
    for file in windows:
        evidence.saw("file", f"read {file}")
    if not models and not windows and not adapter.implementing("ICredential"):
        raise NotApplicable("there is neither a model nor a window, and nothing that asks for credentials")
    evidence.saw("file", f"read {counted(len(adapter.sources), 'file')} of C#")
    no_findings(model_findings(adapter))


@rule("no_hard_coded_urls", tier=Tier.SILVER, effort=Effort.LOW, systems=_SYSTEMS)
def test_no_hard_coded_urls(adapter: Adapter, evidence: EvidenceLog) -> None:
    """No address of an application is written into the adapter.

    Why: each customer has an instance of their own. An address in the code sends the credentials of one to
    the server of another, and a move of the server needs a new upload.

    Looked at are string literals, in the source and in the assembly. Addresses that are names of XML schemas
    are left alone.

    Fix: make the address a field of the credential model, and read it from there.
    """
    _note(adapter, evidence)
    no_findings(hard_coded_urls(adapter))


@rule("no_environment_apis", tier=Tier.SILVER, effort=Effort.MEDIUM, systems=_SYSTEMS)
def test_no_environment_apis(adapter: Adapter, evidence: EvidenceLog) -> None:
    """The adapter uses nothing of the machine: no files, no local time, no registry, no environment.

    Why: an adapter runs in the cloud and on agents all over the world. A file that it writes is gone with the
    next run; a window of time that it takes from the local clock moves with the server, and loses rows.

    Fix: take what is needed from the resource and the credential model, and the time in UTC:

        DateTime.UtcNow
    """
    _note(adapter, evidence)
    no_findings(environment_calls(adapter))


@rule("package_layout", tier=Tier.SILVER, effort=Effort.LOW, systems=_SYSTEMS)
def test_package_layout(adapter_files: Adapter, evidence: EvidenceLog) -> None:
    """The files lie where the platform's guide has them, and the project names what is there.

    Why: an upload is taken apart by its names: the archive is the project's, the title its default namespace,
    the version four numbers. What is named otherwise is refused, or shown under another name; a reference
    outside of the folder builds on one machine alone.

    Fix: correct the path or the name at the line of the finding. The layout is core/Adapter.cs,
    core/AppResource.cs, model/, and the references under packages/.
    """
    for file in (*adapter_files.project.projects, *adapter_files.project.packages):
        evidence.saw("file", f"read {file}")
    _note(adapter_files, evidence)
    no_findings(layout_findings(adapter_files))


def _note(adapter: Adapter, evidence: EvidenceLog) -> None:
    evidence.saw("file", f"read {counted(len(adapter.sources), 'file')} of C#")
    built = adapter.assembly
    if built is not None:
        evidence.saw("file", f"read {built.file}: {built.name} {built.version}")
