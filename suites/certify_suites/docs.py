"""Docs: what a user reads before trusting a connector, and at three in the morning, is there and is true."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from certify import (
    Blocked,
    Effort,
    EvidenceLog,
    Example,
    Finding,
    NotApplicable,
    Subject,
    Tier,
    Undecided,
    Unverified,
    no_findings,
    rule,
)
from certify.repository.docs import (
    MAX_PAGES,
    NEEDS_MARKDOWN,
    CodeBlocks,
    Page,
    Pages,
    Topic,
    absent_files,
    absent_scripts,
    commands_of,
    dead_links,
    icon_defects,
    left_out,
    manifests_in,
    uncovered_runbooks,
    untold_topics,
)
from certify.text import counted

#: Systems whose connectors come with a guide under docs/. Elsewhere a README may say it all.
_WITH_GUIDE = frozenset({"dpone"})
#: Systems with a page for users that may lie in another repository.
_WITH_PAGE = frozenset({"airbyte"})
#: Systems whose catalogue shows an icon for each connector.
_WITH_ICON = frozenset({"airbyte"})
#: Systems that ask for a list of changes. Who belongs to none has promised none.
_WITH_CHANGELOG = frozenset({"dpone", "airbyte"})
_NEEDS_REPOSITORY = "# certify the repository, not a source distribution of it: certify -C REPOSITORY"
_NEEDS_SOURCES = "# the connector's repository, with this contract in it: certify -C REPOSITORY"
#: A report shows no more.
_MAX_FINDINGS = 200
#: The connector's own, and those of a few others in a catalogue.
_MAX_ICONS = 20


@rule("docs_exist", tier=Tier.BRONZE, effort=Effort.LOW)
def test_docs_exist(subject: Subject, pages: Pages, evidence: EvidenceLog) -> None:
    """There is a README, and a guide where the system has one, and both can be read.

    Why: the README is what a package index and a forge show, and the guide is what an operator opens when
    a run has failed. An empty one, or one in another encoding, is shown as nothing or as garbage.

    Fix: write README.md and, for dpone, docs/CONNECTOR.md, and save them as UTF-8. A connector of no
    particular system needs the README alone. The page of an Airbyte connector is looked for at
    docs/integrations/sources/NAME.md of the monorepo around it, at the same place beside it, and at
    docs/NAME.md; where it lies elsewhere, a copy of it can be judged.
    """
    every = [*([pages.readme] if pages.readme else []), *pages.docs]
    documents = every[:MAX_PAGES]
    findings = [finding for name in documents if (finding := pages.defect_of(name))]
    evidence.saw("file", f"looked for a README and pages under docs/, read {len(documents)}")
    where = subject.contract.at("connector")
    if not every and pages.hidden_readme is None and subject.installed is not None:
        raise Unverified("the connector is installed, and its repository is not here", _NEEDS_SOURCES)
    if pages.readme is None:
        hidden = pages.hidden_readme
        found = f"{hidden} is no regular file of the repository" if hidden else "there is no README"
        findings.append(Finding(found, where, "README.md in the root", "add README.md"))
    if not pages.docs and subject.contract.system in _WITH_GUIDE:
        guide = f"docs/{subject.contract.connector}.md"
        findings.append(Finding("there is no page under docs/", where, f"a guide, {guide}", f"add {guide}"))
    no_findings(findings[:_MAX_FINDINGS])
    if subject.contract.system in _WITH_PAGE:
        evidence.saw("file", f"read {subject.documentation(pages).file}, the page for users")
    if len(every) > len(documents):
        raise Unverified(f"of {len(every)} documents {len(documents)} were read", NEEDS_MARKDOWN)


@rule("docs_structure", tier=Tier.BRONZE, effort=Effort.MEDIUM)
def test_docs_structure(subject: Subject, pages: Pages, evidence: EvidenceLog) -> None:
    """The guide tells what the connector is, what it needs, how it is configured, and where it ends.

    Why: a user who cannot find what to configure guesses, and one who cannot find the limits meets them in
    production.

    The guide is docs/CONNECTOR.md, else the page under docs/ that names the connector, else the README. For
    dpone it has sections on overview, prerequisites or credentials, configuration, an example, and
    limitations or troubleshooting; it has one title, and its headings skip no level. Elsewhere an
    overview is asked for; and, unless the project names a site with its documentation, an example, and
    configuration where the contract names one. Any usual heading will do, on any page.

    An Airbyte connector says what it is and what it needs. The page of a source that Airbyte supports
    (`ab_internal.sl` of 300 or more) has Airbyte's headings in their order, from the name in metadata.yaml to
    Changelog, and its prerequisites name every required setting by its title.

    Fix: write the section that the finding names; the finding says what a good one holds.
    """
    contract = subject.contract
    guide = subject.documentation(pages)
    topics = [Topic.OVERVIEW]
    headings = [*subject.page_defects(guide)]
    if contract.system in _WITH_GUIDE:
        topics = [Topic.OVERVIEW, Topic.PREREQUISITES, Topic.CONFIGURATION, Topic.EXAMPLE, Topic.LIMITS]
    elif contract.system in _WITH_PAGE:
        topics = [Topic.OVERVIEW, Topic.PREREQUISITES]
    elif not pages.documented_elsewhere:
        configured = contract.subject.config is not None or contract.subject.secrets
        topics += [Topic.EXAMPLE, Topic.CONFIGURATION] if configured else [Topic.EXAMPLE]
    evidence.saw("file", f"read {guide.file}, {len(guide.headings)} headings")
    no_findings(headings)
    _whole(guide)
    others = [page for page in pages.for_users() if page.file != guide.file]
    _none_absent([*untold_topics(guide, [guide, *others], topics)], pages)


@rule("runbooks_cover", tier=Tier.BRONZE, effort=Effort.MEDIUM, systems=("dpone",))
def test_runbooks_cover(subject: Subject, pages: Pages, evidence: EvidenceLog) -> None:
    """Operators find steps for credentials, rate limits, retries, schema drift and failed quality checks.

    Why: whoever is on call did not write the connector. Without steps a token that expired, a quota that
    was used up or a column that changed takes hours instead of minutes.

    Each topic has a section or a page of its own with at least two steps: list items, paragraphs, table
    rows or code. What the scaffold wrote does not count. Rate limits and retries are asked of sources and
    of connectors to an API; a source of another kind may say in one sentence what holds instead. Schema
    drift and quality checks are asked of sources and sinks.

    This is dpone's own list for publishing a connector. The author of a package of no particular system
    has promised no runbooks, and is not asked for them.

    Fix: write the steps that you would take yourself, in order, with the message that leads to them; the
    finding says what a good section holds.
    """
    contract = subject.contract
    name = pages.guide(contract.connector)
    guide = pages.page(name) if name else None
    if guide is None:
        raise Blocked("there is no guide in Markdown; see docs_exist")
    is_api = contract.connector_type == "api"
    demands = {Topic.CREDENTIALS: 2}
    if is_api or contract.claim("source") is not None:
        demands |= dict.fromkeys((Topic.RATE_LIMITS, Topic.RETRIES), 2 if is_api else 1)
    if contract.claim("source") or contract.claim("sink"):
        demands |= dict.fromkeys((Topic.SCHEMA_DRIFT, Topic.QUALITY), 2)
    asked = ", ".join(topic.called for topic in demands)
    evidence.saw("file", f"looked in {counted(len(pages.for_users()), 'page')} for steps on {asked}")
    _none_absent([*uncovered_runbooks(guide, pages.for_users(), demands)], pages)


@rule("code_blocks_parse", tier=Tier.BRONZE, effort=Effort.LOW)
def test_code_blocks_parse(subject: Subject, pages: Pages, evidence: EvidenceLog) -> None:
    """Code blocks are what their fences claim: YAML, JSON, TOML, Python, commands of this package.

    Why: a block is copied before the text around it is read. One with a lost bracket or a missing key
    fails at the user's, with an error that speaks of something else.

    Pages in Markdown are read. A whole manifest has the keys that the platform requires. Excerpts with an
    ellipsis, a placeholder such as `<your token>`, or a body left out are read as they are meant.

    Fix: correct the line, or mark the block as what it is, such as `text`.
    """
    findings: list[Finding] = []
    blocks = CodeBlocks()
    own_names = _own_names(subject)
    for page in _all(pages, evidence):
        findings.extend(blocks.defects(page))
        if page.file != pages.readme:  # readme_commands_exist reads that one
            findings.extend(absent_scripts(page, pages.programs, own_names))
        for manifest in manifests_in(page):
            example = Example(page.file, manifest)
            findings.extend(
                Finding(
                    f"the manifest in this block has no {key!r}",
                    example.at(),
                    expected=f"a top-level {key!r}, which the platform requires",
                    fix=f"add `{key}: …` at the top of the block",
                )
                for key in subject.missing_fields(example)
            )
    no_findings(findings[:_MAX_FINDINGS])
    _all_read(pages)
    if blocks.unjudged:
        raise Unverified(
            f"{blocks.unjudged[0]}: the block is longer, or nested deeper, than any example", "```text"
        )


@rule("links_resolve", tier=Tier.BRONZE, effort=Effort.LOW)
def test_links_resolve(pages: Pages, evidence: EvidenceLog) -> None:
    """Links and images within the repository lead to files and headings that are there.

    Why: a link that leads nowhere is where a reader stops, and most break silently, when a file is renamed
    or a heading reworded.

    Pages in Markdown are read. Addresses with a scheme, and paths from the root of a site, are not followed:
    nothing is asked of the network.

    Fix: write the target as it is spelled in the repository. A heading is reached by its words in lower
    case with hyphens between them: `## Rate limits` is `#rate-limits`.
    """
    findings: list[Finding] = []
    absent: list[str] = []
    for page in _all(pages, evidence):
        findings.extend(islice(dead_links(page, pages), _MAX_FINDINGS - len(findings)))
        absent.extend(left_out(page, pages))
    no_findings(findings)
    _all_read(pages)
    if absent:
        raise Unverified(
            f"this source distribution lacks what {len(absent)} links lead to", _NEEDS_REPOSITORY
        )


@rule("changelog_has_version", tier=Tier.BRONZE, effort=Effort.LOW)
def test_changelog_has_version(subject: Subject, pages: Pages, evidence: EvidenceLog) -> None:
    """The changelog has an entry for the connector's version, newest first, with dates that exist.

    Why: whoever pins a connector reads the changelog to decide about an upgrade. A release that it does not
    mention is one that nobody dares to take.

    It is CHANGELOG.md, or another usual name, or a section of that name on a page of the documentation; for
    an Airbyte connector the section comes first. An entry is a heading, or a row of a table. A fix for an
    older line may stand above a newer release that came out before it.

    Fix: add the entry before the release:

        ## [1.2.0] - 2026-10-05

    or the row, for Airbyte:

        | 1.2.0 | 2026-10-05 | [123](https://github.com/airbytehq/airbyte/pull/123) | Add a stream |
    """
    changelog = subject.changelog(pages, (pages.programs.distribution, *_own_names(subject)))
    if changelog is None and pages.changelogs:
        raise Unverified(f"{_named(pages.changelogs)} cannot be read", NEEDS_MARKDOWN)
    if changelog is None and subject.contract.system not in _WITH_CHANGELOG:
        raise NotApplicable("there is no changelog, and no system asks for one")
    version = subject.version
    if version is None:
        raise Unverified("the connector's version is not known", '[project]\nversion = "1.0.0"')
    if changelog is None and subject.installed is not None:
        raise Unverified("the connector is installed, and its repository is not here", _NEEDS_SOURCES)
    if changelog is None:
        missing = Finding(
            "there is no changelog",
            subject.contract.at("connector"),
            expected=f"CHANGELOG.md with an entry for {version}",
            fix=f"add CHANGELOG.md with `## [{version}] - YYYY-MM-DD` and what changed",
        )
        evidence.saw("file", f"looked for a changelog in {len(pages.documents)} documents")
        _none_absent([missing], pages)
        return
    evidence.saw("file", f"read {changelog.file}, {len(changelog.entries)} releases")
    if changelog.points_elsewhere:
        raise Unverified(f"{changelog.file} says that the changes are listed elsewhere", f"## [{version}]")
    findings = [*changelog.disorder(), *changelog.wrong_dates(version)]
    if changelog.has(version):
        no_findings(findings)
    elif not changelog.is_cut:
        no_findings([changelog.absence(version), *findings])
    else:
        no_findings(findings)
        raise Unverified(f"{version} is not in the part of {changelog.file} that is read", f"## [{version}]")


@rule("icon_is_square_svg", tier=Tier.BRONZE, effort=Effort.LOW)
def test_icon_is_square_svg(subject: Subject, pages: Pages, evidence: EvidenceLog) -> None:
    """The icon is a square SVG that loads nothing and runs nothing.

    Why: a catalogue shows the icon in a square, next to others, in the browser of whoever looks. One that
    is not square is cut or squeezed; one with a script or a reference outside runs in that browser.

    Airbyte's registry takes icon.svg from the connector's folder, so that one has to be there.

    Fix: export the icon as a plain SVG with a square viewBox, its images embedded and its document type
    left out.
    """
    icons = pages.icons()
    if not icons and subject.contract.system in _WITH_ICON and not pages.is_release:
        evidence.saw("file", "looked for icon.svg")
        no_findings([_no_icon(subject)])
    if not icons:
        raise NotApplicable("there is no icon.svg")
    findings: list[Finding] = []
    for name in icons[:_MAX_ICONS]:
        evidence.saw("file", f"looked at {name}")
        findings.extend(icon_defects(name, pages.repository.content(name)))
    no_findings(findings[:_MAX_FINDINGS])
    if len(icons) > _MAX_ICONS:
        raise Unverified(f"of {len(icons)} files named icon.svg {_MAX_ICONS} were looked at")


@rule("readme_commands_exist", tier=Tier.BRONZE, effort=Effort.LOW)
def test_readme_commands_exist(subject: Subject, pages: Pages, evidence: EvidenceLog) -> None:
    """The scripts, modules, make targets and tests that the README tells its readers to run are there.

    Why: the README is the first thing anybody types. A command that fails says that nobody has tried it
    since.

    Judged is what belongs to this repository: its console scripts, its own modules after `python -m`, and
    paths, make targets and tox environments in it. Other programs, and files that the reader is to write,
    are not.

    Fix: write what is there, or add what the README promises.
    """
    name = pages.readme
    if name is None:
        raise Blocked("there is no README; see docs_exist")
    page = pages.page(name)
    if page is None:
        raise Unverified(f"{name} is no Markdown that can be read", NEEDS_MARKDOWN)
    evidence.saw("file", f"read {len(commands_of(page))} commands in {name}")
    findings = [*islice(absent_scripts(page, pages.programs, _own_names(subject)), _MAX_FINDINGS)]
    absent = [*islice(absent_files(page, pages.programs), _MAX_FINDINGS)]
    no_findings(findings if pages.is_release else [*findings, *absent])
    _whole(page)
    if absent:
        raise Unverified(f"this source distribution lacks what {len(absent)} commands run", _NEEDS_REPOSITORY)


def _no_icon(subject: Subject) -> Finding:
    return Finding(
        "there is no icon.svg",
        subject.contract.at("connector"),
        expected="icon.svg beside metadata.yaml",
        fix="add a square SVG as icon.svg",
    )


def _none_absent(findings: list[Finding], pages: Pages) -> None:
    """Break the rule with what the pages lack; undecided where it may stand in one that was not read."""
    if findings and pages.unread:
        raise Unverified(
            f"{findings[0].message}, as far as is read; {_named(pages.unread)} is not", NEEDS_MARKDOWN
        )
    no_findings(findings)


def _whole(page: Page) -> None:
    if page.is_cut:
        raise Unverified(f"{page.file} is not read to the end", NEEDS_MARKDOWN)


def _all_read(pages: Pages) -> None:
    """Undecided where a page in Markdown was not read to its end, or the README not at all."""
    if not pages.documents:
        raise Blocked("there is no page to read; see docs_exist")
    if pages.unread_markdown:
        raise Unverified(f"{_named(pages.unread_markdown)} is not read, or not to the end", NEEDS_MARKDOWN)


def _named(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} (and {len(names) - 1} more)"


def _all(pages: Pages, evidence: EvidenceLog) -> Iterator[Page]:
    """Every page that can be read; what was read is noted at the end."""
    blocks = links = 0
    names = []
    for page in pages:
        names.append(f"{page.file} (its beginning)" if page.is_cut else page.file)
        blocks += len(page.code_blocks)
        links += len(page.links)
        yield page
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    evidence.saw(
        "file",
        f"read {', '.join(names[:10]) or 'no page'}{more}: {counted(blocks, 'code block')}, "
        f"{counted(links, 'link')}",
    )
    if pages.unread:
        evidence.saw("note", f"{_named(pages.unread)} is not read")


def _own_names(subject: Subject) -> tuple[str, ...]:
    try:
        package = subject.package().name
    except Undecided:
        package = ""
    return (subject.contract.connector, package)
