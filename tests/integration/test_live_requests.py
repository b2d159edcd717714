"""What certify asks of a live API in the connector's stead, and what it takes for no answer."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from certify.replay.cassette import Asked
from certify.replay.live import LiveApi, NoAnswer
from tests.integration import live_api


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[live_api.LiveApi]:
    with live_api.served(tmp_path) as served:
        monkeypatch.setenv("SSL_CERT_FILE", str(served.certificate))
        yield served


@pytest.fixture
def asked(server: live_api.LiveApi) -> Asked:
    headers = {"accept-encoding": "br, gzip", "connection": "keep-alive", "x-a": "b"}
    return Asked("GET", f"localhost:{server.port}", "/it", "a=1%2f2", headers, is_encrypted=True)


def no_answer(api: LiveApi, asked: Asked) -> tuple[str, bool]:
    with pytest.raises(NoAnswer) as raised:
        api.ask(asked)
    return str(raised.value), raised.value.for_good


PACKED = {"gzip": gzip.compress(b"{}"), "deflate": zlib.compress(b"{}"), "identity": b"{}"}


@pytest.mark.parametrize("encoding", PACKED)
def test_a_body_is_unpacked(encoding: str, server: live_api.LiveApi, asked: Asked) -> None:
    headers = {"content-encoding": encoding, "etag": "e", "date": "Mon, 05 Oct 2026 06:00:00 GMT"}
    server.said["/it"] = (404, headers, PACKED[encoding])
    answer = LiveApi().ask(asked)
    assert (answer.status, answer.reason, answer.body) == (404, "Not Found", b"{}")
    assert answer.headers == (("etag", "e"), ("date", headers["date"]))


def test_an_encoding_that_cannot_be_searched_is_no_answer(server: live_api.LiveApi, asked: Asked) -> None:
    server.said["/it"] = (200, {"content-encoding": "br"}, b"?")
    assert no_answer(LiveApi(), asked) == ("the answer is packed as br, unasked", True)


def test_more_than_a_cassette_holds_is_no_answer(server: live_api.LiveApi, asked: Asked) -> None:
    server.said["/it"] = (200, {"content-encoding": "gzip"}, gzip.compress(bytes(3 * 2**20)))
    said = "the answers are larger than 2 MiB; record fewer rows"
    assert no_answer(LiveApi(limit=2 * 2**20), asked) == (said, True)


def test_a_connection_that_breaks_off_is_no_answer(server: live_api.LiveApi, asked: Asked) -> None:
    server.once.append((0, {}, b""))
    assert no_answer(LiveApi(), asked) == ("gave no whole answer: RemoteDisconnected", False)


@pytest.mark.parametrize("declared", [["api.example"], ["*.example", "127.0.0.1"]])
def test_a_host_that_is_not_declared_is_not_asked(
    declared: list[str], server: live_api.LiveApi, asked: Asked
) -> None:
    assert no_answer(LiveApi(declared), asked) == ("policy.egress_hosts does not name this host", True)
    assert server.asked == []


def test_a_name_that_nobody_knows_is_told(asked: Asked) -> None:
    said, for_good = no_answer(LiveApi(), Asked("GET", "nobody.invalid", "/", is_encrypted=True))
    assert (said, for_good) == ("cannot be reached: the name is not known", False)
