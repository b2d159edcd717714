"""The command line: a thin shell over the plugin.

Only click is imported here: `certify --help` answers at once, without pytest and without YAML.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import gc
import io
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from certify import __version__
from certify.cli.interruption import EndsWhenInterrupted
from certify.cli.new import new
from certify.cli.report_commands import diff, report, verify
from certify.ending import end_process
from certify.errors import CertifyError
from certify.second_process import SecondProcess, processors

FORMATS = ("text", "json", "github")
_FOLDER = click.Path(path_type=Path)


class CertifyGroup(EndsWhenInterrupted):
    """Answers a path where a command belongs with what was most likely meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand, or say what was meant."""
        word = args[0]
        if self.get_command(ctx, word) is None:
            if Path(word).exists() or "/" in word:
                raise click.UsageError(f"no command {word!r}; did you mean -C {word}?", ctx)
            close = difflib.get_close_matches(word, self.list_commands(ctx), n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(f"no command {word!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run, and tell every error of ours in one line, exit code 2."""
        try:
            return super().main(*args, **kwargs)
        except CertifyError as error:
            _stop(error)
        except OSError as error:
            if error.errno != errno.ENOSPC or error.filename is not None:
                raise
            _stop(CertifyError("no space is left for what is written"))


def _stop(error: CertifyError) -> NoReturn:
    from certify.text import one_line

    with contextlib.suppress(OSError):  # nobody can be told: the exit code is what is left
        click.echo(f"certify: {one_line(str(error), 2000)}", err=True)
    sys.exit(2)


@click.group(
    cls=CertifyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="certify %(version)s")
@click.option(
    "-C",
    "folders",
    metavar="DIR",
    type=_FOLDER,
    multiple=True,
    help="The connector's folder (default: here). May be repeated.",
)
@click.option(
    "--contract",
    metavar="FILE",
    type=_FOLDER,
    help="The contract (default: certification/certification.yaml, certification.yaml).",
)
@click.option(
    "--artifact-dir",
    metavar="DIR",
    type=_FOLDER,
    help="Where the report goes (default: evidence.artifacts_dir of the contract).",
)
@click.option(
    "--artifact",
    "artifacts",
    metavar="FILE",
    type=_FOLDER,
    multiple=True,
    help="A wheel or source distribution built from this tree, whose digest the report names. "
    "May be repeated.",
)
@click.option(
    "--only",
    metavar="NAME",
    multiple=True,
    help="Run only this rule, id or area. May be repeated. Gives no verdict.",
)
@click.option("--thorough", is_flag=True, help="Let faults strike at every request, not at some of them.")
@click.option("--no-fork", is_flag=True, help="Import the connector anew for every scenario.")
@click.option("--example", is_flag=True, help="Certify the embedded example connector.")
@click.option(
    "--python",
    "interpreter",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, executable=True, path_type=Path),
    help="The interpreter the connector is installed in (default: certify's own).",
)
@click.option(
    "--format",
    "shape",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="What to print: text for people, the JSON report, or GitHub annotations.",
)
@click.option(
    "-n",
    "workers",
    metavar="N",
    type=click.IntRange(0, 64),
    help="Run in N processes (needs certify[xdist]), or in one with 0 "
    "(default: rules that load into a target run beside the others).",
)
@click.pass_context
def cli(ctx: click.Context, /, **options: Any) -> None:
    """Certify data connectors: run what certification.yaml requires, offline, and write the report.

    Exit codes: 0 certified (or selection passed), 1 not certified, 2 usage or contract error,
    3 incomplete, 130 interrupted.

    \b
    certify -C path/to/connector --artifact-dir out
    certify --example --artifact-dir out
    certify --only import_safety
    certify explain imports_cleanly
    """  # noqa: D301  click's mark: these lines stay as they are
    if ctx.invoked_subcommand is not None:
        given = [
            name
            for name in options
            if ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
        ]
        if given:
            raise click.UsageError(f"{ctx.invoked_subcommand!r} takes its own options, after its name", ctx)
        return
    with _second_process(options) as second:
        from certify.cli.certification import Wish, certify

        gc.freeze()  # what is here now is never garbage, and need not be looked through to find out
        ctx.exit(certify(Wish(**options), second))


def _second_process(options: dict[str, Any]) -> contextlib.AbstractContextManager[SecondProcess | None]:
    """Of a whole run of one connector, where there is a processor for it, unless their number was said."""
    is_whole = not options["only"] and len(options["folders"]) < 2
    if is_whole and options["workers"] is None and processors() > 1:
        with contextlib.suppress(OSError):  # there is no room for one more: one does all of it
            return SecondProcess()
    return contextlib.nullcontext()


@cli.command(short_help="Draft a contract from what the repository says.")
@click.option(
    "-C", "folder", metavar="DIR", type=_FOLDER, default=".", help="The connector's folder (default: here)."
)
@click.option("--ci", is_flag=True, help="Add the GitHub workflow .github/workflows/certification.yml.")
@click.option(
    "--print", "prints", is_flag=True, help="Print the contract (with --ci: the workflow), and write nothing."
)
@click.pass_context
def init(ctx: click.Context, /, **options: Any) -> None:
    """Draft certification/certification.yaml from what the repository says.

    Tells the system, reads manifests, schemas, catalogs, recordings and the source, and writes what it
    found; what only a person can decide stands there as a comment. Where a configuration schema is known, a
    sample configuration is written beside it. Nothing of the connector is run, and no file is overwritten.

    Exit codes: 0 written, 2 nothing was written.

    \b
    certify init
    certify init -C path/to/connector --ci
    certify init --print
    """  # noqa: D301  click's mark: these lines stay as they are
    from certify.cli.init import InitWish
    from certify.cli.init import init as draft

    ctx.exit(draft(InitWish(**options)))


@cli.command(short_help="Record live traffic that certify replays.")
@click.option(
    "-C", "folder", metavar="DIR", type=_FOLDER, default=".", help="The connector's folder (default: here)."
)
@click.option("--contract", metavar="FILE", type=_FOLDER, help="The contract.")
@click.option(
    "--config",
    metavar="FILE",
    type=_FOLDER,
    help="A configuration with real credentials, outside the repository or ignored by git "
    "(default: the contract's sample, with ${NAME} taken from the environment).",
)
@click.option("--stream", metavar="NAME", help="The stream to read.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(("full_refresh", "incremental", "resume", "check", "discover")),
    help="Record only this. May be repeated.",
)
@click.option("--refresh", is_flag=True, help="Replace cassettes that are there.")
@click.option(
    "--timeout",
    "patience",
    metavar="SECONDS",
    type=click.FloatRange(1, 24 * 3600),
    default=900.0,
    show_default=True,
    help="How long one run may take.",
)
@click.option(
    "--python",
    "interpreter",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, executable=True, path_type=Path),
    help="The interpreter the connector is installed in (default: certify's own).",
)
@click.pass_context
def record(ctx: click.Context, /, **options: Any) -> None:
    r"""Run the connector against its live API once, and write the cassettes that certify replays.

    This uses the network, and real credentials. The connector reaches certify alone, which asks the API in
    its stead, replaces credentials by REDACTED, and writes nothing while a known one is left in an answer.

    Exit codes: 0 written, 2 nothing was written, 3 written but not replayed with the same rows,
    130 interrupted.

    
    ORDERS_API_TOKEN=… certify record -C path/to/connector
    certify record --config ~/secrets/orders.json --only full_refresh --refresh
    """
    from certify.cli.recorder import RecordingWish
    from certify.cli.recording import record_cassettes

    ctx.exit(record_cassettes(RecordingWish(**options)))


@cli.command()
@click.option("--area", metavar="AREA", help="Only the rules of this area.")
def rules(area: str | None) -> None:
    """List the installed rules."""
    from certify.cli.rulebook import list_rules

    list_rules(area)


@cli.command(short_help="Explain a rule, an id of a contract, or an area.")
@click.argument("name")
def explain(name: str) -> None:
    """Explain a rule, an id of a contract, or an area: what holds, why it matters, how to fix it."""
    from certify.cli.rulebook import explain_name

    explain_name(name)


for _command in (new, verify, diff, report):
    cli.add_command(_command)


#: A run makes millions of small objects (syntax trees, the tokens of pages) and hardly a cycle: looked for as
#: often as Python does, cycles take a fifth of the time.
_GARBAGE_AFTER = 100_000


def main() -> None:
    """The console script."""
    gc.set_threshold(_GARBAGE_AFTER)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a path may hold bytes that are no text
    try:
        cli(prog_name="certify")
    except SystemExit as end:
        if isinstance(end.code, int):
            end_process(end.code)
        raise
