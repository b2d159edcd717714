"""A Singer target in another language: a program that certify gives messages, looks at and kills."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from certify.sandbox.inside.pour_program import _end
from tests.acceptance.connectors import Certified, certify, copy_of

pytestmark = pytest.mark.skipif(shutil.which("perl") is None, reason="needs perl")

#: Keeps rows in a file beside the others until its input ends; `LINE` stands where a test has it do more.
TARGET = """\
#!/usr/bin/env perl
use strict; use warnings; use JSON::PP; use File::Copy;
my $json = JSON::PP->new->canonical->utf8;
sub document { open my $file, '<', $_[0] or die "$_[0]: $!"; local $/; return $json->decode(<$file>) }
my %given = @ARGV;
my $folder = document($given{'--config'})->{path};
my (%files, %schemas, $state);
while (my $line = <STDIN>) {
    my $message = eval { $json->decode($line) } or die "no message: $line";
    my $stream = $message->{stream} // '';
    my $target = "$folder/$stream.jsonl";
    if ($message->{type} eq 'SCHEMA') { $schemas{$stream} = 1 }
    elsif ($message->{type} eq 'STATE') { $state = $message->{value}; }
    elsif ($message->{type} eq 'RECORD') {
        die "a RECORD of $stream before its SCHEMA\\n" unless $schemas{$stream};
        my $staged = "$target.staged";
        if (!$files{$stream}) { unlink $staged; copy($target, $staged) if -e $target }
        $files{$stream} = $target;
        open my $file, '>>', $staged or die $!;
        print $file $json->encode($message->{record}), "\\n";
        close $file;
        LINE
    }
}
rename "$_.staged", $_ for values %files;
print $json->encode($state), "\\n" if defined $state;
"""
AT_ONCE = "rename $staged, $target; copy($target, $staged);"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    laid = copy_of("singer_target", tmp_path)
    lay(laid, "")
    contract = laid / "certification" / "certification.yaml"
    text = contract.read_text("utf-8")
    for old, new in (
        ("[target-gauge-archive]", "[bin/target-gauges]"),
        ("[incremental_merge, incremental_append, full_refresh]", "[incremental_append]"),
        ("sqlite:///{tmp}/archive.db", "file://{tmp}/out\n  batch_rows: 5"),
    ):
        assert old in text
        text = text.replace(old, new)
    contract.write_text(text, encoding="utf-8")
    (laid / "certification" / "config.json").write_text('{"path": "{folder}"}', encoding="utf-8")
    return laid


def lay(target: Path, line: str) -> None:
    program = target / "bin" / "target-gauges"
    program.parent.mkdir(exist_ok=True)
    program.write_text(TARGET.replace("LINE", line), encoding="utf-8")
    program.chmod(0o755)


def judged(target: Path, *rules: str) -> Certified:
    return certify(target, target.parent / "out", *(word for rule in rules for word in ("--only", rule)))


def test_it_is_judged_by_the_rules_on_targets(target: Path) -> None:
    ended = judged(target, "sink", "targets")
    failed = {name for name, status in ended.statuses.items() if status == "failed"}
    # It looks into no schema, leaves what was staged when its input breaks off, and Perl cuts numbers.
    assert failed == {
        "invalid_schema_is_refused",
        "records_fit_their_schema",
        "breaking_change_is_refused",
        "no_leftovers",
        "odd_values_round_trip",
    }, ended.printed
    assert {name for name, status in ended.statuses.items() if status == "unverified"} == {
        "batch_limit_is_respected"
    }
    killed = ended.rules["killed_load_leaves_target_unchanged"]
    assert killed["status"] == ended.rules["states_follow_their_records"]["status"] == "passed"
    assert killed["evidence"][0]["summary"] == (
        "incremental_append: killed at 8 rows, 3 lines that are no row and 0 calls, and repeated"
    )
    (wrong,) = ended.rules["records_fit_their_schema"]["findings"]
    assert wrong["location"]["file"] == "bin/target-gauges"


def test_one_that_writes_each_row_as_it_comes_is_found_out(target: Path) -> None:
    lay(target, AT_ONCE)
    rules = ("partial_load_is_never_visible", "killed_load_leaves_target_unchanged")
    ended = judged(target, *rules)
    assert ended.statuses == dict.fromkeys(rules, "failed")
    seen, killed = (ended.rules[rule]["findings"][0]["message"] for rule in rules)
    assert "before row 2 of 8, others see 6 rows" in seen
    assert "killed before row 2 of 8, the load leaves 6 rows" in killed


def test_what_it_started_is_killed_with_it_and_takes_no_end_of_its_input(target: Path) -> None:
    program = target / "bin" / "target-gauges"
    real = program.with_name("real")
    program.rename(real)
    program.write_text(f'#!/bin/sh\ncat | "{real}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    ended = judged(target, "killed_load_leaves_target_unchanged")
    assert ended.statuses == {"killed_load_leaves_target_unchanged": "passed"}


def test_a_program_that_has_ended_by_itself_is_not_in_the_way_of_the_end() -> None:
    program = subprocess.Popen(["true"], process_group=0)
    program.wait()
    _end(program)
