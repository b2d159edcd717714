"""What the last release offered still works, or the version says that it does not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.version import Version

from certify.repository import Repository
from certify.repository.project.public_api import PublicApi
from certify.rules import NotApplicable, Unverified
from certify_suites import packaging
from tests.unit.packaging_projects import PACKAGE, PYPROJECT, commit, distribution, git, releases, told, write

#: Base classes from elsewhere, and everything that a change below is about.
CLIENT = """\
import logging
from enum import Enum
from typing import TypeVar

from framework import Stream

log = logging.getLogger(__name__)
T = TypeVar("T")
LIMIT = 100

class Kind(Enum):
    NEW = "new"
    OLD = "old"

class Client:
    name = "demo"

    def __init__(self, token, page_size=100):
        self.token = token

    def __repr__(self):
        return "x"

    def __len__(self):
        return 0

    def fetch(self, since, limit=None, *, order="up"):
        return []

    def _hidden(self, a): ...

class Orders(Stream):
    def read(self): ...

def make(config, **options):
    return Client(config)

def _inner(a, b): ...
"""


def released(root: Path, sources: Mapping[str, str], tag: str = "v1.1.0") -> None:
    """Release these sources, and take them away again."""
    files = {f"src/demo/{name}": text for name, text in sources.items()}
    write(root, {"pyproject.toml": PYPROJECT.replace("1.2.0", "1.1.0"), **files})
    commit(root, tag)
    for name in files:
        (root / name).unlink()


def broken(
    root: Path, sources: Mapping[str, str], version: str = "1.2.0", called: str | None = None
) -> list[str]:
    files = {f"src/demo/{name}": text for name, text in sources.items()}
    one = distribution(root, {"pyproject.toml": PYPROJECT.replace("1.2.0", version), **files})
    api = PublicApi(Repository(root), PACKAGE, [called])
    return told(lambda seen: packaging.test_public_api_is_compatible(one, releases(root), api, seen))


def changed(root: Path, old: str, new: str, *, init: str = "", called: str | None = None) -> list[str]:
    """What is found when this is changed in the client since the last release."""
    assert old in CLIENT
    released(root, {"__init__.py": init, "client.py": CLIENT})
    lines = broken(root, {"__init__.py": init, "client.py": CLIENT.replace(old, new)}, called=called)
    return [line.removesuffix("; 1.2.0 announces no such change since v1.1.0") for line in lines]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (
            "def fetch(self, since, limit=None,",
            "def fetch(self, since,",
            "src/demo/client.py:27: demo.client.Client.fetch no longer takes 'limit'",
        ),
        (
            "since, limit=None,",
            "since, page, limit=None,",
            "src/demo/client.py:27: demo.client.Client.fetch takes 'limit' at another position, "
            "requires 'page', which it did not know",
        ),
        (
            "limit=None,",
            "limit,",
            "src/demo/client.py:27: demo.client.Client.fetch requires 'limit', which had a default",
        ),
        (
            "limit=None, *,",
            "*, limit=None,",
            "src/demo/client.py:27: demo.client.Client.fetch takes 'limit' as keyword-only, formerly "
            "positional or keyword",
        ),
        (
            "def __init__(self, token, page_size=100)",
            "def __init__(self, key, page_size=100)",
            "src/demo/client.py:18: demo.client.Client.__init__ no longer takes 'token', requires 'key', "
            "which it did not know",
        ),
        ("def fetch(", "def read(", "src/demo/client.py:15: demo.client.Client.fetch is gone"),
        (
            "    def __len__(self):\n        return 0\n",
            "",
            "src/demo/client.py:15: demo.client.Client.__len__ is gone",
        ),
        ('    OLD = "old"\n', "", "src/demo/client.py:11: demo.client.Kind.OLD is gone"),
        ("LIMIT = 100\n", "", "src/demo/client.py:1: demo.client.LIMIT is gone"),
        ("def make(config", "def build(config", "src/demo/client.py:1: demo.client.make is gone"),
        (
            "class Client:",
            "def Client():",
            "src/demo/client.py:15: demo.client.Client is a function, formerly a class",
        ),
    ],
)
def test_what_breaks_its_users_is_found_where_it_stands(
    tmp_path: Path, old: str, new: str, found: str
) -> None:
    assert changed(tmp_path, old, new) == [found]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 100", "LIMIT = 200"),
        ("page_size=100", "page_size=500"),
        ('    name = "demo"', '    name: str = "other"'),
        ("limit=None,", "limit=None, after=None,"),
        ('order="up"', '*, order="up"'.removeprefix("*, ")),
        ("return []", "return None"),
        ("def fetch(self, since", "def fetch(self, since: str"),
        ("def _hidden(self, a)", "def _hidden(self, b, c)"),
        ("def _inner(a, b): ...\n", ""),
        ('    def __repr__(self):\n        return "x"\n', ""),
        ("def make(config, **options)", "def make(config)"),
        ("log = logging.getLogger(__name__)\n", ""),
        ('T = TypeVar("T")\n', ""),
        # The framework's class may well have it.
        ("    def read(self): ...", "    pass"),
        ("LIMIT = 100\n", "def __getattr__(name): ...\n"),
        ("class Client:", "class Session:\n    pass\n\nclass Client(Session):"),
    ],
)
def test_what_breaks_nobody_for_certain_is_not_found(tmp_path: Path, old: str, new: str) -> None:
    assert changed(tmp_path, old, new) == []


def test_a_name_that_is_kept_by_another_road_is_not_gone(tmp_path: Path) -> None:
    released(tmp_path, {"__init__.py": "def make(a): ...\n", "old.py": "class Client: ...\n"})
    now = {
        "__init__.py": "from demo.new import make\n",
        "new.py": "def make(a, b=1): ...\nclass Renamed: ...\n",
        "old.py": "from demo.new import Renamed\nClient = Renamed\n",
    }
    assert broken(tmp_path, now) == []


def test_one_object_is_told_once_by_its_shortest_name(tmp_path: Path) -> None:
    init = "from demo.client import Client\n__all__ = ['Client']\n"
    released(tmp_path, {"__init__.py": init, "client.py": "class Client:\n    def fetch(self, a): ...\n"})
    found = broken(tmp_path, {"__init__.py": init, "client.py": "class Client:\n    def fetch(self): ...\n"})
    assert len(found) == 1
    assert "Client.fetch no longer takes 'a'" in found[0]


def test_a_module_that_is_gone_is_one_finding(tmp_path: Path) -> None:
    released(tmp_path, {"__init__.py": "", "old.py": CLIENT, "_own.py": CLIENT, "test_it.py": CLIENT})
    assert [line.partition(";")[0] for line in broken(tmp_path, {"__init__.py": "A = 1\n"})] == [
        "src/demo/__init__.py:1: demo.old is gone"
    ]


def test_a_module_that_no_longer_parses_is_not_gone(tmp_path: Path) -> None:
    released(tmp_path, {"__init__.py": "", "old.py": CLIENT})
    assert broken(tmp_path, {"__init__.py": "", "old.py": "def broken(\n"}) == []


LISTED = "from demo.client import Client\n\n__all__ = ['Client']\n"


def test_where_the_package_lists_what_is_public_nothing_else_is(tmp_path: Path) -> None:
    assert changed(tmp_path, "def make(config", "def build(config", init=LISTED) == []


def test_what_it_lists_is_public_wherever_it_is_defined(tmp_path: Path) -> None:
    assert len(changed(tmp_path, "since, limit=None,", "since,", init=LISTED)) == 1


def test_what_the_contract_calls_is_public_in_any_case(tmp_path: Path) -> None:
    assert (
        len(changed(tmp_path, "def make(config", "def make(other", init=LISTED, called="demo.client:make"))
        == 1
    )


@pytest.mark.parametrize(
    ("earlier", "version", "announced"),
    [
        ("1.1.0", "1.1.1", False),
        ("1.1.0", "1.2.0", False),
        ("1.1.0", "2.0.0", True),
        ("1.1.0", "2.0.0rc1", True),
        ("0.1.0", "0.1.1", False),
        ("0.1.0", "0.2.0", True),
        ("0.1.0", "1.0.0", True),
        ("1.1.0", "1.2", False),
    ],
)
def test_a_version_may_announce_it(tmp_path: Path, earlier: str, version: str, announced: bool) -> None:
    released(tmp_path, {"__init__.py": "def make(): ...\n"}, f"v{earlier}")
    assert (broken(tmp_path, {"__init__.py": ""}, version) == []) is announced


def test_the_last_release_is_the_highest_final_one_below_that_head_descends_from(tmp_path: Path) -> None:
    released(tmp_path, {"__init__.py": "def make(): ...\n"}, "v1.10.0")
    for tag in ("v1.9.0", "v1.11.0rc1", "v2.0.0", "nightly-2026-01-02"):
        git(tmp_path, "tag", tag)
    git(tmp_path, "checkout", "-q", "-b", "other")
    commit(tmp_path, "v1.11.0")
    git(tmp_path, "checkout", "-q", "main")
    (line,) = broken(tmp_path, {"__init__.py": ""}, "1.12.0")
    assert line.endswith("since v1.10.0")


def test_a_package_that_moved_into_src_is_followed(tmp_path: Path) -> None:
    write(tmp_path, {"demo/__init__.py": "def make(): ...\n"})
    commit(tmp_path, "v1.1.0")
    (tmp_path / "demo/__init__.py").unlink()
    assert len(broken(tmp_path, {"__init__.py": ""})) == 1


def test_links_and_what_is_no_source_of_a_release_are_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "src/demo"
    folder.mkdir(parents=True)
    (folder / "link.py").symlink_to("/etc/passwd")
    released(
        tmp_path, {"__init__.py": "def make(): ...\n", "data.json": "{}", "names\nwith lines.py": "a = 1\n"}
    )
    api = PublicApi(Repository(tmp_path), PACKAGE)
    known = releases(tmp_path)
    assert set(api.released(known, known.before(Version("1.2")))) == {"__init__.py", "names\nwith lines.py"}


def test_filters_that_the_repository_configures_are_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    write(tmp_path, {".gitattributes": "*.py filter=x diff=x\n"})
    released(tmp_path, {"__init__.py": "def make(): ...\n"})
    for key in ("filter.x.smudge", "filter.x.clean", "diff.x.textconv", "tar.tar.command", "core.fsmonitor"):
        git(tmp_path, "config", key, f"touch {mark}; cat")
    assert len(broken(tmp_path, {"__init__.py": ""})) == 1
    assert not mark.exists()


@pytest.mark.parametrize("tags", [[], ["v1.2.0"], ["v2.0.0", "v1.2.0rc1", "something"]])
def test_without_an_earlier_release_it_does_not_apply(tmp_path: Path, tags: list[str]) -> None:
    write(tmp_path, {"README.md": "x"})
    commit(tmp_path)
    for tag in tags:
        git(tmp_path, "tag", tag)
    with pytest.raises(NotApplicable, match="no earlier release"):
        broken(tmp_path, {"__init__.py": ""})


def test_without_git_it_does_not_apply(tmp_path: Path) -> None:
    with pytest.raises(NotApplicable, match="no git repository"):
        broken(tmp_path, {"__init__.py": ""})


def test_a_release_before_there_was_a_package_does_not_apply(tmp_path: Path) -> None:
    write(tmp_path, {"README.md": "x"})
    commit(tmp_path, "v1.1.0")
    with pytest.raises(NotApplicable, match=r"v1\.1\.0 has no package demo"):
        broken(tmp_path, {"__init__.py": ""})


def test_a_shallow_clone_without_tags_is_unverified(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    released(origin, {"__init__.py": "def make(): ...\n"})
    commit(origin)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", "--no-tags", f"file://{origin}", str(clone))
    with pytest.raises(Unverified, match="shallow"):
        broken(clone, {"__init__.py": ""})


def test_a_partial_clone_is_not_asked_since_git_would_fetch(tmp_path: Path) -> None:
    released(tmp_path, {"__init__.py": "def make(): ...\n"})
    git(tmp_path, "config", "remote.origin.promisor", "true")
    with pytest.raises(Unverified, match="partial clone"):
        broken(tmp_path, {"__init__.py": ""})


def test_a_flood_of_changes_is_unverified_and_not_read_for_a_minute(tmp_path: Path) -> None:
    released(tmp_path, {"__init__.py": "", **{f"m{n}.py": "x = 1\n" * 90_000 for n in range(5)}})
    with pytest.raises(Unverified, match="too much has changed"):
        broken(tmp_path, {"__init__.py": "", **{f"m{n}.py": "x = 2\n" * 90_000 for n in range(5)}})


def test_sources_that_nest_too_deep_decide_nothing(tmp_path: Path) -> None:
    released(tmp_path, {"__init__.py": "def make(): ...\n"})
    deep = "x = " + "-" * 100_000 + "1\n"
    try:
        found = broken(tmp_path, {"__init__.py": "def make(): ...\n", "deep.py": deep})
    except Unverified:
        found = []
    assert found == []
