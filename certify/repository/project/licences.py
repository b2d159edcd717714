"""Tell which licence a project declares, and which its licence file holds; silent where not certain."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from certify.model import Finding, Location
from certify.repository.project.stated import Stated
from certify.repository.tree import Repository
from certify.text import one_line

_FILE_NAMES = re.compile(
    r"(un)?licen[cs]es?([-_.].*)?|copying([-_.].*)?|.*[-_]licen[cs]e(\.(md|txt|rst))?", re.IGNORECASE
)
_FOLDER = re.compile(r"licen[cs]es/.+", re.IGNORECASE)
_CLASSIFIER = "License :: "
#: Classifiers that name no licence.
_VAGUE = ("License :: OSI Approved", "License :: DFSG approved")
#: The owner keeps all rights: there is no text that others would need.
_RESERVED = re.compile(
    r"\W*(licenseref-.*|.*proprietary.*|.*all rights reserved.*|unlicensed|private|closed source)\W*",
    re.IGNORECASE,
)

#: By family, what begins or marks the text of a licence (white space folded) and no other.
_TEXTS = {
    "Apache": r"Apache License,? Version 2\.0",
    "MIT": r"Permission is hereby granted, free of charge, to any person obtaining a copy of this software",
    "BSD": r"Redistribution and use in source and binary forms, with or without modification, are permitted",
    # 0BSD is the same without its condition.
    "ISC": r"Permission to use, copy, modify, and(/or)? distribute this software for any purpose"
    r" with or without fee is hereby granted, provided",
    "MPL": r"Mozilla Public License,? Version 2\.0",
    "AGPL": r"GNU AFFERO GENERAL PUBLIC LICENSE",
    "LGPL": r"GNU LESSER GENERAL PUBLIC LICENSE",
    "GPL": r"GNU GENERAL PUBLIC LICENSE",
    "Unlicense": r"This is free and unencumbered software released into the public domain",
    "Elastic": r"Elastic License 2\.0",
}
#: What is longer names no licence; expressions of that length would take minutes to match.
_LONGEST_NAME = 300
#: Their title stands at the top; elsewhere their name may be a mention.
_TITLED = frozenset({"Apache", "MPL", "AGPL", "LGPL", "GPL", "Elastic"})
_TITLE_CHARACTERS = 200

#: By family, how its licences are called in expressions, classifiers and free text.
_NAMES = {
    "Apache": r"apache(?:[- ]?(?:software|licen[cs]e|2|v2).*)?",
    "MIT": r"(?:the )?mit(?:[- ](?:0|cmu|licen[cs]e).*)?|x11",
    "BSD": r"(?:new |modified |simplified |revised )?(?:0|[234][- ]clause[- ])?bsd.*",
    "ISC": r"isc(?: licen[cs]e.*)?",
    "MPL": r"mpl.*|mozilla public licen[cs]e.*",
    "AGPL": r"agpl.*|gnu affero.*",
    "LGPL": r"lgpl.*|gnu (?:lesser|library).*",
    "GPL": r"gpl.*|gnu general public.*",
    "Unlicense": r"(?:the )?unlicense(?: \(unlicense\))?",
    "Elastic": r"elv2|elastic(?:[- ]licen[cs]e)?[- ](?:v|version )?2(?:\.0)?",
}
#: How parts of an expression are joined; what stands in parentheses is a part like any other.
_PARTS = re.compile(r"\)?\s+(?:and|or|with)\s+\(?|\s*[/,;&]\s*", re.IGNORECASE)
#: What to write for them.
_SPDX = {"Apache": "Apache-2.0", "MIT": "MIT", "ISC": "ISC", "MPL": "MPL-2.0", "Unlicense": "Unlicense"}


@dataclass(frozen=True)
class LicenceFile:
    """A file with the text of a licence; `family` where that is certain."""

    name: str
    is_empty: bool
    family: str | None


@dataclass(frozen=True)
class Licence:
    """What a project declares; `named` are the files that it names, and `where` a declaration belongs.

    `is_a_file` when a file stands in place of a name, as it may since PEP 621; `in_manifest` is what the
    manifest of the connector's system says, which is all there is where there is no package.
    """

    repository: Repository
    stated: Stated | None
    is_expression: bool
    is_a_file: bool
    classifiers: tuple[Stated, ...]
    named: tuple[Stated, ...]
    where: Location
    in_manifest: Stated | None = None

    @cached_property
    def declared(self) -> tuple[Stated, ...]:
        """The licence, and the classifiers that name one; what the manifest says where those are none."""
        named = tuple(
            one for one in self.classifiers if one.text.startswith(_CLASSIFIER) and one.text not in _VAGUE
        )
        own = (self.stated, *named) if self.stated is not None and self.stated.text else named
        return own if own or self.in_manifest is None else (self.in_manifest,)

    @cached_property
    def files(self) -> tuple[LicenceFile, ...]:
        """Those that the project names, or else those at its top."""
        names = [name for pattern in self.named for name in self._matching(pattern)]
        if not self.named:
            names = [
                one
                for one in self.repository.all_files
                if _FILE_NAMES.fullmatch(one) or _FOLDER.fullmatch(one)
            ]
        return tuple(_read(self.repository, name) for name in dict.fromkeys(names))

    def _matching(self, pattern: Stated) -> list[str]:
        text = pattern.text.removeprefix("./")
        return [one for one in self.repository.all_files if fnmatch.fnmatchcase(one, text)]

    @property
    def is_reserved(self) -> bool:
        """Whether it says that nobody else is granted anything: there is no text to give them then."""
        return any(_RESERVED.fullmatch(_name_of(one)) for one in self.declared)

    def findings(self) -> Iterator[Finding]:
        """What is missing, is no licence, or says two things."""
        yield from self._undeclared()
        yield from self._invalid()
        yield from self._without_text()
        yield from self._contradictions()

    def _undeclared(self) -> Iterator[Finding]:
        if self.declared or self.is_a_file:
            return
        known = next((file for file in self.files if file.family), None)
        holds = f"; {known.name} holds the {known.family} licence" if known else ""
        name = _SPDX.get(known.family or "") if known else None
        yield Finding(
            f"the metadata names no licence{holds}",
            location=self.where,
            expected="an SPDX expression under `license` (PEP 639)",
            fix=f'add license = "{name}"'
            if name
            else "add `license` with its identifier from spdx.org/licenses",
        )

    def _invalid(self) -> Iterator[Finding]:
        from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

        if self.stated is None or not self.is_expression:
            return
        try:
            canonicalize_license_expression(self.stated.text)
        except InvalidLicenseExpression as error:
            yield Finding(
                f"{_name_of(self.stated)!r} is no SPDX expression: {str(error).rstrip('.')}",
                location=self.stated.location,
                expected="an expression such as Apache-2.0, or MIT OR Apache-2.0 (PEP 639)",
                fix="take the identifier from https://spdx.org/licenses",
            )

    def _without_text(self) -> Iterator[Finding]:
        for pattern in self.named:
            if not self._matching(pattern):
                yield Finding(
                    f"no file matches {pattern.text!r}",
                    location=pattern.location,
                    expected="a file with the licence's text",
                    fix=f"add {pattern.text}, or name the file that holds the licence",
                )
        only_in_manifest = self.declared == (self.in_manifest,)  # and no wheel that would carry a text
        if not self.named and not self.files and not self.is_reserved and not only_in_manifest:
            yield Finding(
                "there is no licence file",
                location=(self.declared[0].location if self.declared else None) or self.where,
                expected="a file LICENSE with the licence's text, which the wheel carries",
                fix="add the text of the licence as LICENSE",
            )
        for file in self.files:
            if file.is_empty:
                yield Finding(
                    f"{file.name} is empty",
                    location=Location(file.name),
                    expected="the licence's text",
                    fix=f"put the text of the licence into {file.name}",
                )

    def _contradictions(self) -> Iterator[Finding]:
        """Two declarations, or a declaration and the files, that share no licence."""
        stated = self.declared[: 1 if self.stated else 0]
        classified = self.declared[len(stated) :]
        by_name, by_classifier = _families(stated), _families(classified)
        if by_name and by_classifier and by_name.isdisjoint(by_classifier):
            first, other = stated[0], classified[0]
            yield Finding(
                f"{other.place} says {_name_of(other)}, {first.place} says {first.text}",
                location=other.location or self.where,
                expected="one licence everywhere",
                fix=f"correct {other.place} or {first.place}",
            )
        yield from self._other_than_manifest(by_name or by_classifier)
        declared, in_files = by_name or by_classifier, {file.family for file in self.files}
        if declared and in_files and None not in in_files and declared.isdisjoint(in_files):
            first, file = self.declared[0], self.files[0]
            yield Finding(
                f"{file.name} holds the {file.family} licence, {first.place} says {_name_of(first)}",
                location=Location(file.name, 1),
                expected=f"the text of {_name_of(first)} in {file.name}",
                fix=f"put the text of {_name_of(first)} into {file.name}, or correct {first.place}",
            )

    def _other_than_manifest(self, declared: frozenset[str]) -> Iterator[Finding]:
        """The package and the manifest of the connector's system name two licences."""
        other, first = self.in_manifest, next(iter(self.declared), None)
        theirs = _families([other]) if other else frozenset()
        if other and first and declared and theirs and declared.isdisjoint(theirs):
            yield Finding(
                f"{other.place} says {_name_of(other)}, {first.place} says {_name_of(first)}",
                location=other.location or self.where,
                expected="one licence everywhere",
                fix=f"correct {other.place} or {first.place}",
            )


def _name_of(declared: Stated) -> str:
    """A classifier's last part; anything else as it is, cut where it is no name but a text."""
    is_classifier = declared.text.startswith(_CLASSIFIER)
    name = declared.text.rpartition(" :: ")[2] if is_classifier else declared.text
    return one_line(name, _LONGEST_NAME)


def _read(repository: Repository, name: str) -> LicenceFile:
    text = " ".join((repository.text(name) or "").split())
    return LicenceFile(name, is_empty=not text, family=_family_of_text(text))


def _family_of_text(text: str) -> str | None:
    """The one licence whose text this is; None for several, and for what is not known."""
    titles, found = [], []
    for family, pattern in _TEXTS.items():
        match = re.search(pattern, text[:_TITLE_CHARACTERS] if family in _TITLED else text, re.IGNORECASE)
        if match and family in _TITLED:
            titles.append((match.start(), family))
        elif match:
            found.append(family)
    found += [family for _, family in sorted(titles)[:1]]  # one licence of GNU's speaks of another
    return found[0] if len(found) == 1 else None


def _families(declared: Iterable[Stated]) -> frozenset[str]:
    """The families of these licences together; empty when one of them, or a part of it, is not known."""
    found = set()
    for one in declared:
        for part in _PARTS.split(_name_of(one)):
            names = (
                family for family, pattern in _NAMES.items() if re.fullmatch(pattern, part, re.IGNORECASE)
            )
            family = next(names, None)
            if family is None:
                return frozenset()
            found.add(family)
    return frozenset(found)
