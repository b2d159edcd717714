"""Whether an interpreter has what a build requires, and whether that is as new as what pip would fetch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from certify.errors import SandboxError
from certify.repository.project.requirements import normal_name, parse_requirement
from certify.rules import Undecided
from certify.sandbox.limits import Limits
from certify.sandbox.zygote import Zygote

#: A failure of an older backend may be that backend's: pip would have fetched a newer one.
_CURRENT = {"setuptools": "77.0.3", "hatchling": "1.27", "poetry-core": "2.0", "flit-core": "3.12"}
#: setuptools makes wheels by itself since then; projects still name the package it took before.
_WITHOUT_WHEEL = "70.1"


class Lacking(Undecided):
    """An interpreter has not what the build takes; another one may have it."""


def installed_versions(zygote: Zygote, names: Iterable[str]) -> dict[str, str]:
    """The versions of these distributions in an interpreter, by normal name; what is absent is left out."""
    task = {"do": "distributions", "required": list(names), "optional": []}
    for message in zygote.run(task, Limits()).messages:
        if "done" in message:
            return {normal_name(name): version for name, version in message["done"]["versions"].items()}
    raise SandboxError("the installed distributions of the connector's interpreter cannot be listed")


def distribution_names(requirements: Iterable[str]) -> list[str]:
    """The names in these requirements."""
    return [one.name for one in map(parse_requirement, requirements) if one is not None]


def absent(requirements: Iterable[str], versions: Mapping[str, str], python: str) -> dict[str, str]:
    """What of these is not installed, or not in a version asked for; each with how it is told.

    `python` is the interpreter's version.
    """
    from packaging.version import Version

    found = {}
    for text in requirements:
        one = parse_requirement(text)
        if one is None:
            continue  # the backend will say so
        name = normal_name(one.name)
        setuptools = versions.get("setuptools")
        if name == "wheel" and setuptools and Version(setuptools) >= Version(_WITHOUT_WHEEL):
            continue
        if one.marker is not None and not one.marker.evaluate(_environment(python)):
            continue
        if name not in versions or not one.specifier.contains(versions[name], prereleases=True):
            there = f" ({versions[name]} is installed)" if name in versions else ""
            found[text] = f"{text}{there}"
    return found


def _environment(python: str) -> dict[str, str]:
    """What markers compare, for an interpreter on this machine."""
    return {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}


def not_installed(zygote: Zygote, requirements: Mapping[str, str]) -> Lacking:
    """What to say when these are missing: requirements, each with how it is told."""
    interpreter = zygote.ready["executable"]
    needed = " ".join(f"'{one}'" if set(one) & set("<>=!~;[ ") else one for one in requirements)
    return Lacking(
        f"{', '.join(requirements.values())}: needed to build the wheel, and not there in {interpreter}",
        f"{interpreter} -m pip install {needed}",
    )


def require_current(zygote: Zygote, versions: Mapping[str, str]) -> None:
    """Raise Lacking when the backend that failed is an old one."""
    from packaging.version import Version

    for name, current in _CURRENT.items():
        if name in versions and Version(versions[name]) < Version(current):
            raise Lacking(
                f"the wheel does not build with {name} {versions[name]}; pip would use a newer one",
                f"{zygote.ready['executable']} -m pip install --upgrade {name}",
            )
