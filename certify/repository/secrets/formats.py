"""The forms of credentials that are known by their looks: detect-secrets' plugins, and a few of our own.

The plugins are slow, and most lines hold nothing for them. No credential of a form is without one of its
*triggers*; only where one stands is the plugin asked. A test draws credentials from each plugin's own
expressions and holds them against the triggers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector
    from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString
    from detect_secrets.plugins.keyword import KeywordDetector

#: Bits a character above which detect-secrets takes quoted text for drawn: its own default.
BASE64_LIMIT = 4.5

PRIVATE_KEY = "a private key"
URL_PASSWORD = "a password in a URL"
WEB_TOKEN = "a JSON Web Token"


@dataclass(frozen=True)
class Format:
    """A kind of credential: what findings call it, and the plugin (or our own pattern) that knows its form.

    `common`: text of this form is common, so that it counts only if it looks drawn at random too.
    `whole`: the plugin gives only a part of what its expressions match, and all of it is wanted.
    """

    words: str
    triggers: tuple[str, ...]
    plugin: str = ""
    pattern: re.Pattern[str] | None = None
    common: bool = True
    whole: bool = False

    def matches(self, line: str) -> Iterator[str]:
        """The credentials of this kind in a line."""
        if not any(trigger in line for trigger in self.triggers):
            return iter(())
        if self.pattern is not None:
            return iter(self.pattern.findall(line))
        plugin = _plugins()[self.plugin]
        if self.whole:
            expressions = cast("RegexBasedDetector", plugin).denylist
            return (match[0] for expression in expressions for match in expression.finditer(line))
        return iter(plugin.analyze_string(line))


def _own(words: str, trigger: str, pattern: str) -> Format:
    return Format(words, (trigger,), pattern=re.compile(pattern))


_GITLAB = (
    *("glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "GR1348941"),
    *("glcbt-", "glimt-", "glptt-", "glagent-", "gloas-"),
)

FORMATS = (
    Format("an AWS access key", ("AKIA", "ASIA", "A3T", "ABIA", "ACCA"), "AWSKeyDetector", common=False),
    Format("a Slack token", ("xox", "XOX"), "SlackDetector", common=False),
    Format(WEB_TOKEN, ("eyJ",), "JwtTokenDetector", common=False),
    Format(
        PRIVATE_KEY,
        ("PRIVATE KEY", "PuTTY-User-Key-File", "SSH2 ENCRYPTED"),
        "PrivateKeyDetector",
        common=False,
    ),
    Format(URL_PASSWORD, ("://",), "BasicAuthDetector", common=False),
    Format("an AWS secret key", ("aws", "AWS", "Aws"), "AWSKeyDetector"),
    Format("an Azure storage key", ("AccountKey=",), "AzureStorageKeyDetector"),
    Format("a GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), "GitHubTokenDetector", whole=True),
    Format("a GitLab token", _GITLAB, "GitLabTokenDetector", whole=True),
    Format("a Slack webhook", ("hooks.slack.com",), "SlackDetector"),
    Format("a Stripe key", ("k_live_",), "StripeDetector"),
    Format("a PyPI token", ("pypi-Ag",), "PypiTokenDetector"),
    Format("an OpenAI key", ("T3BlbkFJ",), "OpenAIDetector"),
    Format("a SendGrid key", ("SG.",), "SendGridDetector"),
    Format("a Square secret", ("sq0csp-",), "SquareOAuthDetector"),
    Format("a Mailchimp key", ("-us",), "MailchimpDetector"),
    # detect-secrets' own expression takes seconds on a long line.
    _own("an npm token", "_authToken", r"_authToken\s*=\s*[\"']?(npm_\w{30,}|[0-9a-fA-F-]{36})"),
    # Without detect-secrets' form for account identifiers (AC…): they are user names, not secrets.
    _own("a Twilio key", "SK", r"SK[0-9a-f]{32}"),
    _own("a GitHub token", "github_pat_", r"github_pat_\w{60,}"),
    _own("a Slack token", "xapp-", r"xapp-\d-\w+-\d+-[0-9a-f]{40,}"),
    _own("an OpenAI key", "sk-proj-", r"sk-proj-[\w-]{40,}"),
    _own("an Anthropic key", "sk-ant-", r"sk-ant-[\w-]{40,}"),
    _own("a Google API key", "AIza", r"AIza[\w-]{35}"),
    _own("a Google client secret", "GOCSPX-", r"GOCSPX-[\w-]{28}"),
    Format(
        "a Shopify token",
        ("shpat_", "shpca_", "shppa_", "shpss_"),
        pattern=re.compile(r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ),
    _own("a Databricks token", "dapi", r"dapi[0-9a-f]{32}"),
    _own("a Hugging Face token", "hf_", r"hf_[A-Za-z]{34}"),
)


@cache
def _plugins() -> dict[str, BasePlugin]:
    """One object of each plugin. No filter and no verification: nothing is asked of any network."""
    # A fifth of a second, most of it an HTTP library that only verification needs.
    from detect_secrets.settings import get_plugins, transient_settings

    names = sorted({one.plugin for one in FORMATS if one.plugin} | {"KeywordDetector"})
    entropy = {"name": "Base64HighEntropyString", "limit": BASE64_LIMIT}
    settings = {"plugins_used": [entropy, *({"name": name} for name in names)], "filters_used": []}
    with transient_settings(settings):
        return {type(plugin).__name__: plugin for plugin in get_plugins()}


#: Files in which a value stands without quotes, though the keyword plugin asks for them there;
_OF_SHELLS = re.compile(r"(?:.*/)?(?:[^/]*\.env(?:\.[\w.-]+)?|[^/]*\.(?:ba|z)?sh|[^/]*Dockerfile[^/]*)")
#: and names that it does not know.
_PASSPHRASE = re.compile(
    r"(?:passphrase|_pass)[\"'\]]{0,2}\s{0,4}[:=]{1,2}\s{0,4}[\"']([^\"'\s]{8,64})[\"']", re.IGNORECASE
)


def assigned(line: str, file: str) -> Iterator[str]:
    """What is assigned to names such as `password` and `api_key`: the keyword plugin knows most of them."""
    from detect_secrets.plugins.keyword import QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP, REGEX_BY_FILETYPE
    from detect_secrets.util.filetype import determine_file_type

    detector = cast("KeywordDetector", _plugins()["KeywordDetector"])
    kind = determine_file_type("shell.cfg" if _OF_SHELLS.fullmatch(file) else file)
    forms = REGEX_BY_FILETYPE.get(kind, QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP)
    yield from detector.analyze_string(line, forms)
    yield from _PASSPHRASE.findall(line)


def has_high_entropy(text: str) -> bool:
    """Whether detect-secrets takes this base64 text, in quotes, for drawn."""
    detector = cast("Base64HighEntropyString", _plugins()["Base64HighEntropyString"])
    found = detector.analyze_string(f'"{text}"')
    return any(detector.calculate_shannon_entropy(value) > detector.entropy_limit for value in found)
