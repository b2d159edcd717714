"""Find what an APPSeCONNECT adapter's project files tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from certify.repository.appseconnect.project import PACKAGE, ProjectFiles
from certify.systems.finding.checkout import Checkout
from certify.systems.finding.fact import Fact


def facts(checkout: Checkout) -> Iterator[Fact]:
    """The project's name is the connector's; a compiled release is named where it lies."""
    yield Fact(("capabilities", "adapter", "strategies"), [], "an adapter, as all of APPSeCONNECT are")
    project = ProjectFiles(checkout.repository)
    for file in project.projects:
        path = PurePosixPath(file)
        named = project.named(file, "AssemblyName")
        assembly = named[0] if named else path.stem
        yield Fact(("connector",), path.stem, file)
        built = str(path.parent / "bin" / "Release" / f"{assembly}.dll")
        if checkout.repository.exists(built):
            yield Fact(("subject", "assembly"), built, file)
    for one in project.sdk_versions:
        major = one.text.partition(".")[0]
        if major.isdecimal() and len(major) <= 4:
            yield Fact(("policy", "sdk"), {"package": PACKAGE, "major": int(major)}, str(one.location))
