"""Reports for the tests of the renderers; run as a module it writes their golden pages anew."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from certify.model import (
    Connector,
    Coverage,
    Effort,
    Evidence,
    Finding,
    Footer,
    IdKind,
    IdResult,
    ItemResult,
    Load,
    Location,
    Machine,
    Moment,
    MomentKind,
    NextTier,
    Performance,
    Reason,
    Report,
    RuleResult,
    RunFacts,
    Status,
    Step,
    SuiteFacts,
    Tier,
    Timeline,
    Verdict,
    WaiverResult,
    sealed,
)
from certify_reports import markdown

GOLDEN = Path(__file__).with_name("golden") / "report"

_ADD_CASSETTE = "replay:\n  cassettes: certification/cassettes  # record full_refresh.yaml here\n"
_NO_CASSETTE = "no cassette to replay"
_ADD_FIX = "Record a cassette with `certify record full_refresh`."


def a_rule(
    rule_id: str, area: str, status: Status = Status.PASSED, *, title: str, required: bool = True
) -> RuleResult:
    return RuleResult(
        id=rule_id,
        title=title,
        area=area,
        tier=Tier.BRONZE if required else Tier.GOLD,
        effort=Effort.LOW,
        required=required,
        status=status,
        seconds=0.02,
        message="",
        why="A connector that is not what it says breaks in production, at night.",
        fix="Make it what it says.\n\n    the_lines = to_write",
        evidence=(Evidence("file", f"read what {rule_id} speaks of"),) if status is Status.PASSED else (),
    )


def an_id(name: str, status: Status, *rules: str, kind: IdKind = IdKind.REQUIRED_TEST) -> IdResult:
    unknown = status is Status.UNVERIFIED
    return IdResult(
        id=name,
        kind=kind,
        capability="source" if kind is IdKind.REQUIRED_TEST else None,
        status=status,
        message=_NO_CASSETTE if unknown else "",
        rules=rules,
        needs=_ADD_CASSETTE if unknown else "",
    )


_IMPORTS = a_rule("imports_cleanly", "import_safety", title="Every submodule imports without side effects")
_OPTIONAL = a_rule("optional_dependencies_are_optional", "import_safety", title="Imports without its extras")
_PARSE = a_rule("examples_parse", "manifest", title="Every example is valid JSON")
_DOCS = a_rule("docs_exist", "docs", title="There is a page for users and one for operators")
_ICON = a_rule("icon_is_square_svg", "docs", Status.FAILED, title="The icon is a square SVG")
_TIMEOUT = a_rule("timeout_is_set", "error_paths", title="Every request has a timeout", required=False)
_READ = a_rule("full_read_is_complete", "source", title="A full read yields every row of the cassette")


_HANGS = Timeline(
    "an answer that never comes at request 2, every time",
    (
        Moment(0.0, MomentKind.REQUEST, "GET /v1/orders", "api.demo.example", "200"),
        Moment(0.0, MomentKind.REQUEST, "GET /v1/orders; end #35; <b> %%", "api.demo.example", "nothing"),
        Moment(0.0, MomentKind.WAIT, "read timeout", seconds=1e12),
        Moment(7200.0, MomentKind.END, "no end: it still waits after 7200 s"),
    ),
)
_FAILS_ONCE = Timeline(
    "503 with retry-after: 7 at request 1, once",
    (
        Moment(0.0, MomentKind.REQUEST, "GET /v1/orders", "api.demo.example", "503, retry-after: 7"),
        Moment(0.0, MomentKind.WAIT, "sleep", seconds=7.0),
        *(Moment(7.0, MomentKind.REQUEST, "GET /v1/orders", "api.demo.example", "200") for _ in range(30)),
        Moment(7.0, MomentKind.END, "success with 14 of 14 rows"),
    ),
    left_out=12,
)


_FIGURES = Performance(
    rows=10_000,
    columns=120,
    rows_per_second=11_500.4,
    seconds=0.8695,
    spread_seconds=0.041,
    rounds=3,
    parse_seconds=0.2312,
    loads=(Load(10_000, 0.55, 8.25), Load(40_000, 2.21, 8.5)),
    machine=Machine(2, "3.12.4", "Linux 6.8 x86_64"),
)


def _report(verdict: Verdict, rules: tuple[RuleResult, ...], ids: tuple[IdResult, ...]) -> Report:
    mandatory = [name.status for name in ids] + [rule.status for rule in rules if rule.required]
    return Report(
        schema_version="1.1",
        verdict=verdict,
        exit_code=0 if verdict is Verdict.CERTIFIED else 1,
        tier=Tier.BRONZE,
        reasons=(),
        connector=Connector(
            "demo_api", "1.4.0", "dpone", "certified", "sha256:" + "1" * 64, "0a1b2c3d", False
        ),
        run=RunFacts(
            started="2026-03-02T09:59:57Z",
            finished="2026-03-02T10:00:00Z",
            seconds=3.2,
            certify_version="0.1.0",
            suites=(SuiteFacts("certify", "0.1.0", "sha256:" + "2" * 64),),
            contract="certification/certification.yaml",
            contract_digest="sha256:" + "3" * 64,
            python="3.12.4",
            platform="Linux x86_64",
            isolation="namespace",
            command="certify .",
        ),
        required=dict(Counter(mandatory)),
        ids=ids,
        rules=rules,
        coverage=Coverage(("source", "sink"), ("source",), planned=len(rules), ran=len(rules)),
        next_tier=None,
        footer=Footer(tuple(name.id for name in ids)),
    )


def certified() -> Report:
    """All that is required passed, but for one waiver; something beyond it failed."""
    waiver = WaiverResult(
        "brand team owes the icon", "data-platform", "2026-03-31", "https://tracker.example/7"
    )
    icon = replace(_ICON, status=Status.WAIVED, message="docs/icon.svg is 64 × 48", waiver=waiver)
    timeout = replace(
        _TIMEOUT,
        status=Status.FAILED,
        message="2 of 3 requests had no timeout",
        findings=(
            Finding("a run waits for ever", expected="a timeout", scenario=_HANGS.scenario),
            Finding("another does", expected="a timeout", scenario=_HANGS.scenario),
        ),
        evidence=(
            Evidence("request", "hangs: 2 requests", timeline=_HANGS),
            Evidence("request", "fails once: 2 requests", timeline=_FAILS_ONCE),
            Evidence("note", "looked at every request"),
        ),
        items=(
            ItemResult(
                "certification.yaml::error_paths::test_timeout_is_set[first]", Status.PASSED, 0.01, ""
            ),
            ItemResult(
                "certification.yaml::error_paths::test_timeout_is_set[last]", Status.FAILED, 0.01, "none set"
            ),
        ),
    )
    ids = (
        an_id("import_safety", Status.PASSED, _IMPORTS.id, _OPTIONAL.id),
        an_id("manifest_validation", Status.PASSED, _PARSE.id),
        an_id("docs_present", Status.PASSED, _DOCS.id, kind=IdKind.GATE),
    )
    report = _report(Verdict.CERTIFIED, (_IMPORTS, _OPTIONAL, _PARSE, _DOCS, icon, timeout), ids)
    path = NextTier(
        Tier.SILVER, (Step(_TIMEOUT.id, Effort.LOW, Status.FAILED, "Pass `timeout=` to every request."),)
    )
    return sealed(replace(report, next_tier=path, performance=_FIGURES))


def not_certified() -> Report:
    """Two rules failed, one errored, and what needs a cassette is unverified."""
    place = Location("src/demo_api/client.py", 14)
    imports = replace(
        _IMPORTS,
        status=Status.FAILED,
        message=f"{place}: `import demo_api.client` opened a socket to api.demo.example:443 (and 1 more)",
        location=place,
        detail="Traceback (most recent call last):\n  client.py, line 14\n    session.get(BASE_URL)",
        findings=(
            Finding(
                "`import demo_api.client` opened a socket to api.demo.example:443",
                place,
                "no network while it is imported",
                "Build the client when the connector is made.",
            ),
            Finding("`import demo_api.cache` wrote ~/.cache/demo", Location("src/demo_api/cache.py", 3)),
        ),
    )
    optional = replace(_OPTIONAL, status=Status.ERRORED, message="no space left on device")
    parse = replace(
        _PARSE,
        status=Status.FAILED,
        message="examples/append.json:7: a comma is missing",
        location=Location("examples/append.json", 7),
    )
    read = replace(_READ, status=Status.UNVERIFIED, message=_NO_CASSETTE)
    names = ("full_refresh_extract", "incremental_append_extract", "schema_inference", "quality_contracts")
    ids = (
        an_id("import_safety", Status.FAILED, imports.id, optional.id),
        an_id("manifest_validation", Status.FAILED, parse.id),
        *(an_id(name, Status.UNVERIFIED, read.id) for name in names),
        replace(
            an_id("vendor_quota", Status.UNVERIFIED),
            needs="",
            message="no installed rule or test certifies it",
        ),
        an_id("docs_present", Status.PASSED, _DOCS.id, kind=IdKind.GATE),
        replace(an_id("performance", Status.BLOCKED, kind=IdKind.BENCHMARK), message="the import failed"),
    )
    report = _report(Verdict.NOT_CERTIFIED, (imports, optional, parse, _DOCS, read), ids)
    reasons = (
        Reason(imports.id, Status.FAILED, imports.message, imports.fix, place),
        Reason(parse.id, Status.FAILED, parse.message, "Write the comma.", parse.location),
        Reason(optional.id, Status.ERRORED, optional.message, "Free some space and run again."),
        Reason("performance", Status.BLOCKED, "the import failed", "Mend `imports_cleanly` first."),
        *(Reason(name, Status.UNVERIFIED, _NO_CASSETTE, _ADD_FIX) for name in names),
        Reason(
            "vendor_quota",
            Status.UNVERIFIED,
            "no installed rule or test certifies it",
            "Mark a test with it.",
        ),
    )
    steps = tuple(Step(rule.id, rule.effort, rule.status, rule.fix) for rule in (imports, parse, read))
    path = NextTier(Tier.BRONZE, steps)
    return sealed(replace(report, tier=None, reasons=reasons, next_tier=path))


#: Pieces of text that mean something to a format.
_LOADED = (
    *(
        "|",
        "`",
        "```",
        "~~~",
        "\n",
        "\r\n",
        "\n\n",
        "\n\n    ",
        "\t",
        "# x",
        "---",
        "===",
        "- ",
        "1. ",
        "> ",
        "\\",
    ),
    *(
        "<b>",
        "</details>",
        "<details>",
        "<!--",
        "-->",
        "]]>",
        "&lt;",
        "&#10;",
        "| --- |",
        "[a](b)",
        "![i](j)",
        "[^1]",
    ),
    *(
        "@team",
        "#12",
        "https://e.vil",
        "www.e.vil",
        "mailto:a@e.vil",
        "::error::x",
        "%0A",
        "$x$",
        "*",
        "_",
        "~",
        ":",
    ),
    *("\x00", "\x1b", "\x85", "\u2028", "\u202e", "\ud800", "\uffff", "../", "/", "word"),
)


def hostile_texts() -> st.SearchStrategy[str]:
    """Texts with anything in them, lone surrogates too, that are not only white space."""
    pieces = st.sampled_from(_LOADED) | st.text(st.characters(), min_size=1)
    return st.lists(pieces, min_size=1).map("".join).filter(str.strip)


#: How long an example takes is not what these tests are about.
unhurried = settings(deadline=None)

#: Ours to shape the page with: explanations may have paragraphs and blocks of their own.
_SHAPED = frozenset({"why", "fix", "detail", "needs"})


def spoken(value: Any, text: str, skipped: frozenset[str] = _SHAPED) -> Any:
    """The same report, its every text but the skipped ones replaced."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return text
    if isinstance(value, tuple):
        return tuple(spoken(item, text, skipped) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name not in skipped]
        return replace(value, **{name: spoken(getattr(value, name), text, skipped) for name in names})
    return value


SAMPLES = {"certified": certified, "not_certified": not_certified}

if __name__ == "__main__":
    for name, sample in SAMPLES.items():
        (GOLDEN / f"{name}.md").write_text(markdown.render(sample()), encoding="utf-8")
