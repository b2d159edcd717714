"""What lies where a contract should: not there, too large, no file, or not to be read."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from certify.contract import find_contract, load_contract
from certify.contract.document import MAX_BYTES
from certify.errors import ContractError

SMALLEST = "contract_version: '1'\nconnector: demo_api\ncapabilities:\n  source: {}\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the contract of a connector's folder belongs; nothing is there yet."""
    (tmp_path / "certification").mkdir()
    return tmp_path / "certification" / "certification.yaml"


def refusal(place: Path) -> str:
    """Why the contract in this place is refused; it must not read as a line of anything else."""
    with pytest.raises(ContractError) as caught:
        load_contract(place.parents[1])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_fifty_megabytes_are_refused_by_their_size_unread(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.open("wb") as file:
        file.truncate(50_000_000)
    wrapped = os.fdopen

    def fdopen(descriptor: int, *arguments: Any, **more: Any) -> Any:
        assert os.fstat(descriptor).st_size < MAX_BYTES, "the contract was opened for reading"
        return wrapped(descriptor, *arguments, **more)

    monkeypatch.setattr(os, "fdopen", fdopen)
    assert refusal(place) == (
        "certification/certification.yaml: 50,000,000 bytes; a contract is at most 256 KiB"
    )


def test_a_contract_of_the_largest_size_is_read_and_one_byte_more_is_not(place: Path) -> None:
    padding = "#" * (MAX_BYTES - len(SMALLEST) - 1)
    place.write_text(f"{SMALLEST}{padding}\n")
    assert load_contract(place.parents[1]).connector == "demo_api"
    place.write_text(f"{SMALLEST}#{padding}\n")
    assert "262,145 bytes" in refusal(place)


def test_a_pipe_without_a_writer_is_not_waited_for(place: Path) -> None:
    os.mkfifo(place)
    assert refusal(place) == "certification/certification.yaml: not a regular file"


def test_a_folder_is_no_contract(place: Path) -> None:
    place.mkdir()
    assert refusal(place) == "certification/certification.yaml: not a regular file"


def test_a_device_is_no_contract(place: Path) -> None:
    place.symlink_to("/dev/zero")
    assert refusal(place) == "certification/certification.yaml: not a regular file"


def test_a_socket_is_no_contract(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.parent)  # a socket's path is short, tmp_path is not
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place.name)
    assert refusal(place).startswith("certification/certification.yaml: cannot be read: ")


def test_a_link_that_leads_to_itself_is_told_as_such(place: Path) -> None:
    place.symlink_to(place)
    said = refusal(place)
    assert said.startswith("certification/certification.yaml: cannot be read: ")
    assert "symbolic links" in said


def test_a_link_that_leads_nowhere_is_told_as_such(place: Path) -> None:
    place.symlink_to("moved.yaml")
    assert refusal(place) == "certification/certification.yaml: cannot be read: No such file or directory"


def test_a_link_to_a_contract_is_followed(place: Path, tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text(SMALLEST)
    place.symlink_to(tmp_path / "real.yaml")
    assert load_contract(tmp_path).file == "certification/certification.yaml"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_told_as_such(place: Path) -> None:
    place.write_text(SMALLEST)
    place.chmod(0)
    assert refusal(place) == "certification/certification.yaml: cannot be read: Permission denied"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may search every folder")
def test_a_folder_that_may_not_be_searched_holds_no_contract(place: Path) -> None:
    place.write_text(SMALLEST)
    place.parent.chmod(0)
    try:
        assert "no certification/certification.yaml in it" in refusal(place)
    finally:
        place.parent.chmod(0o700)


def test_no_descriptor_is_left_open_by_what_is_refused(place: Path) -> None:
    place.mkdir()
    before = os.open(place, os.O_RDONLY)
    os.close(before)
    refusal(place)
    after = os.open(place, os.O_RDONLY)
    os.close(after)
    assert after == before


def test_a_folder_without_contract_says_where_one_would_be(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"no certification/certification\.yaml in it; -C names"):
        load_contract(tmp_path)


def test_a_connector_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for wrong in (tmp_path / "absent", tmp_path / "file"):
        with pytest.raises(ContractError, match="not a folder; -C names the connector's folder"):
            load_contract(wrong)


def test_a_folder_behind_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ContractError, match="not a folder"):
        load_contract(tmp_path / "loop")


def test_the_contract_in_its_own_folder_comes_before_the_one_in_the_root(place: Path, tmp_path: Path) -> None:
    (tmp_path / "certification.yaml").write_text(SMALLEST)
    assert find_contract(tmp_path) == tmp_path / "certification.yaml"
    place.write_text(SMALLEST)
    assert find_contract(tmp_path) == place


def test_a_contract_that_is_named_is_taken_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "connector").mkdir()
    outside = tmp_path / "contract.yaml"
    outside.write_text(SMALLEST)
    contract = load_contract(tmp_path / "connector", outside)
    assert contract.file == str(outside)
    assert contract.path == outside


def test_the_connectors_folder_is_known_by_its_real_path(place: Path, tmp_path: Path) -> None:
    place.write_text(SMALLEST)
    (tmp_path / "link").symlink_to(tmp_path)
    assert load_contract(tmp_path / "link").root == tmp_path.resolve()
