"""Load certification.yaml: find it, read it, check it against the schema, make it a Contract."""

from __future__ import annotations

import datetime
import hashlib
import json
from functools import cache
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

from certify.contract.contract import Contract
from certify.contract.detection import detect_system
from certify.contract.document import Document, KeyPath, read_document
from certify.contract.explanation import explain
from certify.errors import ContractError

#: Where a contract stands, first match wins.
USUAL_PLACES = ("certification/certification.yaml", "certification.yaml")


def find_contract(root: Path) -> Path | None:
    """The contract of a connector's folder, or None."""
    return next((root / place for place in USUAL_PLACES if (root / place).exists()), None)


def load_contract(root: Path, contract: Path | None = None) -> Contract:
    """Load the contract of the connector in `root`.

    Raises ContractError, in one line with file, line, key, expectation and remedy, for whatever is wrong
    with it.
    """
    root = root.resolve()
    if not root.is_dir():
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
        key=lambda told: (told.is_missing_key, told.line),
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
def _validator() -> Draft202012Validator:
    text = resources.files("certify.contract").joinpath("certification.schema.json").read_text("utf-8")
    return Draft202012Validator(json.loads(text))


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _refuse_outside_paths(value: dict[str, Any], document: Document) -> None:
    for path in _INSIDE_PATHS:
        text = _get(value, path)
        if text is None:
            continue
        pure = PurePosixPath(text)
        if pure.is_absolute() or ".." in pure.parts:
            key = ".".join(str(part) for part in path)
            raise ContractError(
                f"{document.file}:{document.line(path)}: {key}: {text!r} leaves the connector's folder; "
                "write a path relative to it"
            )


_INSIDE_PATHS: tuple[KeyPath, ...] = (
    ("evidence", "artifacts_dir"),
    ("evidence", "run_artifact"),
    ("subject", "config"),
    ("subject", "assembly"),
    ("replay", "cassettes"),
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
                f"{document.file}:{line}: waivers[{index}].expires: {waiver['expires']!r} is no day: {error}"
            ) from error
