"""`certify record`: from a live API to cassettes that hold no secret and replay with the same rows."""

from __future__ import annotations

import base64
import json
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import vcr
import yaml

from certify.model import Report, Status
from certify.replay import read_cassette
from tests.integration.live_api import API_KEY, CLIENT_SECRET, ISSUED, LiveApi, served

EXAMPLE = Path(__file__).parents[2] / "fixtures" / "certify_example"
SOURCES = Path(__file__).with_name("clients") / "src"
CLIENTS = ("requests", "urllib", "urllib3", "httpx", "async_httpx", "aiohttp", "threads")
CONTRACT = """\
contract_version: '1'
connector: {package}
system: python
capabilities:
  source:
    required_tests: [import_safety]
subject:
  package: {package}
  source: {source}:make_source
  config: certification/config.json
  secrets: [{secret}]
replay:
  cassettes: certification/cassettes
policy:
  tier: gold
"""
LEVELS = {"client_id": "certify", "client_secret": "${LEVELS_SECRET}"}
SECRETS = (CLIENT_SECRET, ISSUED, API_KEY)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[LiveApi]:
    with served(tmp_path) as live:
        yield live


@pytest.fixture
def connector(tmp_path: Path) -> Callable[..., Path]:
    """A connector of the clients' sources, with this sample configuration."""

    def make(source: str, secret: str, config: dict[str, Any]) -> Path:
        root = tmp_path / "connector"
        package = source.partition(".")[0]
        shutil.copytree(
            SOURCES / package, root / "src" / package, ignore=shutil.ignore_patterns("__pycache__")
        )
        (root / "certification").mkdir()
        (root / "certification" / "config.json").write_text(json.dumps(config), encoding="utf-8")
        contract = CONTRACT.format(package=package, source=source, secret=secret)
        (root / "certification" / "certification.yaml").write_text(contract, encoding="utf-8")
        return root

    return make


@pytest.fixture
def tides(connector: Callable[..., Path], api: LiveApi) -> Path:
    config = {"base_url": f"https://localhost:{api.port}", "api_key": "${TIDES_KEY}"}
    return connector("tides", "api_key", config)


@pytest.fixture
def record(certify: Any, api: LiveApi, tides: Path) -> Callable[..., Any]:
    """Records the tides."""

    def run(*arguments: object, **environment: str) -> Any:
        env = {**api.environment, "TIDES_KEY": API_KEY, **environment}
        return certify("record", "-C", tides, *arguments, env=env)

    return run


def cassettes(root: Path) -> dict[str, str]:
    folder = root / "certification" / "cassettes"
    return (
        {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*"))} if folder.is_dir() else {}
    )


def let_ask_again(root: Path, status: int) -> None:
    """Have the source ask again after this status."""
    source = root / "src" / "tides" / "__init__.py"
    fails = "        if not answer.ok:"
    again = f"        if answer.status_code == {status}:\n            return self._get(path, params)\n{fails}"
    source.write_text(source.read_text("utf-8").replace(fails, again), encoding="utf-8")


def requests_in(text: str) -> list[str]:
    return [one["request"]["uri"] for one in yaml.safe_load(text)["interactions"]]


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_client_reads_is_recorded_and_replays(
    client: str,
    connector: Callable[..., Path],
    certify: Any,
    report_in: Callable[[Path], Report],
    tmp_path: Path,
) -> None:
    root = connector(f"levels.with_{client}", "client_secret", LEVELS)
    with served(tmp_path) as api:
        ran = certify("record", "-C", root, env={**api.environment, "LEVELS_SECRET": CLIENT_SECRET})
    assert (ran.code, ran.err) == (0, ""), ran.out
    (text,) = cassettes(root).values()
    assert not [secret for secret in SECRETS if secret in text or quote(secret) in text]
    assert len(requests_in(text)) == (7 if client == "threads" else 4)
    assert "Höhe 2" in read_cassette(
        root / "certification" / "cassettes" / "full_refresh.yaml", "it"
    ).recorded[2].answer.body.decode("utf-8")

    out = tmp_path / "out"
    ran = certify(
        "-C",
        root,
        "--only",
        "server_error_is_retried",
        "--only",
        "no_secret_in_cassettes",
        "--artifact-dir",
        out,
    )
    ended = {
        rule.id: rule.status
        for rule in report_in(out).rules
        if rule.id in ("server_error_is_retried", "no_secret_in_cassettes")
    }
    assert set(ended.values()) == {Status.PASSED}, ran.out


def test_all_that_a_source_can_do_is_recorded(record: Callable[..., Any], tides: Path, api: LiveApi) -> None:
    ran = record()
    assert (ran.code, ran.err) == (0, ""), ran.out
    assert list(cassettes(tides)) == [
        "check.yaml", "full_refresh.yaml", "incremental.yaml", "resume@1.yaml", "resume@2.yaml",
    ]  # fmt: skip
    base = f"https://localhost:{api.port}/v1"
    asked = {name: requests_in(text) for name, text in cassettes(tides).items()}
    assert asked["check.yaml"] == [f"{base}/me"]
    assert asked["full_refresh.yaml"] == [f"{base}/tides?since={day}" for day in (0, 2, 4)]
    assert asked["resume@1.yaml"] == [f"{base}/tides?since={day}" for day in (2, 4)]
    assert asked["incremental.yaml"] == [f"{base}/tides?since=6"]
    assert ran.out.startswith("certify record tides: this uses the network.")
    assert "no" not in [line.split()[-1] for line in ran.out.splitlines() if ".yaml " in line]


def test_what_resumes_from_a_state_that_no_run_gives_any_more_is_removed(
    record: Callable[..., Any], tides: Path, api: LiveApi
) -> None:
    assert record().code == 0
    api.tides[:] = api.tides[:-2]
    assert record("--only", "full_refresh", "--refresh").code == 0
    assert "resume@2.yaml" in cassettes(tides), "it was not asked for"
    assert record("--refresh").code == 0
    assert [name for name in cassettes(tides) if name.startswith("resume")] == ["resume@1.yaml"]


def test_its_help_imports_neither_pytest_nor_yaml(certify: Any) -> None:
    program = (sys.executable, "-X", "importtime", Path(sys.executable).with_name("certify"))
    ran = certify("record", "--help", program=program)
    assert ran.code == 0
    assert "certify record -C path/to/connector" in ran.out
    imported = {line.rpartition("|")[2].strip() for line in ran.err.splitlines()}
    assert {"pytest", "yaml", "rich", "vcr", "urllib3"}.isdisjoint(imported)


def test_an_answer_keeps_its_date(record: Callable[..., Any], tides: Path, api: LiveApi) -> None:
    moment = "Mon, 05 Oct 2026 06:00:00 GMT"
    api.said["/v1/tides"] = (200, {"date": moment}, b'{"data": [{"day": 1}], "next": null}')
    assert record("--only", "full_refresh").code == 0
    cassette = read_cassette(tides / "certification" / "cassettes" / "full_refresh.yaml", "it")
    assert cassette.moment is not None
    assert f"{cassette.moment:%Y-%m-%d %H}" == "2026-10-05 06"


def test_another_run_needs_to_be_told_to_replace(
    record: Callable[..., Any], tides: Path, api: LiveApi
) -> None:
    assert record("--only", "full_refresh").code == 0
    before = cassettes(tides)
    api.asked.clear()
    ran = record("--only", "full_refresh")
    assert ran.code == 2
    assert ran.error_line == (
        "certify: certification/cassettes/full_refresh.yaml: is there already; --refresh records it anew"
    )
    assert cassettes(tides) == before
    assert api.asked == []

    api.tides.pop()
    assert record("--only", "full_refresh", "--refresh").code == 0
    assert cassettes(tides) != before


ECHOES = {
    "as it is": API_KEY,
    "in base64": base64.b64encode(f"me:{API_KEY}".encode()).decode(),
    "in hexadecimal digits": API_KEY.encode().hex(),
}


@pytest.mark.parametrize("form", ECHOES)
def test_a_secret_in_a_row_is_refused(
    form: str, record: Callable[..., Any], tides: Path, api: LiveApi
) -> None:
    folder = tides / "certification" / "cassettes"
    folder.mkdir()
    (folder / "full_refresh.yaml").write_text("older", encoding="utf-8")
    api.tides[3]["note"] = f"by {ECHOES[form]}"
    ran = record("--only", "full_refresh", "--refresh")
    assert ran.code == 2
    place, told = ran.err.splitlines()
    assert place == (
        f"certify: full_refresh: request 2 (GET localhost:{api.port}/v1/tides): "
        f"the answer at $.data[1].note: holds api_key, {form}"
    )
    assert told.startswith("certify: nothing was written")
    assert ECHOES[form] not in ran.out + ran.err
    assert API_KEY not in ran.out + ran.err
    assert cassettes(tides) == {"full_refresh.yaml": "older"}


def test_a_secret_in_an_error_is_not_shown(record: Callable[..., Any], tides: Path, api: LiveApi) -> None:
    body = json.dumps({"error": f"no access with {API_KEY}"}).encode()
    api.said["/v1/tides"] = (403, {"content-type": "application/json"}, body)
    ran = record("--only", "full_refresh")
    assert ran.code == 2
    assert "status 403" in ran.error_line
    assert "no access with REDACTED" in ran.error_line
    assert API_KEY not in ran.out + ran.err
    assert cassettes(tides) == {}


def test_a_secret_in_an_error_that_was_survived_is_refused(
    record: Callable[..., Any], tides: Path, api: LiveApi
) -> None:
    let_ask_again(tides, 404)
    api.once.append(
        (404, {"x-said": quote(API_KEY)}, json.dumps({"error": {"message": f"{API_KEY}?"}}).encode())
    )
    ran = record("--only", "full_refresh")
    assert ran.code == 2
    where = [line.partition("): ")[2] for line in ran.err.splitlines()[:-1]]
    assert where == [
        "the header x-said of the answer: holds api_key, as it is",
        "the answer at $.error.message: holds api_key, as it is",
    ]
    assert cassettes(tides) == {}


def test_an_error_that_was_asked_again_is_left_out(
    record: Callable[..., Any], tides: Path, api: LiveApi
) -> None:
    let_ask_again(tides, 503)
    api.once.append((503, {}, b"later"))
    ran = record("--only", "full_refresh")
    assert ran.code == 0, ran.err
    assert "full_refresh.yaml: without 1 answers that were errors" in ran.out
    assert len(requests_in(cassettes(tides)["full_refresh.yaml"])) == 3


def test_a_connection_that_broke_off_is_left_to_the_connector(
    connector: Callable[..., Path], certify: Any, api: LiveApi
) -> None:
    root = connector("levels.with_urllib", "client_secret", LEVELS)
    api.once.append((0, {}, b""))
    ran = certify("record", "-C", root, env={**api.environment, "LEVELS_SECRET": CLIENT_SECRET})
    assert (ran.code, ran.err) == (0, ""), ran.out
    assert len(requests_in(cassettes(root)["full_refresh.yaml"])) == 4


def test_an_api_that_cannot_be_reached_is_told_at_once(
    record: Callable[..., Any], tides: Path, api: LiveApi
) -> None:
    config = {"base_url": "https://localhost:1", "api_key": "${TIDES_KEY}"}
    (tides / "certification" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    ran = record()
    assert ran.code == 2
    assert ran.error_line == (
        "certify: check: GET localhost:1/v1/me: cannot be reached: Connection refused; nothing was written"
    )
    assert cassettes(tides) == {}


def test_a_certificate_that_nobody_trusts_is_refused(
    record: Callable[..., Any], tides: Path, api: LiveApi
) -> None:
    ran = record(SSL_CERT_FILE="")
    assert ran.code == 2
    assert "no TLS with it: unable to get local issuer certificate" in ran.error_line
    assert api.asked == []


def test_a_host_that_is_not_declared_is_not_asked(
    record: Callable[..., Any], tides: Path, api: LiveApi
) -> None:
    contract = tides / "certification" / "certification.yaml"
    contract.write_text(
        contract.read_text("utf-8") + "  egress_hosts: [api.tides.example]\n", encoding="utf-8"
    )
    ran = record()
    assert ran.code == 2
    assert "policy.egress_hosts does not name this host" in ran.error_line
    assert api.asked == []


def test_an_interruption_leaves_the_older_cassette(certify: Any, tides: Path, api: LiveApi) -> None:
    folder = tides / "certification" / "cassettes"
    folder.mkdir()
    (folder / "full_refresh.yaml").write_text("older", encoding="utf-8")
    api.holds = True
    process = certify.start(
        "record",
        "-C",
        tides,
        "--only",
        "full_refresh",
        "--refresh",
        env={**api.environment, "TIDES_KEY": API_KEY},
    )
    certify.until(lambda: api.asked)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130, out + err
    assert err.splitlines() == ["certify: interrupted; nothing was written"]
    assert cassettes(tides) == {"full_refresh.yaml": "older"}


def test_credentials_that_are_missing_are_named(record: Callable[..., Any], tides: Path) -> None:
    ran = record(TIDES_KEY="")
    assert ran.code == 2
    assert "certification/config.json: refers to TIDES_KEY (for api_key)" in ran.error_line


def test_credentials_may_come_from_a_file_that_git_ignores(
    record: Callable[..., Any], tides: Path, api: LiveApi, certify: Any
) -> None:
    config = {"base_url": f"https://localhost:{api.port}", "api_key": API_KEY}
    file = tides / "secrets" / "config.json"
    file.parent.mkdir()
    file.write_text(json.dumps(config), encoding="utf-8")
    assert certify("init", "-q", tides, program=("git",)).code == 0
    ran = record("--config", file, TIDES_KEY="")
    assert ran.code == 2
    assert "git does not ignore it" in ran.error_line

    (tides / ".gitignore").write_text("secrets/\n", encoding="utf-8")
    ran = record("--config", file, TIDES_KEY="")
    assert ran.code == 0, ran.err
    assert not [text for text in cassettes(tides).values() if API_KEY in text]


def test_vcrpy_itself_plays_what_was_recorded(record: Callable[..., Any], tides: Path, api: LiveApi) -> None:
    assert record("--only", "full_refresh").code == 0
    api.asked.clear()
    player = vcr.VCR(record_mode=vcr.mode.NONE)
    with player.use_cassette(tides / "certification" / "cassettes" / "full_refresh.yaml") as played:
        answer = requests.get(f"https://localhost:{api.port}/v1/tides", params={"since": "2"}, timeout=5)
    assert answer.json()["data"] == api.tides[2:4]
    assert played.play_count == 1
    assert api.asked == []


def test_the_example_is_recorded_with_the_rows_of_its_own_cassette(
    certify: Any, api: LiveApi, tmp_path: Path
) -> None:
    root = tmp_path / "example"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__"))
    path = root / "certification" / "cassettes" / "full_refresh.yaml"
    before = read_cassette(path, "before")
    for one in before.recorded:
        api.said[one.asked.target] = (200, dict(one.answer.headers), one.answer.body)
    env = {**api.environment, "ORDERS_API_TOKEN": API_KEY}
    ran = certify("record", "-C", root, "--only", "full_refresh", "--refresh", env=env)
    assert (ran.code, ran.err) == (0, ""), ran.out
    after = read_cassette(path, "after")
    assert [one.answer.body for one in after.recorded] == [one.answer.body for one in before.recorded]
    assert [one.asked.target for one in after.recorded] == [one.asked.target for one in before.recorded]
    assert after.moment == before.moment


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_redirect_is_recorded_as_one(
    scheme: str, record: Callable[..., Any], tides: Path, api: LiveApi
) -> None:
    config = {"base_url": f"{scheme}://localhost:{api.port}", "api_key": "${TIDES_KEY}"}
    (tides / "certification" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    api.said["/v1/tides?since=2"] = (302, {"location": f"/v1/moved?since=2&api_key={API_KEY}"}, b"")
    ran = record("--only", "full_refresh", CERTIFY_ISOLATION="none")
    assert (ran.code, ran.err) == (0, ""), ran.out
    text = cassettes(tides)["full_refresh.yaml"]
    base = f"{scheme}://localhost:{api.port}/v1"
    assert requests_in(text) == [
        f"{base}/tides?since=0",
        f"{base}/tides?since=2",
        f"{base}/moved?since=2&api_key=REDACTED",
        f"{base}/tides?since=4",
    ]
    assert API_KEY not in text


ENDINGS = {
    "raise SystemExit(3)": "exit code 3",
    "import os; print('key', config['api_key'], flush=True); os._exit(4)": "exit code 4: key REDACTED",
    "import time; time.sleep(60)": "it did not end within 2 s; --timeout gives it longer",
    "raise ValueError('no\\n' + config['api_key'])": "ValueError: no REDACTED",
}


@pytest.mark.parametrize("how", ENDINGS)
def test_a_run_that_fails_is_told_in_one_line(how: str, record: Callable[..., Any], tides: Path) -> None:
    source = tides / "src" / "tides" / "__init__.py"
    text = source.read_text("utf-8").replace(
        "    return Source(config", f"    {how}\n    return Source(config"
    )
    source.write_text(text, encoding="utf-8")
    ran = record("--only", "full_refresh", "--timeout", "2")
    assert ran.code == 2
    said = f"certify: full_refresh: the connector failed: {ENDINGS[how]}; nothing was written"
    assert ran.error_line == said
    assert API_KEY not in ran.out + ran.err
    assert cassettes(tides) == {}


def test_a_secret_that_the_contract_does_not_name_is_one_all_the_same(
    record: Callable[..., Any], tides: Path
) -> None:
    contract = tides / "certification" / "certification.yaml"
    text = contract.read_text("utf-8").replace("  secrets: [api_key]\n", "")
    contract.write_text(text.replace("replay:\n  cassettes: certification/cassettes\n", ""), encoding="utf-8")
    ran = record("--only", "full_refresh")
    assert API_KEY not in cassettes(tides)["full_refresh.yaml"]
    assert "Add to certification/certification.yaml: subject: {secrets: [api_key]}" in ran.out
    assert "Add to certification/certification.yaml: replay: {cassettes: certification/cassettes}" in ran.out
    assert "does not replay as it was recorded: the run fails: KeyError: 'TIDES_KEY'" in ran.out
    assert ran.code == 3


def test_a_row_may_hold_a_credential_of_somebody_else(
    record: Callable[..., Any], tides: Path, api: LiveApi
) -> None:
    api.tides[0]["webhook_secret"] = "Yd8Hs1Zk3vQ9xTn7LmB2cR5w"
    ran = record("--only", "full_refresh")
    assert (ran.code, ran.err) == (0, ""), ran.out
    assert "Yd8Hs1Zk3vQ9xTn7LmB2cR5w" not in cassettes(tides)["full_refresh.yaml"]


def test_what_a_replay_would_not_find_is_told(record: Callable[..., Any], tides: Path) -> None:
    source = tides / "src" / "tides" / "__init__.py"
    text = source.read_text("utf-8").replace(
        '{"since": str(since)}', '{"since": str(since), "at": str(time.time_ns())}'
    )
    source.write_text(text.replace("import re\n", "import re\nimport time\n"), encoding="utf-8")
    ran = record("--only", "full_refresh")
    assert ran.code == 3
    assert "does not replay as it was recorded" in ran.out
    assert "differs in the parameter at" in ran.out
    assert list(cassettes(tides)) == ["full_refresh.yaml"]
