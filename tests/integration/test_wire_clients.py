"""Every Python HTTP client comes through the whole catalogue: what a finding says then is the connector's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from certify.model import Report, Status
from certify.replay import Cassette, Scenario, faults, read_cassette
from certify.sandbox.driven import DrivenSource, DrivePlan
from certify.sandbox.zygote import Zygote

SOURCES = Path(__file__).with_name("clients") / "src"
CLIENTS = (
    "requests",
    "urllib",
    "urllib3",
    "httpx",
    "async_httpx",
    "aiohttp",
    "threads",
)
CONFIG = {"client_id": "certify", "client_secret": "${LEVELS_SECRET}"}
CONTRACT = """\
contract_version: '1'
connector: levels
system: python
capabilities:
  source:
    required_tests: [import_safety]
subject:
  package: levels
  source: levels.with_{client}:make_source
  config: certification/config.json
  secrets: [client_secret]
replay:
  cassettes: certification/cassettes
policy:
  tier: gold
"""


def recording() -> dict[str, Any]:
    """A call for a token, three pages, and two of each station."""
    token = {"access_token": "REDACTED", "token_type": "Bearer", "expires_in": 3600}
    form = "grant_type=client_credentials&client_id=certify&client_secret=REDACTED"
    token_call = interaction("POST", "https://auth.levels.example/oauth/token", token, form)
    stations = [walk(f"/{name}", number * 100, 2) for number, name in enumerate(("elbe", "main", "oder"), 1)]
    return {
        "version": 1,
        "interactions": [token_call, *walk("", 0, 3), *(one for each in stations for one in each)],
    }


def walk(station: str, first: int, pages: int) -> list[dict[str, Any]]:
    made = []
    for number in range(pages):
        rows = [{"id": first + 2 * number + one, "note": f"Höhe {one}", "cm": 100 + one} for one in (1, 2)]
        cursor = f"c{first + number}" if number + 1 < pages else None
        query = "limit=2" + (f"&cursor=c{first + number - 1}" if number else "")
        place = f"https://api.levels.example/v1/readings{station}?{query}"
        made.append(interaction("GET", place, {"data": rows, "next_cursor": cursor}))
    return made


def interaction(method: str, uri: str, said: dict[str, Any], body: str | None = None) -> dict[str, Any]:
    headers = {"Content-Type": ["application/x-www-form-urlencoded"]} if body else {}
    return {
        "request": {"method": method, "uri": uri, "body": body, "headers": headers},
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"Content-Type": ["application/json"], "Date": ["Mon, 05 Oct 2026 06:00:00 GMT"]},
            "body": {"string": json.dumps(said, ensure_ascii=False)},
        },
    }


@pytest.fixture
def levels(tmp_path: Path) -> Callable[[str], Path]:
    """A connector that reads with one client."""

    def make(client: str) -> Path:
        root = tmp_path / client
        shutil.copytree(SOURCES, root / "src", ignore=shutil.ignore_patterns("__pycache__"))
        cassettes = root / "certification" / "cassettes"
        cassettes.mkdir(parents=True)
        (cassettes / "full_refresh.yaml").write_text(yaml.safe_dump(recording()), encoding="utf-8")
        (root / "certification" / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
        contract = root / "certification" / "certification.yaml"
        contract.write_text(CONTRACT.format(client=client), encoding="utf-8")
        return root

    return make


#: By day one of each family: requests is urllib3, and httpx is the same in both its forms.
BY_NIGHT = ("urllib3", "httpx")


@pytest.mark.parametrize(
    "client",
    [pytest.param(one, marks=pytest.mark.nightly if one in BY_NIGHT else ()) for one in CLIENTS],
)
def test_a_robust_source_has_no_finding(
    client: str,
    levels: Callable[[str], Path],
    certify: Any,
    report_in: Callable[[Path], Report],
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    ran = certify("-C", levels(client), "--only", "error_paths", "--artifact-dir", out)
    ended = {
        rule.id: rule
        for rule in report_in(out).rules
        if rule.id in ran.out or rule.status is not Status.PASSED
    }
    wrong = {
        name: rule
        for name, rule in ended.items()
        if rule.status not in (Status.PASSED, Status.NOT_APPLICABLE)
    }
    assert wrong == {}, ran.out
    assert ran.code == 0, ran.out + ran.err


@pytest.mark.nightly
@pytest.mark.parametrize("client", CLIENTS)
def test_twenty_times_on_a_busy_machine_there_is_no_finding(
    client: str,
    levels: Callable[[str], Path],
    certify: Any,
    report_in: Callable[[Path], Report],
    tmp_path: Path,
) -> None:
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        root = levels(client)
        seen = []
        for number in range(20):
            out = tmp_path / str(number)
            certify("-C", root, "--only", "error_paths", "--artifact-dir", out)
            seen.append({rule.id: rule.status for rule in report_in(out).rules})
    finally:
        busy.kill()
        busy.wait()
    assert set(seen[0].values()) <= {Status.PASSED, Status.NOT_APPLICABLE}
    assert [one for one in seen if one != seen[0]] == []


@pytest.fixture(scope="module")
def cassette(tmp_path_factory: pytest.TempPathFactory) -> Cassette:
    path = tmp_path_factory.mktemp("cassettes") / "full_refresh.yaml"
    path.write_text(yaml.safe_dump(recording()), encoding="utf-8")
    return read_cassette(path, path.name)


@pytest.fixture
def driven(client: str) -> Iterator[DrivenSource]:
    module = f"levels.with_{client}"
    secret = "cfy" + "0" * 21
    plan = DrivePlan(
        f"{module}:make_source",
        (str(SOURCES),),
        (module,),
        CONFIG,
        {"LEVELS_SECRET": secret},
        (secret,),
        budget=7200.0,
    )
    with Zygote() as zygote, DrivenSource(zygote, plan) as source:
        yield source


#: Those that differ most in how they wait are repeated more often.
@pytest.mark.parametrize(
    ("client", "repetitions"),
    [(client, 20 if client in ("requests", "async_httpx", "threads") else 5) for client in CLIENTS],
)
def test_repeated_runs_are_one(driven: DrivenSource, cassette: Cassette, repetitions: int) -> None:
    """Same cassette, same scenario: the same requests, waits and rows."""
    assert driven.run(cassette).succeeded
    # A reset is met at once; what is waited for is where time could pass too early.
    for fault, times, often in (
        (faults.HANG, 1, repetitions),
        (faults.refusal(503), 3, repetitions),
        (faults.RESET, 1, 5),
    ):
        scenario = Scenario(fault, 2, times)
        seen = {
            (
                run.how,
                tuple(sorted(run.rows)),
                tuple(
                    sorted(
                        (str(one.asked), one.asked.query, one.status or 0, one.at) for one in run.exchanges
                    )
                ),
                tuple(sorted((wait.kind, wait.at, wait.seconds) for wait in run.waits)),
                run.virtual_seconds,
            )
            for run in (driven.run(cassette, scenario) for _ in range(often))
        }
        assert len(seen) == 1, seen
