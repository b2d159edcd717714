"""The wire, spoken to over real sockets: whatever way a client speaks, and whatever it does wrong."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import io
import json
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certify.replay import Answer, Asked, Cassette, CassetteIndex, Played, Recorded, Scenario, Wire, faults
from certify.replay.faults import Fault
from certify.replay.played import Exchange

HOST = "api.example"
BODY = json.dumps({"data": ["Höhe"] * 50}).encode()
PACKED = gzip.compress(BODY, mtime=0)
JSON = ("content-type", "application/json")
GZIP = ("content-encoding", "gzip")
#: A machine that is busy answers late; what hangs is found all the same.
PATIENCE = 20.0

RECORDED = (
    Recorded(Asked("GET", HOST, "/rows"), Answer(200, (JSON,), BODY)),
    Recorded(Asked("GET", HOST, "/rows", "page=2"), Answer(200, (JSON,), b'{"page": 2}')),
    Recorded(Asked("GET", HOST, "/packed"), Answer(200, (JSON, GZIP), PACKED)),
    Recorded(Asked("HEAD", HOST, "/rows"), Answer(200, (JSON,), BODY)),
    Recorded(Asked("DELETE", HOST, "/rows"), Answer(204)),
    Recorded(Asked("GET", HOST, "/same"), Answer(304, (("etag", "x"),))),
    Recorded(Asked("POST", HOST, "/rows", "", {}, b"a=1"), Answer(201, (), b"made")),
    Recorded(Asked("GET", HOST, "/odd"), Answer(200, (("x-odd", "a\r\nb: c"), ("x-ü", "ü–")), b"")),
)


class Line:
    """A wire with one cassette, and the ways to connect to it."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.now = 0.0
        self.wire = Wire(self._listener, lambda: self.now)
        self.index = CassetteIndex(Cassette("full_refresh", RECORDED))

    def play(self, fault: Fault | None = None, times: int | None = 1, **limits: Any) -> Played:
        played = Played(self.index, Scenario(fault, 0, times), start=1_800_000_000.0, **limits)
        self.wire.play(played)
        return played

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def encrypted(self, plain: socket.socket, name: str = HOST) -> ssl.SSLSocket:
        trusting = ssl.create_default_context(cadata=self.wire.certificate.decode())
        return trusting.wrap_socket(plain, server_hostname=name)

    def say(self, sent: bytes) -> bytes:
        """Everything that comes back on one connection, which then has nothing more to ask."""
        with self.connect() as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            return everything(connection)


@pytest.fixture(scope="module")
def _line() -> Iterator[Line]:
    made = Line()
    yield made
    made.wire.close()


@pytest.fixture
def line(_line: Line) -> Iterator[Line]:
    """One that plays; its run is over after the test, and nothing in it went wrong."""
    _line.play()
    yield _line
    _line.wire.finish()


def everything(connection: socket.socket) -> bytes:
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def get(path: str = "/rows", *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *headers]
    if not any(one.lower().startswith("host:") for one in headers):
        lines.append(f"Host: {HOST}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def answers(data: bytes, *methods: str) -> list[http.client.HTTPResponse]:
    """The answers in a stream, read by the standard library, each to one method."""
    made = []
    stream: Any = _Stream(data)
    for method in methods or ("GET",):
        answer = http.client.HTTPResponse(stream, method=method)
        answer.begin()
        answer.body = answer.read()  # type: ignore[attr-defined]
        made.append(answer)
    return made


class _Unclosed(io.BytesIO):
    def close(self) -> None:
        pass


class _Stream:
    """Bytes that http.client takes for a connection; closing one answer does not end the next."""

    def __init__(self, data: bytes) -> None:
        self._file = _Unclosed(data)

    def makefile(self, mode: str) -> Any:
        return self._file


# --- ways to speak ------------------------------------------------------------------------------------


def test_a_connection_is_kept_for_more(line: Line) -> None:
    with line.connect() as connection:
        for _ in range(3):
            connection.sendall(get())
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert (answer.status, answer.reason, answer.read()) == (200, "OK", BODY)
            assert answer.getheader("content-length") == str(len(BODY))
    assert [one.status for one in line.wire.finish()] == [200] * 3


def test_requests_may_come_before_their_answers(line: Line) -> None:
    data = line.say(get() + get("/rows?page=2") + get("/same") + get())
    assert [one.status for one in answers(data, *["GET"] * 4)] == [200, 200, 304, 200]


@pytest.mark.parametrize(
    "asked",
    [
        get("/rows", "Connection: close"),
        get("/rows", "Connection: keep-alive, Close"),
        get().replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
    ids=["close", "among others", "HTTP/1.0"],
)
def test_a_client_that_wants_no_more_gets_no_more(line: Line, asked: bytes) -> None:
    with line.connect() as connection:
        connection.sendall(asked)
        data = everything(connection)
    (answer,) = answers(data)
    assert answer.body == BODY  # type: ignore[attr-defined]


def test_an_old_client_may_keep_the_connection(line: Line) -> None:
    asked = get("/rows", "Connection: keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0")
    data = line.say(asked + asked)
    assert [one.status for one in answers(data, "GET", "GET")] == [200, 200]


@pytest.mark.parametrize(
    "body",
    [
        b"3\r\na=1\r\n0\r\n\r\n",
        b"1;name=value\r\na\r\n2\r\n=1\r\n0\r\nTrailer: x\r\n\r\n",
        b"0003\na=1\n0\n\n",
    ],
)
def test_a_body_may_come_in_chunks(line: Line, body: bytes) -> None:
    data = line.say(get("/rows", "Transfer-Encoding: chunked", method="POST", body=body) + get())
    assert [one.status for one in answers(data, "POST", "GET")] == [201, 200]


def test_a_client_that_waits_for_leave_gets_it(line: Line) -> None:
    with line.connect() as connection:
        connection.sendall(get("/rows", "Expect: 100-continue", "Content-Length: 3", method="POST"))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"a=1")
        assert connection.recv(100).startswith(b"HTTP/1.1 201 ")


def test_answers_without_a_body_have_none(line: Line) -> None:
    asked = get(method="HEAD") + get(method="DELETE") + get("/same") + get()
    head, none, same, rows = answers(line.say(asked), "HEAD", "DELETE", "GET", "GET")
    assert (head.status, head.getheader("content-length")) == (200, str(len(BODY)))
    assert (none.status, none.getheader("content-length")) == (204, None)
    assert (same.status, same.getheader("etag")) == (304, "x")
    assert rows.body == BODY  # type: ignore[attr-defined]


def test_what_was_recorded_packed_is_sent_packed(line: Line) -> None:
    (answer,) = answers(line.say(get("/packed")))
    assert answer.getheader("content-encoding") == "gzip"
    assert gzip.decompress(answer.body) == BODY  # type: ignore[attr-defined]


def test_no_recorded_header_breaks_the_frame(line: Line) -> None:
    (answer,) = answers(line.say(get("/odd")))
    assert answer.getheader("x-odd") == "ab: c"
    assert answer.getheader("b") is None


@pytest.mark.parametrize(
    "asked",
    [
        get(f"http://{HOST}/rows", "Host: other.example"),
        get(f"http://me:secret@{HOST}:80/rows"),
        get("/rows", f"Host: {HOST.upper()}:443"),
        get("/rows", f"HOST:   {HOST}  "),
        b"\r\n" + get(),
        get().replace(b"\r\n", b"\n"),
    ],
    ids=["absolute", "with user and port", "upper case", "blanks", "an empty line first", "bare line feeds"],
)
def test_an_address_may_be_written_in_several_ways(line: Line, asked: bytes) -> None:
    (answer,) = answers(line.say(asked))
    assert answer.body == BODY  # type: ignore[attr-defined]


# --- proxies and TLS ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [HOST, "xn--hhe-sna.example"])
def test_tls_from_the_first_byte_is_answered_under_the_name_that_is_asked_for(line: Line, name: str) -> None:
    with line.encrypted(line.connect(), name) as connection:
        connection.sendall(get())
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
        assert name in str(connection.getpeercert())


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_proxy_connects_and_what_follows_is_spoken_inside(line: Line, encrypted: bool) -> None:
    with contextlib.ExitStack() as stack:
        connection: socket.socket = stack.enter_context(line.connect())
        connection.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        if encrypted:
            connection = stack.enter_context(line.encrypted(connection))
        for host in (f"Host: {HOST}", "X-No-Host: at all"):
            connection.sendall(get("/rows?page=2", host) if host.startswith("H") else _without_host())
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert [one.asked.host for one in line.wire.finish()] == [HOST, HOST]


def _without_host() -> bytes:
    return b"GET /rows?page=2 HTTP/1.1\r\n\r\n"


def test_who_does_not_trust_the_authority_sends_nothing(line: Line) -> None:
    with pytest.raises(ssl.SSLCertVerificationError), line.connect() as plain:
        ssl.create_default_context().wrap_socket(plain, server_hostname=HOST)
    assert line.wire.finish() == ()


# --- what is no request -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        b"hello\r\n\r\n",
        b"GET /rows\r\n\r\n",
        b"GET /rows HTTP/2.0\r\n\r\n",
        b"G\xe4T /rows HTTP/1.1\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        get("http://[::1/rows"),
        get("/rows", "Content-Length: -1"),
        get("/rows", "Content-Length: \xb2"),
        get("/rows", "Content-Length: " + "9" * 5000),
        get("/rows", "Transfer-Encoding: chunked", body=b"zz\r\n"),
        get("/rows", "Transfer-Encoding: chunked", body=b"ffffffff\r\n"),
        get("/rows", "Transfer-Encoding: chunked", body=b"-1\r\n"),
        b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\n\r\n",
        get("/rows", *[f"X-{number}: {'a' * 1000}" for number in range(400)]),
        b"A" * 400_000,
    ],
    ids=lambda said: repr(said[:40]),
)
def test_what_is_no_request_is_refused(line: Line, said: bytes) -> None:
    with line.connect() as connection:
        with contextlib.suppress(OSError):  # it hangs up on what is too long
            connection.sendall(said)
        got = b""
        with contextlib.suppress(ConnectionResetError):
            got = everything(connection)
    assert got.startswith(b"HTTP/1.1 400 ") or (len(said) > 200_000 and got == b"")
    assert line.wire.finish() == ()
    line.play()
    assert answers(line.say(get()))[0].status == 200


@pytest.mark.parametrize("size", [0, 1, 10, 30, 60])
def test_a_request_that_breaks_off_is_none(line: Line, size: int) -> None:
    asked = get("/rows", "Content-Length: 100", method="POST", body=b"a=1")
    assert line.say(asked[:size]) == b""
    assert line.say(asked) == b""
    assert line.wire.finish() == ()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            [
                b"GET ",
                b"/rows",
                b"http://",
                b"[",
                b"]",
                b"CONNECT ",
                b" HTTP/1.1",
                b"\r\n",
                b"\r\n\r\n",
                b"Host: ",
                b"Transfer-Encoding: chunked",
                b"Content-Length: 5",
                b"\x16\x03\x01",
                b"\0",
                b":",
                b"5",
            ]
        )
        | st.binary(max_size=12),
        max_size=14,
    )
)
def test_whatever_is_said_the_wire_goes_on(line: Line, pieces: list[bytes]) -> None:
    with line.connect() as connection, contextlib.suppress(OSError):
        connection.sendall(b"".join(pieces))
        connection.shutdown(socket.SHUT_WR)
        everything(connection)
    line.wire.finish()  # raises what went wrong inside
    line.play()


def test_a_head_without_end_does_not_hold_the_wire(line: Line) -> None:
    with line.connect() as slow:
        slow.sendall(b"GET /rows HTTP/1.1\r\n")
        assert answers(line.say(get()))[0].status == 200
        assert [one.status for one in line.wire.finish()] == [200]


# --- what was not recorded ----------------------------------------------------------------------------


def test_a_miss_is_answered_in_a_way_that_no_service_answers(line: Line) -> None:
    (answer,) = answers(line.say(get("/rows?page=9")))
    assert (answer.status, answer.reason) == (599, "not recorded")
    (noted,) = line.wire.finish()
    assert str(noted.miss) == (
        "GET api.example/rows was not recorded; recorded there differs in the parameter page"
    )


def test_more_requests_than_any_run_needs_are_not_answered(line: Line) -> None:
    told: list[int] = []
    played = Played(line.index, Scenario(), max_requests=3)
    line.wire.play(played, lambda: told.append(1))
    assert len(answers(line.say(get() * 5), *["GET"] * 3)) == 3
    assert told == [1]
    assert len(line.wire.finish()) == 3


def test_nothing_is_answered_between_two_runs(line: Line) -> None:
    line.wire.finish()
    with contextlib.suppress(OSError):  # it is closed before it is asked
        assert line.say(get()) == b""
    line.play()
    assert answers(line.say(get()))[0].status == 200


def test_a_break_of_the_wire_itself_is_told_as_such(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the client it is a lost connection; it must not be held against it."""

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("ours")

    played = line.play()
    monkeypatch.setattr(played, "_choose", broken)
    assert line.say(get()) == b""
    with pytest.raises(ZeroDivisionError):
        line.wire.finish()
    line.play()
    assert answers(line.say(get()))[0].status == 200


# --- faults, as bytes ---------------------------------------------------------------------------------


def struck(line: Line, fault: Fault, asked: bytes = get()) -> tuple[bytes, Exchange]:
    """What comes back to one request that meets a fault; the next one meets none."""
    line.play(fault)
    with line.connect() as connection:
        connection.sendall(asked)
        data = b""
        with contextlib.suppress(ConnectionResetError):
            while True:
                piece = connection.recv(65536)
                data += piece
                if not piece or _is_whole(data):
                    break
    assert answers(line.say(get()))[0].body == BODY  # type: ignore[attr-defined]
    first, second = line.wire.finish()
    assert first.is_faulty
    assert not second.is_faulty
    return data, first


def _is_whole(data: bytes) -> bool:
    """Whether a head and as many bytes as it announces are here."""
    head, found, body = data.partition(b"\r\n\r\n")
    length = next((line for line in head.lower().splitlines() if line.startswith(b"content-length:")), b"")
    return bool(found) and bool(length) and len(body) >= int(length.partition(b":")[2])


@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        (faults.refusal(401), 401, {"content-type": "application/json"}),
        (faults.refusal(429, ("retry-after", "7")), 429, {"retry-after": "7"}),
        (
            faults.refusal(503, ("retry-after", faults.http_date(30))),
            503,
            {"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"},
        ),
        (
            faults.refusal(429, ("x-ratelimit-reset", faults.epoch(30))),
            429,
            {"x-ratelimit-reset": "1800000030"},
        ),
        (faults.REDIRECT_LOOP, 302, {"location": "/rows"}),
        (faults.HTML_PAGE, 200, {"content-type": "text/html; charset=utf-8"}),
        (faults.MALFORMED_JSON, 200, {"content-type": "application/json"}),
        (faults.EMPTY_BODY, 200, {"content-length": "0"}),
        (faults.LATIN_1_LABEL, 200, {"content-type": "application/json; charset=iso-8859-1"}),
    ],
    ids=str,
)
def test_an_answer_that_stands_in_for_another(
    line: Line, fault: Fault, status: int, headers: dict[str, str]
) -> None:
    data, noted = struck(line, fault)
    (answer,) = answers(data)
    assert (answer.status, noted.status) == (status, status)
    assert {name: answer.getheader(name) for name in headers} == headers
    assert answer.body == (BODY if fault.body is None else fault.body)  # type: ignore[attr-defined]


def test_a_reset_is_a_reset(line: Line) -> None:
    line.play(faults.RESET)
    with line.connect() as connection:
        connection.sendall(get())
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    (noted,) = line.wire.finish()
    assert noted.is_faulty
    assert noted.status is None


def test_a_reset_under_tls_ends_it_without_a_word(line: Line) -> None:
    line.play(faults.RESET)
    with line.encrypted(line.connect()) as connection:
        connection.sendall(get())
        with contextlib.suppress(ConnectionResetError):  # before Python 3.12, ssl takes it for the end
            assert connection.recv(1) == b""
    assert line.wire.finish()[0].is_faulty


def test_a_reset_within_the_body_comes_after_half_of_it(line: Line) -> None:
    data, noted = struck(line, faults.RESET_MID_BODY)
    head, _, body = data.partition(b"\r\n\r\n")
    assert f"content-length: {len(BODY)}".encode() in head
    assert body in (BODY[: len(BODY) // 2], b"")  # a reset may overtake what was not read yet
    assert noted.status == 200


def test_an_answer_that_never_comes_does_not_come(line: Line) -> None:
    line.play(faults.HANG)
    with line.connect() as connection:
        connection.sendall(get())
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        (noted,) = line.wire.finish()
    assert noted.is_faulty
    assert noted.status is None


def test_short_bodies_are_short(line: Line) -> None:
    half = BODY[: len(BODY) // 2]
    by_length, by_chunks, by_close = (struck(line, fault)[0] for fault in faults.SHORT_BODIES)
    assert f"content-length: {len(BODY)}".encode() in by_length
    assert by_length.endswith(b"\r\n\r\n" + half)
    assert b"transfer-encoding: chunked" in by_chunks
    assert b"content-length" not in by_chunks + by_close
    assert by_chunks.endswith(b"\r\n\r\n%x\r\n%b\r\n" % (len(half), half))
    assert b"connection: close" in by_close
    assert by_close.endswith(b"\r\n\r\n" + half)


@pytest.mark.parametrize("fault", faults.CORRUPT_GZIP, ids=str)
@pytest.mark.parametrize("path", ["/rows", "/packed"])
def test_a_broken_gzip_body_is_broken(line: Line, fault: Fault, path: str) -> None:
    data, _ = struck(line, fault, get(path))
    (answer,) = answers(data)
    assert answer.getheader("content-encoding") == "gzip"
    assert len(data.lower().split(b"content-encoding")) == 2
    with pytest.raises((OSError, EOFError, zlib.error)):
        gzip.decompress(answer.body)  # type: ignore[attr-defined]


def test_the_page_before_comes_again(line: Line) -> None:
    line.wire.play(Played(line.index, Scenario(faults.REPEATED_PAGE, 1, 1)))
    data = line.say(get() + get("/rows?page=2") + get("/rows?page=2"))
    first, again, then = answers(data, *["GET"] * 3)
    assert first.body == again.body == BODY  # type: ignore[attr-defined]
    assert then.body == b'{"page": 2}'  # type: ignore[attr-defined]


def test_the_page_before_is_one_of_the_same_list(line: Line) -> None:
    """What is read beside it, from another address, has nothing to do with it."""
    line.wire.play(Played(line.index, Scenario(faults.REPEATED_PAGE, 2, 1)))
    data = line.say(get() + get("/packed") + get("/rows?page=2"))
    assert answers(data, *["GET"] * 3)[2].body == BODY  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fault", "method"), [(one, "HEAD") for one in (*faults.SHORT_BODIES, *faults.CORRUPT_GZIP)], ids=str
)
def test_an_answer_without_a_body_keeps_its_frame(line: Line, fault: Fault, method: str) -> None:
    line.play(fault)
    head, after = answers(line.say(get(method=method) + get()), method, "GET")
    assert (head.status, after.body) == (200, BODY)  # type: ignore[attr-defined]


def test_a_fault_stands_as_often_as_it_should(line: Line) -> None:
    for times, expected in ((1, [503, 200, 200]), (2, [503, 503, 200]), (None, [503, 503, 503])):
        line.play(faults.refusal(503), times)
        got = answers(line.say(get() * 3), *["GET"] * 3)
        assert [one.status for one in got] == expected
        line.wire.finish()


def test_a_fault_that_its_victim_never_met_stands_for_the_next_time(line: Line) -> None:
    """A client that hung up before: what it asks then must meet the fault."""
    large = Fault("a large one", body=b"x" * 50_000_000, status=500)
    line.play(large)
    with line.connect() as connection:
        connection.sendall(get())
        connection.recv(10)
    until(lambda: line.wire.is_still)
    assert answers(line.say(get()))[0].status == 500
    first, second = line.wire.finish()
    assert not first.is_faulty
    assert second.is_faulty


# --- whether it is still ------------------------------------------------------------------------------


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_wire_with_nothing_to_answer_is_still(line: Line) -> None:
    until(lambda: line.wire.is_still)
    with line.connect() as connection, line.connect() as asking:
        asking.sendall(b"\0")
        until(lambda: line.wire.is_still)
        connection.sendall(get())
        got = b""
        while not _is_whole(got):
            got += connection.recv(65536)
        asking.settimeout(PATIENCE)
        assert asking.recv(1) in (b"0", b"1")
        until(lambda: line.wire.is_still)
        asking.sendall(b"\0")
        assert asking.recv(1) == b"1"


def test_the_requests_are_noted_at_their_virtual_moment(line: Line) -> None:
    line.now = 12.5
    line.say(get())
    line.now = 0.0
    assert [one.at for one in line.wire.finish()] == [12.5]
