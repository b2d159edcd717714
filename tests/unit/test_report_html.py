"""The page: one file that loads nothing, whatever a connector says."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings

from certify.model import Evidence, Footer, Report, Status, Verdict, WaiverResult
from certify_reports.html import FORMAT, render
from tests.unit.report_samples import (
    SAMPLES,
    a_rule,
    an_id,
    certified,
    hostile_texts,
    not_certified,
    spoken,
    unhurried,
)

#: A page takes longer to read back than to make.
few = settings(unhurried, max_examples=25)

_VOID = {"meta", "link", "input"}
#: Tags whose number depends on what is said: code between backticks, a line of an answer, a longer ending.
_SPOKEN = {"code", "text", "span"}


class Tags(HTMLParser):
    """Every tag with the names of its attributes, and what links and styles it holds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    @property
    def structure(self) -> list[tuple[str, tuple[str, ...]]]:
        return [one for one in self.found if one[0] not in _SPOKEN]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = tuple(name for name, _ in attrs)
        assert not [name for name in names if name.startswith("on") or name in ("style", "src", "srcset")]
        self.links += [value or "" for name, value in attrs if name in ("href", "xlink:href", "action")]
        self.found.append((tag, names))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.words.append(data)


@cache
def built(name: str) -> list[tuple[str, tuple[str, ...]]]:
    """How the page of a sample is built of harmless words."""
    structure = Tags(render(spoken(SAMPLES[name](), "word"))).structure
    assert not {tag for tag, _ in structure} & {"iframe", "object", "embed", "base", "img", "image", "use"}
    return structure


def words(report: Report) -> str:
    return " ".join(" ".join(Tags(render(report)).words).split())


def test_the_format_names_its_file() -> None:
    assert (FORMAT.name, FORMAT.file_name) == ("html", "certification_report.html")


def test_a_command_that_makes_no_page_loads_no_templates() -> None:
    code = "import certify_reports.html, sys; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(("writes", "kept"), [("", True), ("1", False)])
def test_compiled_templates_are_kept_where_python_keeps_what_it_compiles(
    writes: str, kept: bool, tmp_path: Path
) -> None:
    code = (
        "from tests.unit.report_samples import certified; from certify_reports.html import render;"
        "render(certified())"
    )
    settings_of_python = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": writes}
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, env=os.environ | settings_of_python)
    assert bool(list(tmp_path.rglob("template-*"))) is kept


@pytest.mark.parametrize("name", SAMPLES)
@few
@given(text=hostile_texts())
def test_no_text_changes_how_the_page_is_built(name: str, text: str) -> None:
    tags = Tags(render(spoken(SAMPLES[name](), text)))
    assert tags.structure == built(name)
    icon, *links = tags.links
    assert icon.startswith("data:image/svg+xml,")
    assert all(link.startswith("#") for link in links)


@few
@given(text=hostile_texts())
def test_no_explanation_brings_a_tag_of_its_own(text: str) -> None:
    page = render(spoken(not_certified(), text, frozenset()))
    assert page.encode().decode() == page
    tags = [tag for tag, _ in Tags(page).found]
    assert set(tags) <= {tag for tag, _ in built("not_certified")} | _SPOKEN | {"pre"}
    assert tags.count("script") == 1


def test_the_policy_lets_in_our_style_and_our_script_and_nothing_else() -> None:
    page = render(certified())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    rules = dict(part.strip().split(" ", 1) for part in policy[1].replace("&#39;", "'").split(";"))
    for name in ("style", "script"):
        body = re.search(f"<{name}>(.*?)</{name}>", page, re.DOTALL)
        assert body is not None
        digest = base64.b64encode(hashlib.sha256(body[1].encode()).digest()).decode()
        assert rules.pop(f"{name}-src") == f"'sha256-{digest}'"
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_page_does_not_depend_on_what_is_computed_from_it() -> None:
    report = certified()
    later = replace(report, files={"html": "certification_report.html"}, footer=Footer(("a",), "sha256:1"))
    assert render(later) == render(report)


@pytest.mark.parametrize(
    ("verdict", "answer"),
    [
        (Verdict.CERTIFIED, "Certified It may be released: all that is required passed or is waived."),
        (
            Verdict.NOT_CERTIFIED,
            "Not certified It is not fit for release: something that is required failed.",
        ),
        (Verdict.INCOMPLETE, "Incomplete Not yet: nothing that is required failed, but not all of it could"),
        (Verdict.NONE, "No verdict A selection was run: it judges rules, not the connector."),
    ],
)
def test_the_first_words_say_whether_it_may_be_released(verdict: Verdict, answer: str) -> None:
    counted = {Status.WAIVED: 1, Status.PASSED: 2}
    assert (
        answer in words(replace(certified(), verdict=verdict, required=counted)).partition("Rules by area")[0]
    )


def test_nothing_is_called_waived_where_nothing_is() -> None:
    told = words(replace(certified(), required={Status.PASSED: 2}))
    assert "It may be released: all that is required passed." in told


def test_an_interrupted_run_says_so_before_the_verdict() -> None:
    report = certified()
    told = words(replace(report, run=replace(report.run, interrupted=True)))
    assert 0 < told.index("Interrupted.") < told.index("It may be released")


def test_a_failure_is_open_and_has_all_it_takes_to_mend_it() -> None:
    page = render(not_certified())
    assert re.search(r'<details class="rule failed" id="rule-imports_cleanly"[^>]* open>', page)
    card = words(not_certified()).partition("Not passed ")[2]
    for said in (
        "src/demo_api/client.py:14",
        "opened a socket to api.demo.example:443",
        "Expected No network while it is imported.",
        "Fix Build the client when the connector is made.",
        "Why it matters A connector that is not what it says breaks in production, at night.",
        "How to fix it Make it what it says. the_lines = to_write",
        "Try it again certify --only imports_cleanly",
    ):
        assert said in card


def test_a_failure_is_drawn_and_told_as_what_happened() -> None:
    page = render(certified())
    card = page[page.index('id="rule-timeout_is_set"') : page.index('id="error-paths"')]
    assert card.count("<svg viewBox") == 1
    assert 'aria-label="200; no answer; waits for ever; ends: no end: it still waits after 7200 s"' in card


def test_what_failed_comes_first_and_required_before_the_rest() -> None:
    rules = (
        a_rule("fine", "docs", title="t"),
        a_rule("nice", "docs", Status.FAILED, title="t", required=False),
        a_rule("gap", "docs", Status.UNVERIFIED, title="t"),
        a_rule("must", "docs", Status.FAILED, title="t"),
    )
    page = render(replace(not_certified(), rules=rules))
    assert re.findall(r'<details class="rule [a-z]+" id="rule-(\w+)"', page) == [
        "must",
        "nice",
        "gap",
        "fine",
    ]


def test_what_an_id_needs_is_shown_once_for_all_that_need_it() -> None:
    assert words(not_certified()).count("cassettes: certification/cassettes") == 1


def test_names_without_a_rule_are_no_links() -> None:
    page = render(not_certified())
    assert 'href="#rule-imports_cleanly"' in page
    assert 'href="#rule-vendor_quota"' not in page


def test_a_waiver_counts_its_days() -> None:
    waiver = WaiverResult("owed", "team", "2026-03-31")
    rule = replace(a_rule("r", "docs", Status.WAIVED, title="t"), waiver=waiver)
    assert "r owed team 2026-03-31 29 days" in words(replace(certified(), rules=(rule,)))


def test_figures_are_drawn_to_one_scale() -> None:
    page = render(certified())
    bars = dict(re.findall(r'<th scope="row">([^<]*)</th><td><svg[^>]*><rect[^>]* width="(\d+)"', page))
    assert bars["parsing alone"] == "320"
    assert int(bars["this connector"]) == pytest.approx(320 * 11_500.4 / (10_000 / 0.2312), abs=1)
    assert (bars["10,000 rows"], bars["40,000 rows"]) == ("311", "320")


def test_what_finds_no_room_is_counted() -> None:
    rule = a_rule("r", "docs", Status.FAILED, title="@" * 500)
    story = next(one.timeline for one in certified().rules[-1].evidence if one.timeline)
    many = tuple(
        replace(
            rule,
            id=f"rule_{n}",
            why="<" * 1999,
            detail="&" * 1999,
            evidence=tuple(
                Evidence("request", "<" * 300, timeline=replace(story, scenario=f"{n} {m}")) for m in range(8)
            ),
        )
        for n in range(1500)
    )
    ids = tuple(an_id(f"id_{n}", Status.UNVERIFIED) for n in range(2000))
    page = render(replace(not_certified(), rules=many, ids=ids))
    assert 1_000_000 < len(page.encode()) < 5_000_000
    assert re.search(r"… and \d{3,} more, see the JSON\.", page)
    assert "id-1999" not in page
    Tags(page)
