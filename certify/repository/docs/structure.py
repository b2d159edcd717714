"""Hold a connector's guide against what a guide tells: its sections and its headings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from certify.model import Finding, Location
from certify.repository.docs.page import Page, Section
from certify.repository.docs.topics import Topic, own_steps, sections_on

#: Installing, cloning and testing are no example of use.
_SHELL = frozenset({"", "sh", "bash", "shell", "zsh", "console", "shell-session", "terminal", "text", "txt"})


def heading_defects(page: Page) -> Iterator[Finding]:
    """One H1, and no level left out on the way down."""
    tops = [heading for heading in page.headings if heading.level == 1]
    if not tops and not page.has_front_title:
        yield Finding(
            "the page has no title",
            Location(page.file, page.headings[0].line if page.headings else 1),
            expected="one heading of the first level, the title of the page",
            fix="begin the page with `# TITLE`",
        )
    if len(tops) > 1:
        yield Finding(
            f"'{tops[1].text}' is a second title; the page has {len(tops)} headings of the first level",
            Location(page.file, tops[1].line),
            expected="one heading of the first level, the title of the page",
            fix=f"make it `## {tops[1].text}`, and what stands under it a level deeper",
        )
    for above, heading in pairwise(page.headings):
        if heading.level > above.level + 1:
            yield Finding(
                f"'{heading.text}' is of level {heading.level} under '{above.text}' of level {above.level}",
                Location(page.file, heading.line),
                expected=f"level {above.level + 1}: a skipped level leaves a hole in the contents",
                fix=f"make it `{'#' * (above.level + 1)} {heading.text}`",
            )


def untold_topics(guide: Page, pages: Sequence[Page], topics: Iterable[Topic]) -> Iterator[Finding]:
    """The topics on which neither the guide nor another page has a section with anything in it."""
    for topic in topics:
        if topic is Topic.OVERVIEW and any(_has_introduction(page) for page in (guide, *_readmes(pages))):
            continue
        if topic is Topic.EXAMPLE and any(_shows_an_example(page) for page in (guide, *_readmes(pages))):
            continue
        found = [(page, section) for page in pages for section in sections_on(page, topic)]
        if not any(_tells(page, section, topic) for page, section in found):
            yield _untold(guide, topic, found)


def _readmes(pages: Sequence[Page]) -> list[Page]:
    return [page for page in pages if "/" not in page.file and page.file.lower().startswith("readme")]


def _has_introduction(page: Page) -> bool:
    """Whether words of the author's stand above the first section, or the title says it in a sentence."""
    first = [section for section in page.sections if section.heading or section.steps][:2]
    if first and first[0].heading:  # nothing stands above the title: the first section is the title's
        first = first[:1]
    steps = (step for section in first for step in section.steps if step.kind != "code")
    return bool(own_steps(steps)) or any(len(one.text.split()) > 5 for one in page.headings[:2])


def _shows_an_example(page: Page) -> bool:
    shown = any(block.language not in _SHELL for block in page.code_blocks)
    return shown or any("example" in link.target.lower() and "://" not in link.target for link in page.links)


def _tells(page: Page, section: Section, topic: Topic) -> bool:
    steps = own_steps(page.within(section))
    return any(step.kind == "code" for step in steps) if topic is Topic.EXAMPLE else bool(steps)


def _untold(guide: Page, topic: Topic, found: Sequence[tuple[Page, Section]]) -> Finding:
    for page, section in found:
        if section.heading:
            lacks = (
                "has no code block"
                if topic is Topic.EXAMPLE
                else "is empty, still to be written, or as it was generated"
            )
            return Finding(
                f"the section '{section.heading.text}' {lacks}",
                Location(page.file, section.heading.line),
                expected=f"a section on {topic.called} with something of this connector's in it",
                fix=f"write under it {topic.holds}",
            )
    return Finding(
        f"there is no section on {topic.called}",
        Location(guide.file, 1),
        expected=f"a section such as '## {topic.heading}'",
        fix=f"add '## {topic.heading}' to {guide.file}, and write there {topic.holds}",
    )
