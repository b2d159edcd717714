"""The badge: what it says, in which colour, and that nothing in it can be anything but a badge."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given

from certify.model import Report, Tier, Verdict
from certify_reports.badge import COLOURS, ENDPOINT, LABEL_COLOUR, SVG, TIER_COLOURS, colour, endpoint, svg
from tests.unit.report_samples import SAMPLES, certified, hostile_texts, spoken, unhurried

#: The fields of https://shields.io/badges/endpoint-badge, and what is said there of each.
SHIELDS = {
    "type": "object",
    "required": ["schemaVersion", "label", "message"],
    "additionalProperties": False,
    "properties": {
        "schemaVersion": {"const": 1},
        "label": {"type": "string"},
        "message": {"type": "string", "minLength": 1},
        "color": {"type": "string", "pattern": "^[0-9a-f]{6}$"},
        "labelColor": {"type": "string", "pattern": "^[0-9a-f]{6}$"},
        "isError": {"type": "boolean"},
        "namedLogo": {"type": "string"},
        "logoSvg": {"type": "string"},
        "logoColor": {"type": "string"},
        "logoSize": {"type": "string"},
        "style": {"type": "string"},
    },
}
NAMESPACE = "{http://www.w3.org/2000/svg}"
VERDICTS = [(verdict, tier) for verdict in Verdict for tier in (None, *Tier)]


def a_report(verdict: Verdict, tier: Tier | None = None) -> Report:
    return replace(certified(), verdict=verdict, tier=tier)


def hue(hexadecimal: str) -> float:
    red, green, blue = (part / 255 for part in bytes.fromhex(hexadecimal.removeprefix("#")))
    high, low = max(red, green, blue), min(red, green, blue)
    if high == low:
        return 0.0
    if high == red:
        return 60 * ((green - blue) / (high - low) % 6)
    return 60 * ((blue - red) / (high - low) + 2 if high == green else (red - green) / (high - low) + 4)


def luminance(hexadecimal: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = (part / 255 for part in bytes.fromhex(hexadecimal.removeprefix("#")))
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else float(((one + 0.055) / 1.055) ** 2.4) for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_formats_name_their_files() -> None:
    assert (SVG.name, SVG.file_name) == ("badge", "badge.svg")
    assert (ENDPOINT.name, ENDPOINT.file_name) == ("shields", "badge.json")


@pytest.mark.parametrize(
    ("verdict", "tier", "says"),
    [
        (Verdict.CERTIFIED, Tier.GOLD, "certified · gold"),
        (Verdict.CERTIFIED, None, "certified"),
        (Verdict.NOT_CERTIFIED, Tier.BRONZE, "not certified"),
        (Verdict.INCOMPLETE, None, "incomplete"),
        (Verdict.NONE, None, "no verdict"),
    ],
)
def test_it_says_the_verdict_and_a_tier_only_with_the_certificate(
    verdict: Verdict, tier: Tier | None, says: str
) -> None:
    report = a_report(verdict, tier)
    assert json.loads(endpoint(report))["message"] == says
    assert [one.text for one in ET.fromstring(svg(report)).iter(f"{NAMESPACE}text")] == ["certify", says]


@pytest.mark.parametrize(("verdict", "tier"), VERDICTS)
def test_it_is_green_only_where_it_is_certified(verdict: Verdict, tier: Tier | None) -> None:
    green = 70 <= hue(colour(a_report(verdict, tier))) <= 180
    assert green == (verdict is Verdict.CERTIFIED)


@pytest.mark.parametrize("fill", [*COLOURS.values(), *TIER_COLOURS.values(), LABEL_COLOUR])
def test_it_can_be_read_and_seen_on_light_and_dark_pages(fill: str) -> None:
    assert contrast(fill, "#ffffff") >= 4.5
    assert contrast(fill, "#0d1117") >= 2.2  # GitHub's dark page; the words carry it, not the edge


@pytest.mark.parametrize(("verdict", "tier"), VERDICTS)
def test_the_json_is_what_shields_reads(verdict: Verdict, tier: Tier | None) -> None:
    plain = json.loads(endpoint(a_report(verdict, tier)))
    jsonschema.Draft202012Validator(SHIELDS).validate(plain)
    assert plain["isError"] == (verdict is not Verdict.CERTIFIED)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_svg_stands_alone_is_accessible_and_20_px_high(name: str) -> None:
    text = svg(SAMPLES[name]())
    root = ET.fromstring(text)
    assert (root.get("role"), root.get("height")) == ("img", "20")
    assert root.get("viewBox") == f"0 0 {root.get('width')} 20"
    (title,) = root.iter(f"{NAMESPACE}title")
    assert root.get("aria-labelledby") == title.get("id")
    assert (title.text or "").startswith("demo_api 1.4.0: certify, ")
    assert re.findall(r"https?:[^\"]*", text) == ["http://www.w3.org/2000/svg"]
    assert {one.tag.removeprefix(NAMESPACE) for one in root.iter()} == {
        *("svg", "title", "clipPath", "rect", "g", "text"),
    }
    assert not {
        name for one in root.iter() for name in one.attrib if name.startswith(("on", "href", "style"))
    }


@unhurried
@given(hostile_texts())
def test_a_connectors_name_stays_text(text: str) -> None:
    report = spoken(certified(), text)
    root = ET.fromstring(svg(report))
    plain = ET.fromstring(svg(certified()))
    assert [one.tag for one in root.iter()] == [one.tag for one in plain.iter()]
    assert [one.attrib for one in root.iter()] == [one.attrib for one in plain.iter()]
