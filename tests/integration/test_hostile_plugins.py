"""Plug-ins, adapters and manifests that are hard to read, in one command: each is told in words."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from certify.model import Report, Status
from tests.acceptance.connectors import COMMAND, GOOD
from tests.integration.conftest import MEASURE, read_report

BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 20))
LETTERS = "abcdefghijklmnopqrst"
ALIASES = "a: &a [x, x]\n" + "".join(f"{new}: &{new} [*{old}, *{old}]\n" for old, new in pairwise(LETTERS))
ZEROS = b"#!/bin/sh\nprintf '\\0\\0\\0\\4\\0\\0\\0\\0\\0'\nhead -c 90000 /dev/zero\n"
CHANCE = b"#!/bin/sh\nhead -c 90000 /dev/urandom\n"
MANIFEST, VALIDATOR, PROGRAM = "manifest.yaml", "importer/schema.json", "ferry-importer"
PROJECT, PACKAGES, DLL = "WarehouseStock.csproj", "packages.config", "bin/Release/WarehouseStock.dll"


def begun(system: str, file: str, share: float) -> bytes:
    """The beginning of a file of the good connector."""
    whole = (GOOD[system] / file).read_bytes()
    return whole[: int(len(whole) * share)]


#: By a name: the system, the file that is another, what it holds, and the rule that does not pass then.
CASES = {
    "cut_manifest": ("plakar", MANIFEST, begun("plakar", MANIFEST, 0.7) + b": [", "plakar_manifest_is_valid"),
    "aliases": ("plakar", MANIFEST, f"{ALIASES}connectors: *t\n".encode(), "plakar_manifest_is_valid"),
    "deep_manifest": ("plakar", MANIFEST, b"connectors: " + b"[" * 100_000, "plakar_manifest_is_valid"),
    "cut_validator": ("plakar", VALIDATOR, begun("plakar", VALIDATOR, 0.5), "validator_is_valid"),
    "bytes_of_chance": ("plakar", PROGRAM, CHANCE, "init_ping_close"),
    "a_frame_and_zeros": ("plakar", PROGRAM, ZEROS, "init_ping_close"),
    "entities": (
        "appseconnect",
        PROJECT,
        f"<!DOCTYPE x [{BOMB}]><Project>&e19;</Project>".encode(),
        "package_layout",
    ),
    "cut_project": ("appseconnect", PROJECT, begun("appseconnect", PROJECT, 0.5), "package_layout"),
    "an_entity_outside": (
        "appseconnect",
        PACKAGES,
        b'<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><packages>&x;</packages>',
        "sdk_major_is_compatible",
    ),
    "cut_assembly": ("appseconnect", DLL, begun("appseconnect", DLL, 0.6), "package_layout"),
    "no_assembly": ("appseconnect", DLL, b"MZ" + bytes(5000), "package_layout"),
    "cut_connector": (
        "planasonix",
        "connector.yaml",
        begun("planasonix", "connector.yaml", 0.4) + b"{",
        "planasonix_manifest_is_valid",
    ),
    "deep_schema": (
        "planasonix",
        "config.schema.json",
        b'{"properties": {"a": ' * 50_000,
        "config_schema_is_valid",
    ),
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """What is said of each; the rules that run a Python package are left out, which is not hostile here."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, (system, file, content, _) in CASES.items():
        root = Path(shutil.copytree(GOOD[system], folder / name))
        (root / file).write_bytes(content)
        contract = root / "certification" / "certification.yaml"
        contract.write_text(re.sub("(?m)^connector: .*", f"connector: {name}", contract.read_text("utf-8")))
    for system in ("plakar", "appseconnect", "planasonix"):
        only = {rule for one, _, _, rule in CASES.values() if one == system}
        words = [f"-C{folder / name}" for name, case in CASES.items() if case[0] == system]
        words += [f"--only={rule}" for rule in sorted(only)]
        measured = [sys.executable, "-c", MEASURE, *COMMAND, *words, f"--artifact-dir={folder / 'out'}"]
        ended = subprocess.run(measured, capture_output=True, text=True, timeout=120, check=False)
        *_, figures = ended.stdout.splitlines()
        assert (ended.returncode, ended.stderr, "Traceback" in ended.stdout) == (1, "", False), ended
        assert float(figures.split()[0]) < 30
        assert float(figures.split()[1]) < 300 * 1024
    return {name: read_report(folder / "out" / name) for name in CASES}


@pytest.mark.parametrize("name", CASES)
def test_what_is_hostile_is_told_in_words(name: str, reports: dict[str, Report]) -> None:
    rules = {one.id: one for one in reports[name].rules}
    assert Status.ERRORED not in {one.status for one in rules.values()}
    found = rules[CASES[name][3]]
    assert found.status in (Status.FAILED, Status.UNVERIFIED, Status.BLOCKED), found
    assert found.message
    assert "root:" not in str(found)
