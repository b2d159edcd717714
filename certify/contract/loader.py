"""Load certification.yaml: find it, read it, check it against the schema, make it a Contract."""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import os
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from certify.contract.contract import Contract
from certify.contract.detection import detect_system
from certify.contract.document import Document, KeyPath, read_document
from certify.contract.explanation import explain
from certify.errors import ContractError
from certify.text import one_line

#: Where a contract stands, first match wins.
USUAL_PLACES = ("certification/certification.yaml", "certification.yaml")


def find_contract(root: Path) -> Path | None:
    """The contract of a connector's folder, or None."""
    # What is there counts, readable or not: a link that leads nowhere is told as such.
    return next((root / place for place in USUAL_PLACES if os.path.lexists(root / place)), None)


def load_contract(root: Path, contract: Path | None = None) -> Contract:
    """Load the contract of the connector in `root`.

    Raises ContractError, in one line with file, line, key, expectation and remedy, for whatever is wrong
    with it.
    """
    root = Path(os.path.realpath(root))  # Path.resolve raises where links form a loop
    if not os.path.isdir(root):  # noqa: PTH112  Path.is_dir raises where a parent may not be searched
        raise ContractError(f"{root}: not a folder; -C names the connector's folder")
    path = (contract.absolute() if contract else None) or find_contract(root)
    if path is None:
        raise ContractError(
            f"{root}: no {USUAL_PLACES[0]} in it; -C names the connector's folder, --contract another file"
        )
    return contract_from(read_document(path, _shown(path, root)), root)


def contract_from(document: Document, root: Path) -> Contract:
    """Check a document and make it a Contract; `root` is the connector's folder."""
    if not isinstance(document.value, dict):
        raise ContractError(f"{document.file}:{document.line(())}: expected keys such as 'connector: NAME'")
    errors = sorted(
        (explain(error, document) for error in _validator().iter_errors(document.value)),
        key=lambda told: (told.is_missing_key, told.line, told.text),  # jsonschema's own order is a set's
    )
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise ContractError(f"{errors[0].text}{more}")
    value = dict(document.value)
    _refuse_outside_paths(value, document)
    _refuse_impossible_dates(value, document)
    value["native_transfer"] = value.get("native_transfer", {}).get("capabilities", {})
    for section in ("quality_gates", "capabilities"):
        value[section] = {key: one for key, one in value.get(section, {}).items() if not key.startswith("x-")}
    if not value["capabilities"]:
        line = document.line(("capabilities",))
        raise ContractError(f"{document.file}:{line}: capabilities: expected at least one key, found none")
    facts = {
        "root": root,
        "file": document.file,
        "digest": "sha256:" + hashlib.sha256(document.raw).hexdigest(),
        "system": value.get("system") or detect_system(root),
        "lines": document.lines,
    }
    # The schema has checked every type; the loader only moves values into their dataclasses.
    return msgspec.convert(value | facts, Contract, strict=True, dec_hook=_pass_through)


def _pass_through(kind: type, value: Any) -> Any:
    if isinstance(value, kind):
        return value
    raise NotImplementedError(f"{kind} from {type(value)}")


@cache
def _validator() -> Any:
    """The schema, read as strictly as the dataclasses: 1.0 is no whole number, infinity is no number."""
    text = resources.files("certify.contract").joinpath("certification.schema.json").read_text("utf-8")
    types = Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _is_integer, "number": _is_number})
    strict: Any = extend(Draft202012Validator, {"pattern": _matches}, type_checker=types)  # type: ignore[no-untyped-call]  # stubs lack it
    return strict(json.loads(text))


def _is_integer(checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(checker: object, value: object) -> bool:
    return _is_integer(checker, value) or (isinstance(value, float) and math.isfinite(value))


def _matches(validator: object, pattern: str, value: object, schema: object) -> Iterator[ValidationError]:
    """In a JSON Schema `$` is the end of the text; Python's lets a line feed follow."""
    whole = pattern.removesuffix("$") + "\\Z" if pattern.endswith("$") else pattern
    if isinstance(value, str) and not re.search(whole, value):
        yield ValidationError(f"does not match {pattern}")


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _refuse_outside_paths(value: dict[str, Any], document: Document) -> None:
    executables = value.get("subject", {}).get("executable", {})
    for path in (*_INSIDE_PATHS, *(("subject", "executable", name) for name in executables)):
        text = _get(value, path)
        if text is None:
            continue
        pure = PurePosixPath(text)
        if pure.is_absolute() or ".." in pure.parts:
            key = one_line(".".join(str(part) for part in path), 120)
            raise ContractError(
                f"{document.file}:{document.line(path)}: {key}: {text[:100]!r} leaves the connector's "
                "folder; write a path relative to it"
            )


_INSIDE_PATHS: tuple[KeyPath, ...] = (
    ("evidence", "artifacts_dir"),
    ("evidence", "run_artifact"),
    ("performance", "baseline"),
    ("subject", "config"),
    ("subject", "assembly"),
    ("replay", "cassettes"),
    ("target", "rows"),
    ("target", "quality"),
    ("policy", "dependency_allowlist"),
)


def _get(value: Any, path: KeyPath) -> str | None:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def _refuse_impossible_dates(value: dict[str, Any], document: Document) -> None:
    for index, waiver in enumerate(value.get("waivers", ())):
        try:
            datetime.date.fromisoformat(waiver["expires"])
        except ValueError as error:
            line = document.line(("waivers", index, "expires"))
            raise ContractError(
                f"{document.file}:{line}: waivers[{index}].expires: "
                f"{waiver['expires']!r} is no day of the calendar"
            ) from error
