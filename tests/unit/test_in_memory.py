"""Targets lie in memory where there is room for them."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from certify.sandbox.in_memory import folder_in_memory

MIB = 1024**2


@pytest.mark.parametrize(
    ("flags", "free", "is_taken"),
    [(0, 2048, True), (0, 1024, True), (0, 64, False), (os.ST_RDONLY, 2048, False), (8, 2048, False)],
    ids=["room", "just enough", "a container's", "read-only", "no programs"],
)
def test_a_folder_is_taken_that_has_room_and_refuses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: int, free: int, is_taken: bool
) -> None:
    there = SimpleNamespace(f_flag=flags, f_bavail=free, f_frsize=MIB)
    monkeypatch.setattr(os, "statvfs", lambda path: there)
    monkeypatch.setattr(os, "ST_NOEXEC", 8, raising=False)
    assert folder_in_memory(tmp_path) == (tmp_path if is_taken else None)


def test_where_there_is_no_such_folder_none_is_taken(tmp_path: Path) -> None:
    assert folder_in_memory(tmp_path / "shm") is None
