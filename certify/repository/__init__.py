"""Read what lies in a connector's repository, bounded, and never out of it."""

from __future__ import annotations

from certify.repository.tree import Repository

__all__ = ["Repository"]
