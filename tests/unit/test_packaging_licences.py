"""One licence: declared, in a file, and the same in both."""

from __future__ import annotations

from pathlib import Path

import pytest

from certify.repository.project.wheel_file import CoreMetadata
from certify.rules import Unverified
from certify_suites import packaging
from tests.unit.packaging_projects import PYPROJECT, distribution, told

MIT = (
    "MIT\n\nPermission is hereby granted, free of charge, to any person\nobtaining a copy of this software\n"
)
APACHE = (
    "                                 Apache License\n                           Version 2.0, January 2004\n"
)
GPL = "GNU GENERAL PUBLIC LICENSE\n  Version 3, 29 June 2007\n"
AGPL = "GNU AFFERO GENERAL PUBLIC LICENSE\nVersion 3\n\n… the GNU General Public License …\n"
BSD = "Redistribution and use in source and binary forms,\nwith or without modification, are permitted\n"
OTHER = "Do what is right.\n"
TOML = "pyproject.toml"
CLASSIFIED = 'classifiers = ["License :: OSI Approved :: {}"]'


def licence(root: Path, declared: str, files: dict[str, str], built: CoreMetadata | None = None) -> list[str]:
    project = PYPROJECT.replace('license = "MIT"', declared)
    one = distribution(root, {TOML: project} | files, built=built)
    return told(lambda evidence: packaging.test_license_declared(one, evidence))


@pytest.mark.parametrize(
    ("declared", "files"),
    [
        ('license = "MIT"', {"LICENSE": MIT}),
        ('license = "MIT"\nlicense-files = ["legal/*"]', {"legal/MIT.txt": MIT}),
        ('license = "MIT OR Apache-2.0"', {"LICENSE-MIT": MIT, "LICENSE-APACHE": APACHE}),
        ('license = "MIT AND BSD-3-Clause"', {"LICENSE.md": MIT}),
        (
            'license = "Apache-2.0"',
            {"LICENCE.txt": "Copyright 2026\n\nLicensed under the Apache License,\nVersion 2.0"},
        ),
        ('license = {text = "Apache License 2.0"}', {"COPYING": APACHE}),
        ('license = {file = "COPYING.txt"}', {"COPYING.txt": GPL}),
        ('classifiers = ["License :: OSI Approved :: MIT License"]', {"LICENSE": MIT}),
        ('license = "MIT"\nclassifiers = ["License :: OSI Approved"]', {"LICENSE": MIT}),
        ('license = "AGPL-3.0-or-later"', {"LICENSE": AGPL}),
        ('license = "BSD-3-Clause"', {"LICENSE": BSD}),
        ('license = "LicenseRef-Proprietary"', {}),
        ('license = {text = "Proprietary"}', {}),
        ('classifiers = ["License :: Other/Proprietary License"]', {}),
        # What is not certain is not judged.
        ('license = "PostgreSQL"', {"LICENSE": MIT}),
        ('license = "Apache-2.0"', {"LICENSE": OTHER}),
        ('license = "Apache-2.0"', {"LICENSE": APACHE, "LICENSE-vendored": OTHER}),
        ('license = "GPL-2.0-only WITH Classpath-exception-2.0"', {"LICENSE": MIT}),
        (
            'license = {text = "Apache"}\n' + CLASSIFIED.format("Python Software Foundation License"),
            {"LICENSE": APACHE},
        ),
        (
            CLASSIFIED.format('MIT License", "License :: OSI Approved :: Apache Software License'),
            {"LICENSE": APACHE},
        ),
    ],
)
def test_a_licence_that_is_declared_and_there_passes(
    tmp_path: Path, declared: str, files: dict[str, str]
) -> None:
    assert licence(tmp_path, declared, files) == []


@pytest.mark.parametrize(
    ("declared", "files", "found"),
    [
        ("", {"LICENSE": MIT}, [f"{TOML}:5: the metadata names no licence; LICENSE holds the MIT licence"]),
        ("", {"LICENSE": OTHER}, [f"{TOML}:5: the metadata names no licence"]),
        ('license-files = ["LICENSE"]', {"LICENSE": OTHER}, [f"{TOML}:5: the metadata names no licence"]),
        ('license = "MIT"', {}, [f"{TOML}:8: there is no licence file"]),
        ('license = {text = "MIT"}', {}, [f"{TOML}:8: there is no licence file"]),
        ('license = "MIT"', {"LICENSE": " \n"}, ["LICENSE: LICENSE is empty"]),
        (
            'license = "MIT"\nlicense-files = ["LICENS"]',
            {"LICENSE": MIT},
            [f"{TOML}:9: no file matches 'LICENS'"],
        ),
        ('license = {file = "COPYING"}', {"LICENSE": MIT}, [f"{TOML}:8: no file matches 'COPYING'"]),
        (
            'license = "Apache-2.0"',
            {"LICENSE": MIT},
            [f"LICENSE:1: LICENSE holds the MIT licence, {TOML}:8 says Apache-2.0"],
        ),
        (
            'classifiers = ["License :: OSI Approved :: MIT License"]',
            {"LICENSE": AGPL},
            [f"LICENSE:1: LICENSE holds the AGPL licence, {TOML}:8 says MIT License"],
        ),
        (
            'license = "Apache-2.0"\n\n\n' + CLASSIFIED.format("MIT License"),
            {"LICENSE": APACHE},
            [f"{TOML}:11: {TOML}:11 says MIT License, {TOML}:8 says Apache-2.0"],
        ),
    ],
)
def test_what_is_missing_or_contradicts_is_found(
    tmp_path: Path, declared: str, files: dict[str, str], found: list[str]
) -> None:
    assert licence(tmp_path, declared, files) == found


@pytest.mark.parametrize(
    "expression", ["Apache 2.0", "GPLv3", "MIT License", "MIT/Apache-2.0", "Apache-2.0 OR"]
)
def test_an_expression_that_is_no_spdx_is_found(tmp_path: Path, expression: str) -> None:
    found = licence(tmp_path, f'license = "{expression}"', {"LICENSE": OTHER})
    assert len(found) == 1
    assert found[0].startswith(f"{TOML}:8: {expression!r} is no SPDX expression")


def test_free_text_outside_of_the_standard_table_need_be_no_expression(tmp_path: Path) -> None:
    files = {TOML: '[tool.poetry]\nname = "demo"\nlicense = "Apache 2.0"\n', "LICENSE": APACHE}
    assert told(lambda seen: packaging.test_license_declared(distribution(tmp_path, files), seen)) == []


def test_a_setup_py_is_asked_through_its_wheel(tmp_path: Path) -> None:
    files = {"setup.py": "from setuptools import setup\nsetup()\n", "LICENSE": MIT}
    good = CoreMetadata("demo", "1.2.0", licence="MIT")
    assert (
        told(lambda seen: packaging.test_license_declared(distribution(tmp_path, files, built=good), seen))
        == []
    )
    bare = CoreMetadata("demo", "1.2.0", classifiers=("Typing :: Typed",))
    one = distribution(tmp_path, files, built=bare)
    assert told(lambda seen: packaging.test_license_declared(one, seen)) == [
        "setup.py:1: the metadata names no licence; LICENSE holds the MIT licence"
    ]


def test_a_licence_that_nothing_tells_is_unverified(tmp_path: Path) -> None:
    files = {"setup.py": "from setuptools import setup\nsetup()\n", "LICENSE": MIT}
    with pytest.raises(Unverified, match="licence is not known"):
        distribution(tmp_path, files).licence()
