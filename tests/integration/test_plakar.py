"""Plug-ins that misbehave are run in the sandbox, and what they did is told in time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from certify.rules import Unverified
from certify.sandbox.limits import Limits
from certify.sandbox.plakar.conversation import MAX_RECORDS
from certify.sandbox.plakar.observed import PluginRun, Wish
from certify.sandbox.plakar.plugin_run import run_plugin
from certify.sandbox.zygote import Zygote
from tests.acceptance.connectors import GOOD, certify, copy_of

GUIDE = Path(__file__).with_name("plakar_guide")
CONFIG = {"location": "ferry://harbour", "token": "cfy-canary-0123456789"}
#: The program of a plug-in, around what makes it misbehave.
PROGRAM = """\
#!/usr/bin/env python3
import os, sys, time
import plakar_wire
from ferry_times import Entry, FerryTimes
from plakar_wire import Server, serve, write_message, write_frame, number

class Plugin(FerryTimes):
    pass

{}
sys.exit(serve(Plugin(), sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote() as started:
        yield started


def run(
    zygote: Zygote, folder: Path, code: str, *arguments: str, seconds: float = 20.0, kind: str = "importer"
) -> PluginRun:
    plugin = folder / "plugin"
    for name in ("ferry_times.py", "plakar_wire.py"):
        shutil.copyfile(GOOD["plakar"] / name, folder / name)
    plugin.write_text(PROGRAM.format(code), encoding="utf-8")
    plugin.chmod(0o755)
    return run_plugin(zygote, plugin, arguments, Wish(kind, "ferry", CONFIG), Limits(wall_seconds=seconds))


def test_a_good_plug_in_is_heard_from_init_to_close(zygote: Zygote, tmp_path: Path) -> None:
    told = run(zygote, tmp_path, "")
    assert {name: over.status for name, over in told.answers.items()} == dict.fromkeys(
        ("Init", "Ping", "Import", "Close"), 0
    )
    assert told.described is not None
    assert (told.described.origin, told.described.flags, told.trouble) == ("harbour", 8, "")
    assert [one.path for one in told.records][:3] == ["/", "/lines", "/lines/north.csv"]
    assert [(one.size, one.record.size) for one in told.opened] == [(34, 34), (34, 34), (0, 0)]
    assert (told.is_finished, told.stray) == (True, b"")


@pytest.mark.parametrize(
    ("code", "arguments", "doing", "trouble"),
    [
        pytest.param("", ["--verbose"], "Init", "ends with exit code 1, after saying", id="exits on args"),
        pytest.param("os.kill(os.getpid(), 9)", [], "Init", "dies of signal 9", id="dies"),
        pytest.param(
            "Plugin.ping = lambda self: time.sleep(60)", [], "Ping", "gives no answer within 2 s", id="hangs"
        ),
        pytest.param("time.sleep(60)", [], "Init", "gives no answer within 2 s", id="says nothing"),
        pytest.param(
            "Plugin.ping = lambda self: os._exit(3)", [], "Ping", "ends with exit code 3", id="ends in a call"
        ),
        pytest.param(
            "Server.ping_call = lambda self, request: []",
            [],
            "Ping",
            "ends Ping without an answer",
            id="empty",
        ),
        pytest.param(
            "Server.records = lambda self: iter([b'\\x0a\\x05\\x10'])",
            [],
            "Import",
            "sends a message that cannot be read: a field is longer than its message",
            id="half a message",
        ),
        pytest.param(
            "Server.records = lambda self: iter([b'\\xff' * 30])",
            [],
            "Import",
            "sends a message that cannot be read: a number that does not end",
            id="no message",
        ),
        pytest.param(
            "write_frame(4, 0, 0); write_frame(0, 0, 7, b'x')", [], "Init", "breaks HTTP/2", id="bad stream"
        ),
        pytest.param(
            "write_frame(4, 0, 0)\nwhile True: os.write(1, b'x' * 9999)",
            [],
            "Init",
            "writes on without a frame",
            id="endless",
        ),
    ],
)
def test_what_breaks_a_conversation_off_is_told(
    zygote: Zygote, tmp_path: Path, code: str, arguments: list[str], doing: str, trouble: str
) -> None:
    told = run(zygote, tmp_path, code, *arguments, seconds=2.0)
    assert (told.doing, trouble in told.trouble) == (doing, True), told.trouble


@pytest.mark.parametrize(
    ("code", "during"),
    [
        pytest.param("print('Starting up', flush=True)", "Init", id="before the first frame"),
        pytest.param("print(flush=True)", "Init", id="an empty line"),
        pytest.param(
            "class Plugin(FerryTimes):\n    def entries(self):\n"
            "        print('walking', flush=True)\n        return super().entries()",
            "Import",
            id="during an import",
        ),
    ],
)
def test_what_is_printed_among_the_frames_is_told_and_the_rest_is_heard(
    zygote: Zygote, tmp_path: Path, code: str, during: str
) -> None:
    told = run(zygote, tmp_path, code)
    assert (told.stray_in, told.stray.endswith(b"\n")) == (during, True)
    assert (told.trouble, len(told.records), "Close" in told.answers) == ("", 5, True)


def test_an_import_without_end_is_heard_for_its_first_records(zygote: Zygote, tmp_path: Path) -> None:
    code = (
        "class Plugin(FerryTimes):\n    def entries(self):\n        for at in range(10**9):\n"
        "            yield Entry(f'/{at}', 0o644)"
    )
    told = run(zygote, tmp_path, code)
    assert (len(told.records), told.is_cut, told.is_finished, told.trouble) == (MAX_RECORDS, True, False, "")


def test_content_that_is_larger_than_declared_is_not_read_to_its_end(zygote: Zygote, tmp_path: Path) -> None:
    code = (
        "class Plugin(FerryTimes):\n    def entries(self):\n"
        "        return [Entry('/a', 0o644, 10, bytes(30_000)), Entry('/b', 0o644, 20_000, bytes(20_000))]"
    )
    told = run(zygote, tmp_path, code)
    assert [(one.record.path, one.size > one.record.size) for one in told.opened] == [
        ("/a", True),
        ("/b", False),
    ]
    assert told.trouble == ""


@pytest.mark.parametrize("kind", ["exporter", "storage"])
def test_a_call_of_another_service_is_not_there(zygote: Zygote, tmp_path: Path, kind: str) -> None:
    told = run(zygote, tmp_path, "", kind=kind)
    assert told.answers["Init"].said.startswith("UNIMPLEMENTED: unknown method /")
    assert (told.described, told.trouble) == (None, "")


def test_what_cannot_be_started_here_is_not_judged(zygote: Zygote, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    plugin.write_bytes(b"\x7fELF of another machine")
    plugin.chmod(0o755)
    with pytest.raises(Unverified, match="cannot be started here: OSError"):
        run_plugin(zygote, plugin, (), Wish("importer", "ferry", CONFIG))


def test_the_example_of_the_guide_lacks_its_validator_and_is_not_built(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(GUIDE, tmp_path / "plugin"))
    contract = "contract_version: '1'\nconnector: example\ncapabilities: {importer: {strategies: []}}\n"
    (folder / "certification.yaml").write_text(contract, encoding="utf-8")
    told = certify(folder, tmp_path / "out", "--only", "plakar")
    assert told.report["connector"]["system"] == "plakar"
    assert told.statuses == {
        "plakar_manifest_is_valid": "passed",
        "validator_is_valid": "blocked",
        "package_inputs_complete": "failed",
        "executable_exists": "unverified",
        "location_flags_match": "passed",
        "protocols_match": "passed",
        "plugin_stdout_is_pure": "unverified",
        "init_ping_close": "unverified",
        "import_records": "unverified",
        "open_bytes_match_size": "unverified",
        "no_canary_in_stderr": "not_applicable",
    }
    (finding,) = told.rules["package_inputs_complete"]["findings"]
    assert finding["message"] == "validator ./importer/schema.json is not there"
    assert finding["location"] == {"file": "manifest.yaml", "line": 18}
    unverified = [rule for rule in told.rules.values() if rule["status"] == "unverified"]
    assert all(rule["detail"].startswith("make   # ") for rule in unverified)


def test_tests_that_a_contract_asks_for_and_nobody_runs_are_unverified(tmp_path: Path) -> None:
    root = copy_of("plakar", tmp_path)
    only = ("--only", "own_tests_pass")
    assert certify(root, tmp_path / "before", *only).statuses == {"own_tests_pass": "not_applicable"}
    contract = root / "certification/certification.yaml"
    contract.write_text(contract.read_text() + "quality_gates:\n  unit_tests: true\n")
    asked = certify(root, tmp_path / "out", *only)
    assert (asked.exit_code, asked.statuses) == (1, {"own_tests_pass": "unverified"})
    told = asked.rules["own_tests_pass"]
    assert told["message"].startswith("unit_tests are asked for, and none can be run: a Plakar plug-in")
    assert told["detail"] == "quality_gates:\n  unit_tests: false\n"
