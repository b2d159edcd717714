"""An adapter as a value: its project files, its source, and its assembly where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from certify.errors import ContractError
from certify.model import Finding, Location
from certify.repository.appseconnect.assembly import MAX_BYTES as MAX_ASSEMBLY
from certify.repository.appseconnect.assembly import Assembly, parse_assembly
from certify.repository.appseconnect.csharp import MAX_BYTES as MAX_SOURCE
from certify.repository.appseconnect.csharp import Class, Source, Text, parse_csharp
from certify.repository.appseconnect.project import ASSEMBLY, ProjectFiles
from certify.repository.project.versions import StatedVersion
from certify.repository.tree import Repository

#: Files of C# that are read; adapters have a dozen.
_MOST_FILES = 200
#: Bytes of all of them together.
_MOST_BYTES = 2 * 1024 * 1024
#: Attributes of an assembly that state its version.
_VERSIONS = ("AssemblyVersion", "AssemblyFileVersion")
#: Major, minor, build, revision.
_NUMBERS = 4


class Adapter:
    """Everything is read once. Raises ImportError where the extra `appseconnect` is not installed."""

    def __init__(self, repository: Repository, assembly: str | None) -> None:
        self.repository = repository
        self.project = ProjectFiles(repository)
        self._assembly_file = assembly

    @property
    def files(self) -> tuple[str, ...]:
        """Its files of C#, but for what a build leaves behind."""
        made = ("obj/", "bin/", "packages/")
        found = (
            one for one in self.repository.files("*.cs") if not one.startswith(made) and "/obj/" not in one
        )
        return tuple(found)

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Those that are read."""
        read: list[Source] = []
        left = _MOST_BYTES
        for file in self.files[:_MOST_FILES]:
            content = self.repository.content(file)
            if content is not None and len(content) <= min(MAX_SOURCE, left):
                left -= len(content)
                read.append(parse_csharp(content, file))
        return tuple(read)

    @property
    def unread(self) -> tuple[str, ...]:
        """Those that are not, or not whole: too large, too many, or no C#."""
        read = {one.file for one in self.sources if one.is_whole}
        return tuple(file for file in self.files if file not in read)

    @cached_property
    def classes(self) -> dict[str, Class]:
        """Its classes by their names, the parts of one joined."""
        found: dict[str, Class] = {}
        for one in (each for source in self.sources for each in source.classes):
            known = found.get(one.name)
            found[one.name] = one if known is None else _joined(known, one)
        return found

    @cached_property
    def _read_assembly(self) -> Assembly | Finding | None:
        file = self._assembly_file
        if file is None or not self.repository.exists(file):
            return None  # contract_is_valid says that it leads nowhere
        try:
            return parse_assembly(self._content(file), file)
        except ContractError as error:
            said = str(error).removeprefix(f"{file}: ")
            return Finding(said, Location(file), "a .NET assembly: the adapter, compiled")

    def _content(self, file: str) -> bytes:
        with (self.repository.root / file).open("rb") as opened:
            return opened.read(MAX_ASSEMBLY + 1)

    @property
    def assembly(self) -> Assembly | None:
        """The compiled adapter, where it can be read."""
        read = self._read_assembly
        return read if isinstance(read, Assembly) else None

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What cannot be read."""
        read = self._read_assembly
        return (*self.project.faults, *([read] if isinstance(read, Finding) else []))

    @property
    def sdk_versions(self) -> tuple[StatedVersion, ...]:
        """Every place where a version of the SDK stands."""
        built = self.assembly
        version = built.references.get(ASSEMBLY) if built else None
        own = (StatedVersion(version, Location(built.file)),) if built and version else ()
        return (*self.project.sdk_versions, *own)

    @property
    def versions(self) -> tuple[StatedVersion, ...]:
        """Every place where its own version stands, that of the source first."""
        stated = [
            StatedVersion(text.text, text.location, numbers=_NUMBERS)
            for wanted in _VERSIONS
            for name, text in self.attributes
            if name == wanted
        ]
        for file in self.project.projects:
            for name in ("AssemblyVersion", "FileVersion"):
                found = self.project.named(file, name)
                if found:
                    stated.append(StatedVersion(*found, numbers=_NUMBERS))
        if self.assembly:
            stated.append(
                StatedVersion(self.assembly.version, Location(self.assembly.file), numbers=_NUMBERS)
            )
        return tuple(stated)

    @property
    def attributes(self) -> Iterator[tuple[str, Text]]:
        """The attributes of the assembly, as the source has them."""
        return (one for source in self.sources for one in source.attributes)

    def implementing(self, interface: str) -> tuple[tuple[str, Location], ...]:
        """The classes that implement an interface, by themselves or through a class of the adapter's."""
        named = [
            (name, one.location) for name, one in self.classes.items() if self._implements(one, interface)
        ]
        built = self.assembly
        if built and not named:
            named = [
                (name, Location(built.file)) for name, all_ in built.interfaces.items() if interface in all_
            ]
        return tuple(named)

    def _implements(self, one: Class, interface: str) -> bool:
        seen: set[str] = set()
        waiting = list(one.bases)
        while waiting:
            base = waiting.pop()
            if base == interface:
                return True
            if base in self.classes and base not in seen:
                seen.add(base)
                waiting += self.classes[base].bases
        return False

    def members_of(self, name: str) -> set[str]:
        """The names of a class's methods and properties, inherited ones included."""
        found: set[str] = set()
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            one = self.classes.get(waiting.pop())
            if one is not None and one.name not in seen:
                seen.add(one.name)
                found |= {*one.properties, *(method.name for method in one.methods)}
                waiting += one.bases
        return found


def _joined(one: Class, other: Class) -> Class:
    """Two parts of a partial class."""
    return Class(
        one.name,
        one.location,
        (*one.bases, *other.bases),
        (*one.methods, *other.methods),
        (*one.properties, *other.properties),
        (*one.constructors, *other.constructors),
    )
