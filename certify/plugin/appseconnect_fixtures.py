"""What a rule on APPSeCONNECT adapters may ask for by name, beside what `fixtures` has."""

from __future__ import annotations

import pytest

from certify.repository.appseconnect.adapter import Adapter
from certify.rules import Unverified
from certify.subject import Subject
from certify.systems.appseconnect import AppseconnectConnector

_NEEDS_ASSEMBLY = """\
subject:
  assembly: bin/Release/YourAdapter.dll   # built before certify runs
"""


@pytest.fixture(scope="session")
def adapter_files(subject: Subject) -> Adapter:
    """The adapter's files, whether they can be read or not."""
    assert isinstance(subject, AppseconnectConnector)
    return subject.adapter


@pytest.fixture(scope="session")
def adapter(adapter_files: Adapter) -> Adapter:
    """The adapter's files. Unverified where what they do cannot be told from C# or an assembly."""
    found = adapter_files
    if not found.sources and found.assembly is None:
        raise Unverified("there is neither source in C# nor an assembly to read", _NEEDS_ASSEMBLY)
    if found.unread and found.assembly is None:
        raise Unverified(f"{found.unread[0]} is too large, or no C# that can be read whole", _NEEDS_ASSEMBLY)
    return found
