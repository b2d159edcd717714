"""What a large cassette costs, as ratios: machines differ, and so do their moods.

The design asks for 65 MB in 2 s and for matching that does not grow with the recording. A bare load by
libyaml is the peer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from certify.replay import Answer, Asked, Cassette, CassetteIndex, Miss, Recorded, read_cassette

MEGABYTES = 65
PAGE = '{"data": [' + ", ".join(f'{{"id": {one}, "name": "{"x" * 80}"}}' for one in range(100)) + "]}"
#: Of a bare load by libyaml, which makes nodes before it makes values.
LOADING_TAKES_AT_MOST = 0.9
#: 10,000 requests instead of 100; were they scanned, it would be a hundred.
MATCHING_GROWS_AT_MOST = 3.0


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cassette of many pages, as vcrpy writes them."""
    pages = MEGABYTES * 1_000_000 // len(PAGE)
    path = tmp_path_factory.mktemp("cassettes") / "full_refresh.yaml"
    with path.open("w", encoding="utf-8") as file:
        file.write("interactions:\n")
        for page in range(pages):
            file.write(yaml.dump([_interaction(page)], Dumper=yaml.CSafeDumper))
        file.write("version: 1\n")
    return path


def _interaction(page: int) -> dict[str, Any]:
    return {
        "request": {
            "method": "GET",
            "uri": f"https://api.example/v1/rows?page={page}",
            "body": None,
            "headers": {"Accept": ["*/*"], "User-Agent": ["python-requests/2.32"]},
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"Content-Type": ["application/json"], "Date": ["Mon, 05 Oct 2026 06:00:00 GMT"]},
            "body": {"string": PAGE},
        },
    }


def _best(of: int, run: Callable[[], object]) -> float:
    """Processor seconds of the fastest of some runs."""
    seconds = []
    for _ in range(of):
        began = time.process_time()
        run()
        seconds.append(time.process_time() - began)
    return min(seconds)


@pytest.mark.nightly
@pytest.mark.benchmark(group="a cassette of 65 MB")
def test_reading_takes_less_than_a_bare_load(benchmark: Any, large: Path) -> None:
    text = large.read_text(encoding="utf-8")
    bare = _best(2, lambda: yaml.load(text, Loader=yaml.CSafeLoader))
    benchmark.pedantic(lambda: read_cassette(large, large.name), rounds=2)
    ratio = _best(2, lambda: read_cassette(large, large.name)) / bare
    benchmark.extra_info.update(megabytes=len(text) / 1e6, libyaml_seconds=bare, ratio=ratio)
    assert ratio < LOADING_TAKES_AT_MOST


def _index(length: int) -> tuple[CassetteIndex, list[Asked]]:
    asked = [Asked("GET", "api.example", "/v1/rows", f"limit=100&page={page}") for page in range(length)]
    recorded = tuple(Recorded(one, Answer(200, (), b"{}")) for one in asked)
    return CassetteIndex(Cassette("full_refresh", recorded), ["cfy" + "0" * 21]), asked


def _per_request(length: int) -> float:
    index, asked = _index(length)
    probes = asked[:: length // 100]

    def match() -> None:
        for one in probes:
            assert not isinstance(index.find(one), Miss)

    return _best(15, match) / len(probes)


@pytest.mark.benchmark(group="finding an answer")
def test_finding_takes_as_long_in_ten_thousand_as_in_a_hundred(benchmark: Any) -> None:
    index, asked = _index(10_000)
    benchmark(lambda: index.find(asked[5000]))
    ratio = _per_request(10_000) / _per_request(100)
    benchmark.extra_info.update(ratio=ratio)
    assert ratio < MATCHING_GROWS_AT_MOST


@pytest.mark.benchmark(group="finding an answer")
def test_a_miss_takes_no_longer_in_ten_thousand_addresses_than_in_a_thousand(benchmark: Any) -> None:
    def index(length: int) -> CassetteIndex:
        asked = [Asked("GET", "api.example", f"/v1/rows/{one}") for one in range(length)]
        return CassetteIndex(Cassette("check", tuple(Recorded(one, Answer(200)) for one in asked)))

    missed = Asked("GET", "api.example", "/v2/row")
    short, long = index(1_000), index(10_000)
    benchmark(lambda: long.find(missed))
    ratio = _best(5, lambda: long.find(missed)) / _best(5, lambda: short.find(missed))
    benchmark.extra_info.update(ratio=ratio)
    assert ratio < MATCHING_GROWS_AT_MOST
