"""What a terminal shows; `python -m tests.acceptance.terminal` writes the expected texts anew."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from tests.acceptance.connectors import Broken, certify, copy_of

EXPECTED = Path(__file__).with_name("expected")

#: The good connector, and broken ones whose findings are the same wherever and with whatever they are run.
SHOWN = ("good", "optional_dependencies_are_optional", "examples_parse")

_SECONDS = re.compile(r"\d+\.\d+ s\b")


def shown(name: str) -> str:
    """What is printed, 100 columns wide and without colours; folder, seconds and trailing blanks aside."""
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder)
        connector = copy_of("dpone", into) if name == "good" else Broken.of(name).lay_out(into)
        printed = certify(connector, into / "out").printed.replace(folder, "FOLDER")
    return "".join(f"{_SECONDS.sub('0.00 s', line).rstrip()}\n" for line in printed.splitlines())


if __name__ == "__main__":
    EXPECTED.mkdir(exist_ok=True)
    for name in SHOWN:
        (EXPECTED / f"{name}.txt").write_text(shown(name), "utf-8")
