"""Tell from which of its own lines a connector asks, waits and fails, so that a finding can point there."""

from __future__ import annotations

import os
import re
import socket
import ssl
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

#: Lines that are told of one moment, the innermost last: a client library's callers, not a whole recursion.
_MOST = 20
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_INSIDE = os.path.dirname(__file__) + os.sep
_INSTALLED = re.compile(r"[\\/](?:site|dist)-packages[\\/]")
#: The folders of the connector's own packages; they may lie among installed ones.
_ROOTS: list[str] = []
#: How a request begins, in the clear: a method and a blank.
_REQUEST = re.compile(rb"[A-Z]{3,16} ")


def here() -> list[list[Any]]:
    """The connector's own lines that are being executed, the innermost last."""
    frame: FrameType | None = sys._getframe(1)
    lines = []
    while frame is not None:
        lines.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return own(reversed(lines))


def own(lines: Iterable[tuple[str, int | None]]) -> list[list[Any]]:
    """Those lines that are neither Python's, nor an installed package's, nor certify's."""
    return [[file, line or 1] for file, line in lines if _is_own(file)][-_MOST:]


def lies_in(folders: Iterable[str]) -> None:
    """The connector lies in these folders."""
    _ROOTS[:] = [os.path.join(folder, "") for folder in folders]


def _is_own(file: str) -> bool:
    for root in _ROOTS:
        if file.startswith(root):
            return not _INSTALLED.search(file, len(root) - 1)
    return not file.startswith((_LIBRARY, _INSIDE, "<")) and not _INSTALLED.search(file)


def tell_requests(told: Callable[..., None]) -> None:
    """Tell of every request, as it is sent, from where (`asks`): below TLS it would not be seen."""

    def notice(owner: type, name: str) -> None:
        real = getattr(owner, name)

        def send(stream: Any, data: Any, *arguments: Any) -> Any:
            if _REQUEST.match(bytes(memoryview(data)[:17])):
                told(asks=here())
            return real(stream, data, *arguments)

        setattr(owner, name, send)

    notice(socket.socket, "send")
    notice(socket.socket, "sendall")
    notice(ssl.SSLSocket, "send")
    notice(ssl.SSLObject, "write")
