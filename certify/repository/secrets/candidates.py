"""Find what could be a credential in a text, cheaply: most lines are never looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from certify.repository.secrets.formats import (
    FORMATS,
    URL_PASSWORD,
    WEB_TOKEN,
    Format,
    assigned,
    has_high_entropy,
)
from certify.repository.secrets.names import name_before, names_a_secret
from certify.repository.secrets.randomness import MIN_LENGTH, looks_chosen, looks_drawn
from certify.repository.secrets.work import CANDIDATE, CHUNKS, LENGTH, NAME, PLACE, RUN, TRIED, Work

#: Of a long line, so much is looked at before and after what made it worth looking at: no name stands
#: farther off, few tokens are longer, and no plugin's expression takes long on it.
BEFORE, AFTER = 600, 2400

NAMED = "a credential"
PASSWORD = "a password"
UNNAMED = "text that looks like a credential"

#: What is longer is data, and comes in pieces.
_RUN = re.compile(rf"[A-Za-z0-9+/_-]{{{MIN_LENGTH},4000}}={{0,2}}")
#: In lower-cased text.
_PASSWORD_NAME = re.compile(r"passw|passphrase|_pass|pwd|secret|contrase")
#: Characters before a value in which its name ends, on its own line or on the one before.
_NEAR = 120
#: What every name of a secret holds.
_STEM = re.compile(r"tok|sec|pas|pwd|key|cred|auth|bear|jwt|sas|hmac|contra")
#: A longer line was written by a program: text in it counts only under a name.
_LONGEST_WRITTEN = 500
#: Characters of its line before and after a candidate by which it is judged.
_LINE = 500
_CHUNK = re.compile(r"[^\s\"'`,]{8,64}")
#: A web token's signature, which its plugin leaves out.
_REST_OF_TOKEN = re.compile(r"[\w.-]*")
#: `SK` and `-us` stand everywhere.
_LEAST_TRIGGER = 3
_RARE = tuple(one for one in FORMATS if not one.common)
_COMMON = tuple(one for one in FORMATS if one.common)
#: The forms whose triggers are no part of ordinary text.
_RECOGNISABLE = tuple(
    one for one in FORMATS if one.words != URL_PASSWORD and min(map(len, one.triggers)) >= _LEAST_TRIGGER
)
_ANY_FORM = re.compile("|".join(re.escape(trigger) for one in _RECOGNISABLE for trigger in one.triggers))
_SHORT = 500
_TRIGGER = re.compile("|".join(re.escape(trigger) for one in _COMMON for trigger in one.triggers))
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


@dataclass(frozen=True)
class Candidate:
    """Text that could be a credential, and what stands around it: none of it shows in a repr."""

    words: str
    file: str
    line: int
    name: str
    value: str = field(repr=False)
    line_before: str = field(repr=False)
    before: str = field(repr=False)
    after: str = field(repr=False)

    @property
    def text(self) -> str:
        """The line it stands on, or the part of a long one."""
        after = self.after[:_LINE].partition("\n")[0]
        return f"{self.before[-_LINE:]}{self.value}{after}"


@dataclass(frozen=True)
class _Place:
    """A line, or the part of a long one, that is worth looking at."""

    file: str
    line: int
    text: str = field(repr=False)
    line_before: str = field(repr=False)
    lines_after: str = field(repr=False)

    def candidate(self, words: str, value: str, position: int | None = None) -> Candidate:
        """The value as it stands here (first, unless told), with its name."""
        start = self.text.find(value) if position is None else position
        before, after = self.text[:start], self.text[start + len(value) :]
        name = name_before(before, self.line_before)
        follows = f"{after}\n{self.lines_after}"
        return Candidate(words, self.file, self.line, name, value, self.line_before, before, follows)


def find_candidates(file: str, text: str, work: Work) -> Iterator[Candidate]:
    """Everything in a file's text that could be a credential; of several views of one text, the first.

    Ends early, and leaves no work, where there is more to do than that.
    """
    line, taken = 0, set[str]()
    for place in _places(file, text, work):
        # Parts of one line overlap, so that what stands in both is found twice.
        before, taken = taken if place.line == line else set(), set[str]()
        line = place.line
        for candidate in _look(place, work):
            if not any(candidate.value in other for other in (*before, *taken)):
                yield candidate
            taken.add(candidate.value)
        if work.is_over:
            return


def _drawn(text: str) -> Iterator[re.Match[str]]:
    return (run for run in _RUN.finditer(text) if looks_drawn(run[0]))


def _places(file: str, text: str, work: Work) -> Iterator[_Place]:
    """The lines, and the parts of long ones, in which there could be a credential."""
    line, counted = 1, 0
    seekers = _seekers(text, work)
    hits = [seek(0) for seek in seekers]
    while (hit := min((one for one in hits if one >= 0), default=-1)) >= 0:
        nearest = max(0, hit - BEFORE)
        start = max(nearest, text.rfind("\n", nearest, hit) + 1)
        end = text.find("\n", hit, hit + AFTER)
        covered = end if end >= 0 else hit + AFTER - BEFORE
        end = end if end >= 0 else hit + AFTER
        line += text.count("\n", counted, start)
        counted = start
        before = text[max(0, start - 200) : start].rstrip("\n").rpartition("\n")[2]
        yield _Place(file, line, text[start:end], before, text[end + 1 : end + 600])
        hits = [
            one if one < 0 or one >= covered else seek(covered)
            for one, seek in zip(hits, seekers, strict=True)
        ]


def _seekers(text: str, work: Work) -> list[Callable[[int], int]]:
    """What tells where the next thing stands, from a position on, without which there is no candidate."""
    low = lowered(text)

    def seek_run(start: int) -> int:
        for run in _RUN.finditer(text, start):
            if looks_drawn(run[0]):
                work.spend(RUN)
                if _counts_here(text, run) or work.is_over:
                    return run.start()
        return -1

    def seek_name(start: int) -> int:
        name = _PASSWORD_NAME.search(low, start)
        return name.start() if name else -1

    triggers = [trigger for one in _RARE for trigger in one.triggers]
    return [*(partial(text.find, trigger) for trigger in triggers), seek_run, seek_name]


def lowered(text: str) -> str:
    """The text in lower case, each character at its place: of some letters str.lower() makes two."""
    low = text.lower()
    return low if len(low) == len(text) else text.translate(_LOWER)


def _all(text: str, part: str) -> Iterator[int]:
    position = text.find(part)
    while position >= 0:
        yield position
        position = text.find(part, position + len(part))


def find_forms(text: str, work: Work) -> Iterator[tuple[int, Candidate]]:
    """Credentials of a known form alone, by triggers that are rare in any text, and where each one stands."""
    # Most texts are short headers: there one expression is quicker than fifty searches, in long ones slower.
    if len(text) < MIN_LENGTH or (len(text) < _SHORT and not _ANY_FORM.search(text)):
        return
    for one in _RECOGNISABLE:
        for trigger in one.triggers:
            covered = 0
            for hit in _all(text, trigger):
                if hit >= covered and not work.is_over:
                    covered = hit + AFTER - BEFORE
                    yield from _of_form(one, text, max(0, hit - 40), hit + AFTER, work)


def _of_form(one: Format, text: str, start: int, end: int, work: Work) -> Iterator[tuple[int, Candidate]]:
    place = _Place("", 1, text[start:end], "", text[end : end + 600])
    work.spend(PLACE + len(place.text) // LENGTH + _tried(place.text))
    for value in one.matches(place.text):
        work.spend(CANDIDATE)
        if not one.common or looks_drawn(value):
            candidate = place.candidate(one.words, _whole(one, value, place.text))
            yield start + len(candidate.before), candidate


def _tried(text: str) -> int:
    return text.count("eyJ") * len(text) // TRIED


def _look(place: _Place, work: Work) -> Iterator[Candidate]:
    """The candidates of one place: what is known by its form first, then by its name, then by its looks."""
    text = place.text
    work.spend(PLACE + len(text) // LENGTH + _tried(text))
    for one in _RARE:
        for value in one.matches(text):
            work.spend(CANDIDATE)
            if not _is_common_form(one, value):
                yield place.candidate(one.words, _whole(one, value, text))
    runs = list(_drawn(text))
    if runs:
        for one in _COMMON:
            for value in filter(looks_drawn, one.matches(text)):
                yield place.candidate(one.words, value)
    for run in runs:
        if _STEM.search(f"{place.line_before}\n{text[: run.start()]}"[-_NEAR:].lower()):
            work.spend(RUN)
            candidate = place.candidate(NAMED, run[0], run.start())
            if names_a_secret(candidate.name):
                work.spend(CANDIDATE)
                yield candidate
    for part in _beside_password_names(text, work):
        for value in assigned(part, place.file):
            if looks_drawn(value) or looks_chosen(value):
                yield place.candidate(PASSWORD, value)
    if len(text) <= _LONGEST_WRITTEN:
        for run in runs:
            if _is_quoted(text, run) and has_high_entropy(run[0]):
                work.spend(CANDIDATE)
                yield place.candidate(UNNAMED, run[0], run.start())


def _counts_here(text: str, run: re.Match[str]) -> bool:
    """Whether drawn text may be a credential where it stands: most of it is identifiers and data."""
    start, end = run.span()
    near = text[max(0, start - _NEAR) : end + 10]
    return _is_quoted(text, run) or bool(_TRIGGER.search(near) or _STEM.search(near.lower()))


def _is_quoted(text: str, run: re.Match[str]) -> bool:
    before, after = text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]
    return before in ("'", '"') and before == after


def _beside_password_names(text: str, work: Work) -> Iterator[str]:
    """What stands around such names, where there is anything that could be a password."""
    # On a whole line of 2,000 characters the keyword plugin's expressions take a tenth of a second.
    for name in _PASSWORD_NAME.finditer(lowered(text)):
        part = text[max(0, name.start() - 40) : name.end() + 160]
        work.spend(CHUNKS)
        if any(map(looks_chosen, _CHUNK.findall(part))):
            work.spend(NAME)
            yield part


def _is_common_form(one: Format, value: str) -> bool:
    """The plugins for AWS and Slack know a rare and a common form each."""
    return one.plugin in ("AWSKeyDetector", "SlackDetector") and not value.startswith(one.triggers)


def _whole(one: Format, value: str, text: str) -> str:
    if one.words != WEB_TOKEN:
        return value
    rest = _REST_OF_TOKEN.match(text, text.find(value) + len(value))
    return value + (rest[0] if rest else "")
