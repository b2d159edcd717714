"""Render a report as one Markdown page: the answer first, then what it rests on.

Every list has a limit and every text a length, so that the page stays below 1 MiB, where GitHub cuts a
step summary. The page never shows `files` or the footer's digest: the record's digest covers this page's.
"""

from __future__ import annotations

from certify.model import Format, Report
from certify_reports.blocks import page
from certify_reports.markdown_answer import answer
from certify_reports.markdown_contract import additions, contract
from certify_reports.markdown_record import evidence, next_tier, not_claimed, verification, waivers
from certify_reports.markdown_rules import failures, rules
from certify_reports.performance import performance
from certify_reports.timelines import error_paths


def render(report: Report) -> str:
    """The whole page."""
    return (
        page(
            [
                answer(report),
                contract(report),
                rules(report),
                failures(report),
                additions(report),
                error_paths(report),
                performance(report),
                evidence(report),
                waivers(report),
                next_tier(report),
                verification(report),
                not_claimed(),
            ]
        )
        + "\n"
    )


FORMAT = Format("markdown", "certification_report.md", render)
