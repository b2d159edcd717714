"""Timelines as pictures with a caption."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from certify.model import Timeline
from certify_reports.html.environment import piece
from certify_reports.html.swimlanes import in_words, swimlanes
from certify_reports.scenarios import ending

#: Moments that a reader without the picture is told.
_TOLD = 16


def figures(timelines: Iterable[Timeline], *, broken: bool) -> tuple[Markup, ...]:
    """A picture of each; `broken` says that it shows what a rule holds against the connector."""
    return tuple(_figure(one, broken) for one in timelines)


def figure(timeline: Timeline) -> Markup:
    """A picture of a scenario."""
    return _figure(timeline, broken=False)


def line(timeline: Timeline) -> Markup:
    """The same in one line of text."""
    return piece("timeline.html", "line", timeline, in_words(timeline)[-_TOLD:])


def _figure(timeline: Timeline, broken: bool) -> Markup:
    # A run may end well and break the rule on its way: then it is not its end that stands out.
    broken = broken and not ending(timeline).startswith("success")
    return piece("timeline.html", "figure", timeline, swimlanes(timeline), in_words(timeline)[:_TOLD], broken)
