"""A PostgreSQL server for a test session: pgserver's binaries, else those that the system has."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`; None where there is none."""
    spec = importlib.util.find_spec("pgserver")
    bundled = [
        Path(place) / "pginstall" / "bin" for place in (spec and spec.submodule_search_locations) or ()
    ]
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    return next((place for place in (*bundled, *known, *on_path) if (place / "initdb").exists()), None)


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """A server's URL, while it runs."""
    user = _user()
    # Neither the folder of tests nor that of a virtual environment need be open to another user.
    place = Path(tempfile.mkdtemp(prefix="certify-postgres-", dir="/tmp"))
    try:
        if user is not None:
            os.chown(place, pwd.getpwnam(user).pw_uid, -1)
            folder = _within_reach(folder, place, user)
        _run([folder / "initdb", "-D", place / "data", "-A", "trust", "-U", "certify"], user)
        port = _free_port()
        settings: list[str | Path] = ["-h", "127.0.0.1", "-p", str(port), "-k", place, "-c", "fsync=off"]
        with (place / "log").open("wb") as log:
            server = subprocess.Popen(
                [folder / "postgres", "-D", place / "data", *settings], stdout=log, stderr=log, user=user
            )
        try:
            _wait_for(port, server, place / "log")
            yield f"postgresql://certify@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(20)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _user() -> str | None:
    """The server refuses to be run by root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _within_reach(folder: Path, place: Path, user: str) -> Path:
    """The programs, or a copy of them where they lie in somebody's own folder."""
    try:
        subprocess.run(
            [folder / "postgres", "--version"], user=user, check=True, capture_output=True, cwd="/"
        )
    except (OSError, subprocess.CalledProcessError):
        package = folder.parents[1]
        for one in (package, package.with_name(f"{package.name}.libs")):
            if one.is_dir():
                shutil.copytree(one, place / one.name)
        return place / folder.relative_to(package.parent)
    return folder


def _run(command: list[str | Path], user: str | None) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, user=user, check=False, cwd="/")
    assert ended.returncode == 0, ended.stderr


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"PostgreSQL does not start:\n{log.read_text()}")
