"""Lead every connection to the wire: names resolve to it, connections go to it, its authority is trusted.

In a namespace nothing else can be reached anyway; where there is none, an audit hook refuses the rest.
"""

from __future__ import annotations

import _socket
import errno
import os
import select
import socket
import ssl
import subprocess
import sys
import weakref
from collections.abc import Callable
from typing import Any

from .clock import VirtualClock
from .places import here

#: Names resolve to addresses in this network; whoever connects to one, or to any other, is led to the wire.
_NETWORK = "127.77.{}.{}"
_MAX_NAMES = 60_000
#: Seconds after which Linux gives up a connection that nobody answers (tcp_syn_retries in tcp(7)).
_SYSTEM_TIMEOUT = 127.0
_SERVICES = {"http": 80, "https": 443}


class Network:
    """The connector's only way out."""

    def __init__(
        self,
        port: int,
        authority: str,
        clock: VirtualClock,
        isolated: bool,
        told: Callable[..., None],
    ) -> None:
        self.port = port
        self.authority = authority
        self.clock = clock
        self.isolated = isolated
        self._told = told
        self._unanswered = 0
        self._unanswered_host: str | None = None
        self._names: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        self._connected: set[tuple[str, int]] = set()
        self._hole: tuple[str, int] | None = None
        self._kept: list[_socket.socket] = []

    def leave_unanswered(self, times: int, host: str | None) -> None:
        """Let the next connections to a host, or to any, never be accepted."""
        self._unanswered, self._unanswered_host = times, host

    def install(self) -> None:
        """Lead everything to the wire, and have reads from it wait on the virtual clock."""
        self.clock.stillness.watch_wire(self.port)
        self.lead()
        self._read()

    def lead(self) -> None:
        """Lead Python's sockets to the wire, and the programs it starts by the usual variables."""
        self._resolve()
        self._connect()
        self._trust()
        self._send_programs()
        if not self.isolated:
            sys.addaudithook(self._refuse)

    def _refuse(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            address = arguments[1]
            led = ("127.0.0.1", self.port), self._hole
            if not isinstance(address, tuple) or address[:2] not in led:
                raise OSError(errno.ENETUNREACH, "certify: only the wire can be reached")
        elif event in ("socket.sendto", "socket.sendmsg"):
            raise OSError(errno.ENETUNREACH, "certify: only the wire can be reached")

    def _resolve(self) -> None:
        def getaddrinfo(
            host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
        ) -> list[Any]:
            kind = type or socket.SOCK_STREAM
            place = (self._address(host), _number(port))
            return [(socket.AF_INET, kind, proto or socket.IPPROTO_TCP, "", place)]

        socket.getaddrinfo = getaddrinfo
        socket.gethostbyname = self._address
        socket.gethostbyname_ex = lambda host: (str(host), [], [self._address(host)])

    def _address(self, host: Any) -> str:
        """One of its own for each name, so that a connection tells for whom it was meant."""
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "localhost")
        if name not in self._addresses:
            number = min(len(self._addresses), _MAX_NAMES) + 1
            address = _NETWORK.format(number >> 8, number & 255)
            self._addresses[name], self._names[address] = address, name
        return self._addresses[name]

    def _connect(self) -> None:
        wire = ("127.0.0.1", self.port)

        def lead(name: str) -> None:
            real = getattr(socket.socket, name)

            def connect(stream: socket.socket, address: Any) -> Any:
                if stream.family != socket.AF_INET or not isinstance(address, tuple):
                    return real(stream, address)
                host = self._notice(address)
                if self._unanswered < 1 or self._unanswered_host not in (None, host.lower()):
                    return real(stream, wire)
                self._unanswered -= 1
                self._told(unanswered=host, at=self.clock.offset, places=here())
                if stream.gettimeout() == 0:
                    return real(stream, self._black_hole())
                return self._in_vain(stream, name == "connect")

            setattr(socket.socket, name, connect)

        lead("connect")
        lead("connect_ex")

    def _notice(self, address: Any) -> str:
        """For whom a connection is meant; each is told once."""
        host = self._names.get(str(address[0]), str(address[0]))
        met = (host, _number(address[1]))
        if met not in self._connected and len(self._connected) < _MAX_NAMES:
            self._connected.add(met)
            self._told(connects=met, places=here())
        return host

    def _in_vain(self, stream: socket.socket, raises: bool) -> int:
        """Wait for an answer as long as the socket's timeout, or the system's patience, lasts."""
        seconds = stream.gettimeout()
        nothing = select.poll()
        self.clock.wait(
            _SYSTEM_TIMEOUT if seconds is None else seconds,
            "connect timeout",
            lambda moment: bool(nothing.poll(moment * 1000)),
        )
        if not raises:
            return errno.ETIMEDOUT if seconds is None else errno.EAGAIN
        if seconds is None:
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        raise TimeoutError("timed out")

    def _black_hole(self) -> tuple[str, int]:
        """A place where connections are never accepted: its queue is full."""
        if self._hole is None:
            full = _socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            self._hole = full.getsockname()
            self._kept.append(full)
            for _ in range(3):
                queued = _socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                queued.setblocking(False)
                queued.connect_ex(self._hole)
                self._kept.append(queued)
        return self._hole

    def _trust(self) -> None:
        """Trust the wire's authority wherever any is trusted, and read no other.

        Bundles of 150 authorities take longer to read than a whole run, and answer for nobody here.
        """
        trusted: weakref.WeakSet[ssl.SSLContext] = weakref.WeakSet()
        real_load = ssl.SSLContext.load_verify_locations

        def load(context: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
            if cafile is None or capath or cadata or not os.path.isfile(cafile):
                real_load(context, cafile, capath, cadata)

        def before(name: str) -> None:
            real = getattr(ssl.SSLContext, name)

            def wrap(context: ssl.SSLContext, *arguments: Any, **named: Any) -> Any:
                if context.verify_mode != ssl.CERT_NONE and context not in trusted:
                    real_load(context, self.authority, None, None)
                    trusted.add(context)
                return real(context, *arguments, **named)

            setattr(ssl.SSLContext, name, wrap)

        before("wrap_socket")
        before("wrap_bio")
        setattr(ssl.SSLContext, "load_verify_locations", load)  # noqa: B010  a method to mypy
        setattr(ssl.SSLContext, "set_default_verify_paths", lambda context: None)  # noqa: B010

    def _read(self) -> None:
        """Have blocking reads wait on the virtual clock."""
        clock = self.clock
        patience = socket.socket.gettimeout

        def wait_first(owner: type, name: str, here: Callable[[Any], bool], complaint: str) -> None:
            real = getattr(owner, name)

            def read(stream: Any, *arguments: Any, **named: Any) -> Any:
                seconds = patience(stream)
                waits = seconds != 0 and stream.fileno() >= 0 and not here(stream)
                if waits and not clock.wait(seconds, "read timeout", _readable(stream)):
                    raise TimeoutError(complaint)
                return real(stream, *arguments, **named)

            setattr(owner, name, read)

        for name in ("recv", "recv_into", "recvfrom", "recvmsg"):
            wait_first(socket.socket, name, lambda stream: False, "timed out")
        wait_first(ssl.SSLSocket, "read", _has_read_ahead, "The read operation timed out")

    def _send_programs(self) -> None:
        """Give what the connector starts the wire as its proxy: programs resolve names by themselves."""
        proxy = f"http://127.0.0.1:{self.port}"
        names = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
        added = dict.fromkeys(names, proxy) | {
            # Not for this process: requests prefers these to a session that does not verify.
            "CURL_CA_BUNDLE": self.authority,
            "REQUESTS_CA_BUNDLE": self.authority,
            "SSL_CERT_FILE": self.authority,
            "NODE_USE_ENV_PROXY": "1",
            "NODE_EXTRA_CA_CERTS": self.authority,
        }
        real: Any = subprocess.Popen.__init__

        def start(process: Any, *arguments: Any, env: Any = None, **named: Any) -> None:
            real(process, *arguments, env={**(os.environ if env is None else env), **added}, **named)

        setattr(subprocess.Popen, "__init__", start)  # noqa: B010  a method to mypy


def _number(port: Any) -> int:
    if isinstance(port, bytes):
        port = port.decode("ascii", "replace")
    if isinstance(port, str):
        return int(port) if port.isdigit() else _SERVICES.get(port, 443)
    return port or 0


def _readable(stream: socket.socket) -> Callable[[float], bool]:
    poll = select.poll()
    poll.register(stream.fileno(), select.POLLIN)
    return lambda seconds: bool(poll.poll(seconds * 1000))


def _has_read_ahead(stream: ssl.SSLSocket) -> bool:
    """Whether TLS has decrypted more than was asked for; such bytes are no longer on the socket."""
    return stream.pending() > 0
