"""The commands about figures in the warehouse: parse, call, print. Heavy imports happen where they are used."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_app import AsJson, Question, app, settings

OnlyPeriod = Annotated[str | None, typer.Option("--period", help="Only this period.")]
OnlyUnit = Annotated[str | None, typer.Option("--unit", help="Only this unit. Default: every unit counted.")]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write it to a CSV file; noted in the audit log.")]


def _label(period: str | None) -> str | None:
    """The canonical name of a period."""
    from transform.periods import parse_period

    return parse_period(period).label if period else None


@app.command()
def figures(
    question: Question,
    period: OnlyPeriod = None,
    as_stored_at: Annotated[
        str | None,
        typer.Option(help="What the warehouse said then. A date is the end of that day in London."),
    ] = None,
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """Show the current figures of a question in the warehouse, or those of an earlier time."""
    from pipelines import figures_shown
    from pipelines.times import parse_time

    at = parse_time(as_stored_at, "--as-stored-at") if as_stored_at else None
    figures_shown.figures(settings(), question, _label(period), as_stored_at=at, csv=csv, as_json=as_json)


@app.command()
def history(
    question: Question, period: OnlyPeriod = None, unit: OnlyUnit = None, csv: Csv = None, as_json: AsJson = False
) -> None:
    """Show every vintage of a figure: from when to when the warehouse said so, by which run, and why."""
    from pipelines import history_shown

    history_shown.history(settings(), question, _label(period), unit=unit, csv=csv, as_json=as_json)


@app.command()
def triangle(
    question: Question,
    unit: Annotated[str | None, typer.Option("--unit", help="Unit to show. Default: the question's main one.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Breakdown; names joined by commas. Default: totals.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="First period shown, or its first day.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last period shown, or its last day.")] = None,
    newest: Annotated[int | None, typer.Option("--last", min=1, help="Only so many of the latest vintages.")] = None,
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """Show periods by vintages: what the warehouse said of each at the end of each day on which a run was stored."""
    from pipelines import triangle_shown
    from transform.periods import parse_period

    names = [name.strip() for name in by.split(",")] if by else []
    start, end = (parse_period(text) if text else None for text in (first, last))
    triangle_shown.triangle(
        settings(),
        question,
        unit=unit,
        by=names,
        first=start.first if start else None,
        last=end.last if end else None,
        newest=newest,
        csv=csv,
        as_json=as_json,
    )


@app.command()
def revisions(
    question: Question,
    period: OnlyPeriod = None,
    since: Annotated[str | None, typer.Option("--since", help="Only what was revised on this day or later.")] = None,
    unit: OnlyUnit = None,
    cells: Annotated[bool, typer.Option("--cells", help="The cells of breakdowns too, not only totals.")] = False,
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """Say why figures changed: a sentence for each revision, and for each figure that is not the one published."""
    from pipelines import revisions_shown
    from pipelines.times import parse_day

    day = parse_day(since, "--since") if since else None
    revisions_shown.revisions(
        settings(), question, _label(period), since=day, unit=unit, cells=cells, csv=csv, as_json=as_json
    )


@app.command()
def publish(
    question: Question,
    label: Annotated[
        str, typer.Option("--as", help="Where they were given out, such as the number of a letter.", show_default=False)
    ],
    period: Annotated[list[str] | None, typer.Option("--period", help="Only this period. May be repeated.")] = None,
    on: Annotated[
        str | None, typer.Option("--on", help="Day on which they were given out: what stood at its end. Default: now.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be noted, write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Note that the figures that stand were given out: later ones are marked as revised against these."""
    from pipelines import giving_out
    from pipelines.times import parse_day
    from transform.periods import parse_period

    day = parse_day(on, "--on") if on else None
    labels = list(dict.fromkeys(parse_period(text).label for text in period or []))
    giving_out.publish(settings(), question, label, periods=labels, on=day, dry_run=dry_run, as_json=as_json)
