"""Render a report as one HTML page that stands alone: no network, no other file, and no script of others.

The modules in here are imported when a page is made: Jinja2 takes longer to load than a command's help.
"""

from __future__ import annotations

from certify.model import Format, Report


def render(report: Report) -> str:
    """The whole page."""
    from certify_reports.html.page import page

    return page(report)


FORMAT = Format("html", "certification_report.html", render)
