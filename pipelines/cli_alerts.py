"""`courtstats alerts`: parse, call. What takes long to import is imported where it is used."""

from typing import Annotated

import typer

from pipelines.cli_app import AsJson, app, settings


@app.command()
def alerts(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent, send nothing, remember nothing.")
    ] = False,
    test: Annotated[
        bool, typer.Option("--test", help="Send a test to every channel instead; nothing is remembered.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell the channels of alerts.toml (docs/alerts.md) what is new: faults that opened, got worse, were resolved."""
    if test and dry_run:
        raise typer.BadParameter("--test sends a test and --dry-run sends nothing: give one of them")
    from pipelines import alerts_shown

    if test:
        alerts_shown.trial(settings(), as_json=as_json)
    else:
        alerts_shown.alerts(settings(), dry_run=dry_run, as_json=as_json)
