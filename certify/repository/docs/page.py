"""A page of documentation as a value: what a reader, and a rule, sees of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Step:
    """A list item, paragraph, table row or code block; `line` is where it begins."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True)
class Heading:
    """A heading as it is read, without markup; `anchor` is what a forge calls it."""

    level: int
    text: str
    line: int
    anchor: str

    @cached_property
    def words(self) -> str:
        """Its words in lower case, a space between them: what topics are told by."""
        return " ".join(re.findall(r"\w+", self.text.lower()[:500]))


@dataclass(frozen=True)
class Section:
    """What stands under one heading, subsections left out; the page's beginning has no heading."""

    heading: Heading | None
    steps: tuple[Step, ...]

    @property
    def text(self) -> str:
        """Its own words, a line for each step."""
        return "\n".join(step.text for step in self.steps)


@dataclass(frozen=True)
class CodeBlock:
    """A fenced or indented block: the language it claims in lower case, the line of its first line."""

    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Link:
    """The target of a link or an image, as written; `line` is where the target stands."""

    target: str
    line: int


@dataclass(frozen=True)
class Page:
    """One page. `title` is its first H1, or the title in its front matter."""

    file: str
    title: str
    headings: tuple[Heading, ...]
    sections: tuple[Section, ...]
    code_blocks: tuple[CodeBlock, ...]
    links: tuple[Link, ...]
    anchors: frozenset[str]
    is_cut: bool = False
    has_front_title: bool = False

    def within(self, section: Section) -> tuple[Step, ...]:
        """The steps of a section and of its subsections."""
        if section.heading is None:
            return section.steps
        start = self.sections.index(section)
        steps = list(section.steps)
        for other in self.sections[start + 1 :]:
            if other.heading is None or other.heading.level <= section.heading.level:
                break
            steps.extend(other.steps)
        return tuple(steps)
