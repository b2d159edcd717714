"""What a connector's documentation speaks of: the words that sections go by, and what good ones hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from functools import cache

from certify.repository.docs.page import Heading, Page, Section, Step

#: A page with more sections on one topic is no documentation.
_MAX_SECTIONS = 20


class Topic(Enum):
    """A topic: what it is called, the heading we suggest, what a good section on it holds.

    Last come the phrases that name it in other headings, parted by commas; `*` stands for any ending.
    """

    def __init__(self, called: str, heading: str, holds: str, words: str) -> None:
        self.called = called
        self.heading = heading
        self.holds = holds
        self.words = words

    OVERVIEW = (
        "overview",
        "Overview",
        "what the connector reads or writes, where it sits, and what it is not for",
        """overview, introduction, intro, about, what is*, what it is, what it does, description, summary,
            purpose, features, background, motivation, why, capabilities""",
    )
    PREREQUISITES = (
        "prerequisites or credentials",
        "Prerequisites",
        "the versions, accounts, scopes and network access that a user needs before the first run",
        """prerequisite*, requirement*, before you *, what you need, you will need, compatibility,
            credential*, authentication, authenticat*, authoriz*, authoris*, auth, oauth*, permission*,
            access, api key*, api token*, access token*, token*, secret*, account*, getting access,
            installation, install, installing, setup, set up, setting up""",
    )
    CONFIGURATION = (
        "configuration",
        "Configuration",
        "each field with its meaning, its default, whether it is required, and whether it is secret",
        """config*, settings, setting, options, parameter*, argument*, propert*, fields, environment,
            environment variable*, connection*, reference, customiz*, customis*""",
    )
    EXAMPLE = (
        "how it is used, with an example",
        "Example",
        "a whole example that a user can copy, as a code block",
        """example*, usage, use, using *, how to *, quick start, quickstart, getting started, tutorial*,
            manifest*, sample*, demo, walkthrough, recipe*, cookbook, run, running, try it, basics,
            first steps""",
    )
    LIMITS = (
        "limitations or troubleshooting",
        "Troubleshooting",
        "what does not work and what to do instead, or symptoms, each with its fix",
        """limitation*, known *, troubleshoot*, faq, frequently asked *, common *, error*, caveat*, gotcha*,
            restriction*, not supported, unsupported, problem*, debugging, issues, support, help,
            when something *, if something *, what can go wrong, diagnos*, pitfall*""",
    )
    CREDENTIALS = (
        "credentials",
        "Credentials",
        "how to obtain the credential and with which rights, where to put it, how to rotate it, "
        "and what a 401 or 403 means",
        """credential*, secret*, authentication, authenticat*, auth, oauth*, token*, api key*, api token*,
            password*, login, key rotation, rotat*, access key*, service account*""",
    )
    RATE_LIMITS = (
        "rate limits",
        "Rate limits",
        "the limit and whom it counts for, what the connector does on 429 and Retry-After, "
        "and what to change when a run still fails",
        """rate limit*, ratelimit*, throttl*, quota*, 429, too many requests, api limit*, request limit*""",
    )
    RETRIES = (
        "retries",
        "Retries",
        "which failures are tried again, how often and how long apart, "
        "and what to do when the attempts are used up",
        """retry*, retries, retried, back off*, backoff*, transient *, 5xx, timeout*, server error*,
            network error*, connection error*, failed request*, resilience, outage*""",
    )
    SCHEMA_DRIFT = (
        "schema drift",
        "Schema drift",
        "what happens to new, missing and changed columns, how to tell, and how to bring the target along",
        """schema drift*, schema change*, schema evolution, schema migration*, schema mismatch*,
            schema update*, drift, column change*, type change*, new column*, changed column*,
            changing schema*""",
    )
    QUALITY = (
        "failed quality checks",
        "Failed quality checks",
        "which checks there are, how to find the row that failed, and how to load again once it is mended",
        """quality*, failed check*, failing check*, failed quality *, rejected *, validation*,
            row contract*, bad row*, invalid row*, bad data, invalid data, data contract*, quarantine*""",
    )


#: What `dpone connectors scaffold` writes into every guide and README. It says nothing of this connector.
_BOILERPLATE = tuple(
    map(
        re.compile,
        (
            r"this page documents the generated \S+ connector skeleton",
            r"keep secrets in env, vault, airflow connections,? or params managed by your deployment system",
            r"run dpone plan path/to/manifest\.yaml before writing target data",
            r"run connector certification before publishing a package",
            r"community connector package for dpone",
            r"the generated certification/certification\.yaml is the source of truth .*",
        ),
    )
)
#: What stands where something is still to be written.
_UNWRITTEN = re.compile(r"(todo|tbd|tba|fixme|coming soon|to be (done|written|added)|wip)\b.*")
#: Fewer words are no instruction: "None.", "See above."
_MIN_WORDS = 3


def sections_on(page: Page, topic: Topic) -> tuple[Section, ...]:
    """The sections whose heading names the topic; the whole page, when its title does."""
    found = (one for one in page.sections if one.heading and speaks_of(one.heading, topic))
    return tuple(section for section, _ in zip(found, range(_MAX_SECTIONS), strict=False))


def speaks_of(heading: Heading, topic: Topic) -> bool:
    """Whether a heading names the topic by one of its phrases."""
    return _phrases(topic).search(heading.words) is not None


def own_steps(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps that say something: neither generated, nor still to be written, nor a word or two."""
    return tuple(step for step in steps if step.kind == "code" or says_something(step.text))


def says_something(text: str) -> bool:
    """Whether these are an author's own words, and enough of them to mean something."""
    plain = " ".join(text.lower().split()).strip(" .!…")
    if any(pattern.fullmatch(plain) for pattern in (*_BOILERPLATE, _UNWRITTEN)):
        return False
    return len(re.findall(r"\w+", plain[:500])) >= _MIN_WORDS


@cache
def _phrases(topic: Topic) -> re.Pattern[str]:
    phrases = (" ".join(words.split()) for words in topic.words.split(","))
    alternatives = (re.escape(words).replace(r"\*", r"\w*") for words in phrases)
    return re.compile(rf"\b(?:{'|'.join(alternatives)})\b")
