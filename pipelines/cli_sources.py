"""The `courtstats sources` commands: parse, call, print. What takes long to import is imported where it is used."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_app import AsJson, ready_for_flows, settings

if TYPE_CHECKING:
    from pipelines.landings import Landed

SomePaths = Annotated[
    list[Path] | None,
    typer.Argument(help="Files or folders; folders are searched through. None with --source.", show_default=False),
]
SourceName = Annotated[
    str | None, typer.Option("--source", help="Land what is new of a named source (docs/sources.md).")
]
AllAgain = Annotated[bool, typer.Option("--all", help="With --source: read again what was landed already.")]

sources_app = typer.Typer(
    help="Named sources (docs/sources.md): list them, look at one before it is landed.",
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@sources_app.callback()
def sources(context: typer.Context, as_json: AsJson = False) -> None:
    """List the named sources: what each is, where it lies, its schedule, what gives way to it, its last landing."""
    if context.invoked_subcommand:
        if as_json:
            raise typer.BadParameter(f"write it after `{context.invoked_subcommand}`, which is what it is for")
        return
    from pipelines import source_reports
    from pipelines.source_file import named_sources

    source_reports.listed(settings(), named_sources(settings()), as_json=as_json)


@sources_app.command("check")
def sources_check(
    name: Annotated[str, typer.Argument(help="Name of the source.", show_default=False)], as_json: AsJson = False
) -> None:
    """Open or connect to a source, read a sample, say what maps and what does not. Writes nothing."""
    from pipelines import source_checking, source_reports

    found = source_checking.check_source(settings(), name)
    source_reports.checked(found, as_json=as_json)
    if not found.can_be_used:
        raise typer.Exit(3)


def land_named(
    name: str | None,
    described: Sequence[object],
    received_at: datetime | None,
    *,
    everything: bool,
    dry_run: bool,
) -> "Landed":
    """Land a named source; `described` are the options that a source's description stands for. Shows progress."""
    if name is None:
        raise typer.BadParameter(
            "--all is for --source" if everything else "name files or folders, or a source with --source"
        )
    if any(described):
        raise typer.BadParameter("--source stands for paths, --format, --mapping and --covers: leave them out")
    from pipelines.source_landing import land_source, ready_source

    if dry_run:
        from pipelines.landings import Landed

        found = land_source(settings(), name, received_at=received_at, everything=everything, dry_run=True)
        return Landed(found.landing, found.left, ())
    ready_source(settings(), name, received_at)  # what is wrong with it is told before Prefect has to start
    ready_for_flows()
    from pipelines.land_hearings import land_hearings

    return land_hearings(received_at=received_at, source=name, everything=everything)
