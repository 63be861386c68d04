"""The `courtstats` command: parse, call, print. What takes long to import is imported where it is used."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines import progress

if TYPE_CHECKING:
    from pipelines.settings import Settings

app = typer.Typer(
    name="courtstats",
    help="Count court orders from hearing records: the number, how it was reached, and whether it may go out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 a fault of ours, 2 usage or settings, 3 sources or records, 4 a question, its "
    "period or breakdowns, or a code list, 5 stopped by a check, 6 the warehouse, 130 interrupted.",
)

INTERRUPTED = 130
Paths = Annotated[
    list[Path], typer.Argument(help="Files or folders; folders are searched through.", show_default=False)
]
Question = Annotated[str, typer.Argument(help="Id of the question.", show_default=False)]
Format = Annotated[str | None, typer.Option("--format", help="spi or table. Default: by the files' endings.")]
MappingFile = Annotated[Path | None, typer.Option("--mapping", help="TOML file that maps a table's columns to ours.")]
ReceivedAt = Annotated[str | None, typer.Option(help="When the content reached us. Default: now.")]
Covers = Annotated[str | None, typer.Option(help="Days that a table extract covers, FROM..TO, both included.")]
From = Annotated[str | None, typer.Option("--from", help="First day of the period, included.")]
To = Annotated[str | None, typer.Option("--to", help="Last day of the period, included.")]
PeriodName = Annotated[
    str | None, typer.Option("--period", help="2020Q1, 2020-03, 2020H1, 2020 or 2019/20, instead of --from and --to.")
]
By = Annotated[
    list[str] | None,
    typer.Option("--by", help="Breakdown; names joined by commas. May be repeated. Default: the question's."),
]
AsKnownAt = Annotated[
    str | None, typer.Option(help="Leave out what was received later. A date is the end of that day in London.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"courtstats {version('courtstats')}")
        raise typer.Exit


@app.callback()
def courtstats(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Count court orders from hearing records: the number, how it was reached, and whether it may go out."""


@app.command()
def land(
    paths: Paths,
    format: Format = None,
    mapping: MappingFile = None,
    received_at: ReceivedAt = None,
    covers: Covers = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be landed, write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Land hearing records in the records store, check them, and record the landing."""
    from pipelines.times import parse_covers, parse_time

    check_format(format)
    received = parse_time(received_at, "--received-at") if received_at else None
    days = parse_covers(covers) if covers else None
    from pipelines import landings, reports

    if dry_run:
        progress.show()
    request = landings.request_of(paths, format, mapping, received, days)
    if dry_run:
        landing = landings.land(settings(), request, dry_run=True, waiting=lambda: None)
        done = landings.Landed(landing, request.files.left, ())
    else:
        ready_for_flows()
        from pipelines.land_hearings import land_hearings

        done = land_hearings([str(p) for p in paths], format, str(mapping) if mapping else None, received, days)
    reports.landed(settings(), done, dry_run=dry_run, as_json=as_json)
    if done.landing.refused and not (done.landing.statements or done.landing.repeated):
        raise typer.Exit(3)  # there was something, and nothing of it could be read


@app.command()
def read(paths: Paths, format: Format = None, mapping: MappingFile = None, covers: Covers = None) -> None:
    """Show what files say: a JSON line per counted record, refusals on standard error. Nothing is stored."""
    from pipelines import reading
    from pipelines.times import parse_covers

    check_format(format)
    refused = reading.read(settings(), paths, format, mapping, parse_covers(covers) if covers else None)
    raise typer.Exit(3 if refused else 0)


@app.command()
def questions(as_json: AsJson = False) -> None:
    """List the questions that can be asked."""
    from pipelines import reports, runs

    reports.questions(runs.definitions(settings()), as_json=as_json)


@app.command()
def explain(question: Question, as_json: AsJson = False) -> None:
    """Say what a question counts: the rule in words, its codes with titles, the SQL."""
    from pipelines import runs, show
    from transform.explain import explain, explain_text

    found = runs.question(settings(), question)
    show.write(show.to_json(explain(found)) if as_json else explain_text(found))


@app.command()
def count(
    question: Question,
    first: From = None,
    last: To = None,
    period: PeriodName = None,
    by: By = None,
    as_known_at: AsKnownAt = None,
    as_json: AsJson = False,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write the answer with its notes to a CSV file.")] = None,
) -> None:
    """Preview an answer in seconds: no Prefect, no Great Expectations, nothing written."""
    from pipelines import runs, show
    from pipelines.asked import span
    from transform.contract import answer_json

    here = settings()
    found = runs.question(here, question)
    order = runs.prepare(here, found, span(first, last, period), by or [], known(as_known_at), datetime.now(UTC))
    answer = runs.count(here, order)
    if csv:
        show.write_text(csv, show.answer_csv(answer))
        sys.stderr.write(f"Written to {csv}\n")
    if as_json:
        show.write(show.to_json(answer_json(answer)))
    elif not csv:
        show.answer_text(answer)


@app.command()
def run(
    question: Question,
    first: From = None,
    last: To = None,
    period: PeriodName = None,
    by: By = None,
    as_known_at: AsKnownAt = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but load.")] = False,
    as_json: AsJson = False,
) -> None:
    """Answer a question for the record: checked, loaded into the warehouse, the same run only once."""
    from pipelines.asked import span

    asked = span(first, last, period)
    as_known = known(as_known_at)
    here = settings()
    ready_for_flows()
    from pipelines.count_orders import count_orders

    done = count_orders(question, asked.first, asked.last, by, as_known, dry_run)
    from pipelines import reports

    reports.ran(here, done, as_json=as_json)


@app.command()
def figures(
    question: Question,
    period: Annotated[str | None, typer.Option("--period", help="Only this period.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the current figures of a question in the warehouse."""
    from pipelines import reports
    from transform.periods import parse_period

    reports.figures(settings(), question, parse_period(period).label if period else None, as_json=as_json)


@app.command()
def units(
    question: Question,
    first: From = None,
    last: To = None,
    period: PeriodName = None,
    as_known_at: AsKnownAt = None,
    references: Annotated[bool, typer.Option("--references", help="Show case references too; this is logged.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the units behind a figure, by keys that mean nothing outside."""
    from pipelines import reports, runs
    from pipelines.asked import span

    here = settings()
    found = runs.question(here, question)
    order = runs.prepare(here, found, span(first, last, period), [], known(as_known_at), datetime.now(UTC))
    reports.units(here, order, references=references, as_json=as_json)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show what is held: records, quarantine, warehouse, last runs."""
    from pipelines import reports

    reports.status(settings(), as_json=as_json)


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Option(help="Where the demo keeps everything. Default: demo/ in COURTSTATS_HOME.")
    ] = None,
) -> None:
    """Answer the first question on synthetic records, end to end."""
    from pipelines.demo import demo_home

    home = demo_home(settings(), folder)
    ready_for_flows(home)
    from pipelines.demo import run_demo

    run_demo(home)


def settings() -> "Settings":
    """The settings of this process."""
    from pipelines.settings import load_settings

    return load_settings()


def ready_for_flows(home: Path | None = None) -> None:
    """What has to happen before Prefect is imported; shows progress from here on."""
    from pipelines.settings import load_settings, prepare_prefect

    progress.show()
    progress.say("Starting Prefect")
    prepare_prefect(load_settings(home=home))


def known(text: str | None) -> datetime | None:
    """The time as known at, in UTC."""
    from pipelines.times import parse_time

    return parse_time(text, "--as-known-at") if text else None


def check_format(format: str | None) -> None:
    """Only two formats are read."""
    if format not in (None, "spi", "table"):
        raise typer.BadParameter(f"{format!r} is neither spi nor table")


def faults_of(error: BaseException) -> Iterator[BaseException]:
    """Every fault inside an error or group of errors."""
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from faults_of(part)
    else:
        yield error


def main() -> None:
    """Run the command. Faults that a person can mend are one line each, with the exit code of their stage."""
    code = 0
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            sys.stderr.write("courtstats: stopped; what was not finished has left nothing behind\n")
        raise
    except Exception as error:
        code = explained(error)
    sys.exit(code)  # out here, where nothing refers to the error and what it was made of any more


def explained(error: Exception) -> int:
    """Say what is wrong and return the exit code. A fault of ours is raised again, with its traceback."""
    from extract.contract import StageError

    faults: list[Any] = list(faults_of(error))
    if not all(isinstance(fault, StageError) for fault in faults):
        raise error
    for fault in faults:
        sys.stderr.write(f"courtstats: {fault}\n")
    return max(int(fault.exit_code) for fault in faults)


if __name__ == "__main__":
    main()
