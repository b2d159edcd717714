"""Find what an APPSeCONNECT adapter's project files tell: XML, of which a few words are looked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from certify.systems.finding.checkout import Checkout
from certify.systems.finding.fact import Fact

_ASSEMBLY = re.compile(r"<AssemblyName>\s*([\w.-]{1,100})\s*</AssemblyName>")
_SDK = re.compile(
    r"(?:id=\"APPSeCONNECT\"\s+version=\"|Include=\"APPSeCONNECT\"\s+Version=\"|InSync\.eConnect\.APPSeCONNECT,\s*Version=)"
    r"(\d{1,4})\b",
    re.IGNORECASE,
)


def facts(checkout: Checkout) -> Iterator[Fact]:
    """The project's name is the connector's; a compiled release is named where it lies."""
    yield Fact(("capabilities", "adapter", "strategies"), [], "an adapter, as all of APPSeCONNECT are")
    for file in checkout.repository.files("*.csproj", "*.vbproj"):
        text = checkout.repository.text(file) or ""
        path = PurePosixPath(file)
        named = _ASSEMBLY.search(text)
        assembly = named[1] if named else path.stem
        yield Fact(("connector",), path.stem, file)
        built = str(path.parent / "bin" / "Release" / f"{assembly}.dll")
        if checkout.repository.exists(built):
            yield Fact(("subject", "assembly"), built, file)
        yield from _sdk(text, file)
    yield from _sdk(checkout.repository.text("packages.config") or "", "packages.config")


def _sdk(text: str, file: str) -> Iterator[Fact]:
    found = _SDK.search(text)
    if found:
        yield Fact(("policy", "sdk"), {"package": "APPSeCONNECT", "major": int(found[1])}, file)
