"""The `courtstats` command: parse, call, print. What takes long to import is imported where it is used."""

import atexit
import os
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from pipelines import cli_alerts, cli_care, cli_figures, cli_quality, cli_questions, cli_serve, progress
from pipelines.cli_app import (
    AsJson,
    AsKnownAt,
    By,
    Covers,
    Every,
    Format,
    From,
    MappingFile,
    Paths,
    PeriodName,
    Question,
    ReceivedAt,
    To,
    Units,
    app,
    check_format,
    known,
    ready_for_flows,
    settings,
)
from pipelines.cli_audit import audit_app, warehouse_app
from pipelines.cli_codes import codes_app
from pipelines.cli_quarantine import quarantine_app
from pipelines.cli_sources import AllAgain, SomePaths, SourceName, land_named, sources_app
from pipelines.cli_store import store_app

__all__ = ["app", "cli_alerts", "cli_care", "cli_figures", "cli_quality", "cli_questions", "cli_serve", "main"]
INTERRUPTED = 130
app.add_typer(audit_app, name="audit")
app.add_typer(codes_app, name="codes")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(sources_app, name="sources")
app.add_typer(store_app, name="store")
app.add_typer(warehouse_app, name="warehouse")


@app.command()
def land(
    paths: SomePaths = None,
    source: SourceName = None,
    everything: AllAgain = False,
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
    if source or everything or not paths:
        described = (paths, format, mapping, covers)
        done = land_named(source, described, received, everything=everything, dry_run=dry_run)
    elif dry_run:
        request = landings.request_of(paths, format, mapping, received, days)
        landing = landings.land(settings(), request, dry_run=True, waiting=lambda: None)
        done = landings.Landed(landing, request.files.left, ())
    else:
        landings.request_of(paths, format, mapping, received, days)  # what cannot begin is said before Prefect starts
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
def count(
    question: Question,
    first: From = None,
    last: To = None,
    period: PeriodName = None,
    every: Every = None,
    by: By = None,
    unit: Units = None,
    as_known_at: AsKnownAt = None,
    published_table: Annotated[
        Path | None, typer.Option("--table", help="The published table (CSV or XLSX) that answers the question.")
    ] = None,
    as_json: AsJson = False,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write the answer with its notes to a CSV file.")] = None,
) -> None:
    """Preview an answer in seconds: no Prefect, no Great Expectations, nothing written."""
    from pipelines import published, runs, show, show_series
    from pipelines.asked import periods
    from transform.contract import answer_json

    here = settings()
    found = runs.question(here, question)
    asked = periods(first, last, period, every)
    if (by or unit) and found.published:
        raise typer.BadParameter(f"{question} is answered by calendar year alone, without --by and --unit")
    if found.published or published_table:
        published.count(here, found, asked, published_table, known(as_known_at), csv=csv, as_json=as_json)
        return
    orders = runs.prepare_all(here, found, asked, by or [], known(as_known_at), datetime.now(UTC), units=unit or [])
    answers = runs.count_all(here, orders)
    if csv:
        show.write_text(csv, show_series.answers_csv(answers))
        sys.stderr.write(f"Written to {csv}\n")
    if as_json:
        one = answer_json(answers[0]) if len(answers) == 1 else show_series.answers_json(found, answers)
        show.write(show.to_json(one))
    elif not csv:
        show_series.answers_text(found, answers)


@app.command()
def run(
    question: Question,
    first: From = None,
    last: To = None,
    period: PeriodName = None,
    every: Every = None,
    by: By = None,
    unit: Units = None,
    as_known_at: AsKnownAt = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but load.")] = False,
    as_json: AsJson = False,
) -> None:
    """Answer a question for the record: checked, loaded into the warehouse, the same run only once."""
    from pipelines.asked import periods

    asked = periods(first, last, period, every)
    as_known = known(as_known_at)
    here = settings()
    ready_for_flows()
    from pipelines.count_orders import count_orders

    done = count_orders(question, asked[0].first, asked[-1].last, by, as_known, dry_run, every=every, units=unit)
    from pipelines import reports

    reports.ran(here, done, as_json=as_json)


@app.command()
def units(
    question: Question,
    first: From = None,
    last: To = None,
    period: PeriodName = None,
    unit: Annotated[str | None, typer.Option("--unit", help="Unit to list. Default: the question's main one.")] = None,
    as_known_at: AsKnownAt = None,
    references: Annotated[bool, typer.Option("--references", help="Show case references too; this is logged.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the units behind a figure, by keys that mean nothing outside."""
    from pipelines import reports, runs
    from pipelines.asked import span

    here = settings()
    found = runs.question(here, question)
    asked, as_known = span(first, last, period), known(as_known_at)
    (order,) = runs.prepare_all(here, found, [asked], [], as_known, datetime.now(UTC), units=[unit or found.unit])
    reports.units(here, order, references=references, as_json=as_json)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show what is held: records, quarantine, warehouse, last runs."""
    from pipelines import reports

    reports.status(settings(), as_json=as_json)


@app.command()
def coverage(
    first: From = None,
    last: To = None,
    period: PeriodName = None,
    court: Annotated[str | None, typer.Option("--court", help="Only this court, month by month.")] = None,
    as_json: AsJson = False,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write every court, month and source to a file.")] = None,
) -> None:
    """Show which source spoke of which court and month, and where there are gaps and overlaps."""
    from pipelines import coverage as covered
    from pipelines.asked import span

    asked = span(first, last, period) if first or last or period else None
    days = (asked.first, asked.last) if asked else None
    covered.report(settings(), days, court, as_json=as_json, csv_file=csv)


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
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BrokenPipeError:  # whoever reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        code = explained(error)
    leave(code)  # out here, where nothing refers to the error and what it was made of any more


def leave(code: int) -> NoReturn:
    """End the process without taking the interpreter apart: threads of Prefect, DuckDB and Arrow are still in it, and
    now and then one of them would print pages of leaked objects, or abort, after all is done.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # in the order in which the interpreter does it
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads the output has seen enough
        pass
    except OSError as fault:
        sys.stderr.write(f"courtstats: standard output: cannot be written ({fault.strerror}).\n")
        code = code or 1
    sys.stderr.flush()
    os._exit(code)


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
