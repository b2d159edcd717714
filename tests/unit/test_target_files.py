"""A folder of files is read as the table whose rows they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from certify.errors import TargetError
from certify.target.contents import NO_TABLE
from certify.target.files import Folder


@pytest.fixture
def target(tmp_path: Path) -> Folder:
    return Folder("file://{tmp}/out", "orders", tmp_path)


def test_a_folder_is_made_and_holds_no_table_at_first(target: Folder, tmp_path: Path) -> None:
    assert target.path == tmp_path / "out"
    assert target.path.is_dir()
    assert target.read() == NO_TABLE


def test_the_files_of_all_runs_are_read_and_those_of_other_tables_not(target: Folder) -> None:
    (target.path / "orders-20261121T060000.jsonl").write_text('{"id": 1}\n{"id": 2, "name": "b"}\n')
    (target.path / "orders.csv").write_text('id,name\n3,"a\nb"\n')
    (target.path / "orders_other.jsonl").write_text('{"id": 4}\n')
    (target.path / "orders.txt").write_text("5")
    assert target.look().as_rows == [
        {"id": 1, "name": None},
        {"id": 2, "name": "b"},
        {"id": "3", "name": "a\nb"},
    ]
    assert len(target.read("orders_other").rows) == 1
    assert {path.name for path in target.own_files} == {"orders-20261121T060000.jsonl", "orders.csv"}


def test_half_a_line_is_seen_as_its_reader_sees_it(target: Folder) -> None:
    (target.path / "orders.jsonl").write_text('{"id": 1}\n{"id"')
    assert [row["(no row)"] for row in target.look().as_rows] == [None, '{"id"']


def test_it_is_brought_back_to_what_it_was(target: Folder) -> None:
    file = target.path / "orders.jsonl"
    file.write_text('{"id": 1}\n')
    saved = target.save()
    file.write_text("")
    (target.path / "orders-2.jsonl").write_text('{"id": 2}\n')
    saved.restore(target)
    assert target.read().as_rows == [{"id": 1}]


def test_a_folder_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="somebody's"):
        Folder(f"file://{tmp_path}", "orders", tmp_path)


def test_what_a_run_has_made_lead_elsewhere_is_neither_emptied_nor_written(
    target: Folder, tmp_path: Path
) -> None:
    file, mine = target.path / "orders.jsonl", tmp_path / "mine.jsonl"
    file.write_text('{"id": 1}\n')
    mine.write_text("mine")
    saved = target.save()
    file.unlink()
    file.symlink_to(mine)
    saved.restore(target)
    assert (file.is_symlink(), file.read_text(), mine.read_text()) == (False, '{"id": 1}\n', "mine")


def test_nor_are_the_files_of_a_folder_that_took_its_place(target: Folder, tmp_path: Path) -> None:
    saved = target.save()
    somebody = tmp_path / "somebody"
    somebody.mkdir()
    (somebody / "mine.jsonl").write_text("mine")
    target.path.rename(tmp_path / "moved")
    target.path.symlink_to(somebody)
    for step in (target.clear, target.read, lambda: saved.restore(target)):
        with pytest.raises(TargetError, match="has put a link in the place"):
            step()
    assert (somebody / "mine.jsonl").read_text() == "mine"
