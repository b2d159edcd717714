"""vcrpy is loaded for its format alone."""

from __future__ import annotations

import subprocess
import sys

LOADS = """
import sys
from certify.replay.vcr_format import load_vcrpy
load_vcrpy()
print(*sorted({"aiohttp", "httpx", "requests", "urllib3"}.intersection(sys.modules)))
import aiohttp.client, httpx, requests, urllib3.connection
from vcr.serialize import deserialize
"""


def test_clients_are_not_imported_with_it_and_can_be_later() -> None:
    ended = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=False)
    assert (ended.stdout.strip(), ended.stderr) == ("", "")
