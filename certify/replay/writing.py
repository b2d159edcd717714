"""Write cassettes: in vcrpy's format, by its own serializer, each whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from certify.errors import CertifyError
from certify.replay.cassette import Answer, Asked, Recorded
from certify.replay.vcr_format import load_vcrpy


def cassette_text(recorded: Iterable[Recorded]) -> str:
    """The YAML that vcrpy would have written."""
    load_vcrpy()  # slow to import, and seldom needed
    from vcr.serialize import serialize
    from vcr.serializers import yamlserializer

    pairs = list(recorded)
    told = {
        "requests": [_request(one.asked) for one in pairs],
        "responses": [_response(one.answer) for one in pairs],
    }
    return str(serialize(told, yamlserializer))


def _request(asked: Asked) -> Any:
    from vcr.request import Request

    scheme = "https" if asked.is_encrypted else "http"
    return Request(
        asked.method, f"{scheme}://{asked.host}{asked.target}", asked.body or None, dict(asked.headers)
    )


def _response(answer: Answer) -> dict[str, Any]:
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        headers.setdefault(name, []).append(value)
    return {
        "status": {"code": answer.status, "message": answer.reason},
        "headers": headers,
        "body": {"string": answer.body},
    }


def write_cassettes(folder: Path, texts: Mapping[str, str], outdated: Iterable[Path] = ()) -> None:
    """Write all of them, by name: temporary files, fsync, and renames at the very end.

    Then the `outdated` go. Until then, whatever happens, the older ones stay. Raises CertifyError when the
    folder cannot be written.
    """
    mark = secrets.token_hex(4)
    waiting = {folder / f".{name}.{mark}.tmp": folder / name for name in texts}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for temporary, final in waiting.items():
            _write(temporary, texts[final.name])
        for temporary, final in waiting.items():
            temporary.replace(final)
        for path in outdated:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise CertifyError(f"{error.filename or folder}: cannot be written: {error.strerror}") from error
    finally:
        for temporary in waiting:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
