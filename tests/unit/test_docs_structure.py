"""What a guide tells, and the steps that it gives whoever is on call."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from certify.repository.docs.markdown import read_page
from certify.repository.docs.page import Heading, Page
from certify.repository.docs.runbooks import uncovered_runbooks
from certify.repository.docs.structure import heading_defects, untold_topics
from certify.repository.docs.topics import Topic, says_something, speaks_of

#: As `dpone connectors scaffold demo_api` writes docs/demo_api.md.
SCAFFOLD = """\
# demo_api connector

## Overview

This page documents the generated `demo_api` connector skeleton.

## Manifest example

```yaml
source: {type: demo_api}
sink: {type: postgres}
```

## Runbook

1. Keep secrets in `env`, Vault, Airflow connections, or params managed by your deployment system.
2. Run `dpone plan path/to/manifest.yaml` before writing target data.
3. Run connector certification before publishing a package.
"""

STRUCTURE = (Topic.OVERVIEW, Topic.PREREQUISITES, Topic.CONFIGURATION, Topic.EXAMPLE, Topic.LIMITS)
RUNBOOKS = (Topic.CREDENTIALS, Topic.RATE_LIMITS, Topic.RETRIES, Topic.SCHEMA_DRIFT, Topic.QUALITY)


def page(text: str, file: str = "docs/guide.md") -> Page:
    return read_page(file, text)


def untold(text: str, *topics: Topic) -> list[str]:
    guide = page(text)
    return [f"{one.location}: {one.message}" for one in untold_topics(guide, [guide], topics)]


def uncovered(text: str, demands: Mapping[Topic, int] | None = None) -> list[str]:
    guide = page(text)
    asked = demands if demands is not None else {Topic.RETRIES: 2}
    return [f"{one.location}: {one.message}" for one in uncovered_runbooks(guide, [guide], asked)]


def test_the_scaffolds_guide_tells_of_nothing_but_its_example() -> None:
    assert untold(SCAFFOLD, *STRUCTURE) == [
        "docs/guide.md:3: the section 'Overview' is empty, still to be written, or as it was generated",
        "docs/guide.md:1: there is no section on prerequisites or credentials",
        "docs/guide.md:1: there is no section on configuration",
        "docs/guide.md:1: there is no section on limitations or troubleshooting",
    ]


def test_the_scaffolds_runbook_covers_no_topic() -> None:
    assert uncovered(SCAFFOLD, dict.fromkeys(RUNBOOKS, 2)) == [
        f"docs/guide.md:14: there is no section on what to do about {topic.called}" for topic in RUNBOOKS
    ]


def test_the_scaffolds_steps_under_another_heading_are_still_the_scaffolds() -> None:
    moved = SCAFFOLD.replace("## Runbook", "## Retries")
    assert uncovered(moved) == ["docs/guide.md:14: the section 'Retries' has no steps of its own"]


@pytest.mark.parametrize(
    ("heading", "topic"),
    [
        ("What is this?", Topic.OVERVIEW),
        ("Before you begin", Topic.PREREQUISITES),
        ("API keys", Topic.PREREQUISITES),
        ("Settings", Topic.CONFIGURATION),
        ("Environment variables", Topic.CONFIGURATION),
        ("Quick-start", Topic.EXAMPLE),
        ("Known issues", Topic.LIMITS),
        ("F.A.Q. and FAQ", Topic.LIMITS),
        ("Rotating the credentials", Topic.CREDENTIALS),
        ("Throttling & quotas", Topic.RATE_LIMITS),
        ("When the API answers 429", Topic.RATE_LIMITS),
        ("Back-off", Topic.RETRIES),
        ("Retrying", Topic.RETRIES),
        ("Schema evolution", Topic.SCHEMA_DRIFT),
        ("Data quality", Topic.QUALITY),
        ("Rejected rows", Topic.QUALITY),
    ],
)
def test_usual_headings_name_their_topic(heading: str, topic: Topic) -> None:
    assert speaks_of(Heading(2, heading, 1, ""), topic)


@pytest.mark.parametrize(
    ("heading", "topic"),
    [
        ("Rate limits", Topic.LIMITS),
        ("Schema", Topic.SCHEMA_DRIFT),
        ("Unaccountable", Topic.PREREQUISITES),
        ("Country codes", Topic.RETRIES),
        ("14290 rows", Topic.RATE_LIMITS),
        ("Supported streams", Topic.LIMITS),
    ],
)
def test_a_word_within_another_names_nothing(heading: str, topic: Topic) -> None:
    assert not speaks_of(Heading(2, heading, 1, ""), topic)


@pytest.mark.parametrize("text", ["TODO", "TBD: later on", "Coming soon!", "See above.", "…", "", "None."])
def test_what_is_still_to_be_written_says_nothing(text: str) -> None:
    assert not says_something(text)


def test_three_words_say_something() -> None:
    assert says_something("Rotate the token.")
    assert not says_something("Rotate it.")


@pytest.mark.parametrize(
    "text",
    [
        "# G\n\nIt reads the orders.\n\n## Use\n",
        "It reads the orders.\n\n# G\n",
        "<h2>G</h2>\n\n<p>It reads the orders.</p>\n",
        "# G\n\n### It reads the orders of all your shops\n",
        "# G\n\n## About\n\nIt reads the orders.\n",
    ],
)
def test_an_overview_is_a_section_or_stands_under_the_title(text: str) -> None:
    assert untold(text, Topic.OVERVIEW) == []


def test_what_stands_under_the_second_heading_is_no_overview() -> None:
    assert untold("# G\n\n## Licence\n\nIt is the Apache licence.\n", Topic.OVERVIEW) != []


def test_an_example_is_code_or_a_link_to_examples() -> None:
    assert untold("# G\n\n```yaml\na: 1\n```\n", Topic.EXAMPLE) == []
    assert untold("# G\n\nSee [them](../examples/).\n", Topic.EXAMPLE) == []
    assert untold("# G\n\n## Usage\n\n```sh\nacme run\n```\n", Topic.EXAMPLE) == []
    assert untold("# G\n\n## Usage\n\nIt is easy to use.\n", Topic.EXAMPLE) == [
        "docs/guide.md:3: the section 'Usage' has no code block"
    ]
    assert untold("# G\n\n## Install\n\n```sh\npip install acme\n```\n", Topic.EXAMPLE) != []


def test_a_topic_may_be_told_on_another_page() -> None:
    guide = page("# G\n")
    other = page("# Settings\n\n| a | the first |\n|-|-|\n| b | the second |\n", "docs/settings.md")
    assert list(untold_topics(guide, [guide, other], [Topic.CONFIGURATION])) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("text\n", ["docs/guide.md:1: the page has no title"]),
        ("\n## A\n", ["docs/guide.md:2: the page has no title"]),
        (
            "# A\n\n# B\n",
            ["docs/guide.md:3: 'B' is a second title; the page has 2 headings of the first level"],
        ),
        ("# A\n\n### B\n", ["docs/guide.md:3: 'B' is of level 3 under 'A' of level 1"]),
        ("# A\n## B\n### C\n## D\n", []),
        ("---\ntitle: A\n---\n\n## B\n", []),
        ("<h1>A</h1>\n\n## B\n", []),
        ("# A\n\n```\n# no heading\n```\n", []),
    ],
)
def test_a_page_has_one_title_and_skips_no_level(text: str, found: list[str]) -> None:
    assert [f"{one.location}: {one.message}" for one in heading_defects(page(text))] == found


@pytest.mark.parametrize(
    "steps",
    [
        "1. Read the status.\n2. Start it again.\n",
        "Read the status first.\n\nThen start it again.\n",
        "Start it again:\n\n```sh\nacme run\n```\n",
        "| 429 | wait for it |\n|-|-|\n| 500 | start it again |\n| 502 | start it again too |\n",
        "### Cause\n\nThe API is down.\n\n### Cure\n\nStart the run again.\n",
        "> Read the status first.\n\n> Then start it again.\n",
    ],
)
def test_two_steps_of_any_kind_cover_a_topic(steps: str) -> None:
    assert uncovered(f"# G\n\n## Retries\n\n{steps}") == []


@pytest.mark.parametrize(
    ("steps", "count"),
    [
        ("", "no steps"),
        ("Start the run again.\n", "1 step"),
        ("1. TODO\n2. Start the run again.\n", "1 step"),
        ("## Another section\n\nRead the status first.\n\nStart it again.\n", "no steps"),
    ],
)
def test_fewer_do_not(steps: str, count: str) -> None:
    assert uncovered(f"# G\n\n## Retries\n\n{steps}") == [
        f"docs/guide.md:3: the section 'Retries' has {count} of its own"
    ]


def test_one_will_do_where_one_is_asked_for() -> None:
    assert uncovered("# G\n\n## Retries\n\nThe database has none.\n", {Topic.RETRIES: 1}) == []


def test_a_section_on_two_topics_covers_both() -> None:
    text = "# G\n\n## Rate limits and retries\n\n- Read the status.\n- Start it again.\n"
    assert uncovered(text, {Topic.RATE_LIMITS: 2, Topic.RETRIES: 2}) == []


def test_sections_within_a_section_on_their_topic_are_no_copies_of_it() -> None:
    text = (
        "# Credentials\n\n## Rate limits\n\n- Count the pipelines.\n- Raise the page size.\n\n"
        "## Retries\n\n- Read the status.\n- Start it again.\n"
    )
    assert uncovered(text, {Topic.CREDENTIALS: 2, Topic.RATE_LIMITS: 2, Topic.RETRIES: 2}) == []


def test_the_same_steps_under_two_topics_cover_neither() -> None:
    steps = "- Look at the log.\n- Start it again.\n"
    text = f"# G\n\n## Rate limits\n\n{steps}\n## Retries\n\n{steps}"
    found = uncovered(text, {Topic.RATE_LIMITS: 2, Topic.RETRIES: 2})
    assert found == [
        "docs/guide.md:3: the section 'Rate limits' repeats the steps of another section",
        "docs/guide.md:8: the section 'Retries' repeats the steps of another section",
    ]


def test_a_step_of_its_own_among_shared_ones_covers_a_topic() -> None:
    limits = "## Rate limits\n\n- Wait an hour.\n- Start it again.\n\n"
    text = f"# G\n\n{limits}## Retries\n\n- Ask them why.\n- Start it again.\n"
    assert uncovered(text, {Topic.RATE_LIMITS: 2, Topic.RETRIES: 2}) == []


def test_a_copy_of_the_page_for_another_version_is_no_copy_of_the_steps() -> None:
    text = "# G\n\n## Retries\n\n- Read the status.\n- Start it again.\n"
    pages = [page(text, "docs/v1.md"), page(text, "docs/v2.md")]
    assert list(uncovered_runbooks(pages[0], pages, {Topic.RETRIES: 2})) == []


def test_each_finding_says_what_a_good_section_holds() -> None:
    for text in ("# G\n", "# G\n\n## Retries\n"):
        (finding,) = uncovered_runbooks(page(text), [page(text)], {Topic.RETRIES: 2})
        assert "how often and how long apart" in (finding.fix or "")


def test_thousands_of_sections_are_held_against_each_other_in_seconds() -> None:
    began = time.process_time()
    headings = ("Retries", "Quota", "Token", "Drift", "Quality")
    text = "".join(f"# {headings[n % 5]} {n}\n\n- do this now\n- do {n} of them\n\n" for n in range(5000))
    uncovered(text, dict.fromkeys(RUNBOOKS, 2))
    assert time.process_time() - began < 20  # measured: 1.5 s
