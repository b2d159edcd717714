"""Tell the host of a URL, whether it is this machine, and whether a declared host covers it."""

from __future__ import annotations

import fnmatch
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

_SCHEME = re.compile(r"(https?|wss?|ftps?|sftp)://(.*)", re.IGNORECASE | re.DOTALL)
#: What is filled in later: `{region}`, `{{ config['shop'] }}`, `%s`, `%(shop)s`, `<account>`, `${SHOP}`.
_FIELD = re.compile(r"\{\{.*?\}\}|\$?\{[^{}]*\}|%\(\w*\)[sd]|%[sd]|<[^<>]*>|\$\w+")
_HOST = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_*](?:[a-z0-9_*-]{0,61}[a-z0-9_*])?\.)*[a-z0-9*][a-z0-9*-]{0,61}", re.IGNORECASE
)
_LOCAL = re.compile(r"localhost|.*\.(?:localhost|local|internal)|host\.docker\.internal|ip6-localhost")
#: Kept for documentation by RFC 2606 and RFC 6761: nobody's, and never meant to be reached.
_DOCUMENTATION = re.compile(r"(?:.*\.)?(?:example\.(?:com|net|org)|test|invalid)")


@dataclass(frozen=True)
class Url:
    """Where a request goes; `*` in the host stands for what is filled in later, no scheme for a bare host."""

    scheme: str
    host: str


def parse_url(text: str) -> Url | None:
    """The scheme and host of a URL, or None: no URL, or one whose host is wholly filled in later."""
    found = _SCHEME.match(text.strip()[:2000])
    if found is None:
        return None
    authority = re.split(r"[/?#\\\s]", _FIELD.sub("*", found[2]), maxsplit=1)[0]
    try:
        host = urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return None
    host = host.rstrip(".")
    # `https://api.demo.example{path}`: what is filled in after a whole name is a path.
    host = re.sub(r"(?<=[a-z0-9])\*+$", "", host)
    return Url(found[1].lower(), host) if is_host(host) else None


def is_host(text: str) -> bool:
    """Whether this is the name of a host, or an address, at least the end of which is known."""
    if _is_address(text):
        return True
    last = text.rpartition(".")[2]
    known = last.isalpha() or last.startswith("xn--")
    return _HOST.fullmatch(text) is not None and known


def is_local(host: str) -> bool:
    """Whether it is this machine, or its private link: a loopback or link-local address, `localhost`."""
    if _is_address(host):
        address = ipaddress.ip_address(host)
        return address.is_loopback or address.is_unspecified or address.is_link_local
    return _LOCAL.fullmatch(host.lower()) is not None or "." not in host


def is_documentation(host: str) -> bool:
    """Whether it is kept for documentation: example.com, .test, .invalid."""
    return _DOCUMENTATION.fullmatch(host.lower()) is not None


def is_covered(host: str, declared: Iterable[str]) -> bool:
    """Whether one of these covers a host: the same name, or `*.name` for all below it.

    A host with `*` in it is covered by a pattern for all that it may become, or by one of its values.
    """
    host = host.lower().rstrip(".")
    return any(_covers(_plain(one), host) for one in declared)


def _covers(pattern: str, host: str) -> bool:
    if "*" not in host:
        return fnmatch.fnmatchcase(host, pattern)
    return fnmatch.fnmatchcase(host.replace("*", "x"), pattern) or fnmatch.fnmatchcase(pattern, host)


def _plain(declared: str) -> str:
    """A declared host without scheme, port and path, and with `*` for what the system fills in."""
    text = _FIELD.sub("*", declared.strip().lower())
    text = re.split(r"[/?#]", text.partition("://")[2] or text, maxsplit=1)[0]
    return re.sub(r":\d+$", "", text).rstrip(".").replace("[", "").replace("]", "")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
