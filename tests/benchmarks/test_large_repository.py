"""What the static rules of bronze take on a large repository: 2,000 files, 500 of them Markdown pages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "fixtures" / "certify_example"
PACKAGE = "src/dpone_connector_orders_api"
PAGES, MODULES, TESTS, MANIFESTS, ROWS = 500, 400, 300, 100, 100
FILES = 2000
#: Areas, and rules of one that runs the connector too: how long that takes is the connector's own matter.
STATIC = (
    *("manifest", "docs", "packaging"),
    *("no_secret_in_source", "no_secret_in_cassettes", "tls_is_verified", "urls_are_declared"),
)
MOST_MEBIBYTES = 300

PAGE = """\
# Topic {n}

What topic {n} is about, with `code`, *emphasis* and a [page](page_{other}.md#steps) to read next.

| field | type | meaning |
|---|---|---|
{rows}

## Steps

1. Read [the guide](../../README.md) and [the module](../../{package}/large/module_{module}.py).
2. Write the manifest:

```yaml
name: topic_{n}
source:
  type: orders_api
  options: {{page_size: {n}, base_url: "https://api.orders.example/v1/{n}"}}
```

```json
{{"topic": {n}, "next": {other}, "tags": ["a", "b", "c"]}}
```

```python
def topic_{n}(rows: list[dict[str, object]]) -> list[object]:
    return [row["field_{n}"] for row in rows if row]
```

```bash
ls docs && cat README.md
```

## Limits

- One
  - two, and `three`
- Four: {words}
"""
#: In one module of four, as in a client that speaks to many endpoints: the others are not even parsed.
ENDPOINT = """\
ENDPOINT_{n} = "https://api.orders.example/v1/part_{n}"
VERIFY_SSL = True
"""
MODULE = '''\
"""Part {n} of a large package."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

LOG = logging.getLogger(__name__)
{endpoint}


@dataclass(frozen=True)
class Part{n}:
    """One of the parts."""

    name: str
    token: str = field(default="", repr=False)
    rows: list[dict[str, object]] = field(default_factory=list)

{methods}
'''
METHOD = '''\
    def step_{m}(self, limit: int = {m}, *, strict: bool = True) -> list[object]:
        """Take step {m}, for as many rows as `limit` says."""
        LOG.info("part %s takes step %s of %s", self.name, {m}, len(self.rows))
        found = [row.get("value_{m}") for row in self.rows[:limit] if row]
        return [one for one in found if one is not None and strict]
'''


def files() -> Iterator[tuple[str, str]]:
    """The names and texts of what is added to the example."""
    words = "what a page says goes on for a while, " * 20
    for n in range(PAGES):
        rows = "\n".join(f"| field_{n}_{row} | string | what field {row} means |" for row in range(12))
        other, module = (n + 1) % PAGES, n % MODULES
        yield (
            f"docs/topics/page_{n}.md",
            PAGE.format(n=n, other=other, module=module, rows=rows, words=words, package=PACKAGE),
        )
    for n in range(MODULES):
        methods = "\n".join(METHOD.format(m=m) for m in range(12))
        endpoint = ENDPOINT.format(n=n) if n % 4 == 0 else f"PART = {n}"
        yield f"{PACKAGE}/large/module_{n}.py", MODULE.format(n=n, methods=methods, endpoint=endpoint)
    yield f"{PACKAGE}/large/__init__.py", '"""A large part of the package."""\n'
    for n in range(TESTS):
        yield f"tests/large/test_part_{n}.py", f"def test_part_{n}() -> None:\n    assert {n} == {n}\n" * 20
    for n in range(MANIFESTS):
        yield f"deploy/pipeline_{n}.yaml", f"name: pipeline_{n}\nsource:\n  type: orders_api\n" * 10
    for n in range(ROWS):
        rows_of = [{"id": row, "checksum": f"{row * 2654435761 % 2**64:016x}" * 4} for row in range(100)]
        yield f"tests/data/rows_{n}.json", json.dumps(rows_of, indent=1)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, grown to 2,000 files."""
    root = tmp_path_factory.mktemp("large") / "connector"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__", "test_artifacts"))
    there = sum(path.is_file() for path in root.rglob("*"))
    added = dict(files())
    rest = ((f"data/{n}.txt", f"{n}\n") for n in range(FILES - there - len(added)))
    for name, text in chain(added.items(), rest):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert sum(path.is_file() for path in root.rglob("*")) == FILES
    return root


#: Runs a command and tells its peak: to a process counts what the one had that it was forked from, and this
#: one is small.
_MEASURES = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak_of(*command: str | Path) -> float:
    """The most memory that a command, or one that it started, has at once, in MiB; it must end well."""
    measured = [sys.executable, "-c", _MEASURES, sys.executable, "-m", *map(str, command)]
    ended = subprocess.run(measured, cwd=os.path.sep, stdout=subprocess.PIPE, check=True)
    return int(ended.stdout) / 1024


def measured(benchmark: Any, run: Callable[[], float]) -> None:
    """Time some rounds, and note the highest peak of them."""
    peaks: list[float] = []
    benchmark.pedantic(lambda: peaks.append(run()), rounds=3, warmup_rounds=1)
    benchmark.extra_info["peak memory in MiB"] = round(max(peaks))
    assert max(peaks) <= MOST_MEBIBYTES


@pytest.mark.benchmark(group="2,000 files, 500 of them Markdown pages")
def test_the_static_rules_read_a_large_repository(benchmark: Any, large: Path, tmp_path: Path) -> None:
    only = [word for name in STATIC for word in ("--only", name)]
    command: list[str | Path] = ["certify", "-C", large, *only, "--artifact-dir", tmp_path]
    measured(benchmark, lambda: peak_of(*command))
    report = json.loads((tmp_path / "certification_report.json").read_text())
    judged = {rule["status"] for rule in report["rules"]}
    assert judged == {"passed", "not_applicable"}


@pytest.mark.benchmark(group="2,000 files, 500 of them Markdown pages")
def test_the_floor_is_the_same_rules_on_the_example(benchmark: Any, tmp_path: Path) -> None:
    only = [word for name in STATIC for word in ("--only", name)]
    command: list[str | Path] = ["certify", "--example", *only, "--artifact-dir", tmp_path]
    measured(benchmark, lambda: peak_of(*command))
