"""Read cassettes: recorded requests and their answers, in vcrpy's format and through its own reader."""

from __future__ import annotations

import datetime
import email.utils
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from certify.errors import CertifyError
from certify.replay import cassette_yaml
from certify.replay.vcr_format import load_vcrpy

#: What the wire writes itself, from the body that it sends.
_FRAMING = frozenset({"transfer-encoding", "content-length", "connection", "keep-alive"})
_GZIP_MAGIC = b"\x1f\x8b"
#: Bytes of a larger one are not worth their memory: loaded, they take six times as much.
_LARGEST = 512 * 1024 * 1024
#: Without libyaml, 65 MB take half a minute and these a second or two.
_LARGEST_WITHOUT_LIBYAML = 4 * 1024 * 1024


@dataclass(frozen=True)
class Asked:
    """One HTTP request: `host` as in its Host header, in lower case; `query` as it was sent."""

    method: str
    host: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    is_encrypted: bool = False

    @property
    def address(self) -> tuple[str, str, str]:
        """What the pages of one list have in common."""
        return self.method, self.host, self.path

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def essence(self) -> tuple[str, str, str, bytes]:
        """What a request has in common with the same one that is sent again."""
        return self.method, self.host, self.target, self.body

    def __str__(self) -> str:
        """As it is shown: no query, since credentials stand there."""
        return printable(f"{self.method} {self.host}{self.path}")


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. The names of `headers` are lower-case; the body is as it travels."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    reason: str = ""

    def header(self, name: str) -> str | None:
        """The first header of this name, given in lower case."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True)
class Recorded:
    """A request that was recorded, and what came back."""

    asked: Asked
    answer: Answer


@dataclass(frozen=True)
class Cassette:
    """One recording, in the order in which it was made."""

    name: str
    recorded: tuple[Recorded, ...]

    @property
    def most_requests(self) -> int:
        """How many requests a run of it may send."""
        return 10 * len(self.recorded) + 100

    @property
    def most_seconds(self) -> float:
        """How long a run of it may take: it takes milliseconds, and what takes this long hangs."""
        return 20.0

    @property
    def moment(self) -> datetime.datetime | None:
        """When it was recorded, by the first answer's Date: a run of it starts at that moment."""
        for one in self.recorded:
            said = one.answer.header("date")
            try:
                moment = email.utils.parsedate_to_datetime(said) if said else None
            except ValueError:
                continue
            if moment is not None:
                return moment.replace(tzinfo=moment.tzinfo or datetime.UTC)
        return None


#: For what asks nothing of an API.
NOTHING = Cassette("no cassette", ())


def read_cassette(path: Path, name: str) -> Cassette:
    """Read one; raises CertifyError with `name` when it is none."""
    load_vcrpy()  # slow to import, and seldom needed
    from vcr.persisters.filesystem import (
        CassetteDecodeError,
        CassetteNotFoundError,
        FilesystemPersister,
    )
    from vcr.serializers import jsonserializer

    serializer = jsonserializer if path.suffix == ".json" else cassette_yaml
    try:
        _require_size(path, name, _LARGEST)
        if serializer is cassette_yaml and not yaml.__with_libyaml__:
            _require_size(path, name, _LARGEST_WITHOUT_LIBYAML, _NO_LIBYAML)
        loaded = FilesystemPersister.load_cassette(path, serializer)
        pairs = zip(loaded[0], loaded[1], strict=True)
        return Cassette(name, tuple(Recorded(_asked(asked), _answer(answer)) for asked, answer in pairs))
    except CassetteNotFoundError as error:
        raise CertifyError(f"{name}: there is no such cassette, or it is empty") from error
    except (CassetteDecodeError, OSError) as error:
        raise CertifyError(f"{name}: cannot be read: {error}") from error
    except CertifyError:
        raise
    except Exception as error:  # whatever a reader of somebody else's file stumbles over
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CertifyError(f"{name}: is no cassette in vcrpy's format: {said}") from error


_NO_LIBYAML = "; PyYAML was built without libyaml here: install one of its wheels"


def _require_size(path: Path, name: str, largest: int, why: str = "") -> None:
    if path.is_file() and (size := path.stat().st_size) > largest:
        raise CertifyError(f"{name}: {size >> 20} MB are more than the {largest >> 20} MB that are read{why}")


def _asked(recorded: Any) -> Asked:
    parts = urlsplit(_text(recorded.uri))
    headers = {_text(name).lower(): _one(value) for name, value in dict(recorded.headers).items()}
    return Asked(
        method=_text(recorded.method).upper(),
        host=bare_host(parts.netloc.rpartition("@")[2]),
        path=parts.path or "/",
        query=parts.query,
        headers=headers,
        body=_bytes(recorded.body),
        is_encrypted=parts.scheme == "https",
    )


def _answer(recorded: Mapping[str, Any]) -> Answer:
    status, body = _status_and_body(recorded)
    headers = [
        (_text(name).lower(), _text(one))
        for name, values in recorded["headers"].items()
        for one in (values if isinstance(values, list) else [values])
        if _text(name).lower() not in _FRAMING
    ]
    if body[:2] != _GZIP_MAGIC:
        # requests and urllib3 record what they have decoded, and keep the header that says otherwise.
        headers = [(name, value) for name, value in headers if name != "content-encoding"]
    code = int(status["code"])
    if not 100 <= code <= 599:
        raise ValueError(f"status {code}")
    return Answer(code, tuple(headers), body, _text(status.get("message")))


def printable(text: str) -> str:
    """The text in one line, and without what moves a terminal's cursor: a connector may ask for anything."""
    return "".join(one if one.isprintable() else f"%{ord(one):02X}" for one in text)


def bare_host(host: str) -> str:
    """A host in lower case, and without the ports that go without saying."""
    return host.lower().removesuffix(":443").removesuffix(":80")


def _status_and_body(recorded: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes]:
    if "status_code" in recorded:  # as vcrpy recorded httpx before 6.0
        return {"code": recorded["status_code"]}, _bytes(recorded.get("content"))
    return recorded["status"], _bytes(recorded["body"].get("string"))


def _one(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    return _text(value)


def _text(value: Any) -> str:
    """What stands for text. Nothing is made text that holds itself, or others without end."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ValueError(f"a {type(value).__name__} where text should be")


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8")
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, Iterator):
        return b"".join(_bytes(one) for one in value)
    return bytes(value) if isinstance(value, (bytes, bytearray)) else b""
