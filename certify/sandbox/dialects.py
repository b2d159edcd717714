"""What the messages of Singer and of Airbyte mean, in the words of a driven source."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from certify.sandbox.batches import Batches, Unread
from certify.sandbox.catalogs import is_catalog
from certify.sandbox.inside.teller import Teller


class Singer:
    """SCHEMA, RECORD and STATE are told, and records that lie in files; versions are taken note of.

    `folder` is that of the sandbox, in which the files of BATCH messages lie; where they lie elsewhere, or
    nobody knows how to read them, `unread` says so. The specification is that of
    https://hub.meltano.com/singer/spec.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._schemas: dict[str, bytes] = {}
        self._batches = Batches(folder) if folder is not None else None
        self.unread = ""

    def begin(self, tells: Teller) -> None:
        """Nothing is known yet."""

    def take(self, message: Mapping[str, Any], tells: Teller) -> str:
        """Tell what one message means; what is wrong with it, if anything is."""
        kind = message.get("type")
        if kind == "STATE":
            if "value" not in message:
                return "is a STATE without a value"
            tells.state(message["value"])
            return ""
        if kind not in ("SCHEMA", "RECORD", "ACTIVATE_VERSION", "BATCH"):
            return "is no message of Singer"
        stream = message.get("stream")
        if not isinstance(stream, str):
            return f"is a {kind} without a stream"
        if kind == "RECORD":
            if not isinstance(message.get("record"), dict):
                return "is a RECORD without a record"
            tells.row(stream, message["record"])
            if stream not in self._schemas:
                return f"is a RECORD of {stream} before its SCHEMA"
        elif kind == "BATCH":
            return self._batch(stream, message, tells)
        elif kind == "SCHEMA":
            if not isinstance(message.get("schema"), dict):
                return "is a SCHEMA without a schema"
            self._schema(stream, message["schema"], tells)
            if not isinstance(message.get("key_properties"), list):
                return "is a SCHEMA without key_properties"
        return ""

    def _batch(self, stream: str, message: Mapping[str, Any], tells: Teller) -> str:
        manifest = message.get("manifest")
        if not isinstance(message.get("encoding"), dict):
            return "is a BATCH without an encoding"
        if not isinstance(manifest, list) or not all(isinstance(name, str) for name in manifest):
            return "is a BATCH without a manifest"
        wrong = "" if stream in self._schemas else f"is a BATCH of {stream} before its SCHEMA"
        if self._batches is None:
            return wrong
        try:
            for record in self._batches.records(message):
                if isinstance(record, dict):
                    tells.row(stream, record)
                else:
                    wrong = wrong or f"is a BATCH of {stream}, in whose files a line is no record"
        except Unread as unread:
            self.unread = self.unread or f"records of {stream} lie in a BATCH of {unread}"
        return wrong

    def _schema(self, stream: str, schema: Any, tells: Teller) -> None:
        """Tell a schema that is not the one before: taps repeat it before every page."""
        digest = hashlib.blake2b(json.dumps(schema, sort_keys=True).encode(), digest_size=16).digest()
        if self._schemas.get(stream) != digest:
            if len(self._schemas) < _STREAMS:
                self._schemas[stream] = digest
            tells.schema(stream, schema)


#: More streams than any connector has.
_STREAMS = 10_000
#: Levels of Airbyte's log that a production run keeps.
_LEVELS = {"FATAL": "CRITICAL", "ERROR": "ERROR", "WARN": "WARNING", "INFO": "INFO"}


#: What a stream's status may be told to be after what; a status says nothing where none is ever told.
_AFTER = {
    "STARTED": (None,),
    "RUNNING": ("STARTED", "RUNNING"),
    "COMPLETE": ("STARTED", "RUNNING"),
    "INCOMPLETE": ("STARTED", "RUNNING"),
}
_ANSWERS = ("SPEC", "CONNECTION_STATUS", "CATALOG")
#: One is what is asked for.
_MOST_ANSWERS = 100
_FAILURES = ("config_error", "system_error", "transient_error")


class Airbyte:
    """RECORD, STATE and LOG are told; of TRACE the errors, as such and as lines of log.

    `catalog` is the one that the source was given: the schemas stand there. What a state message says holds
    for one stream; told is the list that a platform would give back, with the latest of each.
    The protocol is that of https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol.
    """

    def __init__(self, catalog: Mapping[str, Any] | None = None) -> None:
        self.catalog = catalog or {}
        self.unread = ""
        #: What was said that is an answer, and no part of a read.
        self.answers: list[Mapping[str, Any]] = []
        self._states: dict[str, Any] = {}
        self._statuses: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._streams = {_name_of(entry["stream"]) for entry in self.catalog.get("streams", ())}
        self._take: dict[str, tuple[str, Callable[[Any, Teller], str]]] = {
            "RECORD": ("record", self._record),
            "STATE": ("state", self._state),
            "LOG": ("log", _log),
            "TRACE": ("trace", self._trace),
            "CATALOG": ("catalog", _catalog),
            "SPEC": ("spec", _spec),
            "CONNECTION_STATUS": ("connectionStatus", _connection),
            "CONTROL": ("control", _nothing),
        }

    def begin(self, tells: Teller) -> None:
        """The schemas of the catalog hold from the first record."""
        for entry in self.catalog.get("streams", ()):
            tells.schema(_name_of(entry["stream"]), _of_json(entry["stream"].get("json_schema", {})))

    def take(self, message: Mapping[str, Any], tells: Teller) -> str:
        """Tell what one message means; what is wrong with it, if anything is."""
        kind = message.get("type")
        if not isinstance(kind, str) or kind not in self._take:
            return "is no message of Airbyte"
        key, take = self._take[kind]
        content = message.get(key)
        if not isinstance(content, dict):
            return f"is a {kind} without a {key}"
        wrong = take(content, tells)
        if kind in _ANSWERS and not wrong and len(self.answers) < _MOST_ANSWERS:
            self.answers.append(message)
        return wrong

    def _record(self, record: Mapping[str, Any], tells: Teller) -> str:
        if not isinstance(record.get("stream"), str) or not isinstance(record.get("data"), dict):
            return "is a RECORD without a stream, or without data"
        stream = _name_of(record, "stream")
        tells.row(stream, record["data"])
        if stream in self._counts or len(self._counts) < _STREAMS:
            self._counts[stream] = self._counts.get(stream, 0) + 1
        if self._streams and stream not in self._streams:
            return f"is a RECORD of {stream}, which the catalog does not have"
        if self._statuses.get(stream) in ("COMPLETE", "INCOMPLETE"):
            return f"is a RECORD of {stream} after it was told to be {self._statuses[stream]}"
        return "" if isinstance(record.get("emitted_at"), int) else "is a RECORD without emitted_at"

    def _state(self, state: Mapping[str, Any], tells: Teller) -> str:
        kind = state.get("type", "LEGACY")
        if kind == "STREAM":
            if not isinstance(state.get("stream"), dict):
                return "is a STATE of a stream without one"
            named = json.dumps(state["stream"].get("stream_descriptor"), sort_keys=True)
            if named in self._states or len(self._states) < _STREAMS:
                self._states[named] = {"type": kind, "stream": state["stream"]}
            tells.state(list(self._states.values()))
            return self._counted(state)
        if kind == "GLOBAL":
            tells.state([{"type": kind, "global": state.get("global")}])
        else:
            tells.state(state.get("data"))
        return ""

    def _counted(self, state: Mapping[str, Any]) -> str:
        """Whether the rows since the stream's state before are as many as it says, if it says."""
        descriptor = state["stream"].get("stream_descriptor")
        if not isinstance(descriptor, dict) or not isinstance(descriptor.get("name"), str):
            return "is a STATE of a stream without its name"
        stream = _name_of(descriptor)
        count = self._counts.pop(stream, 0)
        stats = state.get("sourceStats")
        said = stats.get("recordCount") if isinstance(stats, dict) else None
        if said is None or said == count:
            return ""
        return f"is a STATE of {stream} that counts {said} records where there are {count}"

    def _trace(self, trace: Mapping[str, Any], tells: Teller) -> str:
        """An error is what its platform shows; of progress, only the status of streams has an order."""
        content = trace.get(_PARTS.get(str(trace.get("type")), ""))
        if trace.get("type") == "ERROR" and isinstance(content, dict):
            return _error(content, tells)
        if trace.get("type") == "STREAM_STATUS" and isinstance(content, dict):
            return self._status(content)
        return "" if isinstance(content, dict) else "is a TRACE without what its type says"

    def _status(self, told: Mapping[str, Any]) -> str:
        descriptor, status = told.get("stream_descriptor"), told.get("status")
        if not isinstance(descriptor, dict) or not isinstance(descriptor.get("name"), str):
            return "is a status of a stream without its name"
        if status not in _AFTER:
            return f"is a status that Airbyte does not know: {str(status)[:40]}"
        stream = _name_of(descriptor)
        before = self._statuses.get(stream)
        if before is not None or len(self._statuses) < _STREAMS:
            self._statuses[stream] = status
        if before not in _AFTER[status]:
            return f"tells {stream} to be {status} after {before or 'nothing'}"
        if before is None and stream in self._counts:
            return f"tells {stream} to be {status} after records of it"
        return ""


def _name_of(described: Mapping[str, Any], key: str = "name") -> str:
    """The stream's name, after that of its namespace."""
    return ".".join(str(one) for one in (described.get("namespace"), described[key]) if one)


def _of_json(schema: Any) -> Any:
    """The schema without the formats that Airbyte means otherwise: its date-times may have no zone."""
    if isinstance(schema, list):
        return [_of_json(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    left_out = {"format"} if str(schema.get("airbyte_type")).endswith("_without_timezone") else set()
    return {key: _of_json(value) for key, value in schema.items() if key not in left_out}


def _log(log: Mapping[str, Any], tells: Teller) -> str:
    level = _LEVELS.get(str(log.get("level")))
    if level is not None:
        tells.log(level, str(log.get("message")))
    else:
        tells.search("log", str(log.get("level")), str(log.get("message")))
    return ""


#: Where the kinds of TRACE have their content.
_PARTS = {
    "ERROR": "error",
    "STREAM_STATUS": "stream_status",
    "ESTIMATE": "estimate",
    "ANALYTICS": "analytics",
}


def _error(error: Mapping[str, Any], tells: Teller) -> str:
    """What its platform shows."""
    for part in ("message", "internal_message", "stack_trace"):
        if error.get(part):
            tells.log(logging.getLevelName(logging.ERROR), str(error[part]))
    kind = error.get("failure_type")
    tells.failure(str(kind or ""), str(error.get("message") or ""))
    if not error.get("message"):
        return "is an error without a message"
    return "" if kind in (None, *_FAILURES) else f"is an error of a type that is unknown: {str(kind)[:40]}"


def _spec(spec: Mapping[str, Any], tells: Teller) -> str:
    schema = spec.get("connectionSpecification")
    return "" if isinstance(schema, dict) else "is a SPEC without a connectionSpecification"


def _connection(status: Mapping[str, Any], tells: Teller) -> str:
    known = status.get("status") in ("SUCCEEDED", "FAILED")
    return "" if known else "is a CONNECTION_STATUS that is neither SUCCEEDED nor FAILED"


def _catalog(catalog: Mapping[str, Any], tells: Teller) -> str:
    return "" if is_catalog(catalog) else "is a CATALOG without streams"


def _nothing(content: Mapping[str, Any], tells: Teller) -> str:
    """It says nothing of the read. A CONTROL may carry the configuration, secrets and all: it is meant to."""
    return ""
