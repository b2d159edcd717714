"""Put the page together: the answer first, then what it rests on.

Every list has a limit in bytes, so that the page stays below 5 MB and a browser is quick with it: what
failed is shown first and whole, and what is left out is counted.
"""

from __future__ import annotations

from certify.model import Report
from certify_reports.contract_names import ASKED_BY, grouped, needed
from certify_reports.html.environment import asset, environment
from certify_reports.html.performance import charts
from certify_reports.html.rules import rules
from certify_reports.html.scenarios import scenarios
from certify_reports.reasons import fix_of
from certify_reports.reasons import grouped as grouped_reasons


def page(report: Report) -> str:
    """The whole page. A policy within it lets a browser load nothing, and run the one script of ours."""
    style, style_hash = asset("style.css")
    script, script_hash = asset("script.js")
    policy = (
        f"default-src 'none'; style-src {style_hash}; script-src {script_hash}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        environment()
        .get_template("page.html")
        .render(
            report=report,
            known={rule.id for rule in report.rules},
            policy=policy,
            style=style,
            script=script,
            reasons=grouped_reasons(report.reasons),
            fix_of=fix_of,
            names=grouped(report.ids),
            asked_by=ASKED_BY,
            needed=needed(report),
            rules=rules(report),
            scenarios=scenarios(report),
            charts=charts(report.performance) if report.performance else (),
            waived=[rule for rule in report.rules if rule.waiver],
        )
    )
