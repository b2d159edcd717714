"""Render the verdict as a badge: an SVG of its own, and the JSON that shields.io draws one from.

The JSON: https://shields.io/badges/endpoint-badge.
"""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from certify.model import Format, Report, Tier, Verdict
from certify_reports.blocks import clipped
from certify_reports.escape import visible
from certify_reports.words import VERDICTS

#: On each of these white text has a contrast of 4.5 and more (WCAG 2.2, 1.4.3), and each stands out from a
#: white page as from GitHub's dark one. Green is for what is certified, deeper with the tier.
COLOURS = {
    Verdict.CERTIFIED: "#3c7d1f",
    Verdict.NOT_CERTIFIED: "#c62828",
    Verdict.INCOMPLETE: "#a15c00",
    Verdict.NONE: "#5f6b7a",
}
TIER_COLOURS = {
    Tier.BRONZE: "#5c7a1a",
    Tier.SILVER: "#3c7d1f",
    Tier.GOLD: "#1a7f37",
    Tier.PLATINUM: "#0f766e",
}
LABEL_COLOUR = "#4a5260"

_LABEL = "certify"
_HEIGHT = 20
_PADDING = 6
#: Verdana at 11 px, as browsers without it come close to; `textLength` holds the rest to it.
_NARROW, _WIDE = 4.0, 6.9
_NARROW_LETTERS = frozenset("filrt ·")
_NAME = 100


def message(report: Report) -> str:
    """`certified · gold`, `not certified`: a tier without the certificate would read as one."""
    words = VERDICTS[report.verdict].lower()
    return f"{words} · {report.tier.value}" if _tier(report) and report.tier else words


def colour(report: Report) -> str:
    """By verdict, and by tier where it is certified."""
    tier = _tier(report)
    return TIER_COLOURS[tier] if tier else COLOURS[report.verdict]


def _tier(report: Report) -> Tier | None:
    return report.tier if report.verdict is Verdict.CERTIFIED else None


def endpoint(report: Report) -> str:
    """The JSON; `isError` keeps whoever embeds it from choosing another colour for what is not certified."""
    plain = {
        "schemaVersion": 1,
        "label": _LABEL,
        "message": message(report),
        "color": colour(report).removeprefix("#"),
        "labelColor": LABEL_COLOUR.removeprefix("#"),
        "isError": report.verdict is not Verdict.CERTIFIED,
    }
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def svg(report: Report) -> str:
    """20 px high; what it says is its title too, with the connector's name."""
    says = message(report)
    left, right = _width(_LABEL), _width(says)
    name = " ".join(filter(None, (report.connector.name, report.connector.version)))
    title = f"{clipped(visible(' '.join(name.split())), _NAME)}: {_LABEL}, {says}"
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": f"{left + right}",
            "height": f"{_HEIGHT}",
            "viewBox": f"0 0 {left + right} {_HEIGHT}",
            "role": "img",
            "aria-labelledby": "title",
        },
    )
    ET.SubElement(root, "title", id="title").text = title
    clip = ET.SubElement(root, "clipPath", id="round")
    ET.SubElement(clip, "rect", width=f"{left + right}", height=f"{_HEIGHT}", rx="3")
    halves = ET.SubElement(root, "g", {"clip-path": "url(#round)"})
    _half(halves, 0, left, LABEL_COLOUR)
    _half(halves, left, right, colour(report))
    style = {"fill": "#fff", "font-family": "Verdana,Geneva,DejaVu Sans,sans-serif", "font-size": "11"}
    texts = ET.SubElement(root, "g", {**style, "text-anchor": "middle", "aria-hidden": "true"})
    _text(texts, _LABEL, left / 2, left)
    _text(texts, says, left + right / 2, right)
    return ET.tostring(root, encoding="unicode") + "\n"


def _width(text: str) -> int:
    letters = (_NARROW if letter in _NARROW_LETTERS else _WIDE for letter in text)
    return round(sum(letters)) + 2 * _PADDING


def _half(parent: ET.Element, x: int, width: int, fill: str) -> None:
    ET.SubElement(parent, "rect", x=f"{x}", width=f"{width}", height=f"{_HEIGHT}", fill=fill)


def _text(parent: ET.Element, text: str, middle: float, width: int) -> None:
    length = {"textLength": f"{width - 2 * _PADDING}", "lengthAdjust": "spacingAndGlyphs"}
    ET.SubElement(parent, "text", {"x": f"{middle:g}", "y": "14", **length}).text = text


SVG = Format("badge", "badge.svg", svg)
ENDPOINT = Format("shields", "badge.json", endpoint)
