"""Timelines in Markdown: a line of text for each scenario, and a Mermaid diagram where one is looked at.

Source: https://mermaid.js.org/syntax/sequenceDiagram.html
"""

from __future__ import annotations

import re

from certify.model import Moment, MomentKind, Report, RuleResult, Timeline
from certify_reports.blocks import Limit, clipped, fold, named, page, row, said, table
from certify_reports.escape import fenced
from certify_reports.scenarios import before_end, by_rule, ending, seconds, telling
from certify_reports.words import number_of

_SCENARIOS = Limit(400, 120_000)
#: Moments in a line, and in a diagram; characters of one of its labels.
_IN_LINE, _IN_DIAGRAM, _LABEL = 12, 24, 70
#: Diagrams of one rule.
_DIAGRAMS = 3
#: What a label may hold: all else may begin something (`;` a statement, `#` an entity, `<` an element).
_UNSAFE = re.compile(r"[^\w .,:/?&=()+'-]")
#: Ends a block wherever it stands as a word.
_END = re.compile(r"\bend\b", re.IGNORECASE)


def error_paths(report: Report) -> str:
    """Each scenario of the run: what was asked and answered, and what was waited for."""
    scenarios = [timeline for _, timelines in by_rule(report) for timeline in timelines]
    if not scenarios:
        return ""
    shown = table(("scenario", "what happened", "how it ended"), _scenario, scenarios, _SCENARIOS)
    note = "Seconds are virtual: waits are counted, and skipped."
    return page(
        ["## Error paths", fold(f"{number_of(len(scenarios), 'scenario')} on the wire", page([note, shown]))]
    )


def diagrams(rule: RuleResult) -> str:
    """The timelines that show what a rule found."""
    return page(page([f"**{said(one.scenario)}:**", _diagram(one)]) for one in telling(rule)[:_DIAGRAMS])


def _scenario(timeline: Timeline) -> str:
    moments = before_end(timeline)
    words = [_words(one) for one in moments[:_IN_LINE]]
    left = timeline.left_out + len(moments) - len(words)
    happened = "; ".join([*words, *([f"… {left} more"] if left else [])])
    return row(said(timeline.scenario), happened, said(ending(timeline)))


def _words(moment: Moment) -> str:
    if moment.kind is MomentKind.WAIT:
        return f"waits {seconds(moment.seconds)}"
    return f"{named(clipped(moment.text, _LABEL))} → {said(clipped(moment.answer, _LABEL)) or 'no answer'}"


def _diagram(timeline: Timeline) -> str:
    moments = before_end(timeline)
    hosts = list(dict.fromkeys(one.host for one in moments if one.kind is MomentKind.REQUEST))
    lines = ["sequenceDiagram", "participant C as connector"]
    lines += [f"participant H{number} as {_label(host)}" for number, host in enumerate(hosts)]
    for moment in moments[:_IN_DIAGRAM]:
        lines += _lines(moment, hosts)
    left = timeline.left_out + len(moments) - len(moments[:_IN_DIAGRAM])
    lines += [f"Note over C: … {left} more"] if left else []
    lines += [
        f"Note over C: {seconds(one.at)}: {_label(one.text)}"
        for one in timeline.moments
        if one.kind is MomentKind.END
    ]
    return fenced("\n    ".join(lines), "mermaid")


def _lines(moment: Moment, hosts: list[str]) -> list[str]:
    if moment.kind is MomentKind.WAIT:
        return [f"Note over C: waits {seconds(moment.seconds)} ({_label(moment.text)})"]
    host = f"H{hosts.index(moment.host)}"
    back = "--)" if moment.answer in ("", "nothing") else "-->>"
    return [
        f"C->>{host}: {seconds(moment.at)}: {_label(moment.text)}",
        f"{host}{back}C: {_label(moment.answer or 'no answer')}",
    ]


def _label(text: str) -> str:
    safe = _UNSAFE.sub("·", clipped(" ".join(text.split()), _LABEL).replace("…", "..."))
    return _END.sub(lambda word: f"({word[0]})", safe).strip() or "·"
