"""Extras that a file declares which is not read for them are not taken for none."""

from __future__ import annotations

from pathlib import Path

import pytest

from certify.contract import load_contract
from certify.systems import subject_of

CONTRACT = "contract_version: '1'\nconnector: demo\nsystem: python\ncapabilities: {source: {}}\n"


@pytest.mark.parametrize(
    ("pyproject", "others", "elsewhere"),
    [
        ('[project]\nname = "demo"\n', (), ""),
        ('[project]\nname = "demo"\n', ("setup.py",), ""),
        ('[project]\nname = "demo"\ndynamic = ["optional-dependencies"]\n', ("setup.py",), "setup.py"),
        ("", ("setup.cfg",), "setup.cfg"),
        ("", (), ""),
    ],
)
def test_extras_may_stand_elsewhere(
    pyproject: str, others: tuple[str, ...], elsewhere: str, tmp_path: Path
) -> None:
    (tmp_path / "certification.yaml").write_text(CONTRACT, "utf-8")
    (tmp_path / "pyproject.toml").write_text(pyproject, "utf-8")
    for name in others:
        (tmp_path / name).write_text("", "utf-8")
    assert subject_of(load_contract(tmp_path)).extras_elsewhere == elsewhere
