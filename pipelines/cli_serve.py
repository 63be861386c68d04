"""The commands about schedules, `serve` and `backfill`: parse, call, print. What takes long is imported where used."""

from typing import Annotated

import typer

from pipelines.cli_app import AsJson, Every, From, Question, To, Units, app, settings

PORT = 4200


@app.command()
def serve(
    port: Annotated[
        int,
        typer.Option("--port", min=1, max=65535, help="Port of the Prefect server that is started, on this machine."),
    ] = PORT,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Only this question or source. May be repeated. Default: all.")
    ] = None,
    at_once: Annotated[int, typer.Option("--at-once", min=1, max=16, help="So many runs at a time.")] = 2,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be served, start nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run questions and sources on their schedules, check quality after them; make up for what was missed, once."""
    from pipelines import serving_shown

    if as_json and not dry_run:
        raise typer.BadParameter("--json is for --dry-run")
    here = settings()
    if dry_run:
        serving_shown.planned(here, only or [], as_json=as_json)
        return
    from pipelines.serving_plan import planned

    plan = planned(here, only or [])
    from pipelines import serving

    serving.serve(here, plan, port, at_once)


@app.command()
def backfill(
    question: Question,
    first: From = None,
    last: To = None,
    every: Every = None,
    unit: Units = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is missing, count nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Answer a question for the record for each period of a range that is not there yet; again: goes on."""
    from pipelines import backfilling, serving_shown
    from pipelines.times import parse_day

    if first is None or last is None:
        raise typer.BadParameter("give the first and the last day: --from and --to")
    days = parse_day(first, "--from"), parse_day(last, "--to")
    here = settings()
    plan = backfilling.plan(here, question, *days, every, unit or [])
    done = plan if dry_run else backfilling.backfill(here, plan, unit or [])
    serving_shown.filled(done, dry_run=dry_run, as_json=as_json)
    if done.fault:
        raise done.fault
