"""A way to a database over the network that sees each message, and can stop or cut there.

It accepts what the connector's side connects to, and speaks to the real server from here: so the connector
keeps its private network, and every message of the client is a point at which certify may look.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import URL

#: Is told the number of each message; says whether it goes on, or the connection is cut in its place.
Passes = Callable[[int], bool]
_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "oracle": 1521}
_PIECE = 256 * 1024


class Relay:
    """Relays connections to one server; what the client sends at once is one message."""

    def __init__(self, listener: socket.socket, url: URL) -> None:
        self._listener = listener
        self.port: int = listener.getsockname()[1]
        self._url = url
        self._passes: Passes = lambda number: True
        self._lock = threading.Lock()
        self._count = 0
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The server's URL, as the connector is given it."""
        query = {key: value for key, value in self._url.query.items() if key not in ("host", "port")}
        through = self._url.set(host="127.0.0.1", port=self.port, query=query)
        return through.render_as_string(hide_password=False)

    def begin(self, passes: Passes) -> None:
        """Count anew, and ask this one of each message."""
        self.end()
        with self._lock:
            self._passes, self._count = passes, 0

    def end(self) -> None:
        """Close every connection that is open."""
        with self._lock:
            ended, self._open = self._open, set()
        for one in ended:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Accept no more."""
        self.end()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                server = self._connect()
            except OSError:
                return
            for one in (client, server):
                if one.family == socket.AF_INET:  # else each message waits for the answer to the one before
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with server:
                with self._lock:
                    self._open |= {client, server}
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                self._send(client, server)
                back.join()
                with self._lock:
                    self._open -= {client, server}

    def _send(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(_PIECE):
                if not self._may_pass():
                    break
                server.sendall(data)
        for one in (server, client):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _may_pass(self) -> bool:
        with self._lock:
            number, passes = self._count, self._passes
            self._count += 1
        return passes(number)

    def _connect(self) -> socket.socket:
        """To the server: by its address, or its socket in a folder (`?host=/run/postgresql`)."""
        named = self._url.query.get("host") or self._url.host or "127.0.0.1"
        host = named if isinstance(named, str) else named[0]
        said = self._url.query.get("port") or self._url.port or _PORTS.get(self._url.get_backend_name(), 0)
        port = int(said if isinstance(said, str | int) else said[0])
        if not host.startswith("/"):
            server = socket.create_connection((host, port), timeout=10)
            server.settimeout(None)
            return server
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_PIECE):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
