"""`certify verify`: what is whole holds, and what was cut, changed or contradicts itself does not."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from certify.cli import cli
from certify.cli.artifacts import load_formats
from certify.model import Format, Report, digest_of, from_json, sealed, to_json
from tests.integration.conftest import Ran

if TYPE_CHECKING:
    from tests.integration.conftest import Command, Connectors

RECORD = "certification_report.json"


@pytest.fixture
def record(certified: Path, tmp_path: Path) -> Path:
    """The record of a connector that is certified, among its renderings."""
    shutil.copytree(certified, tmp_path / "out")
    return tmp_path / "out" / RECORD


def change(record: Path, how: Callable[[Any], None]) -> None:
    """Change the record as an editor would, digest and all else as they are."""
    plain = json.loads(record.read_text("utf-8"))
    how(plain)
    record.write_text(json.dumps(plain, indent=2), "utf-8")


def forge(record: Path, how: Callable[[Any], None]) -> None:
    """Change the record, compute its digest anew, and take the renderings away."""
    change(record, how)
    forged = sealed(from_json(record.read_bytes()))
    assert forged.footer.digest == digest_of(forged)
    for path in record.parent.iterdir():
        path.unlink()
    record.write_text(to_json(forged), "utf-8")


def rule(plain: Any, name: str) -> Any:
    return next(one for one in plain["rules"] if one["id"] == name)


def verified(record: Path) -> Ran:
    """The command, in this process: what is installed is loaded once for all tests."""
    ran = CliRunner().invoke(cli, ["verify", str(record)])
    return Ran(ran.exit_code, ran.stdout, ran.stderr)


def doubts(ran: Ran) -> list[str]:
    """What `verify` does not believe; it has said that the report does not hold, and nothing went wrong."""
    assert (ran.code, ran.err) == (1, "")
    *told, last = ran.out.splitlines()
    assert last.endswith(f"{RECORD}: does not hold")
    assert all(line.startswith("✗ ") for line in told)
    return [line.removeprefix("✗ ") for line in told]


# --- what holds ---------------------------------------------------------------------------------------------


def test_what_certify_wrote_holds(certify: Command, record: Path) -> None:
    ran = certify("verify", record)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{record}: holds; demo 1.0.0 is certified\n"


def test_it_holds_alone_and_elsewhere(certify: Command, record: Path, tmp_path: Path) -> None:
    alone = shutil.copy(record, tmp_path / "renamed.json")
    assert certify("verify", alone).out == f"{alone}: holds; demo 1.0.0 is certified\n"
    assert (
        certify("verify", "renamed.json", cwd=tmp_path).out
        == "renamed.json: holds; demo 1.0.0 is certified\n"
    )


def test_what_is_not_certified_holds_too(certify: Command, connector: Connectors, tmp_path: Path) -> None:
    root = connector("print('hello')\n")
    assert certify("-C", root, "--artifact-dir", tmp_path / "out").code == 1
    ran = certify("verify", tmp_path / "out" / RECORD)
    assert (ran.code, ran.out) == (0, f"{tmp_path}/out/{RECORD}: holds; demo 1.0.0 is not certified\n")


# --- what was changed ---------------------------------------------------------------------------------------

CHANGED = "its content does not match the digest in its footer: it was changed or damaged"


def set_status(plain: Any) -> None:
    rule(plain, "optional_dependencies_are_optional")["status"] = "passed"


def set_digest(plain: Any) -> None:
    plain["footer"]["digest"] = "sha256:" + "0" * 64


def set_name(plain: Any) -> None:
    plain["connector"]["name"] = "another"


@pytest.mark.parametrize("how", [set_status, set_digest, set_name])
def test_a_changed_record_does_not_hold(how: Callable[[Any], None], record: Path) -> None:
    change(record, how)
    assert CHANGED in doubts(verified(record))


@pytest.mark.parametrize(
    "name",
    [
        *("certification_report.md", "certification_report.html", "junit.xml", "certification.sarif"),
        *("badge.svg", "attestation.json"),
    ],
)
def test_a_changed_rendering_beside_it_does_not_hold(name: str, record: Path) -> None:
    beside = record.with_name(name)
    beside.write_text(beside.read_text("utf-8").replace("demo", "omed"), "utf-8")
    assert doubts(verified(record)) == [f"{name} is not what this report renders to"]


def test_the_rendering_of_another_report_does_not_hold(
    certify: Command, connector: Connectors, record: Path, tmp_path: Path
) -> None:
    other = connector("print('hello')\n", name="other")
    certify("-C", other, "--only", "manifest", "--artifact-dir", tmp_path / "other")
    shutil.copy(tmp_path / "other/certification_report.md", record.parent)
    assert doubts(certify("verify", record)) == ["certification_report.md is not what this report renders to"]


# --- what contradicts itself, though its digest is right ----------------------------------------------------


def drop_a_planned_rule(plain: Any) -> None:
    plain["rules"].remove(rule(plain, "imports_cleanly"))


def fail_a_required_rule(plain: Any) -> None:
    rule(plain, "imports_cleanly")["status"] = "failed"


def leave_an_id_open(plain: Any) -> None:
    plain["ids"][0]["status"] = "unverified"


def interrupt(plain: Any) -> None:
    plain["run"]["interrupted"] = True


def improve_a_failure(plain: Any) -> None:
    """As somebody would who wants it certified: everything that tells of it but what the items say."""
    rule(plain, "imports_cleanly")["items"][0]["status"] = "failed"


def climb(plain: Any) -> None:
    plain["tier"] = "platinum"


def count_otherwise(plain: Any) -> None:
    plain["required"]["passed"] += 1


def waive(plain: Any) -> None:
    waiver = {"reason": "later", "owner": "me", "expires": "2001-01-01"}
    rule(plain, "imports_cleanly").update(status="waived", waiver=waiver)
    rule(plain, "imports_cleanly")["items"][0]["status"] = "failed"


def leave_a_rule_out(plain: Any) -> None:
    plain["rules"].remove(rule(plain, "license_declared"))
    plain["footer"]["planned_ids"].remove("license_declared")


def ask_for_less(plain: Any) -> None:
    rule(plain, "license_declared")["required"] = False


def retell(plain: Any) -> None:
    rule(plain, "license_declared")["title"] = "A licence is a nice thing to have"


def look_elsewhere(plain: Any) -> None:
    plain["files"]["markdown"] = "../certification_report.md"


def end_with_another_code(plain: Any) -> None:
    plain["exit_code"] = 3


def say_incomplete_of_a_failure(plain: Any) -> None:
    plain["verdict"], plain["exit_code"] = "incomplete", 3
    rule(plain, "imports_cleanly")["status"] = "failed"


def forget_the_evidence(plain: Any) -> None:
    rule(plain, "imports_cleanly")["evidence"] = []


def come_from_the_future(plain: Any) -> None:
    plain["schema_version"] = "2.0"


@pytest.mark.parametrize(
    ("how", "doubt"),
    [
        (drop_a_planned_rule, "planned rules are missing: imports_cleanly"),
        (fail_a_required_rule, "it says certified, but its outcomes make it not certified"),
        (leave_an_id_open, "it says certified, but its outcomes make it incomplete"),
        (interrupt, "it says certified, but its outcomes make it incomplete"),
        (end_with_another_code, "exit code 3 does not belong to the verdict certified"),
        (say_incomplete_of_a_failure, "it says incomplete, but its outcomes make it not certified"),
        (forget_the_evidence, "imports_cleanly passed without evidence"),
        (come_from_the_future, "it is of version 2.0; this certify reads 1.1"),
        (improve_a_failure, "imports_cleanly is told as passed, but its items make it failed"),
        (climb, "it says platinum, but its outcomes make it bronze"),
        (count_otherwise, "its counts of what is required are not those of its rules"),
        (waive, "imports_cleanly: its waiver had expired on 2001-01-01"),
        (waive, "imports_cleanly may not be waived"),
        (leave_a_rule_out, "rules that apply to this connector were left out: license_declared"),
        (ask_for_less, "license_declared is required, and told as if it were not"),
        (retell, "license_declared is not told as its suite has it"),
        (look_elsewhere, "it names a rendering that is no file beside it: ../certification_report.md"),
    ],
)
def test_a_forged_record_that_contradicts_itself_does_not_hold(
    how: Callable[[Any], None], doubt: str, record: Path
) -> None:
    forge(record, how)
    told = doubts(verified(record))
    assert doubt in told
    assert CHANGED not in told


def test_what_is_no_field_of_a_report_counts_too(record: Path) -> None:
    change(record, lambda plain: plain.update(signed_off_by="the director"))
    assert doubts(verified(record)) == [CHANGED]


def test_a_key_that_stands_there_twice_does_not_hold(record: Path) -> None:
    text = record.read_text("utf-8").replace('"exit_code"', '"verdict": "certified",\n  "exit_code"', 1)
    record.write_text(text, "utf-8")
    assert doubts(verified(record)) == ["not a certification report: it has 'verdict' twice"]


def test_rules_that_are_not_installed_here_are_told_of(record: Path) -> None:
    forge(record, lambda plain: plain["run"]["suites"][0].update(version="0.0.1"))
    ran = verified(record)
    assert ran.code == 0
    assert ran.out.splitlines()[1].startswith("It was judged by other rules than those installed here")


def test_a_renderer_that_fails_is_told_in_one_line(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(report: Report) -> str:
        raise ZeroDivisionError("of ours")

    monkeypatch.setitem(load_formats(), "badge", Format("badge", "badge.svg", fail))
    ran = verified(record)
    assert (ran.code, ran.out) == (2, "")
    assert ran.error_line == (
        "certify: no badge.svg: the renderer 'badge' failed, not the connector: ZeroDivisionError: of ours"
    )


# --- what is released ---------------------------------------------------------------------------------------


def test_an_artifact_must_be_one_that_the_report_names(
    certify: Command, record: Path, tmp_path: Path
) -> None:
    wheel, other = tmp_path / "demo-1.0.0-py3-none-any.whl", tmp_path / "other.whl"
    wheel.write_bytes(b"a wheel")
    other.write_bytes(b"another")
    digest = f"sha256:{hashlib.sha256(b'a wheel').hexdigest()}"
    named = {"name": wheel.name, "sha256": digest}
    forge(record, lambda plain: plain["connector"].update(artifacts=[named]))
    assert certify("verify", record, "--artifact", wheel).code == 0
    assert doubts(certify("verify", record, "--artifact", other)) == [
        f"{other} is no artifact of this report, which has {wheel.name}"
    ]
    wheel.write_bytes(b"a wheel, repaired")
    (told,) = doubts(certify("verify", record, "--artifact", wheel))
    assert told.startswith(f"{wheel} is not the {wheel.name} of this report: sha256:")
    missing = certify("verify", record, "--artifact", tmp_path / "gone.whl")
    assert (missing.code, missing.out) == (2, "")
    assert missing.error_line.endswith("gone.whl: no such file; it names a wheel or a source distribution")


def test_a_report_that_names_no_artifact_says_how_it_would(certify: Command, record: Path) -> None:
    (told,) = doubts(certify("verify", record, "--artifact", record))
    assert told == f"{record} is no artifact of this report, which has none; `certify --artifact` names them"


def test_its_words_are_shown_harmless(certify: Command, record: Path) -> None:
    def rename(plain: Any) -> None:
        plain["connector"]["name"] = "a\u202eb\x07\nfile: holds; c is certified"

    forge(record, rename)
    assert certify("verify", record).out == (
        f"{record}: holds; a\\u202eb\\u0007 file: holds; c is certified 1.0.0 is certified\n"
    )


# --- what cannot be read ------------------------------------------------------------------------------------

UNREADABLE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not JSON, or cut short"),
    "no JSON": (b"# Certification of demo", "not JSON, or cut short"),
    "no text": (b'{"verdict": "\xff\xfe"}', "not JSON, or cut short"),
    "no report": (b"{}", "not a certification report: Object missing required field `schema_version`"),
    "a list": (b"[1, 2]", "not a certification report: Expected `object`, got `array`"),
    "a depth of brackets": (b'{"a":' * 100_000, "not a certification report: nested too deep"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_report_is_told_in_one_line(name: str, certify: Command, tmp_path: Path) -> None:
    content, said = UNREADABLE[name]
    path = tmp_path / "report.json"
    path.write_bytes(content)
    ran = certify("verify", path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.error_line.startswith(f"certify: {path}: {said}")


def test_a_record_that_was_cut_short_cannot_be_read(certify: Command, record: Path) -> None:
    whole = record.read_bytes()
    record.write_bytes(whole[: len(whole) // 2])
    ran = certify("verify", record)
    assert (ran.code, ran.out) == (2, "")
    assert ran.error_line.startswith(f"certify: {record}: not JSON, or cut short")


def test_a_record_with_a_status_that_is_none_cannot_be_read(certify: Command, record: Path) -> None:
    def set_nonsense(plain: Any) -> None:
        rule(plain, "imports_cleanly")["status"] = "splendid"

    change(record, set_nonsense)
    ran = certify("verify", record)
    assert (ran.code, ran.out) == (2, "")
    assert "Invalid enum value 'splendid' - at `$.rules" in ran.error_line


@pytest.mark.parametrize("name", ["missing.json", "."], ids=["nothing there", "a folder"])
def test_a_file_that_is_not_there_is_told_in_one_line(name: str, certify: Command) -> None:
    ran = certify("verify", name)
    assert (ran.code, ran.out) == (2, "")
    assert ran.error_line == f"certify: {name}: no such file; a report is a certification_report.json"


# --- another format, from the record alone ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("markdown", "certification_report.md"),
        ("html", "certification_report.html"),
        ("junit", "junit.xml"),
        ("sarif", "certification.sarif"),
        ("json", RECORD),
    ],
)
def test_a_record_is_printed_in_the_format_that_is_asked_for(
    name: str, file: str, certify: Command, record: Path
) -> None:
    ran = certify("report", record, "--format", name)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == record.with_name(file).read_text("utf-8")


def test_a_format_that_is_not_there_is_told_in_one_line(certify: Command, record: Path) -> None:
    ran = certify("report", record, "--format", "word")
    assert (ran.code, ran.out) == (2, "")
    assert ran.error_line.startswith("certify: no format 'word'; known are json, ")
