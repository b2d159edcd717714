"""The names a connector goes by: of its distribution, its package, its classes and its host."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass
from importlib.metadata import packages_distributions

from certify.errors import CertifyError
from certify.text import one_line

#: What PyPI takes (packaging.python.org, name format), with a letter first: it becomes a package's name.
_NAME = re.compile(r"[a-z]([a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)
#: A host's label has 63, and some of ours are put before it.
_LONGEST = 50
#: Folders of the repository, and what connectors are built on whether or not it is installed here.
_TAKEN = frozenset(
    {"certification", "conftest", "docs", "examples", "fake_api", "src", "test", "tests"}
    | {"certify", "certify_example", "certify_reports", "certify_suites"}
    | {"airbyte", "airbyte_cdk", "airbyte_protocol", "dpone", "planasonix", "singer", "singer_sdk"}
)


@dataclass(frozen=True)
class Names:
    """All derived from the one that was given, and each safe in TOML, YAML, Python and addresses.

    `label` is the distribution's without what its system begins all names with.
    """

    distribution: str
    package: str
    connector: str
    label: str
    class_name: str
    title: str
    host: str
    variable: str


def names_of(given: str, dropped: str = "", kept: str = "") -> Names:
    """Derive them; a prefix that is dropped is no part of the connector's name, one that is kept is.

    Raises CertifyError for what is no name, or one that something else has.
    """
    shown = one_line(given, 80)
    if not _NAME.fullmatch(given) or len(given) > _LONGEST:
        raise CertifyError(
            f"{shown!r}: no name of a distribution; expected a letter, then letters, digits, '-', '_' or "
            f"'.', {_LONGEST} at most, such as orders-api (-C DIR says where it is made)"
        )
    words = re.split(r"[-_.]+", given.lower())
    distribution, package = "-".join(words), "_".join(words)
    _refuse_taken(shown, package)
    label = distribution.removeprefix(dropped).removeprefix(kept) or distribution
    if not label[0].isalpha():
        raise CertifyError(f"{shown!r}: {label!r} begins with a digit; begin that with a letter")
    own = label.split("-")
    called = distribution.removeprefix(dropped) or distribution
    return Names(
        distribution=distribution,
        package=package,
        connector=called.replace("-", "_"),
        label=label,
        class_name="".join(one.capitalize() for one in own),
        title=" ".join(one.capitalize() for one in own),
        host=f"api.{label}.example",
        variable="_".join(own).upper() + "_TOKEN",
    )


def _refuse_taken(shown: str, package: str) -> None:
    """A package that hides another, or is hidden by it, fails where nobody looks for it."""
    if keyword.iskeyword(package) or keyword.issoftkeyword(package):
        whose = "a keyword of Python"
    elif package in sys.stdlib_module_names:
        whose = "a module of Python's standard library"
    elif package in _TAKEN:
        whose = "a name that the repository or its platform has already"
    elif package.startswith("test_"):
        whose = "what pytest takes for tests"
    elif others := packages_distributions().get(package):
        whose = f"the package of {one_line(', '.join(sorted(set(others))), 80)}, which is installed here"
    else:
        return
    other = f"{package.removeprefix('test_').replace('_', '-')}-connector"
    raise CertifyError(f"{shown!r}: {package} is {whose}; choose another name, such as {other}")
