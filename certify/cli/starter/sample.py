"""What a connector of ours is configured with, and what its made-up API holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from certify.cli.starter.names import Names

#: Rows that a sink of ours stages with one statement, unless it is told otherwise.
BATCH_ROWS = 500
_KINDS = ("ordered", "paid", "shipped", "returned")
_NOTES = ("", "left at the door — 配達済み", None, "for Żaneta Müller")


def events() -> list[dict[str, Any]]:
    """Thirteen events: with values that are easily mangled, and some that are not there."""
    return [
        {
            "id": one,
            "kind": _KINDS[one % 4],
            "happened_at": f"2026-01-05T{8 + one // 4:02}:{15 * (one % 4):02}:00Z",
            "amount": None if one % 5 == 0 else 3.5 * one,
            "note": _NOTES[one % 4],
        }
        for one in range(1, 14)
    ]


def pages(rows: Sequence[dict[str, Any]], size: int = 5) -> Iterator[dict[str, Any]]:
    """The answers of the API: after which event each was asked for, and its body as YAML quotes it."""
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        following = part[-1]["id"] if start + size < len(rows) else None
        body = json.dumps({"events": part, "next": following}, ensure_ascii=False)
        yield {"after": rows[start]["id"] - 1, "body": body.replace("'", "''")}


def config_schema(names: Names, system: str, capabilities: Sequence[str]) -> dict[str, Any]:
    """The JSON Schema of the configuration."""
    fields: dict[str, Any] = {}
    required = []
    if "source" in capabilities:
        secret = {"airbyte_secret": True} if system == "airbyte" else {"writeOnly": True}
        required = ["base_url", "api_token"]
        fields["base_url"] = {
            "type": "string",
            "title": "Address",
            "description": "Where the API answers.",
            "minLength": 1,
            "examples": [f"https://{names.host}"],
        }
        fields["api_token"] = {
            "type": "string",
            "title": "API token",
            "description": "A token with the right to read events.",
            "minLength": 1,
            **secret,
        }
    if "sink" in capabilities:
        fields |= _SINKS.get(system, _SINK)
        required += [one for one in fields if one == "path"]
    if "sink" in capabilities and system == "planasonix" and "source" not in capabilities:
        required.append("warehouse")
    if "state" in capabilities:
        fields["state_table"] = {
            "type": "string",
            "title": "Table of states",
            "description": "The table that checkpoints are kept in.",
            "minLength": 1,
            "default": f"{names.connector}_state",
        }
    draft = "draft-07/schema#" if system == "airbyte" else "draft/2020-12/schema"
    return {
        "$schema": f"http{'' if system == 'airbyte' else 's'}://json-schema.org/{draft}",
        "title": names.title,
        "type": "object",
        "required": required,
        "properties": fields,
    }


_SINK = {
    "batch_size": {
        "type": "integer",
        "title": "Batch size",
        "description": "Rows that are staged with one statement.",
        "minimum": 1,
        "maximum": 10000,
        "default": BATCH_ROWS,
    }
}
_SINKS = {
    "singer": {
        "path": {
            "type": "string",
            "title": "File",
            "description": "The SQLite file that records are kept in.",
            "minLength": 1,
        }
    },
    "planasonix": {
        "warehouse": {
            "type": "string",
            "title": "Warehouse",
            "description": "The database to load into: sqlite:///PATH.",
            "minLength": 1,
        }
    },
}


def sample_config(names: Names, system: str, capabilities: Sequence[str]) -> dict[str, Any]:
    """A configuration that certify runs with; what stands in braces it fills in."""
    given: dict[str, Any] = {}
    if "source" in capabilities:
        given |= {"base_url": f"https://{names.host}", "api_token": f"${{{names.variable}}}"}
    if "sink" in capabilities:
        given |= {"singer": {"path": "{path}"}, "planasonix": {"warehouse": "{target_url}"}}.get(system, {})
    return given


def stand_in(names: Names, capabilities: Sequence[str]) -> dict[str, str]:
    """What a test of the sink or the state has to say of the source, and nothing asks for."""
    return {"base_url": f"https://{names.host}", "api_token": "a token"} if "source" in capabilities else {}
