"""What a rule is, and the few words a rule may use to say how it ended.

A rule is a pytest function with a decorator; its docstring is its documentation:

    @rule("imports_cleanly", tier=Tier.BRONZE, effort=Effort.LOW)
    def test_imports_cleanly(import_observation, evidence):
        '''Every submodule imports without side effects.

        Why: …what goes wrong in production otherwise…

        Fix: …what the author does about it…
        '''
        evidence.saw("import", "imported 5 submodules")
        no_findings(effect.finding() for effect in import_observation.effects)
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from certify.errors import SuiteError
from certify.model import Effort, Evidence, Finding, OwnEvidence, Performance, Tier, Timeline
from certify.roles import roles

P = ParamSpec("P")
R = TypeVar("R")

#: Where `rule` leaves its note on the function.
ATTRIBUTE = "__certify_rule__"

_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_DOC = re.compile(r"(?P<title>[^\n]+)\n\s*\nWhy: (?P<why>.+?)\n\s*\nFix: (?P<fix>.+)", re.DOTALL)


@dataclass(frozen=True)
class Rule:
    """One rule of the rulebook. Empty `capabilities` or `systems` mean all of them."""

    id: str
    area: str
    tier: Tier
    effort: Effort
    title: str
    why: str
    fix: str
    capabilities: frozenset[str]
    systems: frozenset[str]
    waivable: bool
    module: str
    function: str

    def applies_to(self, system: str, capabilities: Iterable[str]) -> bool:
        """Whether a connector of this system that claims these capabilities is judged by it."""
        claimed = not self.capabilities or not self.capabilities.isdisjoint(roles(capabilities))
        return claimed and (not self.systems or system in self.systems)


@dataclass(frozen=True)
class PlatformId:
    """A name that contracts use, standing for a set of rules.

    `needs` are the lines a contract must hold before the rules can be exercised.
    """

    id: str
    rules: tuple[str, ...]
    needs: str = ""


def rule(
    rule_id: str,
    *,
    tier: Tier,
    effort: Effort,
    capabilities: Iterable[str] = (),
    systems: Iterable[str] = (),
    waivable: bool = True,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a test function a rule.

    The function is named `test_` + id, and its docstring holds a title, `Why:` and `Fix:`, parted by
    blank lines. Raises SuiteError when it does not.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        module = function.__module__
        where = f"{module}.{function.__name__}"
        if not _ID.fullmatch(rule_id):
            raise SuiteError(f"{where}: rule id {rule_id!r} is not lower_snake_case")
        if function.__name__ != f"test_{rule_id}":
            raise SuiteError(f"{where}: the function of rule {rule_id!r} must be named test_{rule_id}")
        doc = _DOC.fullmatch(inspect.getdoc(function) or "")
        if doc is None:
            raise SuiteError(
                f"{where}: the docstring needs a title, 'Why: …' and 'Fix: …', parted by blank lines"
            )
        noted = Rule(
            id=rule_id,
            area=module.rpartition(".")[2],
            tier=tier,
            effort=effort,
            title=doc["title"].strip().rstrip("."),
            why=_paragraphs(doc["why"]),
            fix=_paragraphs(doc["fix"]),
            capabilities=frozenset(capabilities),
            systems=frozenset(systems),
            waivable=waivable,
            module=module,
            function=function.__name__,
        )
        setattr(function, ATTRIBUTE, noted)
        return function

    return decorate


def _paragraphs(text: str) -> str:
    """Unwrap lines within a paragraph, keep blank lines between them and indented blocks."""
    blocks = re.split(r"\n\s*\n", text.strip())
    kept = [block if block.startswith("    ") else " ".join(block.split()) for block in blocks]
    return "\n\n".join(kept)


class RuleBroken(AssertionError):
    """The connector breaks the rule, in these ways."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        first = findings[0]
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        where = f"{first.location}: " if first.location else ""
        super().__init__(f"{where}{first.message}{more}")


class Undecided(Exception):
    """A rule that cannot say passed or failed. `needs` holds the lines that would let it."""

    def __init__(self, reason: str, needs: str = "") -> None:
        super().__init__(reason)
        self.needs = needs


class Unverified(Undecided):
    """Required, but nothing here can exercise it."""


class Blocked(Undecided):
    """What the rule stands on did not pass."""


class NotApplicable(Undecided):
    """The connector has nothing that this rule speaks of."""


class HarnessFault(Undecided):
    """The harness or its surroundings failed; the connector is not blamed."""


def no_findings(findings: Iterable[Finding]) -> None:
    """Pass when there are none; else break the rule with all of them."""
    found = tuple(findings)
    if found:
        raise RuleBroken(found)


@dataclass
class EvidenceLog:
    """What a rule saw. A rule that noted nothing is *errored*, since a pass would rest on nothing."""

    entries: list[Evidence] = field(default_factory=list)
    own: list[OwnEvidence] = field(default_factory=list)
    performance: Performance | None = None

    def saw(self, kind: str, summary: str, timeline: Timeline | None = None) -> None:
        """Note one observation: its kind (`import`, `file`, `request` …), a sentence, and how it went."""
        self.entries.append(Evidence(kind, summary, timeline=timeline))

    def saw_in_all(self, kind: str, summary: str) -> None:
        """Note what the other observations come to: it stands before them."""
        self.entries.insert(0, Evidence(kind, summary))

    def measured(self, performance: Performance) -> None:
        """Note the figures that the report shows."""
        self.performance = performance

    def certified(self, name: str, nodeid: str, passed: bool) -> None:
        """Note what one of the connector's own tests says about an id that no installed rule implements."""
        self.own.append(OwnEvidence(name, nodeid, passed))
