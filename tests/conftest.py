"""What all tests share: when real packages are installed, and when that is left out."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

# Hypothesis reads the constants of whatever is not in site-packages: in a test's own process two seconds,
# unless it finds them here.
_REMEMBERED = Path(tempfile.gettempdir()) / f"certify-tests-hypothesis-{os.getuid()}"
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(_REMEMBERED))

from hypothesis import settings  # noqa: E402  # it looks there when it is imported

# The command is started 900 times: where bytecode is not kept, compiling takes a third of each start.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    _COMPILED = Path(tempfile.gettempdir()) / f"certify-tests-bytecode-{os.getuid()}"
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(_COMPILED))

# How long one example takes says more of the machine than of the code.
settings.register_profile("certify", deadline=None)
settings.load_profile("certify")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave `real` tests out where they were not asked for (CI always asks), and `nightly` ones by day."""
    left_out = {}
    if os.environ.get("CERTIFY_REAL") != "1" and os.environ.get("CI") != "true":
        left_out["real"] = "installs a published package; set CERTIFY_REAL=1 to run it"
    if os.environ.get("CERTIFY_NIGHTLY") != "1":
        left_out["nightly"] = "takes many minutes; set CERTIFY_NIGHTLY=1 to run it"
    for item in items:
        for marker, reason in left_out.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))
