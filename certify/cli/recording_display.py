"""Show a recording while it happens, and what it came to. Nothing that is shown holds a known secret."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.status import Status
from rich.table import Table
from rich.text import Text

from certify.cli.terminal import console_for_output, is_watched
from certify.contract import Contract
from certify.replay.clearing import Cleared
from certify.replay.known_secrets import KnownSecrets
from certify.sandbox.recorded import Take
from certify.text import counted, one_line

_MOST_REFUSALS = 50


@dataclass(frozen=True)
class Written:
    """One cassette: the run it was made from, what was written, and why its replay differs, if it does."""

    name: str
    take: Take
    cleared: Cleared
    differs: str
    path: Path


class RecordingDisplay:
    """Prints on standard output, errors on standard error."""

    def __init__(self, contract: Contract, known: KnownSecrets) -> None:
        self._contract = contract
        self._known = known
        self._console = console_for_output()
        self._status: Status | None = None

    def safe(self, text: str) -> str:
        """A text of the connector's, without known secrets, in one line."""
        return one_line(self._known.redacted(text), 500)

    def begin(self, source: str, hosts: Collection[str]) -> None:
        """That the network is about to be used, by whom, and with what."""
        asks = ", ".join(hosts) if hosts else "whatever host the connector names"
        self._say(
            f"certify record {self._contract.connector}: this uses the network. certify asks {asks} "
            f"in the connector's stead, with {source}."
        )
        if self._known.too_short:
            names = ", ".join(self._known.too_short)
            self._say(f"too short to be looked for everywhere: {names}; redacted where they are sent by name")

    @contextlib.contextmanager
    def run(self, name: str) -> Iterator[Callable[[int], None]]:
        """Show one run; what is yielded is called with the number of requests so far."""
        count = 0

        def told(so_far: int) -> None:
            nonlocal count
            count = max(count, so_far)
            if self._status is not None:
                self._status.update(f"{name}: {counted(count, 'request')} recorded")

        if is_watched(self._console):
            self._status = self._console.status(f"{name}: running")
            self._status.start()
        try:
            yield told
        finally:
            self.end_of_runs()
        if count:
            self._say(f"{name}: {counted(count, 'request')} recorded")

    def end_of_runs(self) -> None:
        """No line changes any more."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def left_out(self, name: str, why: str) -> None:
        """A cassette that there is no use for."""
        self._say(f"{name}: not recorded: {why}")

    def refused(self, places: Sequence[str]) -> int:
        """A secret would be written: say where, and that nothing was."""
        for place in places[:_MOST_REFUSALS]:
            click.echo(f"certify: {self.safe(place)}", err=True)
        more = f"; {len(places) - _MOST_REFUSALS} more places" if len(places) > _MOST_REFUSALS else ""
        click.echo(
            f"certify: nothing was written: a secret would stand in a cassette{more}; record with an account "
            "or a stream whose answers hold none",
            err=True,
        )
        return 2

    def interrupted(self) -> int:
        """Ctrl-C."""
        self.end_of_runs()
        click.echo("certify: interrupted; nothing was written", err=True)
        return 130

    def finish(self, folder: Path, written: Sequence[Written], unnamed: Sequence[str]) -> int:
        """The table, and what is to be known beside it; returns the exit code."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("cassette")
        for name in ("requests", "rows", "size", "redacted"):
            table.add_column(name, justify="right")
        table.add_column("hosts")
        table.add_column("replays")
        for one in written:
            table.add_row(*self._row(one))
        self._console.print(table)
        shown = folder.relative_to(self._contract.root).as_posix()
        self._say(f"Written to {shown}. Look them through before you commit them: answers hold real data.")
        if self._contract.replay.cassettes is None:
            self._say(f"Add to {self._contract.file}: replay: {{cassettes: {shown}}}")
        if unnamed:
            self._say(f"Add to {self._contract.file}: subject: {{secrets: [{', '.join(unnamed)}]}}")
        for one in written:
            self._remark(one)
        return 3 if any(one.differs for one in written) else 0

    def _row(self, one: Written) -> list[Text]:
        hosts = ", ".join(sorted({pair.asked.host for pair in one.cleared.recorded}))
        cells = (
            one.path.name,
            str(len(one.cleared.recorded)),
            str(len(one.take.run.rows)),
            f"{max(1, one.path.stat().st_size // 1024)} KiB",
            str(one.cleared.places),
            one_line(hosts, 120),
            "no" if one.differs else "yes",
        )
        return [Text(cell) for cell in cells]

    def _remark(self, one: Written) -> None:
        left = len(one.take.recorded) - len(one.cleared.recorded)
        if left:
            self._say(f"{one.path.name}: without {left} answers that were errors, and asked for again")
        if one.name == "full_refresh" and not one.take.run.rows:
            self._say(f"{one.path.name}: gave no row")
        if one.cleared.is_unsure:
            self._say(f"{one.path.name}: too large to be searched to its end for credentials nobody named")
        if one.differs:
            self._say(f"{one.path.name}: does not replay as it was recorded: {self.safe(one.differs)}")

    def _say(self, text: str) -> None:
        self._console.print(Text(one_line(text, 1000)), soft_wrap=True)
