"""What was found is told to nobody: no report, annotation, note or repr holds five characters of it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from certify import EvidenceLog, RuleBroken
from certify.cli.artifacts import load_formats
from certify.cli.panel import finding_lines, panel
from certify.model import Finding, Reason, Report, Status, to_json
from certify.repository.secrets import Cassettes, find_cassettes
from certify.repository.secrets.names import shown_name
from certify_suites import security
from tests.unit.fakes import an_outcome
from tests.unit.report_samples import a_rule, not_certified
from tests.unit.secret_samples import PASSWORD, TOKEN, VENDORS, drawn, private_key, web_token, write

KEY = private_key()
WEB = web_token({"sub": "loader-of-orders", "exp": 9_999_999_999})
#: Each text with what is drawn in it, in every way it may be written.
TEXTS: dict[str, tuple[str, str]] = {
    "a token under a name": (f'API_TOKEN = "{TOKEN}"\n', TOKEN),
    "a token as a name": (f'tokens = {{"{TOKEN}": "{drawn(40)}"}}\n', TOKEN),
    "a password as a name": (f'password = {{"{PASSWORD}": "Zq9-{drawn(8)}"}}\n', PASSWORD),
    "a token that is its own name": (f'{TOKEN} = "{TOKEN}"  # token\ntoken = "{TOKEN}"\n', TOKEN),
    "a short name within it": (f'api_key = "key-{TOKEN}"\n{TOKEN[5:13]}_token = "{TOKEN}"\n', TOKEN),
    "a password": (f'password = "{PASSWORD}"\n', PASSWORD),
    "a password in a URL": (f'URL = "postgresql://loader:{TOKEN}@db.shop.dev/orders"\n', TOKEN),
    "a token in an address": (f'URL = "https://api.shop.dev/v1?access_token={TOKEN}"\n', TOKEN),
    "a private key": (f'KEY = """{KEY}"""\n', KEY.splitlines()[1]),
    "a private key on one line": (f"key = {json.dumps(KEY)}\n", KEY.splitlines()[1]),
    "a web token": (f'AUTHORIZATION = "Bearer {WEB}"\n', WEB.split(".")[1]),
    "a web token's signature": (f'VALUE = "{WEB}"\n', WEB.split(".")[2]),
    "allowed by a comment": (f'API_TOKEN = "{TOKEN}"  # pragma: allowlist secret\n', TOKEN),
    "several on a line": (f'a(token="{TOKEN}", secret="{drawn(40)}", password="{PASSWORD}")\n', TOKEN),
    **{words: (f'VALUE = "{"".join(parts)}"\n', parts[1]) for words, parts in VENDORS.items()},
}


def findings_and_notes(root: Path, files: dict[str, str | bytes]) -> tuple[tuple[Finding, ...], EvidenceLog]:
    """What the two rules say of a repository."""
    repository = write(root, files)
    evidence = EvidenceLog()
    found: tuple[Finding, ...] = ()
    cassettes = find_cassettes(repository, "cassettes")
    try:
        security.test_no_secret_in_source(repository, cassettes, evidence)
    except RuleBroken as broken:
        found += tuple(broken.findings)
    if cassettes.files:
        try:
            security.test_no_secret_in_cassettes(repository, cassettes, evidence)
        except RuleBroken as broken:
            found += tuple(broken.findings)
    return found, evidence


def everything_told(findings: tuple[Finding, ...], evidence: EvidenceLog) -> Iterator[str]:
    """All that a run writes and prints of them, in each format and on a wide terminal."""
    notes = tuple(evidence.entries)
    message = str(RuleBroken(findings)) if findings else ""
    status = Status.FAILED if findings else Status.PASSED
    rule = replace(
        a_rule("no_secret_in_source", "security", status, title="No credential"),
        message=message,
        findings=findings,
        location=findings[0].location if findings else None,
        evidence=notes,
    )
    reasons = tuple(Reason(rule.id, status, one.message, one.fix or "", one.location) for one in findings)
    report: Report = replace(not_certified(), rules=(rule,), ids=(), reasons=reasons, next_tier=None)
    yield to_json(report)
    for made in load_formats().values():
        yield made.render(report)
    outcome = replace(an_outcome(rule.id, status, message, *findings), evidence=notes)
    console = Console(file=io.StringIO(), width=500)
    console.print(*finding_lines(outcome))
    console.print(panel(report))
    yield console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    yield repr((findings, evidence, message))


def holds(text: str, secret: str) -> list[str]:
    """Five characters in a row of the secret that stand in the text."""
    return [part for start in range(len(secret) - 4) if (part := secret[start : start + 5]) in text]


@pytest.mark.parametrize("file", ["client.py", "examples/a.yaml", "config.json", ".env", "README.md"])
@pytest.mark.parametrize("kind", TEXTS)
def test_nothing_of_a_credential_in_a_file_is_told(tmp_path: Path, kind: str, file: str) -> None:
    text, secret = TEXTS[kind]
    findings, evidence = findings_and_notes(tmp_path, {file: text})
    for told in everything_told(findings, evidence):
        assert holds(told, secret) == []


@pytest.mark.parametrize("kind", [*VENDORS, "a token under a name", "a password in a URL", "a private key"])
def test_there_is_something_to_tell(tmp_path: Path, kind: str) -> None:
    findings, _ = findings_and_notes(tmp_path, {"client.py": TEXTS[kind][0]})
    assert findings


@pytest.mark.parametrize("place", ["uri", "headers", "body", "answer", "came", "cookie", "broken"])
def test_nothing_of_a_credential_in_a_recording_is_told(tmp_path: Path, place: str) -> None:
    request: dict[str, object] = {"uri": "https://api.shop.dev/v1", "headers": {}, "body": ""}
    response: dict[str, object] = {"headers": {}, "body": {"string": ""}}
    made: dict[str, tuple[dict[str, object], str, object]] = {
        "uri": (request, "uri", f"https://a:{PASSWORD}@api.shop.dev/v1?api_key={TOKEN}"),
        "headers": (request, "headers", {"Authorization": [f"Bearer {TOKEN}"], TOKEN: [TOKEN]}),
        "body": (request, "body", json.dumps({"client_secret": TOKEN, f"token{TOKEN}": TOKEN})),
        "answer": (response, "body", {"string": json.dumps({"access_token": TOKEN, "pem": KEY})}),
        "came": (response, "headers", {"Location": [f"https://a.dev/?access_token={TOKEN}"]}),
        "cookie": (response, "headers", {"Set-Cookie": [f"session={TOKEN}", f"auth{TOKEN}={TOKEN}"]}),
        "broken": (request, "headers", {"Authorization": [f"Bearer {TOKEN}"]}),
    }
    part, key, value = made[place]
    part[key] = value
    text = yaml.safe_dump({"interactions": [{"request": request, "response": response}]})
    findings, evidence = findings_and_notes(
        tmp_path, {"cassettes/a.yaml": text + ("[" if place == "broken" else "")}
    )
    assert findings
    for told in everything_told(findings, evidence):
        assert holds(told, TOKEN) + holds(told, PASSWORD) + holds(told, KEY.splitlines()[1]) == []


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("api_token", TOKEN, "api_token"),
        ("X-Api-Key", TOKEN, "X-Api-Key"),
        ("api_key_v2", TOKEN, "api_key_v2"),
        (drawn(24), TOKEN, ""),
        ("Kx7mWq2z", TOKEN, ""),
        (TOKEN[3:9], TOKEN, ""),
        ("token", "my-token-Kx7mWq2z", ""),
        ("n" * 61, TOKEN, ""),
        ("", TOKEN, ""),
    ],
)
def test_a_name_is_shown_unless_it_could_give_something_away(name: str, value: str, shown: str) -> None:
    assert shown_name(name, value) == shown


def test_a_short_credential_is_not_shown_in_part(tmp_path: Path) -> None:
    findings, _ = findings_and_notes(tmp_path, {"a.py": 'password = "Kx7!mWq2z"\n'})
    assert findings[0].message == "a password under the name 'password' (9 characters)"


def test_nothing_is_shown_where_there_are_no_recordings(tmp_path: Path) -> None:
    assert find_cassettes(write(tmp_path, {"a.py": ""}), None) == Cassettes()
