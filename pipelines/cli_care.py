"""`courtstats reproduce`, `backup`, `restore`: parse, call. What takes long to import is imported where it is used."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_app import AsJson, app, settings

Folder = Annotated[Path, typer.Argument(help="Folder of the backup.", show_default=False)]


@app.command()
def reproduce(
    runs: Annotated[
        list[int] | None, typer.Argument(metavar="[RUN]...", help="Numbers of runs.", show_default=False)
    ] = None,
    question: Annotated[str | None, typer.Option("--question", help="Every completed run of this question.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every completed run of the warehouse.")] = False,
    as_json: AsJson = False,
) -> None:
    """Count runs again from the records and by the definition of then, with today's code, and compare every figure."""
    if (bool(runs), bool(question), everything).count(True) != 1:
        raise typer.BadParameter("give the numbers of runs, or --question, or --all")
    from pipelines import reproduced_shown

    reproduced_shown.report(settings(), runs or [], question=question, everything=everything, as_json=as_json)


@app.command()
def backup(folder: Folder, as_json: AsJson = False) -> None:
    """Copy warehouse, records store, definitions and sources.toml into a new folder. The key is not in it."""
    from pipelines import backups_shown

    backups_shown.backed_up(settings(), folder, as_json=as_json)


@app.command()
def restore(
    folder: Folder,
    every_run: Annotated[
        bool, typer.Option("--all-runs", help="Then count every run again, not only those that figures rest on now.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the backup, write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup back where there is nothing yet, then count figures again and check the audit log."""
    from pipelines import backups_shown

    backups_shown.restored(settings(), folder, every_run=every_run, dry_run=dry_run, as_json=as_json)
