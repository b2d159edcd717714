"""Find the recorded answer to a request: by an index, so that it takes as long for ten as for ten thousand.

Two requests are the same when method, host, path, query and body are. A query is the set of its pairs, a
JSON body its value, a form the set of its fields. Where a credential stands, anything else may stand too:
the recording has a redaction there, and the replayed connector a canary.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from certify.replay.cassette import Answer, Asked, Cassette, printable
from certify.repository.secrets.names import names_a_secret

#: What stands for a credential. A word that could be a value itself (`?state=hidden`) only with a frame
#: around it: `<token>`, `__secret__`.
_REDACTED = re.compile(
    r"[\W_]*(?:redacted|filtered|masked|placeholder|x{3,}|\*{2,})[\W_]*"
    r"|[\W_]+(?:hidden|removed|dummy|fake|secret|token)[\W_]+",
    re.IGNORECASE,
)
#: What `certify record` puts in the place of a credential, also within a path or a longer text.
REDACTED = "REDACTED"
_ANYTHING = "\0anything"
#: Recorded requests, and addresses, among which the nearest to one that was missed is sought.
_COMPARED, _COMPARED_NAMES = 2000, 200
Key = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Miss:
    """A request that was not recorded, and the recorded one that comes nearest to it."""

    asked: Asked
    nearest: str

    def __str__(self) -> str:
        """In one line."""
        return f"{self.asked} was not recorded; {printable(self.nearest)}"


class CassetteIndex:
    """The answers of one cassette; `canaries` are the values that stand where credentials stood."""

    #: Whether the answers are there anyway; else nobody keeps one that was sent.
    keeps_answers = True

    def __init__(self, cassette: Cassette, canaries: Iterable[str] = ()) -> None:
        self.cassette = cassette
        self.hosts = frozenset(one.asked.host for one in cassette.recorded)
        self._canaries = tuple(canaries)
        self._answers: defaultdict[Key, list[Answer]] = defaultdict(list)
        for one in cassette.recorded:
            self._answers[self.key(one.asked)].append(one.answer)
        self._played: defaultdict[Key, int] = defaultdict(int)

    def rewind(self) -> None:
        """Play from the beginning again."""
        self._played.clear()

    def find(self, asked: Asked, use_up: bool = True) -> Answer | Miss:
        """The answer that a request gets now: each of several once, the last one for ever.

        Not used up, it is found again the next time.
        """
        key = self.key(asked)
        answers = self._answers.get(key)
        if answers is None:
            return Miss(asked, self._nearest(asked))
        number = min(self._played[key], len(answers) - 1)
        self._played[key] += use_up
        return answers[number]

    def prepare(self) -> None:
        """Make ready what may be asked for next, while the connector is busy with what it was sent."""

    def key(self, asked: Asked) -> Key:
        """What makes a request the same as another."""
        kind = asked.headers.get("content-type", "")
        fields = self._fields(asked.query)
        return (asked.method, asked.host, self._path(asked.path), fields, self._body(asked.body, kind))

    def _path(self, path: str) -> str:
        """Clients differ in what they escape."""
        return "/".join(self._veiled(unquote(part)) for part in path.split("/"))

    def _fields(self, text: str) -> str:
        """A query or a form, in no order."""
        return repr(sorted((name, self._veiled(value, name)) for name, value in _pairs(text)))

    def _body(self, body: bytes, kind: str) -> str:
        if not body:
            return ""
        text = body.decode("utf-8", "backslashreplace")
        if "json" in kind or text[:1] in "{[":
            try:
                return json.dumps(self._veiled_value(json.loads(text)), sort_keys=True)
            except (ValueError, RecursionError):
                pass
        if "urlencoded" in kind or re.fullmatch(r"[\w.\[\]-]+=[^\s]*", text):
            return self._fields(text)
        return hashlib.sha256(self._veiled(text).encode("utf-8")).hexdigest()

    def _veiled_value(self, value: Any, name: str = "") -> Any:
        if isinstance(value, str):
            return self._veiled(value, name)
        if isinstance(value, dict):
            return {key: self._veiled_value(one, key) for key, one in value.items()}
        if isinstance(value, list):
            return [self._veiled_value(one) for one in value]
        return value

    def _veiled(self, text: str, name: str = "") -> str:
        """The text with credentials and redactions made one and the same."""
        if names_a_secret(name) or is_redacted(text):
            return _ANYTHING
        for canary in self._canaries:
            text = text.replace(canary, _ANYTHING)
        return text.replace(REDACTED, _ANYTHING)

    def _nearest(self, asked: Asked) -> str:
        same_path = [one.asked for one in self.cassette.recorded[:_COMPARED] if one.asked.path == asked.path]
        if same_path:
            return self._difference(asked, min(same_path, key=lambda one: self._distance(asked, one)))
        names = list(dict.fromkeys(str(one.asked) for one in self.cassette.recorded[:_COMPARED]))
        near = difflib.get_close_matches(str(asked), names[:_COMPARED_NAMES], n=1, cutoff=0.0)
        return f"the nearest recorded one is {near[0]}" if near else "the cassette is empty"

    def _distance(self, asked: Asked, recorded: Asked) -> tuple[bool, bool, int]:
        differing = len(self._differing(asked, recorded))
        return asked.method != recorded.method, asked.host != recorded.host, differing

    def _difference(self, asked: Asked, recorded: Asked) -> str:
        """What sets a request apart from a recorded one of the same path; names only, values are secret."""
        if asked.method != recorded.method:
            return f"recorded there is {recorded.method}"
        if asked.host != recorded.host:
            return f"recorded there is the host {recorded.host}"
        if differing := self._differing(asked, recorded):
            return f"recorded there differs in the parameter {', '.join(differing[:5])}"
        return "recorded there differs in the body"

    def _differing(self, asked: Asked, recorded: Asked) -> list[str]:
        """The names of the parameters that differ."""
        ours, theirs = self._values(asked.query), self._values(recorded.query)
        return sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))

    def _values(self, query: str) -> dict[str, list[str]]:
        values: defaultdict[str, list[str]] = defaultdict(list)
        for name, value in sorted(_pairs(query)):
            values[name].append(self._veiled(value, name))
        return values


def is_redacted(text: str) -> bool:
    """Whether a recording has this in the place of a credential."""
    return _REDACTED.fullmatch(text) is not None


def names_a_token_call(asked: Asked) -> bool:
    """Whether this asks for a token and not for data (RFC 6749, 3.2)."""
    return asked.method == "POST" and (
        b"grant_type" in asked.body or re.search(r"/(?:oauth2?|token|login|auth)\b", asked.path) is not None
    )


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return [("", text)]
