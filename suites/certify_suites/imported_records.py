"""What is wrong with the records of an import, and with the bytes that they open."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import PurePosixPath

from certify import Finding, Location
from certify.sandbox.plakar.messages import MODE_SYMLINK, ImportedRecord
from certify.sandbox.plakar.observed import PluginRun
from certify.text import counted, one_line

#: A report shows no more of one run.
_MAX_FINDINGS = 20
#: The bits in which Unix keeps the type of a file.
_UNIX_TYPES = 0o170000


def record_findings(run: PluginRun, place: Location) -> Iterator[Finding]:
    """Records that Plakar cannot store, or stores as something else."""
    if not run.is_finished and not run.is_cut and "Import" in run.answers:
        yield Finding(
            "the import ends without saying that it has finished",
            place,
            "a last message whose `finished` is true",
        )
    yield from islice(_records(run, place), _MAX_FINDINGS)


def _records(run: PluginRun, place: Location) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for record in run.records:
        shown = one_line(repr(record.path), 120)
        for wrong, expected in _wrong(record):
            yield Finding(f"{shown}: {wrong}", place, expected)
        if (record.path, record.attribute) in seen:
            yield Finding(f"{shown}: comes twice", place, "each path once: the later one takes its place")
        seen.add((record.path, record.attribute))


def _wrong(record: ImportedRecord) -> Iterator[tuple[str, str]]:
    path = record.path
    if not path.startswith("/") or str(PurePosixPath(path)) != path or ".." in path.split("/"):
        yield "is no absolute path in its shortest form", "a path such as /folder/file"
    if "\0" in path:
        yield "holds a NUL", "a path of a file system"
    if record.error:
        return  # what could not be read has no more to tell
    if not record.has_info and not record.is_attribute:
        yield "says nothing of the file (fileInfo)", "name, size, mode and time of each record"
        return
    if record.unknown_mode & _UNIX_TYPES:
        yield (
            f"mode {record.mode:#o} has the type bits of Unix",
            "a mode as Go's io/fs has it: os.ModeDir, not S_IFDIR",
        )
    elif record.unknown_mode:
        yield f"mode {record.mode:#x} has bits that mean nothing", "a mode as Go's io/fs has it"
    if record.size < 0:
        yield f"declares a size of {record.size}", "a size of 0 or more"
    if record.mode & MODE_SYMLINK and not record.target:
        yield "is a symbolic link to nothing", "target, where the link leads"
    if record.has_info and path != "/" and record.name != PurePosixPath(path).name:
        yield f"is named {one_line(repr(record.name), 80)} in its fileInfo", "the last word of its path"


def content_findings(run: PluginRun, place: Location) -> Iterator[Finding]:
    """Records whose content is not what they declare."""
    yield from islice(_contents(run, place), _MAX_FINDINGS)


def _contents(run: PluginRun, place: Location) -> Iterator[Finding]:
    for one in run.opened:
        shown, size = one_line(repr(one.record.path), 120), one.record.size
        declared = f"as many bytes as fileInfo declares: {size:,}"
        if one.over is not None and one.over.status:
            yield Finding(f"{shown}: Open ends with {one.over.said}", place, declared)
        elif one.size > size:
            yield Finding(
                f"{shown}: Open gives more than the {size:,} bytes that it declares", place, declared
            )
        elif one.size < size:
            yield Finding(f"{shown}: Open gives {counted(one.size, 'byte')} of {size:,}", place, declared)
    for record in run.records:
        if record.is_file and record.size > 0 and not record.has_reader:
            shown = one_line(repr(record.path), 120)
            yield Finding(
                f"{shown}: declares {record.size:,} bytes, and has nothing to read them with",
                place,
                "a reader for each file (hasReader)",
            )
