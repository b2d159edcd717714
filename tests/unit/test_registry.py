"""Suites are found by entry point, whoever installed them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

from certify.errors import SuiteError
from certify.registry import load_registry

RULE = '''
from certify import Effort, EvidenceLog, Tier, rule


@rule("{name}", tier=Tier.GOLD, effort=Effort.HIGH)
def test_{name}(evidence: EvidenceLog) -> None:
    """{title}.

    Why: else it breaks.

    Fix: mend it.
    """
    evidence.saw("file", "looked")
'''


def rule_text(name: str, title: str = "It holds") -> str:
    return RULE.format(name=name, title=title)


@dataclass
class Site:
    """A folder of installed distributions, each with a suite."""

    folder: Path

    def install(self, distribution: str, module: str, files: dict[str, str]) -> None:
        """Install a distribution that brings these files and names `module` as a suite."""
        for name, text in files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        info = self.folder / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[certify.suites]\n{distribution} = {module}\n")

    def certify(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command, in an interpreter that finds these distributions beside its own."""
        return subprocess.run(
            [sys.executable, "-B", "-m", "certify", *arguments],
            env=dict(os.environ) | {"PYTHONPATH": str(self.folder), "COLUMNS": "200", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def only_here(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The suites of the site, importable in this process; ours are not found."""

    def entry_points(*, group: str) -> Sequence[metadata.EntryPoint]:
        found = metadata.distributions(path=[str(site.folder)])
        return [point for one in found for point in one.entry_points if point.group == group]

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    monkeypatch.syspath_prepend(site.folder)
    before = set(sys.modules)
    yield site
    for name in set(sys.modules) - before:
        del sys.modules[name]


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a refused command says; exit code 2, no traceback."""
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    return line


def test_a_suite_that_a_third_party_installs_is_listed_beside_ours(site: Site) -> None:
    files = {"acme_rules/__init__.py": "", "acme_rules/delivery.py": rule_text("rows_arrive_once", "Once")}
    site.install("acme-rules", "acme_rules", files)
    done = site.certify("rules")
    assert done.returncode == 0, done.stderr
    words = [line.split() for line in done.stdout.splitlines()]
    assert ["delivery", "rows_arrive_once", "gold", "high", "Once"] in words
    assert "imports_cleanly" in done.stdout


def test_its_rules_are_explained_from_their_docstring(site: Site) -> None:
    site.install("acme-rules", "acme_delivery", {"acme_delivery.py": rule_text("rows_arrive_once")})
    done = site.certify("explain", "rows_arrive_once")
    assert done.returncode == 0, done.stderr
    assert "Why: else it breaks." in done.stdout
    assert "Fix: mend it." in done.stdout


def test_a_rule_that_two_suites_define_is_refused_naming_both_modules(site: Site) -> None:
    for name in ("acme", "globex"):
        site.install(f"{name}-rules", f"{name}_rules", {f"{name}_rules.py": rule_text("rows_arrive_once")})
    assert complaint(site.certify("rules")) == (
        "certify: rule 'rows_arrive_once' is defined twice: in acme_rules and in globex_rules"
    )


def test_a_suite_that_takes_the_name_of_a_rule_of_ours_is_refused(site: Site) -> None:
    site.install("acme-rules", "acme_rules", {"acme_rules.py": rule_text("imports_cleanly")})
    line = complaint(site.certify("rules"))
    assert "'imports_cleanly' is defined twice" in line
    assert "acme_rules" in line
    assert "certify_suites.import_safety" in line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 / 0", "cannot import acme_rules: ZeroDivisionError: division by zero"),
        ("import no_such_module", "cannot import acme_rules: ModuleNotFoundError: No module named 'no_such"),
        ("def (:", "cannot import acme_rules: SyntaxError: "),
        ("raise ValueError('two\\nlines')", "cannot import acme_rules: ValueError: two lines"),
    ],
)
def test_a_suite_that_does_not_import_is_one_line(site: Site, text: str, said: str) -> None:
    site.install("acme-rules", "acme_rules", {"acme_rules.py": text})
    assert complaint(site.certify("rules")).startswith(f"certify: suite 'acme-rules' of acme-rules: {said}")


@pytest.mark.parametrize("text", ["import sys; sys.exit(0)", "import pytest; pytest.importorskip('no_such')"])
def test_a_suite_that_ends_the_process_is_one_line(site: Site, text: str) -> None:
    site.install("acme-rules", "acme_rules", {"acme_rules.py": text})
    assert complaint(site.certify("rules")).startswith(
        "certify: suite 'acme-rules' of acme-rules: cannot import"
    )


def test_a_suite_that_is_not_there_is_one_line(site: Site) -> None:
    site.install("acme-rules", "acme_rules", {})
    assert "cannot import acme_rules: ModuleNotFoundError" in complaint(site.certify("rules"))


def test_a_rule_without_explanation_is_one_line_that_names_the_function(site: Site) -> None:
    text = rule_text("rows_arrive_once").replace("Why: else it breaks.", "It is so.")
    site.install("acme-rules", "acme_rules", {"acme_rules.py": text})
    assert complaint(site.certify("rules")).startswith(
        "certify: acme_rules.test_rows_arrive_once: the docstring"
    )


def test_a_packages_public_modules_are_its_areas(only_here: Site) -> None:
    files = {
        "acme_rules/__init__.py": rule_text("stray"),
        "acme_rules/delivery.py": rule_text("rows_arrive_once"),
        "acme_rules/billing.py": rule_text("bills_add_up"),
        "acme_rules/_shared.py": "raise RuntimeError('private modules are imported by those who need them')",
    }
    only_here.install("acme-rules", "acme_rules", files)
    registry = load_registry()
    assert registry.modules == ("acme_rules.billing", "acme_rules.delivery")
    assert registry.areas == ("billing", "delivery")
    assert list(registry.rules) == ["bills_add_up", "rows_arrive_once"]


def test_a_package_may_order_its_areas(only_here: Site) -> None:
    files = {
        "acme_rules/__init__.py": "__all__ = ['zebra']",
        "acme_rules/zebra.py": rule_text("last_comes_first"),
        "acme_rules/ape.py": rule_text("the_rest_follows"),
    }
    only_here.install("acme-rules", "acme_rules", files)
    assert load_registry().areas == ("zebra", "ape")


def test_a_module_is_an_area_of_its_own(only_here: Site) -> None:
    only_here.install("acme-rules", "acme_rules", {"acme_rules.py": rule_text("rows_arrive_once")})
    assert load_registry().areas == ("acme_rules",)


def test_a_rule_that_is_imported_from_elsewhere_belongs_where_it_was_made(only_here: Site) -> None:
    files = {
        "acme_rules/__init__.py": "",
        "acme_rules/delivery.py": rule_text("rows_arrive_once"),
        "acme_rules/again.py": "from acme_rules.delivery import test_rows_arrive_once",
    }
    only_here.install("acme-rules", "acme_rules", files)
    registry = load_registry()
    assert registry.rules["rows_arrive_once"].module == "acme_rules.delivery"


def test_the_same_suite_under_two_names_is_one(only_here: Site) -> None:
    only_here.install("acme-rules", "acme_rules", {"acme_rules.py": rule_text("rows_arrive_once")})
    only_here.install("acme-more", "acme_rules", {})
    registry = load_registry()
    assert (registry.modules, list(registry.rules)) == (("acme_rules",), ["rows_arrive_once"])


def test_a_suite_is_known_by_name_version_and_the_digest_of_its_source(only_here: Site) -> None:
    only_here.install("acme-rules", "acme_rules", {"acme_rules.py": rule_text("rows_arrive_once")})
    (facts,) = load_registry().suites
    assert (facts.name, facts.version) == ("acme-rules", "1.2")
    (only_here.folder / "acme_rules.py").write_text(rule_text("rows_arrive_once") + "# changed\n")
    (changed,) = load_registry().suites
    assert changed.digest != facts.digest


def test_what_a_suite_brings_beside_its_areas_counts_too(only_here: Site) -> None:
    files = {
        "acme_rules/__init__.py": "",
        "acme_rules/area.py": rule_text("first"),
        "acme_rules/_words.py": "",
    }
    only_here.install("acme-rules", "acme_rules", {**files, "acme_rules/data/names.json": "[]"})
    seen = set()
    for name, text in ((None, ""), ("_words.py", "A = 1\n"), ("data/names.json", "[1]")):
        if name is not None:
            (only_here.folder / "acme_rules" / name).write_text(text)
        (facts,) = load_registry().suites
        seen.add(facts.digest)
    assert len(seen) == 3
    assert facts.package == "acme_rules"


def test_a_package_is_named_before_it_is_imported(only_here: Site) -> None:
    only_here.install("acme-rules", "acme_rules", {"acme_rules.py": rule_text("rows_arrive_once")})
    told: list[tuple[str, bool]] = []
    load_registry(lambda package: told.append((package, package in sys.modules)))
    assert told == [("acme_rules", False)]


def test_our_own_suite_is_found_by_the_same_road() -> None:
    registry = load_registry()
    assert "imports_cleanly" in registry.rules
    assert "certify" in [suite.name for suite in registry.suites]


def test_a_suite_error_from_within_a_module_is_kept_as_it_is(only_here: Site) -> None:
    text = textwrap.dedent("""
        from certify import SuiteError
        raise SuiteError("acme needs its licence file")
    """)
    only_here.install("acme-rules", "acme_rules", {"acme_rules.py": text})
    with pytest.raises(SuiteError, match=r"^acme needs its licence file$"):
        load_registry()
