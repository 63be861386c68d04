"""The `courtstats codes` commands: parse, call, print. What takes long to import is imported where it is used."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_app import AsJson, settings

codes_app = typer.Typer(
    help="Official codes and titles: find them, check the code lists with them, take a new version.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@codes_app.command("find")
def codes_find(
    asked: Annotated[list[str], typer.Argument(metavar="WORDS", help="A code, its beginning, or words of a title.")],
    kind: Annotated[
        str | None, typer.Option("--kind", help="offence, result, court, force or short. Default: all.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Show at most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Find codes by code or title, with the code lists that hold them."""
    from pipelines import codes

    codes.find(settings(), " ".join(asked), kind, limit, as_json=as_json)


@codes_app.command("check")
def codes_check(
    question: Annotated[
        str | None, typer.Argument(help="Id of the question. Default: all.", show_default=False)
    ] = None,
    no_records: Annotated[bool, typer.Option("--no-records", help="Do not look at the records.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check code lists against the official codes, and for codes that records hold and no list names."""
    from pipelines import codes

    raise typer.Exit(codes.check(settings(), question, records=not no_records, as_json=as_json))


@codes_app.command("refresh")
def codes_refresh(
    package: Annotated[
        Path | None, typer.Argument(help="The package: a .tgz or an unpacked folder.", show_default=False)
    ] = None,
    short_codes: Annotated[
        Path | None, typer.Option("--short-codes", help="CSV file with short_code,label,cjs_code.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", help="Write there. Default: the ones of courtstats.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take the official codes and titles from a new version of their package."""
    from pipelines import codes

    codes.refresh(package, to, short_codes, dry_run=dry_run, as_json=as_json)
