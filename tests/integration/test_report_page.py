"""The page as a reader has it: opened from disk in a browser, looked at, filtered, printed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect

from certify.model import Report
from certify_reports.html import render
from tests.integration.browser import program, running
from tests.unit.report_samples import SAMPLES, certified, not_certified, spoken

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

#: Each would be noticed by what it did: a message, a request, or a mark.
HOSTILE = (
    "</script></style></title><script>document.title='taken'</script><img src=//e.vil/x onerror=alert(1)>"
    "<svg onload=alert(2)><a href='javascript:alert(3)'>x</a>\" onfocus=alert(4) autofocus x=\"{{ 7*7 }}"
)


@dataclass
class Opened:
    """A page, and all that it did besides being looked at."""

    page: Page
    noticed: list[str] = field(default_factory=list)


Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = program()
    if path is None:
        assert os.environ.get("CI") != "true", "CI installs chromium, and there is none"
        pytest.skip("there is no chromium here")
    with running(path) as started:
        yield started


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a report's page from disk, in a context with the options that are given."""
    contexts: list[BrowserContext] = []

    def open_(report: Report, fragment: str = "", **options: object) -> Opened:
        file = tmp_path / "certification_report.html"
        file.write_text(render(report), "utf-8")
        context = browser.new_context(**({"viewport": WIDE} | options))  # type: ignore[arg-type]
        contexts.append(context)
        seen = Opened(context.new_page())
        page, address = seen.page, file.as_uri() + fragment
        page.on("console", lambda one: seen.noticed.append(f"{one.type}: {one.text}"))
        page.on("pageerror", lambda error: seen.noticed.append(f"error: {error}"))
        page.on("dialog", lambda one: refuse(seen, one))
        page.on("request", lambda one: asked(seen, one.url))
        page.goto(address)
        return seen

    yield open_
    for context in contexts:
        context.close()


def refuse(seen: Opened, dialog: Dialog) -> None:
    """Note what wants to be answered, and go on."""
    seen.noticed.append(f"dialog: {dialog.message}")
    dialog.dismiss()


def asked(seen: Opened, url: str) -> None:
    """Note every request but that for the page itself, and for the icon that it carries."""
    if not url.startswith(("data:", "file:")) or (url.startswith("file:") and ".html" not in url):
        seen.noticed.append(f"request: {url}")


@pytest.mark.parametrize("name", SAMPLES)
def test_it_opens_from_disk_and_asks_for_nothing(name: str, opened: Open) -> None:
    seen = opened(SAMPLES[name]())
    expect(seen.page.get_by_role("heading", level=1)).to_have_text("demo_api 1.4.0")
    expect(seen.page.get_by_role("banner")).to_be_visible()
    expect(seen.page.get_by_role("main")).to_be_visible()
    expect(seen.page.get_by_role("navigation")).to_be_visible()
    expect(seen.page.get_by_role("contentinfo")).to_be_visible()
    assert seen.noticed == []


def test_hostile_text_does_nothing(opened: Open) -> None:
    seen = opened(spoken(not_certified(), HOSTILE, frozenset()))
    seen.page.get_by_label("Find a rule").fill("script")
    for place in range(seen.page.locator("summary").count()):
        seen.page.locator("summary").nth(place).focus()
    assert seen.page.title() == f"Not certified: {HOSTILE} {HOSTILE}"
    assert seen.page.locator("script").count() == 1
    assert seen.page.locator("img, [onload], [onerror], [onfocus]").count() == 0
    assert seen.noticed == []


def test_only_what_has_a_status_is_shown_once_it_is_asked_for(opened: Open) -> None:
    page = opened(not_certified()).page
    page.get_by_role("button", name="Failed").click()
    expect(page.locator(".rule:visible .id")).to_have_text(["imports_cleanly", "examples_parse"])
    expect(page.get_by_role("button", name="Failed")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("status")).to_have_text("2 of 5 rules")
    page.get_by_role("button", name="All").click()
    expect(page.locator(".rule:visible")).to_have_count(5)
    expect(page.get_by_role("status")).to_have_text("")


def test_rules_are_found_by_words_of_theirs(opened: Open) -> None:
    page = opened(not_certified()).page
    page.get_by_label("Find a rule").fill("Socket api.demo")
    expect(page.locator(".rule:visible .id")).to_have_text(["imports_cleanly"])
    page.get_by_role("button", name="Passed").click()
    expect(page.locator(".rule:visible")).to_have_count(0)
    expect(page.get_by_role("status")).to_have_text("0 of 5 rules")


def test_it_can_be_used_by_keyboard_alone(opened: Open) -> None:
    page = opened(not_certified()).page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the rules")).to_be_focused()
    page.keyboard.press("/")
    find = page.get_by_label("Find a rule")
    expect(find).to_be_focused()
    page.keyboard.type("docs_exist/")
    expect(find).to_have_value("docs_exist/")
    page.keyboard.press("Backspace")
    expect(page.locator(".rule:visible")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".rule:visible")).to_have_count(5)
    rule = page.locator("#rule-docs_exist")
    rule.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(rule.get_by_text("How to fix it")).to_be_visible()
    page.keyboard.press("Space")
    expect(rule.get_by_text("How to fix it")).to_be_hidden()


def test_a_link_opens_what_it_leads_to_though_it_was_filtered_away(opened: Open) -> None:
    page = opened(not_certified(), "#rule-docs_exist").page
    expect(page.locator("#rule-docs_exist").get_by_text("How to fix it")).to_be_visible()
    page.get_by_role("button", name="Passed").click()
    page.get_by_role("banner").get_by_role("link", name="imports_cleanly").click()
    expect(page.locator("#rule-imports_cleanly")).to_be_in_viewport()
    expect(page.locator("#rule-imports_cleanly > summary")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", SAMPLES)
def test_everybody_can_read_it(name: str, viewport: object, scheme: str, opened: Open) -> None:
    """Contrast, names, landmarks, the order of headings, what a keyboard reaches: axe-core's rules."""
    page = opened(SAMPLES[name](), viewport=viewport, color_scheme=scheme, bypass_csp=True).page
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_it_is_whole_without_scripts(opened: Open) -> None:
    page = opened(not_certified(), java_script_enabled=False).page
    expect(page.locator(".rule:visible")).to_have_count(5)
    expect(page.get_by_label("Find a rule")).to_be_hidden()
    page.locator("#rule-docs_exist summary").first.click()
    expect(page.locator("#rule-docs_exist").get_by_text("How to fix it")).to_be_visible()


def test_on_paper_failures_are_open_and_nothing_is_left_to_press(opened: Open) -> None:
    page = opened(certified(), color_scheme="dark").page
    page.get_by_role("button", name="Passed").click()
    page.emulate_media(media="print", color_scheme="dark")
    for hidden in ("nav", ".filter"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator("#rule-timeout_is_set").get_by_text("another does")).to_be_visible()
    expect(page.locator("#rule-timeout_is_set svg")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(format="A4").count(b"/Type /Page") > 1
