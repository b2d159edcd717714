"""Keep of a downloaded certification what `certify verify` vouches for, and prepare what is to be signed.

The job that certified ran the connector's code, which could write any file: nothing is taken from it but a
record, its renderings that match it byte for byte, and digests of files that this job has fetched itself.

Standard library only. Takes REPORTS, DIST (may be empty) and VERIFIED from the environment.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

#: What a name may be made of: it becomes a folder, the name of an upload, and a word of the matrix.
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
SHA256 = re.compile(r"[0-9a-f]{64}")
#: The name of a report that lies at the top, where there is only one.
ONLY = "report"


def main() -> None:
    """Verify every record; ends the process with a line that says why, if any does not hold."""
    reports, verified = Path(os.environ["REPORTS"]), Path(os.environ["VERIFIED"])
    records = find_records(reports)
    if not records:
        sys.exit(f"no report in {reports}")
    dist = built_files(os.environ["DIST"])
    for name, record in records.items():
        verify(record, dist)
        keep(name, record, verified)
        prepare(name, record, dist, verified)
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"names={json.dumps(list(records))}\n")


def find_records(folder: Path) -> dict[str, Path]:
    """One record at the top, or one in each folder below it, by name."""
    found: dict[str, Path] = {}
    for path in sorted([*folder.glob("*.json"), *folder.glob("*/*.json")]):
        if not is_record(path):
            continue
        name = ONLY if path.parent == folder else path.parent.name
        if not NAME.fullmatch(name) or name in found:
            sys.exit(f"{path}: not one report in a folder of a plain name")
        found[name] = path
    return found


def is_record(path: Path) -> bool:
    """Whether it means to be a report; `certify verify` says whether it is one."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and "schema_version" in content and "footer" in content


def built_files(folder: str) -> dict[Path, str]:
    """Wheels and source distributions with their digests."""
    files = [path for path in sorted(Path(folder).iterdir()) if path.is_file()] if folder else []
    built = [path for path in files if path.name.endswith((".whl", ".tar.gz"))]
    if folder and not built:
        sys.exit(f"no wheel and no source distribution in {folder}")
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in built}


def verify(record: Path, dist: dict[Path, str]) -> None:
    """Let certify look at the record, and at each file that is released."""
    options = [word for path in dist for word in ("--artifact", str(path))]
    if subprocess.run(["certify", "verify", str(record), *options], check=False).returncode != 0:
        sys.exit(f"{record}: refused")


def keep(name: str, record: Path, verified: Path) -> None:
    """Copy the record and the renderings that it names; nothing else that lies there."""
    if read(record)["verdict"] == "none":
        sys.exit(f"{record}: a selection was run, which certifies nothing")
    into = verified / "files" / ("" if name == ONLY else name)
    into.mkdir(parents=True, exist_ok=True)
    named = [record.with_name(file) for file in read(record)["files"].values()]
    for path in [record, *(path for path in named if path.is_file())]:
        shutil.copyfile(path, into / path.name, follow_symlinks=True)


def prepare(name: str, record: Path, dist: dict[Path, str], verified: Path) -> None:
    """Write the predicate, and the subjects as `sha256sum` would: the record is one of them."""
    printed = subprocess.run(
        ["certify", "report", str(record), "--format", "attestation"], check=True, capture_output=True
    )
    statement = json.loads(printed.stdout)
    subjects = {one["name"]: one["digest"]["sha256"] for one in statement["subject"]}
    known = {one["sha256"].removeprefix("sha256:") for one in read(record)["connector"]["artifacts"]}
    if known != set(dist.values()):
        sys.exit(f"{record}: names other files than those that were fetched from where they were built")
    subjects[record.name] = hashlib.sha256(record.read_bytes()).hexdigest()
    for subject, digest in subjects.items():
        if not SHA256.fullmatch(digest) or not subject.isprintable():
            sys.exit(f"{record}: a subject without a plain name and a digest")
    into = verified / "attest" / name
    into.mkdir(parents=True, exist_ok=True)
    (into / "predicate.json").write_text(json.dumps(statement["predicate"], indent=2), encoding="utf-8")
    lines = (f"{digest}  {subject}\n" for subject, digest in subjects.items())
    (into / "subjects.txt").write_text("".join(lines), encoding="utf-8")


def read(record: Path) -> Any:
    """The record, which holds."""
    return json.loads(record.read_bytes())


if __name__ == "__main__":
    main()
