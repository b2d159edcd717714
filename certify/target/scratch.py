"""Make sure that a database is certify's to fill and to clear."""

from __future__ import annotations

from pathlib import Path

from certify.errors import TargetError
from certify.target.database import Database

#: A table that nobody has.
_NO_TABLE = "certify_no_table"
_OF_ITS_OWN = """\
target:
  url: postgresql://user@host/certify_scratch   # an empty database that nobody else uses
"""


def require_scratch(url: str) -> bool:
    """Whether the URL leads to a server. Raises TargetError where something lies in its database already.

    What a load leaves behind is dropped, table by table, and nobody can tell another's new table from that.
    """
    database = Database(url, _NO_TABLE, Path())
    if database.server is None:
        return False
    try:
        there = database.strangers
    finally:
        database.close()
    if there:
        raise TargetError(
            f"the database holds {there[0]} already, and certify drops what it finds after a load: "
            "it takes an empty one",
            _OF_ITS_OWN,
        )
    return True
