"""`certify record` of commands: what a tap or a source asks, from its discovery to its last state."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from certify.model import Status
from certify.replay import read_cassette
from tests.acceptance.connectors import copy_of
from tests.integration.live_api import API_KEY, LiveApi, served

if TYPE_CHECKING:
    from tests.integration.conftest import Command

Records = Callable[..., Any]
#: By the systems: the variable of the token, what is asked for, and the package's folder.
TOKENS = {"singer": "GAUGES_TOKEN", "airbyte": "FERRIES_TOKEN"}
PATHS = {"singer": "/v1/readings", "airbyte": "/v1/departures"}
CODE = Path("src") / "tap_gauge_readings" / "command.py"
#: Has the tap ask which gauges there are, before it prints its catalog.
DISCOVERS = """\
    if asked.discover:
        import requests
        from tap_gauge_readings.session import open_session
        open_session(asked.config["api_token"]).get("https://gauges.example/v1/gauges").raise_for_status()
"""


@pytest.fixture
def api(tmp_path: Path) -> Iterator[LiveApi]:
    with served(tmp_path) as live:
        yield live


def answers(root: Path) -> dict[str, tuple[int, dict[str, str], bytes]]:
    """What the connector's own cassettes hold, by target."""
    found = {}
    for path in sorted((root / "certification" / "cassettes").glob("*.yaml")):
        for one in read_cassette(path, path.name).recorded:
            found[one.asked.target] = (one.answer.status, dict(one.answer.headers), one.answer.body)
    return found


@pytest.fixture
def made(tmp_path: Path, api: LiveApi) -> Callable[[str], Path]:
    """A copy of the good connector of a system, without cassettes; the API answers as they did."""

    def make(system: str) -> Path:
        root = copy_of(system, tmp_path)
        api.said |= answers(root)
        shutil.rmtree(root / "certification" / "cassettes")
        return root

    return make


@pytest.fixture
def record(certify: Command, api: LiveApi) -> Records:
    """Records a connector with a token of the API's."""

    def run(root: Path, *arguments: object, **environment: str) -> Any:
        tokens = dict.fromkeys(TOKENS.values(), API_KEY)
        env = {**api.environment, **tokens, **environment}
        return certify("record", "-C", root, *arguments, env=env)

    return run


def cassettes(root: Path) -> dict[str, str]:
    folder = root / "certification" / "cassettes"
    return {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*"))}


def targets(root: Path, name: str) -> list[str]:
    read = read_cassette(root / "certification" / "cassettes" / name, name)
    return [one.asked.target for one in read.recorded]


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


RECORDED = {
    "singer": ["full_refresh.yaml", "incremental.yaml", "resume@1.yaml", "resume@2.yaml"],
    "airbyte": ["check.yaml", "full_refresh.yaml", "incremental.yaml", "resume@1.yaml", "resume@2.yaml"],
}
RULES = ("full_read_is_complete", "second_read_is_empty", "resume_from_every_checkpoint", "stdout_is_pure")


@pytest.mark.parametrize("system", RECORDED)
def test_a_command_is_recorded_and_certified_when_the_api_is_gone(
    system: str,
    made: Callable[[str], Path],
    record: Records,
    api: LiveApi,
    certify: Command,
    statuses_in: Callable[[Path], dict[str, Status]],
    tmp_path: Path,
) -> None:
    root = made(system)
    ran = record(root)
    assert (ran.code, ran.err) == (0, ""), ran.out
    assert api.credentials == {f"Bearer {API_KEY}"}
    assert list(cassettes(root)) == RECORDED[system]
    assert not [text for text in cassettes(root).values() if API_KEY in text]
    path = PATHS[system]
    assert targets(root, "full_refresh.yaml") == [f"{path}?after={after}" for after in (0, 3, 5)]
    assert targets(root, "resume@1.yaml") == [f"{path}?after={after}" for after in (3, 5)]
    assert targets(root, "incremental.yaml") == [f"{path}?after=7"]
    assert "discover: not recorded: it sends no request" in ran.out
    assert [line.split()[-1] for line in ran.out.splitlines() if ".yaml " in line] == [
        "yes" for _ in RECORDED[system]
    ]

    api.shutdown()
    only = [word for rule in RULES for word in ("--only", rule)]
    ran = certify("-C", root, *only, "--artifact-dir", tmp_path / "out")
    ended = statuses_in(tmp_path / "out")
    assert {rule: ended[rule] for rule in RULES} == dict.fromkeys(RULES, Status.PASSED), ran.out


@pytest.fixture
def tap(made: Callable[[str], Path]) -> Path:
    """The good tap."""
    return made("singer")


@pytest.fixture
def discovering(tap: Path, api: LiveApi) -> Path:
    """The good tap, whose discovery asks the API which gauges there are."""
    change(tap / CODE, "    if asked.discover:\n", DISCOVERS)
    api.said["/v1/gauges"] = (200, {"content-type": "application/json"}, b'{"gauges": ["Trier"]}')
    return tap


def test_what_a_discovery_asks_for_is_recorded_too(
    discovering: Path,
    record: Records,
    api: LiveApi,
    certify: Command,
    statuses_in: Callable[[Path], dict[str, Status]],
    tmp_path: Path,
) -> None:
    ran = record(discovering)
    assert (ran.code, ran.err) == (0, ""), ran.out
    assert targets(discovering, "discover.yaml") == ["/v1/gauges"]
    assert targets(discovering, "full_refresh.yaml")[0] == "/v1/readings?after=0"
    assert API_KEY not in cassettes(discovering)["discover.yaml"]

    api.shutdown()
    rules = ("discover_is_stable", "full_read_is_complete")
    only = [word for rule in rules for word in ("--only", rule)]
    certify("-C", discovering, *only, "--artifact-dir", tmp_path / "out")
    ended = statuses_in(tmp_path / "out")
    assert {rule: ended[rule] for rule in rules} == dict.fromkeys(rules, Status.PASSED)


def test_a_read_alone_stands_on_a_discovery_that_is_told_of(
    discovering: Path, record: Records, api: LiveApi
) -> None:
    ran = record(discovering, "--only", "full_refresh")
    assert (ran.code, ran.err) == (0, ""), ran.out
    assert list(cassettes(discovering)) == ["full_refresh.yaml"]
    assert "discover: not recorded: only reads were asked for; --only discover records it too" in ran.out
    before = cassettes(discovering)
    ran = record(discovering, "--only", "discover")
    assert (ran.code, ran.err) == (0, ""), ran.out
    assert list(cassettes(discovering)) == ["discover.yaml", "full_refresh.yaml"]
    assert cassettes(discovering)["full_refresh.yaml"] == before["full_refresh.yaml"]
    api.asked.clear()
    ran = record(discovering, "--only", "discover")
    assert ran.error_line == (
        "certify: certification/cassettes/discover.yaml: is there already; --refresh records it anew"
    )
    assert api.asked == []


def test_what_is_not_recorded_anew_stays(tap: Path, record: Records) -> None:
    future = tap / "certification" / "cassettes" / "resume@future.yaml"
    future.parent.mkdir()
    future.write_text("of the author's", encoding="utf-8")
    ran = record(tap)
    assert (ran.code, ran.err) == (0, ""), ran.out
    assert cassettes(tap)["resume@future.yaml"] == "of the author's"


def test_a_tap_that_knows_no_discovery_is_recorded_all_the_same(tap: Path, record: Records) -> None:
    change(tap / CODE, '"--discover", action="store_true"', '"--describe", dest="discover"')
    ran = record(tap, "--only", "full_refresh")
    assert (ran.code, ran.err) == (0, ""), ran.out
    assert (
        "discover: not recorded: tap-gauge-readings --config config.json --discover: it knows no" in ran.out
    )
    assert list(cassettes(tap)) == ["full_refresh.yaml"]


def test_what_only_the_command_itself_calls_a_secret_is_one(tap: Path, record: Records, api: LiveApi) -> None:
    """Its specification is in no file: it is asked for it, offline, before any request is sent."""
    package = tap / "src" / "tap_gauge_readings"
    schema = json.loads((package / "config.schema.json").read_text("utf-8"))
    schema["properties"]["river"] = {"type": "string", "secret": True, "description": "Which."}
    (package / "config.schema.json").rename(package / "told.txt")
    (package / "told.txt").write_text(json.dumps(schema), encoding="utf-8")
    change(package / "settings.py", "config.schema.json", "told.txt")
    change(package / "gauges.py", '{"after": str(after)}', '{"after": str(after), "on": "Saar-und-Mosel"}')
    config = tap / "certification" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text("utf-8")) | {"river": "Saar-und-Mosel"}))
    api.said |= {f"{target}&on=Saar-und-Mosel": said for target, said in api.said.items()}
    ran = record(tap, "--only", "full_refresh")
    assert not [text for text in cassettes(tap).values() if "Saar-und-Mosel" in text]
    assert "Add to certification/certification.yaml: subject: {secrets: [river]}" in ran.out


def test_a_secret_in_what_a_discovery_answers_is_refused(
    discovering: Path, record: Records, api: LiveApi
) -> None:
    api.said["/v1/gauges"] = (200, {}, json.dumps({"gauges": [f"of {API_KEY}"]}).encode())
    ran = record(discovering)
    assert ran.code == 2
    assert ran.err.splitlines()[0] == (
        "certify: discover: request 1 (GET gauges.example/v1/gauges): the answer at $.gauges[0]: "
        "holds api_token, as it is"
    )
    assert not (discovering / "certification" / "cassettes").exists()


REFUSED = (403, {"content-type": "application/json"}, b'{"error": "no such token"}')


@pytest.mark.parametrize(
    ("system", "only", "said"),
    [
        ("airbyte", "check", "check: the connector failed: FAILED: /v1/departures: status 403"),
        (
            "airbyte",
            "full_refresh",
            "full_refresh: the connector failed: exit code 1: /v1/departures: status 403",
        ),
        (
            "singer",
            "full_refresh",
            "full_refresh: the connector failed: exit code 1: tap-gauge-readings: /v1/r",
        ),
    ],
)
def test_credentials_that_are_refused_are_told(
    system: str, only: str, said: str, made: Callable[[str], Path], record: Records, api: LiveApi
) -> None:
    root = made(system)
    api.said[PATHS[system]] = REFUSED
    for target in [one for one in api.said if "?" in one]:
        del api.said[target]
    ran = record(root, "--only", only)
    assert ran.code == 2
    assert ran.error_line.startswith(f"certify: {said}")
    assert ran.error_line.endswith("; nothing was written")
    assert not (root / "certification" / "cassettes").exists()


def without_patience(tap: Path) -> None:
    change(tap / "src" / "tap_gauge_readings" / "session.py", "total=4", "total=0")
    change(
        tap / "src" / "tap_gauge_readings" / "gauges.py",
        "except ChunkedEncodingError:\n            return",
        "except ZeroDivisionError:\n            return",
    )


def test_an_api_that_is_gone_midway_leaves_nothing(tap: Path, record: Records, api: LiveApi) -> None:
    without_patience(tap)
    api.said["/v1/readings?after=5"] = (0, {}, b"")
    ran = record(tap)
    assert ran.code == 2
    assert "ConnectionError: " in ran.error_line
    assert ", after GET gauges.example/v1/readings: gave no whole answer" in ran.error_line
    assert ran.error_line.endswith("; nothing was written")
    assert not (tap / "certification" / "cassettes").exists()


def test_nor_does_a_tap_that_keeps_it_to_itself(tap: Path, record: Records, api: LiveApi) -> None:
    without_patience(tap)
    change(tap / CODE, "except (ReadingsUnavailable, WrongConfiguration)", "except Exception")
    change(tap / CODE, "        return 1\n", "        return 0\n")
    api.said["/v1/readings?after=5"] = (0, {}, b"")
    ran = record(tap)
    assert ran.code == 2
    assert ran.error_line.startswith("certify: full_refresh: GET gauges.example/v1/readings: gave no whole")
    assert ran.error_line.endswith(", and the connector does not say so; nothing was written")
    assert not (tap / "certification" / "cassettes").exists()


ENDINGS = {
    "raise SystemExit(1)": "exit code 1",
    "import os; print('token', config['api_token'], flush=True); os._exit(4)": "exit code 4",
    "raise ValueError('no\\n' + config['api_token'])": "ValueError: no REDACTED",
    "import time; time.sleep(60)": "it did not end within 4 s; --timeout gives it longer",
}


@pytest.mark.parametrize("how", ENDINGS)
def test_a_command_that_fails_is_told_in_one_line(how: str, tap: Path, record: Records) -> None:
    change(tap / CODE, "    config = checked(config)\n", f"    config = checked(config)\n    {how}\n")
    ran = record(tap, "--timeout", "4")
    assert ran.code == 2
    assert ran.error_line == (
        f"certify: full_refresh: the connector failed: {ENDINGS[how]}; nothing was written"
    )
    assert API_KEY not in ran.out + ran.err
    assert not (tap / "certification" / "cassettes").exists()


MISTAKES = {
    "no such script": (
        ("[tap-gauge-readings]", "[tap-gauges]"),
        "has no console script 'tap-gauges'",
    ),
    "no such program": (
        ("[tap-gauge-readings]", "[bin/tap]"),
        "certification.yaml:18: subject.command: there is no executable bin/tap: build it",
    ),
    "no command": (
        ("  command: [tap-gauge-readings]\n", ""),
        "subject.command names no command; add `command: [your-connector]`, a console script",
    ),
    "a target": (
        ("  source:\n    strategies: [full_refresh, incremental_append]", "  sink:\n    strategies: [merge]"),
        "subject.command is a target's: it asks nothing that could be recorded",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_command_that_cannot_be_recorded_is_told_in_one_line(
    mistake: str, tap: Path, record: Records, api: LiveApi
) -> None:
    (before, after), said = MISTAKES[mistake]
    change(tap / "certification" / "certification.yaml", before, after)
    if mistake == "a target":
        change(tap / "certification" / "certification.yaml", "    - full_read_is_complete\n", "")
        change(tap / "certification" / "certification.yaml", "    - resume_from_every_checkpoint\n", "")
    ran = record(tap)
    assert ran.code == 2
    assert said in ran.error_line
    assert (mistake == "no such script") is ("this uses the network" in ran.out)
    assert api.asked == []


def test_one_stream_of_a_command_is_not_recorded(tap: Path, record: Records) -> None:
    ran = record(tap, "--stream", "readings")
    assert ran.code == 2
    assert ran.error_line == (
        "certify: --stream: a command is read whole, every stream of its catalog; leave it out"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_end_by_a_signal_leaves_no_configuration_behind(
    number: signal.Signals, tap: Path, certify: Command, api: LiveApi
) -> None:
    """That nothing is left in the folder for temporary files, the fixture looks at the end."""
    api.holds = True
    process = certify.start("record", "-C", tap, env={**api.environment, "GAUGES_TOKEN": API_KEY})
    certify.until(lambda: api.asked)
    held = [path for path in certify.temporary.rglob("config.json") if API_KEY in path.read_text("utf-8")]
    assert len(held) == 1
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "certify: interrupted; nothing was written\n"), out


def test_a_finished_run_has_no_configuration_left_for_the_next(tap: Path, record: Records) -> None:
    """What a command leaves in its folder, a copy of its configuration say, no other run finds."""
    spies = """\
    import os, pathlib
    found = [str(path) for path in pathlib.Path.home().rglob("*.json") if "GAUGES" not in str(path)]
    pathlib.Path.home().joinpath("kept.json").write_text(json.dumps(config))
    print(f"found {sorted(map(os.path.basename, found))}", file=sys.stderr)
    if "kept.json" in str(found): sys.exit("it is still there")
    config = checked(config)
"""
    change(tap / CODE, "    config = checked(config)\n", spies)
    ran = record(tap)
    assert (ran.code, ran.err) == (0, ""), ran.out


SHELL = """\
#!/bin/sh
case "$*" in
*--discover*) echo '{"streams": []}'; exit 0 ;;
esac
echo '{"type": "SCHEMA", "stream": "readings", "schema": {"type": "object"}, "key_properties": ["number"]}'
for after in 0 3 5; do
  page=$(curl --fail --silent --show-error -H "Authorization: Bearer $(grep -o 'k3[A-Za-z0-9]*' "$2")" \\
    "https://gauges.example/v1/readings?after=$after") || exit $?
  for number in $(echo "$page" | grep -o '"number": [0-9]*' | grep -o '[0-9]*$'); do
    echo "{\\"type\\": \\"RECORD\\", \\"stream\\": \\"readings\\", \\"record\\": {\\"number\\": $number}}"
  done
done
"""


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("isolation", ["auto", "none"])
def test_a_tap_of_any_other_language_is_recorded_behind_the_wire(
    isolation: str, tap: Path, record: Records, api: LiveApi
) -> None:
    program = tap / "bin" / "tap-gauges"
    program.parent.mkdir()
    program.write_text(SHELL, encoding="utf-8")
    program.chmod(0o755)
    change(tap / "certification" / "certification.yaml", "[tap-gauge-readings]", "[bin/tap-gauges]")
    ran = record(tap, CERTIFY_ISOLATION=isolation)
    assert (ran.code, ran.err) == (0, ""), ran.out
    assert f"Bearer {API_KEY}" in api.credentials
    assert list(cassettes(tap)) == ["full_refresh.yaml"]
    assert API_KEY not in cassettes(tap)["full_refresh.yaml"]
    assert "incremental: not recorded: the source emits no STATE" in ran.out
