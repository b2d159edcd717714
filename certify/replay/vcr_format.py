"""Load vcrpy for its file format alone, without the HTTP clients that it would record from."""

from __future__ import annotations

import importlib
import sys

#: Clients that vcrpy imports where they are installed, to replace parts of them while it records. Here it
#: never does: certify records with a server of its own.
_CLIENTS = (
    *("aiohttp.client", "botocore.awsrequest", "httplib2", "httpx", "requests", "tornado.simple_httpclient"),
    "urllib3",
)


def load_vcrpy() -> None:
    """Import vcrpy: with aiohttp, httpx and requests installed, in an eighth of the time."""
    if "vcr" in sys.modules:
        return
    left_out = [name for name in _CLIENTS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(left_out))  # type: ignore[arg-type]  # None: it is not to be found
    try:
        importlib.import_module("vcr")
    finally:
        for name in left_out:
            del sys.modules[name]
