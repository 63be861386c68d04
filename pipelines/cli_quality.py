"""The `courtstats quality` command: parse, call, print. What takes long to import is imported where it is used."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import progress
from pipelines.cli_app import AsJson, app, settings

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.settings import Settings

WARNINGS_CODE, HELD_BACK_CODE = 1, 2
AnyQuestion = Annotated[
    str | None, typer.Argument(help="Id of a question. Default: all, and what was landed.", show_default=False)
]


@app.command()
def quality(
    question: AnyQuestion = None,
    inspect: Annotated[
        bool, typer.Option("--inspect", help="Look at the whole of what is held first, and record what is found.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write the state as static pages to a folder as well.")
    ] = None,
    as_at: Annotated[
        str | None,
        typer.Option("--as-at", help="As it was then, by the limits of then. A date is the end of that day."),
    ] = None,
    warnings: Annotated[bool, typer.Option("--warnings", help="Exit with code 1 where there are warnings.")] = False,
    as_text: Annotated[bool, typer.Option("--text", help="Print plain text for e-mail.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what fails, since when, what it holds back and what to do. Exit code 2 where a figure is held back."""
    from pipelines import show
    from pipelines.quality import quality_state
    from pipelines.quality_contract import HELD_BACK, WARNINGS
    from pipelines.quality_shown import as_json as to_json
    from pipelines.quality_shown import as_text as to_text
    from pipelines.quality_shown import to_terminal
    from pipelines.times import parse_time

    if as_text and as_json:
        raise typer.BadParameter("--text and --json are two forms: give one")
    here = settings()
    at = parse_time(as_at, "--as-at") if as_at else None
    if inspect:
        inspect_now(here, at)
    state = quality_state(here, question, at, stored_until=None if inspect else at, deep=inspect or report is not None)
    if report:
        from pipelines.quality_pages import build_report

        pages = build_report(state, report)
        typer.echo(f"{len(pages):,} files written to {report}", err=True)
    with suppress(BrokenPipeError, SystemExit):  # whoever reads has seen enough (rich ends the process for it)
        if as_json:
            show.write(show.to_json(to_json(state)))
        elif as_text:
            show.write(to_text(state))
        else:
            to_terminal(state)
    if state.verdict == HELD_BACK:
        raise typer.Exit(HELD_BACK_CODE)
    if warnings and state.verdict == WARNINGS:
        raise typer.Exit(WARNINGS_CODE)


def inspect_now(here: "Settings", as_at: "datetime | None") -> None:
    """Look at the whole and record what is found, where there is anything to look at."""
    from datetime import UTC, datetime

    from pipelines.inspecting import record_inspection_now
    from pipelines.recording import there_is_one

    if there_is_one(here):
        progress.show()
        progress.say("Looking at what is held")
        record_inspection_now(here, as_at or datetime.now(UTC))
