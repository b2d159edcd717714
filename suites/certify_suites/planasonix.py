"""Planasonix: the file by which its platform knows a connector, and the certificate that it shows."""

from __future__ import annotations

from certify import (
    Effort,
    EvidenceLog,
    FaultRuns,
    NotApplicable,
    Repository,
    Subject,
    Tier,
    Undecided,
    Unverified,
    no_findings,
    rule,
)
from certify.replay import faults
from certify.repository.planasonix.manifest import Manifest, manifest_findings
from certify.sandbox.driven import CLIENT_CERTIFICATE
from certify.sandbox.fault_runs import ENCRYPTED
from certify_suites.relations import judge, outcome, wrong

_SYSTEMS = ("planasonix",)
_NEEDS_CERTIFICATE = f"""\
# the file that subject.config names
{{"client_certificate": "{CLIENT_CERTIFICATE}"}}   # the path of a PEM file: a certificate and its key
"""


@rule("planasonix_manifest_is_valid", tier=Tier.BRONZE, effort=Effort.LOW, systems=_SYSTEMS)
def test_planasonix_manifest_is_valid(
    connector_manifest: Manifest, repository: Repository, subject: Subject, evidence: EvidenceLog
) -> None:
    """connector.yaml has what Planasonix asks for, each value of its kind, and its secrets are the schema's.

    Why: the platform builds the form, the vault entries and the schedule from this file. What it cannot read
    is not published; a secret that it does not know of is stored and shown as any other setting.

    Asked for are name, version, entrypoint, capabilities, auth and config_schema. `auth.secret_fields` are
    the settings that the schema marks as secret, all of them and no other. Keys that nobody here knows are
    left alone.

    Fix: correct the key at the line of the finding:

        entrypoint: acme_crm.connector:AcmeConnector
        capabilities: [batch_extract, load]
        auth: {type: api_key, secret_fields: [api_key]}
    """
    manifest = connector_manifest
    can = ", ".join(manifest.capabilities) or "nothing"
    evidence.saw("file", f"read {manifest.config.file}: {manifest.text('name') or '?'} can {can}")
    try:
        schema = subject.config_schema()
    except Undecided:
        schema = None
    no_findings(manifest_findings(manifest, repository, schema))


@rule(
    "client_certificate_is_presented",
    tier=Tier.SILVER,
    effort=Effort.LOW,
    systems=_SYSTEMS,
    capabilities=("source",),
)
def test_client_certificate_is_presented(
    connector_manifest: Manifest, fault_runs: FaultRuns, evidence: EvidenceLog
) -> None:
    """Where both sides authenticate, the connector shows its certificate, and reads as it does elsewhere.

    Why: with `auth.type: mtls` the certificate is the credential. A connector that reads its path and never
    hands it to the client works against every test server, and with no customer.

    The server asks for a certificate in the handshake, and hangs up on whoever has none (RFC 8446, 4.4.2).
    The path of one stands in the sample configuration, where that says `{client_certificate}`.

    Fix: give certificate and key to the session, not to one request:

        session.cert = config["client_certificate"]
    """
    if connector_manifest.auth != "mtls":
        raise NotApplicable(f"auth.type is {connector_manifest.auth or 'not told'}, not mtls")
    if not any(CLIENT_CERTIFICATE in str(value) for value in fault_runs.source.plan.config.values()):
        raise Unverified("the sample configuration has no place for a client certificate", _NEEDS_CERTIFICATE)
    if not fault_runs.positions(ENCRYPTED):
        raise NotApplicable(f"no request of the happy path {ENCRYPTED.words}")
    seen = fault_runs.observe(faults.CLIENT_CERTIFICATE, None, 0, evidence)
    if not seen.same_rows:
        expected = "the rows of the happy path, read with the certificate of the configuration"
        judge([wrong(seen, outcome(seen), expected, seen.asked_at)])
