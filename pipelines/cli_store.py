"""The `courtstats store` commands: parse, call, print. What takes long to import is imported where it is used."""

from typing import Annotated

import typer

from pipelines.cli_app import AsJson, settings

store_app = typer.Typer(
    help="Show what the records store holds and how its files lie; merge small files; remove old hearings for good.",
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@store_app.callback()
def store_state(context: typer.Context, as_json: AsJson = False) -> None:
    """Show what the records store holds: size, files, months, sources, and what compacting would do."""
    if context.invoked_subcommand is None:
        from pipelines import keeping

        keeping.show_store(settings(), as_json=as_json)


@store_app.command("compact")
def store_compact(
    keep_hours: Annotated[
        float,
        typer.Option(
            "--keep-hours", min=1, help="Leave files that were in use so many hours ago: a count may read them."
        ),
    ] = 24,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Merge the small files of each month, and remove files that nobody reads any more. No answer changes."""
    from pipelines import keeping

    keeping.compact_store(settings(), keep_hours=keep_hours, dry_run=dry_run, as_json=as_json)


@store_app.command("retain")
def store_retain(
    first: Annotated[
        str, typer.Option("--from", help="Month of hearings, as 2016-01: keep it and later ones.", show_default=False)
    ],
    because: Annotated[
        str, typer.Option("--because", help="Why; said wherever an earlier period is asked for.", show_default=False)
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove everything about hearings before a month, for good. It cannot be undone: see --dry-run first."""
    from pipelines import keeping

    keeping.retain_in_store(settings(), first, because=because, dry_run=dry_run, as_json=as_json)
