"""Security: no credential in the repository or in what a run lets out, TLS verified, hosts declared."""

from __future__ import annotations

import re
from collections.abc import Iterator

from certify import (
    Answer,
    Contract,
    Effort,
    EvidenceLog,
    FaultRuns,
    Finding,
    Interview,
    LoadOutputs,
    NotApplicable,
    Repository,
    Tier,
    Unverified,
    no_findings,
    rule,
)
from certify.replay import faults
from certify.repository.secrets import (
    Cassettes,
    SecretSearch,
    search_cassettes,
    search_source,
)
from certify.repository.source import (
    MAY_HOLD_ADDRESS,
    MAY_TURN_OFF,
    Address,
    PythonSources,
    addresses,
    declared_hosts,
    is_covered,
    is_declared,
    is_local,
    is_unencrypted,
    unverified_tls,
)
from certify.sandbox.leaks import Leak
from certify.text import counted
from certify_suites.canaries import has_no_secret, show_besides


@rule("no_secret_in_source", tier=Tier.BRONZE, effort=Effort.MEDIUM)
def test_no_secret_in_source(repository: Repository, cassettes: Cassettes, evidence: EvidenceLog) -> None:
    """No file of the repository holds a credential.

    Why: whoever can read the repository, a build log, a wheel or an old clone has the credential too, and
    has it for as long as it is valid: removing the line does not remove it from the history. Robots find
    credentials in public repositories within minutes.

    Fix: revoke the credential where it was issued, then read it from the environment or from the platform's
    connection. In examples and documentation write a placeholder:

        api_token: ${DEMO_API_TOKEN}

    Text that only looks like a credential says so best itself (`dummy-…`); where it cannot, end its line
    with the comment `pragma: allowlist secret`, and the report lists the line instead.
    """
    search = search_source(repository, cassettes.files)
    _conclude(search, "text file", evidence)


@rule("no_secret_in_cassettes", tier=Tier.BRONZE, effort=Effort.MEDIUM)
def test_no_secret_in_cassettes(repository: Repository, cassettes: Cassettes, evidence: EvidenceLog) -> None:
    """Recorded traffic holds no credential.

    Why: a recorder writes down what was sent: the Authorization header, the token in an address, the password
    in a login, the cookie that came back. The recording is committed as test data, where nobody looks for
    credentials.

    Fix: revoke what was recorded. Tell the recorder what to leave out, and record anew:

        vcr.VCR(filter_headers=["authorization", "cookie"], filter_query_parameters=["api_key"])

    Response bodies that hold tokens take a `before_record_response` that replaces them by REDACTED.
    """
    if not cassettes.files:
        raise NotApplicable("there is no recorded traffic in the repository")
    search = search_cassettes(repository, cassettes.files)
    _conclude(search, "recording", evidence)


def _conclude(search: SecretSearch, what: str, evidence: EvidenceLog) -> None:
    for note in search.notes(what):
        evidence.saw("file", note)
    no_findings(secret.finding() for secret in search.secrets)
    if search.unread:
        file, why = next(iter(search.unread.items()))
        others = f" (and {len(search.unread) - 1} more)" if len(search.unread) > 1 else ""
        raise Unverified(
            f"not read: {file}{others}, {why}",
            "what no connector needs in its repository is best left out of it, or named in .gitignore",
        )


@rule("tls_is_verified", tier=Tier.BRONZE, effort=Effort.LOW)
def test_tls_is_verified(python_sources: PythonSources, evidence: EvidenceLog) -> None:
    """The package never turns off the verification of certificates and host keys.

    Why: without it TLS encrypts to whoever answers. Anybody on the way (a proxy, a wireless network, a wrong
    DNS entry) reads the credential of the first request, and changes the rows of all others.

    Fix: leave `verify=False` and its kind out. Where a private authority signs, pass the file of its
    certificate. If there must be a switch, make it an option of the configuration that is on by default:

        session.verify = config.ca_file or True
    """
    findings = [finding for source in python_sources for finding in unverified_tls(source)]
    for note in python_sources.notes():
        evidence.saw("file", note)
    no_findings(findings)
    _all_judged(python_sources, MAY_TURN_OFF)


@rule("urls_are_declared", tier=Tier.BRONZE, effort=Effort.LOW)
def test_urls_are_declared(contract: Contract, python_sources: PythonSources, evidence: EvidenceLog) -> None:
    """The package speaks to declared hosts alone, and to none of them without encryption.

    Why: whoever runs the connector opens a firewall for the hosts that the contract names. A host that only
    the source knows fails there in production, or gets data that nobody agreed to send. Over `http://`
    everybody on the way reads and changes it.

    Fix: declare the host, if the connector is meant to speak to it:

        policy:
          egress_hosts: [api.demo.example]

    For Airbyte, `allowedHosts.hosts` in metadata.yaml declares hosts too, and an empty list forbids them all.
    Else remove it, or take it from the configuration. Write `https://`.
    """
    found = [one for source in python_sources for one in addresses(source) if not is_local(one.url.host)]
    for note in [
        *python_sources.notes(),
        *sorted({f"speaks to {one.url.host} ({one.role})" for one in found}),
    ]:
        evidence.saw("file", note)
    declared = declared_hosts(contract)
    findings = [*_unencrypted(found), *_undeclared(found, declared)]
    if not declared and not findings:
        raise NotApplicable(
            "the contract declares no hosts, so that there is nothing to compare with",
            "policy:\n  egress_hosts: [api.demo.example]",
        )
    no_findings(findings)
    _all_judged(python_sources, MAY_HOLD_ADDRESS)


def _all_judged(sources: PythonSources, words: re.Pattern[str]) -> None:
    """Raise Unverified where a module that may hold what was looked for could not be judged."""
    unjudged = sources.unjudged(words)
    if unjudged:
        others = f" (and {len(unjudged) - 1} more)" if len(unjudged) > 1 else ""
        raise Unverified(f"not read, or no Python that can be parsed: {unjudged[0]}{others}")


def _unencrypted(found: list[Address]) -> Iterator[Finding]:
    for one in found:
        if is_unencrypted(one.url):
            yield Finding(
                message=f"{one.role} speaks {one.url.scheme}:// to {one.url.host}, without encryption",
                location=one.location,
                expected="an encrypted connection to every host but this machine",
                fix=f"write {one.url.scheme}s://{one.url.host}, if the host answers there",
            )


def _undeclared(found: list[Address], declared: dict[str, tuple[str, ...]]) -> Iterator[Finding]:
    hosts = [host for said in declared.values() for host in said]
    for one in found if declared else ():
        if not is_declared(one.url, hosts):
            where = " or ".join(declared)
            yield Finding(
                message=f"{one.role} speaks to {one.url.host}, which is not declared",
                location=one.location,
                expected=f"a host of {where}: {', '.join(hosts[:10]) or 'it lists none'}",
                fix=f"add {one.url.host} to {where}, if the connector is meant to speak to it; else remove "
                "it, or take it from the configuration",
            )


@rule("egress_is_declared", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("source",))
def test_egress_is_declared(contract: Contract, fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """Every host that a run connects to is declared.

    Why: what a firewall opens, and what a reviewer agrees to, is the list in the contract. Telemetry of a
    library, a redirect, a host from an answer: only a run shows them.

    Fix: declare the host if the connector is meant to speak to it, else stop what speaks to it:

        policy:
          egress_hosts: [api.demo.example]
    """
    declared = declared_hosts(contract)
    met = fault_runs.connected
    for one, _ in met:
        evidence.saw("request", f"connected to {one.host}:{one.port}")
    if not met:
        raise NotApplicable("the happy path connects to no host")
    if not declared:
        listed = ", ".join(one.host for one, _ in met[:5])
        raise Unverified(
            f"the contract declares no hosts; the run connects to {listed}",
            f"policy:\n  egress_hosts: [{listed}]",
        )
    hosts = [host for said in declared.values() for host in said]
    no_findings(
        Finding(
            f"the run connects to {one.host}, port {one.port}, which is not declared",
            place,
            expected=f"a host of {' or '.join(declared)}: {', '.join(hosts[:10]) or 'it lists none'}",
            fix=f"add {one.host} there, if it is meant to be spoken to; else stop what speaks to it",
        )
        for one, place in met
        if not is_local(one.host) and not is_covered(one.host, hosts)
    )


@rule("no_canary_in_output", tier=Tier.GOLD, effort=Effort.MEDIUM, capabilities=("source",))
def test_no_canary_in_output(fault_runs: FaultRuns, evidence: EvidenceLog) -> None:
    """No credential comes out: in no row, state, log line, error or output, in no form.

    Why: logs are read by more people than secrets are, and are kept longer. Most leaks are not a line that
    prints the token: they are an error that quotes the request, headers and all.

    Every secret of the configuration is replaced by a canary, a value of the same shape that means nothing,
    and so is each token that the API issues. They are looked for as they are, URL-encoded, JSON-escaped, in
    base64 and in hexadecimal digits.

    Fix: leave headers and query out of messages, and never log a configuration.
    """
    search = fault_runs.search
    if not search.needles:
        has_no_secret(fault_runs.source.plan.config)
    positions = fault_runs.positions() if fault_runs.baseline.exchanges else ()
    told = [
        fault_runs.observe(fault, times, position, evidence).run
        for fault, times in _TELLING
        for position in positions
    ]
    runs = [fault_runs.baseline, *told]
    rows, lines = (sum(len(getattr(run, name)) for run in runs) for name in ("rows", "log"))
    searched = fault_runs.searched
    evidence.saw_in_all(
        "note",
        f"looked for {counted(len(set(search.forms.values())), 'form')} of the secrets in "
        f"{counted(len(runs), 'run')}: {counted(rows, 'row')}, {counted(lines, 'line')} of log; "
        "and in all that was run for other rules before",
    )
    own = {run: seen for run, seen in searched.found.values() if run == str(seen.scenario)}
    show_besides(own, evidence)
    no_findings(
        Finding(
            f"{leak.secret} comes out in {leak.where}, {leak.form} ({run})",
            seen.location,
            expected=_NONE_OF_IT,
            scenario=run if run in own else None,
        )
        for leak, (run, seen) in searched.found.items()
    )
    if searched.cut:
        raise Unverified(
            f"{searched.cut[0]}: the connector printed more than is kept, and it could not be searched whole"
        )


@rule(
    "no_canary_in_answers",
    tier=Tier.GOLD,
    effort=Effort.LOW,
    capabilities=("source",),
    systems=("airbyte", "singer"),
)
def test_no_canary_in_answers(interview: Interview, evidence: EvidenceLog) -> None:
    """No credential comes out when a command is asked to check, to discover, or with a wrong configuration.

    Why: these answers are shown in a browser, and land in support tickets. The one that refuses a
    configuration likes to quote it.

    Fix: name the field that is wrong, and quote no value of it.
    """
    search = interview.search
    if not search.needles:
        raise NotApplicable("the configuration has no secret that is known")
    answers = interview.ask_everything()
    evidence.saw("message", f"looked for the secrets in {counted(len(answers), 'answer')}")
    found: dict[Leak, Answer] = {}
    for answer in answers:
        leaks = [*search.leaks(answer.run), *search.leaks_in([("standard output", answer.told)])]
        found |= {leak: answer for leak in leaks if leak not in found}
    no_findings(
        Finding(
            f"{answer.asked}: {leak.secret} comes out in {leak.where}, {leak.form}",
            interview.place_of(answer),
            expected=_NONE_OF_IT,
        )
        for leak, answer in found.items()
    )
    cut = [answer.asked for answer in answers if answer.run.output_is_cut or answer.is_cut]
    if cut:
        raise Unverified(f"{cut[0]}: more was printed than is kept, and it could not be searched whole")


@rule("no_canary_in_loads", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("sink",))
def test_no_canary_in_loads(contract: Contract, load_outputs: LoadOutputs, evidence: EvidenceLog) -> None:
    """No credential comes out of a load: not printed, logged, raised or returned, nor in the target.

    Why: a sink has the password of the warehouse, and says most when a load fails: in the log of a job that
    half of the company reads. An error that quotes the URL it could not reach quotes the password with it.

    One load of each strategy succeeds, and one's source breaks off. The secrets are canaries, and are looked
    for in every form, as in the runs of a source.

    Fix: name the host and the table in messages, and not the URL; never log a configuration.
    """
    search = load_outputs.search
    if not search.needles:
        has_no_secret(load_outputs.config)
    forms = counted(len(set(search.forms.values())), "form")
    evidence.saw("note", f"looked for {forms} of the secrets in {counted(load_outputs.loads, 'load')}")
    at = contract.at("subject", "sink" if contract.subject.sink else "command")
    no_findings(
        Finding(f"{leak.secret} comes out in {leak.where}, {leak.form}", at, expected=_NONE_OF_IT)
        for leak in search.leaks_in(load_outputs.texts)
    )
    if load_outputs.is_cut:
        raise Unverified("a load printed or logged more than is kept, and it could not be searched whole")


_NONE_OF_IT = "none of the credential"
#: After these, connectors say most.
_TELLING = (
    (faults.refusal(401), None),
    (faults.refusal(400), None),
    (faults.refusal(503), None),
    (faults.RESET, None),
    (faults.MALFORMED_JSON, None),
)
