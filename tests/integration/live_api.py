"""A live API for the recorder: HTTPS, on loopback, also as the proxy through which any host leads to it."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import trustme

CLIENT_SECRET = "q7Zr/+Tn0b9 wEx2Kp&4"
API_KEY = "k3Vw9QmR7tYp2LsXz8Bd"
ISSUED = "Zk3vQ9xTn7LmB2cR5yWd8Hs1"
STATIONS = {"": (0, 3), "/elbe": (100, 2), "/main": (200, 2), "/oder": (300, 2), "/saar": (400, 2)}
HOSTS = (
    *("api.levels.example", "auth.levels.example", "api.orders.example"),
    *("gauges.example", "ferries.example", "localhost", "127.0.0.1"),
)


class LiveApi(ThreadingHTTPServer):
    """What it answers can be changed: `tides` are its rows, `said` other answers by target or path."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.context = context
        self.certificate = certificate
        self.asked: list[str] = []
        self.credentials: set[str | None] = set()
        self.tides: list[dict[str, Any]] = [
            {"day": day, "port": "Husum", "cm": 100 * day, "note": "Flut – hoch"} for day in range(1, 7)
        ]
        self.said: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.once: list[tuple[int, dict[str, str], bytes]] = []
        self.hold = threading.Event()
        self.holds = False

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def environment(self) -> dict[str, str]:
        """With which a program reaches it: directly as localhost, by any other name as a proxy."""
        return {
            "SSL_CERT_FILE": str(self.certificate),
            "HTTPS_PROXY": f"http://127.0.0.1:{self.port}",
            "NO_PROXY": "localhost,127.0.0.1",
        }

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """TLS from the first byte, unless it speaks to the proxy."""
        if request.recv(1, socket.MSG_PEEK) == b"\x16":
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except OSError:
                return
        super().process_request_thread(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is none."""


@contextmanager
def served(folder: Path) -> Iterator[LiveApi]:
    """A running one; its authority's certificate is in `folder`."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    certificate = folder / "authority.pem"
    authority.cert_pem.write_to_path(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS, key_type=trustme.KeyType.ECDSA).configure_cert(context)
    server = LiveApi(context, certificate)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    server: LiveApi

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_CONNECT(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
        self.server.asked.append(self.path)
        if form.get("client_secret") != CLIENT_SECRET:
            return self._say(401, {"error": {"message": "wrong client"}})
        return self._say(200, {"access_token": ISSUED, "token_type": "Bearer", "expires_in": 3600})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.asked.append(self.path)
        self.server.credentials.add(self.headers["authorization"])
        if self.server.holds:
            self.server.hold.wait(20)
        if self.server.once:
            return self._send(*self.server.once.pop())
        for said in (self.path, parts.path):
            if said in self.server.said:
                return self._send(*self.server.said[said])
        if parts.path.startswith("/v1/readings"):
            return self._levels(parts.path.removeprefix("/v1/readings"), query.get("cursor"))
        if self.headers["x-api-key"] != API_KEY:
            return self._say(403, {"error": "unknown key"})
        if parts.path == "/v1/me":
            return self._say(200, {"name": "Käpt'n"})
        left = [row for row in self.server.tides if row["day"] > int(query["since"])]
        return self._say(200, {"data": left[:2], "next": left[1]["day"] if len(left) > 2 else None})

    def _levels(self, station: str, cursor: str | None) -> None:
        if self.headers["authorization"] != f"Bearer {ISSUED}":
            return self._say(401, {"error": {"message": "unknown token"}})
        first, pages = STATIONS[station]
        number = int(cursor[1:]) + 1 - first if cursor else 0
        rows = [{"id": first + 2 * number + one, "note": f"Höhe {one}", "cm": 100 + one} for one in (1, 2)]
        following = f"c{first + number}" if number + 1 < pages else None
        return self._say(200, {"data": rows, "next_cursor": following}, number)

    def _say(self, status: int, value: Any, number: int = 0) -> None:
        """JSON: packed, in chunks, or as it is."""
        body = json.dumps(value, ensure_ascii=False).encode()
        headers = {"content-type": "application/json", "set-cookie": f"session={ISSUED}; Path=/"}
        if number == 1 and "gzip" in self.headers.get("accept-encoding", ""):
            return self._send(status, {**headers, "content-encoding": "gzip"}, gzip.compress(body))
        if number == 2:
            chunks = [body[:10], body[10:], b""]
            body = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in chunks)
            return self._send(status, {**headers, "transfer-encoding": "chunked"}, body)
        return self._send(status, headers, body)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Status 0: hang up."""
        if not status:
            self.close_connection = True
            return
        self.send_response_only(status)
        if "date" not in headers:
            self.send_header("date", self.date_time_string())
        for name, value in headers.items():
            self.send_header(name, value)
        if "transfer-encoding" not in headers:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
