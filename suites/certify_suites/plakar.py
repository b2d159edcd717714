"""Plakar: what a plug-in's manifest promises, and what its executables do when Plakar speaks with them."""

from __future__ import annotations

from certify import (
    Blocked,
    Contract,
    Effort,
    EvidenceLog,
    Finding,
    NotApplicable,
    Repository,
    Subject,
    Tier,
    Undecided,
    Unverified,
    no_findings,
    rule,
)
from certify.repository.plakar.golang import GoSource
from certify.repository.plakar.makefile import Makefile
from certify.repository.plakar.manifest import (
    Manifest,
    manifest_findings,
    unknown_classes,
    words_of_flags,
)
from certify.repository.plakar.package import executable_findings, input_findings, inputs, is_there
from certify.repository.plakar.validators import (
    read_validator,
    validator_findings,
)
from certify.sandbox.leaks import LeakSearch
from certify.sandbox.plakar.plugin_runs import NEEDS_CONFIG, PluginRuns
from certify.text import counted, one_line
from certify_suites.imported_records import content_findings, record_findings
from certify_suites.plugin_answers import decided, examine, judge
from certify_suites.plugin_promises import admitted, flags_in, registered, taken

_SYSTEMS = ("plakar",)
_IMPORTER = ("importer",)


@rule("plakar_manifest_is_valid", tier=Tier.SILVER, effort=Effort.LOW, systems=_SYSTEMS)
def test_plakar_manifest_is_valid(plugin_manifest: Manifest, evidence: EvidenceLog) -> None:
    """manifest.yaml has what Plakar asks for, and no key that it ignores.

    Why: Plakar reads the keys it knows and passes over all others without a word. A misspelt
    `location_flags` is a connector without flags; a misspelt `extra_files` is a package that lacks a file,
    and is noticed by whoever installs it.

    Asked for are name, display_name, description and connectors; of each connector type, executable and
    protocols. Classes that none of Plakar's own plug-ins has are noted, and accepted.

    Fix: correct the key at the line of the finding.
    """
    connectors = counted(len(plugin_manifest.connectors), "connector")
    evidence.saw("file", f"read {plugin_manifest.config.file}: {connectors}")
    for unknown in unknown_classes(plugin_manifest):
        evidence.saw("file", unknown)
    no_findings(manifest_findings(plugin_manifest))


@rule("validator_is_valid", tier=Tier.SILVER, effort=Effort.MEDIUM, systems=_SYSTEMS)
def test_validator_is_valid(
    manifest: Manifest, repository: Repository, subject: Subject, contract: Contract, evidence: EvidenceLog
) -> None:
    """Each validator is a sound JSON Schema of the draft 2020-12, and the sample configuration fits it.

    Why: Plakar checks what a user configures by this schema. One that cannot be read refuses everybody, and
    one with a misspelt keyword lets everything pass.

    Fix: correct the keyword at the line of the finding.
    """
    findings: list[Finding] = []
    named = [one for one in manifest.connectors if one.text("validator")]
    if not named:
        raise NotApplicable("no connector names a validator")
    absent = [one.text("validator") for one in named if read_validator(repository, one) is None]
    for one in named:
        schema = read_validator(repository, one)
        if schema is not None:
            evidence.saw("file", f"read {schema.file}, the validator of {one.name}")
            sample, secrets = subject.sample_config(), contract.subject.secrets
            findings += validator_findings(schema, sample, secrets)
    no_findings(dict.fromkeys(findings))
    if absent:
        raise Blocked(f"there is no {one_line(absent[0], 120)}; see package_inputs_complete")


@rule("package_inputs_complete", tier=Tier.SILVER, effort=Effort.LOW, systems=_SYSTEMS)
def test_package_inputs_complete(manifest: Manifest, repository: Repository, evidence: EvidenceLog) -> None:
    """Every file that the manifest names is there, below the folder of the manifest.

    Why: `plakar pkg create` packs what the manifest names. A validator or an extra file that is not there
    stops it on the day of the release; one that lies elsewhere is not on the machine that installs it.

    Executables are built: of those this rule asks only that they lie inside.

    Fix: add the file to the repository, or take it out of the manifest.
    """
    names = inputs(manifest)
    evidence.saw("file", f"looked for {', '.join(one_line(name, 60) for name in names[:10])}")
    no_findings(input_findings(repository, manifest))


@rule("executable_exists", tier=Tier.SILVER, effort=Effort.LOW, systems=_SYSTEMS)
def test_executable_exists(
    manifest: Manifest,
    repository: Repository,
    makefile: Makefile | None,
    plugin_runs: PluginRuns,
    evidence: EvidenceLog,
) -> None:
    """The executable of each connector is a program of the name that the Makefile builds.

    Why: Plakar starts the file that `executable` names. A name that differs from what `go build -o` writes
    makes a package that installs, and fails with its first backup; so does a file that may not be executed.

    Fix: write the same name in both places, and `chmod +x` what is no binary.
    """
    connectors = [one for one in manifest.connectors if one.executable]
    if makefile is not None:
        built = ", ".join(one_line(one.name, 60) for one in makefile.built[:10]) or "no program"
        evidence.saw("file", f"{makefile.file} builds {built}")
    paths = [plugin_runs.path(one) for one in connectors]
    there = [path for path in dict.fromkeys(paths) if is_there(repository, path)]
    if there:
        evidence.saw("file", f"found {', '.join(one_line(path, 80) for path in there)}")
    no_findings(
        finding
        for one, path in zip(connectors, paths, strict=True)
        for finding in executable_findings(repository, one, path, makefile)
    )
    absent = [path for path in paths if path not in there]
    if absent or not connectors:
        shown = one_line(absent[0], 120) if absent else "executable"
        raise Unverified(f"there is no {shown}: it is not built", "make   # and then: certify")


@rule("location_flags_match", tier=Tier.SILVER, effort=Effort.LOW, systems=_SYSTEMS)
def test_location_flags_match(
    manifest: Manifest, go_source: GoSource, plugin_runs: PluginRuns, evidence: EvidenceLog
) -> None:
    """location_flags of the manifest are those that the code registers, and returns.

    Why: Plakar decides by the manifest, before it starts the connector, whether a path is made absolute and
    whether a source can be read twice; once it runs, by what the code returns. Where they differ, one of the
    two decisions is wrong.

    Fix: list in `location_flags` what `Flags()` returns: `location.FLAG_LOCALFS` is `localfs`.
    """
    findings: list[Finding] = []
    undecided: list[Undecided] = []
    for one in manifest.connectors:
        seen = {f"{place} says {words_of_flags(value)}": value for place, value in flags_in(go_source, one)}
        try:
            described = plugin_runs.run(one).described if one in plugin_runs.connectors else None
            if described is not None:
                seen[f"Init of {one.name} answers {words_of_flags(described.flags)}"] = described.flags
        except Undecided as error:
            undecided += [] if seen else [error]
        for said in seen:
            evidence.saw("message", said)
        findings += [
            Finding(
                f"{said}, the manifest {words_of_flags(one.flags)}",
                one.at("location_flags"),
                "the same flags",
            )
            for said, value in seen.items()
            if value != one.flags
        ]
        if not seen and not undecided:
            undecided.append(Unverified(f"what flags {one.name} returns is not known", NEEDS_CONFIG))
    decided(findings, undecided)


@rule("protocols_match", tier=Tier.SILVER, effort=Effort.LOW, systems=_SYSTEMS)
def test_protocols_match(
    manifest: Manifest,
    repository: Repository,
    go_source: GoSource,
    plugin_runs: PluginRuns,
    evidence: EvidenceLog,
) -> None:
    """The protocols of the manifest are those that the code registers, the validator admits and Init takes.

    Why: a location such as s3://bucket is given to the connector whose manifest names its protocol. One that
    the code does not know is refused only then, after the user has configured it.

    Fix: name the same protocols in the manifest, in `Register` and in the pattern of `location`.
    """
    findings: list[Finding] = []
    undecided: list[Undecided] = []
    for one in manifest.connectors:
        seen = [*registered(go_source, one, findings), *admitted(repository, one, findings)]
        try:
            seen += taken(plugin_runs, one, findings)
        except Undecided as error:
            undecided += [] if seen else [error]
        for said in seen:
            evidence.saw("file", said)
        if not seen and not undecided:
            undecided.append(Unverified(f"nothing tells which protocols {one.name} takes", NEEDS_CONFIG))
    decided(findings, undecided)


@rule("plugin_stdout_is_pure", tier=Tier.SILVER, effort=Effort.LOW, systems=_SYSTEMS)
def test_plugin_stdout_is_pure(
    manifest: Manifest, go_source: GoSource, plugin_runs: PluginRuns, evidence: EvidenceLog
) -> None:
    """Nothing but frames of HTTP/2 comes on standard output.

    Why: Plakar speaks with a plug-in over its standard streams. One line of text among the frames is read as
    the head of a frame of megabytes, and the backup hangs or breaks off; nothing says why.

    Fix: write to os.Stderr: `fmt.Fprintln(os.Stderr, …)`, or `log`, which does so by itself.
    """
    findings = [
        Finding(f"{one.words} writes on standard output", one.location, "os.Stderr for whatever people read")
        for one in go_source.written
    ]
    if go_source.files:
        evidence.saw("file", f"read {counted(len(go_source.files), 'Go file')}")
    for one in go_source.written[:20]:
        evidence.saw("file", f"{one.location}: {one.words}")
    examined = examine(plugin_runs)
    for connector, run in examined.runs:
        evidence.saw(
            "message", f"{connector.name}: {run.words} answered {', '.join(run.answers) or 'nothing'}"
        )
        if run.stray:
            shown = one_line(run.stray.decode("utf-8", "backslashreplace"), 160)
            findings.append(
                Finding(
                    f"prints on standard output, in {run.stray_in}: {shown}",
                    connector.at("executable"),
                    "frames",
                )
            )
    decided(findings, examined.undecided)


@rule("init_ping_close", tier=Tier.SILVER, effort=Effort.MEDIUM, systems=_SYSTEMS)
def test_init_ping_close(plugin_runs: PluginRuns, evidence: EvidenceLog) -> None:
    """Started with the args of the manifest, each connector answers Init, Ping and Close.

    Why: these are the calls of every backup and restore. A program that ends at an argument it does not know,
    waits for ever or does not have a call makes each of them fail.

    A connector that answers with an error, since what it speaks to cannot be reached here, is not judged.

    Fix: hand the constructor to the SDK's entrypoint, and give it no `args` that it does not read.
    """
    examined = examine(plugin_runs)
    judge(examined, ("Init", "Ping", "Close"), evidence)


@rule("import_records", tier=Tier.SILVER, effort=Effort.MEDIUM, systems=_SYSTEMS, capabilities=_IMPORTER)
def test_import_records(plugin_runs: PluginRuns, evidence: EvidenceLog) -> None:
    """An import gives records that can be stored, and says when it has finished.

    Why: what an import does not say right is not in the backup: a path that is not absolute lies elsewhere, a
    mode with Unix's bits is another kind of file, and of two records of one path one is lost.

    Fix: send absolute paths, each once, with `objects.FileInfo` whose mode is Go's, and return from Import.
    """
    examined = examine(plugin_runs, "importer")
    for connector, run in examined.runs:
        cut = ", the first of more" if run.is_cut else ""
        evidence.saw("message", f"{connector.name}: {counted(len(run.records), 'record')}{cut}")
    wrong = [
        finding
        for connector, run in examined.runs
        for finding in record_findings(run, connector.at("executable"))
    ]
    judge(examined, ("Import",), evidence, wrong, needs_records=True)


@rule(
    "open_bytes_match_size", tier=Tier.SILVER, effort=Effort.MEDIUM, systems=_SYSTEMS, capabilities=_IMPORTER
)
def test_open_bytes_match_size(plugin_runs: PluginRuns, evidence: EvidenceLog) -> None:
    """Each file opens, and has as many bytes as its record declares.

    Why: a file that gives fewer bytes than declared is in the backup, and is not whole; nobody notices until
    it is restored.

    Fix: take the size from where the bytes come from, and let the reader give all of them.
    """
    examined = examine(plugin_runs, "importer")
    for connector, run in examined.runs:
        size = sum(one.size for one in run.opened)
        evidence.saw(
            "message", f"{connector.name}: opened {counted(len(run.opened), 'file')}, {size:,} bytes"
        )
    no_findings(
        finding
        for connector, run in examined.runs
        for finding in content_findings(run, connector.at("executable"))
    )
    if any(run.trouble for _, run in examined.runs):
        raise Blocked("the conversation broke off; see import_records and plugin_stdout_is_pure")
    decided([], examined.undecided)
    if not any(run.opened for _, run in examined.runs):
        raise Unverified("no import gave a file that could be opened", NEEDS_CONFIG)


@rule("no_canary_in_stderr", tier=Tier.GOLD, effort=Effort.LOW, systems=_SYSTEMS)
def test_no_canary_in_stderr(
    plugin_runs: PluginRuns, plugin_leaks: LeakSearch, evidence: EvidenceLog
) -> None:
    """No credential of the configuration comes out on standard error, or in the words of an error.

    Why: Plakar passes a plug-in's standard error on to its own, and that ends in logs and tickets.

    Fix: write the names of settings, never their values.
    """
    if not plugin_leaks.needles:
        raise NotApplicable("the configuration has no secret that is known (subject.secrets)")
    examined = examine(plugin_runs)
    findings: list[Finding] = []
    for connector, run in examined.runs:
        evidence.saw(
            "message", f"{connector.name}: searched {len(run.complaints):,} characters of standard error"
        )
        told = [("standard error", run.complaints), ("standard output", run.stray.decode("utf-8", "replace"))]
        told += [(f"the error of {name}", over.words) for name, over in run.answers.items()]
        findings += [
            Finding(
                f"{leak.secret} comes out in {leak.where}, {leak.form}",
                connector.at("executable"),
                "none of it",
            )
            for leak in plugin_leaks.leaks_in(told)
        ]
    decided(findings, examined.undecided)
    if any(run.complaints_are_cut for _, run in examined.runs):
        raise Unverified(
            "more was printed on standard error than is kept, and it could not be searched whole"
        )
