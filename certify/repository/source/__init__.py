"""The connector's Python source, read without running it: whom it speaks to, and how."""

from certify.repository.source.hosts import is_covered, is_local
from certify.repository.source.modules import PythonSources
from certify.repository.source.tls import unverified_tls
from certify.repository.source.tls_names import MAY_TURN_OFF
from certify.repository.source.urls import (
    MAY_HOLD_ADDRESS,
    Address,
    addresses,
    declared_hosts,
    is_declared,
    is_unencrypted,
)

__all__ = [
    "MAY_HOLD_ADDRESS",
    "MAY_TURN_OFF",
    "Address",
    "PythonSources",
    "addresses",
    "declared_hosts",
    "is_covered",
    "is_declared",
    "is_local",
    "is_unencrypted",
    "unverified_tls",
]
