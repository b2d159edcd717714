"""Find the steps that a connector's documentation gives an operator, topic by topic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from certify.model import Finding, Location
from certify.repository.docs.page import Page, Section, Step
from certify.repository.docs.topics import Topic, own_steps, sections_on


@dataclass(frozen=True)
class _Runbook:
    """A section on a topic, and the steps in it that are the author's."""

    page: Page
    section: Section
    steps: tuple[Step, ...]

    @property
    def title(self) -> str:
        return self.section.heading.text if self.section.heading else self.page.title

    @property
    def place(self) -> Location:
        return Location(self.page.file, self.section.heading.line if self.section.heading else 1)


def uncovered_runbooks(guide: Page, pages: Iterable[Page], demands: Mapping[Topic, int]) -> Iterator[Finding]:
    """The topics that lack a section with as many steps of its own as are demanded."""
    found: dict[Topic, list[_Runbook]] = {topic: [] for topic in demands}
    for page in pages:
        for topic in demands:
            sections = sections_on(page, topic)
            found[topic].extend(_Runbook(page, one, own_steps(page.within(one))) for one in sections)
    copies = _Copies(found)
    for topic, least in demands.items():
        if not found[topic]:
            yield _missing(guide, topic, least)
            continue
        fullest = max(found[topic], key=lambda one: len(one.steps))
        if len(fullest.steps) < least:
            yield Finding(
                f"the section '{fullest.title}' has {_steps(len(fullest.steps))} of its own",
                fullest.place,
                expected=f"at least {_steps(least)}, as a list, paragraphs or code",
                fix=f"write under '{fullest.title}' {topic.holds}",
            )
        elif all(copies.has(one, topic) for one in found[topic]):
            yield Finding(
                f"the section '{fullest.title}' repeats the steps of another section",
                fullest.place,
                expected=f"steps on {topic.called} alone",
                fix=f"write under '{fullest.title}' {topic.holds}",
            )


def _missing(guide: Page, topic: Topic, least: int) -> Finding:
    """Where the guide has a section for runbooks, the one that is missing belongs there."""
    place = next((one for one in guide.headings if "runbook" in one.words), None)
    level = place.level + 1 if place else 2
    where = f"under '{place.text}' in {guide.file}" if place else f"to {guide.file}"
    return Finding(
        f"there is no section on what to do about {topic.called}",
        Location(guide.file, place.line if place else 1),
        expected=f"a section or a page with {_steps(least)} of its own, as a list, paragraphs or code",
        fix=f"add '{'#' * level} {topic.heading}' {where}, and write there {topic.holds}",
    )


class _Copies:
    """Which steps stand elsewhere too, word for word, under another topic alone."""

    def __init__(self, found: Mapping[Topic, Iterable[_Runbook]]) -> None:
        #: For each text, the places it stands at, and the topics that each place belongs to: a section
        #: within a section belongs to the topics of both.
        self._places: dict[str, dict[Location, set[Topic]]] = defaultdict(lambda: defaultdict(set))
        for topic, runbooks in found.items():
            for one in runbooks:
                for step in one.steps:
                    self._places[_text(step)][Location(one.page.file, step.line)].add(topic)

    def has(self, runbook: _Runbook, topic: Topic) -> bool:
        """Whether every step of a section on this topic stands under another topic too."""
        return all(
            any(topic not in topics for topics in self._places[_text(step)].values())
            for step in runbook.steps
        )


def _text(step: Step) -> str:
    return " ".join(step.text.lower().split())


def _steps(count: int) -> str:
    return f"{count or 'no'} step{'' if count == 1 else 's'}"
