"""The `courtstats audit`, `warehouse` and `doctor` commands: parse, call, print. Nothing heavy is imported here."""

from typing import Annotated

import typer

from pipelines import progress
from pipelines.cli_app import AsJson, app, settings

HELP = {"help_option_names": ["-h", "--help"]}
audit_app = typer.Typer(
    help="Show who did what and when, and verify that nothing of it was changed.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=HELP,
)
warehouse_app = typer.Typer(
    help="Look after a warehouse on PostgreSQL.", no_args_is_help=True, rich_markup_mode=None, context_settings=HELP
)
NOT_WHOLE, TO_BE_MENDED = 5, 2


@audit_app.command("show")
def audit_show(
    last: Annotated[int, typer.Option("--last", min=1, help="Show the last so many entries.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the audit log: who ran, landed, changed a definition, published, exported, looked up references."""
    from pipelines import auditing

    auditing.show_entries(settings(), last=last, as_json=as_json)


@audit_app.command("verify")
def audit_verify(
    head: Annotated[
        str | None,
        typer.Option("--head", help="NUMBER:DIGEST as an earlier verify printed it: shows entries cut off since."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every entry against the one before it and every run against its entry. Exit code 5: something is wrong."""
    from pipelines import auditing

    if head is not None and not auditing.is_head(head):
        raise typer.BadParameter("--head is NUMBER:DIGEST, as `courtstats audit verify` prints it")
    progress.show()
    if not auditing.verify(settings(), head, as_json=as_json):
        raise typer.Exit(NOT_WHOLE)


@warehouse_app.callback()
def warehouse_commands() -> None:
    """Look after a warehouse on PostgreSQL."""


@warehouse_app.command("roles")
def warehouse_roles() -> None:
    """Print the SQL that makes the roles loader, analyst and ops, for its owner to pipe into psql."""
    from pipelines import auditing

    auditing.print_roles()


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look over settings, key, records, warehouse, disk and clock; say what to mend. Exit code 2: something must be."""
    from pipelines import doctoring

    if not doctoring.report(as_json=as_json):
        raise typer.Exit(TO_BE_MENDED)
