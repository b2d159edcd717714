"""Find what an adapter may not use: APIs of the machine that it runs on, and addresses of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from certify.model import Finding, Location
from certify.repository.appseconnect.adapter import Adapter
from certify.repository.appseconnect.csharp import Source
from certify.text import cut

_ALL = frozenset({"*"})
#: Members of types that show or change the machine; `*`: all of them.
_FORBIDDEN: dict[str, frozenset[str]] = {
    "System.DateTime": frozenset({"Now", "Today"}),
    "System.DateTimeOffset": frozenset({"Now"}),
    "System.TimeZone": frozenset({"CurrentTimeZone"}),
    "System.TimeZoneInfo": frozenset({"Local"}),
    "System.IO.Path": frozenset({"GetTempPath", "GetTempFileName"}),
    **dict.fromkeys(
        (
            "System.Environment",
            "System.IO.Directory",
            "System.IO.DirectoryInfo",
            "System.IO.DriveInfo",
            "System.IO.File",
            "System.IO.FileInfo",
            "System.IO.FileStream",
            "System.IO.FileSystemWatcher",
            "System.Diagnostics.Process",
            "Microsoft.Win32.Registry",
            "Microsoft.Win32.RegistryKey",
        ),
        _ALL,
    ),
}
#: What is the same on every machine that matters, or cannot be avoided.
_HARMLESS = frozenset({"System.Environment.NewLine"})
_URL = re.compile(r"(?:https?|ftp|wss?)://(?P<host>[^\s/:?#\"'{}]+)", re.IGNORECASE)
#: Hosts whose addresses are names of XML, and are never called.
_NAMES = re.compile(r"schemas?\..+|(?:www\.)?w3\.org|tempuri\.org|.*\.xsd", re.IGNORECASE)


def environment_calls(adapter: Adapter) -> Iterator[Finding]:
    """Each use of a forbidden API, by the line; what only the assembly has, by its name."""
    seen: set[str] = set()
    for source in adapter.sources:
        for api, where in _used(source, adapter):
            seen.add(_owner(api))
            yield _call(api, where)
    for member in adapter.assembly.members if adapter.assembly else ():
        if _is_forbidden(member) and _owner(member) not in seen and adapter.assembly:
            yield _call(member, Location(adapter.assembly.file))


def hard_coded_urls(adapter: Adapter) -> Iterator[Finding]:
    """Each literal that is an address."""
    seen: set[str] = set()
    for source in adapter.sources:
        for literal in source.literals:
            url = address_in(literal.text)
            if url:
                seen.add(url)
                yield _url(url, literal.location)
    for text in adapter.assembly.strings if adapter.assembly else ():
        url = address_in(text)
        if url and not any(url.startswith(one) for one in seen) and adapter.assembly:
            yield _url(url, Location(adapter.assembly.file))


def address_in(text: str) -> str:
    """The address that a text holds; empty where there is none, or only the name of a schema."""
    found = next((one for one in _URL.finditer(text) if not _NAMES.fullmatch(one["host"])), None)
    return cut(found[0], 120) if found else ""


def _url(url: str, where: Location) -> Finding:
    return Finding(
        f"the address {url} is written into the adapter", where, "an address that the credential model holds"
    )


def _call(api: str, where: Location) -> Finding:
    return Finding(
        f"uses {api}", where, "nothing of the machine: no files, no local time, no registry, no environment"
    )


def _used(source: Source, adapter: Adapter) -> Iterator[tuple[str, Location]]:
    for static in source.statics:
        if static.text in _FORBIDDEN:
            yield static.text, static.location
    for name in source.names:
        first, dot, rest = name.text.partition(".")
        if first in adapter.classes:
            continue  # a class of its own, whatever it is called
        full = f"{source.aliases.get(first, first)}{dot}{rest}"
        candidates = [full, *(f"{namespace}.{full}" for namespace in source.namespaces)]
        found = next(filter(None, map(_forbidden_part, candidates)), "")
        if found:
            yield found, name.location


def _forbidden_part(name: str) -> str:
    """The forbidden member at the start of a chain of names: `System.DateTime.Now` of `….Now.Year`."""
    for owner, members in _FORBIDDEN.items():
        if name == owner and members == _ALL:
            return owner
        if name.startswith(f"{owner}."):
            member = name.removeprefix(f"{owner}.").partition(".")[0]
            api = f"{owner}.{member}"
            return api if (members == _ALL or member in members) and api not in _HARMLESS else ""
    return ""


def _is_forbidden(member: str) -> bool:
    return bool(_forbidden_part(member.replace("..ctor", "")))


def _owner(api: str) -> str:
    return next((owner for owner in _FORBIDDEN if api == owner or api.startswith(f"{owner}.")), api)
