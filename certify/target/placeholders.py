"""Fill a target's own configuration with the place of ours that it is to load into."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certify.errors import TargetError

if TYPE_CHECKING:
    from sqlalchemy import URL

#: What may stand in braces in a configuration. Any other braces are the configuration's own.
NAMES = ("target_url", "host", "port", "user", "password", "database", "path", "table", "folder")
_PLACEHOLDER = re.compile(rf"\{{({'|'.join(NAMES)})\}}")
#: Those that lead a target to its data; a table's name alone leads nowhere.
_LEADING = frozenset(NAMES) - {"table", "user", "password"}


def places(url: URL | None, given: str, table: str, folder: Path) -> dict[str, str | int]:
    """What each placeholder stands for, where the target is at this URL; `given` is its text."""
    there: dict[str, str | int] = {"target_url": given, "table": table, "folder": str(folder)}
    if url is None or not url.host:
        return there | ({"path": url.database} if url is not None and url.database else {})
    return there | {
        "host": url.host,
        "port": url.port or "",
        "user": url.username or "",
        "password": str(url.password or ""),
        "database": url.database or "",
    }


def filled(config: Any, there: Mapping[str, str | int]) -> Any:
    """The configuration with its placeholders filled; a port that stands alone is a number.

    Raises TargetError for one that this target has nothing for.
    """
    if isinstance(config, dict):
        return {name: filled(value, there) for name, value in config.items()}
    if isinstance(config, list):
        return [filled(value, there) for value in config]
    if not isinstance(config, str):
        return config
    alone = _PLACEHOLDER.fullmatch(config)
    if alone:
        return _place(alone[1], there)
    return _PLACEHOLDER.sub(lambda found: str(_place(found[1], there)), config)


def leads_here(config: Any) -> bool:
    """Whether a configuration leads to a place of ours at all."""
    return not _LEADING.isdisjoint(_names(config))


def has_placeholder(value: Any) -> bool:
    """Whether a value is one, or has one in it."""
    return next(_names(value), None) is not None


def _place(name: str, there: Mapping[str, str | int]) -> str | int:
    if name not in there:
        known = ", ".join(f"{{{one}}}" for one in there)
        raise TargetError(
            f"the configuration asks for {{{name}}}, which this target.url has not; it has {known}",
            "target:\n  url: postgresql://user@host/database   # or sqlite:///{tmp}/target.db\n",
        )
    return there[name]


def _names(config: Any) -> Iterator[str]:
    if isinstance(config, str):
        yield from _PLACEHOLDER.findall(config)
    elif isinstance(config, dict | list):
        for value in config.values() if isinstance(config, dict) else config:
            yield from _names(value)
