"""Set the action's outputs from the reports that this certification wrote.

Standard library only, and no word of certify: it runs whatever became of the installation, and reads
the reports of whatever version was asked for. Takes ARTIFACT_DIR, OUTCOME (of the step that certified)
and STARTED (its beginning, in seconds since the epoch; empty if it never began) from the environment.
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

#: Several connectors have the verdict of the worst. `none` is a selection's (`--only`): it judges nothing.
WORST_FIRST = ("not_certified", "incomplete", "none", "certified")

#: Several connectors have the tier of the lowest; the first is a report without a tier.
LOWEST_FIRST = ("", "bronze", "silver", "gold", "platinum")


@dataclass(frozen=True)
class Report:
    """What the outputs need to know of one report."""

    path: Path
    verdict: str
    tier: str

    @property
    def markdown(self) -> Path | None:
        """The page beside it. A contract may rename either file: failing its own name, the only page."""
        named = self.path.with_suffix(".md")
        pages = [named] if named.is_file() else sorted(self.path.parent.glob("*.md"))
        return pages[0] if len(pages) == 1 else None


def main() -> None:
    """Read the environment, append to the file that GITHUB_OUTPUT names."""
    started = os.environ.get("STARTED", "")
    # Reports from before are not about this run: a folder may be committed, or kept by a runner of one's own.
    reports = find_reports(Path(os.environ["ARTIFACT_DIR"]), float(started)) if started else []
    outputs = outputs_of(reports, succeeded=os.environ.get("OUTCOME") == "success")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.writelines(output_entry(name, value) for name, value in outputs.items())


def find_reports(folder: Path, since: float) -> list[Report]:
    """All reports in a folder and below that were written since, by path."""
    files = (path for path in sorted(folder.rglob("*.json")) if path.is_file())
    fresh = (path for path in files if path.stat().st_mtime >= since)
    return [report for path in fresh if (report := read_report(path))]


def read_report(path: Path) -> Report | None:
    """The report in a JSON file, or None if it holds anything else (the badge, evidence, half a file)."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or "schema_version" not in content:
        return None
    verdict, tier = content.get("verdict"), content.get("tier") or ""
    return Report(path, verdict, tier) if verdict in WORST_FIRST and tier in LOWEST_FIRST else None


def outputs_of(reports: list[Report], *, succeeded: bool) -> dict[str, str]:
    """Outputs by name; all empty without a report."""
    pages = [page for report in reports if (page := report.markdown)]
    return {
        "verdict": worst_verdict(reports, succeeded=succeeded),
        "tier": min((report.tier for report in reports), key=LOWEST_FIRST.index, default=""),
        "report-path": "\n".join(map(str, pages)),
        "json-path": "\n".join(str(report.path) for report in reports),
    }


def worst_verdict(reports: list[Report], *, succeeded: bool) -> str:
    """The worst of all; `certified` only if certify agreed: a connector it could not read has no report."""
    verdict = min((report.verdict for report in reports), key=WORST_FIRST.index, default="")
    return "incomplete" if verdict == "certified" and not succeeded else verdict


def output_entry(name: str, value: str) -> str:
    """One entry of the output file, between delimiters that no path can guess."""
    delimiter = f"end-{uuid.uuid4()}"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


if __name__ == "__main__":
    main()
