"""Find credentials in files, and tell where they stand without telling what they are."""

from __future__ import annotations

from certify.repository.secrets.cassette_files import Cassettes, find_cassettes
from certify.repository.secrets.cassettes import search_cassettes
from certify.repository.secrets.names import names_a_secret
from certify.repository.secrets.search import Secret, SecretSearch, search_files, search_source

__all__ = [
    "Cassettes",
    "Secret",
    "SecretSearch",
    "find_cassettes",
    "names_a_secret",
    "search_cassettes",
    "search_files",
    "search_source",
]
