"""Hold a source's page against the headings that Airbyte prescribes, and their order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from certify.model import Finding, Location
from certify.repository.airbyte.metadata import Metadata
from certify.repository.config.document import ConfigFile
from certify.repository.docs.page import Heading, Page

_STEP = re.compile(r"step \d+(?:\.\d+)*\s*:\s*", re.IGNORECASE)
#: Deeper headings are the author's own.
_DEEPEST = 4
#: Settings by which a user signs in: the page may speak of them in words of its own.
_CREDENTIALS = frozenset(
    {"credentials", "client_id", "client_secret", "access_token", "refresh_token", "authorization"}
)
_PREREQUISITES = "prerequisites"


def prescribed(name: str) -> dict[str, bool]:
    """The headings in their order, by whether a page must have them; `name` is the connector's."""
    return {
        name: True,
        "Prerequisites": True,
        "Setup guide": True,
        f"Set up {name}": True,
        f"Set up the {name} connector in Airbyte": False,
        "Supported sync modes": True,
        "Supported Streams": True,
        "Performance considerations": False,
        "Data type map": False,
        "Limitations & Troubleshooting": False,
        "Tutorials": False,
        "Changelog": True,
    }


def heading_findings(page: Page, metadata: Metadata) -> Iterator[Finding]:
    """Headings that the page lacks, and the first that stands in the wrong place."""
    asked = prescribed(metadata.name)
    places = {_normal(heading): place for place, heading in enumerate(asked)}
    first: dict[int, Heading] = {}
    for heading in page.headings:
        place = places.get(_normal(heading.text)) if heading.level <= _DEEPEST else None
        if place is not None:
            first.setdefault(place, heading)
    for place, (heading_text, is_required) in enumerate(asked.items()):
        if is_required and place not in first:
            yield _absent(page, heading_text, is_title=place == 0)
    highest: Heading | None = None
    reached = -1
    for place, heading in first.items():
        if place < reached and highest is not None:
            yield Finding(
                f"'{heading.text}' stands below '{highest.text}'",
                Location(page.file, heading.line),
                f"the order {' → '.join(asked)}",
                f"move the section '{heading.text}' above '{highest.text}'",
            )
            return
        highest, reached = heading, place


def _absent(page: Page, heading: str, *, is_title: bool) -> Finding:
    mark = "#" if is_title else "##"
    what = f"the title is {page.title!r}, data.name of metadata.yaml is {heading!r}"
    return Finding(
        what if is_title and page.title else f"there is no section '{heading}'",
        Location(page.file, 1),
        f"`{mark} {heading}`, as on every page of a source that Airbyte supports",
        f"add `{mark} {heading}`" if not is_title else f"begin the page with `# {heading}`",
    )


def unnamed_prerequisites(page: Page, schema: ConfigFile) -> Iterator[Finding]:
    """Required settings, by their titles, that the section on prerequisites does not name."""
    section = next(
        (one for one in page.sections if one.heading and _normal(one.heading.text) == _PREREQUISITES), None
    )
    if section is None or section.heading is None:
        return  # told as an absent heading
    text = "\n".join(step.text for step in page.within(section)).lower()
    for key, title in required_titles(schema.value):
        if title.lower() not in text:
            yield Finding(
                f"'Prerequisites' does not name {title!r}, which the configuration requires ({key})",
                Location(page.file, section.heading.line),
                f"the title of every required setting of {schema.file}",
                f"say under 'Prerequisites' what {title!r} is, and where a user gets it",
            )


def required_titles(schema: Any) -> Iterator[tuple[str, str]]:
    """Required settings that have a title and are no credentials."""
    required = schema.get("required") if isinstance(schema, dict) else None
    properties = schema.get("properties") if isinstance(schema, dict) else None
    for key in required if isinstance(required, list) else ():
        one = properties.get(key) if isinstance(properties, dict) and isinstance(key, str) else None
        title = one.get("title") if isinstance(one, dict) else None
        if isinstance(title, str) and title.strip() and key not in _CREDENTIALS:
            yield key, title.strip()


def _normal(heading: str) -> str:
    return " ".join(_STEP.sub("", heading, count=1).rstrip(": ").lower().split())
