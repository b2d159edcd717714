"""Find an installed package in the interpreter of a run, without importing it."""

from __future__ import annotations

from pathlib import Path

from certify.errors import SandboxError
from certify.repository.project.installed import FindsInstalled, Installed
from certify.repository.project.wheel_file import core_metadata
from certify.sandbox.limits import Limits
from certify.sandbox.zygote import Zygote


def find_installed(zygote: Zygote, package: str) -> Installed | None:
    """The package of this dotted name; None where it is not installed."""
    for message in zygote.run({"do": "locate", "package": package}, Limits()).messages:
        if "done" in message:
            return _found(message["done"])
    raise SandboxError(f"whether {package!r} is installed in the connector's interpreter cannot be told")


def installed_in(interpreter: Path | None) -> FindsInstalled:
    """Looks in an interpreter that no sandbox runs in yet."""

    def find(package: str) -> Installed | None:
        with Zygote(interpreter) as zygote:
            return find_installed(zygote, package)

    return find


def _found(told: dict[str, str | None]) -> Installed | None:
    if not told["folder"]:
        return None
    said, described = told["metadata"], told["described"]
    return Installed(
        Path(told["folder"]), core_metadata(said) if said else None, Path(described) if described else None
    )
