from __future__ import annotations

import re
import time
from dataclasses import fields, replace

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from certify.model import Finding, Footer, IdKind, Location, Reason, Report, Status, Verdict, WaiverResult
from certify_reports.markdown import FORMAT, render
from tests.unit.report_samples import (
    GOLDEN,
    SAMPLES,
    a_rule,
    an_id,
    certified,
    hostile_texts,
    not_certified,
    spoken,
    unhurried,
)

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def structure(page: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """Every block with its tag, and the tags within HTML; fails on a link, an image or a foreign tag."""
    tokens = MARKDOWN.parse(page)
    children = [child for token in tokens for child in token.children or []]
    assert {child.type for child in children} <= {
        *("text", "text_special", "code_inline", "html_inline", "strong_open", "strong_close"),
    }
    assert {child.content for child in children if child.type == "html_inline"} <= {"<code>", "</code>"}
    return [
        (token.type, token.tag, _tags(token.content) if token.type == "html_block" else ())
        for token in tokens
    ]


def _tags(html: str) -> tuple[str, ...]:
    return tuple(re.findall(r"<[^>]*>", html))


def shape(page: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """What the page is built of, without the paragraphs and blocks that an explanation may hold."""
    ours = {"heading_open", "tr_open", "td_open", "html_block", "list_item_open", "ordered_list_open"}
    return [block for block in structure(page) if block[0] in ours]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_page_is_the_golden_one(name: str) -> None:
    """`python -m tests.unit.report_samples` writes them anew; read them before you commit."""
    assert render(SAMPLES[name]()) == (GOLDEN / f"{name}.md").read_text(encoding="utf-8")


def test_the_format_names_its_file() -> None:
    assert (FORMAT.name, FORMAT.file_name) == ("markdown", "certification_report.md")


@pytest.mark.parametrize("name", SAMPLES)
@unhurried
@given(text=hostile_texts())
def test_no_text_changes_how_the_page_is_built(name: str, text: str) -> None:
    report = SAMPLES[name]()
    assert structure(render(spoken(report, text))) == structure(render(spoken(report, "word")))


@unhurried
@given(text=hostile_texts())
def test_no_explanation_forges_a_heading_a_row_an_item_or_a_tag(text: str) -> None:
    everything_but_explanations = frozenset(field.name for field in fields(Report)) - {
        "ids",
        "rules",
        "next_tier",
    }
    hostile, harmless = (
        render(spoken(not_certified(), words, everything_but_explanations)) for words in (text, "word")
    )
    assert shape(hostile) == shape(harmless)


@unhurried
@given(text=hostile_texts())
def test_no_name_of_an_area_leaves_its_fold(text: str) -> None:
    folded, word = (
        render(replace(certified(), rules=(a_rule("r", area, title="t"),))) for area in (text, "word")
    )
    assert structure(folded) == structure(word)


@unhurried
@given(text=hostile_texts())
def test_any_page_can_be_written_as_utf_8(text: str) -> None:
    page = render(spoken(not_certified(), text, frozenset()))
    assert page.encode().decode() == page


def test_the_page_does_not_depend_on_what_is_computed_from_it() -> None:
    report = certified()
    later = replace(report, files={"certification_report.md": "sha256:0"}, footer=Footer(("a",), "sha256:1"))
    assert render(later) == render(report)


def first_screen(report: Report) -> str:
    return render(report).partition("\n## ")[0]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict.CERTIFIED, "**✓ Certified.** 3 required: 2 passed, 1 waived."),
        (Verdict.NOT_CERTIFIED, "**✗ Not certified.** 3 required: 2 passed, 1 waived."),
        (
            Verdict.INCOMPLETE,
            "**? Incomplete.** 3 required: 2 passed, 1 waived. Nothing that is required failed",
        ),
        (Verdict.NONE, "**– No verdict.** 3 required: 2 passed, 1 waived. A selection was run"),
    ],
)
def test_the_verdict_is_said_in_plain_words(verdict: Verdict, words: str) -> None:
    counted = {Status.WAIVED: 1, Status.PASSED: 2, Status.FAILED: 0}
    assert words in first_screen(replace(certified(), verdict=verdict, required=counted))


def test_the_claim_stands_beside_what_was_observed() -> None:
    assert "Claimed status: certified; observed: not certified" in first_screen(not_certified())


def test_an_interrupted_run_says_so_before_the_verdict() -> None:
    report = certified()
    screen = first_screen(replace(report, run=replace(report.run, interrupted=True)))
    assert 0 < screen.index("**Interrupted.**") < screen.index("Certified.")
    assert "Interrupted" not in render(report)


def reasons(*statuses: Status) -> str:
    """The section with reasons, from one reason for each status, each with a cause of its own."""
    all_of_them = tuple(Reason(f"id_{n}", status, f"cause {n}", "do it") for n, status in enumerate(statuses))
    page = render(replace(not_certified(), reasons=all_of_them))
    return page.partition("## Why it is not certified\n\n")[2].partition("\n## ")[0]


def test_failures_come_first_whatever_their_order() -> None:
    lines = reasons(Status.UNVERIFIED, Status.ERRORED, Status.FAILED).splitlines()
    assert [line[:10] for line in lines if line] == ["1. ✗ `id_2", "2. ! `id_1", "3. ? `id_0"]


def test_many_gaps_are_folded_beneath_a_failure_and_counted_on() -> None:
    section = reasons(Status.FAILED, *[Status.UNVERIFIED] * 4)
    shown, _, folded = section.partition("<details>\n<summary>4 unverified: ")
    assert "id_0" in shown
    assert "id_1" not in shown
    assert "2. ? `id_1`" in folded
    assert "5. ? `id_4`" in folded


def test_gaps_alone_show_the_first_five_and_fold_the_rest() -> None:
    shown, _, folded = reasons(*[Status.UNVERIFIED] * 7).partition("<details>\n<summary>2 more unverified: ")
    assert shown.count("unverified") == 5
    assert "6. ? `id_5`" in folded


def test_names_with_the_same_cause_make_one_reason() -> None:
    same = tuple(Reason(f"id_{n}", Status.UNVERIFIED, "no cassette", "record one") for n in range(10))
    assert "1. ? `id_0`, `id_1`" in render(replace(not_certified(), reasons=same))
    assert "`id_7` and 2 others unverified: no cassette." in render(replace(not_certified(), reasons=same))


def test_gaps_of_one_cause_make_one_reason_though_their_rules_are_mended_differently() -> None:
    gaps = tuple(Reason(f"id_{n}", Status.UNVERIFIED, "no cassette", f"mend {n}") for n in range(4))
    failed = tuple(Reason(f"rule_{n}", Status.FAILED, "it is bad", f"mend {n}") for n in range(2))
    page = render(replace(not_certified(), reasons=failed + gaps))
    assert "3. ? `id_0`, `id_1`, `id_2`, `id_3` unverified: no cassette.\n" in page
    assert "2. ✗ `rule_1` failed: it is bad. **Fix:** Mend 1." in page


def test_a_location_is_not_said_twice() -> None:
    place = Location("a.py", 3)
    said = tuple(
        Reason(f"r{n}", Status.FAILED, text, "", place) for n, text in enumerate(("a.py:3: bad", "bad"))
    )
    page = render(replace(not_certified(), reasons=said))
    assert "`r0` failed: a.py:3: bad." in page
    assert "`r1` failed at `a.py:3`: bad." in page


def test_what_an_id_needs_stands_in_a_fence_once_for_all_that_need_it() -> None:
    ids = (an_id("a", Status.UNVERIFIED), an_id("b", Status.UNVERIFIED), an_id("c", Status.PASSED))
    page = render(replace(not_certified(), ids=ids))
    assert "For `a`, `b`:\n\n```yaml\nreplay:\n" in page
    assert page.count("```yaml") == 1


def test_an_id_under_two_capabilities_is_one_row_when_it_ended_the_same() -> None:
    once = an_id("import_safety", Status.PASSED, "r")
    ids = (once, replace(once, capability="sink"), replace(once, capability="state", status=Status.FAILED))
    page = render(replace(certified(), ids=ids))
    assert "| `import_safety` | source, sink | ✓ passed |" in page
    assert "| `import_safety` | state | ✗ failed |" in page
    assert page.count("- `import_safety`: ") == 1


def test_what_passed_shows_what_it_saw_first_and_how_much_more() -> None:
    rule = a_rule("r", "docs", title="t")
    page = render(replace(certified(), rules=(replace(rule, evidence=rule.evidence * 3),)))
    assert "| read what r speaks of (and 2 more) |" in page


def test_gates_and_benchmarks_are_named_for_what_they_are() -> None:
    ids = (an_id("g", Status.PASSED, kind=IdKind.GATE), an_id("b", Status.PASSED, kind=IdKind.BENCHMARK))
    page = render(replace(certified(), ids=ids))
    assert "| `g` | quality gate | ✓ passed |" in page
    assert "| `b` | benchmark | ✓ passed |" in page


def test_what_is_required_is_mended_first() -> None:
    rules = (
        a_rule("nice", "docs", Status.FAILED, title="t", required=False),
        a_rule("torn", "docs", Status.ERRORED, title="t"),
        a_rule("must", "docs", Status.FAILED, title="t"),
    )
    headings = re.findall("^### . `(.+)`$", render(replace(not_certified(), rules=rules)), re.MULTILINE)
    assert headings == ["must", "torn", "nice"]


@pytest.mark.parametrize(
    ("expires", "left"),
    [
        ("2026-03-31", "29 days"),
        ("2026-03-03", "1 day, then it counts again"),
        ("2026-03-02", "last day"),
        ("2026-03-01", "expired 1 day before the run"),
        ("soon", "unknown"),
    ],
)
def test_a_waiver_counts_its_days_from_the_day_of_the_run(expires: str, left: str) -> None:
    waiver = WaiverResult("owed", "team", expires)
    rule = replace(a_rule("r", "docs", Status.WAIVED, title="t"), waiver=waiver)
    page = render(replace(certified(), rules=(rule,)))
    assert f"| `r` | waived | owed | team | {expires} | {left} |" in page


def test_a_weaker_isolation_is_called_weaker() -> None:
    report = certified()
    assert "Isolation: hook (weaker" in render(replace(report, run=replace(report.run, isolation="hook")))


def test_what_one_finding_says_is_said_once() -> None:
    place = Location("a.py", 3)
    finding = Finding("it is bad", place, "that it is good", "make it good")
    rule = replace(
        a_rule("r", "docs", Status.FAILED, title="It is as it should be"),
        message="a.py:3: it is bad",
        detail="a.py:3: it is bad",
        findings=(finding,),
    )
    card = render(replace(not_certified(), rules=(rule,), reasons=())).partition("## What failed")[2]
    assert "**Expected:** It is as it should be. That it is good.\n" in card
    assert "**What happened at `a.py:3`:** It is bad.\n" in card
    assert "**How to fix this one:** Make it good.\n" in card
    assert card.count("it is bad") == 0
    assert "**Try it again:** `certify --only r` (docs, required, bronze, low effort to mend)" in card


def test_the_first_waiver_that_ends_stands_on_the_first_screen() -> None:
    waived = [
        replace(a_rule(name, "docs", Status.WAIVED, title="t"), waiver=WaiverResult("owed", "team", expires))
        for name, expires in (("late", "2026-05-01"), ("soon", "2026-03-05"))
    ]
    assert "- First waiver ends: 2026-03-05, 3 days, then it counts again\n" in first_screen(
        replace(certified(), rules=tuple(waived))
    )


def test_two_thousand_failed_rules_stay_below_a_mebibyte_and_two_seconds() -> None:
    rule = a_rule("r", "docs", Status.FAILED, title="@" * 500)
    many = tuple(
        replace(rule, id=f"rule_{n}", area=f"area_{n % 90}", message="<" * 999, detail="`" * 9999)
        for n in range(2000)
    )
    ids = tuple(an_id(f"id_{n}", Status.UNVERIFIED, *(f"rule_{m}" for m in range(50))) for n in range(2000))
    gaps = tuple(Reason(f"id_{n}", Status.UNVERIFIED, f"{n}" + "&" * 900, "x" * 900) for n in range(2000))
    started = time.perf_counter()
    page = render(replace(not_certified(), rules=many, ids=ids, reasons=gaps))
    assert time.perf_counter() - started < 2
    assert 100_000 < len(page.encode()) < 2**20
    assert re.search(r"… and \d+ more, see the JSON\.", page)
    assert page.endswith("- Figures that hold on another machine.\n")
